"""Two recordings of the same sound: how far apart their clocks are, and how fast they drift.

A stretch of one is found in the whole of the other by its loudness, then window after window by the
generalised cross-correlation with phase transform (Knapp & Carter 1976), and a line is laid through all.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import fftconvolve

from coregulate.core import CoregulateError, FloatArray, Sound
from coregulate.readers import ClockFit, fit_clock, read_sound

RATE_HZ = 8000  # telephone quality carries what tells two moments apart
FRAME_HZ = 100
STRETCH_S = 300.0  # prior: 50 ppm move 15 ms in it, under two frames
WINDOW_S = 8.0  # prior
EVERY_S = 60.0
SEARCH_S = 0.5  # prior: around what the window before says; 500 ppm move 30 ms from window to window
LEAST_PEAK = 8.0  # prior: times the correlation's own spread; noise of a window stays under 6
LEAST_COARSE = 6.0  # prior, likewise for loudness
LEAST_SHARE = 0.3  # prior: of the windows that have sound in both
MAX_RESIDUAL_S = 0.02  # prior: a speaker 3 m away from one microphone is 9 ms late


def tie_sounds(theirs: Sound, ours: Sound) -> ClockFit | None:
    """Return how ``theirs`` lies on the clock of ``ours``, or None where they do not hold the same sound.

    Parameters
    ----------
    theirs, ours : Sound
        Times count from each sound's own start (``start_s`` plays no part).

    Returns
    -------
    ClockFit or None
        None also where fewer than three windows agree.

    Notes
    -----
    Costs decoding both files once and a window a minute again.
    """
    try:
        loud_theirs, loud_ours = _loudness(theirs), _loudness(ours)
        start = _coarse(loud_theirs, loud_ours)
        if start is None:
            return None
        pairs, tried = _windows(theirs, ours, *start)
    except CoregulateError:
        return None
    if len(pairs) < 3 or len(pairs) < LEAST_SHARE * tried:
        return None
    fit = fit_clock(pairs[:, 0], pairs[:, 1])
    close = np.abs(fit.at(pairs[:, 0]) - pairs[:, 1]) < MAX_RESIDUAL_S
    if close.sum() < 3 or close.sum() < LEAST_SHARE * tried:
        return None
    fit = fit_clock(pairs[close, 0], pairs[close, 1])
    return fit if fit.residual_s <= MAX_RESIDUAL_S else None


def _loudness(sound: Sound) -> FloatArray:
    """Log energy a hundredth of a second, its slow changes taken off."""
    step = RATE_HZ // FRAME_HZ
    parts = []
    for begin in np.arange(0.0, sound.duration_s, 60.0):
        samples = read_sound(sound, float(begin), min(float(begin) + 60.0, sound.duration_s), rate_hz=RATE_HZ)
        n = len(samples) // step
        parts.append(np.log(np.mean(samples[: n * step].reshape(n, step) ** 2, axis=1) + 1e-9))
    whole = np.concatenate(parts) if parts else np.empty(0)
    if len(whole) < FRAME_HZ:
        return np.zeros(len(whole))
    kernel = np.ones(FRAME_HZ) / FRAME_HZ
    padded = np.pad(whole, (FRAME_HZ // 2, FRAME_HZ - 1 - FRAME_HZ // 2), mode="edge")
    return np.asarray(whole - fftconvolve(padded, kernel, mode="valid"), dtype=np.float64)


def _coarse(theirs: FloatArray, ours: FloatArray) -> tuple[float, float] | None:
    """Return a moment of theirs and the same moment of ours, in seconds, or None."""
    best: tuple[float, float, float] | None = None
    length = min(int(STRETCH_S * FRAME_HZ), len(theirs), len(ours))
    if length < 3 * FRAME_HZ:
        return None
    for share in (0.5, 1 / 6, 5 / 6):
        begin = int(np.clip(share * len(theirs) - length / 2, 0, len(theirs) - length))
        part = theirs[begin : begin + length]
        if np.ptp(part) == 0:
            continue
        correlation = fftconvolve(ours, part[::-1], mode="full")
        peak = int(np.argmax(correlation))
        z = _prominence(correlation, peak, FRAME_HZ // 2)
        if best is None or z > best[0]:
            middle = begin + length / 2
            best = (z, middle / FRAME_HZ, (peak - length + 1 + length / 2) / FRAME_HZ)
    return best[1:] if best is not None and best[0] >= LEAST_COARSE else None


def _prominence(correlation: FloatArray, peak: int, around: int) -> float:
    """Height of a peak in spreads of the rest."""
    rest = np.delete(correlation, np.s_[max(0, peak - around) : peak + around + 1])
    spread = 1.4826 * float(np.median(np.abs(rest - np.median(rest)))) if len(rest) else 0.0
    return (float(correlation[peak]) - float(np.median(rest))) / spread if spread > 0 else 0.0


def _windows(theirs: Sound, ours: Sound, at: float, there: float) -> tuple[FloatArray, int]:
    """Return pairs of the same moments, window after window away from where the two were first matched."""
    pairs: list[tuple[float, float]] = []
    tried = 0
    every = min(EVERY_S, max(theirs.duration_s / 20, WINDOW_S / 2))
    for direction in (1.0, -1.0):
        moment, difference = at, there - at
        while WINDOW_S / 2 <= moment <= theirs.duration_s - WINDOW_S / 2:
            middle = moment + difference
            if WINDOW_S / 2 + SEARCH_S <= middle <= ours.duration_s - WINDOW_S / 2 - SEARCH_S:
                found, heard = _delay(theirs, ours, moment, middle)
                tried += heard
                if found is not None:
                    difference += found
                    pairs.append((moment, moment + difference))
            moment += direction * every
    return np.array(sorted(set(pairs))).reshape(-1, 2), tried


def _delay(theirs: Sound, ours: Sound, at: float, there: float) -> tuple[float | None, int]:
    """Return how much later than ``there`` ours is (None: not told), and whether both have sound at all."""
    half = WINDOW_S / 2
    a = read_sound(theirs, at - half, at + half, rate_hz=RATE_HZ)
    b = read_sound(ours, there - half - SEARCH_S, there + half + SEARCH_S, rate_hz=RATE_HZ)
    if len(a) < RATE_HZ or len(b) < len(a) or np.ptp(a) < 1e-4 or np.ptp(b) < 1e-4:
        return None, 0
    size = 1 << int(np.ceil(np.log2(len(a) + len(b))))
    spectrum = np.fft.rfft(b, size) * np.conj(np.fft.rfft(a, size))
    frequencies = np.fft.rfftfreq(size, 1 / RATE_HZ)
    spectrum /= np.abs(spectrum) + 1e-12 * np.abs(spectrum).max()
    spectrum[(frequencies < 150) | (frequencies > 3600)] = 0  # hum below, the resampler's edge above
    correlation = np.fft.irfft(spectrum, size)[: len(b) - len(a) + 1]
    peak = int(np.argmax(correlation))
    if _prominence(correlation, peak, RATE_HZ // 200) < LEAST_PEAK:
        return None, 1
    return peak / RATE_HZ - SEARCH_S, 1
