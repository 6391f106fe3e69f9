"""The live filter: the batch's answers second by second, with everything fitted before and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from coregulate.core import CircuitSettings, FloatArray, InputError
from coregulate.cues import STATES, Baseline, Cuebook

from .chain import fixed_lag, predict, step
from .gather import SAMPLES_PER_S, rows_from_seconds, second_means
from .history import with_history
from .infer import Circuits
from .personal import Shifts, shifted
from .rows import Parameters, Within, session_loglik
from .transitions import stationary, transition_matrix


class Frozen(NamedTuple):
    """What the live filter needs of one person, fitted on an earlier session or earlier in this one.

    ``lambdas``, ``offsets`` and ``lags_s`` by cue (codes share their weight), ``kappa``,
    ``rating_lag_s`` (0 without a rating), the baseline z is measured from, and the
    person's own ``shifts`` and ``history``; ``within``: how the noise of the graded cues,
    in the order of ``offsets``, goes together.
    """

    lambdas: Mapping[str, float]
    offsets: Mapping[str, float]
    kappa: float
    rating_lag_s: float
    baseline: Baseline
    lags_s: Mapping[str, float]
    shifts: Shifts = MappingProxyType({})
    history: tuple[str, ...] = ()
    within: Within | None = None


class Live(NamedTuple):
    """Answers for whole seconds: ``times_s`` (n,), ``filtered`` and ``smoothed`` (n, state).

    ``smoothed`` row ``i`` is for ``smoothed_times_s[i]``, which trail by the fixed lag.
    """

    times_s: FloatArray
    filtered: FloatArray
    smoothed_times_s: FloatArray
    smoothed: FloatArray


def frozen(circuits: Circuits, person: str, baseline: Baseline, *, history: tuple[str, ...] = ()) -> Frozen:
    """Take one person's parameters out of an analysis."""
    lag_s = circuits.rating_lag_s[person]
    return Frozen(
        circuits.lambdas[person],
        circuits.offsets[person],
        circuits.kappa[person],
        lag_s if np.isfinite(lag_s) else 0.0,
        baseline,
        circuits.lags_s[person],
        circuits.shifts.get(person, {}),
        history,
        circuits.within.get(person),
    )


class OnlineFilter:
    """Filter one person's cues as they come.

    Parameters
    ----------
    parameters : Frozen
    book : Cuebook
    settings : CircuitSettings

    Notes
    -----
    ``latency_s``: a second is answered when it is over and the cues that show its
    state have come: the longest lag of a cue, or of the rating, later. The smoothed
    answer trails by ``settings.fixed_lag_s`` more. Any chunking gives the batch's ``filtered`` for the same parameters.
    """

    def __init__(self, parameters: Frozen, *, book: Cuebook, settings: CircuitSettings) -> None:
        self._frozen, self._book, self._settings = parameters, book, settings
        self._lag = int(max([parameters.rating_lag_s, *parameters.lags_s.values()]))
        self._trail = int(settings.fixed_lag_s)
        moves = transition_matrix(
            safe_bout_s=settings.safe_bout_s, unsafe_bout_s=settings.unsafe_bout_s, state_s=settings.state_s
        )
        self._moves = with_history(moves, parameters.history)
        self._ahead = stationary(self._moves)
        self._names = tuple(parameters.lambdas)
        self._samples: dict[str, dict[int, float]] = {}
        self._newest = -1  # index of the newest 0.1 s sample
        self._next = 0  # second that is answered next
        self._last_seen = -np.inf
        self._recent: list[tuple[int, FloatArray]] = []

    @property
    def latency_s(self) -> float:
        """Seconds between a moment and its filtered answer."""
        return 1.0 + self._lag

    def push(self, values: Mapping[str, FloatArray], times_s: FloatArray) -> Live:
        """Take samples of the 0.1 s grid and answer the seconds that are over.

        Parameters
        ----------
        values : mapping of cue (or ``<cue>_quality``) to ndarray, shape (n,)
            z, codes, touch, rating; NaN where missing. Cues without a frozen lambda are ignored.
        times_s : ndarray, shape (n,)
            Increasing; a grid point that never comes is missing.

        Returns
        -------
        Live

        Raises
        ------
        InputError
            If times go back or lengths differ.
        """
        index = np.round(np.asarray(times_s, dtype=np.float64) * SAMPLES_PER_S).astype(np.int64)
        if len(index) and (index[0] <= self._newest or np.any(np.diff(index) <= 0)):
            raise InputError("The times of the live cues go back", "Push each grid point once, in order")
        for name, column in values.items():
            if len(column) != len(index):
                raise InputError(f"'{name}' has {len(column)} values for {len(index)} times", "Give one each")
            if name.removesuffix("_quality") in self._names:
                self._samples.setdefault(name, {}).update(
                    zip(index.tolist(), map(float, column), strict=True)
                )
        if len(index):
            self._newest = int(index[-1])
        over = (self._newest + 1) // SAMPLES_PER_S
        return self._answer(max(over - self._lag, self._next), over)

    def finish(self) -> Live:
        """Answer what is left: the started second and those that waited for the rating or the fixed lag."""
        stop = -(-(self._newest + 1) // SAMPLES_PER_S)
        live = self._answer(max(stop, self._next), stop)
        rest = self._smooth(everything=True)
        return live._replace(
            smoothed_times_s=np.concatenate([live.smoothed_times_s, rest[0]]),
            smoothed=np.concatenate([live.smoothed, rest[1]]),
        )

    def _answer(self, stop: int, seen_until: int) -> Live:
        first, count = self._next, stop - self._next
        filtered = np.full((count, len(STATES)), np.nan)
        if count:
            loglik, observed = self._evidence(first, stop, seen_until)
            for k in range(count):
                now = np.empty(len(STATES))
                step(self._ahead, loglik[k], now)
                predict(now, self._moves, self._ahead)
                self._last_seen = first + k if observed[k] else self._last_seen
                if first + k - self._last_seen <= self._settings.state_s:
                    filtered[k] = now
                self._recent.append((first + k, now))
            self._next = stop
            self._forget()
        smoothed_times_s, smoothed = self._smooth(everything=False)
        return Live(np.arange(first, stop, dtype=np.float64), filtered, smoothed_times_s, smoothed)

    def _evidence(self, first: int, stop: int, seen_until: int) -> tuple[FloatArray, FloatArray]:
        """Tempered log-likelihood of seconds ``first..stop``, and which were observed."""
        n = max(seen_until, stop) - first
        table = {name: second_means(self._column(name, first, n)) for name in self._samples}
        weights = {k: np.nan_to_num(v, nan=0.0) for k, v in table.items() if k.endswith("_quality")}
        rows = rows_from_seconds(
            table,
            weights,
            n,
            self._frozen.baseline,
            book=self._book,
            rating_lag_s=int(self._frozen.rating_lag_s),
            keep=self._names,
        )
        rows = shifted(rows, self._frozen.shifts)
        lambdas, offsets, lags_s = self._frozen.lambdas, self._frozen.offsets, self._frozen.lags_s
        parameters = Parameters(
            np.array([lambdas[name] for name in rows.names]),
            np.array([lambdas[channel.names[0]] for channel in rows.absolute]),
            self._frozen.kappa,
            np.array([offsets.get(name, 0.0) for name in rows.names]),
            np.array([lags_s.get(name, 0.0) for name in rows.names]),
            self._frozen.within,
        )
        loglik = session_loglik(rows, parameters, self._settings)
        return loglik[: stop - first], rows.observed[: stop - first]

    def _column(self, name: str, first: int, n: int) -> FloatArray:
        column = np.full(n * SAMPLES_PER_S, np.nan)
        for index, value in self._samples[name].items():
            place = index - first * SAMPLES_PER_S
            if 0 <= place < len(column):
                column[place] = value
        return column

    def _forget(self) -> None:
        cut = self._next * SAMPLES_PER_S
        self._samples = {
            name: {i: v for i, v in samples.items() if i >= cut} for name, samples in self._samples.items()
        }

    def _smooth(self, *, everything: bool) -> tuple[FloatArray, FloatArray]:
        """Fixed-lag answers that are due, and forget what no later answer needs."""
        due = len(self._recent) if everything else max(len(self._recent) - self._trail, 0)
        if due == 0:
            return np.empty(0), np.empty((0, len(STATES)))
        smoothed = fixed_lag(np.stack([now for _, now in self._recent]), self._moves, lag_steps=self._trail)[
            :due
        ]
        times_s = np.array([t for t, _ in self._recent[:due]], dtype=np.float64)
        self._recent = self._recent[due:]
        return times_s, smoothed
