"""Floor 5: off track, back on track, and what came before."""

from __future__ import annotations

from .before import cue_rises
from .recovery import median_recovery
from .results import KINDS, Antecedent, Episode, Moment, Phase, Story, Withdrawal
from .tell import tell_story

__all__ = [
    "KINDS",
    "Antecedent",
    "Episode",
    "Moment",
    "Phase",
    "Story",
    "Withdrawal",
    "cue_rises",
    "median_recovery",
    "tell_story",
]
