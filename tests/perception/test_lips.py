"""Voices and faces are paired by the mouth that moves; where it is not clear, nothing is said."""

from __future__ import annotations

import numpy as np

from coregulate.core import Label, Track
from coregulate.perception import voices_of_faces

TIMES = np.arange(0, 40, 0.1)
VOICES = Track((Label(0, 12, "A"), Label(14, 30, "B"), Label(29, 33, "A")), "speech")


def jaws(noise: float, seed: int = 0) -> dict[str, np.ndarray]:
    """B's voice is the left face's; the right face is twice as lively."""
    rng = np.random.default_rng(seed)
    moving = {
        "left": (TIMES >= 14) & (TIMES < 30),
        "right": (TIMES < 12) | ((TIMES >= 29) & (TIMES < 33)),
    }
    return {
        face: size * (rng.normal(size=len(TIMES)) * np.where(on, 1.0, noise))
        for (face, on), size in zip(moving.items(), (0.1, 0.2), strict=True)
    }


def test_the_moving_mouth_owns_the_voice() -> None:
    assert voices_of_faces(VOICES, TIMES, jaws(0.3)) == {"A": "right", "B": "left"}


def test_mouths_that_move_alike_say_nothing() -> None:
    assert voices_of_faces(VOICES, TIMES, jaws(1.0)) is None


def test_too_little_seen_says_nothing() -> None:
    jaw = jaws(0.3)
    jaw["left"][TIMES > 15] = np.nan
    assert voices_of_faces(VOICES, TIMES, jaw) is None
    assert voices_of_faces(Track((Label(0, 12, "A"),), "speech"), TIMES, jaws(0.3)) is None
