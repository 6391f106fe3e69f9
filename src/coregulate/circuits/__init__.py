"""Floor 4: from cues to states; the evidence ledger; online filter and offline smoother."""

from __future__ import annotations

from .adapt import Labels, Material, material, material_of_session
from .bouts import Bouts, fit_bouts
from .calibration import (
    BrierParts,
    Reliability,
    brier_parts,
    calibration_error,
    fit_temperature,
    forced_error,
    leave_one_out,
    reliability_curve,
    tempered,
)
from .categorical import Categorical, fit_categorical
from .chain import expected_moves, fixed_lag, forward, forward_backward, viterbi
from .coupled import Partner, fit_partner
from .densities import student_divergence
from .gather import reference_of
from .group import Group, learn_group
from .held_out import Learned, learn_person
from .history import HISTORY, with_history
from .infer import Circuits, infer_circuits
from .online import Frozen, Live, OnlineFilter, frozen
from .personal import ANSWERS, Correction, Personal, Shifts, Tap, check_personal
from .prediction import OneStep, predict_next
from .rows import Within
from .support import Supported
from .transitions import prior_moves, stationary, transition_matrix

__all__ = [
    "ANSWERS",
    "HISTORY",
    "Bouts",
    "BrierParts",
    "Categorical",
    "Circuits",
    "Correction",
    "Frozen",
    "Group",
    "Labels",
    "Learned",
    "Live",
    "Material",
    "OneStep",
    "OnlineFilter",
    "Partner",
    "Personal",
    "Reliability",
    "Shifts",
    "Supported",
    "Tap",
    "Within",
    "brier_parts",
    "calibration_error",
    "check_personal",
    "expected_moves",
    "fit_bouts",
    "fit_categorical",
    "fit_partner",
    "fit_temperature",
    "fixed_lag",
    "forced_error",
    "forward",
    "forward_backward",
    "frozen",
    "infer_circuits",
    "learn_group",
    "learn_person",
    "leave_one_out",
    "material",
    "material_of_session",
    "predict_next",
    "prior_moves",
    "reference_of",
    "reliability_curve",
    "stationary",
    "student_divergence",
    "tempered",
    "transition_matrix",
    "viterbi",
    "with_history",
]
