"""Short-time spectra in numpy: levels in bands, and the balance of high against low."""

from __future__ import annotations

import itertools

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from coregulate.core import FloatArray

from .praat import FRAME_RATE_HZ

WINDOW_S = 0.025  # prior: the usual window of speech processing
_CHUNK = 4096  # frames at a time: memory stays under 20 MB


def band_levels(
    samples: NDArray[np.floating], edges_hz: FloatArray, *, rate_hz: float
) -> NDArray[np.float32]:
    """Level of each band in each 10 ms frame.

    Parameters
    ----------
    samples : ndarray, shape (n_samples,)
    edges_hz : ndarray, shape (n_bands + 1,)
    rate_hz : float

    Returns
    -------
    ndarray, shape (n_frames, n_bands)
        dB of the mean power; digital silence is -100.
    """
    return _in_bands(samples, list(itertools.pairwise(edges_hz)), rate_hz)


def alpha_ratio(samples: NDArray[np.floating], *, rate_hz: float) -> FloatArray:
    """Energy of 1-5 kHz against 50 Hz-1 kHz in each 10 ms frame, dB.

    A sound recorded at less than 10 kHz has less above 1 kHz: compare only within it.
    """
    low, high = (50.0, 1000.0), (1000.0, 5000.0)
    levels = _in_bands(samples, [low, high], rate_hz)
    widths = 10.0 * np.log10((high[1] - high[0]) / (low[1] - low[0]))  # mean power to energy
    return np.asarray(levels[:, 1] - levels[:, 0] + widths, dtype=np.float64)


def _in_bands(
    samples: NDArray[np.floating], bands: list[tuple[float, float]], rate_hz: float
) -> NDArray[np.float32]:
    hop = rate_hz / FRAME_RATE_HZ
    width = round(WINDOW_S * rate_hz)
    size = scipy.fft.next_fast_len(width, real=True)
    n = int(np.floor(len(samples) / hop + 1e-6))
    frequency = np.fft.rfftfreq(size, 1.0 / rate_hz)
    pick = np.stack([(frequency >= a) & (frequency < b) for a, b in bands], axis=1).astype(np.float32)
    pick /= np.maximum(pick.sum(axis=0), 1.0)
    window = np.hanning(width).astype(np.float32)
    padded = np.pad(np.asarray(samples, dtype=np.float32), (width // 2, width))
    starts = np.round(np.arange(n) * hop).astype(int)  # frame i is centred at i * 10 ms
    frames = np.lib.stride_tricks.sliding_window_view(padded, width)
    levels = np.empty((n, len(bands)), dtype=np.float32)
    for low in range(0, n, _CHUNK):
        spectrum = scipy.fft.rfft(frames[starts[low : low + _CHUNK]] * window, n=size, axis=1)
        power = spectrum.real**2 + spectrum.imag**2
        levels[low : low + _CHUNK] = 10.0 * np.log10(power @ pick + 1e-10)
    return levels
