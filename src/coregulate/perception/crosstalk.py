"""The other's voice in one's own microphone: its path is learned where the other speaks alone, and taken away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.linalg import solve_toeplitz
from scipy.signal import fftconvolve

from coregulate.core import FloatArray, Sound
from coregulate.readers import read_sound

N_TAPS = 512  # measured: 64 ms at 8 kHz took 9 dB off a real leak, 32 ms 5, 128 ms 10
BEFORE = 16  # prior: taps before the strongest one
FARTHEST_S = 0.25  # prior: recorders that were set going apart
LEAST_S = 2.0  # prior: of the other alone, to learn from
LEAST_TAKEN = 0.3  # prior: of the power there; a path that explains less is none
_STEADY = 1e-3  # prior: keeps the equations solvable, of the power

Samples = NDArray[np.floating]


class Other(NamedTuple):
    """Somebody else's microphone, and the frames from ``start_s`` on in which only they speak."""

    sound: Sound
    start_s: float
    alone: NDArray[np.bool_]
    rate_hz: float


class Path(NamedTuple):
    """How a voice gets from the one microphone into the other: taps, the first at ``lag`` samples."""

    taps: FloatArray
    lag: int


def without_others(
    mine: NDArray[np.float32],
    first_s: float,
    others: Sequence[Other],
    before: Sequence[Path | None],
    *,
    rate_hz: float,
) -> tuple[NDArray[np.float32], list[Path | None]]:
    """Take the others' voices out of a stretch of a microphone.

    Parameters
    ----------
    mine : ndarray, shape (n,)
    first_s : float
        Where it begins, session time.
    others : sequence of Other
    before : sequence of Path or None
        The path of each other in the stretch before: taken where this one has none.
    rate_hz : float

    Returns
    -------
    ndarray of float32, shape (n,), and the paths
    """
    clean = mine.astype(np.float64)
    paths = []
    for other, known in zip(others, before, strict=True):
        theirs = _stretch(other.sound, first_s, len(mine), rate_hz)
        at = np.floor(
            (first_s - other.start_s + np.arange(len(mine)) / rate_hz) * other.rate_hz + 1e-6
        ).astype(int)
        inside = (at >= 0) & (at < len(other.alone))
        alone = inside & other.alone[np.clip(at, 0, max(len(other.alone) - 1, 0))]
        path = learn_path(mine, theirs, alone, rate_hz=rate_hz) or known
        if path is not None:
            clean -= heard_through(path, theirs)
        paths.append(path)
    return clean.astype(np.float32), paths


def _stretch(sound: Sound, first_s: float, n: int, rate_hz: float) -> FloatArray:
    """Return samples of another sound at the same time, zero where it has none."""
    out = np.zeros(n)
    begin_s = first_s - sound.start_s
    skip = max(0, round(-begin_s * rate_hz))
    if skip < n:
        part = read_sound(sound, max(0.0, begin_s), begin_s + n / rate_hz, rate_hz=rate_hz)[: n - skip]
        out[skip : skip + len(part)] = part
    return out


def learn_path(mine: Samples, theirs: Samples, alone: NDArray[np.bool_], *, rate_hz: float) -> Path | None:
    """Learn how the other's voice gets into a microphone, from where only the other speaks.

    Parameters
    ----------
    mine, theirs : ndarray, shape (n,)
        The same stretch of both microphones.
    alone : ndarray of bool, shape (n,)
        Where only the other speaks.
    rate_hz : float

    Returns
    -------
    Path, or None
        None where there is too little to learn from, or no path that explains a third of it.

    Notes
    -----
    Least squares for a filter around the lag at which the two agree most. Its cost does
    not depend on gains: microphones may be set apart.
    """
    if alone.sum() < LEAST_S * rate_hz:
        return None
    there, here = np.where(alone, theirs, 0.0), np.where(alone, mine, 0.0)
    size = next_fast_len(2 * len(there), real=True)
    spectrum = rfft(there, size)
    own = irfft(np.abs(spectrum) ** 2, size)
    cross = irfft(rfft(here, size) * spectrum.conj(), size)
    reach = round(FARTHEST_S * rate_hz)
    near = np.concatenate([cross[-reach:], cross[: reach + 1]])
    lag = int(np.argmax(np.abs(near))) - reach - BEFORE
    column = own[:N_TAPS].copy()
    if column[0] <= 0:
        return None
    column[0] *= 1.0 + _STEADY
    path = Path(solve_toeplitz(column, np.take(cross, np.arange(lag, lag + N_TAPS), mode="wrap")), lag)
    left = np.where(alone, mine - heard_through(path, theirs), 0.0)
    return path if np.dot(left, left) < (1.0 - LEAST_TAKEN) * np.dot(here, here) else None


def heard_through(path: Path, theirs: Samples) -> FloatArray:
    """Return what of the other's microphone is expected in one's own, shape (n,)."""
    n = len(theirs)
    through = fftconvolve(theirs, path.taps)
    out = np.zeros(n)
    first = max(path.lag, 0)
    part = through[first - path.lag : n - path.lag]
    out[first : first + len(part)] = part
    return out
