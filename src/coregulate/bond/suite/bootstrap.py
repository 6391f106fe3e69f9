"""Series that follow their own past alone, with shocks as large as they were: a wild bootstrap."""

from __future__ import annotations

import numpy as np

from coregulate.core import FloatArray

from .granger import detrended
from .prewhitened import best_order

MOST_STEADY = 0.999  # prior: largest root of the memory, so that what is drawn does not run away
BURN = 200  # prior: samples before the first, so that it is as far out as any other


def autoregressions(
    x: FloatArray, order: int, degree: int, m: int, rng: np.random.Generator, highest: int = 10
) -> FloatArray:
    """Draw series like ``x`` that nobody else moves.

    Parameters
    ----------
    x : array, shape (n,)
        NaN where missing.
    order : int
        How many samples of its own past it follows; 0: by BIC, up to ``highest``.
    degree : int
        Of the polynomial that is taken out of ``x`` and out of what is drawn.
    m : int
    rng : numpy.random.Generator

    Returns
    -------
    array, shape (m, n)
        SD 1, gaps where ``x`` has them.

    Notes
    -----
    Every shock keeps its place and size and gets either sign (the recursive-design wild bootstrap of
    Gonçalves & Kilian 2003, CIRANO 2003s-17), so bursts stay where they are. Where a gap hides the shock,
    one is drawn from the others.
    """
    from scipy.signal import lfilter

    x = detrended(x, degree)
    weights, shocks = _fitted(x, order or best_order(x, highest))
    known = np.flatnonzero(np.isfinite(shocks))
    if not len(known):
        return np.full((m, len(x)), np.nan)
    drawn = np.concatenate([np.zeros(BURN), shocks])
    hidden = np.flatnonzero(~np.isfinite(drawn) | (np.arange(len(drawn)) < BURN))
    all_of = np.tile(np.nan_to_num(drawn), (m, 1))
    all_of[:, hidden] = shocks[rng.choice(known, (m, len(hidden)))]
    signs = rng.integers(0, 2, all_of.shape) * 2.0 - 1.0
    out = lfilter([1.0], np.concatenate([[1.0], -weights]), all_of * signs, axis=1)[:, BURN:]
    out[:, ~np.isfinite(x)] = np.nan
    return np.stack([detrended(row, degree) for row in out])


def _fitted(x: FloatArray, order: int) -> tuple[FloatArray, FloatArray]:
    """Weights of the past, and the shocks (n,), NaN where they are hidden."""
    past = np.stack([np.concatenate([np.full(k, np.nan), x[:-k]]) for k in range(1, order + 1)], axis=1)
    seen = np.isfinite(past).all(axis=1) & np.isfinite(x)
    if seen.sum() <= 3 * order:
        return np.zeros(order), np.full(len(x), np.nan)
    weights = np.linalg.lstsq(past[seen], x[seen], rcond=None)[0]
    weights = _unbiased(weights, int(seen.sum()))
    return weights, np.where(seen, x - np.where(seen[:, None], past, 0.0) @ weights, np.nan)


def _unbiased(weights: FloatArray, n: int) -> FloatArray:
    """Give back the memory that least squares loses in a short series.

    A first order of .95 or .99 loses (2 + 4 r) / n where a straight line is taken out; higher orders are
    given the same, at the first lag (prior).
    """
    memory = float(weights.sum())
    longer: FloatArray = weights + np.eye(len(weights))[0] * (2 + 4 * memory) / n
    if memory > 0 and _largest_root(longer) < MOST_STEADY:
        return longer
    too_far = max(_largest_root(weights) / MOST_STEADY, 1.0)
    return np.asarray(weights / too_far ** np.arange(1, len(weights) + 1))


def _largest_root(weights: FloatArray) -> float:
    return float(np.abs(np.roots(np.concatenate([[1.0], -weights]))).max(initial=0.0))
