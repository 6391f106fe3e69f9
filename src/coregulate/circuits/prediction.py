"""Whether a partner's past helps to predict a person's next value, on stretches that were held out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.stats import t as student

from coregulate.core import FloatArray, InputError

#: Samples of the past that predict. With 3 or 5 the held-out score of couples' dials is lower (docs/circuits.md).
N_PAST = 1
#: Contiguous stretches that are held out in turn (prior).
FOLDS = 5
#: Degrees of freedom of the residuals: a dial rests and then jumps (prior).
NU = 3.0
# Rounds of weighted least squares for the t distribution (prior), and the scale of a dial that never moves.
_ROUNDS = 15
_LEAST_SCALE = 1e-6


class OneStep(NamedTuple):
    """Held-out log score of one-step predictions, nats a sample: with and without the partner's past."""

    alone: float
    together: float
    n: int

    @property
    def gain(self) -> float:
        """What the partner's past added, nats a sample; above 0: it helped."""
        return self.together - self.alone


def predict_next(own: FloatArray, partner: FloatArray) -> OneStep:
    """Predict each next value of a person from their own past, and from both pasts.

    Parameters
    ----------
    own, partner : ndarray, shape (n,)
        Sampled at the same moments; NaN where missing.

    Returns
    -------
    OneStep

    Raises
    ------
    InputError
        If the two differ in length, or too few samples have their past.

    Notes
    -----
    Linear in the last sample of each, Student-t residuals (nu 3) fitted by
    iterated weighting. Each fifth of the series is predicted by what the rest of it
    taught; samples whose past reaches into another fifth are left out.
    """
    if len(own) != len(partner):
        raise InputError(f"The two have {len(own)} and {len(partner)} samples", "Give the same moments")
    y, past_own, past_partner = own[N_PAST:], _past(own), _past(partner)
    fold = np.arange(len(y)) * FOLDS // max(len(y), 1)
    whole = np.r_[np.zeros(N_PAST, bool), fold[N_PAST:] == fold[:-N_PAST]] | (fold == 0)
    known = whole & np.isfinite(y) & np.isfinite(past_own).all(axis=1) & np.isfinite(past_partner).all(axis=1)
    if known.sum() < 20 * FOLDS:
        raise InputError(f"Only {known.sum()} samples have their past", f"{20 * FOLDS} are needed")
    y, fold = y[known], fold[known]
    constant = np.ones((len(y), 1))
    alone = np.hstack([constant, past_own[known]])
    together = np.hstack([alone, past_partner[known]])
    return OneStep(_held_out(y, alone, fold), _held_out(y, together, fold), len(y))


def _past(values: FloatArray) -> FloatArray:
    """Return the samples before each, shape (n - N_PAST, N_PAST)."""
    return np.column_stack([values[N_PAST - k : len(values) - k] for k in range(1, N_PAST + 1)])


def _held_out(y: FloatArray, design: FloatArray, fold: FloatArray) -> float:
    scores = np.empty(len(y))
    for k in range(FOLDS):
        test = fold == k
        weights, scale = _robust(y[~test], design[~test])
        scores[test] = student.logpdf((y[test] - design[test] @ weights) / scale, NU) - np.log(scale)
    return float(scores.mean())


def _robust(y: FloatArray, design: FloatArray) -> tuple[FloatArray, float]:
    """Return most likely coefficients and scale under Student-t residuals; a faint ridge keeps flat pasts solvable."""
    ridge = 1e-8 * np.eye(design.shape[1]) * len(y)
    weight: FloatArray = np.ones(len(y), dtype=np.float64)
    scale = 1.0
    coefficients: FloatArray = np.zeros(design.shape[1])
    for _ in range(_ROUNDS):
        heavy = design * weight[:, None]
        coefficients = np.asarray(np.linalg.solve(heavy.T @ design + ridge, heavy.T @ y), dtype=np.float64)
        left = y - design @ coefficients
        scale = max(float(np.sqrt(np.mean(weight * left**2))), _LEAST_SCALE)
        weight = (NU + 1.0) / (NU + (left / scale) ** 2)
    return coefficients, scale
