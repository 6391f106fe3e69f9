"""Whether learning from a person's word helps: held-out stretches of it decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coregulate.core import CircuitSettings, FloatArray
from coregulate.cues import STATES

from .adapt import Material, fit_shifts, gather_sums
from .calibration import fit_temperature, tempered
from .chain import forward_backward
from .personal import Shifts, shifted
from .rows import session_loglik
from .transitions import SAFE

#: Least time with the person's word, in s (prior).
MIN_LABELLED_S = 120
#: Stretches of the labelled time that are held out in turn (prior).
FOLDS = 5
#: Parts of the labelled time that are held against each other (prior): does what one part shows come back in the next?
PARTS = 10
#: How seldom chance may make the parts agree so well (prior): learning costs more where nobody differs than it gains.
MAX_P = 0.005
# Seconds beside a held-out stretch that are not learned from either (prior: noise is remembered that long).
_GUARD_S = 20


class Learned(NamedTuple):
    """What a person's own word taught, and whether it is used.

    Parameters
    ----------
    shifts : mapping of cue to mapping of state to float
        Added to the table's means, in z; empty where not used.
    used : bool
    reason : str
        Why not, in a few words; empty where used.
    labelled_s : float
        Seconds with the person's word.
    score_before, score_after : float
        Held-out log score of the word from the other channels, nats a second; NaN where not tried.
    """

    shifts: Shifts
    used: bool
    reason: str
    labelled_s: float
    score_before: float = float("nan")
    score_after: float = float("nan")


def learn_person(
    sessions: Sequence[Material], *, moves: FloatArray, start: FloatArray, settings: CircuitSettings
) -> Learned:
    """Learn one person's means from their word in one or more sessions, and test it on held-out stretches.

    Parameters
    ----------
    sessions : sequence of Material
        Their rows already carry what was learned before (or the group's means): that is where this starts.
    moves, start : ndarray
    settings : CircuitSettings

    Returns
    -------
    Learned
        Used only with at least 120 s of labels, where the other channels tell the held-out word better
        with the new means than with the old, and than its own average would, and where the person
        differs from the old means in the same way from one part of the time to the next.
    """
    labelled = float(sum(np.isfinite(one.labels.share).sum() for one in sessions))
    if labelled < MIN_LABELLED_S:
        return Learned({}, False, "too little of the person's own word", labelled)
    guess, before, after = _held_out(sessions, moves=moves, start=start, settings=settings)
    score = (float(before.mean()), float(after.mean()))
    if not score[1] > guess.mean():
        return Learned({}, False, "the other channels do not go with their own word", labelled, *score)
    if not score[1] > score[0]:
        return Learned({}, False, "held-out time was not told better", labelled, *score)
    if agreement_p(sessions, moves=moves, start=start, settings=settings) > MAX_P:
        reason = "they do not differ from what the model expects by more than chance"
        return Learned({}, False, reason, labelled, *score)
    shifts = fit_shifts(sessions, moves=moves, start=start, settings=settings)
    return Learned(shifts, True, "", labelled, *score)


def agreement_p(
    sessions: Sequence[Material], *, moves: FloatArray, start: FloatArray, settings: CircuitSettings
) -> float:
    """Probability that a person who is as the means say looks as much the same in ten parts of the time.

    Each part gives how far its cues lie from the states' means, as a vector. Where nothing but
    noise moves them a part may as well have shown the opposite, so the sum of the products of
    different parts is held against the 512 ways to turn their signs.
    """
    parts = []
    for k in range(PARTS):
        inside = _fold(sessions, k, PARTS)
        some = [
            one._replace(labels=one.labels.within(part)) for one, part in zip(sessions, inside, strict=True)
        ]
        sums = gather_sums(some, {}, moves=moves, start=start, settings=settings, unlabelled=False)
        parts.append(np.concatenate([top for top, _ in sums.values()]))
    products = np.array(parts) @ np.array(parts).T
    np.fill_diagonal(products, 0.0)
    signs = 1 - 2 * (np.arange(2 ** (PARTS - 1))[:, None] >> np.arange(PARTS) & 1)
    turned = np.einsum("si,ij,sj->s", signs, products, signs)
    return float(np.mean(turned >= turned[0]))


def _held_out(
    sessions: Sequence[Material], *, moves: FloatArray, start: FloatArray, settings: CircuitSettings
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean log score of each held-out stretch: of the rest's average word, before and after learning, each (fold,)."""
    said = np.concatenate([one.labels.share for one in sessions])
    yes = np.concatenate([one.labels.yes for one in sessions])
    guess: list[float] = []
    before: list[float] = []
    after: list[float] = []
    for fold in range(FOLDS):
        inside = _fold(sessions, fold, FOLDS)
        rest = [
            one._replace(labels=one.labels.within(~_near(part, _GUARD_S)))
            for one, part in zip(sessions, inside, strict=True)
        ]
        learnt = np.isfinite(np.concatenate([one.labels.share for one in rest]))
        shifts = fit_shifts(rest, moves=moves, start=start, settings=settings)
        held = np.concatenate(inside)
        guess.append(float(_log_score(_guess(yes, said, learnt, start), said)[held].mean()))
        nothing: Shifts = {}
        for scores, by in ((before, nothing), (after, shifts)):
            p = np.concatenate([one.labels.asked(_read(one, by, moves, start, settings)) for one in sessions])
            # Nobody turns a dial as far as a model is sure: each is read at the temperature that suits the rest.
            mild = tempered(p, fit_temperature(p[learnt], said[learnt]))
            scores.append(float(_log_score(mild, said)[held].mean()))
    return np.array(guess), np.array(before), np.array(after)


def _guess(
    yes: NDArray[np.bool_], share: FloatArray, learnt: NDArray[np.bool_], start: FloatArray
) -> FloatArray:
    """Answer without looking: the rest's average word on being safe, the prior's share of any other states."""
    p: FloatArray = yes @ start
    about_safe = (yes == np.isin(np.arange(len(STATES)), SAFE)).all(axis=1)
    if (about_safe & learnt).any():
        p[about_safe] = share[about_safe & learnt].mean()
    return p


def _log_score(p: FloatArray, share: FloatArray) -> FloatArray:
    out: FloatArray = share * np.log(p) + (1.0 - share) * np.log1p(-p)
    return out


def _read(
    one: Material, shifts: Shifts, moves: FloatArray, start: FloatArray, settings: CircuitSettings
) -> FloatArray:
    """States from the other channels alone, shape (time, state)."""
    loglik = session_loglik(shifted(one.rows, shifts), one.parameters, settings)
    return forward_backward(loglik, moves, start).smoothed


def _fold(sessions: Sequence[Material], fold: int, folds: int) -> list[NDArray[np.bool_]]:
    """Which seconds of each session belong to one of ``folds`` pieces of the labelled time."""
    seen = [np.isfinite(one.labels.share) for one in sessions]
    number = np.cumsum(np.concatenate(seen)) - 1
    of = np.minimum(number * folds // max(int(number[-1]) + 1, 1), folds - 1) == fold
    parts = np.split(of, np.cumsum([len(s) for s in seen])[:-1])
    return [part & s for part, s in zip(parts, seen, strict=True)]


def _near(seconds: NDArray[np.bool_], reach: int) -> NDArray[np.bool_]:
    kernel = np.ones(2 * reach + 1)
    near: NDArray[np.bool_] = np.convolve(seconds, kernel, mode="full")[reach : reach + len(seconds)] > 0.5
    return near
