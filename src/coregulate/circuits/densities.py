"""Densities of the cues, and how far two states' densities lie apart."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.special import gammaln

from coregulate.core import FloatArray

#: A rating is clipped to this share of its range from either end (prior).
RATING_CLIP = 0.02


@njit(cache=True)  # type: ignore[untyped-decorator]
def _log_t(u: float, nu: float, constant: float) -> float:
    return float(constant - 0.5 * (nu + 1.0) * np.log1p(u * u / nu))


@njit(cache=True)  # type: ignore[untyped-decorator]
def _each(
    z: FloatArray, weight: FloatArray, means: FloatArray, scales: FloatArray, nu: float, constant: float
) -> FloatArray:
    n_times, n_cues = z.shape
    out = np.zeros((n_times, n_cues, means.shape[1]))
    for t in range(n_times):
        for i in range(n_cues):
            if weight[t, i] > 0.0:
                for s in range(means.shape[1]):
                    u = (z[t, i] - means[i, s]) / scales[i, s]
                    out[t, i, s] = weight[t, i] * (_log_t(u, nu, constant) - np.log(scales[i, s]))
    return out


@njit(cache=True)  # type: ignore[untyped-decorator]
def _total(
    z: FloatArray, weight: FloatArray, means: FloatArray, scales: FloatArray, nu: float, constant: float
) -> FloatArray:
    n_times, n_cues = z.shape
    n = means.shape[1]
    out = np.zeros((n_times, n))
    log_scales = np.log(scales)
    for t in range(n_times):
        for i in range(n_cues):
            if weight[t, i] > 0.0:
                for s in range(n):
                    u = (z[t, i] - means[i, s]) / scales[i, s]
                    out[t, s] += weight[t, i] * (_log_t(u, nu, constant) - log_scales[i, s])
    return out


@njit(cache=True)  # type: ignore[untyped-decorator]
def _without(inverse: FloatArray, missing: NDArray[np.bool_]) -> FloatArray:
    """Return the inverse correlation of the cues that are there, from that of all (Schur complements)."""
    left = inverse.copy()
    for j in np.flatnonzero(missing):
        left -= np.outer(left[:, j], left[j]) / left[j, j]
        left[j, j] = 1.0
    return left


@njit(cache=True)  # type: ignore[untyped-decorator]
def _joint(
    z: FloatArray,
    weight: FloatArray,
    means: FloatArray,
    scales: FloatArray,
    nu: float,
    within: FloatArray,
    factor: FloatArray,
) -> FloatArray:
    n_times, n_cues = z.shape
    out = np.zeros((n_times, n_cues, means.shape[1]))
    log_scales = np.log(scales)
    # Root of twice the t's loss, times this root, is a normal score to .02 for 5 degrees of freedom and more (tested).
    normal = nu / (nu + 1.0) * ((8.0 * nu + 1.0) / (8.0 * nu + 3.0)) ** 2
    shown = np.empty(n_cues)
    present = np.ones(n_cues, dtype=np.bool_)
    inverse = within
    for t in range(n_times):
        if np.any((weight[t] > 0.0) != present):
            present = weight[t] > 0.0
            inverse = _without(within, ~present)
        for s in range(means.shape[1]):
            for i in range(n_cues):
                u = (z[t, i] - means[i, s]) / scales[i, s]
                shown[i] = np.sign(u) * np.sqrt(weight[t, i] * (nu + 1.0) * np.log1p(u * u / nu))
            for i in range(n_cues):
                if weight[t, i] > 0.0:
                    together = (1.0 / normal - 1.0) * factor[i] * shown[i]
                    for j in range(n_cues):
                        together += inverse[i, j] * shown[j]
                    out[t, i, s] = (
                        -0.5 * normal * shown[i] * together - weight[t, i] * factor[i] * log_scales[i, s]
                    )
    return out


def student_constant(nu: float) -> float:
    """Log of the normalising constant of Student's t with ``nu`` degrees of freedom."""
    return float(gammaln((nu + 1.0) / 2.0) - gammaln(nu / 2.0) - 0.5 * np.log(nu * np.pi))


def each_loglik(
    z: FloatArray, weight: FloatArray, means: FloatArray, scales: FloatArray, *, nu: float
) -> FloatArray:
    """Weighted Student-t log-likelihood of each cue for each state.

    Parameters
    ----------
    z, weight : ndarray, shape (time, cue)
        Second means and what each counts (quality times tempering; 0 where missing).
    means, scales : ndarray, shape (cue, state)
    nu : float
        Degrees of freedom.

    Returns
    -------
    ndarray, shape (time, cue, state)
    """
    out: FloatArray = _each(z, weight, means, scales, nu, student_constant(nu))
    return out


def total_loglik(
    z: FloatArray, weight: FloatArray, means: FloatArray, scales: FloatArray, *, nu: float
) -> FloatArray:
    """Sum of :func:`each_loglik` over cues, shape (time, state), without the table between."""
    out: FloatArray = _total(z, weight, means, scales, nu, student_constant(nu))
    return out


def joint_loglik(
    z: FloatArray,
    weight: FloatArray,
    means: FloatArray,
    scales: FloatArray,
    within: FloatArray,
    factor: FloatArray,
    *,
    nu: float,
) -> FloatArray:
    """Weighted log-likelihood of each cue for each state where the noise of cues goes together.

    A Gaussian copula around Student-t noise, but for a constant: :func:`each_loglik`, less half of
    ``x' (within - 1) x`` for the normal scores x of the cues, each cue its part. Independent
    cues (``within`` the identity) give :func:`each_loglik`, large ``nu`` a multivariate normal.
    A second with missing cues has the density of those that are there.

    Parameters
    ----------
    z, weight : ndarray, shape (time, cue)
    means, scales : ndarray, shape (cue, state)
    within : ndarray, shape (cue, cue)
        Inverse correlation of the cues' noise, times ``factor``.
    factor : ndarray, shape (cue,)
        How many times more a cue says than its weight has, which took the correlation for repetition.
    nu : float

    Returns
    -------
    ndarray, shape (time, cue, state)
    """
    out: FloatArray = _joint(z, weight, means, scales, nu, within, factor)
    return out


@lru_cache(maxsize=4096)
def student_divergence(delta: float, scale_a: float = 1.0, scale_b: float = 1.0, *, nu: float = 5.0) -> float:
    """Symmetric Kullback-Leibler divergence of two Student-t densities ``delta`` apart, by quadrature.

    Parameters
    ----------
    delta : float
        Distance of the means.
    scale_a, scale_b : float
        Above 0.
    nu : float
        Degrees of freedom, the same for both.

    Returns
    -------
    float
        In nats: the expected log-likelihood ratio a second gives, both ways added.

    Examples
    --------
    >>> [round(student_divergence(d), 3) for d in (0.5, 1.0, 2.0)]
    [0.185, 0.717, 2.538]
    """
    # z = tan-like stretch x = sinh(u) carries the heavy tails with few, even nodes.
    u = np.linspace(-14.0, 14.0, 2001)
    x = np.sinh(u) * max(scale_a, scale_b)
    log_a = _log_density(x, 0.0, scale_a, nu)
    log_b = _log_density(x, delta, scale_b, nu)
    integrand = (np.exp(log_a) - np.exp(log_b)) * (log_a - log_b) * np.cosh(u) * max(scale_a, scale_b)
    return float(np.sum(integrand) * (u[1] - u[0]))


def _log_density(x: FloatArray, mean: float, scale: float, nu: float) -> FloatArray:
    u = (x - mean) / scale
    out: FloatArray = student_constant(nu) - 0.5 * (nu + 1.0) * np.log1p(u * u / nu) - np.log(scale)
    return out


def discrete_divergence(p: FloatArray, q: FloatArray) -> float:
    """Symmetric Kullback-Leibler divergence of two discrete distributions, in nats; 0 log 0 counts 0."""
    both = (p > 0) & (q > 0)
    return float(np.sum((p[both] - q[both]) * np.log(p[both] / q[both])))


def logistic(x: FloatArray) -> FloatArray:
    """Return ``1 / (1 + exp(-x))``."""
    out: FloatArray = 1.0 / (1.0 + np.exp(-x))
    return out


def logit(p: FloatArray) -> FloatArray:
    """Return ``ln(p / (1 - p))``."""
    out: FloatArray = np.log(p) - np.log1p(-p)
    return out


@lru_cache(maxsize=1)
def rating_divergence() -> float:
    """Symmetric divergence of a rating between safe and unsafe, in nats.

    The dial adds logit(u); where safe and unsafe are equally frequent and u is
    spread evenly, its densities are 2u and 2(1-u), clipped as the rating is.
    """
    u = (np.arange(2000) + 0.5) / 2000
    clipped = np.clip(u, RATING_CLIP, 1.0 - RATING_CLIP)
    return float(np.mean(2.0 * (2.0 * u - 1.0) * logit(clipped)))
