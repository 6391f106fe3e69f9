"""What the engine has to know of a measure: one value of this type is one row of the suite."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray

from .settings import SuiteSettings

Shifts = NDArray[np.int64]
#: ``(a (n,), b (m, n), rate_hz, settings)`` to one profile for each row of b, (m, k).
Profiles = Callable[[FloatArray, FloatArray, float, SuiteSettings], FloatArray]
#: ``(a (n,), b (n,), shifts (m,), rate_hz, settings)`` to the same for b read on from each shift.
Shifted = Callable[[FloatArray, FloatArray, Shifts, float, SuiteSettings], FloatArray]
#: ``(n, rate_hz, settings)`` to the places of a profile, (k,).
Places = Callable[[int, float, SuiteSettings], FloatArray]
#: Makes the two series ready once, before any surrogate; may settle settings that were left open.
Ready = Callable[[FloatArray, FloatArray, float, SuiteSettings], tuple[FloatArray, FloatArray, SuiteSettings]]
#: ``(a, b, rate_hz, settings)`` to the times of windows and the value in each.
Over = Callable[[FloatArray, FloatArray, float, SuiteSettings], tuple[FloatArray, FloatArray]]


class Measure(NamedTuple):
    """One measure of the suite.

    ``scores`` takes the profiles of the pair and its surrogates together, (1 + m, k), and scores each
    place; the best score of each row is what is compared. ``lead`` gives one number a row, above 0 where
    the first leads. ``min_s`` is the least time that both were seen.
    """

    name: str
    method: str
    axis: str
    places: Places
    profiles: Profiles
    scores: Callable[[FloatArray], FloatArray]
    min_s: float
    lead: Callable[[FloatArray], FloatArray] | None = None
    ready: Ready | None = None
    shifted: Shifted | None = None
    course: Over | None = None
    surrogate: str = "shift"
    at_most_hz: float = float("inf")
    chunk: int = 16
    categorical: bool = False


def sizes(profiles: FloatArray) -> FloatArray:
    """Score each place by its size, whatever its sign."""
    return np.asarray(np.abs(profiles))


def as_they_are(profiles: FloatArray) -> FloatArray:
    """Score each place by its value: more is more."""
    return profiles


def against_chance(profiles: FloatArray) -> FloatArray:
    """Score each place by its distance from its mean over the rows, in SDs over the rows.

    Where chance is not the same everywhere (slow frequencies cohere more), a plain maximum would look
    at those places only. Mean and SD are of the pair and its surrogates together, so that the rows stay
    exchangeable.
    """
    known = np.isfinite(profiles)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, profiles, 0.0).sum(axis=0) / count
    centred = np.where(known, profiles - mean, np.nan)
    sd = np.sqrt(np.where(known, centred**2, 0.0).sum(axis=0) / count)
    return np.asarray(np.divide(centred, sd, out=np.zeros_like(centred), where=sd > 0))


def best(scores: FloatArray) -> FloatArray:
    """Return the best score of each row; minus infinity where none is known."""
    return np.asarray(np.max(np.where(np.isfinite(scores), scores, -np.inf), axis=-1))


def lag_lead(profiles: FloatArray) -> FloatArray:
    """Best of the positive lags minus best of the negative ones, by size."""
    n = profiles.shape[-1] // 2
    size = np.nan_to_num(np.abs(profiles))
    return np.asarray(size[..., n + 1 :].max(axis=-1) - size[..., :n].max(axis=-1))


def direction_lead(profiles: FloatArray) -> FloatArray:
    """First to second minus second to first; places are (-1, +1)."""
    return np.asarray(profiles[..., 1] - profiles[..., 0])


def directions(n: int, rate_hz: float, settings: SuiteSettings) -> FloatArray:
    """Return the two ways: -1 the second leads, +1 the first."""
    return np.array([-1.0, 1.0])


def lag_places(n: int, rate_hz: float, settings: SuiteSettings) -> FloatArray:
    """Lags from -max_lag_s to max_lag_s, one a sample."""
    longest = round(settings.max_lag_s * rate_hz)
    return np.arange(-longest, longest + 1) / rate_hz
