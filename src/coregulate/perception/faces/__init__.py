"""Faces seen: where they are, whose they are, and what they do."""

from __future__ import annotations

from .measure import CUES
from .still import first_still
from .watch import FaceTracks, Onlooker, watch_faces

__all__ = ["CUES", "FaceTracks", "Onlooker", "first_still", "watch_faces"]
