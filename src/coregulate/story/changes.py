"""Moments of change: what may be said where no episode may be told."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from coregulate.core import FloatArray
from coregulate.cues import load_cuebook

from .results import Moment
from .tracks import Tracks
from .turning import change_points, safety_penalty

#: prior: shortest level of P(safe) that counts as one, s.
LEVEL_S = 10
#: prior: smallest change of P(safe) that is listed.
LEAST_SAFETY = 0.2
#: prior: cues are averaged to this many seconds before levels are sought.
BIN_S = 10.0
#: prior: shortest level of a cue, in bins.
LEVEL_BINS = 6
#: prior: smallest change of a cue that is listed, z.
LEAST_Z = 0.8
#: Penalty in units of (long-run variance x ln n); its false alarms are in docs/story.md.
PENALTY = 3.0
#: prior: largest autocorrelation from bin to bin that is believed.
MOST_RHO = 0.9
#: prior: at most so many changes a cue, largest kept: more is texture, not moments.
MOST = 3


def safety_moments(person: str, tracks: Tracks) -> list[Moment]:
    """List changes of P(safe) of one person, whose level is known."""
    safe = tracks.safe(person)
    known = np.flatnonzero(np.isfinite(safe))
    shortest = max(int(LEVEL_S / tracks.step_s), 1)
    points = change_points(safe[known], penalty=safety_penalty(len(known)), shortest=shortest)
    return [
        Moment(
            tracks.time_s(int(known[p])), person, "toward safety" if size > 0 else "away from safety", size
        )
        for p, size in _sizes(safe[known], points)
        if abs(size) >= LEAST_SAFETY
    ]


def cue_moments(person: str, cues: xr.Dataset) -> list[Moment]:
    """List changes of each graded cue of one person, whose level is not known: directions only.

    Codes, touch and ratings are absolute and are left out; so are cues the cuebook lacks.
    """
    book = load_cuebook().cues
    found: list[Moment] = []
    if person not in cues["person"].values:
        return found
    times = np.asarray(cues["time"].values, np.float64)
    for name in map(str, cues.data_vars):
        if name in book and book[name].kind == "graded":
            values = np.asarray(cues[name].sel(person=person).values, np.float64)
            found += _of_cue(person, name, values, times)
    return found


def _of_cue(person: str, name: str, values: FloatArray, times: FloatArray) -> list[Moment]:
    if not len(times):
        return []
    starts, means = _bins(values, times)
    if len(means) < 2 * LEVEL_BINS:
        return []
    points = change_points(means, penalty=_penalty(means), shortest=LEVEL_BINS)
    sizes = [(p, size) for p, size in _sizes(means, points) if abs(size) >= LEAST_Z]
    largest = sorted(sizes, key=lambda x: -abs(x[1]))[:MOST]
    return [
        Moment(float(starts[p]), person, f"{name} {'up' if size > 0 else 'down'}", size)
        for p, size in largest
    ]


def _bins(values: FloatArray, times: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Means over bins of BIN_S; a bin that is less than a tenth observed is left out."""
    which = np.floor((times - times[0]) / BIN_S + 1e-9).astype(np.int64)
    known = np.isfinite(values)
    n_all = np.bincount(which)
    n_known = np.bincount(which[known], minlength=len(n_all))
    total = np.bincount(which[known], weights=values[known], minlength=len(n_all))
    keep = n_known >= np.maximum(0.1 * n_all, 1)
    starts = times[0] + np.arange(len(n_all)) * BIN_S
    return starts[keep], total[keep] / n_known[keep]


def _penalty(means: FloatArray) -> float:
    """PENALTY x long-run variance x ln n.

    The variance comes from differences, which a change of level touches at few bins only: half
    the mean squared difference over k bins is D_k = gamma_0 - gamma_k. Means over bins of an
    AR(1) series have gamma_k = gamma_1 rho^(k - 1), so D_1, D_2 and D_3 give all three.
    """
    d1, d2, d3 = (0.5 * _trimmed_square(means[k:] - means[:-k]) for k in (1, 2, 3))
    rise = max(d2 - d1, 0.0)
    rho = float(np.clip((d3 - d2) / rise, 0.0, MOST_RHO)) if rise > 0 else 0.0
    gamma1 = rise / (1 - rho)
    long_run = d1 + gamma1 + 2 * gamma1 / (1 - rho)
    return max(PENALTY * long_run * float(np.log(len(means))), 1e-9)


def _trimmed_square(steps: FloatArray) -> float:
    """Mean square after drawing in the outermost hundredths."""
    return float(np.mean(np.clip(steps, *np.quantile(steps, [0.01, 0.99])) ** 2))


def _sizes(values: FloatArray, points: NDArray[np.intp]) -> list[tuple[int, float]]:
    edges = np.r_[0, points, len(values)].astype(np.int64)
    levels = [float(values[a:b].mean()) for a, b in pairwise(edges) if b > a]
    return [(int(p), levels[i + 1] - levels[i]) for i, p in enumerate(points)]
