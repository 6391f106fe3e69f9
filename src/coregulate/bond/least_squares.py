"""Least squares as R's ``lm`` has it: a column that those before it already make is left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from coregulate.core import FloatArray

ALIASED = 1e-7  # R's lm: its tol


class LeastSquares(NamedTuple):
    """Weights (k,), NaN for columns left out; what is left of the target (n,); how many columns count."""

    weights: FloatArray
    rest: FloatArray
    n_terms: int


def least_squares(columns: FloatArray, target: FloatArray) -> LeastSquares:
    """Regress ``target`` (n,) on ``columns`` (n, k), without intercept.

    Examples
    --------
    >>> x = np.arange(5.0)
    >>> fit = least_squares(np.column_stack([x, 2 * x]), 3 * x)
    >>> fit.weights.round(6).tolist(), fit.n_terms
    ([3.0, nan], 1)
    """
    new = np.abs(np.diagonal(np.linalg.qr(columns, mode="r")))
    keep = new > ALIASED * np.sqrt((columns**2).sum(axis=0))
    weights = np.full(columns.shape[1], np.nan)
    weights[keep] = np.linalg.lstsq(columns[:, keep], target, rcond=None)[0]
    return LeastSquares(weights, target - columns[:, keep] @ weights[keep], int(keep.sum()))


def adjusted_r2(targets: Sequence[FloatArray], fits: Sequence[LeastSquares]) -> float:
    """Give the adjusted R2 of regressions without intercept together (about zero, not about the mean)."""
    target, rest = np.concatenate(targets), np.concatenate([f.rest for f in fits])
    total, n = float(target @ target), len(target)
    n_terms = sum(f.n_terms for f in fits)
    return 1 - float(rest @ rest) / total * n / (n - n_terms) if total > 0 else float("nan")
