"""How states follow each other: a two-level prior on 1 s steps."""

from __future__ import annotations

import numpy as np

from coregulate.core import CircuitSettings, FloatArray, InputError

#: Positions in ``STATES`` of the three safe and the two unsafe states.
SAFE = (0, 1, 2)
UNSAFE = (3, 4)
PLAY, FIGHT_FLIGHT, SHUTDOWN = 1, 3, 4
#: Positions of the mobilized states: play and fight_flight.
MOBILIZED = (PLAY, FIGHT_FLIGHT)


def transition_matrix(*, safe_bout_s: float, unsafe_bout_s: float, state_s: float) -> FloatArray:
    """Return the matrix of moves from one second to the next.

    A state lasts ``state_s`` on average; a run of safe states ``safe_bout_s``, of
    unsafe states ``unsafe_bout_s`` (all prior). Nobody goes from shutdown straight
    to play.

    Parameters
    ----------
    safe_bout_s, unsafe_bout_s, state_s : float
        Mean durations in s; ``state_s`` is above 1 and not above either bout.

    Returns
    -------
    ndarray, shape (5, 5)
        Row: from; column: to; rows sum to 1.

    Raises
    ------
    InputError
        If a state would outlast its bout.

    Examples
    --------
    >>> m = transition_matrix(safe_bout_s=180.0, unsafe_bout_s=40.0, state_s=20.0)
    >>> float(round(m[3, 0], 5)), float(m[4, 1])
    (0.00833, 0.0)
    """
    if not 1.0 < state_s <= min(safe_bout_s, unsafe_bout_s):
        raise InputError(
            f"circuits.state_s is {state_s} with bouts of {safe_bout_s} and {unsafe_bout_s}",
            "A state lasts more than 1 s and not longer than the bout it belongs to",
        )
    matrix = np.zeros((5, 5))
    leave = 1.0 / state_s
    for here in range(5):
        own, other, bout_s = (SAFE, UNSAFE, safe_bout_s) if here in SAFE else (UNSAFE, SAFE, unsafe_bout_s)
        siblings = [s for s in own if s != here]
        across = [s for s in other if not (here == SHUTDOWN and s == PLAY)]
        matrix[here, here] = 1.0 - leave
        matrix[here, siblings] = (leave - 1.0 / bout_s) / len(siblings)
        matrix[here, across] = 1.0 / bout_s / len(across)
    return matrix


def prior_moves(settings: CircuitSettings) -> tuple[FloatArray, FloatArray]:
    """Return the prior's moves (5, 5) and the shares of a first second (5,)."""
    moves = transition_matrix(
        safe_bout_s=settings.safe_bout_s, unsafe_bout_s=settings.unsafe_bout_s, state_s=settings.state_s
    )
    return moves, stationary(moves)


def stationary(matrix: FloatArray) -> FloatArray:
    """Return the shares of time that a transition matrix gives each state without evidence.

    Parameters
    ----------
    matrix : ndarray, shape (5, 5)

    Returns
    -------
    ndarray, shape (5,)
        Sums to 1.

    Examples
    --------
    >>> m = transition_matrix(safe_bout_s=180.0, unsafe_bout_s=40.0, state_s=20.0)
    >>> float(round(stationary(m)[:3].sum(), 3))
    0.818
    """
    n = len(matrix)
    system = np.vstack([matrix.T - np.eye(n), np.ones(n)])
    solution = np.linalg.lstsq(system, np.r_[np.zeros(n), 1.0], rcond=None)[0]
    shares: FloatArray = np.clip(solution, 0.0, None)
    shares /= shares.sum()
    return shares
