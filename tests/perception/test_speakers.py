from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from coregulate.core import InputError
from coregulate.perception import who_speaks
from coregulate.perception.crosstalk import heard_through, learn_path
from coregulate.perception.leaks import APART, _fading, _two_groups

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
    done = []
    tracks = who_speaks(two, progress=done.append)
    assert done == sorted(done)
    assert done[-1] == 1.0
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


@pytest.mark.parametrize("gain", [1.0, 0.2])
def test_the_same_leak_is_found_whatever_the_gains(two, made, gain):
    from coregulate.readers import read_sound

    quiet = made("other", gain * read_sound(two["b"], 0, SECONDS, rate_hz=RATE_HZ))
    tracks = who_speaks({"a": two["a"], "b": quiet})
    for person, segments in (("a", A), ("b", B)):
        found, truth = covered(tracks[person], segments)
        assert np.mean(found[truth]) > 0.95
        assert np.mean(found[~truth]) < 0.03


@pytest.mark.parametrize("share", [0.5, 0.7])
def test_one_who_speaks_alone_is_not_taken_for_two(made, voice, share):
    rng = np.random.default_rng(2)
    a = voice(A, 200, SECONDS)
    hiss = 3e-4 * rng.standard_normal((2, len(a)))
    late = share * np.roll(a, int(0.005 * RATE_HZ))
    tracks = who_speaks({"a": made("a", a + hiss[0]), "b": made("b", late + hiss[1])})
    found, truth = covered(tracks["a"], A)
    assert np.mean(found[truth]) > 0.95
    assert tracks["b"].labels == ()


def test_two_microphones_side_by_side_tell_two_people(made, voice):
    rng = np.random.default_rng(4)
    a, b = voice(A, 200, SECONDS), voice(B, 120, SECONDS)
    near = 10 ** (-2.5 / 20)
    hiss = 3e-4 * rng.standard_normal((2, len(a)))
    tracks = who_speaks(
        {
            "a": made("a", a + near * np.roll(b, 16) + hiss[0]),
            "b": made("b", b + near * np.roll(a, 16) + hiss[1]),
        }
    )
    for person, segments in (("a", A), ("b", B)):
        found, truth = covered(tracks[person], segments)
        assert np.mean(found[truth]) > 0.95
        assert np.mean(found[~truth]) < 0.03


def test_one_group_that_is_cut_in_two_is_less_apart_than_two():
    rng = np.random.default_rng(7)
    normal, even, skewed = rng.standard_normal(2000), rng.uniform(-1, 1, 2000), rng.exponential(size=2000)
    assert all(_two_groups(2.0 * x)[1] < APART for x in (normal, even, skewed))
    middle, apart = _two_groups(np.concatenate([normal[:300] - 3.0, normal[300:] + 3.0]))
    assert middle == pytest.approx(0.0, abs=0.2)
    assert apart > 1.5 * APART


def test_a_level_fades_no_faster_than_the_room():
    level = np.array([0, 60, 0, 0, 0, 70, 0], dtype=np.float32)
    assert _fading(level, 0.03).tolist() == pytest.approx([0, 60, 40, 20, 0, 70, 50])


def test_the_path_of_a_leak_is_learned_as_it_is():
    rng = np.random.default_rng(3)
    theirs = rng.standard_normal(40000)
    path = np.zeros(300)
    path[[40, 41, 200]] = 0.5, -0.2, 0.1
    mine = np.convolve(theirs, path)[:40000] + 0.01 * rng.standard_normal(40000)
    found = learn_path(mine, theirs, np.ones(40000, bool), rate_hz=8000.0)
    assert found is not None
    at = np.zeros(400)
    at[found.lag : found.lag + len(found.taps)] = found.taps[: 400 - found.lag]
    np.testing.assert_allclose(at[:300], path, atol=0.01)
    left = mine - heard_through(found, theirs)
    assert np.std(left[600:]) < 0.015
    apart = learn_path(rng.standard_normal(40000), theirs, np.ones(40000, bool), rate_hz=8000.0)
    assert apart is None
    assert learn_path(mine, theirs, np.zeros(40000, bool), rate_hz=8000.0) is None
