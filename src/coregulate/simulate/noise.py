"""Noise that remembers: what lies between a state and the cue that shows it."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from coregulate.core import FloatArray, InputError


def student_noise(n: int, *, rho: float, nu: float, rng: Generator) -> FloatArray:
    """Autocorrelated noise whose every sample is Student-t around 0 with scale 1.

    A Gaussian first-order autoregression is carried to Student-t by its ranks,
    so that the tails are exact and the memory stays.

    Parameters
    ----------
    n : int
        Samples.
    rho : float
        Autocorrelation of the Gaussian from one sample to the next, 0 <= rho < 1.
    nu : float
        Degrees of freedom, above 0.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (n,)

    Raises
    ------
    InputError
        For a rho or nu out of range.
    """
    if not 0 <= rho < 1 or not nu > 0:
        raise InputError(f"rho is {rho} and nu is {nu}", "Give 0 <= rho < 1 and nu above 0")
    return as_student(gaussian_noise(n, rho=rho, rng=rng), nu=nu)


def as_student(noise: FloatArray, *, nu: float) -> FloatArray:
    """Carry standard normal noise to Student-t with ``nu`` degrees of freedom, by its ranks."""
    from scipy.special import ndtr, stdtrit

    return np.asarray(stdtrit(nu, np.clip(ndtr(noise), 1e-12, 1 - 1e-12)))


def gaussian_noise(n: int, *, rho: float, rng: Generator) -> FloatArray:
    """First-order autoregression with variance 1, shape (n,), stationary from its first sample."""
    from scipy.signal import lfilter

    shocks = rng.standard_normal(n) * np.sqrt(1 - rho**2)
    if n:
        shocks[0] = rng.standard_normal()
    return np.asarray(lfilter([1.0], [1.0, -rho], shocks), dtype=np.float64)


def lagged(values: FloatArray, lag_s: float, *, rate_hz: float, smooth_s: float = 0.0) -> FloatArray:
    """Delay a series by `lag_s`, then let it follow with time constant `smooth_s`.

    Before the first sample the series is taken to have been what it is at its first.

    Parameters
    ----------
    values : ndarray, shape (n,)
    lag_s, smooth_s : float
        Seconds, 0 or more.
    rate_hz : float

    Returns
    -------
    ndarray, shape (n,)
    """
    from scipy.signal import lfilter

    index = np.clip(np.arange(len(values)) - round(lag_s * rate_hz), 0, None)
    moved = np.asarray(values, dtype=np.float64)[index]
    if smooth_s <= 0 or len(moved) == 0:
        return moved
    keep = float(np.exp(-1 / (smooth_s * rate_hz)))
    followed, _ = lfilter([1 - keep], [1.0, -keep], moved, zi=[keep * moved[0]])
    return np.asarray(followed, dtype=np.float64)
