from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coregulate.core import CueSettings, Segment, Signal
from coregulate.cues import Baseline, build_cues, load_cuebook, normalise

BOOK = load_cuebook()
HEART = BOOK.cues["heart_period"]


def heart(values, baseline, rate_hz=1.0):
    values = np.asarray(values, dtype=float)
    cues, _ = build_cues(
        ["a"], {"a": {"heart_period": Signal(values, rate_hz, 0.0, "ms")}}, {}, {}, {},
        duration_s=len(values) / rate_hz, settings=CueSettings(), book=BOOK,
    )  # fmt: skip
    z = normalise(cues, {"a": baseline}, book=BOOK)["heart_period"]
    return np.asarray(z.sel(person="a"), dtype=float), z.attrs


def calm(n, location=900.0, spread=30.0, seed=0):
    return location + spread * np.random.default_rng(seed).standard_normal(n)


def test_a_rest_lies_at_the_expected_mean_of_still():
    z, attrs = heart(calm(1200), Baseline("rest", (Segment(0, 600),), True))
    assert np.mean(z) == pytest.approx(HEART.means["still"], abs=0.1)
    assert np.std(z) == pytest.approx(1.0, abs=0.1)
    assert attrs["units"] == "z"
    assert attrs["physical_unit"] == "ms"
    assert "rest" in attrs["baseline"]


def test_two_baselines_of_one_person_share_the_origin():
    rest = calm(1200, 900.0, 50.0)
    talk = calm(1200, 900.0 - 0.2 * 50.0, 50.0, seed=1)  # half social, half still: 0.2 below still
    both = np.concatenate([rest, talk, calm(300, 850.0, 50.0, seed=2)])
    one, _ = heart(both, Baseline("rest", (Segment(0, 1200),), True))
    other, _ = heart(both, Baseline("calm_talk", (Segment(1200, 2400),), True))
    assert np.mean(one[24000:]) == pytest.approx(np.mean(other[24000:]), abs=0.1)


def test_few_seconds_are_drawn_to_the_population_by_the_formula():
    from coregulate.cues.normal import effective_n, own_reference

    seconds = np.array([700.0, 712.0, 690.0, 705.0, 693.0, 708.0])
    n = effective_n(seconds)
    mad = 1.4826 * np.median(np.abs(seconds - np.median(seconds)))
    weight = n / (n + 10)
    scale = np.exp(weight * np.log(max(mad, HEART.scale_floor)) + (1 - weight) * np.log(HEART.population_sd))
    trust = HEART.tau**2 / (HEART.tau**2 + 2.6 / n)
    found = own_reference(seconds, HEART, "rest")
    assert found.scale == pytest.approx(scale)
    assert found.location == pytest.approx(trust * np.median(seconds) + (1 - trust) * HEART.population_mean)


def test_no_spread_is_smaller_than_its_floor():
    from coregulate.cues.normal import own_reference

    scr = BOOK.cues["scr_rate"]
    assert own_reference(np.zeros(10000), scr, "rest").scale >= scr.scale_floor


@given(st.lists(st.floats(1.0, 1e5), min_size=20, max_size=60), st.sampled_from(["rest", "calm_talk"]))
@settings(max_examples=30, deadline=None)
def test_a_trusted_z_never_leaves_five(values, reference):
    z, _ = heart(values, Baseline(reference, (Segment(0, 10),), True))
    assert np.all(np.abs(z) <= 5.0)


@given(location=st.floats(500, 1200), seed=st.integers(0, 20))
@settings(max_examples=15, deadline=None)
def test_with_much_rest_neither_location_nor_unit_matters(location, seed):
    n = 1800
    base = np.random.default_rng(seed).standard_normal(n)
    one, _ = heart(location + 50 * base, Baseline("rest", (Segment(0, n),), True))
    other, _ = heart(800 + 50 * base, Baseline("rest", (Segment(0, n),), True))
    assert np.allclose(one, other, atol=0.05)


def test_without_a_trusted_baseline_the_level_is_the_populations():
    z, attrs = heart(calm(1200, 700.0, 50.0), Baseline())
    expected = (700.0 - HEART.population_mean) / 50.0 + HEART.reference_mean("population")
    assert np.mean(z) == pytest.approx(expected, abs=0.2)
    assert "population" in attrs["baseline"]


def test_a_level_far_from_the_population_is_not_clipped_away_before_its_offset_is_fitted():
    z, _ = heart(calm(1200, 450.0, 30.0), Baseline())
    assert np.std(z) > 0.5


def test_a_silent_rest_does_not_serve_the_voice():
    f0 = np.where(np.arange(40000) >= 12000, 150 + 10 * np.random.default_rng(0).random(40000), np.nan)
    cues, _ = build_cues(
        ["a"], {"a": {"f0": Signal(f0, 100.0, 0.0, "hz")}}, {}, {}, {},
        duration_s=400.0, settings=CueSettings(), book=BOOK,
    )  # fmt: skip
    z = normalise(cues, {"a": Baseline("rest", (Segment(0, 120),), True)}, book=BOOK)
    assert np.nanmedian(z["f0"]) == pytest.approx(BOOK.cues["f0"].reference_mean("population"), abs=0.1)
    assert "population" in z["f0"].attrs["baseline"]


def test_missing_stays_missing():
    values = calm(300)
    values[100:150] = np.nan
    z, _ = heart(values, Baseline("rest", (Segment(0, 90),), True))
    assert np.array_equal(np.isnan(z), np.repeat(np.isnan(values), 10))


def test_what_a_short_baseline_leaves_open():
    """Of 400 people the location's error is as wide as it is said to be; slow noise leaves more than quick."""
    from scipy.signal import lfilter
    from scipy.special import ndtr, stdtrit

    from coregulate.cues import offset_sd
    from coregulate.cues.normal import own_reference

    rng = np.random.default_rng(3)
    said = []
    for rho in (0.0, 0.8):
        errors = []
        for _ in range(400):
            true = HEART.population_mean + HEART.tau * HEART.population_sd * rng.standard_normal()
            noise = lfilter([np.sqrt(1 - rho**2)], [1, -rho], rng.standard_normal(400))[220:]
            seconds = true + HEART.population_sd * stdtrit(5.0, ndtr(noise))
            found = own_reference(seconds, HEART, "calm_talk")
            errors.append((found.location - true) / HEART.population_sd / offset_sd(seconds, HEART))
        assert 0.7 < np.std(errors) < 1.2
        said.append(offset_sd(seconds, HEART))
    assert said[1] > 2 * said[0]
    assert offset_sd(seconds[:1], HEART) == HEART.tau
