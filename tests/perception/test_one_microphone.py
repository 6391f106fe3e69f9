"""The encoder against slow definitions, the checkpoint reader against strangers, the door against silence."""

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
    diarize,
    encoder,
    speech,
    tell_seen_voices,
    tell_voices,
)

RNG = np.random.default_rng(0)


class Runs:
    def __reduce__(self):
        return (os.getcwd, ())


@pytest.fixture
def ready():
    try:
        return encoder.load_encoder()
    except StoreError as missing:
        pytest.skip(f"no speaker encoder: {missing}")


def sound_of(path, samples, start_s=0.0):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return Sound(str(path), 16000.0, len(samples) / 16000, start_s=start_s)


def test_mel_filters_have_area_one_and_slaneys_centres():
    filters = encoder.mel_filters(n_fft=16000)
    np.testing.assert_allclose(filters.sum(axis=1), 1.0, atol=1e-3)  # 1 Hz a bin
    # 15 mel at 1 kHz, 27 for each factor of 6.4 above: 45.245640 at 8 kHz in 41 steps.
    step = (15 + 27 * np.log(8) / np.log(6.4)) / 41
    assert filters[0].argmax() == pytest.approx(step / 0.015, abs=1)
    assert filters[-1].argmax() == pytest.approx(8000 / 6.4 ** (step / 27), abs=1)


def test_a_tone_lands_in_its_band():
    tone = np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000).astype(np.float32)
    mels = encoder.mel_frames(tone)
    assert mels.shape == (101, 40)
    assert mels[50].argmax() == encoder.mel_filters()[:, 25].argmax()


def test_lstm_agrees_with_its_equations_one_unit_at_a_time():
    weights = {"linear.weight": RNG.normal(size=(5, 6)), "linear.bias": RNG.normal(size=5) + 1}
    for layer, n_in in ((0, 40), (1, 6)):
        for name, shape in (
            ("weight_ih", (24, n_in)),
            ("weight_hh", (24, 6)),
            ("bias_ih", 24),
            ("bias_hh", 24),
        ):
            weights[f"lstm.{name}_l{layer}"] = RNG.normal(size=shape) * 0.3
    weights = {k: v.astype(np.float32) for k, v in weights.items()}
    mels = RNG.normal(size=(30, 40)).astype(np.float32)
    found = encoder.embed(encoder.make_encoder(weights), mels, np.array([0, 7]), n=20)
    for row, start in enumerate((0, 7)):
        given = list(mels[start : start + 20].astype(float))
        for layer in (0, 1):
            w, u = weights[f"lstm.weight_ih_l{layer}"], weights[f"lstm.weight_hh_l{layer}"]
            bias = weights[f"lstm.bias_ih_l{layer}"] + weights[f"lstm.bias_hh_l{layer}"]
            h, c = np.zeros(6), np.zeros(6)
            for k, x in enumerate(given):
                z = w @ x + u @ h + bias
                s = 1 / (1 + np.exp(-z))
                c = s[6:12] * c + s[:6] * np.tanh(z[12:18])
                h = s[18:] * np.tanh(c)
                given[k] = h
        last = np.maximum(weights["linear.weight"] @ h + weights["linear.bias"], 0)
        np.testing.assert_allclose(found[row], last / np.linalg.norm(last), atol=1e-5)


@pytest.mark.parametrize("strange", [Runs(), OrderedDict(a=pickle.PickleBuffer), b"no pickle"])
def test_foreign_pickles_are_refused(tmp_path, strange):
    path = tmp_path / "strange.pt"
    path.write_bytes(strange if isinstance(strange, bytes) else pickle.dumps(strange))
    with pytest.raises(StoreError):
        read_torch(path)


def test_silence_has_no_labels(tmp_path, ready):
    assert diarize(sound_of(tmp_path / "still.wav", np.zeros(32000))).labels == ()


def test_the_voice_network_against_one_chunk_at_a_time(ready):
    weights = speech._weights()
    samples = (0.1 * RNG.normal(size=20 * speech.CHUNK)).astype(np.float32)
    told = speech._probability(samples, weights)
    state, cell, before = np.zeros(128), np.zeros(128), np.zeros(64)
    for k in range(20):
        seen = np.concatenate([before, samples[k * 512 : (k + 1) * 512]])
        before = seen[-64:]
        seen = np.concatenate([seen, seen[-2:-66:-1]])
        both = np.array([weights["stft_conv.weight"][:, 0] @ seen[i : i + 256] for i in range(0, 385, 128)])
        x = np.hypot(both[:, :129], both[:, 129:]).T
        for layer, stride in ((1, 1), (2, 2), (3, 2), (4, 1)):
            kernel, padded = weights[f"conv{layer}.weight"], np.pad(x, ((0, 0), (1, 1)))
            at = range(0, x.shape[1], stride)
            x = np.array([np.einsum("oik,ik->o", kernel, padded[:, i : i + 3]) for i in at]).T
            x = np.maximum(x + weights[f"conv{layer}.bias"][:, None], 0)
        gate = weights["lstm_cell.weight_ih"] @ x[:, 0] + weights["lstm_cell.weight_hh"] @ state
        enter, keep, new, leave = np.split(
            gate + weights["lstm_cell.bias_ih"] + weights["lstm_cell.bias_hh"], 4
        )
        cell = expit(keep) * cell + expit(enter) * np.tanh(new)
        state = expit(leave) * np.tanh(cell)
        logit = weights["final_conv.weight"][0, :, 0] @ np.maximum(state, 0) + weights["final_conv.bias"][0]
        assert told[k] == pytest.approx(expit(logit), abs=1e-5)


def test_silence_with_moving_lips_and_one_face(tmp_path, ready):
    sound, times = sound_of(tmp_path / "still.wav", np.zeros(32000)), np.arange(20) / 10
    lips = {face: RNG.normal(size=20) for face in ("left", "right")}
    assert tell_seen_voices(sound, times, lips).labels == ()
    with pytest.raises(InputError, match="two faces"):
        tell_seen_voices(sound, times, {"left": lips["left"]})


def test_three_speakers_are_refused(tmp_path):
    with pytest.raises(InputError, match="1 or 2"):
        diarize(sound_of(tmp_path / "still.wav", np.zeros(16000)), n_speakers=3)


def test_one_speaker_seed_and_shift(data_dir, ready):
    path = data_dir / "conversation" / "sample.wav"
    if not path.is_file():
        pytest.skip("conversation/sample.wav is not in the folder of recordings")
    sound = Sound(str(path), 16000.0, 30.0)
    assert {x.text for x in diarize(sound, n_speakers=1).labels} == {"A"}
    first, again = tell_voices(sound, rng_seed=3), tell_voices(sound, rng_seed=3)
    assert first.track == again.track
    assert ((first.confidence >= 0) & (first.confidence <= 1)).all()
    later = diarize(dataclasses.replace(sound, start_s=100.0), rng_seed=3)
    np.testing.assert_allclose(
        [x.start_s - 100 for x in later.labels], [x.start_s for x in first.track.labels]
    )
    assert first.track.labels[0].text == "A"
