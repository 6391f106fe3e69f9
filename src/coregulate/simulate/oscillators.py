"""Two damped oscillators that hear each other: pairs of series whose bond is known."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from coregulate.core import FloatArray, InputError

COUPLINGS = ("co-regulating", "co-dysregulating", "one-way", "shared", "none")


class Pair(NamedTuple):
    """Two series and the system that made them.

    Attributes
    ----------
    values : ndarray, shape (n, 2)
        Positions, each with variance 1 in the long run before measurement noise.
    rate_hz : float
    coupling : str
    kappa : float
    frequency_hz, damping : (float, float)
        Own resonance and damping ratio of each.
    system : ndarray, shape (4, 4)
        d/dt (x1, v1, x2, v2), per second.
    gain : (float, float)
        True stability gain H of each (docs/bond.md), 0 without coupling.
    """

    values: FloatArray
    rate_hz: float
    coupling: str
    kappa: float
    frequency_hz: tuple[float, float]
    damping: tuple[float, float]
    system: FloatArray
    gain: tuple[float, float]


def simulate_pair(
    n_s: int,
    kappa: float,
    damping: float | tuple[float, float],
    *,
    rng: Generator,
    rate_hz: float,
    coupling: str = "co-regulating",
    frequency_hz: float | tuple[float, float] = 0.03,
    noise_sd: float = 0.3,
) -> Pair:
    """Draw two coupled stochastic damped oscillators (docs/bond.md family).

    ``x_i'' = eta_i x_i + zeta_i x_i' + zeta_ij x_j' + shock``, sampled exactly.

    Parameters
    ----------
    n_s : int
        Seconds.
    kappa : float
        Coupling relative to own resonance: the size of the partner's term
        against one's own at one's own resonance, ``|zeta_ij| = kappa |zeta_i|``.
        0 or more; under 1 for co-dysregulation (above, nothing is stable).
    damping : float or (float, float)
        Damping ratio, above 0; docs/bond.md's simulations use 0.15 to 0.6.
    rng : numpy.random.Generator
    rate_hz : float
    coupling : str
        ``co-regulating``: each hands its excursions on and takes the other's against
        its own (zeta_12 > 0 > zeta_21); both settle sooner. ``co-dysregulating``: each
        feeds the other (both > 0). ``one-way``: the first is driven by the second only.
        ``shared``: no link, but a common Ornstein-Uhlenbeck force, the rival of 4.1,
        that carries ``kappa`` times the own shocks' strength. ``none``: neither.
    frequency_hz : float or (float, float)
        Own resonance; docs/bond.md's simulations use 0.018 to 0.05 Hz.
    noise_sd : float
        White measurement noise against a long-run SD of 1.

    Returns
    -------
    Pair

    Raises
    ------
    InputError
        For an unknown coupling or a system that is not stable.

    Examples
    --------
    >>> pair = simulate_pair(600, 0.8, 0.3, rng=np.random.default_rng(0), rate_hz=1.0)
    >>> pair.values.shape, round(pair.gain[0], 2)
    ((600, 2), 0.22)
    """
    if coupling not in COUPLINGS:
        raise InputError(f"The coupling is '{coupling}'", f"Give one of {', '.join(COUPLINGS)}")
    kappa = 0.0 if coupling == "none" else float(kappa)
    xi, hz = _two(damping), _two(frequency_hz)
    if kappa < 0 or min(xi) <= 0 or min(hz) <= 0:
        raise InputError(
            f"kappa {kappa}, damping {xi}, frequency {hz} Hz", "Give a kappa of 0 or more, the others above 0"
        )
    system = _system(kappa, xi, hz, coupling)
    if np.linalg.eigvals(system).real.max() >= 0:
        raise InputError(
            f"kappa {kappa} with damping {xi} and '{coupling}' does not settle",
            "Give a smaller kappa (under 1)",
        )
    full, force = _with_force(system, kappa if coupling == "shared" else 0.0, xi, hz)
    path, spread = _sample(full, force, round(n_s * rate_hz), rate_hz, rng)
    values = path[:, [0, 2]] / spread[[0, 2]] + noise_sd * rng.standard_normal((len(path), 2))
    return Pair(values, rate_hz, coupling, kappa, hz, xi, system, _gain(system, xi, hz))


def _two(value: float | tuple[float, float]) -> tuple[float, float]:
    return (
        (float(value), float(value)) if isinstance(value, int | float) else (float(value[0]), float(value[1]))
    )


def _system(kappa: float, xi: tuple[float, float], hz: tuple[float, float], coupling: str) -> FloatArray:
    w = 2 * np.pi * np.array(hz)
    own = 2 * np.array(xi) * w
    sign = {"co-regulating": (1, -1), "co-dysregulating": (1, 1), "one-way": (1, 0)}.get(coupling, (0, 0))
    matrix = np.zeros((4, 4))
    matrix[0, 1] = matrix[2, 3] = 1.0
    matrix[1, :2] = -(w[0] ** 2), -own[0]
    matrix[3, 2:] = -(w[1] ** 2), -own[1]
    matrix[1, 3] = sign[0] * kappa * own[0]
    matrix[3, 1] = sign[1] * kappa * own[1]
    return matrix


def _with_force(
    system: FloatArray, strength: float, xi: tuple[float, float], hz: tuple[float, float]
) -> tuple[FloatArray, FloatArray]:
    """Append the common force (a fifth, Ornstein-Uhlenbeck, variable); shocks give each variance 1 alone."""
    w = 2 * np.pi * np.array(hz)
    shock = np.sqrt(4 * np.array(xi) * w**3)  # a lone oscillator's variance is shock^2 / (4 xi w^3)
    full = np.zeros((5, 5))
    full[:4, :4] = system
    decay = 2 * np.pi * 0.03  # prior: the force's corner lies at the usual resonance
    full[4, 4] = -decay
    full[1, 4], full[3, 4] = strength * shock
    return full, np.diag([0.0, shock[0] ** 2, 0.0, shock[1] ** 2, decay**2])


def _sample(
    matrix: FloatArray, diffusion: FloatArray, n: int, rate_hz: float, rng: Generator
) -> tuple[FloatArray, FloatArray]:
    """Exact samples of dx = A x dt + dW from the stationary law, and the stationary SD of each variable."""
    from scipy.linalg import expm, solve_continuous_lyapunov

    stationary = np.asarray(solve_continuous_lyapunov(matrix, -diffusion), dtype=np.float64)
    step = np.asarray(expm(matrix / rate_hz), dtype=np.float64)
    root = _root(stationary - step @ stationary @ step.T)
    shocks = rng.standard_normal((n, len(matrix))) @ root.T
    state = _root(stationary) @ rng.standard_normal(len(matrix))
    path = np.empty((n, len(matrix)))
    for k in range(n):
        state = step @ state + shocks[k]
        path[k] = state
    return path, np.sqrt(np.diag(stationary))


def _root(covariance: FloatArray) -> FloatArray:
    """Return R with R R^T = covariance, also where rounding left it a hair indefinite."""
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    return np.asarray(vectors * np.sqrt(np.clip(values, 0, None)))


def _gain(system: FloatArray, xi: tuple[float, float], hz: tuple[float, float]) -> tuple[float, float]:
    """H_i = ln(V0_i / V_i), docs/bond.md step 5."""
    from scipy.linalg import solve_continuous_lyapunov

    gains = []
    for i, (x, f) in enumerate(zip(xi, hz, strict=True)):
        position = np.zeros((4, 4))
        position[2 * i, 2 * i] = 1.0
        response = solve_continuous_lyapunov(system.T, -position)[2 * i + 1, 2 * i + 1]
        w = 2 * np.pi * f
        gains.append(float(np.log(1 / (2 * (2 * x * w) * w**2) / response)))
    return gains[0], gains[1]
