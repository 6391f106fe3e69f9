"""The inner loop of the oscillators, compiled (numba): the Whittle likelihood."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[Any]


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
    Each hears the other ``late``. A singular spectrum costs
    infinity.

    With A = L^-1 dS L^-H and J = L^-1 I L^-H (L the Cholesky factor of S), the gradient is
    tr A (1 - J) and the Fisher matrix tr A_i A_j, both sums over the frequencies.
    """
    m = free.shape[0]
    grad = np.zeros(m)
    fisher = np.zeros((m, m))
    row = np.zeros((m, 4))
    e1, e2 = np.exp(theta[0]), np.exp(theta[1])
    z1, z2 = np.exp(theta[2]), np.exp(theta[3])
    q1, q2 = np.exp(theta[8]), np.exp(theta[9])
    r1, r2 = np.exp(theta[10]), np.exp(theta[11])
    rho = np.tanh(theta[12])
    root = np.sqrt(q1 * q2)
    qc = rho * root
    g1, g2, a = theta[13], theta[14], np.exp(theta[15])
    share = np.tanh(theta[16])
    heard = g1 != 0.0 or g2 != 0.0
    cost = 0.0
    for k in range(omega.shape[0]):
        w = omega[k]
        s = 1j * w
        d1 = e1 - w * w + z1 * s
        d2 = e2 - w * w + z2 * s
        back = np.exp(-s * late)
        c12 = (theta[4] + theta[5] * s) * back
        c21 = (theta[6] + theta[7] * s) * back
        det = d1 * d2 - c12 * c21
        if abs(det) < 1e-12:
            return np.inf, grad, fisher
        k11, k12, k21, k22 = d2 / det, c12 / det, c21 / det, d1 / det
        t11, t12 = k11 * q1 + k12 * qc, k11 * qc + k12 * q2
        t21, t22 = k21 * q1 + k22 * qc, k21 * qc + k22 * q2
        m11 = (t11 * np.conj(k11) + t12 * np.conj(k12)).real
        m22 = (t21 * np.conj(k21) + t22 * np.conj(k22)).real
        m12 = t11 * np.conj(k21) + t12 * np.conj(k22)
        m21 = np.conj(m12)
        s11, s22, s12 = m11 + r1 * rest[k], m22 + r2 * rest[k], m12
        u = 0.0
        phase = 1.0 + 0.0j
        if heard:
            u = 2 * a / (a * a + w * w)
            phase = np.exp(1j * w * max_delay * share)
            s11 += g1 * g1 * u
            s22 += g2 * g2 * u
            s12 += g1 * g2 * u * phase
        size = s11 * s22 - s12.real**2 - s12.imag**2
        if not size > 1e-14 * s11 * s22:
            return np.inf, grad, fisher
        x12 = i12[k]
        cost += (
            np.log(size)
            + (s22 * i11[k] + s11 * i22[k] - 2 * (s12.real * x12.real + s12.imag * x12.imag)) / size
        )
        if m == 0:
            continue
        l1 = 1.0 / np.sqrt(s11)
        l21 = np.conj(s12) * l1
        l2 = 1.0 / np.sqrt(size / s11)
        lm = -l21 * l1 * l2
        j11 = l1 * l1 * i11[k]
        j12 = l1 * (i11[k] * np.conj(lm) + x12 * l2)
        j22 = (lm.real**2 + lm.imag**2) * i11[k] + 2 * (lm * x12).real * l2 + l2 * l2 * i22[k]
        for i in range(m):
            p = free[i]
            v11, v22 = 0.0, 0.0
            v12 = 0.0 + 0.0j
            if p < 8:
                # dS = -(B + B^H) with B = K^-1 dK M; dK has one entry, in row (left) and column (right).
                if p == 0 or p == 2:
                    by = e1 + 0.0j if p == 0 else z1 * s
                    b11, b12 = k11 * by * m11, k11 * by * m12
                    b21, b22 = k21 * by * m11, k21 * by * m12
                elif p == 1 or p == 3:
                    by = e2 + 0.0j if p == 1 else z2 * s
                    b11, b12 = k12 * by * m21, k12 * by * m22
                    b21, b22 = k22 * by * m21, k22 * by * m22
                elif p == 4 or p == 5:
                    by = -back if p == 4 else -s * back
                    b11, b12 = k11 * by * m21, k11 * by * m22
                    b21, b22 = k21 * by * m21, k21 * by * m22
                else:
                    by = -back if p == 6 else -s * back
                    b11, b12 = k12 * by * m11, k12 * by * m12
                    b21, b22 = k22 * by * m11, k22 * by * m12
                v11, v22 = -2 * b11.real, -2 * b22.real
                v12 = -(b12 + np.conj(b21))
            elif p == 8 or p == 9 or p == 12:
                qa = q1 if p == 8 else 0.0
                qb = q2 if p == 9 else 0.0
                qx = root * (1 - rho * rho) if p == 12 else qc / 2
                v11 = qa * abs(k11) ** 2 + qb * abs(k12) ** 2 + 2 * qx * (k11 * np.conj(k12)).real
                v22 = qa * abs(k21) ** 2 + qb * abs(k22) ** 2 + 2 * qx * (k21 * np.conj(k22)).real
                v12 = (
                    qa * k11 * np.conj(k21)
                    + qb * k12 * np.conj(k22)
                    + qx * (k11 * np.conj(k22) + k12 * np.conj(k21))
                )
            elif p == 10:
                v11 = r1 * rest[k]
            elif p == 11:
                v22 = r2 * rest[k]
            elif p == 13:
                v11, v12 = 2 * g1 * u, g2 * u * phase
            elif p == 14:
                v22, v12 = 2 * g2 * u, g1 * u * phase
            elif p == 15:
                du = u * (1 - 2 * a * a / (a * a + w * w))
                v11, v22, v12 = g1 * g1 * du, g2 * g2 * du, g1 * g2 * du * phase
            else:
                v12 = g1 * g2 * u * phase * 1j * w * max_delay * (1 - share * share)
            a11 = l1 * l1 * v11
            a12 = l1 * (v11 * np.conj(lm) + v12 * l2)
            a22 = (lm.real**2 + lm.imag**2) * v11 + 2 * (lm * v12).real * l2 + l2 * l2 * v22
            grad[i] += a11 * (1 - j11) + a22 * (1 - j22) - 2 * (a12.real * j12.real + a12.imag * j12.imag)
            row[i, 0], row[i, 1] = a11, a22
            row[i, 2], row[i, 3] = np.sqrt(2.0) * a12.real, np.sqrt(2.0) * a12.imag
        for i in range(m):
            for j in range(i + 1):
                for c in range(4):
                    fisher[i, j] += row[i, c] * row[j, c]
    for i in range(m):
        for j in range(i):
            fisher[j, i] = fisher[i, j]
    return cost, grad, fisher
