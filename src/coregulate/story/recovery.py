"""How long the way back took, which minutes were safest, and what share was on track."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from coregulate.core import Estimate, FloatArray

from .tracks import Tracks

#: prior: a minute is ranked if at least this share of it is known of everybody.
LEAST_OBSERVED = 0.5


def median_recovery(
    durations_s: Sequence[float], recovered: Sequence[bool], *, level: float = 0.95
) -> Estimate:
    """Median time to recovery by Kaplan-Meier (``lifelines``), censored where the recording ended first.

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

    Examples
    --------
    >>> median_recovery([30, 50, 60, 200], [True, True, True, False]).value
    50.0
    """
    method = "Kaplan-Meier"
    if not len(durations_s):
        return Estimate(float("nan"), level=level, n_effective=0.0, method=method)
    from lifelines import KaplanMeierFitter
    from lifelines.utils import median_survival_times

    fit = KaplanMeierFitter(alpha=1 - level).fit(list(durations_s), event_observed=list(recovered))
    low, high = map(float, np.ravel(median_survival_times(fit.confidence_interval_)))
    if sum(recovered) < 2:
        low = high = float("nan")
    return Estimate(
        _finite(float(fit.median_survival_time_)),
        _finite(low),
        _finite(high),
        level=level,
        n_effective=float(sum(recovered)),
        method=method,
    )


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


def _finite(value: float) -> float:
    return value if np.isfinite(value) else float("nan")
