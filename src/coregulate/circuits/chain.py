"""Exact inference in a hidden Markov chain, compiled: linear in time, scaled so that 10 h do not underflow.

All functions take the transition matrix ``moves`` (from, to), the state shares
``start`` of the first second before it is seen, and ``loglik`` of shape
(time, state): what each second says for each state, 0 where it says nothing.
``moves`` may also be (time, from, to): its row t then leads from second t to t + 1.
Any number of states will do: the joint chain of two people who move apart has
``np.kron(moves_a, moves_b)``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from coregulate.core import FloatArray

# The smallest likelihood ratio within one second: keeps a state's mass above 0 whatever a second says.
_FLOOR = -600.0


class Path(NamedTuple):
    """What forward-backward gives: probabilities, both (time, state), and the log-likelihood of all, nats."""

    smoothed: FloatArray
    filtered: FloatArray
    loglik: float


@njit(cache=True)  # type: ignore[untyped-decorator]
def step(before: FloatArray, loglik: FloatArray, after: FloatArray) -> float:
    """Fold one second into the predicted shares ``before``; write ``after``; return its log-likelihood."""
    top = loglik.max()
    total = 0.0
    for s in range(before.size):
        after[s] = before[s] * np.exp(max(loglik[s] - top, _FLOOR))
        total += after[s]
    for s in range(before.size):
        after[s] /= total
    return float(np.log(total) + top)


@njit(cache=True)  # type: ignore[untyped-decorator]
def predict(now: FloatArray, moves: FloatArray, ahead: FloatArray) -> None:
    """Write the shares of the next second, before it is seen, into ``ahead``."""
    n = now.size
    for j in range(n):
        total = 0.0
        for i in range(n):
            total += now[i] * moves[i, j]
        ahead[j] = total


@njit(cache=True)  # type: ignore[untyped-decorator]
def _forward(loglik: FloatArray, moves: FloatArray, start: FloatArray, filtered: FloatArray) -> float:
    ahead = start.copy()
    total = 0.0
    for t in range(loglik.shape[0]):
        if t > 0:
            predict(filtered[t - 1], moves[min(t - 1, moves.shape[0] - 1)], ahead)
        total += step(ahead, loglik[t], filtered[t])
    return total


@njit(cache=True)  # type: ignore[untyped-decorator]
def _backward(filtered: FloatArray, moves: FloatArray, smoothed: FloatArray) -> None:
    # Rauch-Tung-Striebel form: divides by the prediction, so it needs no second scaling.
    n_times, n = filtered.shape
    if n_times == 0:
        return
    ahead = np.empty(n)
    smoothed[n_times - 1] = filtered[n_times - 1]
    for t in range(n_times - 2, -1, -1):
        now = moves[min(t, moves.shape[0] - 1)]
        _revise(filtered[t], now, smoothed[t + 1], ahead)
        total = 0.0
        for i in range(n):
            value = 0.0
            for j in range(n):
                value += now[i, j] * ahead[j]
            smoothed[t, i] = filtered[t, i] * value
            total += smoothed[t, i]
        for i in range(n):
            smoothed[t, i] /= total


@njit(cache=True)  # type: ignore[untyped-decorator]
def _revise(now: FloatArray, moves: FloatArray, later: FloatArray, out: FloatArray) -> None:
    """Write how much likelier each next state became by all that was seen later into ``out``."""
    predict(now, moves, out)
    for j in range(out.size):
        out[j] = later[j] / out[j] if out[j] > 0.0 else 0.0


@njit(cache=True)  # type: ignore[untyped-decorator]
def _expected(filtered: FloatArray, smoothed: FloatArray, moves: FloatArray, out: FloatArray) -> None:
    n_times, n = filtered.shape
    ahead = np.empty(n)
    for t in range(n_times - 1):
        now = moves[min(t, moves.shape[0] - 1)]
        _revise(filtered[t], now, smoothed[t + 1], ahead)
        row = out[min(t, out.shape[0] - 1)]
        for i in range(n):
            for j in range(n):
                row[i, j] += filtered[t, i] * now[i, j] * ahead[j]


@njit(cache=True)  # type: ignore[untyped-decorator]
def _viterbi(
    loglik: FloatArray, log_moves: FloatArray, log_start: FloatArray, path: NDArray[np.int64]
) -> None:
    n_times, n = loglik.shape
    if n_times == 0:
        return
    back = np.zeros((n_times, n), dtype=np.int8)
    best = log_start + loglik[0]
    fresh = np.empty(n)
    for t in range(1, n_times):
        for j in range(n):
            top, who = -np.inf, 0
            for i in range(n):
                value = best[i] + log_moves[i, j]
                if value > top:
                    top, who = value, i
            fresh[j] = top + loglik[t, j]
            back[t, j] = who
        best[:] = fresh - fresh.max()
    path[n_times - 1] = np.argmax(best)
    for t in range(n_times - 1, 0, -1):
        path[t - 1] = back[t, path[t]]


@njit(cache=True)  # type: ignore[untyped-decorator]
def _fixed_lag(filtered: FloatArray, moves: FloatArray, lag: int, out: FloatArray) -> None:
    for t in range(filtered.shape[0]):
        stop = min(t + lag + 1, filtered.shape[0])
        window = np.empty((stop - t, filtered.shape[1]))
        _backward(filtered[t:stop], moves, window)
        out[t] = window[0]


def _ready(values: FloatArray) -> FloatArray:
    return np.ascontiguousarray(values, dtype=np.float64)


def _each(moves: FloatArray) -> FloatArray:
    """One matrix for all seconds, or one for each, as (n, from, to)."""
    return _ready(moves[None] if moves.ndim == 2 else moves)


def forward(loglik: FloatArray, moves: FloatArray, start: FloatArray) -> tuple[FloatArray, float]:
    """Filter: answer second ``t`` from seconds ``0..t`` only.

    Parameters
    ----------
    loglik : ndarray, shape (time, state)
        Log-likelihood of each second in each state, nats; 0 throughout where nothing was seen.
    moves : ndarray, shape (state, state), or (time - 1, state, state)
        Probability of each move in a second; rows sum to 1.
    start : ndarray, shape (state,)
        Probabilities of the first second.

    Returns
    -------
    filtered : ndarray, shape (time, state)
    loglik : float
        Of all seconds, nats.
    """
    loglik = _ready(loglik)
    filtered = np.empty_like(loglik)
    total = _forward(loglik, _each(moves), _ready(start), filtered)
    return filtered, total


def forward_backward(loglik: FloatArray, moves: FloatArray, start: FloatArray) -> Path:
    """Smooth: answer every second from all of them.

    Parameters
    ----------
    loglik, moves, start : ndarray
        As :func:`forward` takes them.

    Returns
    -------
    Path
    """
    filtered, total = forward(loglik, moves, start)
    smoothed = np.empty_like(filtered)
    _backward(filtered, _each(moves), smoothed)
    return Path(smoothed, filtered, total)


def expected_moves(path: Path, moves: FloatArray) -> FloatArray:
    """Return how often each move is expected to have happened, given all that was seen.

    Parameters
    ----------
    path : Path
        As :func:`forward_backward` gives it.
    moves : ndarray, shape (state, state) or (time - 1, state, state)
        What it was made with.

    Returns
    -------
    ndarray, shape (state, state), or (time - 1, state, state) where ``moves`` change
        Sums to the number of steps, or to 1 at each step.
    """
    each = _each(moves)
    n_times, n = path.filtered.shape
    out = np.zeros((1 if moves.ndim == 2 else max(n_times - 1, 0), n, n))
    if n_times > 1:
        _expected(path.filtered, path.smoothed, each, out)
    return out[0] if moves.ndim == 2 else out


def viterbi(loglik: FloatArray, moves: FloatArray, start: FloatArray) -> NDArray[np.int64]:
    """Return the one most likely sequence of states.

    Parameters
    ----------
    loglik, moves, start : ndarray
        As :func:`forward` takes them; ``moves`` is one matrix for all seconds.

    Returns
    -------
    ndarray of int, shape (time,)
    """
    with np.errstate(divide="ignore"):
        log_moves, log_start = np.log(_ready(moves)), np.log(_ready(start))
    path = np.zeros(len(loglik), dtype=np.int64)
    _viterbi(_ready(loglik), log_moves, log_start, path)
    return path


def fixed_lag(filtered: FloatArray, moves: FloatArray, *, lag_steps: int) -> FloatArray:
    """Smooth filtered probabilities with only so many seconds of what follows.

    Parameters
    ----------
    filtered : ndarray, shape (time, state)
    moves : ndarray, shape (state, state)
        One matrix for all seconds.
    lag_steps : int
        Seconds of the future that are looked at; 0 leaves them as they are.

    Returns
    -------
    ndarray, shape (time, state)
    """
    filtered = _ready(filtered)
    out = np.empty_like(filtered)
    _fixed_lag(filtered, _each(moves), lag_steps, out)
    return out
