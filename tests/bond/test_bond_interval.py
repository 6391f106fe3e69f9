"""The interval of the gain, against an optimiser that knows nothing of it; the link test, against draws."""

from __future__ import annotations

import numpy as np
import pytest
from oscillator_pairs import random_truth, simulate
from scipy.optimize import minimize

from coregulate.bond.gain import stability_gain
from coregulate.bond.interval import likelihood_bound, likelihood_interval
from coregulate.bond.links import by_cross_spectrum, by_likelihood
from coregulate.bond.oscillators import COUPLED, Fits, evaluate, fit_all, fit_uncoupled, stable
from coregulate.bond.prepare import spectra, whole


def copy_of(a, b):
    return spectra([tuple(whole([x], 1.0, normalise_bursts=False)[0] for x in (a, b))], 1.0)


def mean_gain(theta):
    return stability_gain(theta).mean(axis=1)


@pytest.fixture(scope="module")
def fitted():
    rng = np.random.default_rng(7)
    data = copy_of(*simulate(random_truth(rng, 0.8, 1), 1800, rng))
    return fit_all(data), data


@pytest.mark.parametrize("end", [0, 1])
def test_at_each_end_the_best_fit_with_that_gain_is_just_allowed(fitted, end):
    fits, data = fitted
    fit, index = fits.coupled, list(COUPLED)
    wanted = likelihood_interval(fit, data, mean_gain)[end]

    def cost(x):
        theta = fit.theta.copy()
        theta[index] = x
        if not stable(theta):
            return 1e4
        return min(
            evaluate(theta, data, ())[0] - fit.cost + 1e4 * (mean_gain(theta[None])[0] - wanted) ** 2, 1e4
        )

    found = minimize(cost, fit.theta[index], method="BFGS", options={"maxiter": 500})
    # 1.92 log-likelihoods, the half of chi2(1) at 95 %, times what the taper widens.
    assert found.fun == pytest.approx(data.spread * 1.92, abs=0.1)


def test_a_lower_level_lies_inside(fitted):
    fits, data = fitted
    wide, narrow = (likelihood_interval(fits.coupled, data, mean_gain, level=q) for q in (0.95, 0.8))
    assert wide[0] < narrow[0] < mean_gain(fits.coupled.theta[None])[0] < narrow[1] < wide[1]
    assert likelihood_bound(fits.coupled, data, mean_gain, 1.0, level=0.975) == wide[1]


def test_p_of_a_link_is_uniform_where_there_is_none_and_small_where_there_is():
    rng = np.random.default_rng(8)
    p = []
    for _ in range(120):
        data = copy_of(*simulate(random_truth(rng, 0.0, 0), 900, rng))
        alone = fit_uncoupled(data)
        p.append(by_cross_spectrum(Fits(alone, alone, alone, alone), data).p_any)
    assert np.mean(np.array(p) < 0.05) <= 0.11  # 120 draws: 0.05 has an SD of 0.02
    assert np.mean(np.array(p) < 0.5) == pytest.approx(0.5, abs=0.14)
    data = copy_of(*simulate(random_truth(rng, 0.8, 1), 1800, rng))
    assert by_cross_spectrum(fit_all(data), data).p_any < 1e-3


@pytest.mark.parametrize("test", [by_cross_spectrum, by_likelihood])
def test_directions_tell_who_drives_whom(test):
    rng = np.random.default_rng(9)
    theta = random_truth(rng, 0.0, 0)
    theta[6] = 0.6 * np.exp(theta[1])  # the first drives the second
    data = copy_of(*simulate(theta, 1800, rng))
    found = test(fit_all(data), data)
    assert found.p21 < 1e-3
    assert found.p12 > 0.05
