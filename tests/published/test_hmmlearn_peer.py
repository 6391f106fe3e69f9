"""The chain against hmmlearn, which none of us wrote."""

from __future__ import annotations

import numpy as np
import pytest

from coregulate.circuits import forward_backward, stationary, transition_matrix, viterbi

base = pytest.importorskip("hmmlearn.base", reason="hmmlearn is a dev extra")


class Given(base.BaseHMM):
    """Hmmlearn's chain over log-likelihoods that are handed in, its documented way to bring one's own density."""

    def _compute_log_likelihood(self, X):
        return X


def test_an_hour_has_the_same_likelihood_posterior_and_path():
    moves = transition_matrix(safe_bout_s=180.0, unsafe_bout_s=40.0, state_s=20.0)
    peer = Given(n_components=5, implementation="log")
    peer.startprob_, peer.transmat_ = stationary(moves), moves
    loglik = np.random.default_rng(0).normal(scale=1.5, size=(3600, 5))
    total, posterior = peer.score_samples(loglik)
    found = forward_backward(loglik, moves, stationary(moves))
    assert abs(found.loglik - total) < 1e-8
    np.testing.assert_allclose(found.smoothed, posterior, atol=1e-8)
    np.testing.assert_array_equal(viterbi(loglik, moves, stationary(moves)), peer.decode(loglik)[1])
