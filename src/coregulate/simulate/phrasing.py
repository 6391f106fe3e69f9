"""From a turn to the mouth: syllables, pitch, loudness and vowels, one row of controls each 10 ms."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from coregulate.core import FloatArray, Label, Track

from .body import Body, physical

CONTROL_RATE_HZ = 100.0
# First three formants (Hz) of the vowels a, e, i, o, u, @ in a man's voice; textbook values, rounded (prior)
_VOWELS = np.array(
    [
        [730, 1150, 2440],
        [530, 1840, 2480],
        [290, 2250, 2950],
        [560, 880, 2410],
        [320, 900, 2240],
        [500, 1450, 2450],
    ]
)
_STOP, _HISS, _GLIDE = range(3)
_NUCLEUS_DB = -24.0  # RMS of a calm vowel against full scale (prior)


class Controls(NamedTuple):
    """What the voice is told, at 100 Hz; f0 is NaN and level -inf where nothing sounds."""

    f0_hz: FloatArray
    level_db: FloatArray
    hiss_db: FloatArray
    bright: FloatArray
    formants_hz: NDArray[np.float64]


def phrase(body: Body, courses: dict[str, FloatArray], speech: Track, n_s: int, rng: Generator) -> Controls:
    """Lay syllables into every turn.

    f0, its liveliness, loudness, tempo and brightness follow the person's cues at
    that moment; vowels change with every syllable, consonants are stops, hisses
    or glides.

    Parameters
    ----------
    body : Body
    courses : dict of cue name to ndarray, shape (n_s,)
        In z; of ``f0``, ``f0_variability``, ``intensity``, ``speech_rate``, ``high_frequency_energy``.
    speech : Track
    n_s : int
    rng : numpy.random.Generator

    Returns
    -------
    Controls
    """
    n = round(n_s * CONTROL_RATE_HZ)
    controls = Controls(
        np.full(n, np.nan),
        np.full(n, -np.inf),
        np.full(n, -np.inf),
        np.full(n, 0.5),
        np.tile(_VOWELS[5], (n, 1)) * 1.0,
    )
    for turn in speech.labels:
        _turn(controls, body, courses, turn, rng)
    return controls


def _turn(out: Controls, body: Body, courses: dict[str, FloatArray], turn: Label, rng: Generator) -> None:
    n = len(out.f0_hz)
    start, end = round(turn.start_s * CONTROL_RATE_HZ), min(round(turn.end_s * CONTROL_RATE_HZ), n)
    k = min(int(turn.start_s + 0.5), len(courses["f0"]) - 1)
    rate = float(np.clip(physical("speech_rate", courses["speech_rate"])[k] * 1.15, 2.4, 6.5))
    spread = float(np.clip(physical("f0_variability", courses["f0_variability"])[k], 0.5, 5.0))
    pitch = float(physical("f0", courses["f0"])[k])
    loud = float(np.clip(courses["intensity"][k], -2.5, 2.5)) * 4.5
    bright = float(np.clip(0.45 + 0.22 * courses["high_frequency_energy"][k], 0.05, 0.98))
    t, left, old_vowel, old_accent = start, int(rng.integers(4, 9)), _VOWELS[5], 0.0
    while end - t >= 12:
        length = int(np.clip(CONTROL_RATE_HZ / rate * np.exp(0.18 * rng.standard_normal()), 12, 45))
        length = length if end - t - length >= 12 else end - t
        done = (t - start) / max(end - start, 1)
        # declination over the turn, an accent on some syllables (prior); together their SD is about `spread`
        accent = spread * (0.9 * float(rng.standard_normal()) + 1.2 * (0.5 - done))
        vowel = _VOWELS[int(rng.integers(len(_VOWELS)))]
        contour = pitch + _glide(old_accent, accent, length)
        _syllable(out, slice(t, t + length), body, contour, loud, bright, old_vowel, vowel, rng)
        t, old_vowel, old_accent = t + length, vowel, accent
        left -= 1
        if left == 0:  # a short breath between groups
            t, left = t + int(rng.integers(12, 24)), int(rng.integers(4, 9))


def _glide(start: float, stop: float, n: int) -> FloatArray:
    """Smooth step from start to stop over n frames, most of it in the first two thirds."""
    share = np.clip(np.arange(n) / max(0.65 * n, 1), 0, 1)
    return np.asarray(start + (stop - start) * (1 - np.cos(np.pi * share)) / 2)


def _syllable(
    out: Controls,
    where: slice,
    body: Body,
    contour_st: FloatArray,
    loud_db: float,
    bright: float,
    old_vowel: FloatArray,
    vowel: FloatArray,
    rng: Generator,
) -> None:
    n = where.stop - where.start
    consonant = int(rng.choice(3, p=(0.35, 0.25, 0.40)))
    onset = min({_STOP: 6, _HISS: 8, _GLIDE: 6}[consonant], n // 2)
    envelope = -7.0 * np.abs(np.linspace(-1, 1, n)) ** 3 + 1.5 * float(rng.standard_normal())
    level = _NUCLEUS_DB + loud_db + envelope
    f0 = body.f0_hz * 2 ** (contour_st / 12)
    if consonant == _GLIDE:  # a dip, voiced throughout
        level[:onset] -= 14.0
    else:
        level[:onset] = -np.inf
        f0[:onset] = np.nan
        hiss = slice(where.start + (onset - 2 if consonant == _STOP else 1), where.start + onset)
        out.hiss_db[hiss] = _NUCLEUS_DB + loud_db - (12.0 if consonant == _STOP else 14.0)
    out.level_db[where] = level
    out.f0_hz[where] = f0
    out.bright[where] = bright
    share = np.clip(np.arange(n) / max(0.5 * n, 1), 0, 1)[:, None]
    out.formants_hz[where] = body.tract * (old_vowel + (vowel - old_vowel) * (1 - np.cos(np.pi * share)) / 2)
