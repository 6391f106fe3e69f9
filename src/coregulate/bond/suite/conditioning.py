"""What may be done to a series before anything is measured, and what is awkward about two of them."""

from __future__ import annotations

import numpy as np

from coregulate.core import FloatArray

from ..prepare import BURST_WINDOW_S, whole
from .granger import detrended

#: docs/bond.md: sizes over 60 s that go up and down together by this much more than the series do are
#: common bursts.
TOGETHER_R = 0.3
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


def evened(x: FloatArray, rate_hz: float) -> FloatArray:
    """Divide a series by its moving size over 60 s, gaps left as they are (docs/bond.md)."""
    seen = np.isfinite(x)
    out = np.full(len(x), np.nan)
    if seen.sum() > 2:
        out[seen] = whole([x[seen]], rate_hz, normalise_bursts=True)[0]
    return out


def awkward(a: FloatArray, b: FloatArray, rate_hz: float) -> tuple[str, ...]:
    """Name what is known to mislead tests: ``common bursts``, ``gaps``, ``trends``, ``slow``."""
    said = []
    if _size_r(a, b, rate_hz) - _closeness(a, b, rate_hz) > TOGETHER_R:
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


def _size_r(a: FloatArray, b: FloatArray, rate_hz: float) -> float:
    """Correlation of the two's log size over 60 s."""
    width = max(round(BURST_WINDOW_S * rate_hz), 1)
    both = np.isfinite(a) & np.isfinite(b)
    if both.sum() < 4 * width or min(len(np.unique(x[both])) for x in (a, b)) < FEW:
        return 0.0
    kernel = np.ones(width) / width
    sizes = [np.log(np.convolve(detrended(x[both], 1) ** 2, kernel, "valid") + 1e-6) for x in (a, b)]
    if min(float(s.std()) for s in sizes) < 1e-9:
        return 0.0
    return float(np.corrcoef(sizes[0], sizes[1])[0, 1])


def _closeness(a: FloatArray, b: FloatArray, rate_hz: float) -> float:
    """Largest squared correlation within 10 s: so much do sizes go together where the series themselves do."""
    one, two = (np.nan_to_num(detrended(x, 1)) for x in (a, b))
    reach = round(CLOSE_S * rate_hz)
    lags = (
        np.vdot(one[max(-k, 0) : len(one) - max(k, 0)], two[max(k, 0) : len(two) - max(-k, 0)])
        for k in range(-reach, reach + 1)
    )
    power = float(np.vdot(one, one) * np.vdot(two, two))
    return max(float(x) ** 2 for x in lags) / power if power > 0 else 0.0


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
