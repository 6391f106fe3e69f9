"""Off track and back on track: where episodes start and end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from coregulate.core import FloatArray, StorySettings


class Span(NamedTuple):
    """Indices of an episode, half-open, and whether both were back at its end."""

    first: int
    last: int
    recovered: bool


def off_track(safe: Mapping[str, FloatArray], *, step_s: float, settings: StorySettings) -> tuple[Span, ...]:
    """Find the stretches off track.

    Off track from the second at which P(safe) of either falls below
    ``off_track_below``, if it stays there for ``off_track_s``; back at the first
    second from which everybody stays above ``recovered_above`` for ``recovered_s``.
    A second that is not known pauses a timer: it neither counts nor ends a run.
    All thresholds are priors (see StorySettings).

    Parameters
    ----------
    safe : mapping of person to array, shape (n,)
        P(safe), 0..1; NaN where not known.
    step_s : float
        Length of one step of the grid.
    settings : StorySettings

    Returns
    -------
    tuple of Span
        In order; they never overlap.

    Examples
    --------
    >>> p = np.r_[np.full(20, .9), np.full(15, .1), np.full(40, .9)]
    >>> off_track({"a": p}, step_s=1.0, settings=StorySettings())
    (Span(first=20, last=35, recovered=True),)
    """
    everybody = np.vstack(list(safe.values())) if safe else np.empty((0, 0))
    n = everybody.shape[1]
    low = np.where(np.isnan(everybody), np.nan, everybody < settings.off_track_below)
    # Whoever is known and not back ends the stretch; all must be known for a second to count.
    back = np.where(
        (everybody <= settings.recovered_above).any(axis=0),
        0.0,
        np.where(np.isnan(everybody).any(axis=0), np.nan, 1.0),
    )
    n_low = max(int(np.ceil(settings.off_track_s / step_s)), 1)
    n_back = max(int(np.ceil(settings.recovered_s / step_s)), 1)
    found: list[Span] = []
    at = 0
    while at < n:
        starts = [s for row in low if (s := first_run(row, at, n_low)) is not None]
        if not starts:
            break
        first = min(starts)
        end = first_run(back, first, n_back)
        found.append(Span(first, n if end is None else end, end is not None))
        at = n if end is None else end
    return tuple(found)


def first_run(true: FloatArray, at: int, length: int) -> int | None:
    """First index from `at` on at which a run of `length` ones starts; NaN pauses, 0 ends it.

    Examples
    --------
    >>> first_run(np.array([1, 0, 1, np.nan, 1, 1.0]), 0, 3)
    2
    """
    known = np.flatnonzero(~np.isnan(true[at:])) + at
    ones = true[known] > 0
    # Count of ones since the last zero, over known seconds only.
    position = np.arange(1, len(ones) + 1)
    since = position - np.maximum.accumulate(np.where(ones, 0, position)) if len(ones) else position
    done = np.flatnonzero(since >= length)
    return int(known[done[0] - length + 1]) if len(done) else None
