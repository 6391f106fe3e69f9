"""Real recordings: two sensors with losses and a pause, belts, wrists."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from coregulate.core import Events, FloatArray, Samples, Signal, SignalSettings
from coregulate.signals import (
    contiguous_runs,
    ecg_beats,
    measure_breathing,
    measure_heart,
    measure_movement,
    measure_skin,
    tonic_level,
)

SETTINGS = SignalSettings()
SENSORS = {"234130000540": (198.95, 87.7), "234130000594": (199.12, 108.6)}
SKIP_MS = 60.0


def load_sensor(data_dir: Path, sensor: str) -> tuple[Samples, FloatArray]:
    folder = data_dir / "dyad_ecg" / sensor
    table = np.loadtxt(next(folder.glob("ECG-*.csv")), delimiter=",", skiprows=2)
    listed = np.loadtxt(next(folder.glob("HR-*.csv")), delimiter=",", skiprows=2)[:, 1]
    return Samples(table[:, 0], table[:, 1], 200.0, "", "ecg"), listed


def aligned(ours: FloatArray, theirs: FloatArray) -> FloatArray:
    """Pairs of intervals of two lists without common times, by dynamic programming; skipping one costs 60 ms."""
    n, m = len(ours), len(theirs)
    cost = np.empty((n + 1, m + 1))
    cost[0] = np.arange(m + 1) * SKIP_MS
    steps = np.arange(m + 1) * SKIP_MS
    for i in range(1, n + 1):
        best = cost[i - 1] + SKIP_MS
        best[1:] = np.minimum(best[1:], cost[i - 1, :-1] + np.abs(ours[i - 1] - theirs))
        # the cheapest way along the row, skipping theirs
        cost[i] = np.minimum.accumulate(best - steps) + steps
    pairs, i, j = [], n, m
    while i and j:
        if np.isclose(cost[i, j], cost[i - 1, j - 1] + abs(ours[i - 1] - theirs[j - 1])):
            i, j = i - 1, j - 1
            pairs.append((i, j))
        elif np.isclose(cost[i, j], cost[i - 1, j] + SKIP_MS):
            i -= 1
        else:
            j -= 1
    return np.array(pairs[::-1])


@pytest.mark.parametrize("sensor", list(SENSORS))
def test_beats_agree_with_the_sensors_own_list(data_dir: Path, sensor: str) -> None:
    ecg, listed = load_sensor(data_dir, sensor)
    heart = measure_heart(ecg, "ecg", settings=SETTINGS)
    quality = heart.quality["heart_period"]
    times, intervals = [], []
    for run in contiguous_runs(ecg):
        beats = run.start_s + ecg_beats(run.values, rate_hz=run.rate_hz)
        times.append(beats[1:])
        intervals.append(np.diff(beats) * 1000)
    at, ours = np.concatenate(times), np.concatenate(intervals)
    pairs = aligned(ours, listed)
    # the alignment must not win by leaving out what disagrees
    assert len(pairs) >= 0.97 * min(len(ours), len(listed))
    second = np.clip((at - quality.start_s).astype(int), 0, len(quality.values) - 1)
    clean = quality.values[second][pairs[:, 0]] >= SETTINGS.beat_quality_floor
    assert clean.sum() >= 0.95 * len(pairs)
    off = np.abs(ours[pairs[:, 0]] - listed[pairs[:, 1]])[clean]
    assert np.median(off) < 5
    assert np.mean(off < 50) >= 0.97


@pytest.mark.parametrize("sensor", list(SENSORS))
def test_median_heart_rate_in_the_video(data_dir: Path, sensor: str) -> None:
    ecg, _ = load_sensor(data_dir, sensor)
    rate_hz, per_min = SENSORS[sensor]
    heart = measure_heart(ecg, "ecg", settings=SETTINGS)
    with next((data_dir / "dyad_ecg").glob("Annotations-*.csv")).open() as lines:
        marks = {row["Type"]: float(row["Timestamp"]) for row in csv.DictReader(lines)}
    beats = heart.events["beats"]
    inside = (beats.times_s >= marks["VideoAnnotationStart"]) & (beats.times_s < marks["VideoAnnotationStop"])
    assert 60_000 / np.nanmedian(beats.values[inside]) == pytest.approx(per_min, abs=0.3)
    longest = max(contiguous_runs(ecg), key=lambda run: run.duration_s)
    assert longest.rate_hz == pytest.approx(rate_hz, abs=0.005)


def test_nothing_in_the_pause(data_dir: Path) -> None:
    ecg, _ = load_sensor(data_dir, "234130000540")
    heart = measure_heart(ecg, "ecg", settings=SETTINGS)
    steps = np.diff(ecg.times_s)
    pause = int(np.argmax(steps))
    assert steps[pause] == pytest.approx(166.6, abs=0.1)
    period = heart.signals["heart_period"]
    inside = (period.times_s > ecg.times_s[pause]) & (period.times_s < ecg.times_s[pause + 1])
    assert inside.sum() > 660
    for name, signal in heart.signals.items():
        times = signal.times_s
        within = (times > ecg.times_s[pause] + 1) & (times + 1 < ecg.times_s[pause + 1])
        if name in ("heart_period", "rsa", "hf_power"):
            assert np.isnan(signal.values[within]).all(), name
    assert np.nanmax(heart.events["beats"].values) < 2500


def columns(path: Path) -> dict[str, FloatArray]:
    names = path.read_text().split("\n", 1)[0].split(",")
    table = np.loadtxt(path, delimiter=",", skiprows=1)
    return {name.strip('" \r'): table[:, k] for k, name in enumerate(names)}


def test_resting_beats_breaths_and_pulse(data_dir: Path) -> None:
    rest = columns(data_dir / "heart" / "neurokit" / "bio_resting_5min_100hz.csv")
    assert len(ecg_beats(rest["ECG"], rate_hz=100)) == 431
    breathing = measure_breathing(Signal(rest["RSP"], 100.0, name="belt"), settings=SETTINGS)
    rate = breathing.signals["respiration_rate"]
    assert np.nanmean(rate.values) == pytest.approx(15.9, abs=0.1)
    ecg = measure_heart(Signal(rest["ECG"], 100.0, name="ecg"), "ecg", settings=SETTINGS, breathing=rate)
    ppg = measure_heart(Signal(rest["PPG"], 100.0, name="ppg"), "ppg", settings=SETTINGS, breathing=rate)
    assert len(ecg.events["beats"].times_s) == 432
    # two sensors of one heart; the pulse reaches the finger up to half a second later
    here, there = ecg.signals["heart_period"].values, ppg.signals["heart_period"].values
    off = [np.nanmedian(np.abs(here[: len(here) - k] - there[k : len(here)])) for k in range(4)]
    assert int(np.argmin(off)) in (1, 2)
    assert min(off) < 6
    assert np.nanmedian(np.abs(ecg.signals["rsa"].values - ppg.signals["rsa"].values)) < 0.2
    assert np.nanmedian(np.abs(ecg.signals["rmssd"].values - ppg.signals["rmssd"].values)) < 6


def test_slow_deep_breathing(data_dir: Path) -> None:
    """300 s at about 6 breaths a minute: RSA is not interpreted, peak to trough is shown."""
    folder = data_dir / "heart" / "samuelgarcia"
    flow = Signal(np.load(folder / "resp1_airflow.npy"), 1000.0, name="airflow")
    breathing = measure_breathing(flow, settings=SETTINGS)
    assert np.nanmedian(breathing.signals["respiration_rate"].values) == pytest.approx(6.4, abs=0.5)
    heart = measure_heart(
        Signal(np.load(folder / "ecg1.npy"), 1000.0, name="ecg"),
        "ecg",
        settings=SETTINGS,
        breathing=breathing.signals["respiration_rate"],
    )
    assert heart.quality["heart_period"].values.min() > 0.95
    assert np.isfinite(heart.signals["rsa"].values).mean() < 0.2
    assert np.nanmedian(heart.signals["paced_peak_to_trough"].values) > 200


# Stroop test, rest, interview, rest: seconds between the button presses of each person
STRESS = {"S02": ((622, 998), (998, 1270), (1270, 1925), (1925, 2227)), "S03": ((562, 838), (838, 1112), (1112, 1654), (1654, 1967))}  # fmt: skip


def contrast(values: FloatArray, parts: tuple[tuple[int, int], ...], rate_hz: float) -> float:
    """Mean in the two stress parts minus mean in the two rests."""
    of = [values[int(a * rate_hz) : int(b * rate_hz)] for a, b in parts]
    return float(np.nanmean(np.concatenate((of[0], of[2]))) - np.nanmean(np.concatenate((of[1], of[3]))))


@pytest.mark.parametrize("person", list(STRESS))
def test_skin_conductance_without_drift_tells_stress_from_rest(data_dir: Path, person: str) -> None:
    eda = np.loadtxt(data_dir / "stress" / person / "EDA.csv", skiprows=2)
    skin = measure_skin(Signal(eda, 4.0, 0.0, "us", "eda"), settings=SETTINGS)
    level = skin.signals["skin_conductance_level"].values
    assert contrast(level, STRESS[person], 4) > 0
    assert contrast(skin.signals["scr_rate"].values, STRESS[person], 1) > 0
    if person == "S02":
        # the drift of the electrode had turned it round
        assert (
            contrast(tonic_level(skin.signals["skin_conductance"].values, rate_hz=4), STRESS[person], 4) < 0
        )


def test_wrist_intervals_stay_within_their_runs(data_dir: Path) -> None:
    """Empatica's list leaves most beats out; what lies between its runs is not known."""
    table = np.loadtxt(data_dir / "stress" / "S03" / "IBI.csv", delimiter=",", skiprows=1)
    heart = measure_heart(Events(table[:, 0], table[:, 1], "s", "ibi"), "rr", settings=SETTINGS)
    period = heart.signals["heart_period"].values
    assert 0.2 < np.isfinite(period).mean() < 0.4
    assert np.nanmedian(period) == pytest.approx(1000 * np.median(table[:, 1]), rel=0.02)
    assert np.nanmax(heart.events["beats"].values) < 2500


def test_motion_energy_of_a_discussion(data_dir: Path) -> None:
    table = np.loadtxt(data_dir / "discussion" / "motion_energy" / "MEA_video16.txt", usecols=(0, 1))
    moved = measure_movement(Signal(table[:, 1], 25.0, 0.0, "", "video"), "motion_energy", settings=SETTINGS)
    energy, raw = moved.signals["motion_energy"].values, moved.signals["motion_energy_raw"].values
    assert len(energy) == pytest.approx(len(table) / 2.5, abs=10)
    assert np.nanmean(raw) == pytest.approx(table[:, 1].mean(), rel=0.01)

    def tail(x: FloatArray) -> float:
        return float(np.nanpercentile(x, 99.9) / np.nanmean(x))

    assert tail(energy) < tail(raw) / 2
