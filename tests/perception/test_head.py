"""Heads that move as told: nods are nods, and looking aside is no shake; gaze has the partner's side."""

from __future__ import annotations

import numpy as np
import pytest

from coregulate.core import InputError
from coregulate.perception.faces import (
    HEAD_CUES,
    FaceTracks,
    gaze_toward_partner,
    gaze_toward_screen,
    head_cues,
    turned_quality,
)
from coregulate.perception.faces.measure import CUES

RATE_HZ = 10.0


def tracks(n=200, *, boxes=None, **person):
    """Tracks of ``left`` (with these cues) and ``right`` (still), 10 a second."""
    t = np.arange(n) / RATE_HZ
    noise = np.random.default_rng(0)

    def cues(given):
        own = {cue: np.zeros(n) for cue in CUES} | {"eye_aperture": np.full(n, 0.3)}
        own |= {f"head_{a}_deg": noise.normal(0, 0.4, n) for a in ("yaw", "pitch", "roll")}
        for name, value in given.items():
            own[name] = own[name] + value
        return own

    places = boxes or {"left": (100, 200), "right": (600, 700)}
    return FaceTracks(
        t,
        ("left", "right"),
        {"left": cues(person), "right": cues({})},
        {label: np.ones(n) for label in places},
        {label: np.tile([x0, 100.0, x1, 230.0], (n, 1)) for label, (x0, x1) in places.items()},
        {label: np.ones(n) for label in places},
        {"left": (0,), "right": (1,)},
    )


def wave(size_deg, hz, from_s=5.0, to_s=7.0, n=200):
    t = np.arange(n) / RATE_HZ
    return np.where((t >= from_s) & (t < to_s), -size_deg * np.sin(2 * np.pi * hz * (t - from_s)), 0.0)


def step(size_deg, at_s, takes_s=0.3, n=200):
    return size_deg * np.clip((np.arange(n) / RATE_HZ - at_s) / takes_s, 0, 1)


@pytest.mark.parametrize("hz", [0.8, 1.5, 2.5, 3.5])
@pytest.mark.parametrize(("cue", "angle", "no"), [("nod", "pitch", "shake"), ("shake", "yaw", "nod")])
def test_swings_that_come_back_are_nods_and_shakes(cue, angle, no, hz):
    head = head_cues(tracks(**{f"head_{angle}_deg": wave(6, hz)}), "left")
    assert head[cue][69] > 0.7  # the two seconds before are full of it
    assert np.all(head[cue][:50] == 0)
    assert np.all(head[cue][95:] == 0)
    assert np.all(head[no] == 0)


def test_one_nod_is_seen_and_grows_with_its_length():
    once, twice, four = (head_cues(tracks(head_pitch_deg=wave(6, 2, 5, 5 + s)), "left") for s in (0.5, 1, 2))
    most = [np.max(h["nod"]) for h in (once, twice, four)]
    assert 0.1 < most[0] < most[1] < most[2]


@pytest.mark.parametrize(
    "pitch",
    [
        step(-12, 5),  # looks down and stays
        step(-12, 5) + step(12, 8),  # and comes back three seconds later
        wave(8, 0.2, 5, 15),  # slow
        wave(0.8, 2.0),  # trembling
    ],
)
def test_looking_down_is_no_nod(pitch):
    assert np.nanmax(head_cues(tracks(head_pitch_deg=pitch), "left")["nod"]) == 0


def test_a_nod_that_turns_more_than_it_nods_is_none():
    head = head_cues(tracks(head_pitch_deg=wave(4, 2), head_yaw_deg=wave(9, 2)), "left")
    assert np.max(head["nod"]) == 0
    assert np.max(head["shake"]) > 0.7


def test_noise_of_the_points_nods_never():
    head = head_cues(tracks(n=6000), "left")
    assert np.max(head["nod"]) == np.max(head["shake"]) == 0


def test_nothing_is_said_of_what_is_not_seen():
    hidden = np.where((np.arange(200) >= 60) & (np.arange(200) < 120), np.nan, 0.0)
    head = head_cues(tracks(head_pitch_deg=hidden, head_yaw_deg=hidden, head_roll_deg=hidden), "left")
    for cue in ("nod", "shake", "head_tilt_deg", "turned_away"):
        assert np.isnan(head[cue][60:120]).all()
    assert np.isnan(head["nod"][125])  # of the past 2 s too little is seen
    assert np.isfinite(head["nod"][135])


def test_a_tilt_is_against_the_own_usual_roll():
    tilt = head_cues(tracks(head_roll_deg=4.0 + step(12, 15)), "left")["head_tilt_deg"]
    assert np.median(tilt[:140]) == pytest.approx(0, abs=0.5)
    assert np.median(tilt[160:]) == pytest.approx(12, abs=0.5)
    twitch = head_cues(tracks(head_roll_deg=step(12, 5, 0.1) - step(12, 5.2, 0.1)), "left")["head_tilt_deg"]
    assert np.max(np.abs(twitch)) < 2


def test_turned_away_is_far_from_where_the_head_usually_points():
    yaw = 20.0 + step(-25, 8) + step(25, 10) + step(-50, 15)
    away = head_cues(tracks(head_yaw_deg=yaw), "left")["turned_away"]
    assert away[:145].max() == 0
    assert away[160:].min() == 1


def test_gaze_has_the_side_of_the_partner():
    yaw = np.repeat([-40.0, 0.0, 18.0, 40.0], 50)
    both = tracks(gaze_yaw_deg=yaw)
    toward = gaze_toward_partner(both, "left", "right")
    assert [float(v) for v in toward[[25, 75, 125, 175]]] == pytest.approx([0, 0, 8 / 15, 1])
    mirrored = tracks(gaze_yaw_deg=-yaw, boxes={"left": (600, 700), "right": (100, 200)})
    assert np.array_equal(gaze_toward_partner(mirrored, "left", "right"), toward)


def test_gaze_to_the_floor_is_not_toward_the_partner():
    down = np.where(np.arange(200) < 60, -45.0, 0.0)
    toward = gaze_toward_partner(tracks(gaze_yaw_deg=40.0, gaze_pitch_deg=down), "left", "right")
    assert toward[30] == 0
    assert toward[100] == 1


def test_closed_eyes_look_at_nobody_and_eyes_out_of_sight_go_with_the_head():
    gaze = {"gaze_yaw_deg": np.nan, "gaze_pitch_deg": np.nan, "head_yaw_deg": 40.0}
    shut = np.where(np.arange(200) < 100, -0.25, 0.0)
    toward = gaze_toward_partner(tracks(**gaze, eye_aperture=shut), "left", "right")
    assert np.isnan(toward[:100]).all()
    assert np.all(toward[100:] > 0.9)


def test_a_partner_who_is_gone_is_not_looked_at():
    both = tracks(gaze_yaw_deg=40.0)
    both.boxes["right"][50:] = np.nan
    toward = gaze_toward_partner(both, "left", "right")
    assert np.all(toward[:59] == 1)
    assert np.isnan(toward[62:]).all()


def test_gaze_at_the_screen_is_near_where_it_usually_rests():
    yaw = np.where(np.arange(200) < 150, 8.0, 45.0)
    at_screen = gaze_toward_screen(tracks(gaze_yaw_deg=yaw), "left")
    assert at_screen[:150].min() == 1
    assert at_screen[150:].max() == 0
    assert np.isnan(gaze_toward_screen(tracks(gaze_yaw_deg=40.0), "left")).all()


def test_every_head_cue_has_its_unit():
    both = tracks()
    assert set(HEAD_CUES) == {*head_cues(both, "left"), "gaze_toward_partner", "gaze_toward_screen"}


def test_a_face_that_is_not_there_is_an_error():
    for ask in (head_cues, gaze_toward_screen):
        with pytest.raises(InputError, match="no face"):
            ask(tracks(), "middle")
    with pytest.raises(InputError, match="no face"):
        gaze_toward_partner(tracks(), "left", "middle")


def test_nobody_seen_at_all():
    nan = np.full(200, np.nan)
    head = head_cues(tracks(head_yaw_deg=nan, head_pitch_deg=nan, head_roll_deg=nan), "left")
    assert all(np.isnan(v).all() for v in head.values())


def turned_and_lost(turned_deg, back_deg, lost_s):
    """Ten seconds to the front, two turned, lost, two turned, and front again."""
    lost = round(lost_s * RATE_HZ)
    yaw = np.concatenate(
        [np.zeros(100), np.full(20, turned_deg), np.full(lost, np.nan), np.full(20, back_deg), np.zeros(100)]
    )
    given = tracks(
        len(yaw), head_yaw_deg=yaw, gaze_yaw_deg=yaw, eye_aperture=np.where(np.isnan(yaw), yaw, 0.0)
    )
    gone = np.isnan(yaw)
    given.boxes["left"][gone], given.quality["left"][gone] = np.nan, 0.0
    return given, gone


def test_who_is_lost_while_turned_was_turned_away():
    given, gone = turned_and_lost(40.0, 45.0, 6.0)
    away, toward = head_cues(given, "left")["turned_away"], gaze_toward_partner(given, "left", "right")
    assert np.all(away[gone] == 1.0)
    assert np.all(toward[gone] == 1.0)  # the partner is on that side
    for told in (away, toward):
        trust = turned_quality(given, "left", told)
        assert np.all(trust[gone] == 0.3)
        assert np.all(trust[:100] == 1.0)


@pytest.mark.parametrize(
    ("before", "after", "lost_s"), [(40, -40, 6), (10, 40, 6), (40, 10, 6), (40, 40, 12)]
)
def test_else_who_is_lost_is_not_known(before, after, lost_s):
    given, gone = turned_and_lost(float(before), float(after), lost_s)
    assert np.isnan(head_cues(given, "left")["turned_away"][gone]).all()
    assert np.isnan(gaze_toward_partner(given, "left", "right")[gone]).all()


def test_turned_from_the_partner_and_lost_is_away_and_not_toward():
    given, gone = turned_and_lost(-40.0, -40.0, 6.0)
    assert np.all(head_cues(given, "left")["turned_away"][gone] == 1.0)
    assert np.isnan(gaze_toward_partner(given, "left", "right")[gone]).all()
