"""How long the way back took, which minutes were safest, and what share was on track."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats

from coregulate.core import Estimate, FloatArray

from .tracks import Tracks

#: prior: a minute is ranked if at least this share of it is known of everybody.
LEAST_OBSERVED = 0.5


def median_recovery(
    durations_s: Sequence[float], recovered: Sequence[bool], *, level: float = 0.95
) -> Estimate:
    """Median time to recovery by Kaplan-Meier, censored where the recording ended first.

    Parameters
    ----------
    durations_s : sequence of float
        Start of the episode to its end or to the end of the recording.
    recovered : sequence of bool
        False: censored.
    level : float
        Of the interval, 0..1 (log-log transformed Greenwood).

    Returns
    -------
    Estimate
        s. NaN where the curve (or its bound) never falls to a half; ``n_effective`` is the number
        of episodes that recovered. Without spread (one episode) the interval is NaN.

    Notes
    -----
    ``scipy.stats.ecdf`` draws the curve. Where the curve has ended at 0 its upper bound is
    undefined and stays so; lifelines (with which all else agrees) takes 0 there.

    Examples
    --------
    >>> median_recovery([30, 50, 60, 200], [True, True, True, False]).value
    50.0
    """
    told = np.asarray(recovered, dtype=bool)
    value = low = high = float("nan")
    if told.any():
        times = np.asarray(durations_s, dtype=np.float64)
        curve = stats.ecdf(stats.CensoredData(times[told], right=times[~told])).sf
        value = _first_half(curve.quantiles, curve.probabilities)
        if told.sum() > 1:
            low, high = (_first_half(curve.quantiles, b) for b in _bounds(curve, level))
    return Estimate(value, low, high, level=level, n_effective=float(told.sum()), method="Kaplan-Meier")


def _bounds(curve: Any, level: float) -> tuple[FloatArray, FloatArray]:
    """Lower and upper bound of the curve at each of its times."""
    with warnings.catch_warnings():
        # Where the curve is 0 the bound is undefined: NaN, which is never under a half.
        warnings.filterwarnings("ignore", "The confidence interval is undefined", RuntimeWarning)
        bounds = curve.confidence_interval(level, method="log-log")
    return bounds.low.probabilities, bounds.high.probabilities


def _first_half(times_s: FloatArray, share: FloatArray) -> float:
    """First time at which a falling curve is at a half or under; NaN where it never is."""
    there = np.flatnonzero(share <= 0.5 + 1e-9)
    return float(times_s[there[0]]) if len(there) else float("nan")


def ranked_minutes(tracks: Tracks, people: Sequence[str]) -> tuple[tuple[int, float], ...]:
    """Rank the minutes by mean P(safe) of the people, safest first; equal ones in order of time.

    Returns
    -------
    tuple of (int, float)
        Minute counted from the first second of the states, and its mean P(safe).
    """
    if not people:
        return ()
    n = max(round(60.0 / tracks.step_s), 1)
    found: list[tuple[int, float]] = []
    for minute in range(-(-tracks.n // n)):
        parts = [tracks.safe(person)[minute * n : (minute + 1) * n] for person in people]
        if all(np.isfinite(part).sum() >= LEAST_OBSERVED * n for part in parts):
            found.append((minute, float(np.mean([np.nanmean(part) for part in parts]))))
    return tuple(sorted(found, key=lambda pair: (-round(pair[1], 12), pair[0])))


def on_track_share(safe: FloatArray, *, below: float) -> float:
    """Share of known seconds with P(safe) at or over the threshold; NaN where none is known."""
    known = safe[np.isfinite(safe)]
    return float(np.mean(known >= below)) if len(known) else float("nan")
