"""A person's own history, in plain words, as a prior on how they move between states.

The person says it, anybody can read it in ``session.toml``, and taking the line out takes it back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from coregulate.core import FloatArray, InputError

from .transitions import FIGHT_FLIGHT, SAFE, SHUTDOWN, UNSAFE


class Leaning(NamedTuple):
    """How much likelier moves from ``origin`` to ``target`` are, each second."""

    origin: tuple[int, ...]
    target: tuple[int, ...]
    times: float


#: What a person may say of themselves, and what it changes; every factor is 2 (prior).
HISTORY: Mapping[str, Leaning] = {
    "startles easily": Leaning((*SAFE, SHUTDOWN), (FIGHT_FLIGHT,), 2.0),
    "goes quiet early": Leaning((*SAFE, FIGHT_FLIGHT), (SHUTDOWN,), 2.0),
    "settles slowly": Leaning(UNSAFE, SAFE, 0.5),
    "settles quickly": Leaning(UNSAFE, SAFE, 2.0),
}


def with_history(moves: FloatArray, history: Sequence[str]) -> FloatArray:
    """Return the moves of somebody with this history; what a state loses in staying it gains in leaving.

    Parameters
    ----------
    moves : ndarray, shape (5, 5)
    history : sequence of str
        Phrases of :data:`HISTORY`, in any case.

    Returns
    -------
    ndarray, shape (5, 5)
        Rows sum to 1.

    Raises
    ------
    InputError
        For another phrase.

    Examples
    --------
    >>> from coregulate.circuits import transition_matrix
    >>> moves = transition_matrix(safe_bout_s=180.0, unsafe_bout_s=40.0, state_s=20.0)
    >>> float(round(with_history(moves, ["startles easily"])[0, 3] / moves[0, 3], 6))
    2.0
    """
    out = moves.copy()
    for phrase in history:
        leaning = HISTORY.get(" ".join(phrase.casefold().split()))
        if leaning is None:
            raise InputError(f"The history '{phrase}' is not known", f"It may be {', '.join(HISTORY)}")
        for here in leaning.origin:
            there = [s for s in leaning.target if s != here]
            out[here, there] *= leaning.times
    stay = [1.0 - (row.sum() - row[k]) for k, row in enumerate(out)]
    for k, share in enumerate(stay):
        out[k, k] = share
    return out
