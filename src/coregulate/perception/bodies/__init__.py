"""Two people in one picture: how near their heads are, and whose hand is on whom."""

from __future__ import annotations

from .contact import MOST, head_distance, touch_probability
from .hands import Hand, HandFinder
from .pose import Body, BodyFitter
from .touch import Touch

__all__ = [
    "MOST",
    "Body",
    "BodyFitter",
    "Hand",
    "HandFinder",
    "Touch",
    "head_distance",
    "touch_probability",
]
