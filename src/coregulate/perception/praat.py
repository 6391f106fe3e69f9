"""The one module that calls Praat (GPLv3), through parselmouth.

Praat centres its frames in the sound it is given. Here every answer is put on the
grid ``t = 0, 0.01, 0.02 ...`` of that sound: pitch by the nearest frame (at most 5 ms
away), intensity by interpolation.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray

FRAME_RATE_HZ = 100.0  # Praat's own step for pitch at a floor of 75 Hz is 0.75 / 75 s
PITCH_FLOOR_HZ = 75.0  # Praat's default
PITCH_CEILING_HZ = 600.0  # Praat's default
SILENCE = 0.03  # Praat's default: what lies this far under the loudest peak is silence (30 dB)
INTENSITY_FLOOR_HZ = 100.0  # Praat's default; the window is 3.2 / floor = 32 ms effective


class Pitch(NamedTuple):
    """Pitch on the 10 ms grid.

    Parameters
    ----------
    f0_hz : ndarray, shape (n,)
        NaN where unvoiced.
    strength : ndarray, shape (n,)
        Autocorrelation at the chosen period, 0 to 1; NaN where unvoiced.
    """

    f0_hz: FloatArray
    strength: FloatArray


def pitch(
    samples: NDArray[np.floating],
    *,
    rate_hz: float,
    floor_hz: float = PITCH_FLOOR_HZ,
    ceiling_hz: float = PITCH_CEILING_HZ,
    silence: float = SILENCE,
    every: int = 1,
) -> Pitch:
    """Pitch by Praat's autocorrelation method, with Praat's own costs.

    Parameters
    ----------
    samples : ndarray, shape (n_samples,)
    rate_hz : float
    floor_hz, ceiling_hz : float
        Range of f0.
    silence : float
        Amplitude, as a share of the loudest peak, under which a frame tends to be unvoiced.
    every : int
        Only each so many frames is asked for, at a cost that falls with it; the rest are NaN.

    Returns
    -------
    Pitch
        One value each 10 ms; all NaN for a sound shorter than three periods of the floor.

    Notes
    -----
    Praat's silence threshold is relative to the loudest peak of the sound it is given, so
    a block of a recording and the whole recording differ in a few quiet frames.
    """
    import parselmouth

    n = _n_frames(samples, rate_hz)
    f0 = np.full(n, np.nan)
    strength = np.full(n, np.nan)
    if len(samples) / rate_hz < 3.5 / floor_hz:
        return Pitch(f0, strength)
    found = parselmouth.Sound(np.asarray(samples, dtype=np.float64), rate_hz).to_pitch_ac(
        time_step=every / FRAME_RATE_HZ,
        pitch_floor=floor_hz,
        pitch_ceiling=ceiling_hz,
        silence_threshold=silence,
    )
    selected = found.selected_array
    # Frames may lie half way between two of the grid: all of them go to the later one, so that none meet.
    at = np.floor(found.xs() * FRAME_RATE_HZ + 0.5 + 1e-6).astype(int)
    voiced = (selected["frequency"] > 0) & (at >= 0) & (at < n)
    f0[at[voiced]] = selected["frequency"][voiced]
    strength[at[voiced]] = np.minimum(selected["strength"][voiced], 1.0)
    return Pitch(f0, strength)


def intensity(samples: NDArray[np.floating], *, rate_hz: float) -> FloatArray:
    """Intensity by Praat, dB re 2e-5 as if the samples were pascal.

    Parameters
    ----------
    samples : ndarray, shape (n_samples,)
    rate_hz : float

    Returns
    -------
    ndarray, shape (n,)
        One value each 10 ms; NaN where the window does not fit.
    """
    import parselmouth

    n = _n_frames(samples, rate_hz)
    if len(samples) / rate_hz < 6.5 / INTENSITY_FLOOR_HZ:
        return np.full(n, np.nan)
    found = parselmouth.Sound(np.asarray(samples, dtype=np.float64), rate_hz).to_intensity(
        minimum_pitch=INTENSITY_FLOOR_HZ, time_step=1.0 / FRAME_RATE_HZ
    )
    grid = np.arange(n) / FRAME_RATE_HZ
    return np.asarray(np.interp(grid, found.xs(), found.values[0], left=np.nan, right=np.nan))


def harmonicity(strength: FloatArray) -> FloatArray:
    """Harmonics-to-noise ratio in dB from the strength of the pitch, as Praat computes it.

    Costs nothing beside the pitch. It differs from Praat's separate Harmonicity object in
    the window: three periods of the floor here, 4.5 there.

    Examples
    --------
    >>> float(harmonicity(np.array([0.5]))[0])
    0.0
    """
    r = np.clip(strength, 1e-6, 1.0 - 1e-6)
    return np.asarray(10.0 * np.log10(r / (1.0 - r)))


def _n_frames(samples: NDArray[np.floating], rate_hz: float) -> int:
    return int(np.floor(len(samples) / rate_hz * FRAME_RATE_HZ + 1e-6))
