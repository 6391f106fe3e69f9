"""Turns: who has the floor, how long a reply takes, who begins while the other speaks.

Heldner & Edlund (2010, 10.1016/j.wocn.2010.08.002) measure gaps and overlaps this way: a
gap is the time from the end of the other's speech to the start of one's own, negative in overlap.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from coregulate.core import FloatArray, Segment, Track

from .grid import RATE_HZ, active, moving

# All (prior):
PAUSE_S = 0.5  # a shorter pause does not end a turn
FLOOR_WINDOW_S = 30.0
FLOOR_LEAST_S = 1.0  # of anybody's speech in the window
REPLY_HELD_S = 30.0
REPLY_LONGEST_S = 10.0  # a later start answers nothing
INTERRUPTION_WINDOW_S = 60.0
BACKCHANNEL_S = 0.7  # a shorter turn in the other's speech is listening, not interrupting


class Turns(NamedTuple):
    """Cue tracks on the grid, each of shape (n,)."""

    floor_share: FloatArray
    reply_gap: FloatArray
    interruption: FloatArray
    overlap: FloatArray


def turn_cues(own: Track, other: Track, n: int) -> Turns:
    """Return one person's turn cues.

    Parameters
    ----------
    own, other : Track
        Speech of the person and of the partner.
    n : int
        Length of the grid.

    Returns
    -------
    Turns
        ``floor_share`` 0 to 1 of all speaking in the last 30 s; ``reply_gap`` in s, the last reply's,
        held for 30 s; ``interruption`` in 1/min over the last 60 s; ``overlap`` the share of the step in
        which both speak. NaN where nothing tells: before the first and after the last speech of anybody.

    Notes
    -----
    A reply is a turn that follows, or overlaps the end of, the other's: going on after one's own
    pause is none, nor is a turn that lies wholly within the other's (a listener's "mhm").
    """
    mine, theirs = merged(own), merged(other)
    if not mine and not theirs:
        return Turns(*(np.full(n, np.nan) for _ in Turns._fields))
    start_s = min(t.start_s for t in (*mine, *theirs))
    end_s = max(t.end_s for t in (*mine, *theirs))
    times = np.arange(n) / RATE_HZ
    inside = (times >= start_s - 1e-9) & (times < end_s - 1e-9)
    cues = (
        _floor_share(own, other, n),
        _reply_gap(mine, theirs, n),
        _interruption(mine, theirs, n, start_s),
        np.minimum(active(own, n), active(other, n)),
    )
    return Turns(*(np.where(inside, values, np.nan) for values in cues))


def silences(speech: Sequence[Track], n: int, *, longer_than_s: float) -> FloatArray:
    """Return 1 within a silence of everybody that is longer than given, else 0, shape (n,).

    NaN before the first and after the last speech.
    """
    talk = merged(Track(tuple(label for track in speech for label in track.labels)))
    times = np.arange(n) / RATE_HZ
    out = np.full(n, np.nan)
    if not talk:
        return out
    out[(times >= talk[0].start_s - 1e-9) & (times < talk[-1].end_s - 1e-9)] = 0.0
    for first, second in itertools.pairwise(talk):
        if second.start_s - first.end_s > longer_than_s:
            out[(times >= first.end_s - 1e-9) & (times < second.start_s - 1e-9)] = 1.0
    return out


def merged(speech: Track) -> list[Segment]:
    """Return turns: stretches of speech with no pause of 0.5 s or more; labels without length vanish."""
    turns: list[Segment] = []
    for label in sorted(speech.labels):
        if label.end_s <= label.start_s:
            continue
        if turns and label.start_s - turns[-1].end_s < PAUSE_S:
            turns[-1] = Segment(turns[-1].start_s, max(turns[-1].end_s, label.end_s))
        else:
            turns.append(Segment(label.start_s, label.end_s))
    return turns


def _floor_share(own: Track, other: Track, n: int) -> FloatArray:
    window = int(FLOOR_WINDOW_S * RATE_HZ) - 1
    mine, theirs = (moving(active(track, n), window, 0) for track in (own, other))
    spoken = mine + theirs
    return np.where(spoken >= FLOOR_LEAST_S * RATE_HZ, mine / np.maximum(spoken, 1e-9), np.nan)


def replies(mine: Sequence[Segment], theirs: Sequence[Segment]) -> list[tuple[float, float]]:
    """Find each reply's start and gap in seconds; the gap is below 0 in overlap.

    Examples
    --------
    >>> replies([Segment(2, 3), Segment(4, 5), Segment(6, 9)], [Segment(0, 1.5), Segment(3.8, 7)])
    [(2, 0.5), (6, -1)]
    """
    starts = np.array([t.start_s for t in theirs])
    found = []
    for i, turn in enumerate(mine):
        k = int(np.searchsorted(starts, turn.start_s)) - 1
        if k < 0 or turn.end_s <= theirs[k].end_s:
            continue
        gap = turn.start_s - theirs[k].end_s
        goes_on = i > 0 and mine[i - 1].end_s >= theirs[k].end_s
        if gap < REPLY_LONGEST_S and not goes_on:
            found.append((turn.start_s, gap))
    return found


def count_replies(one: Track, other: Track) -> int:
    """Count how often either of two people answered the other.

    Parameters
    ----------
    one, other : Track
        Speech of each.
    """
    first, second = merged(one), merged(other)
    return len(replies(first, second)) + len(replies(second, first))


def _reply_gap(mine: list[Segment], theirs: list[Segment], n: int) -> FloatArray:
    gaps = np.full(n, np.nan)
    for start_s, gap in replies(mine, theirs):
        first = _step(start_s)
        gaps[max(first, 0) : max(first + int(REPLY_HELD_S * RATE_HZ), 0)] = max(gap, -REPLY_LONGEST_S)
    return gaps


def _interruption(mine: list[Segment], theirs: list[Segment], n: int, start_s: float) -> FloatArray:
    begun = np.zeros(n)
    starts = np.array([t.start_s for t in theirs])
    for turn in mine:
        k = int(np.searchsorted(starts, turn.start_s)) - 1
        at = _step(turn.start_s)
        if k >= 0 and turn.start_s < theirs[k].end_s and turn.duration_s >= BACKCHANNEL_S and 0 <= at < n:
            begun[at] += 1
    window = int(INTERRUPTION_WINDOW_S * RATE_HZ)
    elapsed_s = np.minimum(np.arange(1, n + 1) - np.ceil(start_s * RATE_HZ - 1e-6), window) / RATE_HZ
    # The rate of the first seconds rests on too little to be read.
    rate = moving(begun, window - 1, 0) * 60.0 / np.maximum(elapsed_s, 1.0)
    return np.where(elapsed_s >= FLOOR_WINDOW_S - 1e-9, rate, np.nan)


def _step(time_s: float) -> int:
    """Step that a moment falls into; whole steps but for rounding count as whole."""
    return int(np.floor(time_s * RATE_HZ + 1e-6))
