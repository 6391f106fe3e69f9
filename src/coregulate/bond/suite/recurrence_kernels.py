"""Recurrences counted along diagonals, compiled (numba): a diagonal at a time, never a matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[Any]


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def diagonal(x: Array, y: Array, lag: int, square: float, near: Array, known: Array) -> int:
    """Whether ``x[:, t]`` and ``y[:, t + lag]`` lie nearer than the radius, t = 0 .. length - 1.

    Missing values are never near and not ``known``. Returns the length.
    """
    n = x.shape[1]
    from_x, from_y = max(-lag, 0), max(lag, 0)
    length = n - abs(lag)
    for t in range(length):
        total = 0.0
        for d in range(x.shape[0]):
            step = x[d, from_x + t] - y[d, from_y + t]
            total += step * step
        near[t] = total < square
        known[t] = total == total
    return int(length)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def lag_recurrence(x: Array, ys: Array, lags: Array, square: float) -> Array:
    """Share of recurrent points on each diagonal, (m, lags); NaN where nothing is known."""
    out = np.full((ys.shape[0], lags.shape[0]), np.nan)
    near, known = np.empty(x.shape[1], np.uint8), np.empty(x.shape[1], np.uint8)
    for i in range(ys.shape[0]):
        for j in range(lags.shape[0]):
            length = diagonal(x, ys[i], lags[j], square, near, known)
            hits, count = 0, 0
            for t in range(length):
                hits += near[t]
                count += known[t]
            if count > 0:
                out[i, j] = hits / count
    return out


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def line_lengths(x: Array, y: Array, first: int, last: int, square: float) -> tuple[Array, int]:
    """How many diagonal lines of each length there are on the diagonals first..last, and how many points are known."""
    counts = np.zeros(x.shape[1] + 1, np.int64)
    near, known = np.empty(x.shape[1], np.uint8), np.empty(x.shape[1], np.uint8)
    points = 0
    for lag in range(first, last + 1):
        length = diagonal(x, y, lag, square, near, known)
        run = 0
        for t in range(length):
            points += known[t]
            if near[t]:
                run += 1
            elif run > 0:
                counts[run] += 1
                run = 0
        if run > 0:
            counts[run] += 1
    return counts, points


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def windowed_recurrence(x: Array, y: Array, lags: Array, square: float, starts: Array, width: int) -> Array:
    """Share of recurrent points on each diagonal inside a window, averaged over the diagonals, (windows,)."""
    total, count = np.zeros(starts.shape[0]), np.zeros(starts.shape[0])
    near, known = np.empty(x.shape[1], np.uint8), np.empty(x.shape[1], np.uint8)
    sums = np.zeros((2, x.shape[1] + 1))
    for j in range(lags.shape[0]):
        length = diagonal(x, y, lags[j], square, near, known)
        for t in range(length):
            sums[0, t + 1] = sums[0, t] + near[t]
            sums[1, t + 1] = sums[1, t] + known[t]
        for i in range(starts.shape[0]):
            first, last = starts[i], starts[i] + width - abs(lags[j])
            points = sums[1, last] - sums[1, first] if last > first else 0.0
            if points > 0:
                total[i] += (sums[0, last] - sums[0, first]) / points
                count[i] += 1
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
