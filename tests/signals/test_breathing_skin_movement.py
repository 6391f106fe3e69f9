from __future__ import annotations

import numpy as np
import pytest

from coregulate.core import Samples, Signal, SignalError, SignalSettings
from coregulate.signals import (
    measure_breathing,
    measure_movement,
    measure_skin,
    skin_responses,
    tonic_level,
    without_drift,
)

SETTINGS = SignalSettings()


def belt(duration_s: float = 240.0, rate_hz: float = 25.0, frequency_hz: float = 0.25) -> np.ndarray:
    times = np.arange(0, duration_s, 1 / rate_hz)
    return np.sin(2 * np.pi * frequency_hz * times) + 0.01 * np.sin(2 * np.pi * 0.01 * times)


@pytest.mark.parametrize("frequency_hz", [0.1, 0.25, 0.45])
def test_rate_of_a_sine(frequency_hz: float) -> None:
    m = measure_breathing(Signal(belt(frequency_hz=frequency_hz), 25.0, 3.0), settings=SETTINGS)
    rate = m.signals["respiration_rate"].values
    assert np.nanmedian(rate) == pytest.approx(60 * frequency_hz, rel=0.02)
    assert np.nanmedian(m.signals["expiration_share"].values) == pytest.approx(0.5, abs=0.03)
    assert np.nanmedian(m.signals["respiration_irregularity"].values) < 0.1
    assert np.nanmedian(m.quality["respiration_rate"].values) > 0.95


def test_longer_out_than_in() -> None:
    phase = np.mod(np.arange(0, 240, 0.04), 5.0)
    wave = np.where(phase < 1.5, -np.cos(np.pi * phase / 1.5), np.cos(np.pi * (phase - 1.5) / 3.5))
    m = measure_breathing(Signal(wave, 25.0), settings=SETTINGS)
    assert np.nanmedian(m.signals["expiration_share"].values) == pytest.approx(0.7, abs=0.03)


def test_breath_hold_and_sigh() -> None:
    wave = belt()
    wave[2500:2900] = wave[2500]  # 16 s
    wave[4000:4100] *= 4
    m = measure_breathing(Signal(wave, 25.0, 50.0), settings=SETTINGS)
    holds, sighs = m.events["breath_holds"], m.events["sighs"]
    assert len(holds.times_s) == 1
    assert holds.times_s[0] == pytest.approx(150, abs=1.5)
    assert holds.values[0] == pytest.approx(16, abs=2)
    assert np.any(np.abs(sighs.times_s - 210) < 4)
    assert np.isnan(m.signals["respiration_rate"].values[105:112]).any()


def test_breathing_pause_and_shift() -> None:
    wave = belt()
    times = np.arange(len(wave)) / 25 + np.where(np.arange(len(wave)) > 3000, 100.0, 0.0)
    m = measure_breathing(Samples(times, wave, 25.0), settings=SETTINGS)
    assert np.isnan(m.signals["respiration_rate"].values[125:215]).all()
    later = measure_breathing(Samples(times + 17.25, wave, 25.0), settings=SETTINGS)
    for name, signal in m.signals.items():
        assert later.signals[name].start_s == pytest.approx(signal.start_s + 17.25)
        assert np.allclose(later.signals[name].values, signal.values, atol=1e-6, equal_nan=True)


@pytest.mark.parametrize("how", ["regular", "stamped", "rows lost"])
def test_scattered_losses_are_bridged_and_longer_ones_are_not(how: str) -> None:
    whole = belt()
    whole[2500:2560] = np.nan  # 2.4 s
    rng = np.random.default_rng(2)
    wave = np.where(rng.random(len(whole)) < 0.12, rng.choice([np.nan, np.inf], len(whole)), whole)
    times = np.arange(len(wave)) / 25.0
    keep = np.isfinite(wave) if how == "rows lost" else np.full(len(wave), True)
    data = Signal(wave, 25.0) if how == "regular" else Samples(times[keep], wave[keep], 25.0)
    holes = measure_breathing(data, settings=SETTINGS).signals["respiration_rate"].values
    rate = measure_breathing(Signal(whole, 25.0), settings=SETTINGS).signals["respiration_rate"].values
    known = np.isfinite(rate)
    assert known.sum() > 200
    assert np.isfinite(holes[known]).mean() > 0.98
    assert np.nanmax(np.abs(holes - rate)) < 1.0
    assert np.isnan(holes[101:102]).all()


@pytest.mark.parametrize("values", [np.zeros(2000), np.full(2000, np.nan), np.empty(0), np.ones(3)])
def test_nothing_is_not_an_error(values: np.ndarray) -> None:
    b = measure_breathing(Signal(values, 20.0), settings=SETTINGS)
    assert not np.isfinite(b.signals["respiration_rate"].values).any()
    s = measure_skin(Signal(values, 20.0), settings=SETTINGS)
    assert not np.isfinite(s.signals["skin_conductance_level"].values).any()
    measure_movement(Signal(values, 20.0), "motion_energy", settings=SETTINGS)
    measure_movement(Samples(np.arange(len(values)) / 20, values, 20.0), "acceleration", settings=SETTINGS)


def responses(rate_hz: float, at: list[float], amplitude_us: float, duration_s: float = 900.0) -> np.ndarray:
    times = np.arange(0, duration_s, 1 / rate_hz)
    wave = 3 + 0.0005 * times
    for onset in at:
        t = np.clip(times - onset, 0, None)
        shape = np.exp(-t / 4) - np.exp(-t / 0.8)
        wave = wave + amplitude_us * shape / 0.535
    return wave


@pytest.mark.parametrize("rate_hz", [4.0, 32.0])
def test_skin_responses_are_counted(rate_hz: float) -> None:
    at = [100.0, 130.0, 200.0, 300.0, 500.0, 640.0]
    m = measure_skin(Signal(responses(rate_hz, at, 0.2), rate_hz, 20.0, "us"), settings=SETTINGS)
    scr = m.events["scr"]
    assert len(scr.times_s) == len(at)
    assert np.all(np.abs(scr.times_s - 20 - np.array(at) - 1.7) < 1)
    assert scr.values == pytest.approx(0.2, rel=0.2)
    # two within the minute around 115 s
    assert m.signals["scr_rate"].values[115] == pytest.approx(2.0)


def test_small_responses_are_not_counted() -> None:
    wave = responses(4.0, [100.0, 200.0], 0.03)
    assert len(skin_responses(wave, rate_hz=4, min_us=0.05)[0]) == 0
    assert len(skin_responses(wave, rate_hz=4, min_us=0.01)[0]) == 2


def test_level_removes_drift_and_keeps_a_rise() -> None:
    times = np.arange(0, 2400, 0.25)
    drift = 2 + 0.001 * times
    raised = drift + 0.5 * ((times > 1200) & (times < 1320))
    level = without_drift(tonic_level(raised, rate_hz=4), rate_hz=4)
    assert level[1260 * 4] == pytest.approx(0.4, abs=0.01)
    assert abs(level[600 * 4]) < 0.01


def test_loose_electrode_is_a_gap() -> None:
    wave = np.full(4 * 600, 2.0)
    wave[800:1200] = 0.0
    m = measure_skin(Signal(wave, 4.0), settings=SETTINGS)
    assert np.isnan(m.signals["skin_conductance"].values[800:1200]).all()
    assert len(m.events["scr"].times_s) == 0
    assert m.quality["scr_rate"].values[250] == 0


def test_gravity_is_not_movement_and_units_do_not_matter() -> None:
    times = np.arange(0, 60, 0.02)
    shake = 0.2 * np.sin(2 * np.pi * 3 * times) * (times > 30)
    axes = np.column_stack((shake, np.zeros_like(times), np.ones_like(times)))
    in_g = measure_movement(Signal(axes, 50.0, 0.0, "g"), "acceleration", settings=SETTINGS)
    raw = in_g.signals["motion_energy_raw"].values
    assert np.abs(raw[:280]).max() < 1e-9
    assert raw[400:590].mean() == pytest.approx(0.2 * 2 / np.pi, rel=0.05)
    for factor, unit in ((9.80665, "m/s^2"), (64.0, "1/64 g")):
        other = measure_movement(Signal(axes * factor, 50.0, 0.0, unit), "acceleration", settings=SETTINGS)
        assert np.allclose(other.signals["motion_energy_raw"].values, raw, atol=0.002)


def test_motion_energy_is_a_mean_on_the_grid() -> None:
    raw = np.random.default_rng(3).gamma(0.5, 100, 25 * 60)
    m = measure_movement(Signal(raw, 25.0, 4.0), "motion_energy", settings=SETTINGS)
    grid = m.signals["motion_energy_raw"]
    assert (grid.rate_hz, grid.start_s) == (10.0, 4.0)
    assert grid.values.mean() == pytest.approx(raw.mean(), rel=0.01)
    scaled = measure_movement(Signal(raw * 7, 25.0, 4.0), "motion_energy", settings=SETTINGS)
    assert np.allclose(scaled.signals["motion_energy"].values, m.signals["motion_energy"].values)


def test_refusals() -> None:
    with pytest.raises(SignalError, match="no movement"):
        measure_movement(Signal(np.zeros(5), 1.0), "dance", settings=SETTINGS)
    with pytest.raises(SignalError, match="7 or more"):
        measure_breathing(Signal(np.zeros(100), 4.0), settings=SETTINGS)
    with pytest.raises(SignalError, match="columns"):
        measure_skin(Signal(np.zeros((9, 2)), 4.0), settings=SETTINGS)
