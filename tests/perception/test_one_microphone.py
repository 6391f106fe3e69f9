"""The networks against slow definitions, the checkpoint reader against strangers, the door against silence."""

from __future__ import annotations

import dataclasses
import os
import pickle
import wave
from collections import OrderedDict

import numpy as np
import pytest
from scipy.special import expit

from coregulate.core import InputError, Sound, StoreError
from coregulate.models.torch_file import read_torch
from coregulate.perception.one_microphone import (
    dense,
    diarize,
    filters,
    heard,
    planes,
    recurrent,
    segmentation,
    tell_seen_voices,
    voiceprint,
)
from coregulate.perception.one_microphone.clusters import best_path
from coregulate.perception.one_microphone.speakers import as_one, turns, voices_of

RNG = np.random.default_rng(0)


class Runs:
    def __reduce__(self):
        return (os.getcwd, ())


@pytest.fixture
def ready():
    try:
        return segmentation.load_segmentation(), voiceprint.load_voiceprint()
    except StoreError as missing:
        pytest.skip(f"no speaker networks: {missing}")


def sound_of(path, samples, start_s=0.0):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return Sound(str(path), 16000.0, len(samples) / 16000, start_s=start_s)


@pytest.mark.parametrize("strange", [Runs(), OrderedDict(a=pickle.PickleBuffer), b"no pickle"])
def test_foreign_pickles_are_refused(tmp_path, strange):
    path = tmp_path / "strange.pt"
    path.write_bytes(strange if isinstance(strange, bytes) else pickle.dumps(strange))
    with pytest.raises(StoreError):
        read_torch(path)


def test_a_sinc_filter_passes_its_band_and_no_other():
    n = 2 * np.pi * np.arange(-125, 0) / 16000
    window = 0.54 - 0.46 * np.cos(2 * np.pi * np.arange(125) / 250)
    even, odd = filters.sinc_filters(np.array([950.0]), np.array([450.0]), n, window)
    hz = np.fft.rfftfreq(16000, 1 / 16000)
    for taps in (even, odd):
        gain = np.abs(np.fft.rfft(taps, 16000))
        inside, outside = (hz > 1150) & (hz < 1350), (hz < 800) | (hz > 1700)
        assert gain[inside].min() > 20 * gain[outside].max()
    np.testing.assert_allclose(even, even[::-1], atol=1e-6)
    np.testing.assert_allclose(odd, -odd[::-1], atol=1e-6)


def test_filtered_chunks_against_the_sums():
    sizes = ((251, 4), (4, 5, 3), (3, 5, 2))
    bands, *kernels = [RNG.normal(size=size).astype(np.float32) for size in sizes]
    added = [RNG.normal(size=k.shape[2]).astype(np.float32) for k in kernels]
    norms = [filters.Norm(*RNG.normal(size=(2, n)).astype(np.float32)) for n in (1, 4, 3, 2)]
    ready = filters.Filters(
        bands, tuple((k.reshape(len(k), -1), a) for k, a in zip(kernels, added, strict=True)), tuple(norms)
    )
    samples, starts, length = RNG.normal(size=4000).astype(np.float32), np.array([0, 500, 807]), 3000
    found = filters.filtered(ready, samples, starts, length)

    def even(values, norm):
        scaled = (values - values.mean(axis=0)) / np.sqrt(values.var(axis=0) + 1e-5)
        return scaled * norm.scale + norm.shift

    def largest(values):
        return np.array([values[k : k + 3].max(axis=0) for k in range(0, len(values) - 2, 3)])

    for k, start in enumerate(starts):
        level = even(samples[start : start + length, None].astype(float), norms[0])[:, 0]
        passed = np.array([level[t : t + 251] @ bands for t in range(0, length - 250, 10)])
        heard = even(largest(np.abs(passed)), norms[1])
        for kernel, more, norm in zip(kernels, added, norms[2:], strict=True):
            heard = np.where(heard > 0, heard, 0.01 * heard)
            near = [np.einsum("ti,ito->o", heard[t : t + 5], kernel) for t in range(len(heard) - 4)]
            heard = even(largest(np.array(near) + more), norm)
        np.testing.assert_allclose(found[:, k], np.where(heard > 0, heard, 0.01 * heard), atol=2e-4)


@pytest.mark.parametrize("n", [2, 5])
@pytest.mark.parametrize("way", [1, -1])
def test_lstm_agrees_with_its_equations_one_unit_at_a_time(way, n):
    weights = {
        f"lstm.{name}_{key}": RNG.normal(size=shape).astype(np.float32) * 0.3
        for key in ("l0", "l0_reverse")
        for name, shape in (
            ("weight_ih", (24, 5)),
            ("weight_hh", (24, 6)),
            ("bias_ih", 24),
            ("bias_hh", 24),
        )
    }
    given = RNG.normal(size=(20, n, 5)).astype(np.float32)
    both = recurrent.both_ways(*(recurrent.gates_of(weights, key) for key in ("l0", "l0_reverse")), given)
    found, key = (both[:, :, :6], "l0") if way == 1 else (both[:, :, 6:], "l0_reverse")
    for row in range(n):
        h, c = np.zeros(6), np.zeros(6)
        for k in range(20)[::way]:
            z = weights[f"lstm.weight_ih_{key}"] @ given[k, row] + weights[f"lstm.weight_hh_{key}"] @ h
            s = z + weights[f"lstm.bias_ih_{key}"] + weights[f"lstm.bias_hh_{key}"]
            c = expit(s[6:12]) * c + expit(s[:6]) * np.tanh(s[12:18])
            h = expit(s[18:]) * np.tanh(c)
            np.testing.assert_allclose(found[k, row], h, atol=1e-5)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("added", [False, True])
def test_two_dimensional_convolution_against_the_sum(stride, added):
    seen, kernel = RNG.normal(size=(6, 5, 2)), RNG.normal(size=(3, 3, 2, 4))
    more = RNG.normal(size=(len(range(0, 6, stride)), 4, 7)) if added else None
    plane = planes.plane_of(kernel, np.arange(4.0))
    found = planes.convolved(planes.with_edges(seen.transpose(0, 2, 1)), plane, stride, more)
    padded = np.pad(seen, ((1, 1), (1, 1), (0, 0)))
    for i in range(0, 6, stride):
        for j in range(5):
            near = np.einsum("abi,abio->o", padded[i : i + 3, j : j + 3], kernel) + np.arange(4.0)
            if more is not None:
                near += more[i // stride, :, j + 1]
            np.testing.assert_allclose(found[i // stride + 1, :, j + 1], np.maximum(near, 0))
    assert not found[0].any()
    assert not found[:, :, -1].any()


@pytest.mark.parametrize("stride", [1, 2])
def test_convolution_over_frames_against_the_sum(stride):
    values, taps = RNG.normal(size=(1, 9, 2)), RNG.normal(size=(3, 2, 4))
    found = voiceprint._convolved(values, taps, stride=stride)
    padded = np.pad(values[0], ((1, 1), (0, 0)))
    for k in range(0, 9, stride):
        near = sum(padded[k + j] @ taps[j] for j in range(3))
        np.testing.assert_allclose(found[0, k // stride], near)


@pytest.mark.parametrize("dilation", [1, 2])
def test_a_dense_layer_against_its_equations(dilation):
    affine = [dense.Affine(RNG.normal(size=(a, b)), RNG.normal(size=b)) for a, b in ((4, 6), (6, 3), (3, 2))]
    taps, before = RNG.normal(size=(3, 6, 2)), (RNG.normal(size=4), RNG.normal(size=4))
    layer = dense.Layer(before, affine[0], np.hstack(list(taps)), (affine[1], affine[2]), dilation)
    values = RNG.normal(size=(1, 230, 4))
    found = dense.dense((layer,), values)[0]
    np.testing.assert_array_equal(found[:, :4], values[0])
    narrow = np.maximum(
        np.maximum(values[0] * before[0] + before[1], 0) @ affine[0].matrix + affine[0].shift, 0
    )
    padded = np.pad(narrow, ((dilation, dilation), (0, 0)))
    for k in range(230):
        near = sum(padded[k + j * dilation] @ taps[j] for j in range(3))
        segment = narrow[k // 100 * 100 :][:100]
        context = np.maximum(
            (segment.mean(axis=0) + narrow.mean(axis=0)) @ affine[1].matrix + affine[1].shift, 0
        )
        mask = expit(context @ affine[2].matrix + affine[2].shift)
        np.testing.assert_allclose(found[k, 4:], near * mask)


def test_a_tone_lands_in_its_band():
    tone = np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000).astype(np.float32)
    mels = voiceprint.mel_frames(tone)
    assert mels.shape == (98, 80)
    edges = np.linspace(np.log1p(20 / 700), np.log1p(8000 / 700), 82)
    assert mels[50].argmax() == np.abs(edges[1:-1] - np.log1p(1000 / 700)).argmin()


def test_a_chunks_speakers_are_named_by_the_voice():
    classes = np.zeros((100, 7), dtype=np.float32)
    classes[:40, 2] = classes[40:50, 4] = classes[50:90, 1] = classes[90:, 0] = 1
    odds = np.where(np.arange(100) < 45, 2.0, -1.0)
    states = heard._named(classes, odds)
    np.testing.assert_array_equal(states.argmax(axis=1), np.repeat([1, 3, 2, 0], [40, 10, 40, 10]))
    # where the voice does not part the two, the chunk's own opinion that they are two stands
    states = heard._named(classes, np.where(np.arange(100) < 45, 2.0, 1.0))
    np.testing.assert_array_equal(states.argmax(axis=1), np.repeat([1, 3, 2, 0], [40, 10, 40, 10]))


def test_short_pauses_are_filled_and_short_sounds_dropped():
    speaking = np.zeros(200, dtype=bool)
    speaking[20:60] = speaking[65:100] = speaking[150:155] = True
    assert turns(speaking) == [(20, 100)]


def test_best_path_against_all_paths():
    evidence = RNG.normal(size=(6, 4))
    paths = np.stack(np.meshgrid(*[range(4)] * 6, indexing="ij"), axis=-1).reshape(-1, 6)
    worth = evidence[np.arange(6), paths].sum(axis=1) - 0.7 * (np.diff(paths, axis=1) != 0).sum(axis=1)
    np.testing.assert_array_equal(best_path(evidence, switch_cost=0.7), paths[worth.argmax()])


def test_silence_has_no_labels_whatever_the_lips_do(tmp_path, ready):
    sound = sound_of(tmp_path / "still.wav", np.zeros(32000))
    still = heard.hear_voices(sound)
    assert voices_of(still).track.labels == ()
    assert still.n_voices is None
    lips = {face: RNG.normal(size=20) for face in ("left", "right")}
    assert tell_seen_voices(still, np.arange(20) / 10, lips).labels == ()
    with pytest.raises(InputError, match="two faces"):
        tell_seen_voices(still, np.arange(20) / 10, {"left": lips["left"]})


@pytest.mark.parametrize("seconds", [0.0, 0.02, 1.7])
def test_very_short_sounds_do_not_fail(tmp_path, ready, seconds):
    noise = 0.1 * RNG.normal(size=int(16000 * seconds)).clip(-1, 1)
    states = heard.hear_voices(sound_of(tmp_path / "short.wav", noise)).states
    assert states.shape == (int(100 * seconds), 4)
    np.testing.assert_allclose(states.sum(axis=1), 1.0, atol=1e-4)


def test_three_speakers_are_refused(tmp_path):
    with pytest.raises(InputError, match="1 or 2"):
        diarize(sound_of(tmp_path / "still.wav", np.zeros(16000)), n_speakers=3)


def test_one_speaker_seed_and_shift(data_dir, ready):
    path = data_dir / "conversation" / "sample.wav"
    if not path.is_file():
        pytest.skip("conversation/sample.wav is not in the folder of recordings")
    sound = Sound(str(path), 16000.0, 12.0)
    first = heard.hear_voices(sound, rng_seed=3)
    later = heard.hear_voices(dataclasses.replace(sound, start_s=100.0), rng_seed=3)
    np.testing.assert_array_equal(first.states, later.states)
    one, two = voices_of(first), voices_of(later)
    assert ((one.confidence >= 0) & (one.confidence <= 1)).all()
    assert next(x.text for x in one.track.labels) == "A"
    np.testing.assert_allclose(
        [x.start_s - 100 for x in two.track.labels], [x.start_s for x in one.track.labels]
    )
    assert {x.text for x in voices_of(as_one(first)).track.labels} == {"A"}
