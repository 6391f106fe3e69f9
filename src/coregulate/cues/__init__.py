"""Floor 3: cues that the other person can perceive, on the 0.1 s grid, against the person's own baseline."""

from __future__ import annotations

from .book import REFERENCES, STATES, Baseline, Cue, Cuebook, load_cuebook
from .build import build_cues, coded_affect
from .normal import normalise, offset_sd
from .page import cues_page
from .turns import count_replies

__all__ = [
    "REFERENCES",
    "STATES",
    "Baseline",
    "Cue",
    "Cuebook",
    "build_cues",
    "coded_affect",
    "count_replies",
    "cues_page",
    "load_cuebook",
    "normalise",
    "offset_sd",
]
