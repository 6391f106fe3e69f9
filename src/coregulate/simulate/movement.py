"""Motion energy of a simulated body: how many pixels change from frame to frame."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from coregulate.core import FloatArray

from .body import at_rate

FRAMES_HZ = 25.0  # prior: PAL video
# In log(1 + counts / usual counts), which the movement cue reads: where z is 0, and one z (prior).
_MIDDLE, _STEP = 0.9, 0.3
_USUAL = 400.0  # changed pixels (prior)


def movement_counts(course: FloatArray, n_s: int, rng: Generator) -> FloatArray:
    """Count the changed pixels in each frame of one person's region, shape (n_s * 25,).

    Parameters
    ----------
    course : ndarray, shape (n_s,)
        ``motion_energy`` in z.
    n_s : int
    rng : numpy.random.Generator
    """
    n = round(n_s * FRAMES_HZ)
    usual = np.expm1(np.clip(_MIDDLE + _STEP * at_rate(course, n, rate_hz=FRAMES_HZ), 0.0, 4.0))
    # A limb moves in jerks: from frame to frame the counts vary by some 70 % (prior).
    return np.round(_USUAL * usual * rng.gamma(2.0, 0.5, n))
