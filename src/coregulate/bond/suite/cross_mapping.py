"""Convergent cross mapping (Sugihara et al. 2012, 10.1126/science.1227079).

If the first drives the second, the second's past holds the first: states of the second that are alike
point to values of the first that are alike. Value: correlation of what is read off with what was there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from coregulate.core import FloatArray, Notice

from .conditioning import trend_share
from .granger import detrended
from .measure import Measure, Shifts, as_they_are, direction_lead, directions
from .settings import SuiteSettings

SMALL_LIBRARY = 0.2  # prior: share of the states that the small library holds
CLEAR_TREND = 0.1  # prior: share of the variance from which a trend is taken out
GROWTH = 0.02  # prior: skill has to grow by this from the small library to the whole


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def neighbours(x: NDArray[Any], dimension: int, delay: int, every: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Find the dimension + 1 nearest states of each, and their weights; index -1 where there is none.

    States within a window's length of each other in time are no neighbours: they are one moment.
    Only each ``every``-th state is in the library.
    """
    n, k = x.shape[0], dimension + 1
    start = (dimension - 1) * delay
    index, weight = np.full((n, k), -1), np.zeros((n, k))
    known = _known(x, start, delay)
    near = np.empty(k)
    for t in range(start, n):
        if not known[t]:
            continue
        near[:] = np.inf
        for s in range(start, n, every):
            if not known[s] or abs(t - s) <= start + delay:
                continue
            total = 0.0
            for d in range(dimension):
                step = x[t - d * delay] - x[s - d * delay]
                total += step * step
            if total < near[k - 1]:
                _put_in(near, index[t], total, s)
        if index[t, k - 1] < 0:
            index[t, :] = -1
        else:
            _weigh(near, weight[t])
    return index, weight


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _known(x: NDArray[Any], start: int, delay: int) -> NDArray[Any]:
    """Whether the whole state at each time was seen."""
    known = np.zeros(x.shape[0], np.bool_)
    for t in range(start, x.shape[0]):
        known[t] = True
        for s in range(t - start, t + 1, delay):
            known[t] = known[t] and x[s] == x[s]
    return known


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _put_in(near: NDArray[Any], index: NDArray[Any], distance: float, s: int) -> None:
    """Put a state among the nearest, which are in order; the last one falls out."""
    j = near.shape[0] - 1
    while j > 0 and near[j - 1] > distance:
        near[j], index[j] = near[j - 1], index[j - 1]
        j -= 1
    near[j], index[j] = distance, s


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _weigh(near: NDArray[Any], weight: NDArray[Any]) -> None:
    """Weights that fall with the distance in units of the nearest; they sum to 1."""
    first = max(np.sqrt(near[0]), 1e-12)
    total = 0.0
    for j in range(near.shape[0]):
        weight[j] = np.exp(-np.sqrt(near[j]) / first)
        total += weight[j]
    for j in range(near.shape[0]):
        weight[j] /= total


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def skill(index: NDArray[Any], weight: NDArray[Any], target: NDArray[Any], shift: int) -> float:
    """Correlation of ``target``, read on from ``shift`` round the end, with what the neighbours point to."""
    n = target.shape[0]
    count, sx, sy, sxx, syy, sxy = 0, 0.0, 0.0, 0.0, 0.0, 0.0
    for t in range(n):
        if index[t, 0] < 0:
            continue
        y = target[(t + shift) % n]
        x = 0.0
        for j in range(index.shape[1]):
            x += weight[t, j] * target[(index[t, j] + shift) % n]
        if x == x and y == y:
            count += 1
            sx += x
            sy += y
            sxx += x * x
            syy += y * y
            sxy += x * y
    if count < 10:
        return np.nan
    vx, vy = sxx - sx * sx / count, syy - sy * sy / count
    return float((sxy - sx * sy / count) / np.sqrt(vx * vy)) if vx > 0 and vy > 0 else np.nan


def _neighbours(x: FloatArray, rate_hz: float, settings: SuiteSettings, every: int = 1) -> Any:
    return neighbours(x, settings.ccm_dimension, max(round(settings.delay_s * rate_hz), 1), every)


def ready(
    a: FloatArray, b: FloatArray, rate_hz: float, settings: SuiteSettings
) -> tuple[FloatArray, FloatArray, SuiteSettings]:
    """Bring both to one scale, without a trend that is clear: a slope made up by chance bends the orbit."""
    one, two = (detrended(x, settings.detrend if trend_share(x) > CLEAR_TREND else 0) for x in (a, b))
    return one, two, settings


def profiles(a: FloatArray, bs: FloatArray, rate_hz: float, settings: SuiteSettings) -> FloatArray:
    """Skill of (second drives first: read off the first; first drives second: read off the second)."""
    of_a = _neighbours(a, rate_hz, settings)
    return np.array([[skill(*of_a, b, 0), skill(*_neighbours(b, rate_hz, settings), a, 0)] for b in bs])


def shifted(
    a: FloatArray, b: FloatArray, shifts: Shifts, rate_hz: float, settings: SuiteSettings
) -> FloatArray:
    """Return the same for circular shifts: neighbours stay, what they point to moves."""
    of_a, of_b = (_neighbours(x, rate_hz, settings) for x in (a, b))
    return np.array([[skill(*of_a, b, int(s)), skill(*of_b, a, len(a) - int(s))] for s in shifts])


def warn(a: FloatArray, b: FloatArray, rate_hz: float, settings: SuiteSettings) -> tuple[Notice, ...]:
    """Say where the skill does not grow with the library: no sign of a drive, whatever its size."""
    every = round(1 / SMALL_LIBRARY)
    whole = profiles(a, b[None], rate_hz, settings)[0]
    few = [skill(*_neighbours(x, rate_hz, settings, every), y, 0) for x, y in ((a, b), (b, a))]
    names = ("the second drives the first", "the first drives the second")
    flat = [name for name, w, f in zip(names, whole, few, strict=True) if not w - f > GROWTH]
    text = "Skill does not grow with the library for: "
    return (Notice("no-convergence", "cross mapping", text + "; ".join(flat)),) if flat else ()


CROSS_MAPPING = Measure(
    name="cross mapping",
    method="convergent cross mapping, skill with the whole library",
    axis="direction",
    places=directions,
    profiles=profiles,
    shifted=shifted,
    scores=as_they_are,
    lead=direction_lead,
    ready=ready,
    warn=warn,
    min_s=180.0,  # prior
    at_most_hz=lambda settings: 1.0,  # prior: time grows with the square
    chunk=1,
)
