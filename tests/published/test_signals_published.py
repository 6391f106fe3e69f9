"""Numbers that others published or shipped with their recordings."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from coregulate.core import Signal, SignalSettings
from coregulate.signals import ecg_beats, measure_heart, rmssd, sdnn

SETTINGS = SignalSettings()


def share_near(these: np.ndarray, those: np.ndarray, within_s: float) -> float:
    """Share of ``these`` that have one of ``those`` within that time."""
    at = np.clip(np.searchsorted(those, these), 1, len(those) - 1)
    nearest = np.minimum(np.abs(those[at] - these), np.abs(those[at - 1] - these))
    return float(np.mean(nearest <= within_s))


def test_mit_bih_100(data_dir: Path) -> None:
    """MIT-BIH Arrhythmia Database, record 100: 2,273 annotated beats."""
    wfdb = pytest.importorskip("wfdb")
    record = wfdb.rdrecord(str(data_dir / "heart" / "100"))
    annotation = wfdb.rdann(str(data_dir / "heart" / "100"), "atr")
    beats = np.array([s for s, kind in zip(annotation.sample, annotation.symbol, strict=True) if kind != "+"])
    truth = beats / record.fs
    assert len(truth) == 2273
    found = ecg_beats(record.p_signal[:, record.sig_name.index("MLII")], rate_hz=record.fs)
    assert share_near(truth, found, 0.1) >= 0.995
    assert share_near(found, truth, 0.1) >= 0.995


def test_noise_stress_clean(data_dir: Path) -> None:
    """MIT-BIH Noise Stress Test, record 118 at 24 dB: every beat, quality at least 0.9."""
    folder = data_dir / "heart" / "noise_stress"
    truth = np.loadtxt(folder / "118e24_ann.csv") / 360
    ecg = np.loadtxt(folder / "118e24.csv")
    assert len(truth) == 167
    assert share_near(truth, ecg_beats(ecg, rate_hz=360), 0.1) == 1.0
    heart = measure_heart(Signal(ecg, 360.0, 0.0, "mV", "118e24"), "ecg", settings=SETTINGS)
    assert heart.quality["heart_period"].values.min() >= 0.9


def test_noise_stress_drowned(data_dir: Path) -> None:
    """Record 118 at 0 dB: under the floor throughout, so nothing is invented."""
    ecg = np.loadtxt(data_dir / "heart" / "noise_stress" / "118e00.csv")
    heart = measure_heart(Signal(ecg, 360.0, 0.0, "mV", "118e00"), "ecg", settings=SETTINGS)
    quality = heart.quality["heart_period"].values
    assert quality.max() < SETTINGS.beat_quality_floor
    assert quality.mean() <= 0.5
    for name, signal in heart.signals.items():
        assert np.isnan(signal.values).all(), name


def test_pyhrv_report(data_dir: Path) -> None:
    """PyHRV's long sample series against the report that comes with it."""
    folder = data_dir / "heart" / "pyhrv"
    nn = np.load(folder / "SampleNNISeriesLong.npy").astype(float)
    report = (folder / "SampleReport.txt").read_text()
    says = {
        name: float(value)
        for name, value in re.findall(r"^(Mean NNI|SDNN|RMSSD) \(ms\)\s*;\s*([\d.]+)", report, re.MULTILINE)
    }
    assert says == {"Mean NNI": 768.438, "SDNN": 85.357, "RMSSD": 60.523}
    assert round(float(nn.mean()), 3) == says["Mean NNI"]
    assert round(sdnn(nn), 3) == says["SDNN"]
    assert round(rmssd(nn), 3) == says["RMSSD"]
