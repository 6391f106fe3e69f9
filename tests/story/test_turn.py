from __future__ import annotations

import math

import numpy as np
import pytest
from tracks_made import levels, person_states, told


def two(a, b=None):
    return {"a": person_states(a), "b": person_states(a if b is None else b)}


def bump(n, *spans, size=0.3):
    out = np.zeros(n)
    for first, last in spans:
        out[first:last] = size
    return out


def test_the_turn_is_where_the_lowest_level_is_left():
    a = levels((0.9, 60), (0.4, 30), (0.1, 60), (0.9, 100))
    (episode,) = told(two(a)).episodes
    assert episode.turn_s == pytest.approx(150, abs=1)


def test_a_ripple_at_the_bottom_is_no_turn_and_a_second_fall_moves_it():
    (episode,) = told(two(levels((0.9, 60), (0.02, 60), (0.12, 60), (0.9, 100)))).episodes
    assert episode.turn_s == 180
    (episode,) = told(two(levels((0.9, 60), (0.02, 60), (0.8, 20), (0.1, 40), (0.9, 100)))).episodes
    assert episode.turn_s == 180


@pytest.mark.parametrize("seed", range(5))
def test_the_turn_in_noise_and_on_a_ramp(seed):
    rng = np.random.default_rng(seed)
    a = np.r_[np.full(60, 0.9), np.full(80, 0.15), np.linspace(0.15, 0.9, 15), np.full(100, 0.9)]
    a = np.clip(a + 0.04 * rng.standard_normal(len(a)), 0.01, 0.99)
    (episode,) = told(two(a)).episodes
    assert 138 <= episode.turn_s <= 150


def test_no_turn_where_the_recording_ends_low():
    (episode,) = told(two(levels((0.9, 60), (0.2, 60), (0.4, 30)))).episodes
    assert math.isnan(episode.turn_s)
    assert (episode.recovered, episode.repair_by, episode.before) == (False, "", ())
    assert math.isnan(episode.recovery_s)


def test_a_turn_that_the_end_cut_short_is_still_a_turn():
    (episode,) = told(two(levels((0.9, 60), (0.2, 60), (0.9, 20)))).episodes
    assert episode.turn_s == 120
    assert not episode.recovered


def test_what_came_before_is_ranked_and_counted():
    a = levels((0.9, 100), (0.2, 60), (0.9, 140))
    rises = {
        ("a", "lip_corner_puller"): bump(300, (20, 25), (60, 65), (150, 165)),
        ("b", "nod"): bump(300, (153, 160), size=0.1),
        ("b", "brow_lowerer"): bump(300, (120, 126)),  # too early
    }
    (episode,) = told(two(a), rises=rises).episodes
    assert [(x.person, x.cue, x.n_same, x.n_nothing) for x in episode.before] == [
        ("a", "lip_corner_puller", 3, 2),
        ("b", "nod", 1, 0),
    ]
    assert episode.before[0].evidence == pytest.approx(11 * 0.3)
    assert episode.repair_by == "a"


def test_repair_is_by_whoever_came_first_not_by_the_larger_cue():
    a = levels((0.9, 100), (0.2, 60), (0.9, 140))
    rises = {("a", "lip_corner_puller"): bump(300, (155, 170), size=2.0), ("b", "nod"): bump(300, (148, 170))}
    (episode,) = told(two(a), rises=rises).episodes
    assert episode.repair_by == "b"
    assert episode.before[0].person == "a"


def test_nobody_reached_out_where_both_came_at_once_or_only_a_heart_did():
    a = levels((0.9, 100), (0.2, 60), (0.9, 140))
    rise = bump(300, (150, 170))
    assert told(two(a), rises={("a", "nod"): rise, ("b", "nod"): rise}).episodes[0].repair_by == ""
    (episode,) = told(two(a), rises={("a", "heart_period"): rise}).episodes
    assert episode.repair_by == ""
    assert [x.cue for x in episode.before] == ["heart_period"]


def test_a_cue_against_safety_and_a_missing_cue_come_before_nothing():
    a = levels((0.9, 100), (0.2, 60), (0.9, 140))
    rises = {("a", "nod"): bump(300, (150, 170), size=-1.0), ("b", "nod"): np.full(300, np.nan)}
    assert told(two(a), rises=rises).episodes[0].before == ()
