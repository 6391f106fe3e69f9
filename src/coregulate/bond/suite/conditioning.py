"""What may be done to a series before anything is measured, and what is awkward about two of them."""

from __future__ import annotations

import numpy as np

from coregulate.core import FloatArray

from ..prepare import BURST_WINDOW_S, whole
from .granger import detrended
from .surrogates import minute

#: docs/bond.md: sizes over 60 s that go up and down together by this much more than the series do are
#: common bursts.
TOGETHER_R = 0.3
SHARES_R = 0.2  # docs/bond.md: the same of the shares of codes, which tell less of how near the two are
SHARES_HZ = 2.0  # prior: seen often enough for what goes on over a minute
MOST_CODES = 12  # prior: of more, the commonest are looked at
TINY = 1e-100  # prior: sums of squares, and their products, of all between this and its inverse are numbers
CLOSE_S = 10.0  # prior: as far as the lags of the measures reach
FEW = 10  # prior: a series of fewer different values is one of codes or ratings and has no size
SLOW_R = 0.98  # prior: correlation of a second with the next, from which few moments are independent
TREND_SHARE = 0.5  # prior: share of the variance that a straight line explains


def smoothed(x: FloatArray, rate_hz: float, width_s: float) -> FloatArray:
    """Average over a moving window as rMEA does: whole samples, zeros beyond the ends; a gap stays a gap."""
    taps = int(width_s * rate_hz + 1e-9)
    if taps < 2:
        return x
    seen = np.isfinite(x)
    before = taps // 2
    total, count = (
        np.convolve(part, np.ones(taps))[taps - 1 - before :][: len(x)]
        for part in (np.where(seen, x, 0.0), np.ones(len(x)) * seen)
    )
    beyond = taps - np.convolve(np.ones(len(x)), np.ones(taps))[taps - 1 - before :][: len(x)]
    return np.where(seen, total / np.maximum(count + beyond, 1.0), np.nan)


def in_reach(x: FloatArray) -> FloatArray:
    """Bring values so large or small that their squares leave the numbers a machine has nearer to 1.

    By a power of 2, so that no digit changes; all others stay as they are.
    """
    largest = float(np.max(np.abs(x), where=np.isfinite(x), initial=0.0))
    if largest == 0 or TINY <= largest <= 1 / TINY:
        return x
    return np.asarray(np.ldexp(x, -np.frexp(largest)[1]))


def evened(x: FloatArray, rate_hz: float) -> FloatArray:
    """Divide a series by its moving size over 60 s, gaps left as they are (docs/bond.md)."""
    seen = np.isfinite(x)
    out = np.full(len(x), np.nan)
    if seen.sum() > 2:
        out[seen] = whole([x[seen]], rate_hz, normalise_bursts=True)[0]
    return out


def awkward(a: FloatArray, b: FloatArray, rate_hz: float, *, codes: bool = False) -> tuple[str, ...]:
    """Name what is known to mislead tests: ``common bursts``, ``gaps``, ``trends``, ``slow``."""
    said = []
    if (_shares_swell(a, b, rate_hz) > SHARES_R) if codes else (_sizes_swell(a, b, rate_hz) > TOGETHER_R):
        said.append("common bursts")
    if any(np.isnan(x[_inside(x)]).any() for x in (a, b)):
        said.append("gaps")
    if all(trend_share(x) > TREND_SHARE for x in (a, b)):
        said.append("trends")
    if all(_next_r(x, rate_hz) > SLOW_R for x in (a, b)):
        said.append("slow")
    return tuple(said)


def _inside(x: FloatArray) -> slice:
    seen = np.flatnonzero(np.isfinite(x))
    return slice(int(seen[0]), int(seen[-1]) + 1) if len(seen) else slice(0, 0)


def _sizes_swell(a: FloatArray, b: FloatArray, rate_hz: float) -> float:
    return _size_r(a, b, rate_hz) - _closeness(a, b, rate_hz)


def _shares_swell(a: FloatArray, b: FloatArray, rate_hz: float) -> float:
    """How much more the shares of a code over a minute go together than the code itself within 10 s; the most of all codes."""
    step = max(round(rate_hz / SHARES_HZ), 1)
    a, b, rate_hz = a[::step], b[::step], rate_hz / step
    width, both = minute(rate_hz), np.isfinite(a) & np.isfinite(b)
    a, b = a[both], b[both]
    codes, counts = np.unique(np.concatenate([a, b]), return_counts=True)
    found = [0.0]
    for code in codes[np.argsort(-counts, kind="stable")[:MOST_CODES]] if len(a) >= 4 * width else ():
        shown = [(x == code).astype(np.float64) for x in (a, b)]
        totals = [np.concatenate([[0.0], np.cumsum(x)]) for x in shown]
        shares = np.stack([x[width:] - x[:-width] for x in totals])
        if shares.std(axis=1).min() > 0:
            closeness = _closeness(shown[0], shown[1], rate_hz)
            found.append(float(np.corrcoef(shares)[0, 1]) - closeness**0.5)
    return max(found)


def _size_r(a: FloatArray, b: FloatArray, rate_hz: float) -> float:
    """Correlation of the two's log size over 60 s; of what was seen at once, or where they take turns each of its own."""
    width = max(round(BURST_WINDOW_S * rate_hz), 1)
    both = np.isfinite(a) & np.isfinite(b)
    if both.sum() >= 4 * width:
        a, b = a[both], b[both]
    if len(a) < 4 * width or min(len(np.unique(x[np.isfinite(x)])) for x in (a, b)) < FEW:
        return 0.0
    sizes = np.stack([_log_size(x, width) for x in (a, b)])
    sizes = sizes[:, np.isfinite(sizes).all(axis=0)]
    if sizes.shape[1] < 3 * width or sizes.std(axis=1).min() < 1e-9:
        return 0.0
    return float(np.corrcoef(sizes)[0, 1])


def _log_size(x: FloatArray, width: int) -> FloatArray:
    """Log power in each window; NaN where less than a quarter of it was seen."""
    x = detrended(x, 1)
    seen = np.isfinite(x)
    power, count = (
        np.convolve(part, np.ones(width), "valid") for part in (np.where(seen, x**2, 0.0), 1.0 * seen)
    )
    return np.where(count >= width / 4, np.log(power / np.maximum(count, 1.0) + 1e-6), np.nan)


def _closeness(a: FloatArray, b: FloatArray, rate_hz: float) -> float:
    """Largest squared correlation within 10 s: so much do sizes go together where the series themselves do."""
    reach, n = round(CLOSE_S * rate_hz), len(a)
    one, two = detrended(a, 1), detrended(b, 1)
    found = [0.0]
    for k in range(-reach, reach + 1):
        x, y = one[max(-k, 0) : n - max(k, 0)], two[max(k, 0) : n - max(-k, 0)]
        both = np.isfinite(x) & np.isfinite(y)
        power = float(np.sum(x[both] ** 2) * np.sum(y[both] ** 2))
        if both.sum() > n / 10 and power > 0:
            found.append(float(x[both] @ y[both]) ** 2 / power)
    return max(found)


def trend_share(x: FloatArray) -> float:
    """Share of the variance that a straight line explains."""
    seen = np.flatnonzero(np.isfinite(x))
    if len(seen) < 3 or not float(np.std(x[seen])) > 0:
        return 0.0
    return float(np.corrcoef(seen, x[seen])[0, 1] ** 2)


def _next_r(x: FloatArray, rate_hz: float) -> float:
    step = max(round(rate_hz), 1)
    one, two = x[:-step], x[step:]
    both = np.isfinite(one) & np.isfinite(two)
    if both.sum() < 3 or not min(float(np.std(one[both])), float(np.std(two[both]))) > 0:
        return 0.0
    return float(np.corrcoef(one[both], two[both])[0, 1])
