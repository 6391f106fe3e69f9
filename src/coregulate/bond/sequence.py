"""Two people's yes-or-no sequences: what one does after what both did before."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from coregulate.core import Estimate, FloatArray, SignalError

EMPTY_CELL = 0.5  # added to every cell, as in DySeq: a cell without a case has no logarithm


class ActorPartner(NamedTuple):
    """What tells whether somebody does a thing in the next interval.

    Parameters
    ----------
    intercept, actor, partner, interaction : Estimate
        Log odds in effect coding (each of the two pasts counts +1 or -1), so an effect of b means odds
        exp(2 b) times as high after the behaviour as after none.
    rate_after, rate_without : float
        Share of the intervals with the behaviour after an interval in which the partner showed theirs,
        and after one in which the partner did not; all pairs together.
    table : array, shape (n_pairs, 2, 2, 2)
        Intervals by own past, partner's past and outcome (0 no, 1 yes).
    """

    intercept: Estimate
    actor: Estimate
    partner: Estimate
    interaction: Estimate
    rate_after: float
    rate_without: float
    table: FloatArray


def actor_partner(own: FloatArray, partner: FloatArray) -> ActorPartner:
    """Tell a behaviour from the interval before: one's own (actor) and the partner's (partner).

    Parameters
    ----------
    own, partner : array, shape (n,) or (n_pairs, n)
        1 where shown, 0 where not, NaN where not known; one interval after the other.

    Returns
    -------
    ActorPartner
        Of several pairs the mean, with a t interval over pairs; of one pair its own, with the interval
        of the logits.

    Raises
    ------
    SignalError
        If the two differ in shape or hold anything but 0, 1 and NaN.

    Notes
    -----
    A saturated logit model of each pair's table, half a case added to each cell. Sources: Bakeman &
    Gottman 1997; Fuchs et al. 2017, 10.3389/fpsyg.2017.00429 (DySeq).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> stress = (rng.random((40, 200)) < 0.5).astype(float)
    >>> answer = np.roll(stress, 1, axis=1)  # he always answers, and only then
    >>> found = actor_partner(answer, stress)
    >>> found.partner.low > 2, found.rate_after > 0.99
    (True, True)
    """
    own, partner = np.atleast_2d(own).astype(np.float64), np.atleast_2d(partner).astype(np.float64)
    if own.shape != partner.shape or own.ndim != 2:
        raise SignalError(
            f"Sequences of shape {own.shape} and {partner.shape}", "Give two of the same pairs and length"
        )
    both = np.concatenate([own, partner], axis=None)
    if not np.isin(both[~np.isnan(both)], (0.0, 1.0)).all():
        raise SignalError("A sequence holds more than 0 and 1", "Give 1 where shown and 0 where not")
    table = np.stack([_counted(x, y) for x, y in zip(own, partner, strict=True)])
    logit = np.log((table[..., 1] + EMPTY_CELL) / (table[..., 0] + EMPTY_CELL))
    variance = 1 / (table[..., 1] + EMPTY_CELL) + 1 / (table[..., 0] + EMPTY_CELL)
    side = np.array([-1.0, 1.0])
    signs = (np.ones((2, 2)), side[:, None] * np.ones((2, 2)), side * np.ones((2, 2)), np.outer(side, side))
    error = np.sqrt(variance.sum(axis=(1, 2))) / 4
    intercept, actor, other, product = (
        _over_pairs((logit * sign).sum(axis=(1, 2)) / 4, error) for sign in signs
    )
    after = table.sum(axis=(0, 1))
    rates = after[:, 1] / np.maximum(after.sum(axis=1), 1)
    return ActorPartner(intercept, actor, other, product, float(rates[1]), float(rates[0]), table)


def _counted(own: FloatArray, partner: FloatArray) -> FloatArray:
    past, other, now = own[:-1], partner[:-1], own[1:]
    seen = np.isfinite(past) & np.isfinite(other) & np.isfinite(now)
    table = np.zeros((2, 2, 2))
    np.add.at(table, tuple(v[seen].astype(int) for v in (past, other, now)), 1)
    return table


def _over_pairs(value: FloatArray, error: FloatArray) -> Estimate:
    from scipy.stats import norm, t

    n = len(value)
    mean = float(value.mean())
    if n == 1:
        sd, reach, p = float(error[0]), 1.96, float(2 * norm.sf(abs(mean) / error[0]))
    else:
        sd = float(value.std(ddof=1) / np.sqrt(n))
        reach = float(t.ppf(0.975, n - 1))
        p = float(2 * t.sf(abs(mean) / sd, n - 1)) if sd > 0 else float(mean == 0)
    return Estimate(
        mean, mean - reach * sd, mean + reach * sd, p=p, n_effective=float(n), method="actor-partner logit"
    )
