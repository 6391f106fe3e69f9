"""Diarization error rate on real talk: no collar, overlap scored, pyannote.metrics the judge."""

from __future__ import annotations

import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from coregulate.core import Sound, StoreError
from coregulate.perception.one_microphone import (
    hear_voices,
    segmentation,
    tell_seen_voices,
    voiceprint,
    voices_of,
)

sys.path.insert(0, str(Path(__file__).parent.parent / "perception"))
from lip_scenes import lips_of


@pytest.fixture(scope="module")
def talk(data_dir):
    folder = data_dir / "conversation"
    if not (folder / "sample.wav").is_file():
        pytest.skip("no conversation in the folder of recordings")
    try:
        segmentation.load_segmentation(), voiceprint.load_voiceprint()
    except StoreError as missing:
        pytest.skip(f"no speaker networks: {missing}")
    return folder


@pytest.fixture(scope="module")
def annotated(talk):
    rows = [line.split() for line in (talk / "sample.rttm").read_text().splitlines()]
    return [
        [(float(r[3]), float(r[3]) + float(r[4])) for r in rows if r[7] == name]
        for name in sorted({row[7] for row in rows})
    ]


@pytest.fixture(scope="module")
def heard(talk):
    return hear_voices(Sound(str(talk / "sample.wav"), 16000.0, 30.0))


def error_rate(truth, track, seconds):
    """The judge's parts: the rate, and of it missed, told where nobody spoke, and confused."""
    metrics = pytest.importorskip("pyannote.metrics.diarization", reason="pyannote.metrics is not installed")
    from pyannote.core import Annotation, Segment, Timeline

    real, told = Annotation(), Annotation()
    for k, said in enumerate(truth):
        for j, (start_s, end_s) in enumerate(said):
            real[Segment(start_s, end_s), f"{k} {j}"] = str(k)
    for j, label in enumerate(track.labels):
        told[Segment(label.start_s, label.end_s), j] = label.text
    judge = metrics.DiarizationErrorRate(collar=0.0, skip_overlap=False)
    return judge(real, told, uem=Timeline([Segment(0.0, seconds)]))


def frames(segments, n):
    mask = np.zeros(n, dtype=bool)
    for start_s, end_s in segments:
        mask[round(start_s * 100) : round(end_s * 100)] = True
    return mask


def samples_of(path):
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768


def test_a_talk_with_an_annotation(annotated, heard):
    assert error_rate(annotated, voices_of(heard).track, 30.0) <= 0.08  # measured 6.0 %
    assert heard.n_voices == 2


def test_overlap_is_marked_where_both_speak(annotated, heard):
    labels = voices_of(heard).track.labels
    real, told = (
        np.logical_and(*(frames(x, 3000) for x in both))
        for both in (annotated, [[y[:2] for y in labels if y.text == k] for k in "AB"])
    )
    assert (real & told).sum() >= 0.6 * real.sum()
    assert (real & told).sum() >= 0.6 * told.sum()


@pytest.fixture(scope="module")
def two_tracks(talk):
    """The first 30 s of each: samples and words."""
    samples, said = [], []
    for who in "AB":
        samples.append(samples_of(talk / "two_tracks" / f"test-{who}.wav")[: 30 * 16000])
        lines = (talk / "two_tracks" / f"test-{who}.words").read_text(encoding="utf-8").splitlines()
        rows = [line.split(maxsplit=2) for line in lines]
        words = [(float(a), float(b)) for a, b, word in rows if word.strip() != "#"]
        said.append([(a, min(b, 30.0)) for a, b in words if a < 30.0])
    return samples, said


def heard_in(path, samples):
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return hear_voices(Sound(str(path), 16000.0, len(samples) / 16000))


def test_two_tracks_mixed(two_tracks, tmp_path):
    samples, said = two_tracks
    both = heard_in(tmp_path / "mixed.wav", samples[0] + samples[1])
    assert error_rate(said, voices_of(both).track, 30.0) <= 0.15  # measured 12.8 % on all of 58 s
    assert both.n_voices == 2


def test_one_who_speaks_alone_is_one_voice(two_tracks, tmp_path):
    """What is left where the other, who is heard in this track too, is silent."""
    samples, said = two_tracks
    mine, other = (frames(x, 3000) for x in said)
    alone = samples[0].reshape(3000, 160)[mine & ~other].ravel()
    assert heard_in(tmp_path / "alone.wav", alone).n_voices == 1


def test_made_lips_help(annotated, heard):
    voice = error_rate(annotated, voices_of(heard).track, 30.0)
    errors = []
    for seed in range(100, 106):
        times_s, jaw = lips_of(dict(zip(("left", "right"), annotated, strict=True)), 30.0, seed=seed)
        errors.append(error_rate(annotated, tell_seen_voices(heard, times_s, jaw), 30.0))
    assert np.mean(errors) <= voice
    assert max(errors) < 0.1


def test_the_networks_give_what_others_give_with_the_same_weights(talk):
    """Reference values: PyTorch 1.13 running pyannote's and 3D-Speaker's modules, kaldi-native-fbank 1.23."""
    samples = samples_of(talk / "sample.wav")
    network = segmentation.load_segmentation()
    classes = segmentation.speaker_classes(network, samples, np.array([80000]))[0]
    assert classes.shape == (589, 7)
    for frame, expected in {
        120: (0.0183, 0.0058, 0.4455, 0.5224, 0.0002, 0.0002, 0.0075),
        200: (0.0075, 0.0010, 0.8946, 0.0263, 0.0016, 0.0001, 0.0689),
        320: (0.0010, 0.0, 0.0172, 0.6308, 0.0001, 0.0002, 0.3507),
    }.items():
        np.testing.assert_allclose(classes[frame], expected, atol=2e-4)
    mels = voiceprint.mel_frames(samples[160000:184240])
    assert mels.shape == (150, 80)
    theirs = [
        [-11.020, -6.022, -6.535, -12.977],
        [-14.363, 0.348, 0.136, -13.291],
        [-15.942, -12.747, -8.968, -13.628],
    ]
    np.testing.assert_allclose(mels[[0, 70, 140]][:, [0, 20, 40, 79]], theirs, atol=0.01)
    found = voiceprint.voiceprints(voiceprint.load_voiceprint(), mels[None, :148])[0]
    theirs = [0.0084, -0.1499, 0.0711, -0.0221, 0.0059, -0.0210, -0.0919, 0.1684]
    np.testing.assert_allclose(found[:8], theirs, atol=5e-4)
    assert np.linalg.norm(found) == pytest.approx(1.0, abs=1e-5)
