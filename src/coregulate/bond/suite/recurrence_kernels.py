"""Recurrences counted along diagonals, compiled (numba): a diagonal at a time, never a matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[Any]


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def diagonal(x: Array, y: Array, lag: int, square: float, away: Array, near: Array) -> int:
    """Whether ``x[:, t]`` and ``y[:, t + lag]`` lie nearer than the radius, t = 0 .. length - 1.

    ``away`` takes the squared distances, NaN where one is missing; such a pair is never ``near``. Returns
    the length; one more ``near`` after it is 0.
    """
    length = x.shape[1] - abs(lag)
    # A dimension at a time, so that samples run in lanes.
    for d in range(x.shape[0]):
        one, two = x[d, max(-lag, 0) :], y[d, max(lag, 0) :]
        if d == 0:
            for t in range(length):
                away[t] = (one[t] - two[t]) ** 2
        else:
            for t in range(length):
                away[t] += (one[t] - two[t]) ** 2
    for t in range(length):
        near[t] = away[t] < square
    near[length] = 0
    return int(length)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _room(n: int) -> tuple[Array, Array]:
    """Room for the distances and the hits of a diagonal, whole words of the latter."""
    return np.empty(n), np.zeros(8 * (n // 8 + 2), np.uint8)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _known(away: Array, length: int) -> int:
    count = 0
    for t in range(length):
        count += away[t] == away[t]
    return count


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _count_lines(near: Array, length: int, counts: Array) -> None:
    """Add the lines of a diagonal to ``counts`` by their length; eight samples without a hit at a stride."""
    words = near.view(np.uint64)
    run, t = 0, 0
    while t < length:
        if run == 0 and t % 8 == 0 and words[t // 8] == 0:
            t += 8
            continue
        if near[t]:
            run += 1
        elif run > 0:
            counts[run] += 1
            run = 0
        t += 1
    if run > 0:
        counts[run] += 1


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def lag_recurrence(x: Array, ys: Array, lags: Array, square: float) -> Array:
    """Share of recurrent points on each diagonal, (m, lags); NaN where nothing is known."""
    out = np.full((ys.shape[0], lags.shape[0]), np.nan)
    away, near = _room(x.shape[1])
    for i in range(ys.shape[0]):
        for j in range(lags.shape[0]):
            length = diagonal(x, ys[i], lags[j], square, away, near)
            hits, count = 0, _known(away, length)
            for t in range(length):
                hits += near[t]
            if count > 0:
                out[i, j] = hits / count
    return out


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def line_lengths(x: Array, y: Array, first: int, last: int, square: float) -> tuple[Array, int]:
    """How many diagonal lines of each length there are on the diagonals first..last, and how many points are known."""
    counts = np.zeros(x.shape[1] + 1, np.int64)
    away, near = _room(x.shape[1])
    points = 0
    for lag in range(first, last + 1):
        length = diagonal(x, y, lag, square, away, near)
        points += _known(away, length)
        _count_lines(near, length, counts)
    return counts, points


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def windowed_recurrence(x: Array, y: Array, lags: Array, square: float, starts: Array, width: int) -> Array:
    """Share of recurrent points on each diagonal inside a window, averaged over the diagonals, (windows,)."""
    total, count = np.zeros(starts.shape[0]), np.zeros(starts.shape[0])
    away, near = _room(x.shape[1])
    sums = np.zeros((2, x.shape[1] + 1))
    for j in range(lags.shape[0]):
        length = diagonal(x, y, lags[j], square, away, near)
        for t in range(length):
            sums[0, t + 1] = sums[0, t] + near[t]
            sums[1, t + 1] = sums[1, t] + (away[t] == away[t])
        for i in range(starts.shape[0]):
            first, last = starts[i], starts[i] + width - abs(lags[j])
            points = sums[1, last] - sums[1, first] if last > first else 0.0
            if points > 0:
                total[i] += (sums[0, last] - sums[0, first]) / points
                count[i] += 1
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
