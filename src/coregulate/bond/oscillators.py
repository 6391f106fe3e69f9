"""Two coupled damped oscillators and their rival, fitted in the frequency domain (docs/bond.md)."""

from __future__ import annotations

from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray

from .prepare import OMEGA_REF, Spectra

N_PARAMETERS = 17
OWN = (0, 1, 2, 3)  # ln -eta, ln -zeta of the two
DRIVE_1 = (4, 5)  # eta_12, zeta_12: what 2 does to 1
DRIVE_2 = (6, 7)
NOISE = (8, 9, 10, 11, 12)
SIGNAL = (13, 14, 15, 16)
UNCOUPLED = (*OWN, *NOISE)
COUPLED = (*OWN, *DRIVE_1, *DRIVE_2, *NOISE)
RIVAL = (*OWN, *NOISE, *SIGNAL)
#: Names of the coupled model's parameters, in order (docs/bond.md).
NAMES = (
    *("ln_eta_1", "ln_eta_2", "ln_zeta_1", "ln_zeta_2"),
    *("eta_12", "zeta_12", "eta_21", "zeta_21"),
    *("ln_q_1", "ln_q_2", "ln_r_1", "ln_r_2", "atanh_rho"),
)
MAX_DELAY = 13.0 * OMEGA_REF  # docs/bond.md: the common signal reaches one up to 13 s after the other
PENALTY = 0.125  # docs/bond.md
COUPLING_START = 0.3  # docs/bond.md
#: Reference frequencies at which systems that hear each other late are judged: 0.0003 to 0.9 Hz.
GRID = np.geomspace(0.01, 30.0, 600)
SIGNS = tuple(product((1.0, -1.0), repeat=2))


class Fit(NamedTuple):
    """Where a fit came to rest: parameters (17,), penalised cost, cost without the penalty."""

    theta: FloatArray
    cost: float
    plain_cost: float


class Fits(NamedTuple):
    """The four nested fits of one copy of the data."""

    coupled: Fit
    uncoupled: Fit
    without_12: Fit
    without_21: Fit


def stable(theta: FloatArray, late: float = 0.0) -> Any:
    """Whether the joint system is stable; ``theta`` (..., 17) gives (...).

    By Routh-Hurwitz, or, where each hears the other ``late`` (reference time), by Nyquist: each alone is
    stable, so the two together are where det K over what it is without coupling never circles 0.
    """
    if late > 0:
        return _circles_nothing(theta, late)
    e1, e2, z1, z2 = np.exp(np.moveaxis(theta[..., :4], -1, 0))
    h12, y12, h21, y21 = np.moveaxis(theta[..., 4:8], -1, 0)
    a3 = z1 + z2
    a2 = e1 + e2 + z1 * z2 - y12 * y21
    a1 = z1 * e2 + z2 * e1 - y12 * h21 - h12 * y21
    a0 = e1 * e2 - h12 * h21
    return (a2 > 0) & (a1 > 0) & (a0 > 0) & (a3 * a2 * a1 > a1**2 + a3**2 * a0)


def response(theta: FloatArray, late: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """Each one's own response D (..., 2, k) and det K (..., k) at the frequencies of :data:`GRID`."""
    s = 1j * GRID
    e, z, drive = np.exp(theta[..., 0:2, None]), np.exp(theta[..., 2:4, None]), theta[..., 4:8, None]
    own = e + s**2 + z * s
    both = (drive[..., 0, :] + drive[..., 1, :] * s) * (drive[..., 2, :] + drive[..., 3, :] * s)
    return own, own[..., 0, :] * own[..., 1, :] - both * np.exp(-2 * s * late)


def _circles_nothing(theta: FloatArray, late: float) -> Any:
    own, det = response(theta, late)
    ratio = det / (own[..., 0, :] * own[..., 1, :])
    turned = np.angle(ratio[..., 1:] / ratio[..., :-1]).sum(axis=-1)
    return (ratio[..., 0].real > 0) & (np.abs(turned) < np.pi)


def evaluate(theta: FloatArray, data: Spectra, free: tuple[int, ...]) -> tuple[float, FloatArray, FloatArray]:
    """Penalised cost, its gradient and Fisher matrix over ``free`` parameters."""
    from .kernels import whittle

    index = np.array(free, dtype=np.int64)
    cost, grad, fisher = whittle(theta, *data.seen, index, MAX_DELAY, data.late)
    cost += PENALTY * float(np.sum(theta[:4] ** 2))
    own = np.flatnonzero(index < 4)
    grad[own] += 2 * PENALTY * theta[index[own]]
    fisher[own, own] += 2 * PENALTY
    return float(cost), grad, fisher


def climb(theta: FloatArray, data: Spectra, free: tuple[int, ...], *, steps: int) -> Fit:
    """Levenberg-Marquardt on the analytic Fisher matrix; unstable systems are stepped back from."""
    index = list(free)
    theta = theta.copy()
    cost, grad, fisher = evaluate(theta, data, free)
    damping = 1e-2
    for _ in range(steps):
        if not np.isfinite(cost) or damping > 1e8:
            break
        diagonal = np.diag(fisher)
        ridge = damping * diagonal + 1e-9 * (1 + diagonal.max())
        move = -np.linalg.solve(fisher + np.diag(ridge), grad)
        trial = theta.copy()
        trial[index] += np.clip(move, -2.0, 2.0)
        np.clip(trial, -12.0, 12.0, out=trial)
        better = evaluate(trial, data, free) if stable(trial, data.late) else (np.inf, grad, fisher)
        if better[0] < cost:
            gained = cost - better[0]
            theta, (cost, grad, fisher) = trial, better
            damping = max(damping * 0.2, 1e-7)
            if gained < 1e-4:
                break
        else:
            damping *= 6.0
    return Fit(theta, cost, cost - PENALTY * float(np.sum(theta[:4] ** 2)))


def best_of(starts: list[FloatArray], data: Spectra, free: tuple[int, ...], *, keep: int = 3) -> Fit:
    """Climb a little from every start, then to the end from the best few that differ."""
    first = sorted((climb(t, data, free, steps=8) for t in starts), key=lambda fit: fit.cost)
    chosen: list[Fit] = []
    for fit in first:
        if len(chosen) < keep and all(abs(fit.cost - other.cost) > 1e-3 for other in chosen):
            chosen.append(fit)
    return min((climb(f.theta, data, free, steps=80) for f in chosen), key=lambda fit: fit.cost)


def _one_person(omega: FloatArray, periodogram: FloatArray, keep: int) -> list[tuple[float, ...]]:
    """Start values (ln -eta, ln -zeta, ln q, ln r) of one person, best first, from a coarse grid."""
    frequency = np.array([0.2, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0])
    ratio = np.array([0.1, 0.25, 0.6, 1.5])
    noise = np.array([0.02, 0.2, 1.0])
    f, x, v = (g.ravel()[:, None] for g in np.meshgrid(frequency, ratio, noise, indexing="ij"))
    e, z = f**2, 2 * x * f
    q, r = 2 * z * e, v * OMEGA_REF
    shape = q / ((e - omega**2) ** 2 + (z * omega) ** 2) + r
    scale = np.mean(periodogram / shape, axis=1, keepdims=True)  # the best scale has a closed form
    cost = np.sum(np.log(scale * shape), axis=1) + len(omega)
    rows = np.log(np.concatenate([e, z, q * scale, r * scale], axis=1))
    return [tuple(rows[i]) for i in np.argsort(cost)[:keep]]


def fit_uncoupled(data: Spectra) -> Fit:
    """Both alone, with shared shocks allowed: start values of each person first."""
    starts: list[FloatArray] = []
    persons = [_one_person(data.omega, own, 3) for own in (data.i11, data.i22)]
    for one, two in zip(*persons, strict=True):
        theta = np.zeros(N_PARAMETERS)
        theta[[0, 2, 8, 10]] = one
        theta[[1, 3, 9, 11]] = two
        starts.append(theta)
    return best_of(starts, data, UNCOUPLED)


def fit_all(data: Spectra) -> Fits:
    """Fit the coupled model from nine starts and both one-way fits, and the three it is tested against."""
    alone = fit_uncoupled(data)
    eta = COUPLING_START * np.exp((alone.theta[0] + alone.theta[1]) / 2)
    zeta = COUPLING_START * np.exp((alone.theta[2] + alone.theta[3]) / 2)

    def started(values: dict[int, float]) -> FloatArray:
        theta = alone.theta.copy()
        theta[list(values)] = list(values.values())
        return theta

    one_way = []
    for drive in (DRIVE_2, DRIVE_1):
        starts = [started({drive[i]: s * size}) for i, size in ((0, eta), (1, zeta)) for s in (1.0, -1.0)]
        one_way.append(best_of([alone.theta, *starts], data, (*OWN, *drive, *NOISE), keep=2))
    starts = [alone.theta, *(fit.theta for fit in one_way)]
    starts += [started({4: s * eta, 6: t * eta}) for s, t in SIGNS]
    starts += [started({5: s * zeta, 7: t * zeta}) for s, t in SIGNS]
    return Fits(best_of(starts, data, COUPLED), alone, *one_way)


def fit_rival(data: Spectra, alone: FloatArray) -> Fit:
    """Both uncoupled, but hearing one common signal: a grid of signals first, then the best climbed."""
    from .kernels import whittle

    none = np.zeros(0, dtype=np.int64)
    grid: list[tuple[float, FloatArray]] = []
    for share, a, delay, sign in product((0.1, 0.4), (0.1, 0.4, 1.5, 5.0), (-8, -4, 0, 4, 8), (1, -1)):
        theta = alone.copy()
        theta[8:10] += np.log(1 - share)
        theta[13], theta[14] = np.sqrt(share), sign * np.sqrt(share)
        theta[15], theta[16] = np.log(a), np.arctanh(delay / 13.0)
        cost = whittle(theta, *data.seen, none, MAX_DELAY, 0.0)[0]
        grid.append((float(cost), theta))
    grid.sort(key=lambda item: item[0])
    return best_of([theta for _, theta in grid[:8]], data, RIVAL)
