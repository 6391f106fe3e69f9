"""One clock against another: offset and drift from pairs of times, with a residual and an interval."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from coregulate.core import FloatArray

_LEAST_FOR_DRIFT = 3
_CRYSTAL_PPM = 100.0  # prior: cheap ones stay under it, either way
_FAR = 4.685  # scales (Beaton & Tukey 1974, where Tukey's biweight ends)
_ODD = 0.999  # prior: one good pair of a thousand may be left out
_MOST_FOR_SLOPES = 500  # pairs that the slope is looked for in, evenly chosen: their number goes in squared


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
        """Return half the 95 % interval of the tie at a moment; a drift that was not measured may be any crystal's."""
        drift_ppm = (self.drift_high_ppm - self.drift_low_ppm) / 2
        if math.isnan(drift_ppm):
            drift_ppm = 0.95 * _CRYSTAL_PPM  # 95 % of what is as likely anywhere within it
        half = (self.high_s - self.low_s) / 2
        return math.hypot(half, drift_ppm * 1e-6 * (theirs_s - self.zero_s))


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
        one pair the offset's interval is NaN too. Of two pairs it is wide.

    Notes
    -----
    Pairs far off the line of median slope (of the median, where no drift is fitted) are left out; the rest is
    fitted by least squares, with Student's intervals, the residuals taken as independent.

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
    near = _near(difference, 1)
    return _level(theirs[near], difference[near])


def _level(x: FloatArray, y: FloatArray) -> ClockFit:
    """Fit an offset alone, with Student's interval: the mean, which a drift does not move in the middle."""
    n, zero, middle = len(y), float(np.mean(x)), float(np.mean(y))
    spread = float(np.std(y, ddof=1)) if n > 1 else 0.0
    half = float(stdtrit(n - 1, 0.975)) * spread / math.sqrt(n) if n > 1 else math.nan
    return ClockFit(middle, middle - half, middle + half, 0.0, math.nan, math.nan, spread, zero, n)


def _line(x: FloatArray, y: FloatArray, zero: float) -> ClockFit:
    used = _near_the_rest(x, y)
    x, y = x[used], y[used]
    design = np.column_stack([np.ones_like(x), x])
    beta = np.linalg.lstsq(design, y, rcond=None)[0]
    free = max(len(x) - 2, 1)
    spread = float(np.sqrt(np.sum((y - design @ beta) ** 2) / free))
    covariance = np.linalg.pinv(design.T @ design) * spread**2
    wide = float(stdtrit(free, 0.975))
    offset_half, slope_half = wide * math.sqrt(covariance[0, 0]), wide * math.sqrt(covariance[1, 1])
    offset, slope = float(beta[0]), float(beta[1])
    return ClockFit(
        offset, offset - offset_half, offset + offset_half, slope * 1e6, (slope - slope_half) * 1e6,
        (slope + slope_half) * 1e6, spread, zero, len(x),
    )  # fmt: skip


def _near_the_rest(x: FloatArray, y: FloatArray) -> NDArray[np.bool_]:
    """Return which pairs lie near the line of median slope (Theil 1950, Sen 1968) through all."""
    n = len(x)
    some = np.unique(np.linspace(0, n - 1, min(n, _MOST_FOR_SLOPES)).astype(int))
    i, j = (some[k] for k in np.triu_indices(len(some), 1))
    apart = x[j] - x[i]
    return _near(y - np.median((y[j] - y[i])[apart != 0] / apart[apart != 0]) * x, 2)


def _near(residual: FloatArray, n_fitted: int) -> NDArray[np.bool_]:
    """Return which are near the median.

    The scale is the median distance without the smallest, as many as were fitted, which the fit itself makes
    small; how many scales are near grows as Student's t where pairs are few, so that good ones are hardly ever left out.
    """
    n = len(residual)
    if n <= n_fitted:
        return np.ones(n, dtype=bool)
    off = np.abs(residual - np.median(residual))
    scale = 1.4826 * float(np.median(np.sort(off)[n_fitted:]))
    few = float(stdtrit(max(n - n_fitted, 1), _ODD) / stdtrit(np.inf, _ODD))
    near = off <= _FAR * few * scale
    return near if np.count_nonzero(near) >= _LEAST_FOR_DRIFT else np.ones(n, dtype=bool)
