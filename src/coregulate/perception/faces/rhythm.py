"""Slow rhythms in what pictures show: rows kept while they come, windows each second, the strongest rhythm."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray

RATE_HZ = 10.0  # what pictures are read at
STEP_S = 1.0  # prior
_BLOCK = 1024  # rows by which the arrays grow
_LONGEST_GAP_S = 0.5  # prior: bridged by a line; over a longer one the window is refused


class Rhythm(NamedTuple):
    """The strongest rhythm of a window: its rate in Hz and the share of power it holds, 0 to 1."""

    rate_hz: float
    share: float


def strongest_rhythm(
    values: FloatArray,
    *,
    rate_hz: float,
    lowest_hz: float,
    highest_hz: float,
    top_hz: float,
    half_band_hz: float,
) -> Rhythm:
    """Find the strongest peak of a window's spectrum, and how far it stands out.

    Parameters
    ----------
    values : ndarray, shape (n,)
    rate_hz : float
    lowest_hz, highest_hz : float
        Where the peak may be.
    top_hz : float
        Up to here, from `lowest_hz`, counts as the whole.
    half_band_hz : float
        Around the peak, and around its double, belongs to it.

    Returns
    -------
    Rhythm
        Share 0 where the spectrum only falls or rises through the band's edge.
    """
    power, hz = _spectrum(values, rate_hz)
    band = np.flatnonzero((hz >= lowest_hz) & (hz <= highest_hz))
    at = int(band[np.argmax(power[band])])
    if power[at] <= 0 or power[at] < max(power[at - 1], power[at + 1]):
        return Rhythm(float("nan"), 0.0)
    low, mid, high = np.sqrt(power[at - 1 : at + 2])
    bend = low - 2 * mid + high
    peak = hz[at] + (0.5 * (low - high) / bend if bend < 0 else 0.0) * hz[1]
    return Rhythm(float(peak), share_at(values, peak, rate_hz, lowest_hz, top_hz, half_band_hz))


def share_at(
    values: FloatArray, peak_hz: float, rate_hz: float, lowest_hz: float, top_hz: float, half_band_hz: float
) -> float:
    """Return the share of power, 0 to 1, that lies around a frequency and around its double."""
    power, hz = _spectrum(values, rate_hz)
    power[(hz < lowest_hz - half_band_hz) | (hz > top_hz)] = 0.0
    own = (np.abs(hz - peak_hz) <= half_band_hz) | (np.abs(hz - 2 * peak_hz) <= half_band_hz)
    whole = power.sum()
    return float(power[own].sum() / whole) if whole > 0 else 0.0


def swing(values: FloatArray, peak_hz: float, rate_hz: float) -> NDArray[np.complex128]:
    """Complex amplitude of a rhythm in each column: shape (n,) or (n, k) to () or (k,)."""
    window = _hann(len(values))
    turn = window * np.exp(-2j * np.pi * peak_hz / rate_hz * np.arange(len(values)))
    return np.asarray(2 * (turn @ (values - values.mean(axis=0))) / window.sum())


def held(values: FloatArray, peak_hz: float, rate_hz: float) -> float:
    """Return how evenly a rhythm lasts: its weakest third of the window against its strongest, 0 to 1."""
    thirds = [abs(complex(swing(part, peak_hz, rate_hz))) for part in np.array_split(values, 3)]
    return float(min(thirds) / max(thirds)) if max(thirds) > 0 else 0.0


def each_second(
    times_s: FloatArray,
    table: FloatArray,
    at_s: FloatArray,
    window_s: float,
    read: Callable[[FloatArray], tuple[float, float]],
) -> tuple[FloatArray, FloatArray]:
    """Read a rate and its quality from the window around each second, and lay them on other times.

    Parameters
    ----------
    times_s : ndarray, shape (n,)
    table : ndarray, shape (n, k)
    at_s : ndarray, shape (m,)
    window_s : float
    read : callable
        From a window of `table` at 10 Hz to rate and quality. Not called where the window has a
        gap of more than 0.5 s: there the rate is NaN and the quality 0.

    Returns
    -------
    rate, quality : ndarray, shape (m,)
    """
    rate, quality = np.full(len(at_s), np.nan), np.zeros(len(at_s))
    grid_s, even = evenly(times_s, table)
    half = round(window_s * RATE_HZ / 2)
    middles = np.arange(half, len(grid_s) - half + 1, round(STEP_S * RATE_HZ))
    if not len(middles):
        return rate, quality
    told = np.full((len(middles), 2), (np.nan, 0.0))
    for row, middle in enumerate(middles):
        part = even[middle - half : middle + half]
        if np.isfinite(part).all():
            told[row] = read(part)
    nearest = np.rint((at_s - grid_s[middles[0]]) / STEP_S).astype(int)
    inside = (nearest >= 0) & (nearest < len(middles))
    rate[inside], quality[inside] = told[nearest[inside]].T
    return rate, quality


def evenly(times_s: FloatArray, table: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Lay rows with uneven times on 10 Hz by straight lines; NaN within gaps of more than 0.5 s."""
    if len(times_s) < 2:
        return np.empty(0), np.empty((0, table.shape[1]))
    grid_s = np.arange(times_s[0], times_s[-1] + 1e-9, 1 / RATE_HZ)
    even = np.column_stack([np.interp(grid_s, times_s, column) for column in table.T])
    after = np.clip(np.searchsorted(times_s, grid_s), 1, len(times_s) - 1)
    even[np.diff(times_s)[after - 1] > _LONGEST_GAP_S] = np.nan
    return grid_s, even


class Kept:
    """Rows with their times, in arrays that grow by blocks.

    Examples
    --------
    >>> kept = Kept(2)
    >>> kept.put(0.1, (1, 2))
    >>> kept.whole()
    (array([0.1]), array([[1., 2.]]))
    """

    def __init__(self, n_columns: int) -> None:
        self._n = 0
        self._times_s: FloatArray = np.empty(_BLOCK)
        self._rows: NDArray[np.float32] = np.empty((_BLOCK, n_columns), dtype=np.float32)

    def put(self, time_s: float, row: Sequence[float]) -> None:
        """Add a row."""
        if self._n == len(self._rows):
            self._times_s = np.concatenate([self._times_s, np.empty(_BLOCK)])
            self._rows = np.concatenate([self._rows, np.empty((_BLOCK, self._rows.shape[1]), np.float32)])
        self._times_s[self._n], self._rows[self._n] = time_s, row
        self._n += 1

    def fill(self, times_s: FloatArray, rows: NDArray[np.float32]) -> None:
        """Take these rows, in place of any."""
        self._n, self._times_s, self._rows = len(rows), times_s.copy(), rows.copy()

    def whole(self) -> tuple[FloatArray, FloatArray]:
        """Return times, shape (n,), and rows, shape (n, k), so far."""
        return self._times_s[: self._n].copy(), self._rows[: self._n].astype(np.float64)


def rows_aside(kept: Mapping[int, Kept]) -> dict[str, NDArray[Any]]:
    """Return everybody's rows as arrays by name, to be kept until the next sitting."""
    whole = {number: own.whole() for number, own in kept.items()}
    return {f"{number}_times_s": times_s for number, (times_s, _) in whole.items()} | {
        f"{number}_rows": rows.astype(np.float32) for number, (_, rows) in whole.items()
    }


def rows_again(stored: Mapping[str, NDArray[Any]]) -> dict[int, Kept]:
    """Undo ``rows_aside``."""
    out = {}
    for name, rows in stored.items():
        number, _, what = name.partition("_")
        if what == "rows":
            out[int(number)] = Kept(rows.shape[1])
            out[int(number)].fill(stored[f"{number}_times_s"], rows)
    return out


def _spectrum(values: FloatArray, rate_hz: float) -> tuple[FloatArray, FloatArray]:
    """Power through a Hann window, padded to eight times its length, and its frequencies."""
    n = 8 * len(values)
    power = np.abs(np.fft.rfft((values - values.mean()) * _hann(len(values)), n)) ** 2
    return np.asarray(power, dtype=np.float64), np.asarray(np.fft.rfftfreq(n, 1 / rate_hz), dtype=np.float64)


@lru_cache(maxsize=8)
def _hann(n: int) -> FloatArray:
    return np.asarray(np.hanning(n), dtype=np.float64)
