"""Faces seen: where they are, whose they are, and what they do."""

from __future__ import annotations

from .blur import blur_faces
from .chest import Chest
from .head import HEAD_CUES, gaze_toward_partner, gaze_toward_screen, head_cues, turned_quality
from .layout import Layout
from .measure import CUES
from .motion import Motion
from .skin import Skin
from .still import first_still
from .watch import FaceTracks, Onlooker, watch_faces

__all__ = [
    "CUES",
    "HEAD_CUES",
    "Chest",
    "FaceTracks",
    "Layout",
    "Motion",
    "Onlooker",
    "Skin",
    "blur_faces",
    "first_still",
    "gaze_toward_partner",
    "gaze_toward_screen",
    "head_cues",
    "turned_quality",
    "watch_faces",
]
