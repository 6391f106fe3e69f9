"""What drives both at once (talk, movement, the task): taken out of the two series, or regressed out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray, SignalError

REACH_S = 5.0  # prior: how long after talk or movement a body still answers to it


def gated(x: FloatArray, gates: Sequence[FloatArray]) -> FloatArray:
    """Take out the samples at which any gate is on (not 0, not missing)."""
    on = np.zeros(len(x), dtype=bool)
    for gate in gates:
        on |= np.nan_to_num(_fitting(gate, len(x))) != 0
    return np.where(on, np.nan, x)


def regressed(x: FloatArray, drivers: Sequence[FloatArray], rate_hz: float) -> FloatArray:
    """Residuals of a series after what the drivers explain, each now and up to 5 s ago.

    Parameters
    ----------
    x : array, shape (n,)
    drivers : sequence of array, shape (n,)
        NaN where missing: the residual is NaN there.
    rate_hz : float

    Returns
    -------
    array, shape (n,)
        NaN where ``x`` or a driver is.
    """
    design = _design([_fitting(d, len(x)) for d in drivers], rate_hz)
    seen = np.isfinite(design).all(axis=1) & np.isfinite(x)
    rest = np.full(len(x), np.nan)
    if seen.sum() > 2 * design.shape[1]:
        weights = np.linalg.lstsq(design[seen], x[seen], rcond=None)[0]
        rest[seen] = x[seen] - design[seen] @ weights
    return rest


def _design(drivers: Sequence[FloatArray], rate_hz: float) -> FloatArray:
    """Put a constant beside each driver at lags a second apart. Before the beginning stands its first value."""
    n = len(drivers[0])
    lags: NDArray[np.int64] = np.unique(np.round(np.arange(REACH_S + 1) * rate_hz).astype(np.int64))
    columns = [np.ones(n)]
    for driver in drivers:
        columns += [driver[np.maximum(np.arange(n) - lag, 0)] for lag in lags]
    return np.column_stack(columns)


def _fitting(x: FloatArray, n: int) -> FloatArray:
    x = np.asarray(x, dtype=np.float64)
    if x.shape != (n,):
        raise SignalError(
            f"A gate or driver has shape {x.shape}, the series {n} samples", "Give them on one grid"
        )
    return x
