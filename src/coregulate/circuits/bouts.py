"""How long this person's bouts and states last: penalised EM, with intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import expit, logit

from coregulate.core import CircuitSettings, Estimate, FloatArray

from .chain import expected_moves, forward, forward_backward
from .rows import Parameters, Rows, session_loglik
from .tempering import fit_lambdas
from .transitions import SAFE, UNSAFE, stationary, transition_matrix

#: What the prior weighs: moves out of a state, and moves out of safe and of unsafe states (prior).
PRIOR_MOVES = np.array([4.0, 2.0, 2.0])
#: In how many ways, about, the seconds that are looked at are chosen (prior).
CHOICES = 3
#: EM ends where no duration moves by more than this share (prior).
TOLERANCE = 1e-3
#: Rounds of EM at most (prior).
MAX_STEPS = 300
_STEP = 0.05  # of the numerical second derivative, in logits (prior)
_Z95 = 1.959964  # normal quantile of .975


class Bouts(NamedTuple):
    """How long a safe bout, an unsafe bout and a state last, s, each with its 95 % interval.

    ``loglik``: of the evidence, without the penalty; ``steps``: rounds of EM.
    """

    safe_bout_s: Estimate
    unsafe_bout_s: Estimate
    state_s: Estimate
    loglik: float
    steps: int


def person_bouts(
    rows: Rows, parameters: Parameters, smoothed: FloatArray, settings: CircuitSettings
) -> Bouts:
    """Learn one person's durations from their session.

    Noise that is remembered looks like a state that lasts: on evidence tempered second
    by second a 20 s state is read as 28 s. So evidence is taken from one second in k,
    far enough apart to be new, with the weight that this gives it; several ways to
    choose the seconds are averaged.

    Parameters
    ----------
    rows, parameters
        The evidence and its fit.
    smoothed : ndarray, shape (time, state)
    settings : CircuitSettings
        Its durations are the prior's.

    Returns
    -------
    Bouts
    """
    apart = _apart_s(rows, parameters, smoothed, settings)
    weights = fit_lambdas(rows, parameters, smoothed, settings, every_s=apart)
    spaced = parameters._replace(lambdas=weights.graded, absolute_lambdas=weights.absolute)
    loglik = session_loglik(rows, spaced, settings)
    parts = []
    for first in range(0, apart, max(apart // CHOICES, 1)):
        part = np.zeros_like(loglik)
        part[first::apart] = loglik[first::apart]
        parts.append(part)
    return fit_bouts(parts, settings=settings, weight=1.0 / len(parts))


def _apart_s(rows: Rows, parameters: Parameters, smoothed: FloatArray, settings: CircuitSettings) -> int:
    """Twice as far apart as the cues, on average, say something new (prior); at most half a state."""
    longest = max(int(settings.state_s) // 2, 1)
    tempered, free = (fit_lambdas(rows, parameters, smoothed, settings, every_s=k) for k in (1, 10**9))
    worth = np.sum(tempered.graded) + np.sum(tempered.absolute)
    full = np.sum(free.graded) + np.sum(free.absolute)
    return int(np.clip(np.round(2.0 * full / worth), 1, longest)) if worth > 0 else 1


def fit_bouts(logliks: Sequence[FloatArray], *, settings: CircuitSettings, weight: float = 1.0) -> Bouts:
    """Learn durations by EM from one or more sessions with the same durations.

    Parameters
    ----------
    logliks : sequence of ndarray, shape (time, state)
        What each second of a session says for each state.
    settings : CircuitSettings
        Its durations are where EM starts and what the prior expects.
    weight : float
        What one session counts.

    Returns
    -------
    Bouts

    Notes
    -----
    Three probabilities are learned: that a state is left in a second, and that a move
    out of a safe, or of an unsafe, state crosses to the other side. Each has a beta
    prior (``PRIOR_MOVES``), so a step of EM is a division. Intervals come from the
    curvature of the penalised log-likelihood, in logits.
    """
    prior = _prior_counts(settings)
    shares = prior[0] / prior.sum(axis=0)
    steps, moved = 0, np.inf
    while moved >= TOLERANCE and steps < MAX_STEPS:
        yes, no = prior + _counts(logliks, shares, weight)
        moved = np.max(np.abs(np.log(_durations_s(yes / (yes + no)) / _durations_s(shares))))
        shares = yes / (yes + no)
        steps += 1

    def penalised(logits: FloatArray) -> float:
        here = expit(logits)
        prior_density = np.sum(prior[0] * np.log(here) + prior[1] * np.log1p(-here))
        return weight * _loglik(logliks, here) + float(prior_density)

    spread = _spread(penalised, logit(shares), shares)
    each = [
        Estimate(float(d), float(d * np.exp(-_Z95 * s)), float(d * np.exp(_Z95 * s)), method="penalised EM")
        for d, s in zip(_durations_s(shares), spread, strict=True)
    ]
    return Bouts(each[0], each[1], each[2], weight * _loglik(logliks, shares), steps)


def _prior_counts(settings: CircuitSettings) -> FloatArray:
    """Count what the prior adds: how often yes, and how often no, shape (2, 3)."""
    state_s = settings.state_s
    expected = np.array([1.0 / state_s, state_s / settings.safe_bout_s, state_s / settings.unsafe_bout_s])
    expected = np.clip(expected, 1e-3, 1.0 - 1e-3)
    # The first counts moves out of a state; the others divide such moves into those that cross and the rest.
    yes = PRIOR_MOVES * np.array([1.0, expected[1], expected[2]])
    return np.stack([yes, yes / expected - yes])


def _durations_s(shares: FloatArray) -> FloatArray:
    leave, from_safe, from_unsafe = shares
    return np.array([1.0 / (leave * from_safe), 1.0 / (leave * from_unsafe), 1.0 / leave])


def _moves(shares: FloatArray) -> FloatArray:
    safe_bout_s, unsafe_bout_s, state_s = _durations_s(shares)
    return transition_matrix(
        safe_bout_s=float(safe_bout_s), unsafe_bout_s=float(unsafe_bout_s), state_s=float(state_s)
    )


def _counts(logliks: Sequence[FloatArray], shares: FloatArray, weight: float) -> FloatArray:
    """Count what is expected, yes over no: states left, safe bouts left, unsafe bouts left. Shape (2, 3)."""
    moves = _moves(shares)
    start = stationary(moves)
    total = np.zeros_like(moves)
    for loglik in logliks:
        total += weight * expected_moves(forward_backward(loglik, moves, start), moves)
    stays = np.trace(total)
    crossed = [total[np.ix_(a, b)].sum() for a, b in ((SAFE, UNSAFE), (UNSAFE, SAFE))]
    within = [total[np.ix_(a, a)].sum() - np.trace(total[np.ix_(a, a)]) for a in (SAFE, UNSAFE)]
    return np.array([[sum(crossed) + sum(within), *crossed], [stays, *within]])


def _loglik(logliks: Sequence[FloatArray], shares: FloatArray) -> float:
    moves = _moves(shares)
    start = stationary(moves)
    return sum(forward(loglik, moves, start)[1] for loglik in logliks)


def _spread(penalised: Callable[[FloatArray], float], at: FloatArray, shares: FloatArray) -> FloatArray:
    """Return standard errors of the log durations, from the curvature at the maximum; inf where it is flat."""
    information = -curvature(penalised, at)
    leave, from_safe, from_unsafe = 1.0 - shares
    slopes = -np.array([[leave, from_safe, 0.0], [leave, 0.0, from_unsafe], [leave, 0.0, 0.0]])
    if np.linalg.eigvalsh(information)[0] <= 0:
        return np.full(3, np.inf)
    spread: FloatArray = np.sqrt(np.diag(slopes @ np.linalg.inv(information) @ slopes.T))
    return spread


def curvature(function: Callable[[FloatArray], float], at: FloatArray, step: float = _STEP) -> FloatArray:
    """Second derivatives by central differences, shape (n, n).

    Examples
    --------
    >>> curvature(lambda x: float(x[0] ** 2 + x[0] * x[1]), np.zeros(2)).round(6)
    array([[2., 1.],
           [1., 0.]])
    """
    n = len(at)
    unit = step * np.eye(n)
    out = np.empty((n, n))
    for i in range(n):
        for j in range(i + 1):
            corners = [
                a * b * function(at + a * unit[i] + b * unit[j]) for a in (1.0, -1.0) for b in (1.0, -1.0)
            ]
            out[i, j] = out[j, i] = sum(corners) / (4.0 * step**2)
    return out
