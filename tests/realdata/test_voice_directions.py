"""Which way each voice cue goes in acted anger, happiness and sadness, against the same man's neutral speech."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from coregulate.core import Label, Sound, Track
from coregulate.perception import voice_frames

MOODS = ("Neutral", "Angry", "Happy", "Sad")


def cues(path: Path) -> dict[str, float]:
    with wave.open(str(path)) as file:
        sound = Sound(str(path), float(file.getframerate()), file.getnframes() / file.getframerate())
    frames = voice_frames(sound, Track((Label(0.0, sound.duration_s, "speech"),)), others=None)
    values = {name: np.asarray(signal.values, dtype=float) for name, signal in frames.items()}
    pitch = 12 * np.log2(values["f0"][np.isfinite(values["f0"])])
    found = {"f0": float(np.median(pitch)), "f0_variability": float(pitch.std())}
    return found | {k: float(np.nanmedian(values[k])) for k in ("hnr", "alpha_ratio", "speech_rate")}


@pytest.fixture(scope="module")
def measured(data_dir):
    folder = data_dir / "emotional_speech"
    if not folder.is_dir():
        pytest.skip(f"no acted emotions in {data_dir}")
    files = {mood: sorted((folder / mood).glob("*.wav")) for mood in MOODS}
    assert {path.name[:2] for paths in files.values() for path in paths} == {"03"}  # one speaker: within him
    return {mood: [cues(path) for path in paths] for mood, paths in files.items()}


def effect(measured, mood: str, cue: str) -> float:
    """Cohen's d, pooled standard deviation of two groups of one size."""
    mood_values, neutral = (np.array([clip[cue] for clip in measured[m]]) for m in (mood, "Neutral"))
    pooled = np.sqrt((mood_values.var(ddof=1) + neutral.var(ddof=1)) / 2)
    return float((mood_values.mean() - neutral.mean()) / pooled)


@pytest.mark.parametrize(
    ("mood", "cue", "sign"),
    [
        ("Angry", "f0", 1),
        ("Happy", "f0", 1),
        ("Sad", "f0", -1),
        ("Angry", "f0_variability", 1),
        ("Happy", "f0_variability", 1),
        ("Angry", "alpha_ratio", 1),
        ("Sad", "alpha_ratio", -1),
        ("Sad", "speech_rate", -1),
    ],
)
def test_clear_directions(measured, mood, cue, sign):
    assert sign * effect(measured, mood, cue) > 1.2  # measured: 1.7 and more


def test_anger_is_not_faster_here(measured):
    """Anger is described as fast; these clips are not, so the direction of the rate is not confirmed by them."""
    assert effect(measured, "Angry", "speech_rate") < 0
