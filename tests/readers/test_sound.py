from __future__ import annotations

import numpy as np
import pytest

from coregulate.core import InputError
from coregulate.readers import read, read_sound


def test_each_channel_at_its_rate(made):
    left, right = (s.data for s in read(made("wav")))
    for sound, hz, size in ((left, 220, 0.9), (right, 330, 0.45)):
        values = read_sound(sound, 0.0, 2.0, rate_hz=8000)
        assert values.dtype == np.float32
        assert len(values) == 16000
        np.testing.assert_allclose(values, size * np.sin(2 * np.pi * hz * np.arange(16000) / 8000), atol=2e-4)


def test_a_stretch_equals_the_whole(made):
    sound = read(made("wav"))[0].data
    whole = read_sound(sound, 0.0, 2.0, rate_hz=16000)
    part = read_sound(sound, 0.7, 1.3, rate_hz=16000)
    assert len(part) == 9600
    np.testing.assert_allclose(part, whole[11200:20800], atol=5e-3)


def test_resampling_keeps_time_and_pitch(made):
    sound = read(made("wav"))[0].data
    values = read_sound(sound, 0.25, 1.75, rate_hz=16000)
    t = 0.25 + np.arange(24000) / 16000
    np.testing.assert_allclose(values[500:-500], 0.9 * np.sin(2 * np.pi * 220 * t)[500:-500], atol=0.01)


def test_cut_to_the_sound_and_bad_requests(made):
    sound = read(made("wav"))[0].data
    assert len(read_sound(sound, 1.5, 99.0, rate_hz=8000)) == 4000
    assert len(read_sound(sound, 5.0, 6.0, rate_hz=8000)) == 0
    for start, stop, rate in (
        (1.0, 0.5, 8000),
        (0.0, 1.0, 0.5),
        (0.0, 1.0, 8000.5),
        (0.0, float("nan"), 8000),
    ):
        with pytest.raises(InputError):
            read_sound(sound, start, stop, rate_hz=rate)
