"""Simulated pairs of coupled damped oscillators, with the truth beside them."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.linalg import expm

from coregulate.bond.gain import stability_gain

Array = NDArray[np.float64]
OMEGA_REF = 2 * np.pi * 0.03
STEPS_A_SECOND = 10


def random_truth(rng: np.random.Generator, kappa: float, sign: int, *, apart: float = 0.15) -> Array:
    """Parameters (17,) of a pair: 0.018-0.05 Hz, damping 0.15-0.6, frequencies up to ``apart`` apart.

    ``kappa`` is the size of the coupling at a person's own resonance, relative to that person's own
    response there; ``sign`` is that of the stability gain of both (0: no coupling).
    """
    for _ in range(1000):
        theta = np.zeros(17)
        f = rng.uniform(0.018, 0.05) * np.array([1.0, rng.uniform(1 / (1 + apart), 1 + apart)])
        w = f / 0.03
        xi = rng.uniform(0.15, 0.6, 2)
        e, z = w**2, 2 * xi * w
        theta[0:2], theta[2:4] = np.log(e), np.log(z)
        if sign:
            size = kappa * z * w * rng.choice([-1.0, 1.0], 2)
            if rng.random() < 0.5:
                theta[[4, 6]] = size  # through position
            else:
                theta[[5, 7]] = size / w  # through velocity
        theta[8:10] = np.log(2 * z * e)
        theta[15] = 0.0
        gain = stability_gain(theta[None])[0]
        if sign == 0 or (np.isfinite(gain).all() and (np.sign(gain) == sign).all()):
            return theta
    raise ValueError("no such pair")


def simulate(theta: Array, n: int, rng: np.random.Generator, *, noise_sd: float = 0.3) -> tuple[Array, Array]:
    """Draw ``n`` seconds of both at 1 Hz, exactly discretised, SD 1 plus measurement noise."""
    e, z = np.exp(theta[0:2]), np.exp(theta[2:4])
    a = np.zeros((4, 4))
    a[0, 1] = a[2, 3] = 1.0
    a[1] = [-e[0], -z[0], theta[4], theta[5]]
    a[3] = [theta[6], theta[7], -e[1], -z[1]]
    q = np.diag([0.0, np.exp(theta[8]), 0.0, np.exp(theta[9])])
    dt = OMEGA_REF
    block = expm(np.block([[-a, q], [np.zeros((4, 4)), a.T]]) * dt)  # Van Loan
    step = block[4:, 4:].T
    cov = step @ block[:4, 4:]
    burn = 400
    shocks = rng.multivariate_normal(np.zeros(4), (cov + cov.T) / 2, size=n + burn, method="eigh")
    x = np.zeros((n + burn, 4))
    for k in range(1, n + burn):
        x[k] = step @ x[k - 1] + shocks[k]
    pair = x[burn:, [0, 2]]
    pair = pair / pair.std(axis=0) + noise_sd * rng.standard_normal((n, 2))
    return pair[:, 0].copy(), pair[:, 1].copy()


def with_shared_signal(
    pair: tuple[Array, Array], rng: np.random.Generator, *, share: float = 0.4
) -> tuple[Array, Array]:
    """Let both hear one slow signal (Ornstein-Uhlenbeck), the second up to 8 s later."""
    n, delay = len(pair[0]), int(rng.integers(0, 9))
    keep = np.exp(-1 / rng.uniform(3.0, 20.0))
    heard = np.zeros(n + 200)
    shocks = rng.standard_normal(n + 200) * np.sqrt(1 - keep**2)
    for k in range(1, len(heard)):
        heard[k] = keep * heard[k - 1] + shocks[k]
    first, second = heard[100 : 100 + n], heard[100 - delay : 100 - delay + n]
    own, common = np.sqrt(1 - share), np.sqrt(share)
    return own * pair[0] + common * first, own * pair[1] + common * second


def with_common_bursts(pair: tuple[Array, Array], rng: np.random.Generator) -> tuple[Array, Array]:
    """Let the size of both swell and fade together, over about a minute, by a factor of e or so."""
    swell = np.zeros(len(pair[0]) + 200)
    for k in range(1, len(swell)):
        swell[k] = 0.98 * swell[k - 1] + 0.2 * rng.standard_normal()
    return pair[0] * np.exp(swell[200:]), pair[1] * np.exp(swell[200:])


@njit(cache=True)
def walk(
    e: Array, z: Array, c: Array, q: Array, force: Array, on: Array, shocks: Array, delay: int, limit: float
) -> Array:
    """Positions and velocities (n, 4), step by step: see :func:`simulate_outside`."""
    out = np.zeros((shocks.shape[0], 4))
    dt = OMEGA_REF / STEPS_A_SECOND
    for k in range(1, shocks.shape[0]):
        now, past = out[k - 1], out[max(k - 1 - delay, 0)]
        for i in range(2):
            j = 1 - i
            pull = c[i, 0] * past[2 * j] + c[i, 1] * past[2 * j + 1]
            if limit > 0:
                pull = limit * np.tanh(pull / limit)
            speed = now[2 * i + 1] + dt * (
                -e[i] * now[2 * i] - z[i] * now[2 * i + 1] + on[k] * pull + force[k]
            )
            out[k, 2 * i + 1] = speed + np.sqrt(q[i] * dt) * shocks[k, i]
            out[k, 2 * i] = now[2 * i] + dt * out[k, 2 * i + 1]
    return out


def simulate_outside(
    theta: Array,
    n: int,
    rng: np.random.Generator,
    *,
    delay_s: float = 0.0,
    limit: float = 0.0,
    on: Array | None = None,
    force: float = 0.0,
    noise_sd: float = 0.3,
) -> tuple[Array, Array]:
    """Draw a pair from outside the fitted family, in steps of a tenth of a second.

    The partner is heard ``delay_s`` late; their pull never exceeds ``limit`` (0: no limit); ``on`` (n,)
    switches the coupling second by second; ``force`` pushes both with one coloured signal (corner 0.03
    Hz), relative to their own shocks.
    """
    burn = 400
    steps = (n + burn) * STEPS_A_SECOND
    switch = np.ones(n + burn) if on is None else np.concatenate([np.full(burn, on[0]), on])
    q = np.exp(theta[8:10])
    common = np.zeros(steps)
    if force:
        keep = np.exp(-OMEGA_REF / STEPS_A_SECOND)
        shocks = rng.standard_normal(steps)
        from scipy.signal import lfilter

        common = force * np.sqrt(q.mean()) * np.sqrt(1 - keep**2) * lfilter([1.0], [1.0, -keep], shocks)
    path = walk(
        np.exp(theta[0:2]),
        np.exp(theta[2:4]),
        theta[4:8].reshape(2, 2).copy(),
        q,
        common,
        np.repeat(switch.astype(float), STEPS_A_SECOND),
        rng.standard_normal((steps, 2)),
        round(delay_s * STEPS_A_SECOND),
        limit,
    )
    pair = path[burn * STEPS_A_SECOND :: STEPS_A_SECOND, [0, 2]]
    pair = pair / pair.std(axis=0) + noise_sd * rng.standard_normal((n, 2))
    return pair[:, 0].copy(), pair[:, 1].copy()
