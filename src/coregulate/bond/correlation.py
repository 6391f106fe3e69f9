"""How two move together: windowed lagged cross-correlation, over time and lags (docs/bond.md)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray, SignalError

MIN_PAIRS = 0.5  # prior: a window counts where at least half of it was observed in both


class LaggedCorrelation(NamedTuple):
    """Fisher z (windows, lags) of a moving window; ``lags_s`` > 0: the first leads.

    ``times_s`` is the beginning of the window of whoever leads.
    """

    times_s: FloatArray
    lags_s: FloatArray
    z: FloatArray


def checked(a: FloatArray, b: FloatArray, rate_hz: float) -> tuple[FloatArray, FloatArray]:
    """Two one-dimensional float arrays of one length, or an error that says what they are."""
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if a.ndim != 1 or a.shape != b.shape:
        raise SignalError(
            f"The two series have shapes {a.shape} and {b.shape}", "Give two series of one length on one grid"
        )
    if not (np.isfinite(rate_hz) and rate_hz > 0):
        raise SignalError(f"The rate is {rate_hz} Hz", "Give a rate above 0")
    return a, b


def comes_second(a: FloatArray, b: FloatArray) -> bool:
    """Whether a pair is put in the other order first, so that swapping swaps to the last digit."""
    differ = np.flatnonzero((a != b) & ~(np.isnan(a) & np.isnan(b)))
    if not len(differ):
        return False
    x, y = a[differ[0]], b[differ[0]]
    return bool(np.isnan(x) or x > y)


def lagged_correlation(
    a: FloatArray, b: FloatArray, *, rate_hz: float, window_s: float, step_s: float, max_lag_s: float
) -> LaggedCorrelation:
    """Correlate a moving window of one series with lagged windows of the other.

    Parameters
    ----------
    a, b : array, shape (n,)
        On one regular grid; NaN where missing.
    rate_hz : float
    window_s, step_s, max_lag_s : float
        Length of a window, distance between windows, largest lag.

    Returns
    -------
    LaggedCorrelation
        Fisher z, at most 10; NaN where less than half of a window was observed in both, or one of
        them did not move. A gap is never bridged.

    Raises
    ------
    SignalError
        If the two differ in length or a parameter is not above 0.

    Notes
    -----
    Source: Boker et al. 2002, 10.1037/1082-989X.7.3.338. Windows lie as in rMEA (Kleinbub & Ramseyer
    2021, 10.1080/10503307.2020.1844334): whoever leads has the window that begins at ``times_s``.
    Never read a value without its surrogates (:func:`couple`).

    Examples
    --------
    >>> x = np.sin(np.arange(300) / 5)
    >>> found = lagged_correlation(x[5:], x[:-5], rate_hz=1.0, window_s=60, step_s=30, max_lag_s=8)
    >>> float(found.lags_s[found.z.mean(axis=0).argmax()])
    5.0
    """
    from .lagged_kernels import lagged_z, rows

    a, b = checked(a, b, rate_hz)
    grid = grid_of(len(a), rate_hz, window_s, step_s, max_lag_s)
    if grid.n_windows < 1:
        return LaggedCorrelation(np.zeros(0), grid.lags / rate_hz, np.zeros((0, len(grid.lags))))
    whole = bool(np.isfinite(a).all() and np.isfinite(b).all())
    block, least = math.gcd(grid.step, grid.width), max(MIN_PAIRS * grid.width, 3.0)
    z = lagged_z(rows(a), rows(b), grid.lags, grid.n_windows, grid.step, grid.width, block, least, whole)
    return LaggedCorrelation(np.arange(grid.n_windows) * grid.step / rate_hz, grid.lags / rate_hz, z)


class Grid(NamedTuple):
    """Windows and lags in samples."""

    width: int
    step: int
    lags: NDArray[np.int64]
    n_windows: int


def grid_of(n: int, rate_hz: float, window_s: float, step_s: float, max_lag_s: float) -> Grid:
    """Lay windows and lags over ``n`` samples, or say why that cannot be."""
    width, step = round(window_s * rate_hz), max(round(step_s * rate_hz), 1)
    longest = round(max_lag_s * rate_hz)
    if width < 3 or longest < 0:
        raise SignalError(
            f"A window of {window_s} s holds {width} samples",
            "Give a window of 3 samples or more, and a lag from 0",
        )
    return Grid(width, step, np.arange(-longest, longest + 1), max((n - width - longest) // step + 1, 0))
