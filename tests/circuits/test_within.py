"""Cues whose noise goes together: against scipy's multivariate normal, and the correlation that was put in."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import multivariate_normal, norm, t

from coregulate.circuits import infer_circuits
from coregulate.circuits.densities import each_loglik, joint_loglik
from coregulate.core import CircuitSettings
from coregulate.cues import Baseline, load_cuebook

BOOK = load_cuebook()
CALM = Baseline("calm_talk", (), True)


def against_first(loglik):
    return loglik - loglik[:, :1]


@pytest.fixture
def made():
    rng = np.random.default_rng(0)
    n = 4
    root = rng.normal(size=(n, n))
    covariance = root @ root.T + np.eye(n)
    spread = np.sqrt(np.diag(covariance))
    r = covariance / np.outer(spread, spread)
    return rng.normal(size=(50, n)), rng.normal(size=(n, 5)), rng.uniform(0.7, 1.5, (n, 5)), r


@pytest.mark.parametrize("missing", [(), (1,), (0, 3)])
def test_many_degrees_of_freedom_are_a_multivariate_normal(made, missing):
    z, means, scales, r = made
    weight = np.ones_like(z)
    weight[:, list(missing)] = 0.0
    found = joint_loglik(z, weight, means, scales, np.linalg.inv(r), np.ones(4), nu=1e8).sum(axis=1)
    there = np.setdiff1d(np.arange(4), missing)
    expected = np.column_stack([
        multivariate_normal(
            means[there, s], r[np.ix_(there, there)] * np.outer(scales[there, s], scales[there, s])
        ).logpdf(z[:, there])
        for s in range(5)
    ])  # fmt: skip
    np.testing.assert_allclose(against_first(found), against_first(expected), atol=1e-5)


def test_cues_that_have_nothing_in_common_are_as_before(made):
    z, means, scales, _ = made
    weight = np.random.default_rng(1).uniform(0.0, 1.0, z.shape) * (z > -1.0)
    one = joint_loglik(z, weight, means, scales, np.eye(4), np.ones(4), nu=5.0)
    other = each_loglik(z, weight, means, scales, nu=5.0)
    for i in range(4):
        np.testing.assert_allclose(against_first(one[:, i]), against_first(other[:, i]), atol=1e-12)


def test_the_root_of_the_loss_is_a_normal_score():
    """Two cues of one correlation, far from each other's tails and in them: against the copula by scipy."""
    r, nu = np.array([[1.0, 0.6], [0.6, 1.0]]), 5.0
    z = np.random.default_rng(2).uniform(-4.0, 4.0, (200, 2))
    means = np.array([[0.0, 1.0], [0.0, -0.5]])
    scales = np.array([[1.0, 1.3], [1.0, 1.0]])
    found = joint_loglik(z, np.ones_like(z), means, scales, np.linalg.inv(r), np.ones(2), nu=nu).sum(axis=1)
    expected = []
    for s in range(2):
        u = (z - means[:, s]) / scales[:, s]
        x = ndtri(t.cdf(u, nu))
        single = t.logpdf(u, nu).sum(axis=1) - np.log(scales[:, s]).sum()
        expected.append(single + multivariate_normal([0, 0], r).logpdf(x) - norm.logpdf(x).sum(axis=1))
    np.testing.assert_allclose(found[:, 1] - found[:, 0], expected[1] - expected[0], atol=0.1)


def test_the_correlation_that_was_put_in_is_found(sim):
    rng = np.random.default_rng(3)
    path = sim.states(3600, rng)
    for within in (0.0, 0.5):
        # At once: two cues that are read ahead by different lags have less of a common noise left.
        z = sim.z(path, ("face", "heart"), rng, within=within, independent=True)
        found = infer_circuits(
            sim.dataset({"a": z}, 3600), {"a": CALM}, book=BOOK, settings=CircuitSettings()
        )
        matrix, factor = found.within["a"]
        channel = np.array([BOOK.cues[name].channel for name in found.offsets["a"]])
        r = np.linalg.inv(matrix) * factor
        same = channel[:, None] == channel
        assert not matrix[~same].any()
        apart = r[same & ~np.eye(len(r), dtype=bool)]
        assert abs(apart.mean() - within) < 0.1
        assert found.states.notnull().all()
