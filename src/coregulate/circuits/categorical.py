"""A hidden Markov chain of what observers coded, without a table: its states are found, not named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray, InputError

from .chain import expected_moves, forward_backward

Codes = NDArray[np.int64]
#: EM ends where the log-likelihood gains less than this, in nats.
TOLERANCE = 1e-5
_TINY = 1e-300


class Categorical(NamedTuple):
    """A chain fitted to categorical observations.

    ``start``: (state,); ``moves``: (state, state); ``emissions``: for each variable
    (state, category); ``loglik``: of all sequences; ``steps``: rounds of EM.
    """

    start: FloatArray
    moves: FloatArray
    emissions: tuple[FloatArray, ...]
    loglik: float
    steps: int


def fit_categorical(
    sequences: Sequence[Codes],
    *,
    n_states: int,
    rng: np.random.Generator,
    n_starts: int = 10,
    max_steps: int = 2000,
) -> Categorical:
    """Fit one chain to several sequences by maximum likelihood: EM from random starts, the best kept.

    Parameters
    ----------
    sequences : sequence of ndarray of int, shape (time, variable)
        Categories count from 0; a negative one is missing. Given the state, the
        variables are independent.
    n_states : int
    rng : Generator
        Draws the starts.
    n_starts, max_steps : int
        About one start in ten ends in a lesser maximum.

    Returns
    -------
    Categorical
        The state shares of the first moment are free and the same for all sequences.
        States come in no particular order.

    Raises
    ------
    InputError
        If the sequences are empty or differ in their number of variables.
    """
    if not sequences or any(s.ndim != 2 or s.size == 0 for s in sequences):
        raise InputError("A sequence has no observations", "Give arrays of shape (time, variable)")
    if len(widths := {s.shape[1] for s in sequences}) > 1:
        raise InputError(f"The sequences have {sorted(widths)} variables", "Give the same number for all")
    sizes = np.max([s.max(axis=0) for s in sequences], axis=0) + 1
    starts = [_drawn(n_states, sizes, rng) for _ in range(n_starts)]
    return max((_climbed(start, sequences, max_steps) for start in starts), key=lambda found: found.loglik)


def _climbed(here: Categorical, sequences: Sequence[Codes], max_steps: int) -> Categorical:
    """Run EM until it gains no more."""
    before = -np.inf
    for steps in range(1, max_steps + 1):
        here = _improved(here, sequences)._replace(steps=steps)
        if here.loglik - before < TOLERANCE:
            break
        before = here.loglik
    return here


def _drawn(n_states: int, sizes: Sequence[int] | Codes, rng: np.random.Generator) -> Categorical:
    """Draw a start, evenly over all distributions."""
    return Categorical(
        rng.dirichlet(np.ones(n_states)),
        rng.dirichlet(np.ones(n_states), size=n_states),
        tuple(rng.dirichlet(np.ones(max(int(k), 1)), size=n_states) for k in sizes),
        -np.inf,
        0,
    )


def _improved(here: Categorical, sequences: Sequence[Codes]) -> Categorical:
    """Take one step of EM; its ``loglik`` is that of the parameters it started from."""
    start, moves = np.zeros_like(here.start), np.zeros_like(here.moves)
    emissions = tuple(np.zeros_like(e) for e in here.emissions)
    total = 0.0
    for codes in sequences:
        path = forward_backward(_loglik(codes, here.emissions), here.moves, here.start)
        total += path.loglik
        start += path.smoothed[0]
        moves += expected_moves(path, here.moves)
        for k, counts in enumerate(emissions):
            seen = codes[:, k] >= 0
            np.add.at(counts.T, codes[seen, k], path.smoothed[seen])
    return Categorical(start / start.sum(), _rows(moves), tuple(_rows(e) for e in emissions), total, 0)


def _loglik(codes: Codes, emissions: tuple[FloatArray, ...]) -> FloatArray:
    out = np.zeros((len(codes), len(emissions[0])))
    for k, table in enumerate(emissions):
        seen = codes[:, k] >= 0
        out[seen] += np.log(np.maximum(table.T[codes[seen, k]], _TINY))
    return out


def _rows(counts: FloatArray) -> FloatArray:
    """Divide each row by its sum; a state that was never visited keeps an even row."""
    sums = counts.sum(axis=1, keepdims=True)
    out: FloatArray = np.where(sums > 0, counts / np.maximum(sums, _TINY), 1.0 / counts.shape[1])
    return out
