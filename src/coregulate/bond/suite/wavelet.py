"""Wavelet coherence (Grinsted, Moore & Jevrejeva 2004, 10.5194/npg-11-561-2004).

Morlet wavelets; the cross spectrum is smoothed by a Gaussian of the wavelet's own width in time and by a
boxcar of 0.6 octaves in scale. Chance level depends on that kernel: unrelated series cohere too, so
coherence is never read without surrogates.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from coregulate.core import FloatArray

from .measure import Measure, Shifts, above_chance, root
from .morlet import (
    E_FOLDING,
    ComplexArray,
    Transform,
    cycles,
    enough_hz,
    fast_length,
    frequencies,
    morlet,
    phase_lead,
    places,
)
from .settings import SuiteSettings
from .threads import threads

BOXCAR_OCTAVES = 0.6  # Grinsted et al. 2004: decorrelation of the Morlet wavelet in scale


class Smoother(NamedTuple):
    """The kernel: Gaussians over time in the frequency domain, for each octave (m, size); a boxcar over scales."""

    gauss: tuple[NDArray[Any], ...]
    boxcar: NDArray[Any]

    def over_time(self, w: NDArray[Any]) -> ComplexArray:
        """Smooth (k, n) over time, an octave at a time: a slower one reaches further past the end."""
        from scipy.fft import fft, ifft

        out, row = np.empty(w.shape, dtype=np.result_type(w, np.complex64)), 0
        for gauss in self.gauss:
            rows = slice(row, row + len(gauss))
            spectrum = fft(w[rows], gauss.shape[1], axis=1)
            spectrum *= gauss
            out[rows] = ifft(spectrum, axis=1, overwrite_x=True)[:, : w.shape[1]]
            row += len(gauss)
        return out

    def power(self, t: Transform) -> FloatArray:
        """Smooth the power of a transform over time and scales."""
        return np.asarray(
            over_scales(self.over_time(np.abs(t.w) ** 2 / t.scales_s[:, None]), self.boxcar).real
        )


def smoother(n: int, rate_hz: float, scales_s: FloatArray, per_octave: int) -> Smoother:
    """Make the kernel for series of ``n`` samples."""
    gauss = []
    for some in np.split(scales_s, range(per_octave, len(scales_s), per_octave)):
        k = 2 * np.pi * np.fft.fftfreq(fast_length(n + int(6 * some.max() * rate_hz)), 1 / rate_hz)
        gauss.append(np.exp(-0.5 * (some[:, None] * k) ** 2))
    half = BOXCAR_OCTAVES * per_octave / 2
    whole, part = int(half), half - int(half)
    boxcar = np.concatenate([[part], np.ones(2 * whole + 1), [part]])
    return Smoother(tuple(gauss), boxcar / boxcar.sum())


def over_scales(w: NDArray[Any], boxcar: NDArray[Any]) -> NDArray[Any]:
    """Smooth (k, n) over scales; the outermost scales stand for those beyond."""
    # Real and imaginary parts are smoothed alike, and real numbers run in lanes.
    return np.asarray(_over_scales(np.ascontiguousarray(w).view(w.real.dtype), boxcar).view(w.dtype))


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _over_scales(w: NDArray[Any], boxcar: NDArray[Any]) -> NDArray[Any]:
    out = np.zeros_like(w)
    half = boxcar.shape[0] // 2
    for i in range(w.shape[0]):
        for m in range(boxcar.shape[0]):
            row = min(max(i + m - half, 0), w.shape[0] - 1)
            for t in range(w.shape[1]):
                out[i, t] += boxcar[m] * w[row, t]
    return out


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def crossed(one: NDArray[Any], two: NDArray[Any], scales_s: NDArray[Any], shift: int) -> NDArray[Any]:
    """Cross spectrum over scales (k, n), ``two`` read on from ``shift``, round the end."""
    out = np.empty_like(one)
    n = one.shape[1]
    for i in range(one.shape[0]):
        share = one.real.dtype.type(1) / scales_s[i]
        for t in range(n - shift):
            out[i, t] = one[i, t] * np.conj(two[i, t + shift]) * share
        for t in range(n - shift, n):
            out[i, t] = one[i, t] * np.conj(two[i, t + shift - n]) * share
    return out


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def mean_coherence(
    cross: NDArray[Any], one: NDArray[Any], two: NDArray[Any], clear_one: NDArray[Any], clear_two: NDArray[Any],
    shift: int, limits: NDArray[Any],
) -> NDArray[Any]:  # fmt: skip
    """Mean coherence of each frequency outside the cone, turned by the mean phase; NaN where nothing is left.

    ``two`` and ``clear_two`` are read on from ``shift``, round the end.
    """
    k, n = cross.shape
    out = np.full(k, np.nan + 0j)
    for i in range(k):
        total, arrow, count = 0.0, 0j, 0
        for t in range(n):
            u = t + shift
            if u >= n:
                u -= n
            if min(clear_one[t], clear_two[u]) <= limits[i]:
                continue
            size = one[i, t] * two[i, u]
            count += 1
            if size > 0:
                square = cross[i, t].real ** 2 + cross[i, t].imag ** 2
                total += square / size
                arrow += cross[i, t] * np.sqrt(square) / size
        if count > 0:
            out[i] = total / count * (arrow / abs(arrow) if abs(arrow) > 0 else 1.0)
    return out


def profiles(a: FloatArray, bs: FloatArray, rate_hz: float, settings: SuiteSettings) -> ComplexArray:
    """Mean coherence outside the cone of influence by frequency; its angle is the mean phase."""
    first, smooth = _single(*_first(a, rate_hz, settings))
    power = smooth.power(first)
    rows = []
    for b in bs:
        second, _ = _single(
            morlet(b, rate_hz, frequencies(settings, len(a) / rate_hz), settings.omega0), smooth
        )
        rows.append(_mean(first, second, smooth, power, smooth.power(second), 0))
    return np.stack(rows)


def shifted(
    a: FloatArray, b: FloatArray, shifts: Shifts, rate_hz: float, settings: SuiteSettings
) -> ComplexArray:
    """Return the same for circular shifts: the coefficients are shifted, not computed again."""
    first, smooth = _single(*_first(a, rate_hz, settings))
    second, _ = _single(morlet(b, rate_hz, frequencies(settings, len(a) / rate_hz), settings.omega0), smooth)
    one, two = smooth.power(first), smooth.power(second)
    return np.asarray(
        threads(lambda shift: _mean(first, second, smooth, one, two, shift)[None], shifts.tolist())
    )


def _single(t: Transform, smooth: Smoother) -> tuple[Transform, Smoother]:
    """Return both in single precision: surrogates by the thousand, and means good to six digits."""
    kernel = Smoother(tuple(g.astype(np.float32) for g in smooth.gauss), smooth.boxcar.astype(np.float32))
    return t._replace(w=t.w.astype(np.complex64), scales_s=t.scales_s.astype(np.float32)), kernel


def _mean(
    first: Transform, second: Transform, smooth: Smoother, one: FloatArray, two: FloatArray, shift: int
) -> ComplexArray:
    cross = _smooth_cross(first, second.w, smooth, shift)
    limits = E_FOLDING * first.scales_s
    return np.asarray(mean_coherence(cross, one, two, first.clear_s, second.clear_s, shift, limits))


def _smooth_cross(first: Transform, w: ComplexArray, smooth: Smoother, shift: int = 0) -> ComplexArray:
    cross = crossed(first.w, w, first.scales_s, shift % w.shape[1])
    return np.asarray(over_scales(smooth.over_time(cross), smooth.boxcar))


def _first(a: FloatArray, rate_hz: float, settings: SuiteSettings) -> tuple[Transform, Smoother]:
    first = morlet(a, rate_hz, frequencies(settings, len(a) / rate_hz), settings.omega0)
    return first, smoother(len(a), rate_hz, first.scales_s, settings.per_octave)


class Coherence(NamedTuple):
    """Coherence (k, n) 0..1, phase (rad, above 0: the first is ahead), and where both can be used."""

    coherence: FloatArray
    phase_rad: FloatArray
    usable: NDArray[np.bool_]


def wavelet_coherence(a: FloatArray, b: FloatArray, *, rate_hz: float, settings: SuiteSettings) -> Coherence:
    """Coherence and phase of two series over time and frequency.

    Parameters
    ----------
    a, b : array, shape (n,)
        NaN where missing.
    rate_hz : float
    settings : SuiteSettings
        ``low_hz``, ``high_hz``, ``per_octave``, ``omega0``.

    Returns
    -------
    Coherence
        Rows as :func:`frequencies` has them; ``usable`` is False inside the cone of influence of the
        edges and of gaps over 5 s.

    Examples
    --------
    >>> t = np.arange(600.0)
    >>> x = np.sin(2 * np.pi * 0.1 * t)
    >>> found = wavelet_coherence(x, x, rate_hz=1.0, settings=SuiteSettings())
    >>> bool(found.coherence[found.usable].min() > 0.99)
    True
    """
    first, smooth = _first(a, rate_hz, settings)
    second = morlet(b, rate_hz, frequencies(settings, len(a) / rate_hz), settings.omega0)
    cross = _smooth_cross(first, second.w, smooth)
    size = smooth.power(first) * smooth.power(second)
    coherence = np.divide(np.abs(cross) ** 2, size, out=np.zeros_like(size), where=size > 0)
    clear = np.minimum(first.clear_s, second.clear_s)
    return Coherence(
        coherence, np.asarray(np.angle(cross), dtype=np.float64), clear > E_FOLDING * first.scales_s[:, None]
    )


def course(
    a: FloatArray, b: FloatArray, rate_hz: float, settings: SuiteSettings
) -> tuple[FloatArray, FloatArray]:
    """Coherence over time, averaged over the frequencies that can be used there; one value each step."""
    c = wavelet_coherence(a, b, rate_hz=rate_hz, settings=settings)
    count = c.usable.sum(axis=0)
    mean = np.where(c.usable, c.coherence, 0.0).sum(axis=0) / np.maximum(count, 1)
    every = slice(None, None, max(round(settings.step_s * rate_hz), 1))
    return np.arange(len(a))[every] / rate_hz, np.where(count > 0, mean, np.nan)[every]


def scores(profiles: NDArray[Any], at: FloatArray) -> FloatArray:
    """Score coherence above chance, all frequencies on one scale."""
    return cycles(above_chance(np.abs(profiles)), at)


COHERENCE = Measure(
    name="wavelet coherence",
    method="Morlet wavelet coherence, smoothed over time and 0.6 octaves, averaged outside the cone of influence",
    axis="frequency_hz",
    places=places,
    profiles=profiles,
    shifted=shifted,
    scores=scores,
    straight=root,
    lead=phase_lead,
    burst_surrogate="autoregressions",  # docs/bond.md: with bursts kept 24 % of such strangers, with these 12
    course=course,
    min_s=180.0,  # prior: the cone of influence leaves something of 0.02 Hz
    at_most_hz=enough_hz,
)
