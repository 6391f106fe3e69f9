"""One person's states: what is known of them beforehand, the fit, and what it supports."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from coregulate.core import CircuitSettings, Estimate, FloatArray, Notice
from coregulate.cues import Baseline, Cuebook

from .adapt import material
from .chain import Path
from .fit import change_margin, fit_person
from .gather import gather
from .held_out import Learned, learn_person
from .history import with_history
from .moments import estimate_tap_lag
from .personal import Personal, Shifts, added, shifted, with_corrections
from .rating import DEFAULT_LAG_S, estimate_rating_lag
from .rows import Parameters, Rows
from .support import Supported, support
from .transitions import stationary


class OnePerson(NamedTuple):
    """What was read of one person.

    ``moves`` (5, 5) are the transitions with the person's history; ``known`` and ``heard``, both
    (time,): whether an observed second lies near enough, on either side and before.
    """

    rows: Rows
    parameters: Parameters
    moves: FloatArray
    path: Path
    known: NDArray[np.bool_]
    heard: NDArray[np.bool_]
    supported: Supported
    rating_lag_s: float
    notices: list[Notice]
    shifts: Shifts
    learned: Learned | None
    tap_lag_s: Estimate | None


def read_person(
    cues: xr.Dataset,
    person: str,
    baseline: Baseline,
    own: Personal,
    *,
    moves: FloatArray,
    book: Cuebook,
    settings: CircuitSettings,
) -> OnePerson:
    """Infer one person's states: late answers are set back, their own word taken in, the model fitted.

    Parameters
    ----------
    cues : Dataset, dims (person, time)
        As :func:`infer_circuits` takes them.
    person : str
    baseline : Baseline
    own : Personal
        What was learned of the person before, their history, taps and corrections.
    moves : ndarray, shape (5, 5)
        Transitions in a second, of anybody.
    book : Cuebook
    settings : CircuitSettings

    Returns
    -------
    OnePerson
    """
    moves = with_history(moves, own.history)
    start, trusted = stationary(moves), baseline.trusted
    rows, rating_lag_s, notices = _rows(cues, person, baseline, own, moves, start, book, settings)
    tap_lag_s = (
        estimate_tap_lag(rows, own.taps, trusted=trusted, moves=moves, start=start, settings=settings)
        if own.taps
        else None
    )
    rows = with_corrections(rows, own.words(tap_lag_s.value if tap_lag_s else 0.0))
    parameters, path = fit_person(rows, trusted=trusted, moves=moves, start=start, settings=settings)
    learned, shifts = _learn(rows, parameters, own, moves=moves, start=start, settings=settings)
    if learned is not None and learned.used:
        rows = shifted(rows, learned.shifts)
        parameters, path = fit_person(rows, trusted=trusted, moves=moves, start=start, settings=settings)
    margin = (
        change_margin(rows, parameters, moves=moves, start=start, settings=settings)
        if not trusted and rows.names
        else float("nan")
    )
    observed = rows.observed > 0
    known, heard = near(observed, settings.state_s), since(observed) <= settings.state_s
    told = support(
        rows, parameters, path, known=known, trusted=trusted, margin=margin, prior=start, settings=settings
    )
    notices += _said(person, learned, observed=bool(observed.any()), level_known=told.level_known)
    return OnePerson(
        rows, parameters, moves, path, known, heard, told, rating_lag_s, notices, shifts, learned, tap_lag_s
    )


def _rows(
    cues: xr.Dataset, person: str, baseline: Baseline, own: Personal, moves: FloatArray, start: FloatArray,
    book: Cuebook, settings: CircuitSettings,
) -> tuple[Rows, float, list[Notice]]:  # fmt: skip
    """Gather a person's evidence; with a rating, that is read as late as the rest says, and so many seconds."""
    rows = shifted(gather(cues, person, baseline, book=book), own.shifts)
    if not any(channel.channel == "rating" for channel in rows.absolute):
        return rows, float("nan"), []
    notices = []
    lag_s = estimate_rating_lag(rows, trusted=baseline.trusted, moves=moves, start=start, settings=settings)
    if lag_s is None:
        lag_s = DEFAULT_LAG_S
        text = f"No other channel says how late the rating follows; {lag_s} s is assumed"
        notices.append(Notice("rating-lag-assumed", person, text))
    rows = shifted(gather(cues, person, baseline, book=book, rating_lag_s=lag_s), own.shifts)
    return rows, float(lag_s), notices


def _learn(
    rows: Rows, parameters: Parameters, own: Personal, *, moves: FloatArray, start: FloatArray, settings: CircuitSettings
) -> tuple[Learned | None, Shifts]:  # fmt: skip
    """Learn from the person's word where there is any; return it, and all shifts in use."""
    one = material(rows, parameters)
    if not rows.names or not np.isfinite(one.labels.share).any():
        return None, own.shifts
    learned = learn_person([one], moves=moves, start=start, settings=settings)
    return learned, added(own.shifts, learned.shifts)


def _said(person: str, learned: Learned | None, *, observed: bool, level_known: bool) -> list[Notice]:
    notices = []
    if learned is not None and not learned.used:
        text = f"The model was not fitted to this person: {learned.reason}"
        notices.append(Notice("not-adapted", person, text))
    if not observed:
        text = "No cue of this person was observed: their states are not known"
        notices.append(Notice("no-channel", person, text))
    elif not level_known:
        text = "No marked baseline, and too little information without one: level not known, changes only"
        notices.append(Notice("level-not-known", person, text))
    return notices


def since(observed: NDArray[np.bool_]) -> FloatArray:
    """Seconds since the last observed second, shape (time,); inf before the first.

    Examples
    --------
    >>> since(np.array([False, True, False]))
    array([inf,  0.,  1.])
    """
    index = np.arange(len(observed), dtype=np.float64)
    out: FloatArray = index - np.maximum.accumulate(np.where(observed, index, -np.inf))
    return out


def near(observed: NDArray[np.bool_], reach_s: float) -> NDArray[np.bool_]:
    """Whether an observed second lies within ``reach_s``, before or after, shape (time,) of bool."""
    if len(observed) == 0:
        return observed
    distance: NDArray[np.bool_] = np.minimum(since(observed), since(observed[::-1])[::-1]) <= reach_s
    return distance
