"""What may be done to a series before anything is measured, and what is awkward about two of them."""

from __future__ import annotations

import numpy as np

from coregulate.core import FloatArray

from ..prepare import whole
from .swelling import shares_swell, sizes_swell

TINY = 1e-100  # prior: sums of squares, and their products, of all between this and its inverse are numbers
SLOW_R = 0.98  # prior: correlation of a second with the next, from which few moments are independent
FEW_CHANGES = 150  # docs/bond.md: 15 min at AR .99 hold some 100, at .95 some 190
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
    """Name what is known to mislead tests: ``common bursts``, ``gaps``, ``trends``, ``slow``, ``seldom`` (codes)."""
    said = []
    if shares_swell(a, b[None], rate_hz)[0] if codes else sizes_swell(a, b, rate_hz):
        said.append("common bursts")
    if any(np.isnan(x[_inside(x)]).any() for x in (a, b)):
        said.append("gaps")
    if all(trend_share(x) > TREND_SHARE for x in (a, b)):
        said.append("trends")
    if all(_next_r(x, rate_hz) > SLOW_R for x in (a, b)):
        said.append("slow")
    if codes and max(_changes(x) for x in (a, b)) < FEW_CHANGES:
        said.append("seldom")
    return tuple(said)


def _inside(x: FloatArray) -> slice:
    seen = np.flatnonzero(np.isfinite(x))
    return slice(int(seen[0]), int(seen[-1]) + 1) if len(seen) else slice(0, 0)


def _changes(x: FloatArray) -> int:
    return int(np.count_nonzero(np.diff(x[np.isfinite(x)])))


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
