"""Floor 4: from cues to states; the evidence ledger; online filter and offline smoother."""

from __future__ import annotations

from .chain import fixed_lag, forward, forward_backward, viterbi
from .densities import student_divergence
from .infer import Circuits, infer_circuits
from .online import Frozen, Live, OnlineFilter, frozen
from .support import Supported
from .transitions import stationary, transition_matrix

__all__ = [
    "Circuits",
    "Frozen",
    "Live",
    "OnlineFilter",
    "Supported",
    "fixed_lag",
    "forward",
    "forward_backward",
    "frozen",
    "infer_circuits",
    "stationary",
    "student_divergence",
    "transition_matrix",
    "viterbi",
]
