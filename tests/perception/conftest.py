"""Made sounds: voices of pulses with known pitch, on two microphones with known leak."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from coregulate.core import Sound

RATE_HZ = 16000


def _voice(segments, f0_hz, seconds, *, amplitude=0.2, seed=0):
    """Harmonics of f0, falling 12 dB an octave, with a 4 Hz syllable rhythm, in the given segments only."""
    t = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    tone = sum(np.sin(2 * np.pi * k * f0_hz * t + k) / k**2 for k in range(1, int(4000 / f0_hz)))
    rhythm = 0.55 - 0.45 * np.cos(2 * np.pi * 4 * t)
    gate = np.zeros(len(t))
    for start, end in segments:
        gate[int(start * RATE_HZ) : int(end * RATE_HZ)] = 1.0
    return amplitude * tone * rhythm * gate


def write_sound(path: Path, samples, *, rate_hz=RATE_HZ, start_s=0.0, channel=0) -> Sound:
    table = np.atleast_2d(np.asarray(samples).T).T
    with wave.open(str(path), "wb") as out:
        out.setnchannels(table.shape[1])
        out.setsampwidth(2)
        out.setframerate(rate_hz)
        out.writeframes((np.clip(table, -1, 1) * 32767).astype("<i2").tobytes())
    return Sound(str(path), rate_hz, len(table) / rate_hz, table.shape[1], channel, start_s)


@pytest.fixture(scope="session")
def voice():
    """Make a voice: voice(segments, f0_hz, seconds) -> samples at 16 kHz."""
    return _voice


@pytest.fixture
def made(tmp_path):
    """Write samples under a name and return the sound."""
    return lambda name, samples, **more: write_sound(tmp_path / f"{name}.wav", samples, **more)
