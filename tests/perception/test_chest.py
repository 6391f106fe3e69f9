"""Breathing from a chest that moves by known amounts; what else moves is refused."""

from __future__ import annotations

import importlib.util
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.ndimage import map_coordinates
from scipy.signal import lfilter

from coregulate.core import CoregulateError, InputError
from coregulate.models import model_path
from coregulate.perception.faces.chest import Chest, breathing
from coregulate.perception.faces.skin import Skin

HIGH = 220.0  # pixels of a face's height
FACE = np.array([[240.0, 60.0], [360.0, 60.0], [360.0, 200.0], [240.0, 200.0]])


def times(seconds=75.0, *, seed=0):
    n = round(seconds * 10)
    return np.arange(n) / 10 + np.random.default_rng(seed).uniform(-0.02, 0.02, n)


def random(t, size, seed, columns=2):
    return size * np.random.default_rng(seed).standard_normal((len(t), columns))


def walk(t, size, seed, columns=2):
    """Posture that drifts, pixels: each step goes anywhere."""
    return np.cumsum(random(t, size, seed, columns), axis=0)


def head_of(t, seed=0):
    return np.array([300.0, 200.0, HIGH]) + random(t, 0.2, seed, 3)


def told(t, chest, head):
    at_s = np.arange(15.0, t[-1] - 15)
    return breathing(t, chest, head=head, at_s=at_s)


@pytest.mark.parametrize("per_min", [6, 10, 14, 20, 28])
@pytest.mark.parametrize("amplitude_px", [1.0, 3.0])
def test_a_known_rate_is_found(per_min, amplitude_px):
    t = times(seed=per_min)
    chest = random(t, 0.05, 1) + walk(t, 0.02, 2)
    lower = amplitude_px * np.sin(2 * np.pi * per_min / 60 * t)
    chest[:, 1] += lower
    waveform, rate, quality = told(t, chest, head_of(t))
    assert np.isfinite(rate).mean() > 0.9
    assert np.nanmax(np.abs(rate - per_min)) < 1.5
    assert np.nanmin(quality[np.isfinite(rate)]) > 0.6
    at_s = np.arange(15.0, t[-1] - 15)
    assert np.corrcoef(waveform, -np.interp(at_s, t, lower))[0, 1] > 0.9


def test_drift_and_noise_are_no_breathing():
    share = []
    for seed in range(40):
        t = times(60, seed=seed)
        for chest in (random(t, 0.1, seed), walk(t, 0.2, seed), walk(t, 0.1, seed) + random(t, 0.1, seed)):
            waveform, rate, _ = told(t, chest, head_of(t, seed))
            share.append(np.isfinite(rate).mean())
            assert np.isfinite(rate).any() == np.isfinite(waveform).any()
    assert np.mean(share) < 0.005


def test_a_still_chest_does_not_breathe():
    t = times()
    for waveform in (np.zeros((len(t), 2)), random(t, 0.01, 0)):
        wave, rate, quality = told(t, waveform, head_of(t))
        assert np.isnan(wave).all()
        assert np.isnan(rate).all()
        assert not quality.any()


@pytest.mark.parametrize("axis", [0, 1])
def test_a_body_that_sways_or_a_camera_that_moves_does_not_breathe(axis):
    t = times()
    sway = np.zeros((len(t), 2))
    sway[:, axis] = 4 * np.sin(2 * np.pi * 0.25 * t)
    head = head_of(t)
    head[:, :2] += sway
    _, rate, _ = told(t, sway * [1.0, 0.9] + random(t, 0.05, 1), head)
    assert np.isnan(rate).all()


def test_a_big_movement_lowers_the_quality():
    t = times()
    chest, moved = random(t, 0.05, 1), random(t, 0.05, 1)
    chest[:, 1] += 2 * np.sin(2 * np.pi * 0.25 * t)
    moved[:, 1] = chest[:, 1] + np.where(t > 37, 30.0, 0.0)
    calm, jolted = (told(t, c, head_of(t)) for c in (chest, moved))
    near = slice(15, 30)
    assert np.isfinite(calm[1][near]).all()
    assert np.isnan(jolted[1][near]).all()
    assert jolted[2][near].max() < calm[2][near].min()


def test_a_gap_is_refused():
    t = times(90)
    chest = random(t, 0.05, 1)
    chest[:, 1] += 2 * np.sin(2 * np.pi * 0.25 * t)
    keep = (t < 40) | (t > 43)
    at_s = np.arange(90.0)
    waveform, rate, _ = breathing(t[keep], chest[keep], head=head_of(t)[keep], at_s=at_s)
    assert np.isfinite(rate[[20, 65]]).all()
    assert np.isnan(rate[26:57]).all()
    assert np.isnan(waveform[41:43]).all()


def test_wrong_input_is_refused():
    t = times(40)
    with pytest.raises(InputError, match="two numbers"):
        breathing(t, np.ones((len(t), 3)), head=np.ones((len(t), 3)), at_s=t)
    with pytest.raises(InputError, match="in order"):
        breathing(t[::-1], np.ones((len(t), 2)), head=np.ones((len(t), 3)), at_s=t)
    assert all(len(part) == 2 for part in Chest().breathing(0, np.array([0.0, 1.0])))


def somebody(shift=(0.0, 0.0)):
    """A person whose face fills ``FACE``, moved by pixels."""
    corners = np.zeros((478, 3))
    corners[:, :2] = FACE[np.arange(478) % 4] + shift
    face = SimpleNamespace(points=corners, box=np.concatenate([corners.min(0)[:2], corners.max(0)[:2]]))
    return SimpleNamespace(number=0, face=face)


def cloth(down, light=1.0, seed=0):
    """A picture with a smooth pattern, moved down by parts of a pixel."""
    y, x = np.mgrid[:480, :640].astype(float)
    y = y - down
    pattern = np.sin(x / 23 + y / 31) + np.sin(x / 41 - y / 17) + 0.5 * np.sin(x / 11) * np.sin(y / 13)
    grey = light * (120 + 25 * pattern[..., None]) + np.random.default_rng(seed).normal(0, 2, (480, 640, 3))
    return grey.clip(0, 255).astype(np.uint8)


def test_parts_of_a_pixel_are_followed_through_changes_of_light():
    chest = Chest()
    downs = 1.5 * np.sin(np.arange(12))
    for k, down in enumerate(downs):
        chest.see(k / 10, cloth(down, light=1 + 0.1 * (k % 2), seed=k), [somebody()])
    _, table = chest._kept[0].whole()
    assert np.abs(table[:, 1] - (downs - downs[0])).max() < 0.1
    assert np.abs(table[:, 0]).max() < 0.1


def test_no_chest_in_the_picture_is_no_measurement():
    for picture, shift in (
        (cloth(0), (0, 220)),
        (cloth(0), (380, 0)),
        (np.full((480, 640, 3), 90, np.uint8), (0, 0)),
    ):
        chest = Chest()
        chest.see(0.0, picture, [somebody(shift)])
        assert chest._kept == {}


def test_a_box_that_is_laid_anew_moves_nothing():
    chest = Chest()
    for k in range(8):
        chest.see(k / 10, cloth(0.0, seed=k), [somebody((0, 25 * k))])
    _, table = chest._kept[0].whole()
    assert np.abs(table[:, :2]).max() < 0.2


def video(seconds, *, pulse_per_min=None, breaths_per_min=None, amplitude=0.008, seed=0):
    """The photograph at 300 x 300 with a face that pulses and a chest that breathes."""
    import face_scenes
    from PIL import Image

    random_part = np.random.default_rng(seed)
    base = np.asarray(Image.fromarray(face_scenes.portrait()).resize((300, 300))).astype(float)
    y, x = np.mgrid[:300, :300]
    skin = np.exp(-((((x - 134) / 50) ** 2 + ((y - 120) / 66) ** 2) ** 3))[..., None] * [0.33, 0.77, 0.53]
    slope = np.gradient(base, axis=0) * (1 / (1 + np.exp(-(y - 192) / 5)))[..., None]
    for k in range(round(seconds * 10)):
        picture = base + 3 * random_part.standard_normal(base.shape)
        if pulse_per_min:
            picture = picture * (1 + amplitude * np.sin(2 * np.pi * pulse_per_min / 60 * k / 10) * skin)
        if breaths_per_min:
            picture = picture - 0.8 * np.sin(2 * np.pi * breaths_per_min / 60 * k / 10) * slope
        yield k / 10, picture.clip(0, 255).astype(np.uint8)


def watched(frames):
    if importlib.util.find_spec("ai_edge_litert") is None:
        pytest.skip("ai-edge-litert is not installed (extra 'video')")
    from coregulate.core import StoreError
    from coregulate.perception.faces import watch_faces

    skin, chest = Skin(), Chest()
    try:
        tracks = watch_faces(frames, onlookers=[skin, chest])
    except StoreError as missing:
        pytest.skip(f"the face models cannot be had: {missing.problem}")
    if not tracks.labels:
        pytest.skip("no face was found")
    number = tracks.numbers[tracks.labels[0]][0]
    return skin.pulse(number, tracks.times_s), chest.breathing(number, tracks.times_s)


def test_pulse_and_breathing_are_read_from_pictures():
    pytest.importorskip("skimage", reason="the photograph comes with scikit-image")
    (pulse, _), (waveform, breaths, _) = watched(video(34, pulse_per_min=72, breaths_per_min=15))
    assert np.isfinite(pulse).mean() > 0.3
    assert np.nanmax(np.abs(pulse - 72)) < 3
    assert np.isfinite(breaths).any()
    assert np.nanmax(np.abs(breaths - 15)) < 1.5
    assert np.isfinite(waveform).mean() > 0.8


def test_a_photograph_neither_beats_nor_breathes():
    pytest.importorskip("skimage", reason="the photograph comes with scikit-image")
    (pulse, _), (waveform, breaths, _) = watched(video(34))
    assert np.isnan(pulse).all()
    assert np.isnan(breaths).all()
    assert np.isnan(waveform).all()


def test_a_short_real_clip_is_refused(data_dir):
    av = pytest.importorskip("av")
    path = data_dir / "faces" / "single_face.mp4"
    if not path.is_file():
        pytest.skip(f"{path} is not here")

    def pictures():
        with av.open(str(path)) as film:
            for k, picture in enumerate(film.decode(video=0)):
                if k % 3 == 0:
                    yield k / 30, picture.to_ndarray(format="rgb24")

    (pulse, quality), (waveform, breaths, _) = watched(pictures())
    assert np.isnan(np.concatenate([pulse, waveform, breaths])).all()
    assert not quality.any()


def steps(n, size, seed, memory):
    """Noise of this root mean square a step that remembers a share of the one before."""
    white = np.random.default_rng(seed).standard_normal((n, 4))
    return size * lfilter([np.sqrt(1 - memory**2)], [1, -memory], white, axis=0)


def risen(t, up, *, sideways=0.0, head=0.0, seed=0, size=0.05, memory=0.5):
    """Waveform, rate and quality each second of a chest that rises by `up` pixels."""
    other = steps(len(t), size, seed, memory)
    chest = np.column_stack([other[:, 0] + sideways, other[:, 1] - up])
    place = np.column_stack([600 + other[:, 2], 300 + other[:, 3] + head, np.full(len(t), HIGH)])
    return breathing(t, chest, head=place, at_s=np.arange(15.0, t[-1] - 15))


T = np.arange(900) / 10.0


@pytest.mark.parametrize(
    ("per_min", "pixels"),
    [(6, 2.0), (10, 0.5), (10, 2.0), (12, 0.5), (15, 0.5), (15, 2.0), (18, 0.5), (22, 2.0)],
)
def test_known_rates_are_found(per_min, pixels):
    wave, rate, quality = risen(T, pixels * np.sin(2 * np.pi * per_min / 60 * T), seed=per_min)
    assert np.isfinite(rate).mean() > 0.9
    assert np.nanmax(np.abs(rate - per_min)) < 1.5
    assert np.nanmedian(quality) > 0.8
    seen = np.isfinite(wave)
    truth = np.sin(2 * np.pi * per_min / 60 * np.arange(15.0, T[-1] - 15))
    assert np.corrcoef(wave[seen], truth[seen])[0, 1] > 0.95  # up is breathing in


def test_a_slow_breath_as_small_as_the_noise_is_refused():
    assert np.isnan(risen(T, 0.5 * np.sin(2 * np.pi * 0.1 * T), seed=6)[1]).all()


def test_noise_and_drift_are_no_breath():
    """At most one second in a hundred of noise that forgets, remembers or wanders (docs: perception)."""
    shares = []
    for seed in range(40):
        for memory, size in ((0.0, 0.1), (0.9, 0.3), (0.999, 5.0)):
            shares.append(np.isfinite(risen(T, 0.0, seed=seed, size=size, memory=memory)[1]).mean())
    assert np.mean(shares) <= 0.01


def test_a_body_that_sways_up_or_aside_does_not_breathe():
    sway = 4 * np.sin(2 * np.pi * 0.25 * T)
    assert np.isnan(risen(T, sway, head=-sway)[1]).all()
    assert np.isnan(risen(T, 0.3 * sway, sideways=sway)[1]).all()


def test_a_nod_over_a_still_chest_is_no_breath():
    assert np.isnan(risen(T, 0.0, head=6 * np.sin(2 * np.pi * 1.2 * T))[1]).mean() > 0.97


def test_nothing_is_nothing():
    assert np.isnan(risen(T, np.zeros(len(T)), size=0.0)[1]).all()
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
