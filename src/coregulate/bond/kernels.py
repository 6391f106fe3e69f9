"""The inner loop of the oscillators, compiled (numba): the Whittle likelihood.

What :func:`whittle` calls is written into it when it is compiled: called, it would take twice as long.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[Any]


class System(NamedTuple):
    """Two coupled oscillators by their parameters: own, what each does to the other, shocks, rests, signal."""

    eta_1: float
    eta_2: float
    zeta_1: float
    zeta_2: float
    eta_12: float
    zeta_12: float
    eta_21: float
    zeta_21: float
    q_1: float
    q_2: float
    q_12: float
    r_1: float
    r_2: float
    rho: float
    g_1: float
    g_2: float
    a: float
    share: float
    max_delay: float
    late: float


class Point(NamedTuple):
    """The system at one frequency: K^-1, the spectrum M of what the shocks do, and S with rest and signal."""

    w: float
    rest: float
    back: complex
    k11: complex
    k12: complex
    k21: complex
    k22: complex
    m11: float
    m12: complex
    m21: complex
    m22: float
    u: float
    phase: complex
    s11: float
    s12: complex
    s22: float
    size: float


@njit(cache=True)  # type: ignore[untyped-decorator]
def whittle(
    theta: Array,
    omega: Array,
    i11: Array,
    i22: Array,
    i12: Array,
    rest: Array,
    free: Array,
    max_delay: float,
    late: float,
) -> tuple[float, Array, Array]:
    """Whittle cost, gradient and Fisher matrix of two coupled oscillators that also hear one signal.

    ``theta`` (17,): ln -eta_1, ln -eta_2, ln -zeta_1, ln -zeta_2, eta_12, zeta_12, eta_21, zeta_21,
    ln q_1, ln q_2, ln r_1, ln r_2, atanh of the shocks' correlation, then the common signal: g_1, g_2,
    ln a and the delay (atanh of its share of ``max_delay``). ``free`` lists what gradient and Fisher
    matrix are wanted for; empty: the cost alone. ``rest`` (n,): how r spreads over the frequencies.
    Each hears the other ``late``. A singular spectrum costs infinity.

    With A = L^-1 dS L^-H and J = L^-1 I L^-H (L the Cholesky factor of S), the gradient is
    tr A (1 - J) and the Fisher matrix tr A_i A_j, both sums over the frequencies.
    """
    m = free.shape[0]
    grad = np.zeros(m)
    fisher = np.zeros((m, m))
    row = np.zeros((m, 4))
    system = _system(theta, max_delay, late)
    cost = 0.0
    for k in range(omega.shape[0]):
        at = _point(system, omega[k], rest[k])
        if not at.size > 1e-14 * at.s11 * at.s22:
            return np.inf, grad, fisher
        cost += _cost(at, i11[k], i22[k], i12[k])
        if m == 0:
            continue
        factor = _inverse_factor(at)
        j11, j22, j12 = _whitened(factor, i11[k], i22[k], i12[k])
        for i in range(m):
            v11, v22, v12 = _slope(free[i], system, at)
            a11, a22, a12 = _whitened(factor, v11, v22, v12)
            grad[i] += a11 * (1 - j11) + a22 * (1 - j22) - 2 * (a12.real * j12.real + a12.imag * j12.imag)
            row[i, 0], row[i, 1] = a11, a22
            row[i, 2], row[i, 3] = np.sqrt(2.0) * a12.real, np.sqrt(2.0) * a12.imag
        _add_products(fisher, row)
    for i in range(m):
        for j in range(i):
            fisher[j, i] = fisher[i, j]
    return cost, grad, fisher


@njit(inline="always")  # type: ignore[untyped-decorator]
def _system(theta: Array, max_delay: float, late: float) -> System:
    own, drive = np.exp(theta[0:4]), theta[4:8]
    q1, q2, r1, r2 = np.exp(theta[8]), np.exp(theta[9]), np.exp(theta[10]), np.exp(theta[11])
    rho, a, share = np.tanh(theta[12]), np.exp(theta[15]), np.tanh(theta[16])
    return System(
        *(own[0], own[1], own[2], own[3]),
        *(drive[0], drive[1], drive[2], drive[3]),
        *(q1, q2, rho * np.sqrt(q1 * q2), r1, r2, rho),
        *(theta[13], theta[14], a, share, max_delay, late),
    )


@njit(inline="always")  # type: ignore[untyped-decorator]
def _point(system: System, w: float, rest: float) -> Point:
    """Read the system at one frequency; where K is singular, all of it is NaN."""
    s = 1j * w
    d1 = system.eta_1 - w * w + system.zeta_1 * s
    d2 = system.eta_2 - w * w + system.zeta_2 * s
    back = np.exp(-s * system.late)
    c12 = (system.eta_12 + system.zeta_12 * s) * back
    c21 = (system.eta_21 + system.zeta_21 * s) * back
    det = d1 * d2 - c12 * c21
    if abs(det) < 1e-12:
        det = complex(np.nan, np.nan)
    k11, k12, k21, k22 = d2 / det, c12 / det, c21 / det, d1 / det
    q1, q2, qc = system.q_1, system.q_2, system.q_12
    t11, t12 = k11 * q1 + k12 * qc, k11 * qc + k12 * q2
    t21, t22 = k21 * q1 + k22 * qc, k21 * qc + k22 * q2
    m11 = (t11 * np.conj(k11) + t12 * np.conj(k12)).real
    m22 = (t21 * np.conj(k21) + t22 * np.conj(k22)).real
    m12 = t11 * np.conj(k21) + t12 * np.conj(k22)
    s11, s22, s12 = m11 + system.r_1 * rest, m22 + system.r_2 * rest, m12
    u = 0.0
    phase = 1.0 + 0.0j
    g1, g2, a = system.g_1, system.g_2, system.a
    if g1 != 0.0 or g2 != 0.0:
        u = 2 * a / (a * a + w * w)
        phase = np.exp(1j * w * system.max_delay * system.share)
        s11 += g1 * g1 * u
        s22 += g2 * g2 * u
        s12 += g1 * g2 * u * phase
    size = s11 * s22 - s12.real**2 - s12.imag**2
    return Point(
        w, rest, back, k11, k12, k21, k22, m11, m12, np.conj(m12), m22, u, phase, s11, s12, s22, size
    )


@njit(inline="always")  # type: ignore[untyped-decorator]
def _cost(at: Point, i11: float, i22: float, i12: complex) -> float:
    """Add up ln det S + tr S^-1 I at one frequency."""
    both = at.s12.real * i12.real + at.s12.imag * i12.imag
    return float(np.log(at.size) + (at.s22 * i11 + at.s11 * i22 - 2 * both) / at.size)


@njit(inline="always")  # type: ignore[untyped-decorator]
def _inverse_factor(at: Point) -> tuple[float, float, complex]:
    """L^-1 of S = L L^H: its diagonal, and what stands below."""
    l1 = 1.0 / np.sqrt(at.s11)
    l21 = np.conj(at.s12) * l1
    l2 = 1.0 / np.sqrt(at.size / at.s11)
    return l1, l2, -l21 * l1 * l2


@njit(inline="always")  # type: ignore[untyped-decorator]
def _whitened(
    factor: tuple[float, float, complex], v11: float, v22: float, v12: complex
) -> tuple[float, float, complex]:
    """L^-1 V L^-H: its diagonal, and what stands above."""
    l1, l2, lm = factor
    a11 = l1 * l1 * v11
    a12 = l1 * (v11 * np.conj(lm) + v12 * l2)
    a22 = (lm.real**2 + lm.imag**2) * v11 + 2 * (lm * v12).real * l2 + l2 * l2 * v22
    return a11, a22, a12


@njit(inline="always")  # type: ignore[untyped-decorator]
def _slope(p: int, system: System, at: Point) -> tuple[float, float, complex]:
    """How S changes with parameter ``p``: its diagonal, and what stands above."""
    v11, v22, v12 = 0.0, 0.0, 0j
    if p < 8:
        v11, v22, v12 = _of_response(p, system, at)
    elif p == 8 or p == 9 or p == 12:
        v11, v22, v12 = _of_shocks(p, system, at)
    elif p == 10:
        v11 = system.r_1 * at.rest
    elif p == 11:
        v22 = system.r_2 * at.rest
    else:
        v11, v22, v12 = _of_signal(p, system, at)
    return v11, v22, v12


@njit(inline="always")  # type: ignore[untyped-decorator]
def _of_response(p: int, system: System, at: Point) -> tuple[float, float, complex]:
    """Take dS = -(B + B^H) with B = K^-1 dK M; dK has one entry, in row (left) and column (right)."""
    s = 1j * at.w
    if p == 0 or p == 2:
        by = system.eta_1 + 0.0j if p == 0 else system.zeta_1 * s
    elif p == 1 or p == 3:
        by = system.eta_2 + 0.0j if p == 1 else system.zeta_2 * s
    else:
        by = -at.back if p == 4 or p == 6 else -s * at.back
    left_1, left_2 = at.k11 * by, at.k21 * by
    if p == 1 or p == 3 or p > 5:
        left_1, left_2 = at.k12 * by, at.k22 * by
    right_1, right_2 = at.m11 + 0j, at.m12
    if p == 1 or p == 3 or p == 4 or p == 5:
        right_1, right_2 = at.m21, at.m22 + 0j
    b11, b12 = left_1 * right_1, left_1 * right_2
    b21, b22 = left_2 * right_1, left_2 * right_2
    return -2 * b11.real, -2 * b22.real, -(b12 + np.conj(b21))


@njit(inline="always")  # type: ignore[untyped-decorator]
def _of_shocks(p: int, system: System, at: Point) -> tuple[float, float, complex]:
    """K^-1 dQ K^-H, Q the covariance of the shocks."""
    k11, k12, k21, k22 = at.k11, at.k12, at.k21, at.k22
    q1, q2, rho = system.q_1, system.q_2, system.rho
    qa, qb = q1 if p == 8 else 0.0, q2 if p == 9 else 0.0
    qx = np.sqrt(q1 * q2) * (1 - rho * rho) if p == 12 else system.q_12 / 2
    v11 = qa * abs(k11) ** 2 + qb * abs(k12) ** 2 + 2 * qx * (k11 * np.conj(k12)).real
    v22 = qa * abs(k21) ** 2 + qb * abs(k22) ** 2 + 2 * qx * (k21 * np.conj(k22)).real
    v12 = qa * k11 * np.conj(k21) + qb * k12 * np.conj(k22) + qx * (k11 * np.conj(k22) + k12 * np.conj(k21))
    return v11, v22, v12


@njit(inline="always")  # type: ignore[untyped-decorator]
def _of_signal(p: int, system: System, at: Point) -> tuple[float, float, complex]:
    g1, g2, a, u, phase = system.g_1, system.g_2, system.a, at.u, at.phase
    if p == 13:
        return 2 * g1 * u, 0.0, g2 * u * phase
    if p == 14:
        return 0.0, 2 * g2 * u, g1 * u * phase
    if p == 15:
        du = u * (1 - 2 * a * a / (a * a + at.w * at.w))
        return g1 * g1 * du, g2 * g2 * du, g1 * g2 * du * phase
    share = system.share
    return 0.0, 0.0, g1 * g2 * u * phase * 1j * at.w * system.max_delay * (1 - share * share)


@njit(inline="always")  # type: ignore[untyped-decorator]
def _add_products(fisher: Array, row: Array) -> None:
    """Add row_i . row_j to the lower triangle."""
    for i in range(row.shape[0]):
        for j in range(i + 1):
            for c in range(row.shape[1]):
                fisher[i, j] += row[i, c] * row[j, c]
