"""What is known of one person beyond the cuebook: what was learned of them, their history, their corrections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coregulate.core import InputError
from coregulate.cues import STATES, Cuebook

from .densities import RATING_CLIP, logit
from .history import with_history
from .rows import Absolute, Rows
from .transitions import MOBILIZED, SAFE, UNSAFE

#: By how much a state's mean of a cue differs for a person or a group: ``{cue: {state: z}}``.
Shifts = Mapping[str, Mapping[str, float]]

#: A tap speaks of a moment and of as many seconds before and after it (prior).
TAP_REACH_S = 2.0

#: What a correction may name, and the states it means.
ANSWERS: Mapping[str, tuple[int, ...]] = {
    **{name: (k,) for k, name in enumerate(STATES)},
    "safe": SAFE,
    "unsafe": UNSAFE,
    "mobilized": MOBILIZED,
}


class Correction(NamedTuple):
    """A person's own word on a stretch: what it was, or at least what it was not.

    Parameters
    ----------
    start_s, end_s : float
        Seconds from the session's start.
    was, was_not : str
        A state, ``safe``, ``unsafe`` or ``mobilized``; empty where not said.
    """

    start_s: float
    end_s: float
    was: str = ""
    was_not: str = ""


class Tap(NamedTuple):
    """A person's own word on a moment, tapped a few seconds after it.

    Parameters
    ----------
    time_s : float
        When they tapped, seconds from the session's start.
    was, was_not : str
        As for a :class:`Correction`.
    """

    time_s: float
    was: str = ""
    was_not: str = ""

    def late(self, lag_s: float) -> Correction:
        """Return it as the word on the seconds around the moment that was ``lag_s`` before it."""
        moment = self.time_s - lag_s
        return Correction(moment - TAP_REACH_S, moment + TAP_REACH_S, self.was, self.was_not)


class Personal(NamedTuple):
    """What the model is told of one person.

    Parameters
    ----------
    shifts : mapping of cue to mapping of state to float
        Learned before; see :func:`shifted`.
    history : tuple of str
        Phrases of :data:`~coregulate.circuits.history.HISTORY`.
    corrections : tuple of Correction
    taps : tuple of Tap
    """

    shifts: Shifts = MappingProxyType({})
    history: tuple[str, ...] = ()
    corrections: tuple[Correction, ...] = ()
    taps: tuple[Tap, ...] = ()

    def words(self, tap_lag_s: float) -> tuple[Correction, ...]:
        """Return all that they said of stretches: their taps, then their corrections, which outrank them."""
        return (*(tap.late(tap_lag_s) for tap in self.taps), *self.corrections)


def shifted(rows: Rows, shifts: Shifts) -> Rows:
    """Move the states' means of each cue by what was learned; z and its origin stay.

    Cues that the rows lack say nothing; a state that a cue does not name is 0.
    """
    if not shifts:
        return rows
    by = [[shifts.get(name, {}).get(state, 0.0) for state in STATES] for name in rows.names]
    return rows._replace(means=rows.means + np.array(by).reshape(rows.means.shape))


def added(first: Shifts, second: Shifts) -> Shifts:
    """Add two sets of shifts."""
    return {
        cue: {s: first.get(cue, {}).get(s, 0.0) + second.get(cue, {}).get(s, 0.0) for s in STATES}
        for cue in dict.fromkeys((*first, *second))
    }


def check_shifts(shifts: Shifts, book: Cuebook, where: str | None = None) -> None:
    """Raise InputError where a cue or state is not in the cuebook, or a number is not one."""
    graded = {cue.name for cue in book.of_kind("graded")}
    for cue, by_state in shifts.items():
        if cue not in graded:
            raise InputError(
                f"'{cue}' is not a graded cue of the cuebook", "Learn anew with this version", where
            )
        for state, value in by_state.items():
            if state not in STATES or not np.isfinite(value):
                raise InputError(
                    f"The shift of '{cue}' has '{state} = {value}'", f"States are {', '.join(STATES)}", where
                )


def answer(correction: Correction) -> tuple[int, ...]:
    """Return the states that a correction leaves possible.

    Raises
    ------
    InputError
        Where it names nothing, or something else than a state.

    Examples
    --------
    >>> answer(Correction(0.0, 5.0, was_not="fight_flight"))
    (0, 1, 2, 4)
    """
    named = correction.was or correction.was_not
    if named not in ANSWERS or (correction.was_not or named) not in ANSWERS:
        raise InputError(
            f"A correction at {correction.start_s:g} s names '{named or correction.was_not}'",
            f"It may name {', '.join(ANSWERS)}",
        )
    if correction.was:
        return ANSWERS[correction.was]
    return tuple(k for k in range(len(STATES)) if k not in ANSWERS[correction.was_not])


def check_personal(own: Personal, book: Cuebook, where: str | None = None) -> None:
    """Raise InputError, naming the file ``where``, for what the model does not know."""
    check_shifts(own.shifts, book, where)
    try:
        with_history(np.eye(len(STATES)), own.history)
        for correction in own.words(0.0):
            answer(correction)
    except InputError as error:
        raise InputError(error.problem, error.cure, where) from None


def with_corrections(rows: Rows, corrections: Sequence[Correction]) -> Rows:
    """Add a person's corrections as a channel of its own.

    A corrected second adds as much as a dial at its end: ``logit(0.98)`` nats between
    the states that the word allows and the others. Where two overlap the later one counts.
    """
    if not corrections or rows.n_seconds == 0:
        return rows
    loglik = np.zeros((rows.n_seconds, 1, len(STATES)))
    present = np.zeros(rows.n_seconds)
    weight = float(logit(np.asarray(1.0 - RATING_CLIP)))
    for correction in corrections:
        inside = seconds_within(correction, rows.n_seconds)
        side = np.full(len(STATES), -0.5)
        side[list(answer(correction))] = 0.5
        loglik[inside, 0] = weight * side
        present[inside] = 1.0
    if not present.any():
        return rows
    # It covers moments, not the session: what the whole session can tell apart does not rest on it.
    nothing = np.zeros((len(STATES), len(STATES)))
    return rows._replace(
        absolute=(*rows.absolute, Absolute("correction", ("correction",), loglik, present, nothing))
    )


def seconds_within(correction: Correction, n_seconds: int) -> NDArray[np.bool_]:
    """Which whole seconds a correction touches, shape (n_seconds,) of bool."""
    second = np.arange(n_seconds)
    inside: NDArray[np.bool_] = (second + 1 > correction.start_s) & (second < correction.end_s)
    return inside
