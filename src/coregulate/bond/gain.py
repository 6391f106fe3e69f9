"""What the partner does to a person's return to balance: stability gain and the partner's share."""

from __future__ import annotations

import numpy as np

from coregulate.core import FloatArray

from .oscillators import GRID, response, stable


def excursions(theta: FloatArray) -> FloatArray:
    """Integrated squared excursion of each person after a unit shock to them, the partner responding.

    Parameters
    ----------
    theta : array, shape (n, 17)
        Stable systems.

    Returns
    -------
    array, shape (n, 2)
        In units of the reference time, from A^T P + P A = -e e^T (Lyapunov).
    """
    n = len(theta)
    e1, e2, z1, z2 = np.exp(theta[:, :4]).T
    a = np.zeros((n, 4, 4))  # position and velocity of 1, then of 2
    a[:, 0, 1] = a[:, 2, 3] = 1.0
    a[:, 1] = np.stack([-e1, -z1, theta[:, 4], theta[:, 5]], axis=1)
    a[:, 3] = np.stack([theta[:, 6], theta[:, 7], -e2, -z2], axis=1)
    at = np.swapaxes(a, 1, 2)
    eye = np.eye(4)
    # vec(A^T P + P A), with P flattened row by row.
    system: FloatArray = (at[:, :, None, :, None] * eye[None, None, :, None, :]).reshape(n, 16, 16)
    system = system + (eye[None, :, None, :, None] * at[:, None, :, None, :]).reshape(n, 16, 16)
    wanted = np.zeros((16, 2))
    wanted[0, 0] = wanted[10, 1] = -1.0
    p = np.linalg.solve(system, np.broadcast_to(wanted, (n, 16, 2)))
    return np.stack([p[:, 5, 0], p[:, 15, 1]], axis=1)


def late_excursions(theta: FloatArray, late: float) -> tuple[FloatArray, FloatArray]:
    """Excursions alone and together, (n, 2) each, where each hears the other ``late`` (reference time).

    A delay has no Lyapunov equation; by Parseval the excursion is an integral over the frequencies.
    """
    own, det = response(theta, late)
    width = np.gradient(GRID, edge_order=1) / np.pi
    width[0] += GRID[0] / np.pi  # below the grid nothing changes any more
    together = (np.abs(own[:, ::-1] / det[:, None]) ** 2) @ width
    return np.asarray((1 / np.abs(own) ** 2) @ width), np.asarray(together)


def stability_gain(theta: FloatArray, late: float = 0.0) -> FloatArray:
    """H of each person, ln(alone / together) of the excursions; ``theta`` (n, 17) gives (n, 2).

    "Alone" is the partner held at their own baseline. Above 0: the partner's answers shorten the way
    back. Unstable systems give minus infinity. ``late`` is how late each hears the other.
    """
    gain = np.full((len(theta), 2), -np.inf)
    good = np.asarray(stable(theta, late))
    if good.any():
        with np.errstate(invalid="ignore", divide="ignore"):
            if late > 0:
                alone, together = late_excursions(theta[good], late)
            else:
                together = excursions(theta[good])
                alone = 1 / (2 * np.exp(theta[good, 2:4] + theta[good, 0:2]))
            value = np.log(alone / together)
        gain[good] = np.where(np.isfinite(value), value, -np.inf)
    return gain


def partner_share(theta: FloatArray, omega: FloatArray, late: float = 0.0) -> FloatArray:
    """Share (n, 2) of each person's variance that comes from the partner's shocks, 0..1.

    For the first, K^-1 has the row (D2, C12) / det K, so over the frequencies the share is
    sum |C12|^2 q2 / |det K|^2 over sum (|D2|^2 q1 + |C12|^2 q2) / |det K|^2. Without the determinant the
    sums weigh the highest frequencies, where nothing happens, and every pair looks independent.
    """
    e, z = np.exp(theta[:, 0:2, None]), np.exp(theta[:, 2:4, None])
    q = np.exp(theta[:, 8:10, None])
    s = 1j * omega
    own = e + s**2 + z * s
    drive = theta[:, [4, 6], None] + theta[:, [5, 7], None] * s
    back = np.exp(-2 * s * late)
    weight = 1 / np.abs(own[:, 0] * own[:, 1] - drive[:, 0] * drive[:, 1] * back) ** 2
    shares = []
    for i, j in ((0, 1), (1, 0)):
        partner = np.sum(np.abs(drive[:, i]) ** 2 * q[:, j] * weight, axis=1)
        alone = np.sum(np.abs(own[:, j]) ** 2 * q[:, i] * weight, axis=1)
        shares.append(partner / (partner + alone))
    return np.stack(shares, axis=1)
