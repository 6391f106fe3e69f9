"""Inertia and coordination: what one's own past and the partner's past say about the next moment."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from coregulate.core import FloatArray, SignalError

from .least_squares import LeastSquares, adjusted_r2, least_squares
from .prepare import detrended


class InertiaCoordination(NamedTuple):
    """One's own past (inertia, stability) and the partner's (coordination, influence).

    Parameters
    ----------
    lag : int
        Samples to the values that predict; below 0 they lie in the past. Chosen as rties does, it can
        be above 0: then each moment is told from a later one.
    inertia, coordination : (float, float)
        Weight of one's own and of the partner's value, for the first and the second; coordination is NaN
        where the partner's value is one's own.
    r2_inertia, r2_coordination, r2_both : float
        Adjusted R2 over both people.
    """

    lag: int
    inertia: tuple[float, float]
    coordination: tuple[float, float]
    r2_inertia: float
    r2_coordination: float
    r2_both: float


def inertia_coordination(a: FloatArray, b: FloatArray, *, lag: int | None = None) -> InertiaCoordination:
    """Predict each person's value from their own and the partner's value ``lag`` samples away.

    Parameters
    ----------
    a, b : array, shape (n,)
        Regular samples; NaN where missing. The linear trend is taken out.
    lag : int, optional
        Below 0: from the past. Without it, the lag at which the cross-correlation of ``a`` against
        ``b`` is largest in size (positive: ``a`` later), 1 where that is 0, as rties has it.

    Returns
    -------
    InertiaCoordination

    Raises
    ------
    SignalError
        If the two differ in length, or fewer than 20 moments have both values.

    Notes
    -----
    A description, not a test: neighbouring moments are not independent, so no p is given.

    Sources: Reed, Randall, Post & Butler 2013, 10.1016/j.ijpsycho.2012.08.009; Thorson, West & Mendes
    2018, 10.1037/met0000166; the package rties.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = np.cumsum(rng.standard_normal(300))
    >>> found = inertia_coordination(x, rng.standard_normal(300), lag=-1)
    >>> found.inertia[0] > 0.8, abs(found.coordination[0]) < 0.3
    (True, True)
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if a.shape != b.shape or a.ndim != 1:
        raise SignalError(f"Two series of shape {a.shape} and {b.shape}", "Give two of one length")
    x, y = detrended(a), detrended(b)
    lag = (largest_lag(x, y) or 1) if lag is None else lag
    now, past = _apart(np.stack([x, y], axis=1), lag)
    # The first column is each person's own level (rties keeps one intercept a person).
    sides = [np.column_stack([np.ones(len(past)), past[:, i], past[:, 1 - i]]) for i in (0, 1)]

    def regressed(columns: list[int]) -> list[LeastSquares]:
        return [least_squares(x[:, columns], now[:, i]) for i, x in enumerate(sides)]

    own, partner, both = regressed([0, 1]), regressed([0, 2]), regressed([0, 1, 2])
    r2 = [adjusted_r2([now[:, 0], now[:, 1]], fits) for fits in (own, partner, both)]
    (_, inertia_a, coordination_a), (_, inertia_b, coordination_b) = (f.weights.tolist() for f in both)
    return InertiaCoordination(
        lag, (inertia_a, inertia_b), (coordination_a, coordination_b), r2[0], r2[1], r2[2]
    )


def _apart(pair: FloatArray, lag: int) -> tuple[FloatArray, FloatArray]:
    n = len(pair) - abs(lag)
    if n >= 1:
        at = max(-lag, 0)
        now, past = pair[at : at + n], pair[at + lag : at + lag + n]
        seen = np.isfinite(now).all(axis=1) & np.isfinite(past).all(axis=1)
        if seen.sum() >= 20:
            return now[seen], past[seen]
    raise SignalError(
        f"Fewer than 20 of {len(pair)} moments have a value and one {lag} samples away",
        "Give a longer recording or a smaller lag",
    )


def largest_lag(a: FloatArray, b: FloatArray) -> int:
    """Lag, in samples, of the largest cross-correlation by size; above 0: ``a`` later than ``b``.

    Lags up to 10 log10(n / 2), R's usual range for two series; all are divided by the same n.
    """
    seen = np.isfinite(a) & np.isfinite(b)
    if seen.sum() < 20:
        return 0
    x, y = (np.where(seen, v - v[seen].mean(), 0.0) for v in (a, b))
    n = int(seen.sum())
    most = int(10 * np.log10(n / 2))
    lags = np.arange(-most, most + 1)
    value = np.array([x[k:] @ y[: len(y) - k] if k >= 0 else x[:k] @ y[-k:] for k in lags])
    up, down = int(np.argmax(value)), int(np.argmin(value))
    return int(lags[up] if value[up] >= -value[down] else lags[down])
