"""Whether probabilities keep their word, where labels exist.

Plain functions on arrays: ``probability`` of a yes, 0..1, and ``truth``, whether it
was one. NaN probabilities are "not known" and are left out, except in
:func:`forced_error`, which is about them.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar

from coregulate.core import FloatArray, InputError

from .densities import logistic, logit

#: Boxes of equal width in which probabilities are compared with what happened.
BOXES = 10
# Temperatures outside this range say that the probabilities carry nothing, not how to mend them (prior).
_TEMPERATURES = (0.1, 20.0)


class Reliability(NamedTuple):
    """The reliability curve: of each box that holds any, its mean ``probability``, how often it was yes, how many."""

    probability: FloatArray
    frequency: FloatArray
    n: NDArray[np.int64]


class BrierParts(NamedTuple):
    """Murphy's partition of the Brier score: ``score`` = ``reliability`` - ``resolution`` + ``uncertainty`` + ``within``.

    ``within`` is what is left because a box holds unlike probabilities.
    """

    score: float
    reliability: float
    resolution: float
    uncertainty: float
    within: float


def reliability_curve(probability: ArrayLike, truth: ArrayLike, *, boxes: int = BOXES) -> Reliability:
    """Compare said with happened, in boxes of equal width.

    Parameters
    ----------
    probability : array_like, shape (n,)
        What was said, 0 to 1; NaN where not known, which is left out.
    truth : array_like, shape (n,)
        What happened, 0 or 1.
    boxes : int
        Of equal width.

    Returns
    -------
    Reliability

    Raises
    ------
    InputError
        Where nothing is known, something lies outside 0 to 1, or the two differ in length.

    Examples
    --------
    >>> reliability_curve([0.1, 0.1, 0.9, 0.9], [0, 0, 1, 0]).frequency
    array([0. , 0.5])
    """
    p, y = _known(probability, truth)
    box = np.minimum((p * boxes).astype(np.int64), boxes - 1)
    n = np.bincount(box, minlength=boxes)
    held = n > 0
    with np.errstate(invalid="ignore"):
        mean, often = (np.bincount(box, weights=x, minlength=boxes) / n for x in (p, y))
    return Reliability(mean[held], often[held], n[held])


def calibration_error(probability: ArrayLike, truth: ArrayLike, *, boxes: int = BOXES) -> float:
    """Return the expected calibration error: distance of said from happened, by how often it was said.

    Parameters
    ----------
    probability, truth : array_like, shape (n,)
        As :func:`reliability_curve` takes them.
    boxes : int

    Returns
    -------
    float
        0 to 1.
    """
    curve = reliability_curve(probability, truth, boxes=boxes)
    return float(np.average(np.abs(curve.probability - curve.frequency), weights=curve.n))


def brier_parts(probability: ArrayLike, truth: ArrayLike, *, boxes: int = BOXES) -> BrierParts:
    """Brier score and its partition (Murphy 1973, Journal of Applied Meteorology 12, 595-600).

    Parameters
    ----------
    probability, truth : array_like, shape (n,)
        As :func:`reliability_curve` takes them.
    boxes : int

    Returns
    -------
    BrierParts

    Examples
    --------
    >>> [round(float(x), 3) for x in brier_parts([0.0, 0.5, 0.5, 1.0], [0, 0, 1, 1])]
    [0.125, 0.0, 0.125, 0.25, 0.0]
    """
    p, y = _known(probability, truth)
    curve = reliability_curve(p, y, boxes=boxes)
    rate = float(y.mean())
    score = float(np.mean((p - y) ** 2))
    reliability = float(np.average((curve.probability - curve.frequency) ** 2, weights=curve.n))
    resolution = float(np.average((curve.frequency - rate) ** 2, weights=curve.n))
    uncertainty = rate * (1.0 - rate)
    within = score - (reliability - resolution + uncertainty)
    return BrierParts(score, reliability, resolution, uncertainty, within)


def fit_temperature(probability: ArrayLike, truth: ArrayLike) -> float:
    """Find the temperature that makes ``logistic(logit(p) / temperature)`` most likely (Guo et al. 2017, arXiv 1706.04599).

    Parameters
    ----------
    probability, truth : array_like, shape (n,)
        As :func:`reliability_curve` takes them.

    Returns
    -------
    float
        Over 1: the probabilities were too sure; under 1: not sure enough.
    """
    p, y = _known(probability, truth)
    odds = logit(np.clip(p, 1e-6, 1.0 - 1e-6))

    def loss(log_temperature: float) -> float:
        scaled = odds / np.exp(log_temperature)
        return float(np.mean(np.logaddexp(0.0, scaled) - y * scaled))

    found = minimize_scalar(loss, bounds=tuple(np.log(_TEMPERATURES)), method="bounded")
    return float(np.exp(found.x))


def tempered(probability: ArrayLike, temperature: float) -> FloatArray:
    """Return probabilities at a temperature.

    Parameters
    ----------
    probability : array_like, shape (n,)
        0 to 1; NaN stays NaN.
    temperature : float
        Over 1 draws toward a half.

    Returns
    -------
    ndarray, shape (n,)

    Examples
    --------
    >>> tempered([0.9, 0.5], 2.0).round(2)
    array([0.75, 0.5 ])
    """
    p = np.clip(np.asarray(probability, dtype=np.float64), 1e-6, 1.0 - 1e-6)
    return logistic(logit(p) / temperature)


def leave_one_out(
    probability: ArrayLike, truth: ArrayLike, person: Sequence[Hashable]
) -> tuple[FloatArray, dict[Hashable, float]]:
    """Temper each person's probabilities with the temperature that suits all the others.

    Parameters
    ----------
    probability, truth : array_like, shape (n,)
    person : sequence, shape (n,)
        Whose second it is; at least two people.

    Returns
    -------
    tempered : ndarray, shape (n,)
    temperatures : dict of person to float

    Raises
    ------
    InputError
        With fewer than two people.
    """
    p, y = np.asarray(probability, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    names = list(dict.fromkeys(person))
    if len(names) < 2:
        raise InputError("Only one person is labelled", "Leaving one out needs at least two people")
    out, temperatures = np.empty_like(p), {}
    whose = np.array([names.index(one) for one in person])
    for k, name in enumerate(names):
        temperatures[name] = fit_temperature(p[whose != k], y[whose != k])
        out[whose == k] = np.where(np.isfinite(p), tempered(p, temperatures[name]), np.nan)[whose == k]
    return out, temperatures


def forced_error(said: ArrayLike, forced: ArrayLike, truth: ArrayLike) -> tuple[float, float]:
    """Answer how good "not known" is: how often an answer given there would have been wrong.

    Parameters
    ----------
    said : array_like, shape (n,)
        Probabilities as reported: NaN where not known.
    forced : array_like, shape (n,)
        What the model would have said everywhere.
    truth : array_like, shape (n,)

    Returns
    -------
    not_known, known : float
        Share of wrong answers (against 0.5) where not known and where known; NaN where there is no such second.
    """
    silent = ~np.isfinite(np.asarray(said, dtype=np.float64))
    wrong = (np.asarray(forced, dtype=np.float64) > 0.5) != (np.asarray(truth, dtype=np.float64) > 0.5)
    shares = [float(wrong[part].mean()) if part.any() else float("nan") for part in (silent, ~silent)]
    return shares[0], shares[1]


def _known(probability: ArrayLike, truth: ArrayLike) -> tuple[FloatArray, FloatArray]:
    p, y = np.asarray(probability, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    if p.shape != y.shape:
        raise InputError(
            f"There are {p.size} probabilities and {y.size} truths", "Give one truth a probability"
        )
    known = np.isfinite(p)
    if not known.any():
        raise InputError("No probability is known", "Calibration needs at least one answer")
    if p[known].min() < 0.0 or p[known].max() > 1.0:
        raise InputError("A probability lies outside 0 to 1", "Give probabilities")
    return p[known], y[known]
