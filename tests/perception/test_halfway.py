"""A recording that is broken off and gone on with gives the numbers of one read in one go."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

pytest.importorskip("skimage", reason="the photograph comes with scikit-image")
if importlib.util.find_spec("ai_edge_litert") is None:
    pytest.skip("ai-edge-litert is not installed (extra 'video')", allow_module_level=True)

import face_scenes as scenes

from coregulate.core import InputError, StoreError
from coregulate.models import model_path
from coregulate.perception.faces import Chest, Motion, Skin, watch, watch_faces

N, BROKEN_AT = 26, 17


@pytest.fixture(scope="module")
def pictures():
    """Two people of whom one goes and comes back elsewhere, with a cut between."""
    try:
        model_path("face_landmarker")
        model_path("face_detector_far")
    except StoreError as missing:
        pytest.skip(f"the face models cannot be had: {missing.problem}")
    a, b = scenes.portrait(), scenes.other_person()
    places = [(80 + 2 * k, 600) for k in range(9)] + [(98, None)] * 4 + [(500, 60)] * (N - 13)
    return [
        (k / 10, scenes.scene([(p, 300, x, 60) for p, x in zip((a, b), at, strict=True) if x is not None], size=(960, 400)))
        for k, at in enumerate(places)
    ]  # fmt: skip


def observed(tracks, onlookers):
    """Every number that comes out of a recording, by name."""
    motion, skin, chest = onlookers
    out = {}
    for label in tracks.labels:
        (number,) = tracks.numbers[label]
        out |= {f"{label} {cue}": values for cue, values in tracks.values[label].items()}
        out[f"{label} identity"], out[f"{label} boxes"] = tracks.identity[label], tracks.boxes[label]
        out[f"{label} motion"] = motion.energy(tracks, label)
        for name, kept in (("skin", skin._kept), ("chest", chest._kept)):
            out[f"{label} {name} times"], out[f"{label} {name} rows"] = kept[number].whole()
    return out


def test_the_same_numbers_and_fewer_pictures(pictures, monkeypatch):
    monkeypatch.setattr(watch, "LEG_S", 1.0)

    def read(frames, **more):
        onlookers = Motion(), Skin(), Chest()
        return observed(watch_faces(frames, onlookers=onlookers, **more), onlookers)

    whole = read(pictures)
    kept = []

    def breaks_off():
        yield from pictures[:BROKEN_AT]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read(breaks_off(), keep=lambda stored: kept.append({k: v.copy() for k, v in stored.items()}))
    left = [p for p in pictures if p[0] > kept[-1]["times_s"][-1]]
    assert len(left) == N - 10  # one leg of a second was whole
    again = read(left, begin=kept[-1])
    assert set(whole) == set(again)
    assert any(name.startswith("right chest") for name in whole)
    for name, values in whole.items():
        np.testing.assert_array_equal(again[name], values, err_msg=name)
    with pytest.raises(InputError, match="in order"):
        read(pictures, begin=kept[-1])


def test_what_is_kept_is_no_picture(pictures):
    kept = []
    watch_faces(pictures[:3], onlookers=(Motion(), Skin(), Chest()), keep=kept.append)
    assert len(kept) == 1  # at the end, however short
    rows = {name: values for name, values in kept[0].items() if "rows" not in name}
    people = 2
    # beside rows of cues: points, colours' shares and 12 x 12 places of each face
    assert max(values.size for values in rows.values()) == people * 478 * 3
    assert all(values.ndim < 3 or values.shape[1:] in ((478, 3), (3, 3)) for values in kept[0].values())
    assert kept[0]["follow/looks_face"].shape == (people, 144)
