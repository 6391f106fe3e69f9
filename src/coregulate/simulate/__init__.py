"""Floor 6: sessions whose truth is known, written as files a device would write."""

from __future__ import annotations

from .noise import gaussian_noise, student_noise
from .oscillators import COUPLINGS, Pair, simulate_pair
from .scenario import TrueEpisode
from .session import simulate_session
from .states import TRANSITIONS, draw_cues, draw_rating, draw_states
from .truth import Truth

__all__ = [
    "COUPLINGS",
    "TRANSITIONS",
    "Pair",
    "TrueEpisode",
    "Truth",
    "draw_cues",
    "draw_rating",
    "draw_states",
    "gaussian_noise",
    "simulate_pair",
    "simulate_session",
    "student_noise",
]
