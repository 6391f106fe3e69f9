"""Faces seen: where they are, whose they are, and what they do."""

from __future__ import annotations

from .measure import CUES
from .watch import FaceTracks, watch_faces

__all__ = ["CUES", "FaceTracks", "watch_faces"]
