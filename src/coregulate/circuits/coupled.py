"""Whether the partner's cues shift a person's moves between safe and unsafe: an input-output chain."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from scipy.special import expit

from coregulate.core import CircuitSettings, Estimate, FloatArray

from .bouts import curvature
from .chain import expected_moves, forward, forward_backward
from .rows import Parameters, Rows, ledger
from .transitions import SAFE, UNSAFE, stationary

#: What nobody else can perceive: it cannot move the partner.
UNSEEN = frozenset({"heart", "skin", "rating", "correction"})
#: The partner's cues of the last 1 to 10 s count (prior).
WINDOW_S = 10
#: Smallest shift of a shuffled cue, in s (prior).
MIN_SHIFT_S = 30
#: Shuffles stop once this many did as well as the cues themselves (Besag & Clifford 1991, 10.1093/biomet/78.2.301); how many: prior.
ENOUGH = 10
# EM ends where no weight moves by more, or after so many rounds, each of so many Newton steps at most (prior).
_TOLERANCE = 5e-3
_MAX_STEPS = 50
_NEWTON_STEPS = 8
_Z95 = 1.959964  # normal quantile of .975


class Partner(NamedTuple):
    """Whether one person's moves went with the other's cues.

    ``weights``: by channel of the other, how much one standard deviation toward
    safety in the last 1 to 10 s shifts the log odds of moving toward safety;
    ``likelihood_ratio``: 2 x (coupled - uncoupled log-likelihood); ``p``: share of
    shuffled cues that reach it; ``shuffles``: how many were tried.
    """

    weights: dict[str, Estimate]
    likelihood_ratio: float
    p: float
    shuffles: int


class _Fit(NamedTuple):
    weights: FloatArray
    loglik: float


def seen_cues(rows: Rows, parameters: Parameters, settings: CircuitSettings) -> dict[str, FloatArray]:
    """Collect what another person could perceive, by channel, when it could be perceived.

    Returns
    -------
    dict of channel to ndarray, shape (time,)
        Mean log odds of safe over the last 1 to 10 s, in standard deviations from
        the session's mean; 0 where nothing was seen. A channel that never changes is left out.
    """
    each = ledger(rows, parameters._replace(lags_s=np.zeros(len(rows.names))), settings)
    odds = each[:, :, list(SAFE)].mean(axis=2) - each[:, :, list(UNSAFE)].mean(axis=2)
    channels = [*rows.channels, *(c.channel for c in rows.absolute for _ in c.names)]
    found = {}
    for channel in dict.fromkeys(c for c in channels if c not in UNSEEN):
        column = recent(odds[:, [c == channel for c in channels]])
        seen = np.isfinite(column)
        spread = column[seen].std() if seen.any() else 0.0
        if spread > 1e-9:
            found[channel] = np.where(seen, (column - column[seen].mean()) / spread, 0.0)
    return found


def recent(odds: FloatArray) -> FloatArray:
    """Mean of a channel's cues over the last 10 s, this second included, shape (time,); NaN where none was seen.

    Examples
    --------
    >>> recent(np.array([[1.0], [3.0], [np.nan]])).tolist()
    [1.0, 2.0, 2.0]
    """
    seen = np.isfinite(odds)
    total = np.concatenate([np.zeros(1), np.cumsum(np.where(seen, odds, 0.0).sum(axis=1))])
    count = np.concatenate([np.zeros(1), np.cumsum(seen.sum(axis=1))])
    stop = np.arange(1, len(odds) + 1)
    begin = np.maximum(stop - WINDOW_S, 0)
    n = count[stop] - count[begin]
    out: FloatArray = np.where(n > 0, (total[stop] - total[begin]) / np.maximum(n, 1), np.nan)
    return out


def fit_partner(
    loglik: FloatArray,
    inputs: dict[str, FloatArray],
    *,
    moves: FloatArray,
    settings: CircuitSettings,
    rng: np.random.Generator,
) -> Partner:
    """Fit the coupled and the uncoupled chain of one person, and compare them.

    Parameters
    ----------
    loglik : ndarray, shape (time, state)
        What each second of the person says for each state.
    inputs : dict of channel to ndarray, shape (time,)
        The partner's cues, from :func:`seen_cues`.
    moves : ndarray, shape (5, 5)
        Moves where the partner's cues are at their mean.
    settings : CircuitSettings
        ``shuffles``: at most so many shuffled cues.
    rng : Generator

    Returns
    -------
    Partner
        Empty weights and NaN without inputs or where the session is too short to shift by 30 s.

    Notes
    -----
    The log odds of crossing from unsafe to safe are shifted by the weights times the
    inputs, those of crossing from safe to unsafe by as much the other way. How often
    each side is left is fitted too, in both chains. All weights have a normal(0, 1)
    prior; penalised EM. A weight is an association in time: what drives both people
    at once has one too. Shuffling shifts the partner's cues in a circle.
    """
    n = len(loglik)
    if not inputs or n < 3 * MIN_SHIFT_S:
        return Partner({}, float("nan"), float("nan"), 0)
    start = stationary(moves)
    table = np.column_stack(list(inputs.values()))
    alone = _fit(loglik, np.zeros((n, 0)), moves, start, np.zeros(2))
    first = np.concatenate([alone.weights, np.zeros(table.shape[1])])
    coupled = _fit(loglik, table, moves, start, first)
    ratio = 2.0 * (coupled.loglik - alone.loglik)
    as_good, shuffles = 0, 0
    while shuffles < settings.shuffles and as_good < ENOUGH:
        moved = np.roll(table, int(rng.integers(MIN_SHIFT_S, n - MIN_SHIFT_S + 1)), axis=0)
        as_good += 2.0 * (_fit(loglik, moved, moves, start, first).loglik - alone.loglik) >= ratio
        shuffles += 1
    p = as_good / shuffles if as_good >= ENOUGH else (as_good + 1) / (shuffles + 1)
    return Partner(_estimates(loglik, table, moves, start, coupled, list(inputs)), ratio, p, shuffles)


@njit(cache=True)  # type: ignore[untyped-decorator]
def shifted_moves(moves: FloatArray, up: FloatArray, down: FloatArray) -> FloatArray:
    """Shift the log odds of crossing to safe by ``up`` and to unsafe by ``-down``, shape (time, 5, 5)."""
    out = np.empty((up.size, 5, 5))
    for t in range(up.size):
        to_safe, to_unsafe = np.exp(up[t]), np.exp(-down[t])
        for i in range(5):
            total = 0.0
            for j in range(5):
                factor = 1.0 if (i < 3) == (j < 3) else (to_unsafe if i < 3 else to_safe)
                out[t, i, j] = moves[i, j] * factor
                total += out[t, i, j]
            for j in range(5):
                out[t, i, j] /= total
    return out


def _shifts(weights: FloatArray, table: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Log odds of moving toward safety: from unsafe, and from safe, each with its own constant."""
    common = table[:-1] @ weights[2:]
    return weights[0] + common, weights[1] + common


def _fit(
    loglik: FloatArray, table: FloatArray, moves: FloatArray, start: FloatArray, weights: FloatArray
) -> _Fit:
    # Odds of crossing where nothing shifts them; every state of a side has the same.
    base = np.log([moves[a, list(b)].sum() / moves[a, list(s)].sum() for a, s, b in ((3, UNSAFE, SAFE), (0, SAFE, UNSAFE))])  # fmt: skip
    value = -np.inf
    for _ in range(_MAX_STEPS):
        each = shifted_moves(moves, *_shifts(weights, table))
        path = forward_backward(loglik, each, start)
        value = path.loglik
        new = _maximise(expected_moves(path, each), table, base, weights)
        moved = float(np.max(np.abs(new - weights)))
        if moved < _TOLERANCE:
            break
        weights = new
    return _Fit(weights, value)


def _maximise(counts: FloatArray, table: FloatArray, base: FloatArray, weights: FloatArray) -> FloatArray:
    """M step: logistic regression of expected crossings, normal(0, 1) prior, by Newton."""
    safe, unsafe = slice(0, UNSAFE[0]), slice(UNSAFE[0], None)
    n = len(counts)
    sides = [(unsafe, safe, 1.0, base[0], 0), (safe, unsafe, -1.0, base[1], 1)]
    designs, crossed, left = [], [], []
    for own, other, sign, _, column in sides:
        design = np.zeros((n, len(weights)))
        design[:, column] = sign
        design[:, 2:] = sign * table[:n]
        designs.append(design)
        crossed.append(counts[:, own, other].sum(axis=(1, 2)))
        left.append(counts[:, own, own].sum(axis=(1, 2)))
    x, yes = np.concatenate(designs), np.concatenate(crossed)
    n_each = yes + np.concatenate(left)
    offset = np.repeat(base, n)
    for _ in range(_NEWTON_STEPS):
        p = expit(offset + x @ weights)
        gradient = x.T @ (yes - n_each * p) - weights
        information = (x * (n_each * p * (1.0 - p))[:, None]).T @ x + np.eye(len(weights))
        step = np.linalg.solve(information, gradient)
        weights = weights + step
        if np.max(np.abs(step)) < _TOLERANCE / 10:
            break
    return weights


def _estimates(
    loglik: FloatArray,
    table: FloatArray,
    moves: FloatArray,
    start: FloatArray,
    fitted: _Fit,
    names: list[str],
) -> dict[str, Estimate]:
    def penalised(weights: FloatArray) -> float:
        each = shifted_moves(moves, *_shifts(weights, table))
        return forward(loglik, each, start)[1] - 0.5 * float(weights @ weights)

    variance = np.diag(np.linalg.pinv(-curvature(penalised, fitted.weights)))
    spread = np.sqrt(np.where(variance > 0, variance, np.inf))
    return {
        name: Estimate(float(w), float(w - _Z95 * s), float(w + _Z95 * s), method="penalised EM")
        for name, w, s in zip(names, fitted.weights[2:], spread[2:], strict=True)
    }
