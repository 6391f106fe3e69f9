"""Intervals from the likelihood itself: how far a quantity can be pushed before the fit gets worse."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from coregulate.core import FloatArray

from .oscillators import COUPLED, Fit, evaluate, stable
from .prepare import Spectra

STEPS = 40
NEAR = 0.05  # of a log-likelihood: how far over the edge the end may lie
ENOUGH = 1e-4  # a step that gains less ends the search
SLOPE_STEP = 1e-4

Quantity = Callable[[FloatArray], FloatArray]


def likelihood_interval(
    fit: Fit, data: Spectra, quantity: Quantity, *, level: float = 0.95, behind: float = 0.0
) -> tuple[float, float]:
    """Lowest and highest value of a quantity among the systems that fit nearly as well.

    Parameters
    ----------
    fit : Fit
        Coupled fit.
    data : Spectra
    quantity : callable
        Takes stable systems, shape (n, 17), gives (n,).
    level : float
        "Nearly as well": twice the loss of log-likelihood, divided by ``data.spread``, is at most the
        quantile of chi2(1).
    behind : float
        Log-likelihood by which this fit lies behind a better one, which the loss counts from.

    Returns
    -------
    (float, float)
        Minus or plus infinity where the edge of stability is reached first or no end is found.

    Notes
    -----
    Profile likelihood: both ends are reached by moving along the edge of the region, each step the
    best one for the quadratic approximation at the present point, so the answer does not depend on
    that approximation.
    """
    tail = (1 - level) / 2
    low, high = (
        likelihood_bound(fit, data, quantity, sign, level=1 - tail, behind=behind) for sign in (-1.0, 1.0)
    )
    return low, high


def room(data: Spectra, level: float = 0.975) -> float:
    """Log-likelihood that may be lost: half the quantile of chi2(1), widened; one-sided ``level``."""
    from scipy.stats import norm

    return data.spread * float(norm.ppf(level)) ** 2 / 2


def likelihood_bound(
    fit: Fit, data: Spectra, quantity: Quantity, sign: float, *, level: float, behind: float = 0.0
) -> float:
    """One end of :func:`likelihood_interval`: the upper for a ``sign`` of 1; one-sided ``level``."""
    allowed = fit.cost + room(data, level) - behind
    theta, index = fit.theta.copy(), list(COUPLED)
    value = sign * float(quantity(theta[None])[0])
    cost, grad, fisher = evaluate(theta, data, COUPLED)
    for _ in range(STEPS):
        slope = sign * _slope(theta, quantity)
        if not np.isfinite(slope).all():  # within a hair of instability
            break
        move, price = _to_edge(slope, grad, fisher, allowed - cost)
        # What the quantity is worth once the room is used up: every step has to raise it.
        worth = value - price * max(cost - allowed, 0.0)
        for halved in range(10):
            trial = theta.copy()
            trial[index] += move / 2**halved
            if not stable(trial, data.late):
                continue
            trial_value = sign * float(quantity(trial[None])[0])
            found = evaluate(trial, data, COUPLED)
            gained = trial_value - price * max(found[0] - allowed, 0.0) - worth
            if gained > 0:
                break
        else:
            gained = 0.0
        if gained < ENOUGH:
            return sign * value if cost < allowed + NEAR else sign * np.inf
        theta, value, (cost, grad, fisher) = trial, trial_value, found
    return sign * np.inf


def _to_edge(
    slope: FloatArray, grad: FloatArray, fisher: FloatArray, room: float
) -> tuple[FloatArray, float]:
    """Step along which the quantity rises most while the (quadratic) cost rises by ``room``.

    Beside it twice what a unit of cost buys there: a price that no step over the edge can pay.
    """
    eigen, vector = np.linalg.eigh(fisher)
    inverse = (vector / np.maximum(eigen, 0.01)) @ vector.T
    up, down = inverse @ slope, inverse @ grad
    size = max(2 * room + float(grad @ down), 1e-9) / max(float(slope @ up), 1e-12)
    move = np.sqrt(size) * up - down
    return np.asarray(move / max(1.0, float(np.abs(move).max()))), 2 / float(np.sqrt(size))


def _slope(theta: FloatArray, quantity: Quantity) -> FloatArray:
    trials = np.repeat(theta[None], 2 * len(COUPLED), axis=0)
    for row, at in enumerate(COUPLED):
        trials[2 * row, at] += SLOPE_STEP
        trials[2 * row + 1, at] -= SLOPE_STEP
    value = quantity(trials).reshape(-1, 2)
    with np.errstate(invalid="ignore"):
        return np.asarray((value[:, 0] - value[:, 1]) / (2 * SLOPE_STEP))
