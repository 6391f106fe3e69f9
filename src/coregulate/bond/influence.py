"""Influence: whose cue changes whose state, as hazard ratios against moments without the cue."""

from __future__ import annotations

from collections.abc import Mapping
from math import comb
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coregulate.core import Estimate, FloatArray, SignalError

from .corrections import benjamini_hochberg

WINDOW_S = 20.0  # docs/bond.md: how long after a cue a move counts as its
SAFE_ABOVE, UNSAFE_BELOW = 0.6, 0.4  # prior: a move is told where P(safe) crosses both
# prior: moments are matched by the time in the state. Finer, and a stratum holds one move, which ends its
# own seconds: six edges and blocks of ten minutes read a ratio of 4 as 5.2.
BOUT_EDGES_S = (20.0, 60.0)
BLOCK_S = 1800.0  # prior: and by half hour, so that a drift of both is no influence
LEAST_CUES = 5  # prior
LEAST_MOVES = 5  # prior
TOWARD = ("safety", "threat")


class Influence(NamedTuple):
    """How one person's cue changes how soon the other moves.

    Parameters
    ----------
    person, cue : str
        Whose cue, and which.
    other : str
        Who moves.
    toward : str
        ``safety`` (from unsafe to safe) or ``threat`` (the other way).
    hazard_ratio : Estimate
        Moves a second within 20 s after the cue against matched seconds without; above 1: sooner. ``p``
        is two-sided (mid-p), the interval is the one that belongs to it.
    q : float
        Benjamini-Hochberg over all that were tested together.
    n_cues, n_moves : int
        Cues, and moves of the other that count (their stratum has seconds with and without the cue).
    """

    person: str
    cue: str
    other: str
    toward: str
    hazard_ratio: Estimate
    q: float
    n_cues: int
    n_moves: int


def measure_influence(
    cues: Mapping[str, Mapping[str, FloatArray]], safe: Mapping[str, FloatArray], *, step_s: float = 1.0
) -> tuple[Influence, ...]:
    """Test every cue of each of two people against the other's moves, both ways.

    Parameters
    ----------
    cues : mapping of person to mapping of cue to array, shape (m,)
        Seconds at which the cue began.
    safe : mapping of person to array, shape (n,)
        P(safe) each ``step_s``, NaN where not known. Who is not in it is not moved.
    step_s : float
        Above 0.

    Returns
    -------
    tuple of Influence
        Smallest p first; empty where fewer than 5 cues or 5 moves can be counted.

    Notes
    -----
    Not causation: what makes one show a cue can move the other as well. A cue that is measured on both
    (turns, touch) is also evidence for the other's state; leave those out.
    """
    found = []
    for person, shown in cues.items():
        for other, course in safe.items():
            if other == person:
                continue
            for cue, times_s in shown.items():
                for toward in TOWARD:
                    ratio, n_moves = hazard_ratio(course, times_s, toward=toward, step_s=step_s)
                    if len(times_s) >= LEAST_CUES and n_moves >= LEAST_MOVES:
                        found.append(
                            Influence(person, cue, other, toward, ratio, np.nan, len(times_s), n_moves)
                        )
    q = benjamini_hochberg(np.array([f.hazard_ratio.p for f in found]))
    found = [f._replace(q=float(value)) for f, value in zip(found, q, strict=True)]
    return tuple(sorted(found, key=lambda f: (f.hazard_ratio.p, f.person, f.cue, f.toward)))


def hazard_ratio(
    safe: FloatArray,
    cues_s: FloatArray,
    *,
    toward: str,
    step_s: float = 1.0,
    window_s: float = WINDOW_S,
) -> tuple[Estimate, int]:
    """Compare how often a person moves within ``window_s`` after a cue and at matched moments without.

    Parameters
    ----------
    safe : array, shape (n,)
        P(safe) each ``step_s`` seconds, NaN where not known.
    cues_s : array, shape (m,)
        Seconds at which the cue began.
    toward : str
        ``safety`` or ``threat``.
    step_s, window_s : float

    Returns
    -------
    Estimate
        Hazard ratio, 95 % interval, two-sided p.
    int
        Moves that count.

    Raises
    ------
    SignalError
        For another ``toward``, or a step or window that is not above 0.

    Notes
    -----
    A discrete-time hazard: every second in which the person could move is one trial. Seconds are matched
    by the time since the state began and by half hour; given the moves of a stratum, how many fall into
    its seconds after a cue is binomial, also where the moves are few and the cues come in clusters.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> safe = np.repeat(rng.random(120) < 0.5, 30).astype(float)
    >>> turns = np.flatnonzero(np.diff(safe) > 0) + 1
    >>> found, n_moves = hazard_ratio(safe, turns - 5.0, toward="safety")
    >>> found.low > 3, n_moves == len(turns)
    (True, True)
    """
    if toward not in TOWARD or not step_s > 0 or not window_s > 0:
        raise SignalError(
            f"toward '{toward}', step {step_s}, window {window_s}",
            f"toward is one of {', '.join(TOWARD)}; step and window lie above 0",
        )
    state = _states(np.asarray(safe, dtype=np.float64))
    here = 0.0 if toward == "safety" else 1.0
    at_risk = np.flatnonzero((state[:-1] == here) & np.isfinite(state[1:])) + 1
    moved = state[at_risk] != here
    after = _after(np.asarray(cues_s, dtype=np.float64), len(state), step_s, window_s)[at_risk]
    bout = np.digitize(_since(state)[at_risk - 1] * step_s, BOUT_EDGES_S)
    stratum = bout + (len(BOUT_EDGES_S) + 1) * (at_risk * step_s // BLOCK_S).astype(np.int64)
    count = [
        np.bincount(stratum[use], minlength=stratum.max(initial=0) + 1) for use in (after, ~after, moved)
    ]
    both = (count[0] > 0) & (count[1] > 0) & (count[2] > 0)
    n_after = int(np.sum(after & moved & both[stratum])) if len(stratum) else 0
    return _ratio(n_after, *(c[both] for c in count)), int(count[2][both].sum())


def _states(safe: FloatArray) -> FloatArray:
    """1 safe, 0 not, NaN where not known: told where P(safe) is clear, kept in between."""
    clear = np.where(safe >= SAFE_ABOVE, 1.0, np.where(safe <= UNSAFE_BELOW, 0.0, np.nan))
    told = np.isfinite(clear) | ~np.isfinite(safe)
    last = np.maximum.accumulate(np.where(told, np.arange(len(safe)), 0))
    return np.asarray(clear[last])


def _since(state: FloatArray) -> FloatArray:
    """Count the samples since the present state began."""
    index = np.arange(len(state))
    began = np.r_[True, state[1:] != state[:-1]]
    return np.asarray(index - np.maximum.accumulate(np.where(began, index, 0)), dtype=np.float64)


def _after(cues_s: FloatArray, n: int, step_s: float, window_s: float) -> NDArray[np.bool_]:
    """Whether a cue began in the ``window_s`` before each sample, the sample itself left out."""
    at = (cues_s[np.isfinite(cues_s)] // step_s).astype(np.int64)
    edge = np.zeros(n + 1)
    first = np.clip(at + 1, 0, n)
    np.add.at(edge, first, 1)
    np.add.at(edge, np.clip(at + 1 + round(window_s / step_s), 0, n), -1)
    return np.asarray(np.cumsum(edge)[:n] > 0)


def _ratio(
    found: int, with_cue: NDArray[np.intp], without: NDArray[np.intp], moves: NDArray[np.intp]
) -> Estimate:
    """Conditional estimate of one ratio common to all strata, its exact mid-p interval and p."""
    from scipy.optimize import brentq

    n = int(moves.sum())
    method = "hazard ratio, matched by time in the state"
    if n == 0:
        return Estimate(np.nan, method=method)
    odds = with_cue / without

    def tails(log_ratio: float) -> tuple[float, float]:
        """P(as few or fewer), P(as many or more), the case itself counted half in each."""
        share = np.exp(log_ratio) * odds
        pmf = _sum_of_binomials(moves, share / (1 + share))
        return float(pmf[:found].sum() + pmf[found] / 2), float(pmf[found + 1 :].sum() + pmf[found] / 2)

    def expected(log_ratio: float) -> float:
        share = np.exp(log_ratio) * odds
        return float(moves @ (share / (1 + share))) - found

    far = 12.0  # of a log ratio: beyond it the answer is "without end"
    low = brentq(lambda x: tails(x)[1] - 0.025, -far, far) if found > 0 else -np.inf
    high = brentq(lambda x: tails(x)[0] - 0.025, -far, far) if found < n else np.inf
    value = -np.inf if found == 0 else np.inf if found == n else brentq(expected, -far, far)
    p = min(1.0, 2 * min(tails(0.0)))
    return Estimate(
        float(np.exp(value)),
        float(np.exp(low)),
        float(np.exp(high)),
        p=p,
        n_effective=float(n),
        method=method,
    )


def _sum_of_binomials(n: NDArray[np.intp], p: FloatArray) -> FloatArray:
    pmf = np.ones(1)
    for count, share in zip(n.tolist(), p.tolist(), strict=True):
        k = np.arange(count + 1)
        ways = np.array([comb(count, i) for i in range(count + 1)], dtype=np.float64)
        pmf = np.convolve(pmf, ways * share**k * (1 - share) ** (count - k))
    return pmf
