"""Faces seen: where they are, whose they are, and what they do."""

from __future__ import annotations

from .measure import CUES
from .still import first_still
from .watch import FaceTracks, watch_faces

__all__ = ["CUES", "FaceTracks", "first_still", "watch_faces"]
