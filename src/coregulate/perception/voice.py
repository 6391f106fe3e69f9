"""How a voice sounds, each 10 ms, where only this person speaks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray, Signal, Sound, Track

from . import praat, spectrum
from .blocks import Block, condense, fit, n_frames, read_blocks, speaking

SAMPLE_RATE_HZ = 16000.0  # carries the voice up to 8 kHz, more than any measure here needs
# Praat's manual has 50 Hz for low voices: at 75 a man's lowest syllables are heard an octave higher
FLOOR_HZ = 60.0  # prior
# Who speaks is known here, and people speak softly too: Praat's 30 dB loses them (measured)
SILENCE = 0.01  # of amplitude, 40 dB
NUCLEUS_DIP_DB = 2.0  # De Jong & Wempe's dip between two syllables
NUCLEUS_BELOW_PEAK_DB = 25.0  # De Jong & Wempe's threshold under the loudest
NUCLEUS_NEAR_S = 4.0  # prior: the loudest of about a turn, since one turn is louder than another
NUCLEUS_SMOOTH_S = 0.03  # prior: ripple within a vowel is not a syllable
RATE_WINDOW_S = 2.0  # prior
RATE_MIN_SPEECH_S = 0.5  # prior: a rate needs this much own speech in its window

_UNITS = {"f0": "hz", "intensity": "db", "hnr": "db", "alpha_ratio": "db", "speech_rate": "1/s"}


def voice_frames(sound: Sound, speech: Track, *, others: Track | None) -> dict[str, Signal]:
    """Measure one person's voice where that person speaks and nobody else does.

    Parameters
    ----------
    sound : Sound
        A microphone of their own, or one that all share.
    speech : Track
        When this person speaks.
    others : Track or None
        When anybody else speaks; None where nobody else is known.

    Returns
    -------
    dict of str to Signal
        At 100 Hz from the sound's start, NaN where the person does not speak or another does:
        ``f0`` (hz, voiced frames), ``intensity`` (db; of the recording, not of the room),
        ``hnr`` (db, voiced), ``alpha_ratio`` (db, voiced: 1-5 kHz against 50 Hz-1 kHz) and
        ``speech_rate`` (1/s, syllables a second of own speech in 2 s around the moment).

    Notes
    -----
    Pitch, intensity and harmonics-to-noise are Praat's. The syllables are the peaks of the
    intensity that are voiced and at least 2 dB above the dips around them, after an idea of
    De Jong and Wempe; unlike their script the contour is smoothed over 30 ms and the threshold
    hangs on the loudest moment of own speech in 4 s. Sound is read in blocks of 60 s that overlap,
    and only what is spoken (0.15 s around it included) is measured.
    """
    n = n_frames(sound)
    mask = speaking(speech, start_s=sound.start_s, n=n)
    if others is not None:
        mask &= ~speaking(others, start_s=sound.start_s, n=n)
    frames: dict[str, NDArray[np.floating]] = {
        name: np.full(n, np.nan, dtype=np.float32) for name in ("f0", "intensity", "hnr", "alpha_ratio")
    }
    for block in read_blocks(sound, mask, rate_hz=SAMPLE_RATE_HZ):
        for name, measured in _measure(block, mask).items():
            frames[name][block.first : block.last] = fit(measured, block)
    for values in frames.values():
        values[~mask] = np.nan
    frames["alpha_ratio"][np.isnan(frames["f0"])] = np.nan
    frames["speech_rate"] = speech_rate(frames["intensity"], ~np.isnan(frames["f0"]), mask)
    return {
        name: Signal(_as_float(values), praat.FRAME_RATE_HZ, sound.start_s, _UNITS[name], name)
        for name, values in frames.items()
    }


def _measure(block: Block, mask: NDArray[np.bool_]) -> dict[str, FloatArray]:
    """Per frame of the block's samples; NaN outside what is wanted."""
    n = len(block.samples) // round(SAMPLE_RATE_HZ / praat.FRAME_RATE_HZ)
    wanted = np.zeros(n, dtype=bool)
    part = mask[block.first : block.last]
    wanted[block.skip : block.skip + len(part)] = part[: max(0, n - block.skip)]
    cut = condense(block.samples, wanted, rate_hz=SAMPLE_RATE_HZ)
    found = praat.pitch(cut.samples, rate_hz=SAMPLE_RATE_HZ, floor_hz=FLOOR_HZ, silence=SILENCE)
    measured = {
        "f0": found.f0_hz,
        "hnr": praat.harmonicity(found.strength),
        "intensity": praat.intensity(cut.samples, rate_hz=SAMPLE_RATE_HZ),
        "alpha_ratio": spectrum.alpha_ratio(cut.samples, rate_hz=SAMPLE_RATE_HZ),
    }
    return {name: cut.spread(values, n) for name, values in measured.items()}


def syllable_nuclei(intensity_db: NDArray[np.floating], voiced: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Frames at which a syllable has its loudest, voiced moment.

    Parameters
    ----------
    intensity_db : ndarray, shape (n,)
        At 100 Hz; NaN where the person does not speak.
    voiced : ndarray of bool, shape (n,)

    Returns
    -------
    ndarray of int, shape (n_syllables,)
    """
    from scipy.ndimage import maximum_filter1d, uniform_filter1d
    from scipy.signal import find_peaks

    known = np.isfinite(intensity_db)
    if not known.any():
        return np.empty(0, dtype=np.intp)
    # where nobody speaks the contour lies under any threshold
    floor = np.percentile(intensity_db[known], 99) - 60.0
    contour = np.where(known, np.maximum(intensity_db, floor), floor).astype(np.float64)
    rate_hz = praat.FRAME_RATE_HZ
    contour = uniform_filter1d(contour, round(NUCLEUS_SMOOTH_S * rate_hz), mode="constant", cval=floor)
    loudest = maximum_filter1d(contour, round(NUCLEUS_NEAR_S * rate_hz) + 1, mode="nearest")
    peaks, _ = find_peaks(contour, height=loudest - NUCLEUS_BELOW_PEAK_DB, prominence=NUCLEUS_DIP_DB)
    near = np.convolve(voiced, np.ones(5), mode="same") > 0  # within 20 ms of a voiced frame
    return np.asarray(peaks[near[peaks]])


def speech_rate(
    intensity_db: NDArray[np.floating], voiced: NDArray[np.bool_], mask: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Syllables a second of own speech, in 2 s around each frame; NaN where the person does not speak."""
    n = len(mask)
    nuclei = np.zeros(n)
    nuclei[syllable_nuclei(intensity_db, voiced)] = 1.0
    count = _around(nuclei)
    spoken_s = _around(mask.astype(np.float64)) / praat.FRAME_RATE_HZ
    rate = np.full(n, np.nan, dtype=np.float32)
    enough = mask & (spoken_s >= RATE_MIN_SPEECH_S)
    rate[enough] = count[enough] / spoken_s[enough]
    return rate


def _as_float(values: NDArray[np.float32]) -> FloatArray:
    """Tell the type checker that a Signal keeps float32 as it is."""
    return values  # type: ignore[return-value]


def _around(values: FloatArray) -> FloatArray:
    """Sum over the window around each frame."""
    half = round(RATE_WINDOW_S * praat.FRAME_RATE_HZ / 2)
    total = np.concatenate([[0.0], np.cumsum(values)])
    at = np.arange(len(values))
    return np.asarray(total[np.minimum(at + half, len(values))] - total[np.maximum(at - half, 0)])
