"""Small corrections: of many p values, and of what a series says about itself."""

from __future__ import annotations

import numpy as np

from coregulate.core import FloatArray, SignalError


def benjamini_hochberg(p: FloatArray) -> FloatArray:
    """Turn p values into q values (false discovery rate); NaN stays NaN and does not count.

    Parameters
    ----------
    p : array, shape (n,)

    Returns
    -------
    array, shape (n,)
        0..1.

    Examples
    --------
    >>> benjamini_hochberg(np.array([0.01, 0.04, np.nan])).tolist()
    [0.02, 0.04, nan]
    """
    p = np.asarray(p, dtype=np.float64)
    q = np.full(p.shape, np.nan)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(-p[known], kind="stable")]
    m = len(known)
    rank = np.arange(m, 0, -1)
    q[order] = np.minimum(np.minimum.accumulate(p[order] * m / rank), 1.0) if m else 0.0
    return q


def prewhiten(x: FloatArray, order: int) -> FloatArray:
    """Take out what a series says about itself: residuals of an autoregression of ``order``.

    Offered, never a default: on one pair it costs most of the power (docs/bond.md), and with bursts
    it makes false positives worse.

    Parameters
    ----------
    x : array, shape (n,)
        NaN where missing.
    order : int
        1 or more.

    Returns
    -------
    array, shape (n,)
        NaN for the first ``order`` samples and after each gap.
    """
    x = np.asarray(x, dtype=np.float64)
    if order < 1 or len(x) <= 3 * order:
        raise SignalError(
            f"An order of {order} for {len(x)} samples", "Give an order from 1 to a third of them"
        )
    past = np.stack([x[order - k : len(x) - k] for k in range(1, order + 1)], axis=1)
    past = np.column_stack([past, np.ones(len(past))])
    now = x[order:]
    known = np.isfinite(past).all(axis=1) & np.isfinite(now)
    rest = np.full(len(x), np.nan)
    if known.sum() > 2 * order:
        weights = np.linalg.lstsq(past[known], now[known], rcond=None)[0]
        rest[order:] = now - past @ weights
    return rest
