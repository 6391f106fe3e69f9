"""What kind of off track: from each person's activation or withdrawal, and the coder's word before the model's."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray, StorySettings
from coregulate.cues import STATES

from .offtrack import Span
from .results import Phase, Withdrawal
from .tracks import Tracks

#: What one person does at one second.
UNKNOWN, ON, ACTIVATED, WITHDRAWN, OFF = -1, 0, 1, 2, 3
FIGHT, SHUT = STATES.index("fight_flight"), STATES.index("shutdown")


def sides(states: FloatArray, coded: NDArray[np.bool_], *, told: bool, below: float) -> NDArray[np.int64]:
    """Say what one person does at each second, shape (n,).

    Parameters
    ----------
    states : array, shape (n, 5)
    coded : array of bool, shape (n,)
        Seconds that a coder marked as withdrawal; they outrank the model.
    told : bool
        Whether fight_flight and shutdown can be told apart for this person.
    below : float
        P(safe) under it is off track.
    """
    safe = states[:, :3].sum(axis=1)
    which = np.where(states[:, SHUT] > states[:, FIGHT], WITHDRAWN, ACTIVATED) if told else OFF
    out = np.where(np.isnan(safe), UNKNOWN, np.where(safe < below, which, ON))
    return np.where(coded, WITHDRAWN, out).astype(np.int64)


def overall(states: FloatArray, side: NDArray[np.int64], coded: NDArray[np.bool_], *, told: bool) -> int:
    """One person's side over an episode: the larger mean of the two while off track."""
    off = side > ON
    if not off.any():
        return ON
    if not told:
        return WITHDRAWN if coded[off].mean() > 0.5 else OFF
    fight = np.where(coded, 0.0, states[:, FIGHT])[off]
    shut = np.where(coded, 1.0, states[:, SHUT])[off]
    return WITHDRAWN if shut.mean() > fight.mean() else ACTIVATED


def kind_of(people: tuple[int, ...]) -> str:
    """Word for what the people do together.

    Examples
    --------
    >>> kind_of((ACTIVATED, WITHDRAWN))
    'one activated and one withdrawn'
    """
    off = [side for side in people if side > ON]
    if not off:
        return "on the way back"
    if len(off) == 1:
        return "one alone"
    if OFF in off:
        return "both off track"
    if set(off) == {ACTIVATED}:
        return "mutual activation"
    return "mutual withdrawal" if set(off) == {WITHDRAWN} else "one activated and one withdrawn"


def phases(
    side: Mapping[str, NDArray[np.int64]], span: Span, *, tracks: Tracks, settings: StorySettings
) -> tuple[Phase, ...]:
    """Stretches of one kind of ``kind_s`` or more; a shorter one belongs to the one before it.

    A second at which nobody is known keeps the kind of the second before.
    """
    rows = np.vstack([values[span.first : span.last] for values in side.values()])
    words: list[str] = []
    for column in rows.T:
        hold = bool((column == UNKNOWN).all()) and bool(words)
        words.append(words[-1] if hold else kind_of(tuple(int(x) for x in column)))
    runs: list[list[int]] = []
    for i, word in enumerate(words):
        if runs and words[runs[-1][0]] == word:
            runs[-1][1] = i + 1
        else:
            runs.append([i, i + 1])
    least = settings.kind_s / tracks.step_s
    kept: list[tuple[int, int, str]] = []
    for first, last in runs:
        word = words[first]
        if kept and (last - first < least or kept[-1][2] == word):
            kept[-1] = (kept[-1][0], last, kept[-1][2])
        else:
            kept.append((first, last, word))
    if len(kept) > 1 and kept[0][1] - kept[0][0] < least:  # a short first one goes to the one after it
        kept[:2] = [(kept[0][0], kept[1][1], kept[1][2])]
    at = [(tracks.time_s(span.first + a), tracks.time_s(span.first + b), word) for a, b, word in kept]
    return tuple(Phase(*phase) for phase in at)


def coded_seconds(person: str, withdrawals: tuple[Withdrawal, ...], tracks: Tracks) -> NDArray[np.bool_]:
    """Mark the seconds that are coded as withdrawal for at least half of the second, shape (n,)."""
    out = np.zeros(tracks.n, dtype=bool)
    starts = tracks.start_s + np.arange(tracks.n) * tracks.step_s
    for who, start_s, end_s in withdrawals:
        if who == person:
            overlap = np.minimum(starts + tracks.step_s, end_s) - np.maximum(starts, start_s)
            out |= overlap >= 0.5 * tracks.step_s - 1e-9
    return out
