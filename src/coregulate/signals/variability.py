"""Heart period on a grid, and how much it varies."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from coregulate.core import FloatArray

# Window of the sliding estimates, s (docs/signals.md: 30 s as RSA has it).
WINDOW_S = 30.0
# prior: share of a window that must be observed
MIN_SHARE = 0.8
# Task Force 1996: high frequency band, Hz; and a window of 60 s is its shortest for HF
HF_BAND_HZ = (0.15, 0.40)
HF_WINDOW_S = 60.0
# Paced breathing of 4.5 to 7 a minute, 1/min (docs/signals.md).
PACED_PER_MIN = (4.5, 7.0)


def heart_period(
    times_s: FloatArray, nn_ms: FloatArray, *, rate_hz: float, start_s: float, n: int, max_gap_s: float = 5.0
) -> FloatArray:
    """Heart period on a regular grid, by monotone (PCHIP) interpolation of intervals at their ending beat.

    Parameters
    ----------
    times_s : ndarray, shape (beats,)
        Ascending.
    nn_ms : ndarray, shape (beats,)
        Interval that ends at each beat; NaN at the first beat of a run.
    rate_hz, start_s, n
        The grid: point ``k`` is at ``start_s + k / rate_hz``.
    max_gap_s : float
        Known intervals farther apart than this are not joined (prior).

    Returns
    -------
    ndarray, shape (n,)
        ms; NaN before the first interval, after the last and in gaps.

    Examples
    --------
    >>> import numpy as np
    >>> beats = np.arange(5) * 0.8
    >>> heart_period(beats, np.full(5, 800.0), rate_hz=2, start_s=0, n=4)
    array([800., 800., 800., 800.])
    """
    result = np.full(n, np.nan)
    known = np.isfinite(nn_ms) & np.isfinite(times_s)
    # relative times, so that a clock that counts from 1970 costs no digits
    times, values = times_s[known] - start_s, nn_ms[known]
    grid = np.arange(n) / rate_hz
    edges = np.concatenate(([0], np.flatnonzero(np.diff(times) > max_gap_s) + 1, [len(times)]))
    for a, b in itertools.pairwise(edges):
        if b - a < 2:
            continue
        inside = (grid >= times[a] - 1e-9) & (grid <= times[b - 1] + 1e-9)
        at = np.clip(grid[inside], times[a], times[b - 1])
        result[inside] = PchipInterpolator(times[a:b], values[a:b])(at)
    return result


def rmssd(nn_ms: FloatArray) -> float:
    """Root mean square of successive differences (Task Force 1996), ms.

    Parameters
    ----------
    nn_ms : ndarray, shape (n,)
        Intervals; a NaN breaks the succession.

    Examples
    --------
    >>> import numpy as np
    >>> rmssd(np.array([800.0, 810.0, 800.0]))
    10.0
    """
    differences = np.diff(nn_ms)
    differences = differences[np.isfinite(differences)]
    return float(np.sqrt(np.mean(differences**2))) if len(differences) else float("nan")


def sdnn(nn_ms: FloatArray) -> float:
    """Sample standard deviation of the intervals (Task Force 1996), ms.

    Parameters
    ----------
    nn_ms : ndarray, shape (beats,)
        Corrected intervals; NaN is left out.

    Returns
    -------
    float
        ms; NaN with fewer than two intervals.
    """
    known = nn_ms[np.isfinite(nn_ms)]
    return float(np.std(known, ddof=1)) if len(known) > 1 else float("nan")


def sliding_rmssd(times_s: FloatArray, nn_ms: FloatArray, *, start_s: float, n: int) -> FloatArray:
    """RMSSD in a centred 30 s window, one value a second.

    Parameters
    ----------
    times_s, nn_ms : ndarray, shape (beats,)
        As in :func:`heart_period`.
    start_s : float
        Second ``k`` covers ``start_s + k`` to ``start_s + k + 1``.
    n : int

    Returns
    -------
    ndarray, shape (n,)
        ms; NaN where successive intervals cover less than 80 % of the window (prior).
    """
    relative = times_s - start_s
    differences = np.diff(nn_ms, prepend=np.nan)
    usable = np.isfinite(differences)
    squares = np.concatenate(([0.0], np.cumsum(np.where(usable, differences, 0.0) ** 2)))
    covered = np.concatenate(([0.0], np.cumsum(np.where(usable, nn_ms, 0.0)))) / 1000
    number = np.concatenate(([0], np.cumsum(usable)))
    centres = np.arange(n) + 0.5
    low = np.searchsorted(relative, centres - WINDOW_S / 2 - 1e-9)
    high = np.searchsorted(relative, centres + WINDOW_S / 2 - 1e-9)
    count = number[high] - number[low]
    enough = (covered[high] - covered[low] >= MIN_SHARE * WINDOW_S) & (count > 0)
    mean = (squares[high] - squares[low]) / np.maximum(count, 1)
    return np.where(enough, np.sqrt(np.maximum(mean, 0)), np.nan)


def hf_power(heart_period_ms: FloatArray, *, rate_hz: float) -> FloatArray:
    """High frequency power (0.15 to 0.40 Hz, Task Force 1996) in a centred 60 s window, one value a second.

    Parameters
    ----------
    heart_period_ms : ndarray, shape (n,)
    rate_hz : float
        A whole number of samples a second.

    Returns
    -------
    ndarray, shape (n / rate_hz,)
        ms^2; NaN unless the whole window is observed.

    Notes
    -----
    Each window without its straight line, Hann window, periodogram, sum over the
    band. A sine of 40 ms amplitude inside the band has 800 ms^2.
    """
    step = round(rate_hz)
    window = int(HF_WINDOW_S * step)
    seconds = len(heart_period_ms) // step
    result = np.full(seconds, np.nan)
    # the window of second k is centred on k + 0.5 s
    before = window // 2 - step // 2
    first = -(-before // step)
    starts: NDArray[np.intp] = np.arange(first, seconds) * step - before
    starts = starts[starts + window <= len(heart_period_ms)]
    if len(starts) == 0:
        return result
    views = np.lib.stride_tricks.sliding_window_view(heart_period_ms, window)[starts]
    line = np.linspace(-1, 1, window)
    centred = views - views.mean(axis=1, keepdims=True)
    centred = centred - np.outer(centred @ line / (line @ line), line)
    taper = np.hanning(window)
    power = 2 * np.abs(np.fft.rfft(centred * taper, axis=1)) ** 2 / (window * np.sum(taper**2))
    frequency = np.fft.rfftfreq(window, 1 / step)
    band = (frequency >= HF_BAND_HZ[0] - 1e-9) & (frequency <= HF_BAND_HZ[1] + 1e-9)
    result[first : first + len(starts)] = power[:, band].sum(axis=1)
    return result


def paced_peak_to_trough(
    heart_period_ms: FloatArray, breaths_per_min: FloatArray, *, rate_hz: float
) -> FloatArray:
    """Largest minus smallest heart period within one breath, while breathing is paced at 4.5 to 7 a minute.

    Parameters
    ----------
    heart_period_ms : ndarray, shape (n,)
        At ``rate_hz``.
    breaths_per_min : ndarray, shape (seconds,)
        One value a second, from the same start.
    rate_hz : float

    Returns
    -------
    ndarray, shape (seconds,)
        ms, in a window of one breath around each second; NaN outside that range of
        breathing (there RSA is the measure) and where less than 80 % is observed.
    """
    result = np.full(len(breaths_per_min), np.nan)
    paced = (breaths_per_min >= PACED_PER_MIN[0]) & (breaths_per_min <= PACED_PER_MIN[1])
    for k in np.flatnonzero(paced):
        half = 30.0 / breaths_per_min[k]
        low, high = round((k + 0.5 - half) * rate_hz), round((k + 0.5 + half) * rate_hz)
        if low < 0 or high > len(heart_period_ms):
            continue
        cycle = heart_period_ms[low:high]
        known = cycle[np.isfinite(cycle)]
        if len(known) >= MIN_SHARE * len(cycle):
            result[k] = np.ptp(known)
    return result
