"""Moments of change: what may be said where no episode may be told."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import xarray as xr

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
PENALTY = 4.0
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

    Spread and autocorrelation come from first differences, which a change of level
    touches at one bin only: for AR(1), gamma_1 / gamma_0 of the differences is
    -(1 - rho) / 2.
    """
    steps = np.diff(means)
    centred = np.clip(steps, *np.quantile(steps, [0.02, 0.98]))
    var = float(np.mean(centred**2))
    if var <= 0:
        return 1e-9
    rho = float(np.clip(1 + 2 * np.mean(centred[1:] * centred[:-1]) / var, 0.0, 0.9))
    noise = var / (2 * (1 - rho))
    return PENALTY * noise * (1 + rho) / (1 - rho) * float(np.log(len(means)))


def _sizes(values: FloatArray, points: np.ndarray) -> list[tuple[int, float]]:
    edges = np.r_[0, points, len(values)].astype(np.int64)
    levels = [float(values[a:b].mean()) for a, b in pairwise(edges) if b > a]
    return [(int(p), levels[i + 1] - levels[i]) for i, p in enumerate(points)]
