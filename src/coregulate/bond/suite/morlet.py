"""The Morlet wavelet transform of a series with gaps, and what coherence and phase locking share."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray, SignalError

from .settings import SuiteSettings

ComplexArray = NDArray[np.complex128]
E_FOLDING = 2**0.5  # Torrence & Compo 1998, table 1, Morlet: in scales
MIN_CYCLES = 5.0  # prior: a mean over fewer says nothing
MAX_GAP_S = 5.0  # prior: a longer gap takes the coefficients that reach into it


class Transform(NamedTuple):
    """Wavelet coefficients of a series.

    ``w`` (k, n) by frequency and time, ``scales_s`` (k,), and ``clear_s`` (n,): how far each sample is from
    the nearest edge or long gap.
    """

    w: NDArray[Any]
    scales_s: NDArray[Any]
    clear_s: FloatArray


def frequencies(settings: SuiteSettings, duration_s: float) -> FloatArray:
    """Frequencies from high to low, ``per_octave`` of them an octave.

    The lowest is ``low_hz``, or the one of which the cone of influence leaves five cycles.
    """
    cone = 2 * E_FOLDING * _scale(1.0, settings.omega0)
    low_hz = max(settings.low_hz, (MIN_CYCLES + cone) / duration_s)
    if not 0 < low_hz < settings.high_hz:
        raise SignalError(
            f"The band is {low_hz:.3g} to {settings.high_hz:g} Hz for {duration_s:.0f} s",
            "Set low_hz above 0 and below high_hz, or give a longer series",
        )
    n = int(np.floor(settings.per_octave * np.log2(settings.high_hz / low_hz) + 1e-9)) + 1
    return np.asarray(settings.high_hz * 2.0 ** (-np.arange(n) / settings.per_octave))


def _scale(at_hz: float, omega0: float) -> float:
    """Scale (s) of a Morlet wavelet whose Fourier frequency is ``at_hz``."""
    return float((omega0 + np.sqrt(2 + omega0**2)) / (4 * np.pi * at_hz))


def morlet(x: FloatArray, rate_hz: float, at_hz: FloatArray, omega0: float) -> Transform:
    """Transform a series with gaps.

    Parameters
    ----------
    x : array, shape (n,)
        NaN where missing: interpolated; what lies nearer to an edge or a gap of over 5 s than the
        e-folding time is not to be used (``clear_s``).
    rate_hz : float
    at_hz : array, shape (k,)
    omega0 : float

    Notes
    -----
    Source: Torrence & Compo 1998, 10.1175/1520-0477(1998)079<0061:APGTWA>2.0.CO;2, table 1.
    """
    if not at_hz.max() <= 0.5 * rate_hz:
        raise SignalError(f"{at_hz.max():g} Hz cannot be seen at {rate_hz:g} Hz", "Set a lower high_hz")
    n = len(x)
    whole, clear_s = _filled(x, rate_hz)
    size = fast_length(2 * n)
    omega = 2 * np.pi * np.fft.fftfreq(size, 1 / rate_hz)
    scales = _scale(1.0, omega0) / at_hz
    spectrum = np.fft.fft(whole, size)
    window = np.pi**-0.25 * np.exp(-0.5 * (scales[:, None] * omega - omega0) ** 2) * (omega > 0)
    window *= np.sqrt(2 * np.pi * scales * rate_hz)[:, None]
    return Transform(np.fft.ifft(spectrum * window, axis=1)[:, :n], scales, clear_s)


def fast_length(n: int) -> int:
    """Return a length from ``n`` on that Fourier transforms are fast at."""
    from scipy.fft import next_fast_len

    return int(next_fast_len(n))


def _filled(x: FloatArray, rate_hz: float) -> tuple[FloatArray, FloatArray]:
    """Without a trend and without gaps, and how far each sample is from an edge or a long gap."""
    n = len(x)
    at, seen = np.arange(n), np.isfinite(x)
    if seen.sum() < 3:
        return np.zeros(n), np.zeros(n)
    trend = np.polyval(np.polyfit(at[seen], x[seen], 1), at)
    whole = np.interp(at, at[seen], (x - trend)[seen])
    bad = np.concatenate([[True], _long_gaps(seen, round(MAX_GAP_S * rate_hz)), [True]])
    place = np.arange(n + 2)
    before = np.maximum.accumulate(np.where(bad, place, -1))
    after = np.minimum.accumulate(np.where(bad, place, n + 2)[::-1])[::-1]
    clear = np.minimum(place - before, after - place)[1:-1]
    whole = np.where(bad[1:-1], 0.0, whole)
    sd = float(whole.std())
    return whole / (sd if sd > 0 else 1.0), clear / rate_hz


def _long_gaps(seen: NDArray[np.bool_], longest: int) -> NDArray[np.bool_]:
    edges = np.flatnonzero(np.diff(np.concatenate([[True], seen, [True]]).astype(np.int8))).reshape(-1, 2)
    bad = np.zeros(len(seen), dtype=bool)
    for i, j in edges:
        if j - i > longest or i == 0 or j == len(seen):
            bad[i:j] = True
    return bad


def places(n: int, rate_hz: float, settings: SuiteSettings) -> FloatArray:
    """Return the frequencies, Hz."""
    return frequencies(settings, n / rate_hz)


def cycles(scores: FloatArray, at: FloatArray) -> FloatArray:
    """Bring frequencies to one scale: by chance all scatter as the root of one over their cycles."""
    return np.asarray(scores * np.sqrt(at))


def phase_lead(profiles: NDArray[Any], peak: int) -> FloatArray:
    """Size out of phase at the pair's best frequency: above 0 the first is ahead by less than half a cycle."""
    return np.asarray(np.nan_to_num(np.imag(profiles[:, peak])))


def enough_hz(settings: SuiteSettings) -> float:
    """Four samples a cycle of the fastest frequency."""
    return 4 * settings.high_hz
