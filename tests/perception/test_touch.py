"""Whose hand is on whom: made bodies, made scenes, and real pictures in which nobody touches anybody."""

from __future__ import annotations

import importlib.util
from itertools import combinations

import numpy as np
import pytest
from PIL import Image

from coregulate.core import StoreError
from coregulate.perception import head_distance
from coregulate.perception.bodies import MOST, Body, BodyFitter, Hand, HandFinder, Touch, touch_probability
from coregulate.perception.bodies.contact import Person, owners
from coregulate.perception.bodies.touch import QUALITY, _lasting

pytest.importorskip("skimage", reason="a photograph comes with scikit-image")
if importlib.util.find_spec("ai_edge_litert") is None:
    pytest.skip("ai-edge-litert is not installed (extra 'video')", allow_module_level=True)

import face_scenes
import touch_scenes

from coregulate.perception.faces.detect import Detector
from coregulate.perception.faces.follow import Known
from coregulate.perception.faces.landmarks import Face

FACE = np.array([-37.5, -50.0, 37.5, 50.0])  # a head is 75 pixels wide
# Shoulders, elbows, wrists, hips and knees against the face, x of the person's left, both sides alike.
JOINTS = {11: (75, 100), 13: (95, 210), 15: (80, 300), 23: (50, 330), 25: (60, 480)}


def made(x: float, **moved: tuple[float, float]) -> Person:
    """A person upright at x; ``p15=(dx, dy)`` puts a joint elsewhere, against the face."""
    points = np.zeros((33, 2))
    for k, (dx, dy) in JOINTS.items():
        points[k], points[k + 1] = (dx, dy), (-dx, dy)
    for name, at in moved.items():
        points[int(name[1:])] = at
    shift = np.array([x, 0.0])
    return Person(FACE + np.tile(shift, 2), Body(points + shift, np.ones(33), 1.0))


DOWN, ASIDE = (0.0, 20.0), (20.0, 5.0)


def hand(x: float, y: float, presence: float = 1.0, *, ahead: tuple[float, float] = DOWN) -> Hand:
    """Twenty-one points in 40 x 40 pixels, the wrist in their middle, the middle finger's knuckle ahead."""
    spread = np.random.default_rng(0).uniform(-20, 20, size=(21, 2))
    spread[0], spread[9] = 0.0, ahead
    return Hand(spread + np.array([x, y]), presence)


def test_head_distance_counts_in_heads_and_turning_away_changes_nothing():
    one, other = FACE[None], FACE[None] + [300.0, 0, 300, 0]
    assert head_distance(one, other) == pytest.approx([4.0])
    narrow = other.copy()
    narrow[0, [0, 2]] = 300 - 25, 300 + 25
    assert head_distance(one, narrow) == pytest.approx([4.0])
    assert np.isnan(head_distance(one, other * np.nan)).all()


def test_a_hand_that_has_reached_the_other_is_touch():
    reaching, sitting = made(0, p13=(120, 150), p15=(230, 180)), made(300)
    on_her = touch_probability([hand(230, 180, ahead=ASIDE)], (reaching, sitting))
    assert 0.9 * MOST < on_her <= MOST
    assert touch_probability([hand(230, 180, ahead=ASIDE)], (sitting, reaching)) == pytest.approx(on_her)
    assert touch_probability(
        [hand(230, 180, presence=0.5, ahead=ASIDE)], (reaching, sitting)
    ) == pytest.approx(on_her / 2)


@pytest.mark.parametrize(("x", "y"), [(80, 300), (0, 20), (40, 200), (150, 150)])
def test_a_hand_on_its_own_body_or_in_the_air_is_not(x, y):
    assert touch_probability([hand(x, y)], (made(0, p15=(x, y)), made(300))) < 0.01


def test_hands_that_hold_each_other_are_touch():
    left, right = made(0, p15=(140, 300)), made(300, p16=(-140, 300))
    assert touch_probability([hand(140, 300), hand(165, 300)], (left, right)) > 0.5 * MOST


def test_a_third_hand_on_somebody_is_the_others():
    reaching, sitting = made(0, p15=(230, 220)), made(300)
    owner, sure = owners([hand(220, 300), hand(380, 300), hand(230, 200, ahead=ASIDE)], (reaching, sitting))
    assert owner == [1, 1, 0]
    assert sure[2] > 0.9


def test_a_hand_between_two_wrists_is_theirs_whose_forearm_it_goes_on_from():
    reaching, sitting = made(0, p13=(120, 200), p15=(230, 220)), made(300, p14=(-70, 110), p16=(-70, 220))
    at = [hand(230, 221, ahead=ahead) for ahead in ((20.0, 4.0), DOWN)]
    assert [owners([h], (reaching, sitting))[0] for h in at] == [[0], [1]]


def test_nothing_is_told_without_a_hand_or_a_body():
    assert np.isnan(touch_probability([], (made(0), made(300))))
    nobody = made(300)._replace(body=made(300).body._replace(presence=0.0))
    assert np.isnan(touch_probability([hand(230, 180)], (made(0), nobody)))


def test_a_touch_is_there_in_two_looks_running():
    seen = _lasting(np.array([0, 2, 4, 6, 19, 21.0]), np.array([0, 0.6, 0, 0.5, 0.4, 0.3]))
    np.testing.assert_allclose(seen, [0, 0, 0, 0, 0.3, 0.3])


@pytest.fixture(scope="module")
def models():
    try:
        return Detector(), BodyFitter(), HandFinder()
    except StoreError as missing:
        pytest.skip(f"the models cannot be had: {missing.problem}")


@pytest.fixture(scope="module")
def photo(data_dir):
    path = data_dir / "faces" / "multi_face.jpg"
    if not path.is_file():
        pytest.skip(f"no {path.name} in {data_dir}")
    return Image.open(path).convert("RGB")


def told(models, rgb):
    """Touch of each two of the faces that are found."""
    find, body, hands = models
    faces = [found.box for found in find(rgb)]
    return [
        touch_probability(hands(rgb, [a, b]), (Person(a, body(rgb, a, b)), Person(b, body(rgb, b, a))))
        for a, b in combinations(faces, 2)
    ]


@pytest.mark.parametrize(("place", "turn_deg"), [((330, 100), 0.0), ((360, 90), 0.0), ((330, 100), -15.0)])
def test_a_hand_laid_on_her_shoulder_is_seen(models, photo, place, turn_deg):
    (found,) = told(models, touch_scenes.reaching(photo, place, turn_deg))
    assert found > 0.2


@pytest.mark.parametrize("place", [(480, 60), (520, 100)])
def test_the_same_hand_in_the_air_is_none(models, photo, place):
    (found,) = told(models, touch_scenes.reaching(photo, place))
    assert found < 0.02


def test_nobody_touches_anybody_in_the_photograph(models, photo):
    found = told(models, np.ascontiguousarray(np.asarray(photo)))
    assert len(found) >= 10
    assert np.isfinite(found).any()
    assert np.nanmax(found) < 0.05


def test_a_hand_before_ones_own_face_is_not_on_the_other(models, data_dir):
    from coregulate.readers import video_frames

    path = data_dir / "faces" / "WolfgangLanger_Pexels.mp4"
    if not path.is_file():
        pytest.skip(f"no {path.name} in {data_dir}")
    other = np.asarray(Image.fromarray(face_scenes.portrait()).resize((300, 300)))
    looks = 0
    for time_s, rgb in video_frames(path, 2):
        if not 3 < time_s < 10:  # while her hand is there
            continue
        both = rgb.copy()
        both[60:360, 20:320] = other
        found = told(models, both)
        assert len(found) == 1
        looks += int(np.isfinite(found[0]))
        assert not found[0] > 0.02
    assert looks > 0


def face_at(box):
    points = np.zeros((478, 3))
    points[:, :2], points[0, :2] = box[2:], box[:2]
    return Face(points, 1.0, points, np.eye(3))


def test_looks_now_and_then_and_only_within_reach(models, photo):
    touch = Touch()
    rgb = touch_scenes.reaching(photo, (330, 100))
    boxes = [found.box for found in models[0](rgb)]
    people = [Known(k, 0.0, None, face_at(box)) for k, box in enumerate(boxes)]
    for k in range(36):
        touch.see(k / 10, rgb, people)
    far = [people[0], Known(1, 0.0, None, face_at(boxes[1] + 2000))]
    touch.see(9.0, rgb, far)
    times = np.arange(100) / 10
    probability, quality = touch.between(1, 0, times)
    assert np.isfinite(probability[:45]).all()
    assert np.isnan(probability[45:]).all()
    assert probability[0] > 0.2
    assert quality[0] == pytest.approx(QUALITY / 2)  # two of the four hands
    assert quality[60] == 0
    assert np.isnan(touch.between(0, 5, times)[0]).all()
