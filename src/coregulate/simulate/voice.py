"""A voice one can listen to: glottal pulses through the resonances of a mouth (source and filter)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from .body import Body
from .mouth import Float32, at_rest, synthesise
from .phrasing import CONTROL_RATE_HZ, Controls

#: Sound is made in pieces of this length, s: an hour whole would take 2.8 GB.
PIECE_S = 60.0
_BANDWIDTHS_HZ = np.array([80.0, 100.0, 130.0, 220.0, 300.0])  # of five formants, textbook values (prior)
# Energy of 1-5 kHz against 50 Hz-1 kHz without a shelf, and what one dB of shelf adds, as measured on this voice
_PLAIN_DB, _SHELF_DB = -14.5, 0.63
_UPPER_HZ = np.array([3500.0, 4500.0])  # fourth and fifth formant of a man's voice (prior)


def speak(body: Body, controls: Controls, *, rate_hz: float, rng: Generator) -> Iterator[Float32]:
    """Sound out the controls, a piece of 60 s at a time.

    Parameters
    ----------
    body : Body
    controls : Controls
        At 100 Hz.
    rate_hz : float
        A multiple of 1000; 16000 carries five formants.
    rng : numpy.random.Generator

    Yields
    ------
    ndarray of float32, shape (n,)
        Full scale is 1; may exceed it before it is written. The pieces are the same as one whole would be.

    Notes
    -----
    The pulse is Klatt's polynomial (its derivative falls to its lowest at closure);
    the jump at closure is band-limited by a polynomial (PolyBLEP). A shelf at 1 kHz
    raises or lowers what lies above. Jitter 0.6 %, shimmer 3 %
    (prior: an ordinary healthy voice).
    """
    n_frames = len(controls.f0_hz)
    formants = np.empty((n_frames, 5))
    formants[:, :3] = controls.formants_hz
    formants[:, 3:] = np.minimum(_UPPER_HZ * body.tract, 0.46 * rate_hz)
    noise = rng.standard_normal(1 << 17).astype(np.float32)
    voiced = np.where(np.isfinite(controls.level_db), 10 ** (controls.level_db / 20), 0.0)
    hiss = np.where(np.isfinite(controls.hiss_db), 10 ** (controls.hiss_db / 20), 0.0)
    f0_hz = _filled(controls.f0_hz, body.f0_hz)
    shelf, mouth = _shelf(controls.sharp_db, rate_hz), at_rest()
    step = round(PIECE_S * CONTROL_RATE_HZ)
    for first in range(0, n_frames, step):
        sound: Float32 = synthesise(
            f0_hz, voiced, hiss, shelf, formants, _BANDWIDTHS_HZ, noise,
            float(rate_hz), int(rate_hz / CONTROL_RATE_HZ), first, min(first + step, n_frames), mouth,
        )  # fmt: skip
        yield sound


def _filled(f0_hz: NDArray[np.float64], fallback: float) -> NDArray[np.float64]:
    return np.where(np.isfinite(f0_hz), f0_hz, fallback)


def _shelf(sharp_db: NDArray[np.float64], rate_hz: float) -> NDArray[np.float64]:
    """Coefficients b0, b1, b2, a1, a2 of a high shelf at 1 kHz for each row of controls, shape (n, 5).

    Bilinear, of second order and slope 1.
    """
    gain = 10 ** ((sharp_db - _PLAIN_DB) / _SHELF_DB / 40)
    cosine = np.cos(2 * np.pi * 1000.0 / rate_hz)
    width = np.sqrt(2 * gain) * np.sin(2 * np.pi * 1000.0 / rate_hz)
    up, down = gain + 1, gain - 1
    rows = (
        gain * (up + down * cosine + width),
        -2 * gain * (down + up * cosine),
        gain * (up + down * cosine - width),
        2 * (down - up * cosine),
        up - down * cosine - width,
    )
    return np.asarray(np.column_stack(rows) / (up - down * cosine + width)[:, None])


def room(
    voices: tuple[Iterable[Float32], Iterable[Float32]], *, rate_hz: float, rng: Generator
) -> Iterator[tuple[NDArray[np.int16], NDArray[np.int16]]]:
    """Put two voices into one room with a microphone each, piece by piece.

    Each microphone hears the other person 3 ms later, 24 dB weaker and duller,
    and the room's noise at about -66 dB of full scale (all prior: two lapel
    microphones at a table).

    Yields
    ------
    (ndarray of int16, ndarray of int16)
    """
    delay = round(0.003 * rate_hz) + 1
    before: list[Float32] = [np.zeros(delay, dtype=np.float32)] * 2
    noises = [_hum(own) for own in rng.spawn(2)]
    for pieces in zip(*voices, strict=True):
        tails: list[Float32] = [np.concatenate(pair) for pair in zip(before, pieces, strict=True)]
        tracks = []
        for own, other, hum in zip(pieces, tails[::-1], noises, strict=True):
            across = 0.063 * 0.5 * (other[1:][: len(own)] + other[: len(own)])
            # Soft limit, so that shouting does not crackle
            tracks.append(np.asarray(np.tanh(own + across + hum(len(own))) * 32000, dtype=np.int16))
        before = [tail[-delay:] for tail in tails]
        yield tracks[0], tracks[1]


def _hum(rng: Generator) -> Callable[[int], Float32]:
    """Return what gives the next so many samples of a room's noise."""
    from scipy.signal import lfilter

    last = np.zeros(1)

    def more(n: int) -> Float32:
        nonlocal last
        hum, last = lfilter([0.05], [1.0, -0.95], rng.standard_normal(n, dtype=np.float32), zi=last)
        return np.asarray(0.0032 * hum, dtype=np.float32)

    return more
