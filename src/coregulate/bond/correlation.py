"""How two move together: windowed lagged cross-correlation against circular shifts (docs/bond.md)."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray, SignalError

NAN = float("nan")
MIN_PAIRS = 0.5  # prior: a window counts where at least half of it was observed in both
MIN_SHIFTS = 20  # prior: with fewer surrogates not even p = 0.05 can be reached


class LaggedCorrelation(NamedTuple):
    """Fisher z (windows, lags) of a moving window; ``lags_s`` > 0: the first leads.

    ``times_s`` is the beginning of the window of whoever leads.
    """

    times_s: FloatArray
    lags_s: FloatArray
    z: FloatArray


class ShiftTest(NamedTuple):
    """How two series move together, held against themselves shifted round a circle.

    Parameters
    ----------
    value : float
        Fisher z averaged over windows, at the lag where its size is largest; signed.
    effect_size : float
        (size of value - mean of surrogates) / SD of surrogates.
    p : float
    lag_s : float
        Lag of the peak, above 0: the first leads; NaN where the lead cannot be told.
    peak_lag_s : float
        Lag of the peak, told or not.
    surrogates : array
        The same largest size for each shift.
    mean_z, lags_s : array
        Fisher z averaged over windows, for each lag.
    n_effective : float
        How many windows the commonly observed time would fill without overlap.
    """

    value: float
    effect_size: float
    p: float
    lag_s: float
    peak_lag_s: float
    surrogates: FloatArray
    mean_z: FloatArray
    lags_s: FloatArray
    n_effective: float

    def swapped(self) -> ShiftTest:
        """Return the same with the two series exchanged."""
        return self._replace(
            lag_s=-self.lag_s, peak_lag_s=0.0 - self.peak_lag_s, mean_z=self.mean_z[::-1].copy()
        )


def checked(a: FloatArray, b: FloatArray, rate_hz: float) -> tuple[FloatArray, FloatArray]:
    """Two one-dimensional float arrays of one length, or an error that says what they are."""
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if a.ndim != 1 or a.shape != b.shape:
        raise SignalError(
            f"The two series have shapes {a.shape} and {b.shape}", "Give two series of one length on one grid"
        )
    if not (np.isfinite(rate_hz) and rate_hz > 0):
        raise SignalError(f"The rate is {rate_hz} Hz", "Give a rate above 0")
    return a, b


def _scaled(x: FloatArray) -> FloatArray:
    """Mean 0 and SD 1, so that running sums stay exact; correlations do not notice."""
    seen = x[np.isfinite(x)]
    sd = float(seen.std()) if len(seen) else 0.0
    if not sd > 0:
        return np.where(np.isfinite(x), 0.0, np.nan)
    return np.asarray((x - seen.mean()) / sd)


def comes_second(a: FloatArray, b: FloatArray) -> bool:
    """Whether a pair is put in the other order first, so that swapping swaps to the last digit."""
    differ = np.flatnonzero((a != b) & ~(np.isnan(a) & np.isnan(b)))
    if not len(differ):
        return False
    x, y = a[differ[0]], b[differ[0]]
    return bool(np.isnan(x) or x > y)


def lagged_correlation(
    a: FloatArray, b: FloatArray, *, rate_hz: float, window_s: float, step_s: float, max_lag_s: float
) -> LaggedCorrelation:
    """Correlate a moving window of one series with lagged windows of the other.

    Parameters
    ----------
    a, b : array, shape (n,)
        On one regular grid; NaN where missing.
    rate_hz : float
    window_s, step_s, max_lag_s : float
        Length of a window, distance between windows, largest lag.

    Returns
    -------
    LaggedCorrelation
        Fisher z, at most 10; NaN where less than half of a window was observed in both, or one of
        them did not move. A gap is never bridged.

    Raises
    ------
    SignalError
        If the two differ in length or a parameter is not above 0.

    Notes
    -----
    Source: Boker et al. 2002, 10.1037/1082-989X.7.3.338. Windows lie as in rMEA (Kleinbub & Ramseyer
    2021, 10.1080/10503307.2020.1844334): whoever leads has the window that begins at ``times_s``.
    Never read a value without its surrogates (:func:`circular_shift_test`).

    Examples
    --------
    >>> x = np.sin(np.arange(300) / 5)
    >>> found = lagged_correlation(x[5:], x[:-5], rate_hz=1.0, window_s=60, step_s=30, max_lag_s=8)
    >>> float(found.lags_s[found.z.mean(axis=0).argmax()])
    5.0
    """
    from .kernels import window_z

    a, b = checked(a, b, rate_hz)
    width, step = round(window_s * rate_hz), max(round(step_s * rate_hz), 1)
    longest = round(max_lag_s * rate_hz)
    if width < 3 or longest < 0:
        raise SignalError(
            f"A window of {window_s} s holds {width} samples",
            "Give a window of 3 samples or more, and a lag from 0",
        )
    lags = np.arange(-longest, longest + 1)
    starts = np.arange(0, len(a) - width - longest + 1, step)
    z = window_z(_scaled(a), _scaled(b), starts, lags, width, max(MIN_PAIRS * width, 3.0))
    return LaggedCorrelation(starts / rate_hz, lags / rate_hz, z)


def circular_shift_test(
    a: FloatArray,
    b: FloatArray,
    *,
    rate_hz: float,
    window_s: float,
    step_s: float,
    max_lag_s: float,
    min_shift_s: float,
    surrogates: int,
    rng: np.random.Generator,
    alpha: float = 0.05,
) -> ShiftTest:
    """Test whether two series move together more than they do when one is shifted round a circle.

    Signed Fisher z is averaged over windows first, then the largest size over the lags is taken: of
    the pair as it was, and of the pair with one series shifted.

    Parameters
    ----------
    a, b : array, shape (n,)
        On one regular grid; NaN where missing.
    rate_hz : float
        Best 1 to 2 Hz: cost grows with the square of the number of samples.
    window_s, step_s, max_lag_s : float
        As in :func:`lagged_correlation`.
    min_shift_s : float
        Smallest shift, either way round.
    surrogates : int
        How many shifts to draw (all of them where there are fewer).
    rng : numpy.random.Generator
    alpha : float
        For telling who leads.

    Returns
    -------
    ShiftTest
        All NaN where there is too little to test (fewer than 20 shifts, or no window).

    Notes
    -----
    Who leads is told only where the test finds a link and the better of the positive lags differs
    from the better of the negative ones by more than it does in 1 - alpha of the shifts.
    Shifts stand for pairs that never met only while both series are roughly stationary; false
    positive rates are in docs/bond.md. Swapping the two swaps the result exactly.
    """
    a, b = checked(a, b, rate_hz)
    if comes_second(a, b):
        return circular_shift_test(
            b,
            a,
            rate_hz=rate_hz,
            window_s=window_s,
            step_s=step_s,
            max_lag_s=max_lag_s,
            min_shift_s=min_shift_s,
            surrogates=surrogates,
            rng=rng,
            alpha=alpha,
        ).swapped()
    seen = lagged_correlation(a, b, rate_hz=rate_hz, window_s=window_s, step_s=step_s, max_lag_s=max_lag_s)
    mean_z = _mean_over_windows(seen.z)
    n_effective = float(np.sum(np.isfinite(a) & np.isfinite(b)) / rate_hz / window_s)
    smallest = max(round(min_shift_s * rate_hz), 1)
    shifts = np.arange(smallest, len(a) - smallest + 1, dtype=np.int64)
    if len(shifts) < MIN_SHIFTS or not np.isfinite(mean_z).any():
        nothing = np.zeros(0)
        return ShiftTest(NAN, NAN, NAN, NAN, NAN, nothing, mean_z, seen.lags_s, n_effective)
    if len(shifts) > surrogates:
        shifts = np.sort(rng.choice(shifts, surrogates, replace=False))
    null = _shifted(a, b, shifts, round(max_lag_s * rate_hz), rate_hz, window_s, step_s)
    sizes, leads = _size(null), _lead(null)
    return _verdict(mean_z, seen.lags_s, sizes, leads, n_effective, alpha)


def _mean_over_windows(z: FloatArray) -> FloatArray:
    count = np.isfinite(z).sum(axis=0)
    return np.where(count > 0, np.nansum(z, axis=0) / np.maximum(count, 1), np.nan)


def _shifted(
    a: FloatArray,
    b: FloatArray,
    shifts: NDArray[np.int64],
    longest: int,
    rate_hz: float,
    window_s: float,
    step_s: float,
) -> FloatArray:
    """Mean z (shifts, lags). A lag is one more shift, so each total shift is computed once."""
    from .kernels import circular_mean_z

    width, step = round(window_s * rate_hz), max(round(step_s * rate_hz), 1)
    totals = (shifts[:, None] + np.arange(-longest, longest + 1)).astype(np.int64) % len(a)
    wanted, where = np.unique(totals, return_inverse=True)
    scaled_a, scaled_b, least = _scaled(a), _scaled(b), max(MIN_PAIRS * width, 3.0)
    # Threads rather than numba's own: its plain threading layer ends the process when two callers meet in it.
    with ThreadPoolExecutor() as pool:
        parts = pool.map(
            lambda some: circular_mean_z(scaled_a, scaled_b, some, width, step, least),
            np.array_split(wanted, os.cpu_count() or 1),
        )
        z = np.concatenate(list(parts))
    return np.asarray(z[where.reshape(totals.shape)])


def _size(mean_z: FloatArray) -> FloatArray:
    return np.asarray(np.max(np.nan_to_num(np.abs(mean_z)), axis=-1))


def _lead(mean_z: FloatArray) -> FloatArray:
    """Best of the positive lags minus best of the negative ones."""
    n = mean_z.shape[-1] // 2
    if n == 0:
        return np.zeros(mean_z.shape[:-1])
    return np.asarray(_size(mean_z[..., n + 1 :]) - _size(mean_z[..., :n]))


def _verdict(
    mean_z: FloatArray,
    lags_s: FloatArray,
    sizes: FloatArray,
    leads: FloatArray,
    n_effective: float,
    alpha: float,
) -> ShiftTest:
    peak = int(np.argmax(np.nan_to_num(np.abs(mean_z))))
    value = float(mean_z[peak])
    sd = float(sizes.std())
    p = (1 + int(np.sum(sizes >= abs(value)))) / (1 + len(sizes))
    lead = float(_lead(mean_z))
    p_lead = (1 + int(np.sum(np.abs(leads) >= abs(lead)))) / (1 + len(leads))
    told = p < alpha and p_lead < alpha and lead * lags_s[peak] > 0
    return ShiftTest(
        value=value,
        effect_size=(abs(value) - float(sizes.mean())) / sd if sd > 0 else NAN,
        p=p,
        lag_s=float(lags_s[peak]) if told else NAN,
        peak_lag_s=float(lags_s[peak]),
        surrogates=sizes,
        mean_z=mean_z,
        lags_s=lags_s,
        n_effective=n_effective,
    )
