"""Each measure on systems whose answer is known, and beside the plainest way of computing the same."""

from __future__ import annotations

import numpy as np
import pytest
from suite_pairs import autoregressive

from coregulate.bond import SuiteSettings, couple
from coregulate.bond.suite.entrainment import entrainment
from coregulate.bond.suite.granger import granger, order_by_bic
from coregulate.bond.suite.recurrence import Recurrence, recurrence
from coregulate.bond.suite.transfer import quantile_codes, transfer
from coregulate.bond.suite.warping import warp
from coregulate.bond.suite.wavelet import wavelet_coherence
from coregulate.core import SignalError

FEW = SuiteSettings(surrogates=80)


def driven(n, rng, strength=0.4):
    """The first drives the second, a sample later; nothing comes back."""
    x, y = np.zeros(n), np.zeros(n)
    for t in range(1, n):
        x[t] = 0.5 * x[t - 1] + rng.standard_normal()
        y[t] = 0.5 * y[t - 1] + strength * x[t - 1] + rng.standard_normal()
    return x, y


def logistic_maps(n, to_second, to_first, rng):
    """Two coupled logistic maps (Sugihara et al. 2012, rates 3.8 and 3.5)."""
    x, y = np.empty(n), np.empty(n)
    x[0], y[0] = rng.uniform(0.2, 0.6, 2)
    for t in range(1, n):
        x[t] = x[t - 1] * (3.8 - 3.8 * x[t - 1] - to_first * y[t - 1])
        y[t] = y[t - 1] * (3.5 - 3.5 * y[t - 1] - to_second * x[t - 1])
    return x, y


def roessler_lorenz(n, strength, rng):
    """A Roessler system drives a Lorenz system (Quian Quiroga et al. 2000, 10.1103/PhysRevE.61.5142); RK4."""

    def slope(s):
        x, y, z, u, v, w = s
        return np.array(
            [
                -6 * (y + z), 6 * (x + 0.2 * y), 6 * (0.2 + z * (x - 5.7)),
                10 * (v - u), 28 * u - v - u * w + strength * y * y, u * v - 8 / 3 * w,
            ]
        )  # fmt: skip

    s, h, out = rng.uniform(0.5, 1.5, 6), 0.01, []
    for t in range(3 * n + 3000):
        k1 = slope(s)
        k2 = slope(s + h / 2 * k1)
        k3 = slope(s + h / 2 * k2)
        s = s + h / 6 * (k1 + 2 * k2 + 2 * k3 + slope(s + h * k3))
        if t >= 3000 and t % 3 == 0:
            out.append((s[1], s[4]))
    return np.array(out).T


def test_granger_is_that_of_least_squares_and_finds_the_known_cause():
    x, y = driven(20_000, np.random.default_rng(0))
    back, forth = granger(x, y, 2)
    now = y[2:]
    own = np.column_stack([np.ones(len(now)), y[1:-1], y[:-2]])
    both = np.column_stack([own, x[1:-1], x[:-2]])
    left = [now - d @ np.linalg.lstsq(d, now, rcond=None)[0] for d in (own, both)]
    assert forth == pytest.approx(np.log(left[0] @ left[0] / (left[1] @ left[1])), rel=1e-9)
    assert back < 0.001
    assert order_by_bic(x, y, 6) == 1
    x[5000:5050] = np.nan
    assert granger(x, y, 2)[1] == pytest.approx(forth, rel=0.02)


def test_granger_strength_is_the_known_one():
    # y hears x after one sample, both without memory: ln of (variance of y) / (variance of its noise).
    rng = np.random.default_rng(1)
    x = rng.standard_normal(50_000)
    y = np.roll(x, 1) * 0.5 + rng.standard_normal(50_000)
    assert granger(x, y, 1)[1] == pytest.approx(np.log(1.25), abs=0.015)


def test_transfer_entropy_is_the_exact_one():
    rng = np.random.default_rng(2)
    x = rng.integers(0, 2, 50_000)
    flip = rng.random(50_000) < 0.2
    y = np.where(flip, 1 - np.roll(x, 3), np.roll(x, 3))
    exact = np.log(2) + 0.2 * np.log(0.2) + 0.8 * np.log(0.8)
    assert transfer(x, y, 3, 2) == pytest.approx(exact, abs=0.005)
    assert abs(transfer(x, y, 2, 2)) < 0.001
    assert abs(transfer(y, x, 3, 2)) < 0.001


def test_transfer_entropy_of_nothing_is_nothing_on_average():
    rng = np.random.default_rng(3)
    found = [transfer(*quantile_codes(rng.standard_normal((2, 600)), 3), 1, 3) for _ in range(300)]
    assert abs(np.mean(found)) < 0.003  # uncorrected: 12 / (2 n) = 0.01


@pytest.mark.parametrize("measure", ["granger", "transfer entropy"])
def test_a_drive_is_found_in_its_direction(measure):
    rng = np.random.default_rng(4)
    found = [
        couple(*driven(900, rng, 0.6), rate_hz=1.0, measures=[measure], settings=FEW)[0] for _ in range(4)
    ]
    assert {t.leads for t in found} == {"first"}
    assert all(t.p < 0.05 for t in found)


def test_cross_mapping_finds_who_drives_coupled_logistic_maps():
    settings = FEW.changed({"ccm_dimension": 2, "delay_s": 1})
    rng = np.random.default_rng(5)
    for _ in range(3):
        pair = logistic_maps(600, 0.2, 0.01, rng)
        found = couple(*pair, rate_hz=1.0, measures=["cross mapping"], settings=settings)[0]
        back = couple(*pair[::-1], rate_hz=1.0, measures=["cross mapping"], settings=settings)[0]
        assert (found.leads, back.leads) == ("first", "second")
        assert found.profile.values[1] > 0.8
        assert not any("the first drives the second" in n.text for n in found.notices)
        assert not any("the second drives the first" in n.text for n in back.notices)
        assert len(found.notices) == len(back.notices)


def test_transfer_entropy_finds_the_roessler_system_behind_a_lorenz_system():
    def test(strength, seed):
        pair = roessler_lorenz(1500, strength, np.random.default_rng(seed))
        return couple(*pair, rate_hz=1.0, measures=["transfer entropy"], settings=FEW)[0]

    found = [test(1.5, seed) for seed in (6, 7, 8)]
    assert sum(t.leads == "first" for t in found) >= 2
    assert not any(t.leads == "second" for t in found)
    assert test(0.0, 6).p > 0.05


def test_granger_warns_of_flows_too_smooth_for_its_direction():
    rng = np.random.default_rng(6)
    flow, noisy = roessler_lorenz(500, 1.5, rng), [autoregressive(500, 0.99, rng) for _ in range(2)]
    codes = [
        {n.code for n in couple(*pair, rate_hz=1.0, measures=["granger"], settings=FEW)[0].notices}
        for pair in (flow, noisy)
    ]
    assert ["smooth-flow" in c for c in codes] == [True, False]


def plain_recurrence(x, y, radius, shortest):
    """The whole matrix, as the definition has it."""
    near = np.linalg.norm(x[:, :, None] - y[:, None, :], axis=0) < radius
    runs = []
    for k in range(1 if x is y else -near.shape[0] + 1, near.shape[0]):
        line = np.concatenate([[0], np.diagonal(near, k).astype(int), [0]])
        edges = np.flatnonzero(np.diff(line)).reshape(-1, 2)
        runs += (edges[:, 1] - edges[:, 0]).tolist()
    runs = np.array(runs)
    n = near.shape[0]
    long = runs[runs >= shortest]
    share = np.unique(long, return_counts=True)[1] / len(long)
    return Recurrence(
        runs.sum() / (n * (n - 1) / 2 if x is y else n * n),
        long.sum() / runs.sum(),
        long.mean(),
        runs.max(),
        -np.sum(share * np.log(share)),
    )


def test_recurrence_is_that_of_the_whole_matrix():
    rng = np.random.default_rng(8)
    x, y = (np.stack([autoregressive(120, 0.8, rng) for _ in range(2)]) for _ in range(2))
    assert recurrence(x, radius=1.5) == pytest.approx(plain_recurrence(x, x, 1.5, 2))
    assert recurrence(x, y, radius=1.5, line_samples=3) == pytest.approx(plain_recurrence(x, y, 1.5, 3))
    gap = x.copy()
    gap[:, 50:60] = np.nan
    assert recurrence(gap, radius=100.0).rate == 1.0
    with pytest.raises(SignalError, match="one shape"):
        recurrence(x, y[:, :50], radius=1.0)


@pytest.mark.parametrize(("measure", "radius"), [("cross recurrence", 0.4), ("code recurrence", 0.5)])
def test_recurrence_over_time_is_the_mean_profile_of_each_window(measure, radius):
    rng = np.random.default_rng(14)
    x = np.stack([autoregressive(240, 0.9, rng) for _ in range(2)])
    x = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
    if measure == "code recurrence":
        x = np.round(x)
        x[0, 40:50] = np.nan
    settings = FEW.changed({"max_lag_s": 4, "window_s": 30, "step_s": 7, "detrend": 0})
    found = couple(*x, rate_hz=1.0, measures=[measure], settings=settings)[0].course
    known = np.isfinite(x[0][:, None] + x[1])
    near = np.where(known, np.abs(x[0][:, None] - x[1]) < radius, np.nan)
    starts = np.arange(0, 211, 7)
    plain = [
        np.mean([np.nanmean(np.diagonal(near[s : s + 30, s : s + 30], lag)) for lag in range(-4, 5)])
        for s in starts
    ]
    assert np.array_equal(found.times_s, starts)
    assert found.values == pytest.approx(plain, abs=1e-12)
    assert np.isfinite(found.p).all()


def test_codes_recur_at_the_lag_at_which_they_are_copied():
    rng = np.random.default_rng(9)
    x = rng.integers(0, 4, 600).astype(float)
    y = np.where(rng.random(600) < 0.5, np.roll(x, 4), rng.integers(0, 4, 600))
    found = couple(x, y, rate_hz=1.0, measures=["code recurrence"], settings=FEW)[0]
    assert (found.leads, found.lag_s) == ("first", 4.0)
    assert found.value == pytest.approx(np.mean(x[:-4] == y[4:]))


def test_wavelet_coherence_is_that_of_plain_convolution():
    """Smoothed by explicit sums at one frequency, without a Fourier transform."""
    rng = np.random.default_rng(10)
    a, b = rng.standard_normal((2, 500))
    settings = SuiteSettings(low_hz=0.05, high_hz=0.2, per_octave=4)
    found = wavelet_coherence(a, b, rate_hz=1.0, settings=settings)
    t = np.arange(500.0)
    hz = 0.2 * 2.0 ** (-np.arange(9) / 4)
    scale = (6 + np.sqrt(38)) / (4 * np.pi * hz)

    def at(x, s):
        x = x - np.polyval(np.polyfit(t, x, 1), t)
        u = (t[:, None] - t) / s
        return (np.exp(6j * u) * np.exp(-(u**2) / 2)) @ (x / x.std())

    wa, wb = (np.stack([at(x, s) / np.sqrt(s) for s in scale]) for x in (a, b))

    def smooth(w):
        over = np.stack(
            [np.exp(-0.5 * ((t[:, None] - t) / s) ** 2) @ row / s for row, s in zip(w, scale, strict=True)]
        )
        kernel = np.array([0.2, 1, 1, 1, 0.2]) / 3.4
        padded = np.concatenate([over[:1], over[:1], over, over[-1:], over[-1:]])
        return sum(k * padded[i : i + 9] for i, k in enumerate(kernel))

    cross = smooth(wa * wb.conj() / scale[:, None])
    power = smooth(np.abs(wa) ** 2 / scale[:, None]) * smooth(np.abs(wb) ** 2 / scale[:, None])
    inner = slice(150, 350)
    assert found.coherence[2:, inner] == pytest.approx((np.abs(cross) ** 2 / power)[2:, inner], abs=2e-3)
    assert np.cos(found.phase_rad - np.angle(cross))[2:, inner].min() > 0.99


def test_phase_and_lag_of_a_late_sine_are_told():
    t = np.arange(900.0)
    rng = np.random.default_rng(11)
    a = np.sin(2 * np.pi * t / 20) + 0.5 * rng.standard_normal(900)
    b = np.sin(2 * np.pi * (t - 3) / 20) + 0.5 * rng.standard_normal(900)
    for measure in ("wavelet coherence", "phase locking"):
        found = couple(a, b, rate_hz=1.0, measures=[measure], settings=FEW)[0]
        near = int(np.argmin(np.abs(found.profile.at - 0.05)))
        lag = found.profile.phase_rad[near] / (2 * np.pi * found.profile.at[near])
        assert lag == pytest.approx(3, abs=0.5)
        assert found.profile.values[near] > 0.8


def test_the_cone_of_influence_takes_edges_and_long_gaps():
    x = np.random.default_rng(12).standard_normal(600)
    x[300:320] = np.nan
    found = wavelet_coherence(x, x, rate_hz=1.0, settings=SuiteSettings())
    assert not found.usable[:, [0, 310, -1]].any()
    assert found.usable[0].sum() > found.usable[-1].sum()
    x[300:320] = 0.0
    x[450:453] = np.nan  # a short gap is bridged
    assert wavelet_coherence(x, x, rate_hz=1.0, settings=SuiteSettings()).usable[0, 450]


def plain_warp(a, b, band):
    n = len(a)
    best = np.full((n, n), np.inf)
    for i in range(n):
        for j in range(max(0, i - band), min(n, i + band + 1)):
            cost = (a[i] - b[j]) ** 2
            if i == j == 0:
                best[i, j] = cost
                continue
            options = [np.inf]
            if i and j:
                options.append(best[i - 1, j - 1] + 2 * cost)
            if i:
                options.append(best[i - 1, j] + cost)
            if j:
                options.append(best[i, j - 1] + cost)
            best[i, j] = min(options)
    return best[-1, -1] / (2 * n)


def test_warping_is_the_plain_one_and_sees_who_runs_ahead():
    rng = np.random.default_rng(13)
    a, b = rng.standard_normal((2, 40))
    assert warp(a, b, 6)[0] == pytest.approx(plain_warp(a, b, 6))
    x = autoregressive(300, 0.9, rng)
    assert warp(x[4:], x[:-4], 10)[1] == pytest.approx(4, abs=0.5)
    assert warp(x[:-4], x[4:], 10)[1] == pytest.approx(-4, abs=0.5)


def test_entrainment_by_hand():
    # Turns pass ten times; the second copies the first's last value, and drifts away from it with time.
    a, b = np.full(200, np.nan), np.full(200, np.nan)
    values = np.array([1.0, 4, 2, 8, 5, 7, 3, 9, 6, 10])
    for k, v in enumerate(values):
        a[20 * k : 20 * k + 8] = v
        b[20 * k + 10 : 20 * k + 18] = v + 0.1 * k
    proximity, convergence, synchrony = entrainment(a, b)
    first = np.repeat(values, 2)[:19]
    second = np.repeat(values + 0.1 * np.arange(10), 2)
    second = np.array([second[k] if k % 2 == 0 else second[k - 1] for k in range(19)])
    first = np.array([values[(k + 1) // 2] for k in range(19)])
    assert synchrony == pytest.approx(np.corrcoef(first, second)[0, 1])
    at = np.sort(np.concatenate([20 * np.arange(10) + 10, 20 * np.arange(1, 10)]))
    assert convergence == pytest.approx(-np.corrcoef(np.abs(first - second), at)[0, 1])
    others = (
        np.abs(first[:, None] - (values + 0.1 * np.arange(10))).mean(1)
        + np.abs(second[:, None] - values).mean(1)
    ) / 2
    gain = others - np.abs(first - second)
    assert proximity == pytest.approx(gain.mean() / gain.std())
    assert np.isnan(entrainment(a[:100], b[:100])).sum() in (0, 3)
    assert np.isnan(entrainment(a[:60], b[:60])).all()
