"""Random truth: chains, cues and oscillators have the properties that they declare."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from coregulate.core import InputError
from coregulate.cues import STATES, load_cuebook
from coregulate.simulate import TRANSITIONS, draw_cues, draw_states, simulate_pair, student_noise


def test_transitions_are_those_of_the_methods() -> None:
    np.testing.assert_allclose(TRANSITIONS.sum(axis=1), 1)
    assert TRANSITIONS[4, 1] == 0
    states = draw_states(200_000, np.random.default_rng(0))
    assert np.mean(states <= 2) == pytest.approx(9 / 11, abs=0.03)
    changes = np.flatnonzero(np.diff(states))
    assert len(states) / len(changes) == pytest.approx(20, rel=0.05)
    assert not np.any((states[:-1] == 4) & (states[1:] == 1))
    bouts = np.diff(np.flatnonzero(np.diff((states <= 2).astype(int))))
    assert sorted((bouts[::2].mean(), bouts[1::2].mean())) == pytest.approx([40, 180], rel=0.12)


def test_student_noise_has_its_margin_and_memory() -> None:
    noise = student_noise(100_000, rho=0.8, nu=5.0, rng=np.random.default_rng(1))
    assert stats.kstest(noise[::40], stats.t(5).cdf).pvalue > 0.01
    assert np.corrcoef(noise[:-1], noise[1:])[0, 1] == pytest.approx(0.79, abs=0.03)


def test_cues_lie_where_the_cuebook_says() -> None:
    rng = np.random.default_rng(2)
    states = {"a": draw_states(20_000, rng), "b": draw_states(20_000, rng)}
    cues = draw_cues(states, rng, rate_hz=1, lag_s=(0, 0))
    book = load_cuebook()
    assert {v for v in cues if not str(v).endswith("_quality")} == {
        c.name for c in book.of_kind("graded") if c.argues
    }
    for name in ("heart_period", "f0", "brow_lowerer", "floor_share"):
        for k, state in enumerate(STATES):
            found = np.median(cues[name].sel(person="a").values[states["a"] == k])
            assert found == pytest.approx(book.cues[name].means[state], abs=0.25), (name, state)


def test_cues_lag_between_3_and_8_s() -> None:
    rng = np.random.default_rng(3)
    states = np.repeat(rng.integers(0, 5, 400), 25)
    course = draw_cues({"a": states}, rng, rate_hz=1, effect=3.0)["brow_lowerer"].values[0]
    means = np.array([load_cuebook().cues["brow_lowerer"].means[s] for s in STATES])[states]
    match = [np.corrcoef(means[: len(means) - k], course[k:])[0, 1] for k in range(12)]
    assert 3 <= int(np.argmax(match)) <= 8


def test_cues_on_the_grid_hold_within_a_second() -> None:
    rng = np.random.default_rng(4)
    channels = ("heart", "touch", "rating", "codes")
    cues = draw_cues({"a": draw_states(120, rng)}, rng, rate_hz=10, channels=channels)
    assert cues.sizes == {"person": 1, "time": 1200}
    assert cues.time.values[1] == pytest.approx(0.1)
    assert np.ptp(cues["rsa"].values.reshape(-1, 10), axis=1).max() == 0
    assert set(np.unique(cues["touch"])) <= {0.0, 1.0}
    assert cues["felt_safe"].min() >= 0
    assert cues["felt_safe"].max() <= 1
    codes = np.sum([cues[c.name].values for c in load_cuebook().of_kind("code")], axis=0)
    assert codes.max() == 1
    assert {v.dtype for v in cues.data_vars.values()} == {np.dtype("float32")}


def test_codes_go_with_their_states() -> None:
    rng = np.random.default_rng(5)
    states = {"a": draw_states(20_000, rng)}
    cues = draw_cues(states, rng, rate_hz=1, channels=("codes",))
    anger = cues["code_anger"].values[0]
    assert anger[states["a"] == 3].mean() > 2 * anger[states["a"] == 0].mean()


@settings(max_examples=15, deadline=None)
@given(kappa=st.floats(0, 0.9), damping=st.floats(0.15, 0.6), hz=st.floats(0.018, 0.05))
def test_gain_has_the_sign_of_its_word(kappa: float, damping: float, hz: float) -> None:
    rng = np.random.default_rng(0)
    gains = {
        c: simulate_pair(5, kappa, damping, rng=rng, rate_hz=1, coupling=c, frequency_hz=hz).gain
        for c in ("co-regulating", "co-dysregulating", "none", "shared")
    }
    assert gains["none"] == pytest.approx((0, 0), abs=1e-6)
    assert gains["shared"] == pytest.approx((0, 0), abs=1e-6)
    if kappa > 0.05:
        assert min(gains["co-regulating"]) > 0 > max(gains["co-dysregulating"])


def test_oscillators_have_their_variance_and_resonance() -> None:
    from scipy.signal import welch

    pair = simulate_pair(40_000, 0.8, 0.2, rng=np.random.default_rng(6), rate_hz=2, noise_sd=0.3)
    np.testing.assert_allclose(pair.values.var(axis=0), 1.09, rtol=0.1)
    alone = simulate_pair(40_000, 0, 0.15, rng=np.random.default_rng(7), rate_hz=2, coupling="none")
    f, power = welch(alone.values[:, 0], fs=2, nperseg=2048)
    assert f[np.argmax(power)] == pytest.approx(0.03, abs=0.004)
    assert abs(np.corrcoef(alone.values.T)[0, 1]) < 0.1
    shared = simulate_pair(40_000, 1.0, 0.3, rng=np.random.default_rng(8), rate_hz=1, coupling="shared")
    assert np.corrcoef(shared.values.T)[0, 1] > 0.3


def test_impossible_systems_are_refused() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match="does not settle"):
        simulate_pair(10, 1.2, 0.3, rng=rng, rate_hz=1, coupling="co-dysregulating")
    with pytest.raises(InputError):
        simulate_pair(10, 0.5, 0.3, rng=rng, rate_hz=1, coupling="magic")
    with pytest.raises(InputError):
        draw_states(10, rng, np.ones((5, 5)))
    with pytest.raises(InputError):
        draw_cues({"a": np.zeros(3, int), "b": np.zeros(4, int)}, rng, rate_hz=1)
