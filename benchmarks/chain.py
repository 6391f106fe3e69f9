"""Speed of the state chain beside hmmlearn, in the same run."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable

import numpy as np

from coregulate.circuits import fit_bouts, forward, forward_backward, stationary, transition_matrix
from coregulate.core import CircuitSettings

_MOVES = transition_matrix(safe_bout_s=180.0, unsafe_bout_s=40.0, state_s=20.0)


def rows() -> list[str]:
    """Rows of a table: an hour of two people's joint chain, and EM on a hundred hours."""
    moves, start = np.kron(_MOVES, _MOVES), np.kron(stationary(_MOVES), stationary(_MOVES))
    loglik = np.random.default_rng(0).normal(size=(3600, 25))
    forward_backward(loglik[:9], moves, start)
    ours = _seconds(lambda: (forward(loglik, moves, start), forward_backward(loglik, moves, start)))
    told = f"| an hour of two people, 25 joint states, filter and smoother | {ours:.4f} CPU-s |"
    if importlib.util.find_spec("hmmlearn"):
        from hmmlearn.base import BaseHMM

        class Given(BaseHMM):
            def _compute_log_likelihood(self, X):
                return X

        peer = Given(n_components=25)
        peer.startprob_, peer.transmat_ = start, moves
        told += f" hmmlearn's posterior: {_seconds(lambda: peer.score_samples(loglik)):.4f} |"
    return [told, _em()]


def _em() -> str:
    rng = np.random.default_rng(1)
    path = np.repeat(rng.choice(5, size=(100, 180), p=stationary(_MOVES)), 20, axis=1)
    hours = [np.eye(5)[p] + rng.normal(size=(3600, 5)) for p in path]
    found = []
    took = _seconds(lambda: found.append(fit_bouts(hours, settings=CircuitSettings())), best_of=1)
    return f"| EM to convergence ({found[0].steps} rounds) on 100 hours of one person | {took:.1f} CPU-s |"


def _seconds(work: Callable[[], object], best_of: int = 5) -> float:
    took = []
    for _ in range(best_of):
        begin = time.process_time()
        work()
        took.append(time.process_time() - begin)
    return min(took)
