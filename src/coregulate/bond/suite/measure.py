"""What the engine has to know of a measure: one value of this type is one row of the suite."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray, Notice

from .settings import SuiteSettings

Shifts = NDArray[np.int64]
#: ``(a (n,), b (m, n), rate_hz, settings)`` to one profile for each row of b, (m, k). A complex profile
#: carries a phase: its size is the value.
Profiles = Callable[[FloatArray, FloatArray, float, SuiteSettings], NDArray[Any]]
#: ``(a (n,), b (n,), shifts (m,), rate_hz, settings)`` to the same for b read on from each shift.
Shifted = Callable[[FloatArray, FloatArray, Shifts, float, SuiteSettings], NDArray[Any]]
#: ``(n, rate_hz, settings)`` to the places of a profile, (k,).
Places = Callable[[int, float, SuiteSettings], FloatArray]
#: Makes the two series ready once, before any surrogate; may settle settings that were left open.
Ready = Callable[[FloatArray, FloatArray, float, SuiteSettings], tuple[FloatArray, FloatArray, SuiteSettings]]
#: ``(a, b, rate_hz, settings)`` to the times of windows and the value in each.
Over = Callable[[FloatArray, FloatArray, float, SuiteSettings], tuple[FloatArray, FloatArray]]


#: ``(a, b, rate_hz, settings)``, as made ready, to what has to be said of the result.
Warn = Callable[[FloatArray, FloatArray, float, SuiteSettings], tuple[Notice, ...]]


class Measure(NamedTuple):
    """One measure of the suite.

    ``scores`` takes the profiles of the pair and its surrogates together, (1 + m, k), with their places (k,),
    and scores each place; the best score of each row is what is compared. ``lead`` takes them with
    the pair's peak and gives one number a row, above 0 where the first leads. ``straight`` puts the best scores on a scale on which surrogates are roughly normal.
    ``surrogate`` is the kind of its surrogates, ``burst_surrogate`` where bursts are common.
    ``min_s`` is the least time that both were seen.
    """

    name: str
    method: str
    axis: str
    places: Places
    profiles: Profiles
    scores: Callable[[NDArray[Any], FloatArray], FloatArray]
    min_s: float
    lead: Callable[[NDArray[Any], int], FloatArray] | None = None
    ready: Ready | None = None
    shifted: Shifted | None = None
    course: Over | None = None
    surrogate: str = "shift"
    burst_surrogate: str = "shift, common bursts kept"
    at_most_hz: Callable[[SuiteSettings], float] = lambda settings: float("inf")
    warn: Warn | None = None
    straight: Callable[[FloatArray], FloatArray] = lambda x: x
    chunk: int = 16
    categorical: bool = False


def sizes(profiles: NDArray[Any], at: FloatArray) -> FloatArray:
    """Score each place by its size, whatever its sign."""
    return np.asarray(np.abs(profiles))


def as_they_are(profiles: NDArray[Any], at: FloatArray) -> FloatArray:
    """Score each place by its value: more is more."""
    return np.asarray(profiles)


def first_alone(profiles: NDArray[Any], at: FloatArray) -> FloatArray:
    """Score the first place alone; the others describe."""
    scores = np.full(profiles.shape, np.nan)
    scores[:, 0] = profiles[:, 0]
    return scores


def above_chance(profiles: NDArray[Any]) -> FloatArray:
    """Return each place less its mean over the rows: the pair and its surrogates together."""
    known = np.isfinite(profiles)
    mean = np.where(known, profiles, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.where(known, profiles - mean, np.nan)


def best(scores: FloatArray) -> FloatArray:
    """Return the best score of each row; minus infinity where none is known."""
    return np.asarray(np.max(np.where(np.isfinite(scores), scores, -np.inf), axis=-1))


def root(scores: FloatArray) -> FloatArray:
    """Return the square root: largest sizes, and variances, are skewed upwards."""
    return np.asarray(np.sqrt(np.maximum(scores, 0.0)))


def lag_lead(profiles: NDArray[Any], peak: int) -> FloatArray:
    """Best of the positive lags minus best of the negative ones, by size."""
    n = profiles.shape[-1] // 2
    size = np.nan_to_num(np.abs(profiles))
    return np.asarray(size[..., n + 1 :].max(axis=-1) - size[..., :n].max(axis=-1))


def direction_lead(profiles: NDArray[Any], peak: int) -> FloatArray:
    """First to second minus second to first; places are (-1, +1)."""
    return np.asarray(profiles[..., 1] - profiles[..., 0])


def directions(n: int, rate_hz: float, settings: SuiteSettings) -> FloatArray:
    """Return the two ways: -1 the second leads, +1 the first."""
    return np.array([-1.0, 1.0])


def lag_places(n: int, rate_hz: float, settings: SuiteSettings) -> FloatArray:
    """Lags from -max_lag_s to max_lag_s, one a sample."""
    longest = round(settings.max_lag_s * rate_hz)
    return np.arange(-longest, longest + 1) / rate_hz
