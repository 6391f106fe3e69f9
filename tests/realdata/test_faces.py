"""Faces of real people: found when there, none when not, one name each."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
from PIL import Image

from coregulate.core import MissingExtraError, StoreError
from coregulate.perception.faces import gaze_toward_screen, head_cues, watch_faces
from coregulate.readers.video import video_frames

if importlib.util.find_spec("ai_edge_litert") is None:
    pytest.skip("ai-edge-litert is not installed (extra 'video')", allow_module_level=True)


@pytest.fixture(scope="module")
def watched(data_dir):
    """Tracks of a clip of the folder ``faces``, each watched once."""
    folder, seen = data_dir / "faces", {}
    if not folder.is_dir():
        pytest.skip(f"no faces in {data_dir}")

    def watch(name):
        if not (folder / name).is_file():
            pytest.skip(f"no {name} in {folder}")
        try:
            if name not in seen:
                seen[name] = watch_faces(video_frames(folder / name, 10))
        except (StoreError, MissingExtraError) as missing:
            pytest.skip(f"the face models cannot be had: {missing.problem}")
        return seen[name]

    return watch


@pytest.mark.parametrize(("name", "n"), [("single_face.mp4", 24), ("WolfgangLanger_Pexels.mp4", 197)])
def test_one_face_all_along(watched, name, n):
    tracks = watched(name)
    assert tracks.labels == ("face",)
    assert len(tracks.times_s) == pytest.approx(n, abs=1)
    assert np.isfinite(tracks.values["face"]["lip_corner_puller"]).all()
    assert np.median(tracks.quality["face"]) > 0.95
    assert np.min(tracks.identity["face"]) > 0.6


def test_nobody_there(watched):
    assert watched("no_face.mp4").labels == ()


def test_a_face_then_none(watched):
    tracks = watched("face_noface.mov")
    assert tracks.labels == ("face",)
    there = np.isfinite(tracks.values["face"]["jaw_drop"])
    assert there.sum() == pytest.approx(24, abs=2)
    assert np.all(np.diff(np.flatnonzero(there)) == 1)  # one stretch: no face is made up in the rest


def test_a_group_photo_keeps_two_and_the_rest_apart(watched):
    tracks = watched("multi_face.jpg")
    assert tracks.labels == ("left", "right", "other")
    assert tracks.boxes["left"][0, 0] < tracks.boxes["right"][0, 0]


def test_what_is_to_be_seen_in_a_clip_is_read(watched):
    """An actress looks down and frowns (to 5.8 s), then up (to 17 s), then laughs, looking down (from 18 s)."""
    tracks = watched("WolfgangLanger_Pexels.mp4")
    t, cues = tracks.times_s, tracks.values["face"]
    down, up, laughs = t < 5.5, (t > 6.5) & (t < 17), t > 18.2
    middle = {cue: [np.median(v[when]) for when in (down, up, laughs)] for cue, v in cues.items()}
    assert middle["eye_aperture"][0] < 0.1 < 0.2 < middle["eye_aperture"][1]
    assert middle["lip_corner_puller"][2] > middle["lip_corner_puller"][0] + 0.5
    assert middle["lip_corner_puller"][0] < 0.15
    assert cues["lip_corner_puller"][down].max() < 0.55 < 0.8 < middle["lip_corner_puller"][2]
    assert middle["brow_lowerer"][0] > middle["brow_lowerer"][1] + 0.2
    assert 2 <= np.sum(np.diff(cues["blink"]) == 1) <= 8
    assert cues["blink"][down].max() == 0  # eyes that look down for long do not blink


def test_cues_stay_in_a_plausible_range(watched):
    cues = watched("WolfgangLanger_Pexels.mp4").values["face"]
    for name in (
        "brow_lowerer",
        "inner_brow_raiser",
        "lip_corner_puller",
        "lip_pressor",
        "jaw_drop",
    ):
        assert np.nanpercentile(np.abs(cues[name]), 95) < 2.0
    assert np.nanmedian(cues["eye_aperture"]) == pytest.approx(0.28, abs=0.08)
    assert np.nanmax(np.abs(cues["head_yaw_deg"])) < 60


def test_a_broad_smile_from_rest_is_read(watched):
    smile = watched("single_face.mp4").values["face"]["lip_corner_puller"]
    assert smile[0] < 0.0
    assert np.median(smile[10:]) > smile[0] + 0.7


def test_lips_that_rest_are_not_pressed_and_those_that_smile_are_not_read(watched):
    pressed = watched("single_face.mp4").values["face"]["lip_pressor"]
    assert np.abs(pressed[:4]).max() < 0.4
    assert np.isnan(pressed[10:]).all()


def test_heads_that_look_about_and_smile_nod_and_shake_little(watched):
    smiles, plays = (head_cues(watched(f"{n}.mp4"), "face") for n in ("single_face", "WolfgangLanger_Pexels"))
    assert np.nanmax(smiles["nod"]) == np.nanmax(smiles["shake"]) == np.nanmax(plays["shake"]) == 0
    after = watched("WolfgangLanger_Pexels.mp4").times_s > 8  # before, she sobs behind her hand
    assert np.nanmean(plays["nod"][after]) < 0.1
    assert np.nanmean(gaze_toward_screen(watched("single_face.mp4"), "face")) > 0.9


def faces_cut_out(path, n):
    """The first pictures of a clip, the face alone, 300 pixels a side."""
    box = watch_faces([next(iter(video_frames(path, 10)))]).boxes["face"][0]
    half, (x, y) = 1.25 * (box[3] - box[1]), (box[:2] + box[2:]) / 2
    area = (x - half, y - half, x + half, y + half)
    return [
        np.asarray(Image.fromarray(rgb).transform((300, 300), Image.Transform.EXTENT, area))
        for (_, rgb), _ in zip(video_frames(path, 10), range(n), strict=False)
    ]


def test_two_real_people_who_change_places_at_a_cut_keep_their_names(data_dir, watched):
    watched("single_face.mp4")
    one, other = (
        faces_cut_out(data_dir / "faces" / name, 24)
        for name in ("single_face.mp4", "WolfgangLanger_Pexels.mp4")
    )

    def room():
        for k in range(48):
            rgb = np.full((400, 960, 3), 110, np.uint8)
            left_one = 80 if k // 8 % 2 == 0 else 600
            for picture, left in ((one, left_one), (other, 680 - left_one)):
                rgb[50:350, left : left + 300] = picture[k % 24]
            yield k / 10, rgb

    tracks = watch_faces(room())
    want = np.where(np.arange(48) // 8 % 2 == 0, 230.0, 750.0)
    assert tracks.labels == ("left", "right")
    assert np.all(np.abs(tracks.boxes["left"][:, [0, 2]].mean(axis=1) - want) < 60)
    assert np.all(np.abs(tracks.boxes["right"][:, [0, 2]].mean(axis=1) - (980 - want)) < 60)
