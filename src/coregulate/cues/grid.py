"""Series of any rate on the 0.1 s grid, without bridging what is missing."""

from __future__ import annotations

import numpy as np

from coregulate.core import FloatArray, Signal, Track

RATE_HZ = 10.0


def grid_length(duration_s: float) -> int:
    """Return the number of 0.1 s steps that a session needs."""
    return int(np.ceil(duration_s * RATE_HZ - 1e-6))


def on_grid(signal: Signal, n: int) -> FloatArray:
    """Return a signal on the grid, shape (n,): the mean of what falls into a step, or the sample that covers it.

    NaN outside the signal's span and where nothing was observed.
    """
    values = np.asarray(signal.values, dtype=np.float64)
    if len(values) == 0 or n == 0:
        return np.full(n, np.nan)
    if signal.rate_hz > RATE_HZ:
        step = np.floor(signal.times_s * RATE_HZ + 1e-6).astype(np.int64)
        keep = np.isfinite(values) & (step >= 0) & (step < n)
        count = np.bincount(step[keep], minlength=n)
        total = np.bincount(step[keep], weights=values[keep], minlength=n)
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)
    index = np.floor((np.arange(n) / RATE_HZ - signal.start_s) * signal.rate_hz + 1e-6).astype(np.int64)
    inside = (index >= 0) & (index < len(values))
    return np.where(inside, values[np.clip(index, 0, len(values) - 1)], np.nan)


def active(track: Track, n: int) -> FloatArray:
    """Share of each step that a track's labels cover, shape (n,), 0 to 1."""
    if not track.labels:
        return np.zeros(n)
    edges = np.zeros(n + 1)
    for label in track.labels:
        start, end = (min(max(t * RATE_HZ, 0.0), float(n)) for t in (label.start_s, label.end_s))
        first, last = int(start), int(end)
        if first == last:
            edges[min(first, n)] += end - start
            edges[min(first + 1, n)] -= end - start
            continue
        # The covered share of the first and last step, and all of those between.
        for at, share in ((first, first + 1 - start), (last, end - last)):
            edges[min(at, n)] += share
            edges[min(at + 1, n)] -= share
        edges[first + 1] += 1.0
        edges[min(last, n)] -= 1.0
    # Rounded, because what adds up to nothing must be nothing: a step is covered or it is not.
    return np.clip(np.round(np.cumsum(edges)[:n], 9), 0.0, 1.0)


def moving(values: FloatArray, before: int, after: int) -> FloatArray:
    """Sum over steps from ``before`` back to ``after`` ahead, shape as given; NaN counts as 0."""
    total = np.concatenate([[0.0], np.cumsum(np.nan_to_num(values))])
    index = np.arange(len(values))
    return np.asarray(
        total[np.minimum(index + after + 1, len(values))] - total[np.maximum(index - before, 0)]
    )
