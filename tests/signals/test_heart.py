from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from coregulate.core import Events, Samples, Segment, Signal, SignalError, SignalSettings
from coregulate.signals import (
    correct_beats,
    ecg_beats,
    flooding,
    heart_period,
    hf_power,
    measure_heart,
    paced_peak_to_trough,
    rmssd,
    sdnn,
    sliding_rmssd,
)

_spec = importlib.util.spec_from_file_location("bodies", Path(__file__).with_name("bodies.py"))
assert _spec is not None
assert _spec.loader is not None
bodies = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(bodies)
SETTINGS = SignalSettings()


def test_beats_are_found_between_samples() -> None:
    times, _ = bodies.beats_with_rsa(120)
    found = ecg_beats(bodies.ecg(times, rate_hz=100, duration_s=121), rate_hz=100)
    inside = times[(times > 2) & (times < 119)]
    nearest = np.array([np.min(np.abs(found - t)) for t in inside])
    assert nearest.max() < 0.005  # half a sample
    assert np.sqrt(np.mean(nearest**2)) < 0.002


def test_correction_adds_and_removes_beats() -> None:
    times, _ = bodies.beats_with_rsa(120)
    broken = np.sort(np.append(np.delete(times, 60), times[100] + 0.3))
    corrected = correct_beats(broken)
    assert len(corrected.times_s) == len(times)
    assert np.abs(corrected.times_s - times).max() < 0.06
    assert corrected.n_changed >= 2
    assert correct_beats(times).times_s == pytest.approx(times, abs=0)


def test_measured_from_ecg_matches_truth() -> None:
    times, nn = bodies.beats_with_rsa(240, mean_ms=750)
    heart = measure_heart(
        Signal(bodies.ecg(times, rate_hz=250, duration_s=240), 250.0), "ecg", settings=SETTINGS
    )
    period = heart.signals["heart_period"]
    truth = heart_period(times, nn, rate_hz=4, start_s=0, n=len(period.values))
    assert np.nanmax(np.abs(period.values - truth)[20:-20]) < 4
    assert heart.quality["heart_period"].values.min() >= 0.95
    assert heart.signals["rsa"].values[100] == pytest.approx(6.91, abs=0.1)
    assert {"rsa", "rmssd", "hf_power"} <= set(heart.signals)
    assert all(heart.quality[name].start_s == heart.signals[name].start_s for name in heart.signals)


def test_noise_is_not_a_heart() -> None:
    noise = np.random.default_rng(1).normal(size=250 * 120)
    heart = measure_heart(Signal(noise, 250.0), "ecg", settings=SETTINGS)
    assert np.isnan(heart.signals["heart_period"].values).mean() > 0.9
    assert "low_quality" in [n.code for n in heart.notices]


@pytest.mark.parametrize("values", [np.zeros(5000), np.full(5000, np.nan), np.empty(0), np.ones(10)])
def test_nothing_to_see_is_not_an_error(values: np.ndarray) -> None:
    for kind in ("ecg", "ppg"):
        heart = measure_heart(Signal(values, 100.0, 7.0), kind, settings=SETTINGS)
        assert not np.isfinite(heart.signals["heart_period"].values).any()
        assert len(heart.events["beats"].times_s) == 0


def test_nothing_is_computed_across_a_pause() -> None:
    times, _ = bodies.beats_with_rsa(200)
    ecg = bodies.ecg(times, rate_hz=200, duration_s=200)
    stamps = np.arange(len(ecg)) / 200
    stamps[len(stamps) // 2 :] += 60.0
    heart = measure_heart(Samples(stamps, ecg, 200.0), "ecg", settings=SETTINGS)
    beats, period = heart.events["beats"], heart.signals["heart_period"]
    assert np.nanmax(beats.values) < 900
    assert int(np.isnan(beats.values).sum()) == 2
    pause = (period.times_s > 101) & (period.times_s < 159)
    assert np.isnan(period.values[pause]).all()
    assert "samples_lost" in [n.code for n in heart.notices]


def test_true_rate_moves_the_heart_rate() -> None:
    times, _ = bodies.beats_with_rsa(120, amplitude_ms=0)
    ecg = bodies.ecg(times, rate_hz=198.0, duration_s=120)
    heart = measure_heart(Samples(np.arange(len(ecg)) / 198.0, ecg, 200.0), "ecg", settings=SETTINGS)
    assert np.nanmedian(heart.signals["heart_period"].values) == pytest.approx(800, abs=0.5)
    assert "true_rate" in [n.code for n in heart.notices]


@pytest.mark.parametrize("shift_s", [13.0, 0.37, 1.7e9])
def test_shifting_time_shifts_the_results(shift_s: float) -> None:
    times, _ = bodies.beats_with_rsa(120)
    ecg = bodies.ecg(times, rate_hz=128, duration_s=120)
    here = measure_heart(Signal(ecg, 128.0), "ecg", settings=SETTINGS)
    there = measure_heart(Signal(ecg, 128.0, shift_s), "ecg", settings=SETTINGS)
    for name, signal in here.signals.items():
        assert there.signals[name].start_s == pytest.approx(signal.start_s + shift_s)
        assert np.allclose(there.signals[name].values, signal.values, atol=1e-2, equal_nan=True)


def test_units_do_not_matter() -> None:
    times, _ = bodies.beats_with_rsa(90)
    ecg = bodies.ecg(times, rate_hz=128, duration_s=90)
    small = measure_heart(Signal(ecg * 1e-3, 128.0), "ecg", settings=SETTINGS).signals["heart_period"].values
    large = measure_heart(Signal(ecg * 1e5, 128.0), "ecg", settings=SETTINGS).signals["heart_period"].values
    assert np.allclose(small, large, atol=1e-6, equal_nan=True)


def test_intervals_with_times_are_cut_where_they_do_not_follow() -> None:
    times, nn = bodies.beats_with_rsa(180)
    keep = (times < 60) | (times > 66)
    keep[0] = False
    events = Events(times[keep], nn[keep] / 1000, "s", "ibi")
    heart = measure_heart(events, "rr", settings=SETTINGS)
    period = heart.signals["heart_period"]
    assert np.isnan(period.values[(period.times_s > 60.5) & (period.times_s < 64)]).all()
    assert np.nanmax(heart.events["beats"].values) < 850
    # the beat that the first interval began at is there too
    assert heart.events["beats"].times_s[0] == pytest.approx(0.0, abs=1e-9)


def test_beats_that_somebody_corrected_are_taken_as_they_are() -> None:
    times, _ = bodies.beats_with_rsa(100)
    times = times + 0.2 * (np.arange(len(times)) == 50)
    heart = measure_heart(Events(times), "beats", settings=SETTINGS)
    assert heart.events["beats"].times_s == pytest.approx(times)


def test_refusals() -> None:
    with pytest.raises(SignalError, match="without times"):
        measure_heart(Signal(np.full(50, 800.0), 1.0), "rr", settings=SETTINGS)
    with pytest.raises(SignalError, match="no heart signal"):
        measure_heart(Signal(np.zeros(50), 100.0), "eeg", settings=SETTINGS)
    with pytest.raises(SignalError, match="columns"):
        measure_heart(Signal(np.zeros((50, 2)), 100.0), "ecg", settings=SETTINGS)
    with pytest.raises(SignalError, match="50 or more"):
        measure_heart(Signal(np.zeros(500), 20.0), "ecg", settings=SETTINGS)


def test_heart_period_leaves_long_gaps_and_bridges_short_ones() -> None:
    times = np.array([0.0, 1.0, 2.0, 6.0, 7.0, 13.0, 14.0])
    nn = np.array([np.nan, 1000.0, 1000.0, 900.0, 1000.0, 800.0, 800.0])
    period = heart_period(times, nn, rate_hz=1, start_s=0, n=15)
    assert np.isnan(period[[0, 8, 9, 10, 11, 12]]).all()
    assert np.isfinite(period[[1, 3, 4, 5, 6, 7, 13, 14]]).all()


def test_rmssd_sdnn_by_hand() -> None:
    nn = np.array([800.0, 820.0, 790.0, np.nan, 810.0, 800.0])
    assert rmssd(nn) == pytest.approx(np.sqrt((400 + 900 + 100) / 3))
    assert sdnn(nn) == pytest.approx(np.std([800, 820, 790, 810, 800], ddof=1))
    assert np.isnan(rmssd(np.array([800.0])))


def test_sliding_rmssd_is_rmssd_of_the_window() -> None:
    times, nn = bodies.beats_with_rsa(120)
    sliding = sliding_rmssd(times, nn, start_s=0.0, n=120)
    inside = np.flatnonzero((times >= 45.5) & (times < 75.5))
    assert sliding[60] == pytest.approx(rmssd(nn[inside[0] - 1 : inside[-1] + 1]))
    assert np.isnan(sliding[0])


def test_hf_power_of_a_sine() -> None:
    times = np.arange(0, 180, 0.25)
    power = hf_power(800 + 40 * np.sin(2 * np.pi * 0.25 * times), rate_hz=4)
    assert power[90] == pytest.approx(800, rel=0.02)
    assert np.isnan(power[[0, 179]]).all()
    assert hf_power(800 + 40 * np.sin(2 * np.pi * 0.08 * times), rate_hz=4)[90] < 5


def test_paced_breathing_shows_peak_to_trough_instead_of_rsa() -> None:
    times, nn = bodies.beats_with_rsa(300, frequency_hz=0.1)
    rate = Signal(np.full(300, 6.0), 1.0, 0.0, "1/min", "respiration_rate")
    heart = measure_heart(Events(times, nn, "ms"), "beats", settings=SETTINGS, breathing=rate)
    assert np.nanmedian(heart.signals["paced_peak_to_trough"].values) == pytest.approx(80, abs=3)
    assert np.isnan(heart.signals["rsa"].values).all()
    belt = Signal(np.sin(2 * np.pi * 0.25 * np.arange(0, 300, 0.1)), 10.0, 0.0, "", "belt")
    free = measure_heart(Events(times, nn, "ms"), "beats", settings=SETTINGS, breathing=belt)
    assert "paced_peak_to_trough" not in free.signals
    assert np.isfinite(free.signals["rsa"].values).any()
    assert np.isnan(paced_peak_to_trough(np.full(400, 800.0), np.full(100, 15.0), rate_hz=4)).all()


def test_flooding_needs_level_and_rise() -> None:
    values = np.concatenate((np.full(120, 80.0), np.full(40, 105.0), np.full(60, 80.0), np.full(20, 120.0)))
    rate = Signal(values, 1.0, 10.0, "1/min", "heart_rate")
    assert flooding(rate, 80.0, settings=SETTINGS) == (Segment(130.0, 170.0),)
    assert flooding(rate, [Segment(10.0, 100.0)], settings=SETTINGS) == (Segment(130.0, 170.0),)
    # a heart that is fast at rest is not flooded by its level alone
    assert flooding(Signal(np.full(300, 108.6), 1.0, 0.0, "1/min"), 108.6, settings=SETTINGS) == ()
    assert flooding(rate, float("nan"), settings=SETTINGS) == ()
    period = Signal(60_000 / values, 1.0, 10.0, "ms", "heart_period")
    assert flooding(period, 80.0, settings=SETTINGS) == (Segment(130.0, 170.0),)


@pytest.mark.slow
def test_an_hour_of_beats_is_found_whole() -> None:
    pytest.importorskip("neurokit2")
    beat = np.exp(-((np.arange(400) - 100) ** 2) / 50)
    heart = measure_heart(Signal(np.tile(beat, 4500), 500.0), "ecg", settings=SETTINGS)
    assert len(heart.events["beats"].times_s) == pytest.approx(4500, abs=5)
