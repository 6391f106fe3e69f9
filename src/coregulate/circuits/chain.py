"""Exact inference in a hidden Markov chain, compiled: linear in time, scaled so that 10 h do not underflow.

All functions take the transition matrix ``moves`` (from, to), the state shares
``start`` of the first second before it is seen, and ``loglik`` of shape
(time, state): what each second says for each state, 0 where it says nothing.
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
    """What forward-backward gives."""

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
            predict(filtered[t - 1], moves, ahead)
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
        predict(filtered[t], moves, ahead)
        total = 0.0
        for i in range(n):
            value = 0.0
            for j in range(n):
                if ahead[j] > 0.0:
                    value += moves[i, j] * smoothed[t + 1, j] / ahead[j]
            smoothed[t, i] = filtered[t, i] * value
            total += smoothed[t, i]
        for i in range(n):
            smoothed[t, i] /= total


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


def forward(loglik: FloatArray, moves: FloatArray, start: FloatArray) -> tuple[FloatArray, float]:
    """Return the filtered state probabilities, shape (time, state), and the log-likelihood.

    Second ``t`` is answered from seconds ``0..t`` only.
    """
    loglik = _ready(loglik)
    filtered = np.empty_like(loglik)
    total = _forward(loglik, _ready(moves), _ready(start), filtered)
    return filtered, total


def forward_backward(loglik: FloatArray, moves: FloatArray, start: FloatArray) -> Path:
    """Return smoothed and filtered probabilities, each (time, state), and the log-likelihood."""
    filtered, total = forward(loglik, moves, start)
    smoothed = np.empty_like(filtered)
    _backward(filtered, _ready(moves), smoothed)
    return Path(smoothed, filtered, total)


def viterbi(loglik: FloatArray, moves: FloatArray, start: FloatArray) -> NDArray[np.int64]:
    """Return the one most likely sequence of states, shape (time,)."""
    with np.errstate(divide="ignore"):
        log_moves, log_start = np.log(_ready(moves)), np.log(_ready(start))
    path = np.zeros(len(loglik), dtype=np.int64)
    _viterbi(_ready(loglik), log_moves, log_start, path)
    return path


def fixed_lag(filtered: FloatArray, moves: FloatArray, *, lag_steps: int) -> FloatArray:
    """Smooth filtered probabilities with only ``lag_steps`` seconds of what follows, shape (time, state)."""
    filtered = _ready(filtered)
    out = np.empty_like(filtered)
    _fixed_lag(filtered, _ready(moves), lag_steps, out)
    return out
