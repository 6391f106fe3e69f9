"""The likelihood, its derivatives, stability and the gain, against independent computation."""

from __future__ import annotations

import numpy as np
import pytest
from oscillator_pairs import STEPS_A_SECOND, random_truth, simulate, walk
from scipy.linalg import expm

from coregulate.bond.gain import partner_share, stability_gain
from coregulate.bond.oscillators import COUPLED, evaluate, fit_all, fit_rival, stable
from coregulate.bond.prepare import OMEGA_REF, binned, spectra, whole


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(1)
    a, b = simulate(random_truth(rng, 0.5, 1), 1200, rng)
    return spectra(
        [(whole([a], 1.0, normalise_bursts=False)[0], whole([b], 1.0, normalise_bursts=False)[0])], 1.0
    )


@pytest.fixture
def theta():
    theta = random_truth(np.random.default_rng(2), 0.6, 1)
    theta[10:12] = -3.0
    theta[12:] = [0.3, 0.4, -0.3, 0.2, 0.3]
    return theta


def spectrum(theta, w, late=0.0, corner=np.inf):
    e, z, s = np.exp(theta[0:2]), np.exp(theta[2:4]), 1j * w
    heard = np.exp(-s * late)
    k = np.array(
        [
            [s**2 + z[0] * s + e[0], -(theta[4] + theta[5] * s) * heard],
            [-(theta[6] + theta[7] * s) * heard, s**2 + z[1] * s + e[1]],
        ]
    )
    q1, q2 = np.exp(theta[8:10])
    shared = np.tanh(theta[12]) * np.sqrt(q1 * q2)
    inverse = np.linalg.inv(k)
    signal = 2 * np.exp(theta[15]) / (np.exp(2 * theta[15]) + w**2)
    delay = 13 * 2 * np.pi * 0.03 * np.tanh(theta[16])
    g = np.array([theta[13] * np.exp(1j * w * delay), theta[14]])
    own = inverse @ np.array([[q1, shared], [shared, q2]]) @ inverse.conj().T
    rest = np.exp(theta[10:12]) / (1 + (w / corner) ** 2)
    return own + np.diag(rest) + signal * np.outer(g, g.conj())


@pytest.mark.parametrize(("late", "corner"), [(0.0, np.inf), (5 * OMEGA_REF, np.inf), (0.0, 2.0)])
def test_the_likelihood_is_the_written_one(data, theta, late, corner):
    data = data._replace(late=late, rest=corner)
    cost = 0.0
    for k, w in enumerate(data.omega):
        s = spectrum(theta, w, late, corner)
        i = np.array([[data.i11[k], data.i12[k]], [data.i12[k].conj(), data.i22[k]]])
        cost += np.log(np.linalg.det(s).real) + np.trace(np.linalg.inv(s) @ i).real
    cost += 0.125 * np.sum(theta[:4] ** 2)
    assert evaluate(theta, data, ())[0] == pytest.approx(cost, rel=1e-10)


@pytest.mark.parametrize(("late", "corner"), [(0.0, np.inf), (5 * OMEGA_REF, np.inf), (0.0, 2.0)])
def test_gradient_and_fisher_matrix_are_the_derivatives(data, theta, late, corner):
    data = data._replace(late=late, rest=corner)
    at = late, corner
    free = tuple(range(17))
    _, grad, fisher = evaluate(theta, data, free)
    step = 1e-5
    slopes = []
    for i in range(17):
        up, down = theta.copy(), theta.copy()
        up[i] += step
        down[i] -= step
        numeric = (evaluate(up, data, ())[0] - evaluate(down, data, ())[0]) / (2 * step)
        assert grad[i] == pytest.approx(numeric, rel=1e-4, abs=1e-3)
        slopes.append([(spectrum(up, w, *at) - spectrum(down, w, *at)) / (2 * step) for w in data.omega])
    for i, j in ((0, 5), (4, 12), (7, 9), (13, 16), (11, 15)):
        wanted = 0.0
        for k, w in enumerate(data.omega):
            inverse = np.linalg.inv(spectrum(theta, w, *at))
            wanted += np.trace(inverse @ slopes[i][k] @ inverse @ slopes[j][k]).real
        assert fisher[i, j] == pytest.approx(wanted, rel=1e-4, abs=1e-3)


def test_bursts_common_to_both_widen_the_likelihood_as_much_as_they_scatter_the_cross_spectrum():
    rng = np.random.default_rng(11)
    n = 900
    size = np.exp(1.2 * np.sin(np.arange(n) / 30))
    told, seen = {}, {}
    for name, sizes in {"steady": (1, 1), "together": (size, size), "apart": (size, 1 / size)}.items():
        drawn = [spectra([tuple(rng.standard_normal(n) * m for m in sizes)], 1.0) for _ in range(200)]
        told[name] = np.mean([d.spread * d.swell for d in drawn])
        # Each draw's sum over frequencies, in units of what independent frequencies would scatter by.
        own = sum(d.i11.mean() * d.i22.mean() for d in drawn) / len(drawn)
        cross = np.array([d.i12.sum() for d in drawn]) / np.sqrt(own * len(drawn[0].omega))
        seen[name] = np.mean(np.abs(cross) ** 2)
    assert seen["together"] > 1.5 * seen["steady"]
    assert told["together"] == pytest.approx(seen["together"], rel=0.15)
    assert told["steady"] == pytest.approx(seen["steady"], rel=0.15)
    assert told["apart"] == pytest.approx(told["steady"], rel=0.05)  # less scatter is not counted on


def test_nested_fits_are_nested(data):
    fits = fit_all(data)
    assert fits.coupled.cost <= min(fits.without_12.cost, fits.without_21.cost) + 1e-3
    assert max(fits.without_12.cost, fits.without_21.cost) <= fits.uncoupled.cost + 1e-3
    assert fit_rival(data, fits.uncoupled.theta).plain_cost <= fits.uncoupled.plain_cost + 1.0
    assert np.abs(evaluate(fits.coupled.theta, data, COUPLED)[1]).max() < 1.0  # at rest


def state_matrix(theta):
    e, z = np.exp(theta[0:2]), np.exp(theta[2:4])
    return np.array(
        [
            [0, 1, 0, 0],
            [-e[0], -z[0], theta[4], theta[5]],
            [0, 0, 0, 1],
            [theta[6], theta[7], -e[1], -z[1]],
        ]
    )


def test_stability_agrees_with_the_eigenvalues():
    rng = np.random.default_rng(3)
    theta = np.zeros((300, 17))
    theta[:, :4] = rng.normal(0, 1, (300, 4))
    theta[:, 4:8] = rng.normal(0, 1.5, (300, 4))
    wanted = [np.linalg.eigvals(state_matrix(t)).real.max() < 0 for t in theta]
    assert 50 < sum(wanted) < 250
    assert stable(theta).tolist() == wanted


def test_the_gain_is_the_integral_of_the_way_back():
    theta = random_truth(np.random.default_rng(4), 0.8, 1)
    step = expm(state_matrix(theta) * 0.005)
    alone = 1 / (2 * np.exp(theta[0:2] + theta[2:4]))
    for person, start in enumerate((1, 3)):
        x = np.zeros(4)
        x[start] = 1.0
        total = 0.0
        for _ in range(40000):
            total += x[start - 1] ** 2 * 0.005
            x = step @ x
        gain = np.log(alone[person] / total)
        assert stability_gain(theta[None])[0, person] == pytest.approx(gain, abs=2e-3)


def way_back(theta, late_s, person, seconds=900):
    """Path (n, 2) after a push to a person, the other heard late, in steps of a tenth of a second."""
    n = seconds * STEPS_A_SECOND
    push = np.zeros((n, 2))
    push[1, person] = 1.0
    own, pull = (np.exp(theta[0:2]), np.exp(theta[2:4])), theta[4:8].reshape(2, 2).copy()
    late = round(late_s * STEPS_A_SECOND)
    return walk(*own, pull, np.ones(2), np.zeros(n), np.ones(n), push, late, 0.0)[:, [0, 2]]


def test_heard_late_the_gain_is_that_of_the_late_answer():
    theta = random_truth(np.random.default_rng(9), 0.8, 1)
    alone = theta.copy()
    alone[4:8] = 0.0
    both = [[np.sum(way_back(t, 6.0, i)[:, i] ** 2) for i in (0, 1)] for t in (alone, theta)]
    late = stability_gain(theta[None], 6.0 * OMEGA_REF)[0]
    assert late == pytest.approx(np.log(both[0]) - np.log(both[1]), abs=0.02)
    assert np.abs(late - stability_gain(theta[None])[0]).min() > 0.1  # the delay is not nothing
    assert stability_gain(theta[None], 1e-9)[0] == pytest.approx(stability_gain(theta[None])[0], abs=1e-3)


def test_late_answers_are_stable_where_they_do_not_grow():
    rng = np.random.default_rng(10)
    rows = [random_truth(rng, rng.uniform(0.4, 1.2), 1) for _ in range(40)]
    said = stable(np.array(rows), 8.0 * OMEGA_REF).tolist()
    ends = [np.abs(way_back(t, 8.0, 0, 3000).reshape(10, -1)).max(axis=1) for t in rows]
    assert said == [bool(end[-1] < end[1]) for end in ends]
    assert 5 < sum(said) < 35


def test_without_a_partner_there_is_nothing_to_gain():
    theta = random_truth(np.random.default_rng(5), 0.0, 0)
    assert stability_gain(theta[None])[0] == pytest.approx([0, 0], abs=1e-9)
    assert partner_share(theta[None], np.linspace(0.1, 5, 50))[0].tolist() == [0, 0]
    theta[4] = theta[6] = 50.0
    assert np.isneginf(stability_gain(theta[None])).all()


def test_the_share_is_the_share_of_simulated_variance():
    rng = np.random.default_rng(6)
    theta = random_truth(rng, 0.8, 1)
    silent = theta.copy()
    silent[9] = -30.0  # the second has no shocks of their own

    def variance(t):
        s = np.array([spectrum(np.r_[t[:10], -40, -40, 0, 0, 0, 0, 0], w)[0, 0].real for w in omega])
        return s.sum()

    omega = np.linspace(0.05, 6, 400)
    wanted = 1 - variance(silent) / variance(theta)
    assert partner_share(theta[None], omega)[0, 0] == pytest.approx(wanted, rel=1e-6)


def test_bins_hold_the_mean_and_gaps_stay_gaps():
    x = np.array([1.0, 3.0, np.nan, 5.0, np.nan, np.nan, 7.0, 9.0])
    got = binned(x, 2.0, 1.0)
    assert got[:2].tolist() == [2.0, 5.0]
    assert np.isnan(got[2])
    assert got[3] == 8.0
    assert binned(x, 2.0, 1.0, n=2, offset_s=-3.0).tolist() == pytest.approx([8.0, np.nan], nan_ok=True)
