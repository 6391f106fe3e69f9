"""From a turn to the mouth: syllables, pitch, loudness and vowels, one row of controls each 10 ms."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from coregulate.core import FloatArray, Label, Track

from .body import Body, at_rate, physical

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
# One z of loudness, and of energy above 1 kHz against below (with its middle), in dB. Smaller than the
# population's spread: with that, Praat takes a quarter of a high voice's voiced frames for silence (measured).
_LOUD_DB, _SHARP_DB = 3.0, (-15.0, 4.0)
_VOICE = ("f0", "f0_variability", "intensity", "speech_rate", "high_frequency_energy")
# Pitch spends much of a syllable on its way to the next accent: what reaches the sound is less than the accents' SD
_SPREAD = 1.25  # (measured on this voice)


class Controls(NamedTuple):
    """What the voice is told, at 100 Hz; f0 is NaN and level -inf where nothing sounds."""

    f0_hz: FloatArray
    level_db: FloatArray
    hiss_db: FloatArray
    sharp_db: FloatArray
    formants_hz: NDArray[np.float64]


class _Manner(NamedTuple):
    """How the person would speak at each moment, at 100 Hz: semitones, syllables a second, dB."""

    pitch_st: FloatArray
    spread_st: FloatArray
    rate_hz: FloatArray
    loud_db: FloatArray
    sharp_db: FloatArray


def phrase(body: Body, courses: dict[str, FloatArray], speech: Track, n_s: int, rng: Generator) -> Controls:
    """Lay syllables into every turn.

    f0, its liveliness, loudness, tempo and sharpness follow the person's cues
    from syllable to syllable; vowels change with every syllable, consonants are
    stops, hisses or glides.

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
        np.zeros(n),
        np.tile(_VOWELS[5], (n, 1)) * 1.0,
    )
    manner = _manner(courses, n)
    for turn in speech.labels:
        _turn(controls, body, manner, turn, rng)
    return controls


def _manner(courses: dict[str, FloatArray], n: int) -> _Manner:
    """Carry the five cues to what a mouth can do, each within its bounds (prior)."""
    z = {name: at_rate(courses[name], n, rate_hz=CONTROL_RATE_HZ) for name in _VOICE}
    pitch, spread, rate = (physical(n, z[n]) for n in ("f0", "f0_variability", "speech_rate"))
    sharp = _SHARP_DB[0] + _SHARP_DB[1] * np.clip(z["high_frequency_energy"], -2.5, 2.5)
    return _Manner(
        pitch_st=pitch,
        # what the moving pitch itself spreads in 5 s, accents need not add
        spread_st=_SPREAD * np.sqrt(np.maximum(np.clip(spread, 0.5, 5.0) ** 2 - _variance(pitch), 0.3**2)),
        # the breaths between groups take their share of the time
        rate_hz=np.clip(rate, 1.5, 7.5) * 1.15,
        # less what the energy above 1 kHz adds: a sharp voice is not a loud one
        loud_db=_LOUD_DB * np.clip(z["intensity"], -2.5, 2.5) - 10 * np.log10(1 + 10 ** (sharp / 10)),
        sharp_db=sharp,
    )


def _variance(values: FloatArray) -> FloatArray:
    """Variance in the 5 s around each row of controls."""
    from scipy.ndimage import uniform_filter1d

    width = round(5 * CONTROL_RATE_HZ)
    mean, square = (uniform_filter1d(x, width, mode="nearest") for x in (values, values**2))
    return np.asarray(square - mean**2)


def _turn(out: Controls, body: Body, manner: _Manner, turn: Label, rng: Generator) -> None:
    n = len(out.f0_hz)
    start, end = round(turn.start_s * CONTROL_RATE_HZ), min(round(turn.end_s * CONTROL_RATE_HZ), n)
    t, left, old_vowel = start, int(rng.integers(4, 9)), _VOWELS[5]
    old_pitch = float(manner.pitch_st[start]) if start < n else 0.0
    while end - t >= 12:
        length = int(
            np.clip(CONTROL_RATE_HZ / manner.rate_hz[t] * np.exp(0.18 * rng.standard_normal()), 11, 70)
        )
        length = length if end - t - length >= 12 else end - t
        done = (t - start) / max(end - start, 1)
        # declination over the turn, an accent on some syllables (prior); together their SD is about the spread
        accent = manner.spread_st[t] * (0.9 * float(rng.standard_normal()) + 1.2 * (0.5 - done))
        pitch = float(manner.pitch_st[t] + accent)
        vowel = _VOWELS[int(rng.integers(len(_VOWELS)))]
        where = slice(t, t + length)
        out.sharp_db[where] = manner.sharp_db[t]
        contour = _glide(old_pitch, pitch, length)
        _syllable(out, where, body, contour, float(manner.loud_db[t]), old_vowel, vowel, rng)
        t, old_vowel, old_pitch = t + length, vowel, pitch
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
    share = np.clip(np.arange(n) / max(0.5 * n, 1), 0, 1)[:, None]
    out.formants_hz[where] = body.tract * (old_vowel + (vowel - old_vowel) * (1 - np.cos(np.pi * share)) / 2)
