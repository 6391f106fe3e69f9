"""From two series with gaps to the periodograms that the oscillators are fitted to."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray

ComplexArray = NDArray[np.complex128]

#: docs/bond.md: frequencies are divided by this one, so that all parameters are near 1.
OMEGA_REF = 2 * np.pi * 0.03
LOWEST_HZ = 0.004  # docs/bond.md
HIGHEST_HZ = 0.15  # docs/bond.md
TAPER = 0.2  # docs/bond.md: Tukey taper
MAX_GAP_S = 5.0  # docs/bond.md: gaps up to this are interpolated, longer ones split
MIN_STRETCH_S = 300.0  # docs/bond.md: shorter stretches are left out
BURST_WINDOW_S = 60.0  # docs/bond.md: window of the normalised copy
BURST_FLOOR = 0.05  # docs/bond.md: keeps quiet stretches from being blown up
SIZE_WINDOW_S = 30.0  # prior, measured in docs/bond.md: bursts common to both, slower than this, count


class Spectra(NamedTuple):
    """Periodograms of two series, all stretches one after the other.

    ``omega`` (n,) is in units of :data:`OMEGA_REF`; ``i11``, ``i22`` (n,) are the
    two periodograms and ``i12`` (n,) the cross-periodogram; ``spread`` is the
    factor by which the taper widens the likelihood, ``swell`` the one by which
    bursts common to both, more than their link explains, widen it further.
    ``late`` (in the reference time) is how late each is supposed to hear the other, ``rest`` the corner
    (reference frequency) above which what lies over the oscillation falls off; infinity: it is white.
    """

    omega: FloatArray
    i11: FloatArray
    i22: FloatArray
    i12: ComplexArray
    spread: float
    swell: float
    late: float = 0.0
    rest: float = np.inf

    @property
    def seen(self) -> tuple[Any, ...]:
        """What the likelihood reads: frequencies, periodograms, how the rest spreads over the frequencies."""
        return self.omega, self.i11, self.i22, self.i12, 1 / (1 + (self.omega / self.rest) ** 2)


def binned(
    values: FloatArray, rate_hz: float, to_hz: float, *, n: int | None = None, offset_s: float = 0.0
) -> FloatArray:
    """Average a regular series into ``n`` bins of ``1 / to_hz`` seconds.

    Parameters
    ----------
    values : array, shape (m,)
        NaN where missing.
    rate_hz, to_hz : float
        Rate of the series; rate wanted, at most ``rate_hz``.
    n : int, optional
        Number of bins; as many as the series reaches into where it is not given.
    offset_s : float
        Time of the first sample after the start of the first bin; may be negative.

    Returns
    -------
    array, shape (n,)
        NaN where less than half of a bin was observed.
    """
    values = np.asarray(values, dtype=np.float64)
    # A sample at 2.9999999 s belongs to second 3: the small term says so.
    at = np.floor((np.arange(len(values)) / rate_hz + offset_s) * to_hz + 1e-6).astype(np.int64)
    if n is None:
        n = int(at[-1]) + 1 if len(at) else 0
    use = (at >= 0) & (at < n) & np.isfinite(values)
    count = np.bincount(at[use], minlength=n)
    total = np.bincount(at[use], weights=values[use], minlength=n)
    enough = (count > 0) & (count >= np.floor(0.5 * rate_hz / to_hz))
    return np.where(enough, total / np.maximum(count, 1), np.nan)


def stretches(a: FloatArray, b: FloatArray, rate_hz: float) -> list[tuple[FloatArray, FloatArray]]:
    """Stretches that both were observed in, gaps up to 5 s interpolated, 300 s or longer."""
    a, b = (_bridge(x, int(MAX_GAP_S * rate_hz + 1e-9)) for x in (a, b))
    both = np.isfinite(a) & np.isfinite(b)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], both, [False]]).astype(np.int8)))
    shortest = MIN_STRETCH_S * rate_hz
    return [(a[i:j], b[i:j]) for i, j in edges.reshape(-1, 2) if j - i >= shortest]


def _bridge(x: FloatArray, longest: int) -> FloatArray:
    seen = np.isfinite(x)
    if seen.all() or not seen.any():
        return x
    edges = np.flatnonzero(np.diff(np.concatenate([[True], seen, [True]]).astype(np.int8))).reshape(-1, 2)
    filled = x.copy()
    index = np.arange(len(x))
    for i, j in edges:
        if i > 0 and j < len(x) and j - i <= longest:
            filled[i:j] = np.interp(index[i:j], [i - 1, j], [x[i - 1], x[j]])
    return filled


def whole(parts: list[FloatArray], rate_hz: float, *, normalise_bursts: bool) -> list[FloatArray]:
    """Remove mean and linear trend from each stretch and set the SD over all of them to 1."""
    flat = [detrended(x) for x in parts]
    if normalise_bursts:
        flat = _without_bursts(flat, rate_hz)
    sd = float(np.sqrt(np.mean(np.concatenate(flat) ** 2)))
    return [x / sd if sd > 0 else x for x in flat]


def _without_bursts(flat: list[FloatArray], rate_hz: float) -> list[FloatArray]:
    width = max(1, round(BURST_WINDOW_S * rate_hz))
    power = [_moving_mean(x**2, width) for x in flat]
    floor = BURST_FLOOR * float(np.mean(np.concatenate(power)))
    even = [x / np.sqrt(v + floor) if floor > 0 else x for x, v in zip(flat, power, strict=True)]
    return [detrended(x) for x in even]


def detrended(x: FloatArray) -> FloatArray:
    """Take mean and linear trend out of a series (n,); NaN stays NaN and does not count."""
    seen = np.isfinite(x)
    at = np.linspace(-1.0, 1.0, len(x))
    at = at - at[seen].mean() if seen.any() else at
    flat = x - x[seen].mean() if seen.any() else x
    slope = (at[seen] @ flat[seen]) / max(float(at[seen] @ at[seen]), 1e-300)
    return np.asarray(flat - at * slope)


def _moving_mean(x: FloatArray, width: int) -> FloatArray:
    """Centred moving mean; the window shrinks at the ends."""
    total = np.concatenate([[0.0], np.cumsum(x)])
    index = np.arange(len(x))
    low = np.maximum(index - width // 2, 0)
    high = np.minimum(index + (width + 1) // 2, len(x))
    return np.asarray((total[high] - total[low]) / (high - low))


def spectra(parts: list[tuple[FloatArray, FloatArray]], rate_hz: float) -> Spectra:
    """Tapered periodograms of all stretches, docs/bond.md step 2."""
    from scipy.signal.windows import tukey  # scipy.signal takes half a second to import

    dt = OMEGA_REF / rate_hz
    width = max(1, round(SIZE_WINDOW_S * rate_hz))
    rows: list[tuple[FloatArray, ComplexArray, ComplexArray]] = []
    spread, swell = [], []
    for a, b in parts:
        n = len(a)
        taper = tukey(n, TAPER)
        f = np.fft.rfftfreq(n, 1 / rate_hz)
        keep = (f >= max(LOWEST_HZ, 1.5 * rate_hz / n)) & (f <= min(HIGHEST_HZ, 0.49 * rate_hz))
        scale = np.sqrt(dt / np.sum(taper**2))
        rows.append((f[keep], *(np.fft.rfft(x * taper)[keep] * scale for x in (a, b))))
        spread.append(_scatter(taper**2, taper**2))
        sizes = (taper**2 * _moving_mean(x**2, width) for x in (a, b))
        swell.append(max(_scatter(*sizes) / spread[-1] / _explained(a, b, width), 1.0))
    omega = np.concatenate([r[0] for r in rows]) * 2 * np.pi / OMEGA_REF
    y1, y2 = (np.concatenate([r[i] for r in rows]) for i in (1, 2))
    weights = [len(r[0]) for r in rows]
    widened = (float(np.average(each, weights=weights)) for each in (spread, swell))
    return Spectra(omega, np.abs(y1) ** 2, np.abs(y2) ** 2, y1 * y2.conj(), *widened)


def _scatter(one: FloatArray, two: FloatArray) -> float:
    """How much more the cross-spectrum of two series of these sizes scatters than if every moment counted alike.

    Moments in which both are large count most: bursts common to both act as one more taper.
    """
    return len(one) * float(one @ two) / max(float(one.sum() * two.sum()), 1e-300)


def _explained(a: FloatArray, b: FloatArray, width: int) -> float:
    """How much sizes over ``width`` samples swell together because the two series themselves go together.

    Squares of two normal series with correlation r have a covariance of 2 r^2 times their variances.
    """
    n = len(a)
    lags = range(1 - width, width)
    shifted = ((a[max(0, -k) : n - max(0, k)], b[max(0, k) : n - max(0, -k)]) for k in lags)
    r2 = np.array([np.dot(x, y) for x, y in shifted]) ** 2 / max(float(np.dot(a, a) * np.dot(b, b)), 1e-300)
    return 1 + 2 * float(np.dot(1 - np.abs(np.array(lags)) / width, r2)) / width
