"""The sound of a mouth, sample by sample: a glottal pulse and a hiss through a shelf and five resonances."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from coregulate.core import FloatArray

Float32 = NDArray[np.float32]
#: Open share of a cycle of the vocal folds (prior).
OPENED = 0.62
# Resonances follow the mouth every so many samples: 1 ms at 16 kHz (prior)
_TUNE_EVERY = 16


def at_rest() -> FloatArray:
    """Return a mouth that has not yet spoken, shape (19,): what one sample hands to the next.

    The last two outputs of each resonance (5 and 5), the hiss's last two and its rumble,
    the shelf's two, then phase, cycle, jitter and shimmer of the pulse.
    """
    return np.array([*np.zeros(17), 1.0, 1.0])


@njit(cache=True)  # type: ignore[untyped-decorator]
def synthesise(
    f0_hz: FloatArray,
    voiced: FloatArray,
    hiss: FloatArray,
    shelf: FloatArray,
    formants_hz: FloatArray,
    widths_hz: FloatArray,
    noise: Float32,
    rate_hz: float,
    hop: int,
    first: int,
    stop: int,
    mouth: FloatArray,
) -> Float32:
    """Sound out the rows ``first`` to ``stop`` of the controls, ``hop`` samples each.

    Parameters
    ----------
    f0_hz, voiced, hiss : ndarray, shape (n,)
        Pitch, and how loud voice and hiss are (linear, 0 is silent).
    shelf : ndarray, shape (n, 5)
        Coefficients b0, b1, b2, a1, a2.
    formants_hz : ndarray, shape (n, 5)
    widths_hz : ndarray, shape (5,)
    noise : ndarray of float32
        White, its length a power of two.
    rate_hz : float
    hop, first, stop : int
    mouth : ndarray, shape (19,)
        As :func:`at_rest` gives it; changed in place, so that the next piece goes on from here.

    Returns
    -------
    ndarray of float32, shape ((stop - first) * hop,)
    """
    n_frames, mask = len(f0_hz), len(noise) - 1
    out = np.zeros((stop - first) * hop, dtype=np.float32)
    low, high, rubbed, bent, pulse = mouth[:5], mouth[5:10], mouth[10:13], mouth[13:15], mouth[15:19]
    a, b, c = np.zeros(5), np.zeros(5), np.zeros(5)
    hiss_c = -np.exp(-2 * np.pi * 1600.0 / rate_hz)
    hiss_b = 2 * np.exp(-np.pi * 1600.0 / rate_hz) * np.cos(2 * np.pi * min(5200.0, 0.4 * rate_hz) / rate_hz)
    for k in range(first, stop):
        after = k + 1 if k + 1 < n_frames else k
        before = k - 1 if k > 0 else 0
        if voiced[k] == 0 and voiced[after] == 0 and voiced[before] == 0:
            low[:] = 0.0
            high[:] = 0.0
            bent[:] = 0.0
            if hiss[k] == 0 and hiss[after] == 0 and hiss[before] == 0:
                continue
        for i in range(hop):
            share, n = i / hop, k * hop + i
            if i % _TUNE_EVERY == 0:
                _tune(formants_hz[k], formants_hz[after], share, widths_hz, rate_hz, a, b, c)
            flow = _flow(pulse, f0_hz[k] + (f0_hz[after] - f0_hz[k]) * share, rate_hz, noise)
            breath = 0.03 * noise[(n * 5 + 17) & mask]
            x = (flow * pulse[3] + breath) * (voiced[k] + (voiced[after] - voiced[k]) * share)
            x = _resonate(low, high, a, b, c, _bend(bent, shelf[k], x))
            grain = noise[(n * 3 + 5) & mask] * (hiss[k] + (hiss[after] - hiss[k]) * share)
            out[n - first * hop] = x + 0.35 * _rub(rubbed, hiss_b, hiss_c, grain)
    return out


@njit(cache=True)  # type: ignore[untyped-decorator]
def _tune(
    now_hz: FloatArray,
    next_hz: FloatArray,
    share: float,
    widths_hz: FloatArray,
    rate_hz: float,
    a: FloatArray,
    b: FloatArray,
    c: FloatArray,
) -> None:
    """Set each resonance's coefficients for a mouth that far on its way to its next shape."""
    for j in range(5):
        centre = now_hz[j] + (next_hz[j] - now_hz[j]) * share
        radius = np.exp(-np.pi * widths_hz[j] / rate_hz)
        c[j] = -radius * radius
        b[j] = 2 * radius * np.cos(2 * np.pi * centre / rate_hz)
        a[j] = 1 - b[j] - c[j]


@njit(cache=True)  # type: ignore[untyped-decorator]
def _flow(pulse: FloatArray, pitch_hz: float, rate_hz: float, noise: Float32) -> float:
    """Move the vocal folds on by one sample; return the change of flow through them (Klatt's polynomial)."""
    step = pitch_hz * pulse[2] / rate_hz
    pulse[0] += step
    if pulse[0] >= 1:
        pulse[0] -= 1
        pulse[1] += 1
        cycle, mask = int(pulse[1]), len(noise) - 1
        pulse[2] = 1 + 0.006 * noise[(cycle * 7919) & mask]
        pulse[3] = 1 + 0.03 * noise[(cycle * 104729) & mask]
    flow = 0.0
    if pulse[0] < OPENED:
        u = pulse[0] / OPENED
        flow = 2 * u - 3 * u * u
    # Around closure: soften the jump of height 1
    past = pulse[0] - OPENED if pulse[0] >= OPENED else pulse[0] - OPENED + 1
    if past < step:
        u = past / step
        flow += 0.5 * (u + u - u * u - 1)
    elif past > 1 - step:
        u = (past - 1) / step
        flow += 0.5 * (u * u + u + u + 1)
    return flow


@njit(cache=True)  # type: ignore[untyped-decorator]
def _bend(bent: FloatArray, shelf: FloatArray, flow: float) -> float:
    """Raise or lower what lies above the shelf."""
    x: float = shelf[0] * flow + bent[0]
    bent[0] = shelf[1] * flow - shelf[3] * x + bent[1]
    bent[1] = shelf[2] * flow - shelf[4] * x
    return x


@njit(cache=True)  # type: ignore[untyped-decorator]
def _resonate(
    low: FloatArray, high: FloatArray, a: FloatArray, b: FloatArray, c: FloatArray, x: float
) -> float:
    """Pass one sample through the five resonances, one after the other."""
    for j in range(5):
        y = a[j] * x + b[j] * low[j] + c[j] * high[j]
        high[j] = low[j]
        low[j] = y
        x = y
    return x


@njit(cache=True)  # type: ignore[untyped-decorator]
def _rub(rubbed: FloatArray, b: float, c: float, grain: float) -> float:
    """Colour one grain of noise as a hiss, which has little below 2 kHz."""
    y: float = grain + b * rubbed[0] + c * rubbed[1]
    rubbed[1] = rubbed[0]
    rubbed[0] = y
    rubbed[2] += 0.5 * (y - rubbed[2])
    return float(y - rubbed[2])
