from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from coregulate.core import InputError
from coregulate.perception import who_speaks

RATE_HZ = 16000
A = [(2, 6), (12, 17), (25, 29)]
B = [(7, 11), (16, 20), (31, 36)]
SECONDS = 40


@pytest.fixture
def two(made, voice):
    rng = np.random.default_rng(1)
    a, b = voice(A, 200, SECONDS), voice(B, 120, SECONDS)
    late = np.roll(a, int(0.005 * RATE_HZ)), np.roll(b, int(0.005 * RATE_HZ))
    hiss = 3e-4 * rng.standard_normal((2, SECONDS * RATE_HZ))
    leak = 10 ** (-15 / 20)
    return {"a": made("a", a + leak * late[1] + hiss[0]), "b": made("b", b + leak * late[0] + hiss[1])}


def covered(track, segments):
    t = np.arange(0, SECONDS, 0.01)
    found = np.zeros(len(t), bool)
    for x in track.labels:
        found |= (t >= x.start_s) & (t < x.end_s)
    truth = np.any([(t >= s) & (t < e) for s, e in segments], axis=0)
    return found, truth


def test_each_is_found_and_the_leak_is_not_taken_for_the_other(two):
    tracks = who_speaks(two)
    for person, segments in (("a", A), ("b", B)):
        found, truth = covered(tracks[person], segments)
        assert np.mean(found[truth]) > 0.95
        assert np.mean(found[~truth]) < 0.03


def test_both_may_speak_at_once(two):
    tracks = who_speaks(two)
    both = covered(tracks["a"], A)[0] & covered(tracks["b"], B)[0]
    assert both.sum() * 0.01 == pytest.approx(1.0, abs=0.3)


def test_swapping_the_people_swaps(two):
    one, other = who_speaks(two), who_speaks({"b": two["a"], "a": two["b"]})
    assert one["a"] == other["b"]
    assert one["b"] == other["a"]


def test_a_later_start_moves_the_labels(two):
    moved = {pid: dataclasses.replace(sound, start_s=10.0) for pid, sound in two.items()}
    for pid, track in who_speaks(two).items():
        expected = [(x.start_s + 10, x.end_s + 10) for x in track.labels]
        assert np.allclose([x[:2] for x in who_speaks(moved)[pid].labels], expected)


def test_sounds_that_start_apart_share_session_time(two, made):
    # b's recorder was started 3 s late: its sound lacks the first 3 s
    from coregulate.readers import read_sound

    late = made("late", read_sound(two["b"], 3.0, SECONDS, rate_hz=RATE_HZ), start_s=3.0)
    found, truth = covered(who_speaks({"a": two["a"], "b": late})["b"], B)
    assert np.mean(found == truth) > 0.96


def test_level_does_not_matter(two, made):
    from coregulate.readers import read_sound

    quiet = made("quiet", 0.3 * read_sound(two["a"], 0, SECONDS, rate_hz=RATE_HZ))
    one, other = covered(who_speaks(two)["a"], A)[0], covered(who_speaks({**two, "a": quiet})["a"], A)[0]
    assert np.mean(one == other) > 0.99


def test_noise_and_digital_silence_are_nobody(made):
    rng = np.random.default_rng(0)
    sounds = {
        "a": made("n", 0.05 * rng.standard_normal(20 * RATE_HZ)),
        "b": made("z", np.zeros(20 * RATE_HZ)),
    }
    assert all(track.labels == () for track in who_speaks(sounds).values())


def test_one_microphone_for_two_says_what_to_do(two):
    with pytest.raises(InputError, match="annotation"):
        who_speaks({"a": two["a"], "b": two["a"]})


def test_one_person_alone_and_nobody(two):
    assert who_speaks({}) == {}
    assert len(who_speaks({"a": two["a"]})["a"].labels) > 0
