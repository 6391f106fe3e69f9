"""Respiratory sinus arrhythmia by the moving polynomial of Porges & Bohrer."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.signal import firwin, savgol_coeffs

from coregulate.core import FloatArray, SignalError

# Lewis, Furman, McCool & Porges 2012 (10.1016/j.biopsycho.2011.11.009)
POLYNOMIAL_POINTS = 21
POLYNOMIAL_DEGREE = 3
ADULT_RATE_HZ = 2.0
INFANT_RATE_HZ = 5.0
EPOCH_S = 30.0
# prior: 2 Hz carries bands up to here; a faster band is an infant's and is sampled at 5 Hz
ADULT_LIMIT_HZ = 0.5
# prior: a band-pass of finite length (30 s at 2 Hz), so that nothing reaches across a gap
BAND_TAPS = 61
BAND_BETA = 3.0
# prior: share of an epoch that must be left after filtering
MIN_SHARE = 0.8


def rsa_rate_hz(high_hz: float) -> float:
    """Rate at which heart period is sampled for a band that ends at ``high_hz``."""
    return ADULT_RATE_HZ if high_hz <= ADULT_LIMIT_HZ else INFANT_RATE_HZ


def rsa_reach_s(high_hz: float) -> float:
    """How far around a moment the two filters look, to each side, s."""
    return (POLYNOMIAL_POINTS // 2 + BAND_TAPS // 2) / rsa_rate_hz(high_hz)


def rsa_porges_bohrer(
    heart_period_ms: FloatArray, *, rate_hz: float, low_hz: float = 0.12, high_hz: float = 0.40
) -> FloatArray:
    """RSA in sequential epochs of 30 s.

    Parameters
    ----------
    heart_period_ms : ndarray, shape (n,)
        On a regular grid; NaN where not known.
    rate_hz : float
        A multiple of 2 Hz (5 Hz for an infant's band).
    low_hz, high_hz : float
        Band of spontaneous breathing: adults 0.12 to 0.40, infants 0.24 to 1.04.

    Returns
    -------
    ndarray, shape (epochs,)
        ln(ms^2); NaN where less than 80 % of an epoch is left.

    Raises
    ------
    SignalError
        For a rate that is not such a multiple, or an empty band.

    Notes
    -----
    Heart period at 2 Hz, minus a moving cubic of 21 points, band-passed, natural
    logarithm of the variance (Porges & Bohrer 1990; Lewis et al. 2012). The filters
    look 20 s to each side, so that much is lost around every gap. A sine of 40 ms
    amplitude gives 6.91 at 0.25 Hz at any mean heart period; docs/signals.md has the
    curve over breathing frequency.

    Differences from the paper:

    - the band-pass is a linear-phase filter of 61 points (Kaiser, beta 3), so that
      streaming equals batch and gaps stay gaps;
    - an epoch with up to 20 % missing still counts.
    """
    filtered, rate = _residual(heart_period_ms, rate_hz, low_hz, high_hz)
    epoch = round(EPOCH_S * rate)
    starts = np.arange(len(filtered) // epoch) * epoch
    return _log_variance(filtered, starts, epoch)


def rsa_sliding(
    heart_period_ms: FloatArray, *, rate_hz: float, low_hz: float = 0.12, high_hz: float = 0.40
) -> FloatArray:
    """RSA in a centred window of 30 s, one value a second.

    Continuous form (Abney et al. 2021, 10.1016/j.infbeh.2021.101569) of
    :func:`rsa_porges_bohrer`, same parameters.

    Returns
    -------
    ndarray, shape (whole seconds,)
        ln(ms^2). Second ``k`` is the window around ``k + 0.5`` s.
    """
    filtered, rate = _residual(heart_period_ms, rate_hz, low_hz, high_hz)
    window = round(EPOCH_S * rate)
    seconds = int(len(heart_period_ms) / rate_hz + 1e-9)
    # odd rates (5 Hz) have no sample on k + 0.5: the window then starts half a sample early
    starts = np.arange(seconds) * round(rate) + int(np.floor(0.5 * rate - window / 2))
    return _log_variance(filtered, starts, window)


@lru_cache(maxsize=4)
def _filters(rate: float, low_hz: float, high_hz: float) -> tuple[FloatArray, FloatArray]:
    cubic = np.asarray(savgol_coeffs(POLYNOMIAL_POINTS, POLYNOMIAL_DEGREE), dtype=np.float64)
    band = firwin(BAND_TAPS, [low_hz, high_hz], pass_zero=False, fs=rate, window=("kaiser", BAND_BETA))
    return cubic, np.asarray(band, dtype=np.float64)


def _residual(
    heart_period_ms: FloatArray, rate_hz: float, low_hz: float, high_hz: float
) -> tuple[FloatArray, float]:
    """Heart period without its trend and outside variation; NaN within reach of a gap."""
    rate = rsa_rate_hz(high_hz)
    every = rate_hz / rate
    if abs(every - round(every)) > 1e-9 or every < 1:
        raise SignalError(f"Heart period comes at {rate_hz:g} Hz", f"RSA needs a multiple of {rate:g} Hz")
    if not 0 < low_hz < high_hz < rate / 2:
        raise SignalError(
            f"The band of breathing is {low_hz:g} to {high_hz:g} Hz", f"Give 0 < low < high < {rate / 2:g}"
        )
    sampled = heart_period_ms[:: round(every)]
    cubic, band = _filters(rate, low_hz, high_hz)
    if len(sampled) < len(cubic) + len(band):
        return np.full(len(sampled), np.nan), rate
    # NaN passes through a convolution to everything in reach: exactly what is wanted
    detrended = sampled[len(cubic) // 2 : -(len(cubic) // 2)] - np.convolve(sampled, cubic, "valid")
    inner = np.convolve(detrended, band, "valid")
    result = np.full(len(sampled), np.nan)
    reach = (len(sampled) - len(inner)) // 2
    result[reach : reach + len(inner)] = inner
    return result, rate


def _log_variance(
    values: FloatArray, starts: np.ndarray[tuple[int, ...], np.dtype[np.intp]], window: int
) -> FloatArray:
    """Natural logarithm of the variance of each window; NaN where too little of it is there."""
    padded = np.concatenate((np.full(window, np.nan), values, np.full(window, np.nan)))
    low = np.clip(starts + window, 0, len(padded) - window)
    finite = np.isfinite(padded)
    filled = np.where(finite, padded, 0.0)
    views = np.lib.stride_tricks.sliding_window_view
    if len(low) == 0:
        return np.empty(0)
    present, chosen = views(finite, window)[low], views(filled, window)[low]
    number = present.sum(axis=1)
    mean = chosen.sum(axis=1) / np.maximum(number, 1)
    squares = (np.where(present, chosen - mean[:, None], 0.0) ** 2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        # a heart that does not vary at all (or a filter's rounding) has no logarithm
        variance = np.where(number >= MIN_SHARE * window, squares / number, np.nan)
        return np.where(variance > 1e-12, np.log(variance), np.nan)
