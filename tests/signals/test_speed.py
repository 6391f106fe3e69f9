from __future__ import annotations

import time

import numpy as np
import pytest

from coregulate.core import Signal, SignalSettings
from coregulate.signals import measure_breathing, measure_heart, measure_skin


@pytest.mark.slow
def test_an_hour_takes_seconds() -> None:
    """One person's hour at 500, 50 and 32 Hz: measured 0.8 s of one core; the floor leaves room for slow machines."""
    pytest.importorskip("neurokit2")
    seconds = 3600
    beat = np.exp(-((np.arange(400) - 100) ** 2) / 50)
    ecg = np.tile(beat, seconds * 500 // 400)
    times = np.arange(seconds * 50) / 50
    began = time.process_time()
    breathing = measure_breathing(Signal(np.sin(1.5 * times), 50.0), settings=SignalSettings())
    heart = measure_heart(
        Signal(ecg, 500.0), "ecg", settings=SignalSettings(), breathing=breathing.signals["respiration_rate"]
    )
    measure_skin(Signal(2 + 0.1 * np.sin(np.arange(seconds * 32) / 100), 32.0), settings=SignalSettings())
    assert time.process_time() - began < 10
    assert len(heart.events["beats"].times_s) == pytest.approx(4500, abs=5)
