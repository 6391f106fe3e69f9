"""One clock against another: offset and drift from pairs of times, with a residual and an interval."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from coregulate.core import FloatArray

_LEAST_FOR_DRIFT = 3
_MAX_ROUNDS = 20


class ClockFit(NamedTuple):
    """``ours = theirs + offset_s + drift_ppm / 1e6 * (theirs - zero_s)``.

    ``offset_s`` is the difference at ``zero_s``, the middle of what was measured, where it is known best;
    ``low_s`` and ``high_s`` bound it (95 %); ``residual_s`` is the spread of the ``n`` pairs around the line.
    """

    offset_s: float
    low_s: float
    high_s: float
    drift_ppm: float
    drift_low_ppm: float
    drift_high_ppm: float
    residual_s: float
    zero_s: float
    n: int

    def at(self, theirs_s: FloatArray) -> FloatArray:
        """Return times of the other clock on ours."""
        return theirs_s + self.offset_s + self.drift_ppm * 1e-6 * (theirs_s - self.zero_s)

    def error_s(self, theirs_s: float) -> float:
        """Return half the 95 % interval of the tie at a moment; where no drift was measured, that of the offset."""
        drift = (self.drift_high_ppm - self.drift_low_ppm) / 2 * 1e-6 * (theirs_s - self.zero_s)
        half = (self.high_s - self.low_s) / 2
        return half if math.isnan(drift) else math.hypot(half, drift)


def fit_clock(theirs_s: FloatArray, ours_s: FloatArray, *, max_ppm: float = 500.0) -> ClockFit:
    """Fit offset and drift to pairs of the same moments, an odd pair weighing little.

    Parameters
    ----------
    theirs_s, ours_s : ndarray, shape (n,)
        The same moments on both clocks, in seconds.
    max_ppm : float
        A larger drift is no crystal's (prior: cheap ones stay under 100); it is then taken as 0.

    Returns
    -------
    ClockFit
        With fewer than three pairs, or pairs that span no time, the drift is 0 and its interval NaN; with
        one pair the offset's interval is NaN too.

    Notes
    -----
    Pairs far off the line (over 4.685 scales, by iteratively reweighted least squares with Tukey's biweight:
    Beaton & Tukey 1974) are left out; the rest is fitted by least squares, with Student's intervals, the
    residuals taken as independent.

    Examples
    --------
    >>> theirs = np.arange(0.0, 7200.0, 60.0)
    >>> fit = fit_clock(theirs, theirs * (1 + 50e-6) + 2.0)
    >>> round(fit.drift_ppm, 3), round(float(fit.at(np.array([7200.0]))[0]), 3)
    (50.0, 7202.36)
    """
    theirs, difference = np.asarray(theirs_s, float), np.asarray(ours_s, float) - np.asarray(theirs_s, float)
    keep = np.isfinite(theirs) & np.isfinite(difference)
    theirs, difference = theirs[keep], difference[keep]
    n, zero = len(theirs), float(np.mean(theirs)) if keep.any() else 0.0
    if n == 0:
        nan = math.nan
        return ClockFit(nan, nan, nan, nan, nan, nan, nan, zero, 0)
    if n >= _LEAST_FOR_DRIFT and np.ptp(theirs) > 0 and max_ppm > 0:
        fit = _line(theirs - zero, difference, zero)
        if abs(fit.drift_ppm) <= max_ppm:
            return fit
    middle = float(np.median(difference))
    spread = _scale(difference - middle)
    half = 1.96 * 1.2533 * spread / math.sqrt(n) if n > 1 else math.nan  # the median's standard error
    return ClockFit(middle, middle - half, middle + half, 0.0, math.nan, math.nan, spread, zero, n)


def _line(x: FloatArray, y: FloatArray, zero: float) -> ClockFit:
    design = np.column_stack([np.ones_like(x), x])
    weights = np.ones_like(x)
    beta = np.array([np.median(y), 0.0])
    for _ in range(_MAX_ROUNDS):
        root = np.sqrt(weights)
        new = np.linalg.lstsq(design * root[:, None], y * root, rcond=None)[0]
        residual = y - design @ new
        scale = _scale(residual)
        done = np.allclose(new, beta, rtol=0, atol=1e-12)
        beta = new
        if done or scale <= 0:
            break
        weights = np.clip(1 - (residual / (4.685 * scale)) ** 2, 0, None) ** 2
        if np.count_nonzero(weights) < _LEAST_FOR_DRIFT:
            weights = np.ones_like(x)
            break
    used = (
        weights > 0
    )  # what is far off is left out; the rest counts fully, so that the intervals are the usual ones
    x, y, design = x[used], y[used], design[used]
    beta = np.linalg.lstsq(design, y, rcond=None)[0]
    free = max(len(x) - 2, 1)
    spread = float(np.sqrt(np.sum((y - design @ beta) ** 2) / free))
    covariance = np.linalg.pinv(design.T @ design) * spread**2
    wide = float(stdtrit(free, 0.975))
    offset_half, slope_half = wide * math.sqrt(covariance[0, 0]), wide * math.sqrt(covariance[1, 1])
    offset, slope = float(beta[0]), float(beta[1])
    return ClockFit(
        offset, offset - offset_half, offset + offset_half, slope * 1e6, (slope - slope_half) * 1e6,
        (slope + slope_half) * 1e6, spread, zero, int(used.sum()),
    )  # fmt: skip


def _scale(residual: FloatArray) -> float:
    return 1.4826 * float(np.median(np.abs(residual - np.median(residual))))
