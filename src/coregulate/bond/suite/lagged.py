"""Windowed lagged cross-correlation (Boker et al. 2002, 10.1037/1082-989X.7.3.338) as a measure.

Fisher z is averaged over windows first, as rMEA and SUSY do (Kleinbub & Ramseyer 2021,
10.1080/10503307.2020.1844334; Tschacher & Meier 2020, 10.1080/10503307.2019.1612114), signed or by its
size; then the largest over the lags is compared with the same of shifted pairs.
"""

from __future__ import annotations

import math

import numpy as np

from coregulate.core import FloatArray

from ..correlation import MIN_PAIRS, grid_of, lagged_correlation
from ..lagged_kernels import rows, shifted_mean_z
from .measure import Measure, Shifts, lag_lead, lag_places, root, sizes
from .settings import SuiteSettings
from .threads import threads


def _means(z: FloatArray, settings: SuiteSettings) -> FloatArray:
    z = np.abs(z) if settings.aggregate == "absolute" else z
    count = np.isfinite(z).sum(axis=0)
    return np.where(count > 0, np.nansum(z, axis=0) / np.maximum(count, 1), np.nan)


def profiles(a: FloatArray, bs: FloatArray, rate_hz: float, settings: SuiteSettings) -> FloatArray:
    """Mean Fisher z over windows, by lag."""
    return np.stack([_means(_z(a, b, rate_hz, settings), settings) for b in bs])


def _z(a: FloatArray, b: FloatArray, rate_hz: float, settings: SuiteSettings) -> FloatArray:
    return lagged_correlation(
        a,
        b,
        rate_hz=rate_hz,
        window_s=settings.window_s,
        step_s=settings.step_s,
        max_lag_s=settings.max_lag_s,
    ).z


def shifted(
    a: FloatArray, b: FloatArray, shifts: Shifts, rate_hz: float, settings: SuiteSettings
) -> FloatArray:
    """Return the same for each circular shift of b. A lag is one more shift: each total is computed once."""
    grid = grid_of(len(a), rate_hz, settings.window_s, settings.step_s, settings.max_lag_s)
    totals = (shifts[:, None] + grid.lags) % len(a)
    wanted, where = np.unique(totals, return_inverse=True)
    ra, rb = rows(a), rows(b, circle=True)
    whole = bool(np.isfinite(a).all() and np.isfinite(b).all())
    least, absolute = max(MIN_PAIRS * grid.width, 3.0), settings.aggregate == "absolute"
    block = math.gcd(grid.step, grid.width)
    z = threads(
        lambda some: shifted_mean_z(
            ra, rb, some, len(a), grid.step, grid.width, block, least, whole, absolute
        ),
        np.array_split(wanted, 1 + len(wanted) // TOTALS_AT_ONCE),
    )
    return np.asarray(z[where.reshape(totals.shape)])


def course(
    a: FloatArray, b: FloatArray, rate_hz: float, settings: SuiteSettings
) -> tuple[FloatArray, FloatArray]:
    """Peak of each window: the z whose size is largest over the lags."""
    found = lagged_correlation(
        a,
        b,
        rate_hz=rate_hz,
        window_s=settings.window_s,
        step_s=max(settings.step_s, COURSE_STEP_S),
        max_lag_s=settings.max_lag_s,
    )
    z = np.nan_to_num(found.z)
    peak = np.argmax(np.abs(z), axis=1)
    values = z[np.arange(len(z)), peak]
    return found.times_s, np.where(np.isfinite(found.z).any(axis=1), values, np.nan)


TOTALS_AT_ONCE = 64  # shifts a thread takes at once
COURSE_STEP_S = 10.0  # prior: the course over time is kept this coarse
MIN_S = 180.0  # prior: three windows of 30 s at every lag, and shifts enough

LAGGED = Measure(
    name="lagged correlation",
    method="windowed lagged cross-correlation, Fisher z averaged over windows",
    axis="lag_s",
    places=lag_places,
    profiles=profiles,
    shifted=shifted,
    scores=sizes,
    straight=root,
    lead=lag_lead,
    course=course,
    min_s=MIN_S,
)
