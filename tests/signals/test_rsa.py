from __future__ import annotations

import numpy as np
import pytest

from coregulate.core import SignalError
from coregulate.signals import rsa_porges_bohrer, rsa_sliding


def sine(
    frequency_hz: float, *, mean_ms: float = 800.0, phase: float = 0.0, rate_hz: float = 4.0
) -> np.ndarray:
    times = np.arange(0, 300, 1 / rate_hz)
    return mean_ms + 40 * np.sin(2 * np.pi * frequency_hz * times + phase)


@pytest.mark.parametrize("mean_ms", [500.0, 800.0, 1200.0])
@pytest.mark.parametrize(("frequency_hz", "expected"), [(0.25, 6.91), (0.15, 6.25), (0.30, 6.39)])
def test_known_sine(frequency_hz: float, expected: float, mean_ms: float) -> None:
    for phase in np.linspace(0, 2 * np.pi, 5):
        epochs = rsa_porges_bohrer(sine(frequency_hz, mean_ms=mean_ms, phase=phase), rate_hz=4)
        known = epochs[np.isfinite(epochs)]
        assert len(known) >= 7
        assert known == pytest.approx(expected, abs=0.05)


def test_sliding_agrees_with_epochs() -> None:
    x = sine(0.25)
    sliding, epochs = rsa_sliding(x, rate_hz=4), rsa_porges_bohrer(x, rate_hz=4)
    # the window of second 44 is 29.5 to 59.5 s, the second epoch 30 to 60 s
    assert sliding[44] == pytest.approx(epochs[1], abs=0.05)
    assert len(sliding) == 300


def test_slow_trend_and_slow_breathing_stay_out() -> None:
    times = np.arange(0, 300, 0.25)
    trend = 700 + 0.4 * times
    both = rsa_porges_bohrer(sine(0.25) + trend - 800, rate_hz=4)[2:-1]
    assert both == pytest.approx(6.91, abs=0.05)
    assert np.nanmax(rsa_porges_bohrer(sine(0.05), rate_hz=4)) < 0


def test_infants_band() -> None:
    times = np.arange(0, 300, 0.2)
    x = 450 + 20 * np.sin(2 * np.pi * 0.6 * times)
    value = rsa_porges_bohrer(x, rate_hz=5, low_hz=0.24, high_hz=1.04)[3]
    # 0.6 Hz at 5 Hz is to the filters what 0.24 Hz is at 2 Hz
    adult = rsa_porges_bohrer(sine(0.24), rate_hz=4)[3]
    assert value == pytest.approx(adult - np.log(4), abs=0.1)


def test_a_gap_is_not_bridged() -> None:
    x = sine(0.25)
    x[600:640] = np.nan
    sliding = rsa_sliding(x, rate_hz=4)
    assert np.isnan(sliding[150:160]).all()
    assert np.isfinite(sliding[[60, 250]]).all()


def test_units_scale_and_constant_is_not_known() -> None:
    x = sine(0.2)
    centred = 2 * (x - 800) + 800
    assert rsa_sliding(centred, rate_hz=4)[100] - rsa_sliding(x, rate_hz=4)[100] == pytest.approx(np.log(4))
    assert np.isnan(rsa_sliding(np.full(1200, 800.0), rate_hz=4)).all()


def test_refusals() -> None:
    with pytest.raises(SignalError, match="multiple"):
        rsa_sliding(sine(0.25), rate_hz=3)
    with pytest.raises(SignalError, match="band"):
        rsa_sliding(sine(0.25), rate_hz=4, low_hz=0.4, high_hz=0.12)
