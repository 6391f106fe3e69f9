"""Transfer entropy (Schreiber 2000, 10.1103/PhysRevLett.85.461), at each delay, corrected for bias.

Values are told apart by quantiles (terciles by default). Bias of each entropy: Miller 1955, occupied
cells less one over twice the count.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from coregulate.core import FloatArray

from .granger import detrended
from .measure import Measure, as_they_are, lag_places, root
from .settings import SuiteSettings


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _entropy(counts: NDArray[Any], n: float) -> float:
    """Entropy in nats, with Miller's correction."""
    total, occupied = 0.0, 0
    for c in counts.ravel():
        if c > 0:
            occupied += 1
            total -= c / n * np.log(c / n)
    return total + (occupied - 1) / (2 * n)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def transfer(source: NDArray[Any], target: NDArray[Any], delay: int, bins: int) -> float:
    """Transfer entropy in nats from ``source``, ``delay`` samples ago, to ``target``, given its last sample.

    Codes 0 .. bins - 1, below 0 where missing.
    """
    counts = np.zeros((bins, bins, bins))  # now, own past, source
    n = 0.0
    for t in range(max(delay, 1), target.shape[0]):
        now, past, other = target[t], target[t - 1], source[t - delay]
        if now >= 0 and past >= 0 and other >= 0:
            counts[now, past, other] += 1
            n += 1
    if n < 10 * bins**3:  # prior: ten a cell
        return np.nan
    own = counts.sum(axis=2)
    return float(
        _entropy(own, n)
        + _entropy(counts.sum(axis=0), n)
        - _entropy(own.sum(axis=0), n)
        - _entropy(counts, n)
    )


def quantile_codes(x: FloatArray, bins: int) -> NDArray[np.int64]:
    """Codes 0 .. bins - 1, about as many of each; -1 where missing. Few different values keep their own."""
    seen = np.isfinite(x)
    different = np.unique(x[seen])
    codes = np.full(x.shape, -1, dtype=np.int64)
    edges = (
        (different[1:] + different[:-1]) / 2
        if len(different) <= bins
        else np.quantile(x[seen], np.arange(1, bins) / bins)
    )
    codes[seen] = np.searchsorted(edges, x[seen], side="right")
    return codes


def ready(
    a: FloatArray, b: FloatArray, rate_hz: float, settings: SuiteSettings
) -> tuple[FloatArray, FloatArray, SuiteSettings]:
    """Take the trend out, not of series that are codes already."""
    one, two = (x if _few(x, settings) else detrended(x, settings.detrend) for x in (a, b))
    return one, two, settings


def _few(x: FloatArray, settings: SuiteSettings) -> bool:
    return len(np.unique(x[np.isfinite(x)])) <= settings.te_bins


def profiles(a: FloatArray, bs: FloatArray, rate_hz: float, settings: SuiteSettings) -> FloatArray:
    """Transfer entropy by lag: above 0 from the first to the second, below 0 back; NaN at 0.

    Each row is put into bins by itself: a surrogate need not hold the same values.
    """
    lags = np.round(lag_places(len(a), rate_hz, settings) * rate_hz).astype(np.int64)
    x = quantile_codes(a, settings.te_bins)
    out = np.full((len(bs), len(lags)), np.nan)
    for row, b in zip(out, bs, strict=True):
        y = quantile_codes(b, settings.te_bins)
        for j, lag in enumerate(lags):
            if lag:
                one, two = (x, y) if lag > 0 else (y, x)
                row[j] = transfer(one, two, abs(int(lag)), settings.te_bins)
    return out


def difference(profiles: NDArray[Any], peak: int) -> FloatArray:
    """Best delay from the first to the second minus best delay back."""
    n = profiles.shape[-1] // 2
    known = np.where(np.isfinite(profiles), profiles, -np.inf)
    lead = known[..., n + 1 :].max(axis=-1) - known[..., :n].max(axis=-1)
    return np.where(np.isfinite(lead), lead, 0.0)


TRANSFER = Measure(
    name="transfer entropy",
    method="transfer entropy of quantile codes at each delay, Miller's correction",
    axis="lag_s",
    places=lag_places,
    profiles=profiles,
    scores=as_they_are,
    straight=root,
    lead=difference,
    ready=ready,
    min_s=270.0,  # prior: ten samples for each of 27 cells
    at_most_hz=lambda settings: 1.0,  # prior
)
