"""Which states a person's channels can tell apart."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from coregulate.core import CircuitSettings, FloatArray

from .densities import student_divergence
from .rows import Parameters, Rows
from .transitions import SAFE, UNSAFE

STILL = 2
#: Channels that carry no episode alone, and without a baseline no level together.
WEAK = frozenset({"heart", "skin", "voice"})


def d_primes(
    rows: Rows,
    parameters: Parameters,
    settings: CircuitSettings,
    *,
    only_absolute: bool = False,
    rating: bool = True,
) -> FloatArray:
    """Distance of each pair of states, in units of the noise of one dwell, shape (state, state).

    d' = sqrt((2D - 1) sum_i lambda_i p_i J_i): D the dwell in s, p_i the share of
    seconds with cue i (weighted by quality), J_i the symmetric Kullback-Leibler
    divergence an observed second gives. With ``only_absolute``, from codes, touch
    and rating alone; without ``rating``, from all but the person's own rating.
    """
    total = np.zeros((5, 5))
    if rows.n_seconds == 0:
        return total
    if not only_absolute:
        weights = parameters.lambdas * rows.quality.mean(axis=0)
        for i, weight in enumerate(weights):
            total += weight * _divergences(
                rows.means[i] * parameters.kappa, rows.scales[i], settings.student_nu
            )
    for channel, weight in zip(rows.absolute, parameters.absolute_lambdas, strict=True):
        if channel.channel == "rating" and not rating:
            continue
        total += weight * channel.present.mean() * channel.divergence
    out: FloatArray = np.sqrt(np.maximum((2.0 * settings.state_s - 1.0) * total, 0.0))
    return out


def _divergences(means: FloatArray, scales: FloatArray, nu: float) -> FloatArray:
    table = np.zeros((5, 5))
    for a, b in combinations(range(5), 2):
        if scales[a] == scales[b]:
            delta = round(abs(float(means[a] - means[b])) / float(scales[a]), 3)
            value = student_divergence(delta, 1.0, 1.0, nu=nu) if delta else 0.0
        else:
            delta = round(abs(float(means[a] - means[b])), 3)
            value = student_divergence(delta, round(float(scales[a]), 3), round(float(scales[b]), 3), nu=nu)
        table[a, b] = table[b, a] = value
    return table


def tells_safety(d_prime: FloatArray, floor: float) -> bool:
    """Whether every safe-unsafe pair except at most one is told apart: what an episode and kappa need."""
    across = d_prime[np.ix_(SAFE, UNSAFE)]
    return int(np.sum(across < floor)) <= 1


def split_table(rows: Rows, d_prime: FloatArray, *, floor: float, rated: bool) -> NDArray[np.bool_]:
    """Which pairs are told apart, shape (state, state) of bool.

    A rating says safe or not by its meaning, whatever d' it reaches. Where codes
    (with or without a rating) are the only channel, nothing is claimed of ``still``
    within the safe states: no code argues for it.
    """
    told: NDArray[np.bool_] = d_prime >= floor
    if rated:
        told[np.ix_(SAFE, UNSAFE)] = True
        told[np.ix_(UNSAFE, SAFE)] = True
    kinds = {channel.channel for channel in rows.absolute}
    if not rows.names and kinds <= {"codes", "rating", "correction"}:
        for other in SAFE:
            told[STILL, other] = told[other, STILL] = False
    np.fill_diagonal(told, False)
    return told


def groups(
    told: NDArray[np.bool_], states: tuple[str, ...], questions: Sequence[tuple[int, ...]] = ()
) -> tuple[tuple[str, ...], ...]:
    """Partition the states: those that are not told apart are summed, and only the sum is reported.

    Two states that are not told apart share a group, through chains of such pairs.
    A chain that runs across the first supported question (safe or not; else
    mobilized or not) is cut there, and no finer, because that sum is supported.

    Parameters
    ----------
    told : ndarray of bool, shape (state, state)
    states : tuple of str
    questions : sequence of tuple of int
        The states that answer yes, for each supported question.

    Returns
    -------
    tuple of tuple of str

    Examples
    --------
    >>> told = np.array([[False, False, True], [False, False, False], [True, False, False]])
    >>> groups(told, ("a", "b", "c"))
    (('a', 'b', 'c'),)
    >>> groups(told, ("a", "b", "c"), [(0, 1)])
    (('a', 'b'), ('c',))
    """
    label = list(range(len(states)))
    for a, b in combinations(range(len(states)), 2):
        if not told[a, b]:
            old, new = label[b], label[a]
            label = [new if x == old else x for x in label]
    yes = questions[0] if questions else ()
    keys = [(x, s in yes) for s, x in enumerate(label)]
    return tuple(
        tuple(s for s, k in zip(states, keys, strict=True) if k == first) for first in dict.fromkeys(keys)
    )
