"""Change points: where a trajectory turns toward safety, and where it moves at all."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray, StorySettings

from .offtrack import Span

#: prior: a smoothed P(safe) strays about this much around a level that does not change.
SAFETY_SD = 0.1
#: prior: share of the rise from the lowest to the last level that is more than a ripple at the bottom.
RISEN = 0.25
#: prior: shortest level of P(safe), in steps of the grid.
SHORTEST = 5


def change_points(values: FloatArray, *, penalty: float, shortest: int) -> NDArray[np.int64]:
    """Find the starts of new levels by PELT on squared error (``ruptures``, exact).

    Parameters
    ----------
    values : array, shape (n,) without NaN
    penalty : float
        What one more level must save in squared error.
    shortest : int
        Shortest level in samples.

    Returns
    -------
    array of int
        Ascending, without 0 and n; empty where the series is too short.
    """
    if len(values) < 2 * shortest:
        return np.empty(0, dtype=np.int64)
    import ruptures

    search = ruptures.KernelCPD(kernel="linear", min_size=shortest).fit(values[:, None])
    return np.asarray(search.predict(pen=penalty)[:-1], dtype=np.int64)


def safety_penalty(n: int) -> float:
    """Penalty of one change point of P(safe): BIC-like, 2 sd^2 ln n."""
    return float(2.0 * SAFETY_SD**2 * np.log(max(n, 2)))


def turn(joint: FloatArray, span: Span, *, step_s: float, settings: StorySettings) -> int | None:
    """Index at which the joint trajectory turns toward recovery.

    Looks from the start of the episode to ``recovered_s`` after its end (so that the level
    reached is in view), over known seconds. The turn is where the trajectory, seen as levels, has
    climbed a quarter of the way (RISEN) from its lowest level to its last and does not fall back.
    None where the last level is not above ``recovered_above``: nothing had turned for good
    when the recording ended.

    Parameters
    ----------
    joint : array, shape (n,)
        Mean P(safe) of the people, NaN where not known.
    """
    stop = min(span.last + int(np.ceil(settings.recovered_s / step_s)), len(joint))
    known = np.flatnonzero(np.isfinite(joint[span.first : stop])) + span.first
    values = joint[known]
    points = change_points(values, penalty=safety_penalty(len(values)), shortest=SHORTEST)
    if not len(points):
        points = _two_levels(values)
    if not len(points):
        return None
    edges = np.r_[0, points, len(values)]
    levels = np.array([values[a:b].mean() for a, b in pairwise(edges)])
    if levels[-1] <= settings.recovered_above:
        return None
    under = np.flatnonzero(levels < levels.min() + RISEN * (levels[-1] - levels.min()))
    if not len(under):  # the last level is the lowest
        return None
    at = int(known[points[under[-1]]])
    return at if at <= span.last else None


def _two_levels(values: FloatArray) -> NDArray[np.int64]:
    """Best single upward split by squared error; empty where none goes up."""
    n = len(values)
    if n < 2:
        return np.empty(0, dtype=np.int64)
    k = np.arange(1, n)
    left = np.cumsum(values)[:-1] / k
    right = (values.sum() - np.cumsum(values)[:-1]) / (n - k)
    gain = np.where(right > left, k * (n - k) / n * (right - left) ** 2, 0.0)
    best = int(np.argmax(gain))
    return np.array([best + 1], dtype=np.int64) if gain[best] > 1e-12 else np.empty(0, dtype=np.int64)
