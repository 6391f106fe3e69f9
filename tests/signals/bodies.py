"""Bodies with known answers, small enough for a unit test."""

from __future__ import annotations

import numpy as np

from coregulate.core import FloatArray


def beats_with_rsa(
    duration_s: float, *, mean_ms: float = 800.0, amplitude_ms: float = 40.0, frequency_hz: float = 0.25
) -> tuple[FloatArray, FloatArray]:
    """Times (s) and intervals (ms) of a heart that breathing speeds and slows."""
    times, intervals = [0.0], [np.nan]
    while times[-1] < duration_s:
        interval = mean_ms + amplitude_ms * np.sin(2 * np.pi * frequency_hz * times[-1])
        times.append(times[-1] + interval / 1000)
        intervals.append(interval)
    return np.array(times), np.array(intervals)


def ecg(beats_s: FloatArray, *, rate_hz: float, duration_s: float) -> FloatArray:
    """A P wave, a QRS complex and a T wave at each beat."""
    times = np.arange(round(duration_s * rate_hz)) / rate_hz
    wave = np.zeros(len(times))
    for beat in beats_s:
        near = slice(*np.searchsorted(times, (beat - 0.4, beat + 0.5)))
        t = times[near] - beat
        for centre, width, height in (
            (-0.16, 0.02, 0.1),
            (0, 0.01, 1.0),
            (0.03, 0.01, -0.2),
            (0.25, 0.04, 0.25),
        ):
            wave[near] += height * np.exp(-(((t - centre) / width) ** 2) / 2)
    return wave
