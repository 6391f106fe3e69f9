"""The chain against brute force, and what the prior says."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from coregulate.circuits import (
    fixed_lag,
    forward_backward,
    stationary,
    student_divergence,
    transition_matrix,
    viterbi,
)
from coregulate.core import InputError

MOVES = transition_matrix(safe_bout_s=180.0, unsafe_bout_s=40.0, state_s=20.0)
START = stationary(MOVES)


def test_matrix_is_the_published_prior():
    expected = np.array(
        [
            [0.95, 0.02222, 0.02222, 0.00278, 0.00278],
            [0.02222, 0.95, 0.02222, 0.00278, 0.00278],
            [0.02222, 0.02222, 0.95, 0.00278, 0.00278],
            [0.00833, 0.00833, 0.00833, 0.95, 0.025],
            [0.0125, 0.0, 0.0125, 0.025, 0.95],
        ]
    )
    np.testing.assert_allclose(MOVES, expected, atol=5e-6)
    np.testing.assert_allclose(MOVES.sum(axis=1), 1.0)
    assert START[:3].sum() == pytest.approx(9 / 11)
    np.testing.assert_allclose(START @ MOVES, START, atol=1e-12)


def test_a_state_longer_than_its_bout_is_refused():
    with pytest.raises(InputError, match="state_s"):
        transition_matrix(safe_bout_s=180.0, unsafe_bout_s=10.0, state_s=20.0)


def test_divergence_of_student_densities():
    values = [student_divergence(d) for d in (0.5, 1.0, 2.0)]
    np.testing.assert_allclose(values, [0.185, 0.717, 2.54], atol=0.002)
    assert student_divergence(0.0, 1.0, 1.5) == pytest.approx(student_divergence(0.0, 1.5, 1.0), rel=1e-6)
    rng = np.random.default_rng(0)  # a Monte Carlo answer for unequal scales
    x, y = rng.standard_t(5, 400_000), 0.7 + 1.5 * rng.standard_t(5, 400_000)
    ratio = [np.log1p(((v - 0.7) / 1.5) ** 2 / 5) * 3 + np.log(1.5) - np.log1p(v**2 / 5) * 3 for v in (x, y)]
    assert student_divergence(0.7, 1.0, 1.5) == pytest.approx(ratio[0].mean() - ratio[1].mean(), abs=0.01)


def test_inference_equals_enumeration():
    rng = np.random.default_rng(1)
    loglik = rng.normal(scale=2.0, size=(4, 5))
    total, marginal, best, best_weight = 0.0, np.zeros((4, 5)), (), 0.0
    for path in itertools.product(range(5), repeat=4):
        weight = START[path[0]] * np.exp(loglik[0, path[0]])
        for t in range(1, 4):
            weight *= MOVES[path[t - 1], path[t]] * np.exp(loglik[t, path[t]])
        total += weight
        marginal[range(4), path] += weight
        if weight > best_weight:
            best, best_weight = path, weight
    found = forward_backward(loglik, MOVES, START)
    np.testing.assert_allclose(found.smoothed, marginal / total, atol=1e-12)
    assert found.loglik == pytest.approx(np.log(total))
    assert tuple(viterbi(loglik, MOVES, START)) == best
    np.testing.assert_allclose(fixed_lag(found.filtered, MOVES, lag_steps=9), found.smoothed, atol=1e-12)
    for t in range(2):  # a fixed lag is the smoother of what came until then
        part = forward_backward(loglik[: t + 3], MOVES, START).smoothed[t]
        np.testing.assert_allclose(fixed_lag(found.filtered, MOVES, lag_steps=2)[t], part, atol=1e-12)


def test_ten_hours_stay_stable():
    rng = np.random.default_rng(2)
    loglik = rng.normal(scale=3.0, size=(36_000, 5))
    loglik[1000:3000] = [0.0, -900.0, 0.0, -900.0, 900.0]  # far beyond what exp can hold
    found = forward_backward(loglik, MOVES, START)
    np.testing.assert_allclose(found.smoothed.sum(axis=1), 1.0, atol=1e-9)
    assert np.isfinite(found.filtered).all()
    assert np.isfinite(found.loglik)
    assert found.smoothed[2000, 4] > 0.999


def test_without_evidence_the_prior_stands():
    found = forward_backward(np.zeros((500, 5)), MOVES, START)
    np.testing.assert_allclose(found.smoothed, np.tile(START, (500, 1)), atol=1e-9)
