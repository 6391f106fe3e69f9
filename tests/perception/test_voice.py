from __future__ import annotations

import numpy as np
import pytest

from coregulate.core import Label, Track
from coregulate.perception import praat, voice_frames

RATE_HZ = 16000
NAMES = {"f0": "hz", "intensity": "db", "hnr": "db", "alpha_ratio": "db", "speech_rate": "1/s"}


def track(*segments):
    return Track(tuple(Label(s, e, "speech") for s, e in segments))


def test_known_pitch_and_rhythm(made, voice):
    sound = made("v", voice([(1, 9)], 180, 10))
    frames = voice_frames(sound, track((1, 9)), others=None)
    assert {name: s.unit for name, s in frames.items()} == NAMES
    assert np.nanmedian(frames["f0"].values) == pytest.approx(180, rel=0.005)
    middle = frames["speech_rate"].values[300:700]
    assert np.nanmedian(middle) == pytest.approx(4.0, abs=0.3)
    assert np.nanmedian(frames["hnr"].values) > 15


def test_a_low_voice_is_not_heard_an_octave_higher(made, voice):
    f0 = voice_frames(made("v", voice([(0, 5)], 66, 5)), track((0, 5)), others=None)["f0"].values
    assert np.isfinite(f0).mean() > 0.8
    assert np.nanmedian(f0) == pytest.approx(66, rel=0.01)


def test_a_soft_turn_has_its_pitch_and_syllables(made, voice):
    """30 dB under the turn before it: lost, by Praat's own silence and by one threshold for the whole sound."""
    x = voice([(0, 10)], 150, 10)
    x[5 * RATE_HZ :] *= 10 ** (-30 / 20)
    frames = voice_frames(made("v", x), track((0, 10)), others=None)
    soft = slice(750, 950)
    assert np.isfinite(frames["f0"].values[soft]).mean() > 0.5  # of a rhythm that itself dips 20 dB
    assert np.nanmedian(frames["speech_rate"].values[soft]) == pytest.approx(4.0, abs=0.3)


@pytest.mark.parametrize("floor_hz", [50, 55, 60, 65, 75])
def test_each_frame_has_its_place_whatever_the_floor(voice, floor_hz):
    found = praat.pitch(voice([(0, 2)], 150, 2) + 1e-9, rate_hz=RATE_HZ, floor_hz=floor_hz, silence=1e-4)
    assert np.isfinite(found.f0_hz[10:-10]).mean() > 0.95


def test_only_where_this_person_speaks_alone(made, voice):
    sound = made("v", voice([(0, 10)], 150, 10))
    frames = voice_frames(sound, track((2, 8)), others=track((5, 6)))
    for signal in frames.values():
        assert signal.rate_hz == 100
        known = np.flatnonzero(np.isfinite(signal.values)) / 100
        assert len(known)
        assert known.min() >= 2
        assert known.max() < 8
        assert not np.any((known >= 5) & (known < 6))


def test_one_shared_microphone_with_an_annotation(made, voice):
    a, b = [(0, 3), (6, 9)], [(3, 6)]
    sound = made("v", voice(a, 220, 9) + voice(b, 110, 9))
    high = voice_frames(sound, track(*a), others=track(*b))["f0"].values
    low = voice_frames(sound, track(*b), others=track(*a))["f0"].values
    assert np.nanmedian(high) == pytest.approx(220, rel=0.01)
    assert np.nanmedian(low) == pytest.approx(110, rel=0.01)
    assert not np.any(np.isfinite(high) & np.isfinite(low))


def test_more_high_frequencies_raise_the_alpha_ratio(made, voice):
    plain = voice([(0, 4)], 150, 4)
    bright = np.diff(plain, prepend=0.0) * 4
    of = [
        np.nanmedian(voice_frames(made(n, x), track((0, 4)), others=None)["alpha_ratio"].values)
        for n, x in (("p", plain), ("b", bright))
    ]
    assert of[1] > of[0] + 5


def test_gain_moves_intensity_only(made, voice):
    x = voice([(0, 4)], 150, 4)
    loud, soft = (
        voice_frames(made(n, g * x), track((0, 4)), others=None) for n, g in (("l", 1.0), ("s", 0.25))
    )
    difference = np.nanmedian(loud["intensity"].values) - np.nanmedian(soft["intensity"].values)
    assert difference == pytest.approx(20 * np.log10(4), abs=0.1)
    for name in ("f0", "alpha_ratio", "speech_rate"):
        assert np.nanmedian(loud[name].values) == pytest.approx(np.nanmedian(soft[name].values), abs=0.2), (
            name
        )


def test_blocks_do_not_show(made, monkeypatch, voice):
    from coregulate.perception import blocks

    sound = made(
        "v", voice([(0.5, 19)], 160, 20) + 1e-4 * np.random.default_rng(0).standard_normal(20 * RATE_HZ)
    )
    speech = track((0.5, 19))
    whole = voice_frames(sound, speech, others=None)
    monkeypatch.setattr(blocks, "BLOCK_S", 7.0)
    cut = voice_frames(sound, speech, others=None)
    for name, signal in whole.items():
        a, b = np.asarray(signal.values), np.asarray(cut[name].values)
        assert np.mean(np.isfinite(a) == np.isfinite(b)) > 0.99, name
        both = np.isfinite(a) & np.isfinite(b)
        assert np.median(np.abs(a[both] - b[both])) < 0.05, name


def test_nobody_speaks_and_a_sound_too_short(made, voice):
    sound = made("v", voice([(0, 0.03)], 150, 0.03))
    for speech in (Track(()), track((0, 0.03))):
        frames = voice_frames(sound, speech, others=None)
        assert not np.isfinite(frames["f0"].values).any()


def test_session_time_of_a_sound_that_starts_later(made, voice):
    sound = made("v", voice([(1, 3)], 150, 4), start_s=100.0)
    f0 = voice_frames(sound, track((101, 103)), others=None)["f0"]
    assert f0.start_s == 100.0
    known = f0.times_s[np.isfinite(f0.values)]
    assert known.min() >= 101
    assert known.max() < 103
