"""Live forms of the measures that can be had live: pushed in pieces, they give the batch answer.

Each block declares ``latency_s``: once samples up to time t are in, it has answered
for everything up to t - latency_s. A gap in the times gives NaN, never a bridge.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from coregulate.core import FloatArray, Signal, SignalError

from .movement import GRAVITY_S, MOVEMENT_HZ, motion_energy, without_gravity
from .rsa import EPOCH_S, rsa_reach_s, rsa_sliding
from .runs import Run, binned_mean, contiguous_runs
from .variability import WINDOW_S, heart_period, sliding_rmssd

#: ``rule(times_s, values, start_s, n)`` gives ``n`` output points from ``start_s``.
Rule = Callable[[FloatArray, FloatArray, float, int], FloatArray]


class Block:
    """One measure, live.

    Parameters
    ----------
    rule : callable
        The batch formula.
    rate_hz : float
        Of the output.
    latency_s : float
        How much later than an output's time the input must have come.
    memory_s : float
        How far before an output's time the formula looks.
    unit, name : str
        Of the output.
    period_s : float
        One input sample's length: known up to the last sample plus this (0 for beats).

    Notes
    -----
    The formula is run over the remembered stretch at each push that completes an
    output, so the cost of a push does not grow with the session.
    """

    def __init__(
        self,
        rule: Rule,
        *,
        rate_hz: float,
        latency_s: float,
        memory_s: float,
        unit: str,
        name: str,
        period_s: float = 0.0,
    ) -> None:
        self.latency_s = latency_s
        self.rate_hz = rate_hz
        self._rule, self._memory_s, self._unit, self._name = rule, memory_s, unit, name
        self._period_s = period_s
        self._times: FloatArray = np.empty(0)
        self._values: FloatArray = np.empty(0)
        self._start_s = float("nan")
        self._given = 0

    def push(self, values: ArrayLike, times_s: ArrayLike) -> Signal:
        """Take the next samples and return the outputs that they complete (maybe none).

        Parameters
        ----------
        values : array_like, shape (n,) or (n, axes)
        times_s : array_like, shape (n,)
            Ascending, after everything pushed before.

        Raises
        ------
        SignalError
            When times go backwards.
        """
        times = np.asarray(times_s, dtype=np.float64)
        new = np.asarray(values, dtype=np.float64)
        if len(times):
            previous = self._times[-1] if len(self._times) else -np.inf
            if times[0] < previous or np.any(np.diff(times) < 0):
                raise SignalError(
                    f"Times pushed to '{self._name}' go backwards", "Push samples in order of time"
                )
            if np.isnan(self._start_s):
                self._start_s = float(times[0])
                self._values = np.empty((0, *new.shape[1:]))
            self._times = np.concatenate((self._times, times))
            self._values = np.concatenate((self._values, new))
        known_until = self._times[-1] + self._period_s - self._start_s if len(self._times) else 0.0
        return self._answer(int(np.floor((known_until - self.latency_s) * self.rate_hz + 1e-6)) + 1)

    def finish(self) -> Signal:
        """Return what is left when the recording ends: as many outputs as the batch has."""
        if len(self._times) == 0:
            return self._answer(0)
        seconds = np.ceil(self._times[-1] + self._period_s - self._start_s - 1e-6)
        return self._answer(int(seconds * self.rate_hz))

    def _answer(self, until: int) -> Signal:
        first = self._given
        at = 0.0 if np.isnan(self._start_s) else self._start_s + first / self.rate_hz
        if until <= first:
            return Signal(np.empty(0), self.rate_hz, at, self._unit, self._name)
        # whole seconds back, so that grids inside the formula stay in step with the batch's
        back = max(0, int(np.floor(first / self.rate_hz - self._memory_s)))
        skip = round(back * self.rate_hz)
        start = self._start_s + back
        used = self._times >= start - self._memory_s - 1e-6
        result = self._rule(self._times[used], self._values[used], start, until - skip)[first - skip :]
        self._given = until
        keep = self._times >= self._start_s + until / self.rate_hz - 2 * self._memory_s - 2.0
        keep[-1:] = True
        self._times, self._values = self._times[keep], self._values[keep]
        return Signal(result, self.rate_hz, at, self._unit, self._name)


def heart_period_block(*, max_gap_s: float = 5.0, rate_hz: float = 4.0) -> Block:
    """Heart period (ms) from beats: push intervals (ms; NaN after a pause) at their ending beats.

    Latency is twice the longest gap: the interpolation looks two beats ahead.
    """

    def rule(times: FloatArray, nn: FloatArray, start: float, n: int) -> FloatArray:
        return heart_period(times, nn, rate_hz=rate_hz, start_s=start, n=n, max_gap_s=max_gap_s)

    reach = 2 * max_gap_s
    return Block(rule, rate_hz=rate_hz, latency_s=reach, memory_s=2 * reach, unit="ms", name="heart_period")


def rmssd_block() -> Block:
    """RMSSD (ms, 1 Hz) from beats: push intervals (ms; NaN after a pause) at their ending beats."""

    def rule(times: FloatArray, nn: FloatArray, start: float, n: int) -> FloatArray:
        return sliding_rmssd(times, nn, start_s=start, n=n)

    ahead = WINDOW_S / 2 + 0.5
    return Block(rule, rate_hz=1.0, latency_s=ahead, memory_s=ahead + 10, unit="ms", name="rmssd")


def rsa_block(*, rate_hz: float = 4.0, low_hz: float = 0.12, high_hz: float = 0.40) -> Block:
    """RSA (ln(ms^2), 1 Hz, sliding 30 s): push heart period (ms) on its grid of ``rate_hz``."""

    def rule(times: FloatArray, values: FloatArray, start: float, n: int) -> FloatArray:
        margin = max(0.0, np.floor(start - times[0])) if len(times) else 0.0
        stop = max(float(times[-1]) + 1 / rate_hz, start + n) if len(times) else start + n
        size = round((np.ceil(stop - start) + margin) * rate_hz)
        grid = _gridded(times, values, rate_hz, start - margin, size)
        return rsa_sliding(grid, rate_hz=rate_hz, low_hz=low_hz, high_hz=high_hz)[int(margin) :][:n]

    reach = EPOCH_S / 2 + 0.5 + rsa_reach_s(high_hz)
    return Block(
        rule,
        rate_hz=1.0,
        latency_s=reach,
        memory_s=reach + 1,
        unit="ln(ms^2)",
        name="rsa",
        period_s=1 / rate_hz,
    )


def motion_energy_block(*, rate_hz: float, scale: float, acceleration: bool = False) -> Block:
    """Motion energy (10 Hz): push motion energy, or acceleration in g with one column an axis.

    ``scale`` is the person's usual movement, measured beforehand (:func:`usual_movement`).
    """

    def rule(times: FloatArray, values: FloatArray, start: float, n: int) -> FloatArray:
        if len(times) == 0:
            return np.full(n, np.nan)
        size = round((times[-1] - times[0]) * rate_hz) + 1
        grid = _gridded(times, values, rate_hz, float(times[0]), size)
        runs = contiguous_runs(Signal(grid, rate_hz, float(times[0])))
        if acceleration:
            runs = [Run(without_gravity(r.values, rate_hz=rate_hz), rate_hz, r.start_s) for r in runs]
        return motion_energy(binned_mean(runs, rate_hz=MOVEMENT_HZ, start_s=start, n=n), scale=scale)

    ahead = 0.5 / MOVEMENT_HZ + 1 / rate_hz + (GRAVITY_S / 2 + 1 / rate_hz if acceleration else 0.0)
    return Block(
        rule, rate_hz=MOVEMENT_HZ, latency_s=ahead, memory_s=ahead + 1, unit="1", name="motion_energy",
        period_s=0.5 / rate_hz,
    )  # fmt: skip


def _gridded(times: FloatArray, values: FloatArray, rate_hz: float, start: float, size: int) -> FloatArray:
    """Put samples on their regular grid; what did not come is NaN."""
    grid = np.full((size, *values.shape[1:]), np.nan)
    index = np.round((times - start) * rate_hz).astype(np.intp)
    inside = (index >= 0) & (index < size)
    grid[index[inside]] = values[inside]
    return grid
