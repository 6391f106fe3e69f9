"""Phase locking over frequencies: how steady the phase difference of two series stays.

Source: Lachaux et al. 1999, 10.1002/(SICI)1097-0193(1999)8:4<194::AID-HBM4>3.0.CO;2-C (over time here,
not over trials). Phases are those of Morlet wavelets.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray

from .measure import Measure, Shifts, root
from .morlet import (
    E_FOLDING,
    ComplexArray,
    Transform,
    cycles,
    enough_hz,
    frequencies,
    morlet,
    phase_lead,
    places,
)
from .settings import SuiteSettings


def locking_profiles(a: FloatArray, bs: FloatArray, rate_hz: float, settings: SuiteSettings) -> ComplexArray:
    """Phase locking by frequency: length and angle of the mean phase difference's arrow."""
    at_hz = frequencies(settings, len(a) / rate_hz)
    first = _arrows(morlet(a, rate_hz, at_hz, settings.omega0))
    rows = []
    for b in bs:
        second = _arrows(morlet(b, rate_hz, at_hz, settings.omega0))
        rows.append(_locked((first * second.conj()).sum(axis=1), (np.abs(first * second)).sum(axis=1)))
    return np.stack(rows)


def locking_shifted(
    a: FloatArray, b: FloatArray, shifts: Shifts, rate_hz: float, settings: SuiteSettings
) -> ComplexArray:
    """Return the same for circular shifts, all of them by one Fourier transform a frequency.

    Each frequency goes round what its cone leaves of the ends, by the same share of a turn: round the
    whole, two cones would be cut out of a shift, and the mean of fewer arrows is longer by chance.
    """
    n, at_hz = len(a), frequencies(settings, len(a) / rate_hz)
    first, second = (morlet(x, rate_hz, at_hz, settings.omega0) for x in (a, b))
    rows = []
    for one, two, scale_s in zip(_arrows(first), _arrows(second), first.scales_s, strict=True):
        cone = int(E_FOLDING * scale_s * rate_hz)
        inside = slice(cone, n - cone)
        by = np.round(shifts * ((n - 2 * cone) / n)).astype(np.int64)
        total, count = _all_shifts(one[inside], two[inside])
        rows.append(_locked(total[by], count[by]))
    return np.stack(rows, axis=1)


def _arrows(t: Transform) -> ComplexArray:
    usable = t.clear_s > E_FOLDING * t.scales_s[:, None]
    return np.where(usable, np.exp(1j * np.angle(t.w)), 0.0)


def _all_shifts(one: ComplexArray, two: ComplexArray) -> tuple[ComplexArray, FloatArray]:
    """Sum over t of one[t] * conj(two[t + shift]), and of its sizes, for each shift."""
    pairs = ((one, two), (np.abs(one), np.abs(two)))
    total, count = (np.fft.ifft(np.fft.fft(x).conj() * np.fft.fft(y)).conj() for x, y in pairs)
    return np.asarray(total), np.asarray(count.real)


def _locked(total: ComplexArray, count: FloatArray) -> ComplexArray:
    few = count < 0.5
    return np.where(few, np.nan, total / np.where(few, 1.0, count))


def locking_course(
    a: FloatArray, b: FloatArray, rate_hz: float, settings: SuiteSettings
) -> tuple[FloatArray, FloatArray]:
    """Locking in windows of ``window_s``, averaged over the frequencies with at least a cycle in a window."""
    at_hz = frequencies(settings, len(a) / rate_hz)
    at_hz = at_hz[at_hz >= 1 / settings.window_s]
    one, two = (_arrows(morlet(x, rate_hz, at_hz, settings.omega0)) for x in (a, b))
    width, step = round(settings.window_s * rate_hz), max(round(settings.step_s * rate_hz), 1)
    starts = np.arange(0, len(a) - width + 1, step)
    total, count = (
        np.concatenate([np.zeros((len(at_hz), 1)), np.cumsum(x, axis=1)], axis=1)
        for x in (one * two.conj(), np.abs(one * two))
    )
    seen = (count[:, starts + width] - count[:, starts]).real
    size = np.abs(total[:, starts + width] - total[:, starts])
    usable = seen > width / 2
    locked = np.where(usable, size / np.maximum(seen, 1.0), 0.0).sum(axis=0)
    n = usable.sum(axis=0)
    return starts / rate_hz, np.where(n > 0, locked / np.maximum(n, 1), np.nan)


def scores(profiles: NDArray[Any], at: FloatArray) -> FloatArray:
    """Score locking, all frequencies on one scale."""
    return cycles(np.abs(profiles), at)


LOCKING = Measure(
    name="phase locking",
    method="phase locking of Morlet wavelet phases, outside the cone of influence",
    axis="frequency_hz",
    places=places,
    profiles=locking_profiles,
    shifted=locking_shifted,
    scores=scores,
    straight=root,
    lead=phase_lead,
    course=locking_course,
    min_s=180.0,  # prior: the cone of influence leaves something of 0.02 Hz
    at_most_hz=enough_hz,
)
