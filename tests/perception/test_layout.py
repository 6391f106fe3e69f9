"""One room or a call: photographs as rooms and as tiles, faces in them, compressed as video is."""

from __future__ import annotations

import importlib.util
import io
from itertools import combinations

import numpy as np
import pytest

pytest.importorskip("skimage", reason="the pictures come with scikit-image")
if importlib.util.find_spec("ai_edge_litert") is None:
    pytest.skip("ai-edge-litert is not installed (extra 'video')", allow_module_level=True)

import face_scenes as scenes
from PIL import Image
from skimage import data

from coregulate.core import StoreError
from coregulate.models import model_path
from coregulate.perception.faces import Layout, watch_faces
from coregulate.perception.faces.layout import BORDER, NO_BORDER, border_between

WIDE, HIGH = 1280, 720
FACES = np.array([260.0, 210, 440, 450]), np.array([850.0, 240, 1010, 450])
BACKGROUNDS = ("astronaut", "chelsea", "coffee", "gravel", "grass")
# gravel beside grass, two grey textures, is the pair that is not told: nobody could
PAIRS = [(a, b) for a, b in combinations(BACKGROUNDS, 2) if (a, b) != ("gravel", "grass")]


def background(name, width, height):
    """A photograph that fills a place."""
    picture = Image.fromarray(np.atleast_3d(getattr(data, name)()) * np.ones(3, np.uint8))
    size = max(width / picture.width, height / picture.height)
    large = picture.resize((round(picture.width * size) + 1, round(picture.height * size) + 1))
    return np.asarray(large)[:height, :width]


def compressed(picture):
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=60)
    return np.asarray(Image.open(out))


@pytest.mark.parametrize("name", BACKGROUNDS)
def test_one_photograph_has_no_border(name):
    assert border_between(compressed(background(name, WIDE, HIGH)), *FACES) <= NO_BORDER + 0.1


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_two_photographs_side_by_side_have_one(one, other):
    tiles = np.concatenate([background(name, WIDE // 2, HIGH) for name in (one, other)], axis=1)
    assert border_between(compressed(tiles), *FACES) > NO_BORDER + 0.2
    turned = np.ascontiguousarray(compressed(tiles).transpose(1, 0, 2))  # one above the other
    above, below = (box[[1, 0, 3, 2]] for box in FACES)
    assert border_between(turned, above, below) == border_between(compressed(tiles), *FACES)


def test_two_white_walls_of_a_little_other_white_have_one():
    rng = np.random.default_rng(0)
    walls = np.full((HIGH, WIDE, 3), 200.0)
    walls[:, WIDE // 2 :] += 8
    noisy = (walls + rng.normal(0, 4, walls.shape)).clip(0, 255).astype(np.uint8)
    assert border_between(noisy, *FACES) >= BORDER
    one = (walls[:, :1] + rng.normal(0, 4, walls.shape)).clip(0, 255).astype(np.uint8)
    assert border_between(one, *FACES) <= NO_BORDER


def test_faces_that_touch_or_lie_at_the_rim_tell_nothing():
    room = np.zeros((HIGH, WIDE, 3), np.uint8)
    assert np.isnan(border_between(room, FACES[0], FACES[0] + [185, 0, 185, 0]))
    assert np.isfinite(border_between(room, FACES[0] - [400, 300, 400, 300], FACES[1]))


@pytest.fixture(scope="module")
def models():
    try:
        model_path("face_landmarker")
        model_path("face_detector_far")
    except StoreError as missing:
        pytest.skip(f"the face models cannot be had: {missing.problem}")


def seated(room, lefts=(120, 660)):
    """Two people put into a room with soft outlines."""
    y, x = np.mgrid[:300, :300]
    soft = np.clip(4.0 - 4.0 * np.hypot((x - 150) / 150, (y - 160) / 170), 0, 1)[..., None]
    out = room.astype(float)
    for picture, left in zip((scenes.portrait(), scenes.other_person()), lefts, strict=True):
        small = np.asarray(Image.fromarray(picture).resize((300, 300))).astype(float)
        part = out[100:400, left : left + 300]
        part[:] = soft * small + (1 - soft) * part
    return out.astype(np.uint8)


def told(room):
    layout = Layout()
    tracks = watch_faces([(k * 2.5, compressed(room)) for k in range(3)], onlookers=[layout])
    assert tracks.labels == ("left", "right")
    return layout.one_room(tracks, "left", "right")


def test_a_room_a_split_screen_and_a_gallery(models):
    room = background("coffee", 1080, 480)
    split = np.concatenate([background(n, 540, 480) for n in ("gravel", "chelsea")], axis=1)
    bars = room.copy()
    bars[:, 530:550] = bars[:40] = bars[-40:] = 20
    assert told(seated(room)) is True
    assert told(seated(split)) is False
    assert told(seated(bars)) is False
