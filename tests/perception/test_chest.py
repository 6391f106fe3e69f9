"""Breathing from the chest: known rates are found, and what is no breath is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import map_coordinates
from scipy.signal import lfilter

from coregulate.core import CoregulateError, InputError
from coregulate.models import model_path
from coregulate.perception.faces.chest import Chest, breathing

FACE_PX = 200.0


def noise(n, size, seed, memory):
    """Noise of this root mean square a step that remembers a share of the one before."""
    white = np.random.default_rng(seed).standard_normal((n, 4))
    return size * lfilter([np.sqrt(1 - memory**2)], [1, -memory], white, axis=0)


def told(t, up, *, sideways=0.0, head=0.0, seed=0, size=0.05, memory=0.5):
    """Waveform, rate and quality each second of a chest that rises by `up` pixels."""
    other = noise(len(t), size, seed, memory)
    chest = np.column_stack([other[:, 0] + sideways, other[:, 1] - up])
    place = np.column_stack([600 + other[:, 2], 300 + other[:, 3] + head, np.full(len(t), FACE_PX)])
    return breathing(t, chest, head=place, at_s=np.arange(15.0, t[-1] - 15))


T = np.arange(900) / 10.0


@pytest.mark.parametrize(
    ("per_min", "pixels"),
    [(6, 2.0), (10, 0.5), (10, 2.0), (12, 0.5), (15, 0.5), (15, 2.0), (18, 0.5), (22, 2.0)],
)
def test_known_rates_are_found(per_min, pixels):
    wave, rate, quality = told(T, pixels * np.sin(2 * np.pi * per_min / 60 * T), seed=per_min)
    assert np.isfinite(rate).mean() > 0.9
    assert np.nanmax(np.abs(rate - per_min)) < 1.5
    assert np.nanmedian(quality) > 0.8
    seen = np.isfinite(wave)
    truth = np.sin(2 * np.pi * per_min / 60 * np.arange(15.0, T[-1] - 15))
    assert np.corrcoef(wave[seen], truth[seen])[0, 1] > 0.95  # up is breathing in


def test_a_slow_breath_as_small_as_the_noise_is_refused():
    assert np.isnan(told(T, 0.5 * np.sin(2 * np.pi * 0.1 * T), seed=6)[1]).all()


def test_noise_and_drift_are_no_breath():
    """At most one second in a hundred of noise that forgets, remembers or wanders (docs: perception)."""
    shares = []
    for seed in range(40):
        for memory, size in ((0.0, 0.1), (0.9, 0.3), (0.999, 5.0)):
            shares.append(np.isfinite(told(T, 0.0, seed=seed, size=size, memory=memory)[1]).mean())
    assert np.mean(shares) <= 0.01


def test_a_body_that_sways_does_not_breathe():
    sway = 4 * np.sin(2 * np.pi * 0.25 * T)
    assert np.isnan(told(T, sway, head=-sway)[1]).all()
    assert np.isnan(told(T, 0.3 * sway, sideways=sway)[1]).all()


def test_a_nod_over_a_still_chest_is_no_breath():
    assert np.isnan(told(T, 0.0, head=6 * np.sin(2 * np.pi * 1.2 * T))[1]).mean() > 0.97


def test_nothing_is_nothing():
    assert np.isnan(told(T, np.zeros(len(T)), size=0.0)[1]).all()
    with pytest.raises(InputError, match="do not fit"):
        breathing(T, np.zeros((3, 2)), head=np.zeros((3, 3)), at_s=T)
    with pytest.raises(InputError, match="do not rise"):
        breathing(T[::-1], np.zeros((900, 2)), head=np.zeros((900, 3)), at_s=T)


def test_a_chest_in_pictures():
    """The photograph's jersey moved up and down under a still face by 1.5 pixels, 15 times a minute."""
    pytest.importorskip("ai_edge_litert", reason="the extra 'video' is not installed")
    data = pytest.importorskip("skimage.data")
    try:
        model_path("face_landmarker")
        model_path("face_detector_far")
    except CoregulateError as missing:
        pytest.skip(str(missing))
    from coregulate.perception import watch_faces

    photo = data.astronaut()[:, 60:400]
    rows, columns = np.mgrid[: photo.shape[0], : photo.shape[1]].astype(float)
    below = np.clip((rows - 190) / 30, 0, 1)  # the face ends there
    rng = np.random.default_rng(0)

    def film(pixels):
        for k in range(500):
            at = rows + below * pixels * np.sin(2 * np.pi * 0.25 * k / 10)
            moved = np.dstack(
                [map_coordinates(photo[..., c], [at, columns], order=1, mode="nearest") for c in range(3)]
            )
            yield k / 10, np.clip(moved + rng.normal(0, 2, photo.shape), 0, 255).astype(np.uint8)

    for pixels in (1.5, 0.0):
        chest = Chest()
        tracks = watch_faces(film(pixels), onlookers=(chest,))
        (number,) = tracks.numbers["face"]
        _, rate, _ = chest.breathing(number, np.arange(15.0, 35.0))
        if pixels:
            assert np.isfinite(rate).mean() > 0.8
            assert np.nanmax(np.abs(rate - 15)) < 1.5
        else:
            assert np.isnan(rate).all()
