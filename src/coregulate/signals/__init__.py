"""Floor 1: from raw streams to beats, heart period, RSA, breaths, skin conductance and movement.

Data of one stream in; physical units out, each on its own rate, with a quality a second.
"""

from .beats import (
    CorrectedBeats,
    beat_quality,
    beat_shapes,
    correct_beats,
    ecg_beats,
    like_template,
    ppg_beats,
)
from .breathing import Breaths, breath_holds, find_breaths, measure_breathing
from .flooding import flooding
from .heart import measure_heart
from .measured import Measured
from .movement import measure_movement, motion_energy, usual_movement, without_gravity
from .rsa import rsa_porges_bohrer, rsa_sliding
from .runs import Run, binned_mean, contiguous_runs
from .skin import measure_skin, skin_responses, tonic_level, without_drift
from .streaming import Block, heart_period_block, motion_energy_block, rmssd_block, rsa_block
from .variability import heart_period, hf_power, paced_peak_to_trough, rmssd, sdnn, sliding_rmssd

__all__ = [
    "Block",
    "Breaths",
    "CorrectedBeats",
    "Measured",
    "Run",
    "beat_quality",
    "beat_shapes",
    "binned_mean",
    "breath_holds",
    "contiguous_runs",
    "correct_beats",
    "ecg_beats",
    "find_breaths",
    "flooding",
    "heart_period",
    "heart_period_block",
    "hf_power",
    "like_template",
    "measure_breathing",
    "measure_heart",
    "measure_movement",
    "measure_skin",
    "motion_energy",
    "motion_energy_block",
    "paced_peak_to_trough",
    "ppg_beats",
    "rmssd",
    "rmssd_block",
    "rsa_block",
    "rsa_porges_bohrer",
    "rsa_sliding",
    "sdnn",
    "skin_responses",
    "sliding_rmssd",
    "tonic_level",
    "usual_movement",
    "without_drift",
    "without_gravity",
]
