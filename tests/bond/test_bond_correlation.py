"""Windowed lagged correlation, circular shifts and the corrections."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter

from coregulate.bond import SuiteSettings, benjamini_hochberg, couple, lagged_correlation, prewhiten
from coregulate.bond.lagged_kernels import rows, shifted_mean_z
from coregulate.core import SignalError

WINDOW = {"rate_hz": 1.0, "window_s": 30, "step_s": 1, "max_lag_s": 10}


def shift_test(a, b, seed=0, **changes):
    return couple(
        a,
        b,
        rate_hz=1.0,
        measures=["lagged correlation"],
        settings=SuiteSettings().changed(changes),
        seed=seed,
    )[0]


def slow(n, rng, phi=0.95):
    return lfilter([1.0], [1.0, -phi], rng.standard_normal(n + 300))[300:]


def follower(n, lag, rng):
    common = slow(n + 20, rng)
    return common[10 : 10 + n] + 0.7 * slow(n, rng), common[10 - lag : 10 - lag + n] + 0.7 * slow(n, rng)


def test_fisher_z_is_that_of_numpy():
    rng = np.random.default_rng(0)
    a, b = slow(200, rng), slow(200, rng)
    found = lagged_correlation(a, b, rate_hz=2.0, window_s=20, step_s=10, max_lag_s=5)
    assert found.z.shape == (8, 21)
    r = np.corrcoef(a[20:60], b[26:66])[0, 1]  # second window, the first leads by 3 s
    assert found.z[1, found.lags_s == 3.0] == pytest.approx(np.arctanh(r))
    r = np.corrcoef(a[26:66], b[20:60])[0, 1]
    assert found.z[1, found.lags_s == -3.0] == pytest.approx(np.arctanh(r))


def test_gaps_give_nan_and_never_a_bridge():
    rng = np.random.default_rng(1)
    a, b = slow(400, rng), slow(400, rng)
    a[100:200] = np.nan
    found = lagged_correlation(a, b, **WINDOW)
    assert np.isnan(found.z[101:170, 10]).all()  # windows that hold under 15 s of both
    assert np.isfinite(found.z[:60]).all()
    other = b.copy()
    other[100:200] = 99.0
    again = lagged_correlation(a, other, **WINDOW)
    assert again.z[:, 10] == pytest.approx(found.z[:, 10], nan_ok=True)
    flat = lagged_correlation(a, np.ones(400), **WINDOW)
    assert np.isnan(flat.z).all()


@given(seed=st.integers(0, 10_000), n=st.integers(210, 320), gap=st.integers(0, 25))
@settings(max_examples=15, deadline=None)
def test_swapping_swaps_and_units_do_not_matter(seed, n, gap):
    rng = np.random.default_rng(seed)
    a, b = slow(n, rng), slow(n, rng)
    a[50 : 50 + gap] = np.nan
    one, two = shift_test(a, b), shift_test(b, a)
    assert np.array_equal(
        (one.value, one.p, one.effect_size), (two.value, two.p, two.effect_size), equal_nan=True
    )
    assert one.peak == -two.peak
    assert one.profile.values.tolist() == two.profile.values[::-1].tolist()
    assert np.array_equal(one.surrogates, two.surrogates)
    assert shift_test(a * 7 + 3, b * 2 - 5).value == pytest.approx(one.value)
    course, other = lagged_correlation(a, b, **WINDOW), lagged_correlation(b, a, **WINDOW)
    assert np.array_equal(course.z, other.z[:, ::-1], equal_nan=True)


def test_the_fast_sums_are_the_plain_ones():
    rng = np.random.default_rng(2)
    a, b = slow(150, rng), slow(150, rng)
    a[40:60] = np.nan
    shifts = np.array([0, 37, 90, 149])
    fast = shifted_mean_z(rows(a), rows(b, circle=True), shifts, 150, 2, 30, 2, 15.0, False, False)
    for shift, got in zip(shifts, fast, strict=True):
        turned = np.roll(b, -shift)
        seam = 150 - shift if shift else -1
        z = []
        for i in range(0, 121, 2):
            both = np.isfinite(a[i : i + 30])
            if both.sum() >= 15 and not i < seam < i + 30:
                z.append(np.arctanh(np.corrcoef(a[i : i + 30][both], turned[i : i + 30][both])[0, 1]))
        assert got == pytest.approx(np.mean(z))


def test_who_leads_is_found_and_told():
    rng = np.random.default_rng(3)
    found = [shift_test(*follower(900, 4, rng)) for _ in range(12)]
    assert sum(r.p < 0.05 for r in found) >= 11
    assert all(r.lag_s > 0 for r in found if np.isfinite(r.lag_s))
    assert np.median([r.peak for r in found]) == pytest.approx(4, abs=1)
    assert sum(np.isfinite(r.lag_s) for r in found) >= 8


def test_who_leads_is_not_told_where_nobody_does():
    rng = np.random.default_rng(4)
    found = [shift_test(*follower(900, 0, rng)) for _ in range(12)]
    assert sum(r.p < 0.05 for r in found) >= 11
    assert sum(np.isfinite(r.lag_s) for r in found) <= 2


@pytest.mark.parametrize(("phi", "trend", "gaps"), [(0.95, 0.0, 0), (0.99, 0.0, 0), (0.95, 12.0, 4)])
def test_independent_pairs_pass_in_one_of_twenty(phi, trend, gaps):
    rng = np.random.default_rng(5)
    p = []
    for _ in range(120):
        a, b = (slow(600, rng, phi) + np.linspace(0, trend, 600) for _ in range(2))
        for start in rng.integers(0, 560, gaps):
            a[start : start + 20] = np.nan
        p.append(shift_test(a, b).p)
    assert 1 <= np.sum(np.array(p) < 0.05) <= 13  # 5 % of 120 is 6
    assert 0.35 < np.median(p) < 0.65


def test_too_little_is_not_known():
    rng = np.random.default_rng(6)
    assert np.isnan(shift_test(slow(70, rng), slow(70, rng)).p)
    assert np.isnan(shift_test(np.full(300, np.nan), slow(300, rng)).p)
    with pytest.raises(SignalError, match="3 samples"):
        lagged_correlation(slow(99, rng), slow(99, rng), rate_hz=1.0, window_s=1, step_s=1, max_lag_s=1)
    with pytest.raises(SignalError, match="one length"):
        lagged_correlation(np.zeros(9), np.zeros(8), **WINDOW)


def test_benjamini_hochberg_by_hand():
    p = np.array([0.01, 0.02, 0.03, 0.5, np.nan])
    assert benjamini_hochberg(p) == pytest.approx([0.04, 0.04, 0.04, 0.5, np.nan], nan_ok=True)
    assert benjamini_hochberg(np.zeros(0)).tolist() == []
    assert np.isnan(benjamini_hochberg(np.array([np.nan]))).all()


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
@settings(max_examples=40, deadline=None)
def test_q_is_never_below_p_and_keeps_the_order(p):
    q = benjamini_hochberg(np.array(p))
    assert (q >= np.array(p) - 1e-12).all()
    assert (q <= 1).all()
    assert (np.diff(q[np.argsort(p, kind="stable")]) >= -1e-12).all()


def test_prewhitening_leaves_noise():
    rng = np.random.default_rng(7)
    x = slow(2000, rng)
    x[500:520] = np.nan
    rest = prewhiten(x, 2)
    assert np.isnan(rest[500:522]).all()
    seen = rest[np.isfinite(rest)]
    assert abs(np.corrcoef(seen[1:], seen[:-1])[0, 1]) < 0.1
    with pytest.raises(SignalError):
        prewhiten(x, 0)


@pytest.mark.parametrize("gaps", [False, True])
def test_windows_in_which_hardly_anything_moves_are_right_too(gaps):
    rng = np.random.default_rng(5)
    a, b = rng.standard_normal((2, 600))
    a[100:300] = 2 + 1e-6 * a[100:300]
    b[200:400] = 5 + 1e-4 * b[200:400]
    a[450:520] = 2.0
    if gaps:
        a[[130, 250]] = b[[240, 330]] = np.nan
    found = lagged_correlation(a, b, rate_hz=1.0, window_s=40, step_s=10, max_lag_s=0)
    for start, (z,) in zip(range(0, 600, 10), found.z, strict=False):
        x, y = a[start : start + 40], b[start : start + 40]
        seen = np.isfinite(x) & np.isfinite(y)
        if np.ptp(x[seen]) == 0:
            assert np.isnan(z)
        else:
            assert z == pytest.approx(np.arctanh(np.corrcoef(x[seen], y[seen])[0, 1]), abs=1e-8)
