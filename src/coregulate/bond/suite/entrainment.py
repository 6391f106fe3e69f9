"""Vocal entrainment at the moments when the turn passes (Levitan & Hirschberg 2011, Interspeech, 3081-3084).

Each series is seen while its person speaks: a stretch between gaps is one stretch of speech, its mean
one value. Where the turn passes, the last stretch of one meets the first of the other.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray

from .granger import detrended
from .measure import Measure, above_chance, root
from .settings import SuiteSettings

MIN_EXCHANGES = 8  # prior: a correlation over fewer says nothing


class Exchanges(NamedTuple):
    """Where the turn passes: time (samples) and the two values, of the first and of the second person."""

    at: FloatArray
    first: FloatArray
    second: FloatArray


def stretches_of(x: FloatArray) -> FloatArray:
    """Start, end (samples) and mean of each stretch that was seen, (n, 3)."""
    seen = np.isfinite(x)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], seen, [False]]).astype(np.int8))).reshape(-1, 2)
    total = np.concatenate([[0.0], np.cumsum(np.where(seen, x, 0.0))])
    mean = (total[edges[:, 1]] - total[edges[:, 0]]) / np.maximum(edges[:, 1] - edges[:, 0], 1)
    return np.column_stack([edges, mean]).astype(np.float64).reshape(-1, 3)


def exchanges(one: FloatArray, two: FloatArray) -> Exchanges:
    """Find the passes of the turn among the stretches of both, either way round."""
    everyone = np.concatenate(
        [np.column_stack([one, np.zeros(len(one))]), np.column_stack([two, np.ones(len(two))])]
    )
    everyone = everyone[np.lexsort((everyone[:, 3], everyone[:, 0]))]
    passes = np.flatnonzero(np.diff(everyone[:, 3]) != 0)
    before, after = everyone[passes], everyone[passes + 1]
    ours = before[:, 3] == 0
    return Exchanges(
        after[:, 0], np.where(ours, before[:, 2], after[:, 2]), np.where(ours, after[:, 2], before[:, 2])
    )


def entrainment(a: FloatArray, b: FloatArray) -> FloatArray:
    """Proximity, convergence and synchrony of two voices.

    Parameters
    ----------
    a, b : array, shape (n,)
        NaN while the person does not speak.

    Returns
    -------
    array, shape (3,)
        Proximity: how much nearer the two are where the turn passes than there to the partner's other
        stretches, in SDs. Convergence: less the correlation of their distance with time. Synchrony:
        correlation of the two values. NaN under 8 passes of the turn.

    Notes
    -----
    Differences from the paper: the distance to others is the mean over all the partner's stretches, not
    over ten drawn ones; both directions of the turn count together.
    """
    one, two = stretches_of(a), stretches_of(b)
    met = exchanges(one, two)
    if len(met.at) < MIN_EXCHANGES:
        return np.full(3, np.nan)
    near = np.abs(met.first - met.second)
    others = (_mean_distance(met.first, two[:, 2]) + _mean_distance(met.second, one[:, 2])) / 2
    gain = others - near
    spread = float(gain.std())
    return np.array(
        [gain.mean() / spread if spread > 0 else np.nan, -_r(near, met.at), _r(met.first, met.second)]
    )


def _mean_distance(x: FloatArray, values: FloatArray) -> FloatArray:
    return np.asarray(np.abs(x[:, None] - values[None]).mean(axis=1))


def _r(x: FloatArray, y: FloatArray) -> float:
    x, y = x - x.mean(), y - y.mean()
    size = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / size if size > 0 else np.nan


def ready(
    a: FloatArray, b: FloatArray, rate_hz: float, settings: SuiteSettings
) -> tuple[FloatArray, FloatArray, SuiteSettings]:
    """Bring both voices to their own mean, trend and SD, so that two registers can be near."""
    return detrended(a, settings.detrend), detrended(b, settings.detrend), settings


def profiles(a: FloatArray, bs: FloatArray, rate_hz: float, settings: SuiteSettings) -> FloatArray:
    """Return the three quantities of each pair."""
    return np.array([entrainment(a, b) for b in bs]).reshape(len(bs), 3)


def places(n: int, rate_hz: float, settings: SuiteSettings) -> FloatArray:
    """Return the numbers of the quantities: 0 proximity, 1 convergence, 2 synchrony."""
    return np.arange(3, dtype=np.float64)


def either_way(profiles: NDArray[Any], at: FloatArray) -> FloatArray:
    """Score the distance from chance, up or down: voices may also complement each other."""
    return np.abs(above_chance(profiles))


ENTRAINMENT = Measure(
    name="vocal entrainment",
    method="proximity, convergence and synchrony where the turn passes",
    axis="quantity",
    places=places,
    profiles=profiles,
    scores=either_way,
    straight=root,
    ready=ready,
    surrogate="turns",
    min_s=0.0,  # the passes of the turn count, not the time in common: they hardly speak at once
)
