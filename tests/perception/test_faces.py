"""Faces bent by known amounts: each cue moves the right way, the others stay; nobody changes names."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

from coregulate.core import InputError, MissingExtraError, StoreError
from coregulate.perception.faces import (
    CUES,
    Chest,
    Motion,
    Skin,
    gaze_toward_partner,
    head_cues,
    watch_faces,
)

pytest.importorskip("skimage", reason="the photograph comes with scikit-image")
if importlib.util.find_spec("ai_edge_litert") is None:
    pytest.skip("ai-edge-litert is not installed (extra 'video')", allow_module_level=True)

import face_scenes as scenes

from coregulate.perception.faces import detect, follow, landmarks, looks, measure, watch
from coregulate.perception.faces.runtime import Network, landmarker_parts
from coregulate.perception.faces.slopes import with_whole_rows

FACE = 220 / 600  # height of the face in the portrait
# How far cues may move with another action or a turn of up to 20 degrees, measured and rounded up.
TOLERANCE = {
    "brow_lowerer": 0.35,
    "inner_brow_raiser": 0.35,
    "lip_corner_puller": 0.25,
    "jaw_drop": 0.2,
    "eye_aperture": 0.04,
    "lip_pressor": 0.2,
}
# Actions that share a measure with a cue, so that it moves with them.
SHARED = {
    "brow": {"brow_lowerer", "inner_brow_raiser", "eye_aperture"},
    "inner_brow": {"brow_lowerer", "inner_brow_raiser"},
    "smile": {"lip_corner_puller"},
    "corners_down": {"lip_corner_puller"},
    "closed": {"lip_pressor"},
    "jaw": {"jaw_drop"},
    "blink": {"eye_aperture", "brow_lowerer"},
    "yaw": set(),
    "pitch": set(),
}
AMOUNTS = {
    "brow": (-0.06, -0.03, 0.0, 0.03, 0.06),
    "inner_brow": (-0.04, 0.0, 0.03, 0.06),
    "smile": (-0.1, -0.05, 0.0, 0.05, 0.1),
    "corners_down": (0.0, 0.04, 0.08, 0.12),
    "jaw": (0.0, 0.05, 0.1, 0.15, 0.2),
    "blink": (0.0, 0.35, 0.7, 1.0),
    "yaw": (-20, -10, 0, 10, 20),
    "pitch": (-20, -10, 0, 10, 20),
}


@pytest.fixture(scope="module")
def models():
    try:
        return detect.Detector(), landmarks.Landmarker()
    except (StoreError, MissingExtraError) as missing:
        pytest.skip(f"the face models cannot be had: {missing.problem}")


@pytest.fixture(scope="module")
def fit(models):
    detector, landmarker = models

    def fit(rgb):
        face = landmarker(rgb, landmarks.region_of_detection(detector(rgb)[0]))
        return landmarker(rgb, landmarks.region_of_face(face))

    return fit


@pytest.fixture(scope="module")
def bent(fit):
    picture = scenes.portrait()
    return scenes.Bent(picture, fit(picture).points)


def respond(bent, fit, action, amounts):
    def picture(amount):
        return bent.turn(**{action: amount}) if action in ("yaw", "pitch") else getattr(bent, action)(amount)

    return [measure.measure(fit(picture(amount))) for amount in amounts]


@pytest.fixture(scope="module")
def responses(bent, fit):
    """Cues of each action at each amount: action -> list of dict."""
    return {action: respond(bent, fit, action, amounts) for action, amounts in AMOUNTS.items()}


@pytest.fixture(scope="module")
def shut(bent, fit):
    """The photograph with its mouth closed."""
    picture = bent.closed()
    return scenes.Bent(picture, fit(picture).points)


@pytest.mark.parametrize(
    ("action", "cue", "sign", "least"),
    [
        ("brow", "brow_lowerer", -1, 0.8),
        ("inner_brow", "inner_brow_raiser", 1, 0.8),
        ("smile", "lip_corner_puller", 1, 0.8),
        ("corners_down", "lip_corner_puller", -1, 0.4),
        ("jaw", "jaw_drop", 1, 0.4),
        ("blink", "eye_aperture", -1, 0.1),
        ("yaw", "head_yaw_deg", 1, 22.0),
        ("pitch", "head_pitch_deg", 1, 30.0),
    ],
)
def test_a_cue_moves_with_its_action(responses, action, cue, sign, least):
    values = sign * np.array([r[cue] for r in responses[action]])
    assert np.all(np.diff(values) > 0), values
    assert values[-1] - values[0] >= least


@pytest.mark.parametrize("action", AMOUNTS)
def test_the_others_stay(responses, action):
    assert too_far(responses[action], responses[action][AMOUNTS[action].index(0)], SHARED[action]) == {}


def too_far(seen, rest, shared):
    """Cues that moved by more than is tolerated; one that is NaN throughout did not move."""
    moved = {cue: max(abs(r[cue] - rest[cue]) for r in seen) for cue in TOLERANCE if cue not in shared}
    return {cue: v for cue, v in moved.items() if v > TOLERANCE[cue]}


def test_lips_pressed(bent, fit):
    seen = respond(bent, fit, "closed", (0.0, 0.15, 0.3, 0.45, 0.6))
    pressed = np.array([r["lip_pressor"] for r in seen])
    assert np.all(np.diff(pressed) > 0.03), pressed
    assert pressed[-1] - pressed[0] > 0.35
    assert too_far(seen, seen[0], SHARED["closed"]) == {}


@pytest.mark.parametrize("action", ["brow", "smile", "corners_down", "blink", "yaw", "pitch"])
def test_closed_lips_are_not_pressed_by_anything_else(shut, fit, action):
    rest = measure.measure(fit(shut.picture))["lip_pressor"]
    ends = AMOUNTS[action][0], AMOUNTS[action][-1]
    seen = [r["lip_pressor"] for r in respond(shut, fit, action, ends)]
    assert max(abs(v - rest) for v in seen) <= TOLERANCE["lip_pressor"], seen


def test_of_parted_lips_it_is_not_known_whether_they_press(bent, shut, fit):
    assert np.isnan(measure.measure(fit(bent.picture))["lip_pressor"])
    assert all(np.isnan(r["lip_pressor"]) for r in respond(shut, fit, "jaw", (0.1, 0.2)))


def test_corners_that_are_pulled_out_and_up_but_not_back_are_no_smile(bent, fit):
    front = fit(bent.smile(0.1)).front
    flat = front.copy()
    flat[[61, 291], 2] = flat[13, 2] - 0.15 * np.linalg.norm(flat[33] - flat[263])  # as at rest
    smile, grimace = (
        measure.measure(landmarks.Face(q, 1.0, q, np.eye(3)))["lip_corner_puller"] for q in (front, flat)
    )
    assert smile > 0.9
    assert grimace == pytest.approx(0.0, abs=1e-6)


def test_talking_is_not_smiling(responses):
    smiles = [r["lip_corner_puller"] for r in responses["jaw"]]
    assert max(smiles) - smiles[0] < 0.15


def test_a_closed_eye_is_a_blink(responses):
    assert [r["blink"] for r in responses["blink"]][:: len(AMOUNTS["blink"]) - 1] == [0.0, 1.0]
    assert np.isnan(responses["blink"][-1]["gaze_yaw_deg"])


def test_gaze_follows_the_irises(bent, fit):
    angles = [measure.measure(fit(bent.gaze(k)))["gaze_yaw_deg"] for k in (-0.04, -0.02, 0.0, 0.02, 0.04)]
    assert np.all(np.diff(angles) > 0), angles
    assert angles[-1] - angles[0] > 10


def test_turning_keeps_gaze_with_the_head(responses):
    for action, cue in (("yaw", "gaze_yaw_deg"), ("pitch", "gaze_pitch_deg")):
        assert np.all(np.diff([r[cue] for r in responses[action]]) > 0)


def test_quality_falls_with_size_and_turn(bent, fit):
    front, turned = fit(bent.picture), fit(bent.turn(yaw=35))
    small = fit(scenes.scene([(bent.picture, round(60 / FACE), 500, 300)]))
    assert measure.quality(front) > 0.95
    assert measure.quality(turned) < measure.quality(front)
    assert 0.2 < measure.quality(small) < 0.8


def test_small_faces_in_a_wide_shot_are_found(models, bent):
    detector, landmarker = models
    high = round(60 / FACE)
    rgb = scenes.scene([(bent.picture, high, 300, 250), (scenes.other_person(), high, 850, 300)])
    found = detector(rgb)
    assert len(found) == 2
    assert min(landmarker(rgb, landmarks.region_of_detection(f)).presence for f in found) > 0.9


def test_nothing_in_an_empty_room(models):
    noise = np.random.default_rng(0).integers(90, 130, (360, 640, 3), dtype=np.uint8)
    assert models[0](noise) == []


def test_looks_tell_two_people_apart(fit):
    one, other = scenes.portrait(), scenes.other_person()
    same = looks.difference(looks.looks_of(one, fit(one)), looks.looks_of(one // 2, fit(one // 2)))
    apart = looks.difference(looks.looks_of(one, fit(one)), looks.looks_of(other, fit(other)))
    assert same < 0.1
    assert apart > 0.3


def frames(places, *, light=None, rate_hz=10.0):
    """Pictures from places: for each, (left of A or None, left of B or None)."""
    a, b = scenes.portrait(), scenes.other_person()
    for k, (left_a, left_b) in enumerate(places):
        people = [(p, 300, left, 60) for p, left in ((a, left_a), (b, left_b)) if left is not None]
        yield k / rate_hz, scenes.scene(people, size=(960, 400), light=1.0 if light is None else light[k])


def middle(tracks, label):
    return tracks.boxes[label][:, [0, 2]].mean(axis=1)


def agrees(tracks, label, left, n=None):
    """Share of the pictures in which a label is where it should be (NaN: not seen)."""
    want = np.array([np.nan if v is None else v + 150 for v in left])
    got = middle(tracks, label)
    return np.mean(np.isclose(got, want, atol=45) | (np.isnan(got) & np.isnan(want)))


def test_two_people_are_followed_and_named_from_left_to_right(models):
    places = [(60 + 6 * k, 600 - 4 * k) for k in range(20)]
    tracks = watch_faces(frames(places))
    assert tracks.labels == ("left", "right")
    assert set(tracks.values["left"]) == set(CUES)
    assert agrees(tracks, "left", [p[0] for p in places]) == 1.0
    assert agrees(tracks, "right", [p[1] for p in places]) == 1.0
    assert np.nanmin(tracks.identity["left"]) > 0.6
    assert tracks.boxes["left"].shape == (20, 4)


def test_one_person_is_called_face(models):
    tracks = watch_faces(frames([(300, None)] * 5))
    assert tracks.labels == ("face",)
    assert np.all(tracks.quality["face"] > 0.5)


def test_a_cut_that_swaps_places_does_not_swap_names(models):
    places = [(80, 600)] * 10 + [(600, 80)] * 10 + [(80, 600)] * 10
    tracks = watch_faces(frames(places))
    assert tracks.labels == ("left", "right")
    assert agrees(tracks, "left", [p[0] for p in places]) == 1.0
    assert agrees(tracks, "right", [p[1] for p in places]) == 1.0


def crossing(n):
    """A goes from left to right, before B who goes the other way; both stay for a second before and after."""
    return [(60, 600)] * 10 + [(60 + k * 540 // n, 600 - k * 540 // n) for k in range(n)] + [(600, 60)] * 12


@pytest.mark.parametrize("n", [6, 10, 30])
def test_who_passes_before_the_other_keeps_the_name(models, n):
    places = crossing(n)
    tracks = watch_faces(frames(places))
    assert tracks.labels == ("left", "right")  # and no third face, made up of two halves
    for label, first, last in (("left", 60, 600), ("right", 600, 60)):
        assert np.allclose(middle(tracks, label)[:10], first + 150, atol=45)
        assert np.allclose(middle(tracks, label)[-6:], last + 150, atol=45)


def looks_like(colour):
    return looks.Looks(*(np.eye(64)[colour] for _ in range(2)), np.eye(144)[colour], np.full(9, colour / 100))


def person(number, colour, face=None, **more):
    return follow.Known(number, 100.0 * number, looks_like(colour), face, **more)


def test_a_half_hidden_face_taken_for_a_new_one_is_given_back_when_it_shows(bent, fit):
    face = fit(bent.picture)
    hidden, half = person(0, 1), person(1, 2, face, doubtful=True)
    follower = follow.Follower()
    follower.known = [hidden, half, person(2, 3)]
    follower._give_back(half, {1: looks_like(2)})
    assert half.face is face  # it looks like itself: a third person
    now = {1: looks_like(1)}
    follower._give_back(half, now)
    assert (hidden.face, half.face, half.same_as, list(now)) == (face, None, 0, [0])


def test_rows_go_to_whom_they_belong_and_passing_faces_are_nobody():
    times_s = np.arange(30) / 10

    def rows(first, last):
        table = np.full((30, 2), np.nan)
        table[first:last] = first
        return table

    known = [person(0, 1), person(1, 2, doubtful=True, same_as=0), person(2, 3, doubtful=True), person(3, 4)]
    tables = {0: rows(0, 10), 1: rows(12, 20), 2: rows(20, 24), 3: rows(20, 24)}
    out = watch._told_apart(tables, known, times_s)
    assert set(out) == {0, 3}  # who was there although nobody was missing stays, however short
    np.testing.assert_array_equal(np.flatnonzero(np.isfinite(out[0][:, 0])), [*range(10), *range(12, 20)])


def test_a_split_screen_is_two_people(models):
    def halves():
        for time_s, rgb in frames([(90, 570)] * 12 + [(60, 600)] * 12):
            room = rgb.copy()
            grey = np.all(rgb == 110, axis=2)
            room[:, :480][grey[:, :480]], room[:, 480:][grey[:, 480:]] = (200, 190, 170), (60, 80, 110)
            yield time_s, room

    tracks = watch_faces(halves())
    assert tracks.labels == ("left", "right")
    assert agrees(tracks, "left", [90] * 12 + [60] * 12) == 1.0
    assert agrees(tracks, "right", [570] * 12 + [600] * 12) == 1.0


def test_a_gallery_that_sorts_its_tiles_anew_changes_no_name(models):
    places = [(10, 330)] * 10 + [(330, 10)] * 10 + [(650, 330)] * 10

    def tiles():
        for time_s, rgb in frames(places):
            room = rgb.copy()
            room[:60], room[360:], room[:, 310:330], room[:, 630:650] = 20, 20, 20, 20
            yield time_s, room

    tracks = watch_faces(tiles())
    assert tracks.labels == ("left", "right")
    assert agrees(tracks, "left", [p[0] for p in places]) == 1.0
    assert agrees(tracks, "right", [p[1] for p in places]) == 1.0


def test_a_mirrored_camera_changes_no_name_and_no_cue(models):
    places = [(80, 600)] * 10 + [(600, 80)] * 10
    mirrored = watch_faces((t, np.ascontiguousarray(rgb[:, ::-1])) for t, rgb in frames(places))
    tracks = watch_faces(frames(places))
    assert mirrored.labels == ("left", "right")
    for cue, tolerance in TOLERANCE.items():
        if cue != "lip_pressor":  # the mouth of the photograph is open
            one, other = tracks.values["left"][cue], mirrored.values["right"][cue]
            assert np.max(np.abs(one - other)) < tolerance
    assert np.median(tracks.values["left"]["head_yaw_deg"]) == pytest.approx(
        -np.median(mirrored.values["right"]["head_yaw_deg"]), abs=3
    )


@pytest.fixture(scope="module")
def turned(bent):
    """The photograph turned: (yaw, pitch) -> picture."""
    return {
        at: bent.turn(yaw=at[0], pitch=at[1])
        for at in [(-35, 0), (0, 0), (35, 0), *((0, p) for p in (-8, -5, 5, 8))]
    }


def test_looking_to_the_other_side_of_the_picture(models, turned):
    def room():
        for k, yaw in enumerate([0] * 10 + [35] * 10 + [-35] * 10):
            people = [(turned[yaw, 0], 300, 80, 60), (scenes.other_person(), 300, 600, 60)]
            yield k / 10, scenes.scene(people, size=(960, 400))

    toward = gaze_toward_partner(watch_faces(room()), "left", "right")
    assert np.nanmax(toward[1:10]) < 0.1
    assert np.nanmin(toward[11:20]) > 0.6
    assert np.nanmax(toward[21:30]) == 0


def test_a_nodding_photograph_nods(models, turned):
    pitch = [0] * 15 + [0, -5, -8, -5, 0, 5, 8, 5] * 2 + [0] * 15
    tracks = watch_faces((k / 10, turned[0, p]) for k, p in enumerate(pitch))
    head = head_cues(tracks, "face")
    assert head["nod"][30] > 0.5
    assert head["nod"][:15].max() == head["shake"].max() == 0


def test_movement_is_of_the_one_who_moves(models):
    motion, noise = Motion(), np.random.default_rng(0)
    # the second lowers and lifts a hand's breadth; the camera is noisy and the light changes
    a, b = scenes.portrait(), scenes.other_person()

    def room():
        for k in range(24):
            top = 60 + 8 * (k % 4 if 8 <= k < 16 else 0)
            rgb = scenes.scene([(a, 300, 80, 60), (b, 300, 600, top)], size=(960, 400)).astype(float)
            yield (
                k / 10,
                (rgb + noise.normal(0, 3, rgb.shape) + (8 if k >= 20 else 0)).clip(0, 255).astype(np.uint8),
            )

    tracks = watch_faces(room(), onlookers=[motion])
    still, moves = motion.energy(tracks, "left"), motion.energy(tracks, "right")
    assert np.isnan(still[0])
    assert np.nanmax(still) < 0.2
    assert np.nanmin(moves[9:16]) > 2.0
    assert np.nanmax(moves[18:]) < 0.3
    with pytest.raises(InputError, match="no face"):
        motion.energy(tracks, "middle")


def test_who_leaves_and_comes_back_elsewhere_keeps_the_name(models):
    places = [(80, 600)] * 8 + [(80, None)] * 12 + [(80, 380)] * 12
    tracks = watch_faces(frames(places))
    assert tracks.labels == ("left", "right")
    assert agrees(tracks, "left", [p[0] for p in places]) == 1.0
    # looked for three times a second
    assert agrees(tracks, "right", [p[1] for p in places]) >= 1 - 3 / len(places)
    gone = slice(8, 20)
    assert np.isnan(tracks.values["right"]["jaw_drop"][gone]).all()
    assert np.all(tracks.quality["right"][gone] == 0)


def test_getting_darker_changes_no_name(models):
    places = [(80, 600)] * 24
    light = np.linspace(1.0, 0.35, 24)
    tracks = watch_faces(frames(places, light=light))
    assert tracks.labels == ("left", "right")
    assert agrees(tracks, "left", [80] * 24) == agrees(tracks, "right", [600] * 24) == 1.0


def test_who_is_there_more_is_one_of_the_two(models):
    places = [(80, None)] * 3 + [(80, 600)] * 9
    tracks = watch_faces(frames(places), max_people=1)
    assert tracks.labels == ("face", "other")
    assert agrees(tracks, "face", [80] * 12) == 1.0


def test_no_frames_and_no_faces(models):
    assert watch_faces([]).labels == ()
    tracks = watch_faces(frames([(None, None)] * 3))
    assert tracks.labels == ()
    assert len(tracks.times_s) == 3


def test_same_pictures_same_numbers(models):
    one, two = (watch_faces(frames([(80, 600)] * 4)) for _ in range(2))
    for cue in CUES:
        assert np.array_equal(one.values["left"][cue], two.values["left"][cue], equal_nan=True)


def test_times_must_rise(models):
    rgb = np.zeros((60, 80, 3), np.uint8)
    with pytest.raises(InputError, match="in order"):
        watch_faces([(0.0, rgb), (0.0, rgb)])
    with pytest.raises(InputError):
        watch_faces([], max_people=0)


def test_progress_is_told(models):
    told = []
    watch_faces(frames([(None, None)] * 3), progress=told.append)
    assert told == [0.0, 0.1, 0.2]


def test_memory_stays_flat_while_pictures_come(models):
    """What stays of a picture is a row of numbers: ten times as many pictures may add their rows, nothing else."""
    small = np.ascontiguousarray(scenes.portrait()[::2, ::2])
    onlookers = (Motion(), Skin(), Chest())

    def peak(n):
        tracemalloc.start()
        watch_faces(((k / 10, np.roll(small, k % 7, axis=1)) for k in range(n)), onlookers=onlookers)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    few = peak(100)
    assert peak(1000) - few < 900 * 600  # bytes a picture; the picture itself has some hundred thousand


def test_the_runtime_says_nothing_and_other_errors_are_passed_on(models):
    code = (
        "import os; from coregulate.perception.faces.detect import Detector; from coregulate.perception.faces import runtime\n"
        "Detector()\n"
        "with runtime._ungreeted():\n"
        "    os.write(2, b'INFO: hello\\nthe disk is full\\n')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "the disk is full\n"


def test_the_network_with_whole_rows_of_slopes_says_the_same_to_the_last_bit(models):
    published = landmarker_parts()["face_landmarks_detector.tflite"]
    rewritten = with_whole_rows(published)
    assert rewritten != published
    picture = np.random.default_rng(0).random((1, 256, 256, 3), dtype=np.float32)
    both = [Network(content)(picture, 478 * 3, 1) for content in (published, rewritten)]
    for one, other in zip(*both, strict=True):
        np.testing.assert_array_equal(one, other)
