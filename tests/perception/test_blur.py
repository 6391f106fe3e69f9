"""A review video shows no face; what was lost a moment ago makes the whole picture coarse."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("ai_edge_litert", reason="the extra 'video' is not installed")

from coregulate.core import CoregulateError, InputError
from coregulate.models import model_path
from coregulate.perception import blur_faces
from coregulate.perception.faces.blur import coarse
from coregulate.perception.faces.detect import Detector
from coregulate.readers import video_frames


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    data = pytest.importorskip("skimage.data")
    try:
        model_path("face_landmarker")
        model_path("face_detector_far")
    except CoregulateError as missing:
        pytest.skip(str(missing))
    return np.ascontiguousarray(data.astronaut()[:400, :480])


def test_no_face_is_left_and_time_stays(portrait, tmp_path):
    empty = np.full_like(portrait, 90)
    shown = [portrait] * 10 + [empty] * 3 + [portrait] * 7
    out = tmp_path / "review.mp4"
    blur_faces(((k / 10 + 5, p) for k, p in enumerate(shown)), out, rate_hz=10)
    written = list(video_frames(out, 10))
    assert len(written) == 20
    np.testing.assert_allclose([t for t, _ in written], np.arange(20) / 10, atol=0.01)
    detector = Detector()
    assert len(detector(portrait)) == 1
    assert all(detector(p) == [] for _, p in written)
    still = written[5][1][330:, :60].astype(float)  # far from the face all is as it was
    assert np.abs(still - portrait[330:, :60]).mean() < 6
    assert not list(tmp_path.glob("*.part*"))


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "there.mp4").write_bytes(b"mine")
    with pytest.raises(InputError, match="of that name"):
        blur_faces([], tmp_path / "there.mp4", rate_hz=10)
    with pytest.raises(InputError, match=r"\.mp4"):
        blur_faces([], tmp_path / "x.avi", rate_hz=10)
    assert (tmp_path / "there.mp4").read_bytes() == b"mine"


def test_a_box_at_the_edge_is_cut_to_the_picture():
    picture = np.random.default_rng(0).integers(0, 255, (40, 60, 3)).astype(np.uint8)
    before = picture.copy()
    coarse(picture, np.array([50.0, 30.0, 70.0, 50.0]))
    assert (picture[:20, :40] == before[:20, :40]).all()
    assert len(np.unique(picture[30:, 50:].reshape(-1, 3), axis=0)) <= 16
