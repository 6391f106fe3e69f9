"""Calibration against scikit-learn's own figures, and what a temperature mends."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from coregulate.circuits import (
    brier_parts,
    calibration_error,
    fit_temperature,
    forced_error,
    leave_one_out,
    reliability_curve,
    tempered,
)
from coregulate.core import InputError


@pytest.fixture(scope="module")
def drawn() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    p = rng.beta(0.7, 0.5, 20_000)
    return p, (rng.random(20_000) < p).astype(float)


def test_curve_and_score_are_those_of_scikit_learn(drawn) -> None:
    p, y = drawn
    overconfident = tempered(p, 0.5)
    curve = reliability_curve(overconfident, y)
    often, mean = calibration_curve(y, overconfident, n_bins=10)
    np.testing.assert_allclose(curve.frequency, often, atol=1e-12)
    np.testing.assert_allclose(curve.probability, mean, atol=1e-12)
    assert brier_parts(overconfident, y).score == pytest.approx(brier_score_loss(y, overconfident), abs=1e-12)


def test_the_parts_of_the_score_add_up_exactly_where_boxes_hold_one_value() -> None:
    rng = np.random.default_rng(1)
    p = rng.integers(0, 10, 5000) / 10 + 0.05
    parts = brier_parts(p, rng.random(5000) < p**2)
    assert parts.within == pytest.approx(0.0, abs=1e-12)
    assert parts.score == pytest.approx(parts.reliability - parts.resolution + parts.uncertainty, abs=1e-12)
    assert parts.reliability > 0.02  # p is said, p squared happens


def test_temperature_mends_what_was_too_sure(drawn) -> None:
    p, y = drawn
    boast = tempered(p, 1 / 3)
    temperature = fit_temperature(boast, y)
    assert temperature == pytest.approx(3.0, rel=0.05)
    assert calibration_error(boast, y) > 0.1
    assert calibration_error(tempered(boast, temperature), y) < 0.02
    assert calibration_error(p, y) < 0.02


def test_nobody_is_mended_with_their_own_labels(drawn) -> None:
    p, y = drawn
    boast = np.where(np.arange(len(p)) % 2, tempered(p, 1 / 3), p)
    person = ["ann" if k % 2 else "bo" for k in range(len(p))]
    mended, temperatures = leave_one_out(boast, y, person)
    assert temperatures["ann"] == pytest.approx(1.0, abs=0.1)  # fitted on Bo, who did not boast
    assert temperatures["bo"] == pytest.approx(3.0, abs=0.2)
    np.testing.assert_allclose(mended[1::2], tempered(boast[1::2], temperatures["ann"]))
    with pytest.raises(InputError, match="one person"):
        leave_one_out(p, y, ["ann"] * len(p))


def test_not_known_is_good_where_a_forced_answer_would_have_been_wrong() -> None:
    said = np.array([0.9, 0.9, np.nan, np.nan, 0.2])
    forced = np.array([0.9, 0.9, 0.6, 0.6, 0.2])
    assert forced_error(said, forced, [1, 1, 0, 1, 0]) == (0.5, 0.0)
    assert np.isnan(forced_error([0.9], [0.9], [1])[0])


@pytest.mark.parametrize(
    ("p", "y", "what"),
    [([0.5], [1, 0], "truth"), ([np.nan], [1], "known"), ([1.5], [1], "0 to 1")],
)
def test_bad_input_is_said(p, y, what) -> None:
    with pytest.raises(InputError, match=what):
        calibration_error(p, y)
