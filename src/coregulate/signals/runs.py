"""Contiguous runs of a series, and the regular grids that results are put on.

Nothing is computed across a pause: every filter, detector and difference works
inside one run. Time comes from the stamps wherever there are stamps.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from coregulate.core import FloatArray, Samples, Signal, SignalError

# prior: a step this many times the usual one means that samples were lost
LOSS_FACTOR = 1.5
# prior: from this length on a run gives its own rate; a shorter one borrows the stream's
OWN_RATE_S = 30.0
# prior: stamps farther than this many samples from a straight line are not an even clock
EVEN_WITHIN = 40.0
# prior: losses are told from uneven stamps where this share of the steps is as the usual one
EVEN_SHARE = 0.6
# prior: a bin of a grid needs this share of its width observed
MIN_COVERED = 0.5


class Run(NamedTuple):
    """An unbroken, evenly sampled stretch: sample ``i`` is at ``start_s + i / rate_hz``."""

    values: FloatArray
    rate_hz: float
    start_s: float

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.values) / self.rate_hz


def contiguous_runs(data: Signal | Samples) -> list[Run]:
    """Split a stream where samples are missing.

    Parameters
    ----------
    data : Signal or Samples
        One column or several. A sample with a NaN in any column is missing.

    Returns
    -------
    list of Run
        In order of time. For stamped samples the rate is the slope of a straight
        line through the stamps of each run, not the declared rate.

    Raises
    ------
    SignalError
        When stamps go backwards.

    Examples
    --------
    >>> import numpy as np
    >>> from coregulate.core import Signal
    >>> [len(run.values) for run in contiguous_runs(Signal([1.0, 2.0, np.nan, 4.0], 1.0))]
    [2, 1]
    """
    if isinstance(data, Signal):
        return _regular_runs(np.asarray(data.values, dtype=np.float64), data.rate_hz, data.start_s)
    return _stamped_runs(data)


def _regular_runs(values: FloatArray, rate_hz: float, start_s: float) -> list[Run]:
    runs = []
    for first, stop in true_stretches(_present(values)):
        runs.append(Run(values[first:stop], rate_hz, start_s + first / rate_hz))
    return runs


def _present(values: FloatArray) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    finite = np.isfinite(values)
    return finite if values.ndim == 1 else np.all(finite, axis=1)


def true_stretches(mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> list[tuple[int, int]]:
    """First and one-past-last index of each stretch of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.astype(np.int8), [0]))))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _stamped_runs(data: Samples) -> list[Run]:
    values = np.asarray(data.values, dtype=np.float64)
    times = np.asarray(data.times_s, dtype=np.float64)
    keep = _present(values) & np.isfinite(times)
    times, values = times[keep], values[keep]
    if len(times) < 2:
        return []
    steps = np.diff(times)
    if np.any(steps < 0):
        where = int(np.argmax(steps < 0)) + 1
        raise SignalError(
            f"The times of '{data.name}' go backwards at sample {where}",
            "Sort the file by time, or cut it there",
        )
    usual = _usual_step(times, data.rate_hz)
    # Radios send samples in packets: within one the steps are even, between two they differ a little.
    limit = LOSS_FACTOR * max(usual, float(np.percentile(steps, 99)))
    edges = np.concatenate(([0], np.flatnonzero(steps > limit) + 1, [len(times)]))
    pieces = [(int(a), int(b)) for a, b in itertools.pairwise(edges) if b - a > 1]
    return [_even(times[a:b], values[a:b], usual) for a, b in pieces]


def _usual_step(times: FloatArray, rate_hz: float | None) -> float:
    """Seconds a sample, as measured over blocks, so that packets that share one stamp do no harm."""
    block = min(64, len(times) - 1)
    measured = float(np.median(times[block:] - times[:-block])) / block
    if measured > 0:
        return measured
    if rate_hz is None:
        raise SignalError(
            "All samples have the same time", "Give a rate, or a file with a time for each sample"
        )
    return 1.0 / rate_hz


def _even(times: FloatArray, values: FloatArray, usual: float) -> Run:
    """Put one run on the straight line through its stamps; uneven stamps are interpolated instead."""
    index = np.arange(len(times), dtype=np.float64)
    relative = times - times[0]
    step = usual
    if relative[-1] >= OWN_RATE_S:
        centred = index - index.mean()
        step = float(centred @ relative / (centred @ centred))
    start = float(np.mean(relative - step * index))
    off = np.abs(relative - start - step * index)
    if float(off.max()) <= EVEN_WITHIN * usual:
        return Run(values, 1.0 / step, float(times[0]) + start)
    n = int(np.floor(relative[-1] / usual)) + 1
    grid = np.arange(n) * usual
    columns = values if values.ndim == 2 else values[:, None]
    even = np.column_stack([np.interp(grid, relative, column) for column in columns.T])
    return Run(even if values.ndim == 2 else even[:, 0], 1.0 / usual, float(times[0]))


def bridged(data: Signal | Samples, *, longest_s: float) -> Signal | Samples:
    """Return one column on an even grid with its short gaps filled by straight lines; longer ones stay gaps.

    Without a short gap the data are returned as they are. For slow signals only, in which nothing can happen within ``longest_s``.

    Parameters
    ----------
    data : Signal or Samples
    longest_s : float
        From the last sample before a gap to the first after it.

    Examples
    --------
    >>> from coregulate.core import Signal
    >>> bridged(Signal([1.0, np.nan, 3.0, np.nan, np.nan, np.nan, 7.0], 1.0), longest_s=2.0).values.tolist()
    [1.0, 2.0, 3.0, nan, nan, nan, 7.0]
    """
    values, times = np.asarray(data.values, dtype=np.float64), np.asarray(data.times_s, dtype=np.float64)
    known = np.isfinite(values) & np.isfinite(times)
    here, has = times[known], values[known]
    steps = np.diff(here)
    if len(steps) == 0:
        return data
    regular = isinstance(data, Signal)
    usual = 1.0 / data.rate_hz if isinstance(data, Signal) else float(np.median(steps))
    uneven = not regular and (np.any(steps < 0) or np.mean(np.abs(steps - usual) < 0.2 * usual) < EVEN_SHARE)
    short = (steps > LOSS_FACTOR * usual) & (steps <= longest_s + 1e-9)
    if (
        not short.any() or uneven
    ):  # of packets that share a stamp nothing is filled: their steps are no losses
        return data
    grid = times if regular else np.arange(here[0], here[-1] + usual / 2, usual)
    before = np.clip(np.searchsorted(here, grid + 1e-9, side="right") - 1, 0, len(steps) - 1)
    bridge = (short | (steps <= LOSS_FACTOR * usual))[before] & (grid >= here[0]) & (grid <= here[-1] + 1e-9)
    even = np.where(bridge, np.interp(grid, here, has), np.nan)
    if regular:
        even[known] = has
    return Signal(even, 1.0 / usual, float(grid[0]), data.unit, data.name)


def grid_length(start_s: float, stop_s: float, rate_hz: float) -> int:
    """Grid points in ``start_s <= t < stop_s``, with a little room for rounding."""
    return max(0, int(np.ceil((stop_s - start_s) * rate_hz - 1e-6)))


def binned_mean(runs: Sequence[Run], *, rate_hz: float, start_s: float, n: int) -> FloatArray:
    """Mean of one-column runs over bins centred on a regular grid.

    Parameters
    ----------
    runs : sequence of Run
    rate_hz, start_s, n
        The grid: point ``k`` is at ``start_s + k / rate_hz`` and its bin is
        one grid step wide around it.

    Returns
    -------
    ndarray, shape (n,)
        NaN where less than half of a bin was observed. Each sample stands for
        one sample interval around its own time (so the mean is exact for any
        ratio of rates).
    """
    total, covered = np.zeros(n), np.zeros(n)
    for run in runs:
        _add(run, rate_hz, start_s, total, covered)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(covered >= MIN_COVERED - 1e-9, total / covered, np.nan)


def _add(run: Run, rate_hz: float, start_s: float, total: FloatArray, covered: FloatArray) -> None:
    ratio = run.rate_hz / rate_hz
    # edges of the bins, in samples of the run; sample i covers [i, i + 1) here
    offset = (start_s - run.start_s) * run.rate_hz + 0.5 - ratio / 2
    first = max(0, int(np.floor(-offset / ratio)))
    stop = min(len(total), int(np.ceil((len(run.values) - offset) / ratio)))
    if stop <= first:
        return
    edges = np.clip(offset + np.arange(first, stop + 1) * ratio, 0, len(run.values))
    whole = np.minimum(edges.astype(np.intp), len(run.values) - 1)
    sums = np.concatenate(([0.0], np.cumsum(run.values)))
    at_edges = sums[whole] + (edges - whole) * run.values[whole]
    total[first:stop] += np.diff(at_edges) / ratio
    covered[first:stop] += np.diff(edges) / ratio


def windowed_mean(values: FloatArray, *, window: int) -> FloatArray:
    """Mean of the finite values in a centred window of an odd number of points.

    The window is cut at the ends. NaN where none of it is finite.
    """
    finite = np.isfinite(values)
    half = window // 2
    sums = np.concatenate(([0.0], np.cumsum(np.where(finite, values, 0.0))))
    counts = np.concatenate(([0], np.cumsum(finite)))
    low = np.clip(np.arange(len(values)) - half, 0, None)
    high = np.clip(np.arange(len(values)) + half + 1, None, len(values))
    number = counts[high] - counts[low]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (sums[high] - sums[low]) / number
    return np.where(number > 0, mean, np.nan)
