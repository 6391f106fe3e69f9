"""Dynamic time warping: how near two series come when time may be bent, and who runs ahead on the way.

Source: Sakoe & Chiba 1978, 10.1109/TASSP.1978.1163055 (symmetric steps, a band round the diagonal).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from coregulate.core import FloatArray

from .measure import Measure, first_alone
from .recurrence import ready
from .settings import SuiteSettings

# The expected squared distance of unrelated values with SD 1: a gap says neither near nor far.
_UNKNOWN = 2.0


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def warp(a: NDArray[Any], b: NDArray[Any], band: int) -> tuple[float, float]:
    """Mean squared distance a step along the best path, and the path's mean offset (b's place - a's)."""
    n, width = a.shape[0], 2 * band + 1
    came = np.zeros((n, width), np.int8)
    last, now = np.full(width, np.inf), np.full(width, np.inf)
    for i in range(n):
        now[:] = np.inf
        for k in range(max(0, band - i), min(width, n - i + band)):
            j = i + k - band
            step = a[i] - b[j]
            cost = step * step if step == step else _UNKNOWN
            if i == 0 and j == 0:
                now[k] = cost
                continue
            # A diagonal step costs twice, so that no path is cheaper for being shorter.
            best, way = last[k] + 2 * cost, 0
            if k + 1 < width and last[k + 1] + cost < best:
                best, way = last[k + 1] + cost, 1  # a moves on
            if k > 0 and now[k - 1] + cost < best:
                best, way = now[k - 1] + cost, 2  # b moves on
            now[k], came[i, k] = best, way
        last, now = now, last
    i, k, offset, steps = n - 1, band, 0.0, 0
    while i > 0 or k != band:
        offset += k - band
        steps += 1
        way = came[i, k]
        if way == 0:
            i -= 1
        elif way == 1:
            i, k = i - 1, k + 1
        else:
            k -= 1
    return last[band] / (2 * n), offset / max(steps, 1)


def profiles(a: FloatArray, bs: FloatArray, rate_hz: float, settings: SuiteSettings) -> FloatArray:
    """Nearness (less the mean squared distance) and mean lead (s) of each pair."""
    band = max(round(settings.warp_s * rate_hz), 1)
    found = np.array([warp(a, b, band) for b in bs])
    return np.column_stack([-found[:, 0], found[:, 1] / rate_hz])


def places(n: int, rate_hz: float, settings: SuiteSettings) -> FloatArray:
    """Return the numbers of the quantities: 0 nearness, 1 lead in seconds."""
    return np.arange(2, dtype=np.float64)


def path_lead(profiles: NDArray[Any], peak: int) -> FloatArray:
    """Return how far the path keeps to the side on which the first leads."""
    return np.asarray(profiles[:, 1])


WARPING = Measure(
    name="time warping",
    method="dynamic time warping in a band, less the mean squared distance a step",
    axis="quantity",
    places=places,
    profiles=profiles,
    scores=first_alone,
    lead=path_lead,
    ready=ready,
    min_s=120.0,  # prior
    at_most_hz=lambda settings: 1.0,  # prior
)
