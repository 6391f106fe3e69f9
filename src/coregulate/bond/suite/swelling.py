"""Whether two series swell, or show their codes, at the same moments: common bursts (docs/bond.md)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from coregulate.core import FloatArray

from ..prepare import BURST_WINDOW_S
from .granger import detrended
from .surrogates import minute

#: docs/bond.md: sizes over 60 s that go up and down together by this much more than the series do are
#: common bursts.
TOGETHER_R = 0.3
SHARES_R = 0.2  # docs/bond.md: the same of the shares of codes, which tell less of how near the two are
SHARES_HZ = 2.0  # prior: seen often enough for what goes on over a minute
MOST_CODES = 12  # prior: of more, the commonest are looked at
CLOSE_S = 10.0  # prior: as far as the lags of the measures reach
FEW = 10  # prior: a series of fewer different values is one of codes or ratings and has no size


def sizes_swell(a: FloatArray, b: FloatArray, rate_hz: float) -> bool:
    """Say whether the sizes over 60 s go together by more than the two series themselves do."""
    reach = round(CLOSE_S * rate_hz)
    close = float(closeness(detrended(a, 1), detrended(b, 1), reach))
    return _size_r(a, b, rate_hz) - close > TOGETHER_R


def shares_swell(a: FloatArray, bs: FloatArray, rate_hz: float) -> NDArray[np.bool_]:
    """Say of each row of ``bs`` (m, n) whether its codes come and go over minutes with those of ``a`` (n,).

    The shares of a code over a minute go together by more than the code itself does within 10 s.
    """
    step = max(round(rate_hz / SHARES_HZ), 1)
    a, bs, rate_hz = np.ascontiguousarray(a[::step]), np.ascontiguousarray(bs[:, ::step]), rate_hz / step
    codes, counts = np.unique(a[np.isfinite(a)], return_counts=True)
    common = codes[np.argsort(-counts, kind="stable")[:MOST_CODES]]
    width, reach = minute(rate_hz), round(CLOSE_S * rate_hz)
    return np.array([_most_swelling(a, b, common, width, reach) > SHARES_R for b in bs], dtype=np.bool_)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def closeness(x: NDArray[Any], y: NDArray[Any], reach: int) -> float:
    """Largest squared correlation within ``reach``: so much do sizes go together where the series themselves do."""
    n, largest = x.shape[0], 0.0
    for lag in range(-reach, reach + 1):
        count, xx, yy, xy = 0, 0.0, 0.0, 0.0
        for t in range(max(-lag, 0), n - max(lag, 0)):
            one, two = x[t], y[t + lag]
            if one == one and two == two:
                count += 1
                xx += one * one
                yy += two * two
                xy += one * two
        if count > n / 10 and xx * yy > 0:
            largest = max(largest, xy * xy / (xx * yy))
    return largest


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _most_swelling(a: NDArray[Any], b: NDArray[Any], codes: NDArray[Any], width: int, reach: int) -> float:
    """Correlation of the shares of a code less that of the code itself; the most of all codes, at least 0."""
    both = np.isfinite(a) & np.isfinite(b)
    a, b = a[both], b[both]
    most = 0.0
    if a.shape[0] < 4 * width:
        return most
    for code in codes:
        one, two = (a == code).astype(np.float64), (b == code).astype(np.float64)
        together = _correlation(_totals(one, width), _totals(two, width))
        if together > most:
            most = max(most, together - np.sqrt(closeness(_flat(one), _flat(two), reach)))
    return most


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _totals(x: NDArray[Any], width: int) -> NDArray[Any]:
    """Sum of every ``width`` samples in a row."""
    total = np.concatenate((np.zeros(1), np.cumsum(x)))
    sums: NDArray[Any] = total[width:] - total[:-width]
    return sums


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _flat(x: NDArray[Any]) -> NDArray[Any]:
    """Less mean and trend."""
    at = np.arange(x.shape[0]) - (x.shape[0] - 1) / 2
    rest: NDArray[Any] = x - x.mean() - at * (np.sum(at * x) / np.sum(at * at))
    return rest


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _correlation(x: NDArray[Any], y: NDArray[Any]) -> float:
    x, y = x - x.mean(), y - y.mean()
    size = np.sum(x * x) * np.sum(y * y)
    return float(np.sum(x * y) / np.sqrt(size)) if size > 0 else 0.0


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
