"""What one session of one person supports: the flags that report, words and episodes obey."""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from coregulate.core import CircuitSettings, FloatArray
from coregulate.cues import STATES

from .chain import Path
from .rows import Parameters, Rows
from .separability import WEAK, d_primes, groups, split_table, tells_safety
from .transitions import MOBILIZED, SAFE

#: Least codes or rating that an answer may rest on, in s (prior); half the session where that is shorter.
MIN_WORD_S = 120
#: Without a baseline, crossing between safe and unsafe must explain the cues better by this, in nats (prior).
MIN_MARGIN_NATS = 3.0


class Supported(NamedTuple):
    """What may be told of one person.

    ``d_prime`` and ``splits`` by pair ``a|b``; ``safe``, ``mobilized``: whether the
    question is supported; ``information_*``: share of the prior's entropy the
    session gained, 0..1, NaN where nothing is known; ``level_known``: else changes
    only; ``absolute``: codes, touch or rating are there; ``episodes``: whether an
    episode may rest on this person; ``groups``: states that must be summed;
    ``change_margin``: see :func:`~coregulate.circuits.fit.change_margin`, NaN with a
    trusted baseline.
    """

    d_prime: dict[str, float]
    splits: dict[str, bool]
    safe: bool
    mobilized: bool
    information_safe: float
    information_mobilized: float
    level_known: bool
    absolute: bool
    episodes: bool
    groups: tuple[tuple[str, ...], ...]
    change_margin: float = float("nan")

    @property
    def changes(self) -> bool:
        """Whether how P(safe) moves may be shown: else a person who never crossed explains the cues as well."""
        return self.level_known or (self.safe and not self.change_margin < MIN_MARGIN_NATS)


def support(
    rows: Rows,
    parameters: Parameters,
    path: Path,
    *,
    known: NDArray[np.bool_],
    trusted: bool,
    margin: float,
    prior: FloatArray,
    settings: CircuitSettings,
) -> Supported:
    """Say what a session supports.

    Parameters
    ----------
    rows, parameters, path
        The evidence, the fit and the inference.
    known : ndarray of bool, shape (time,)
    trusted : bool
        Whether the baseline was marked.
    margin : float
        How much better a session with changes explains the cues, nats; used where not trusted.
    prior : ndarray, shape (5,)
        Stationary shares.

    Returns
    -------
    Supported
    """
    floor = settings.d_prime_floor
    d_prime = d_primes(rows, parameters, settings)
    told = split_table(rows, d_prime, floor=floor, rated=has_word(rows, ("rating",)))
    # A rating says safe or not and nothing finer: whether somebody is mobilized rests on the rest.
    unrated = d_primes(rows, parameters, settings, rating=False) >= floor
    answers = ((SAFE, told), (MOBILIZED, told & unrated))
    questions = [question for question, by in answers if _tells(by, question)]
    information = [gained(path.smoothed[known], prior, question) for question in (SAFE, MOBILIZED)]
    anchored = _anchored(rows, parameters, settings)
    # Voice alone passed both floors in a third of simulated sessions without a safe second.
    weak = set(rows.channels) <= WEAK
    informed = information[0] >= settings.information_floor and margin >= MIN_MARGIN_NATS and not weak
    level = bool(known.any()) and bool(trusted or anchored or informed)
    alone = weak and len(set(rows.channels)) == 1
    pairs = list(combinations(range(len(STATES)), 2))
    return Supported(
        d_prime={f"{STATES[a]}|{STATES[b]}": float(d_prime[a, b]) for a, b in pairs},
        splits={f"{STATES[a]}|{STATES[b]}": bool(told[a, b]) for a, b in pairs},
        safe=SAFE in questions,
        mobilized=MOBILIZED in questions,
        information_safe=information[0],
        information_mobilized=information[1],
        level_known=level,
        absolute=bool(rows.absolute),
        episodes=level and (has_word(rows) or (tells_safety(d_prime, floor) and not alone)),
        groups=groups(told, STATES, questions),
        change_margin=margin,
    )


def _anchored(rows: Rows, parameters: Parameters, settings: CircuitSettings) -> bool:
    """Whether channels without a baseline say where safe lies: words, or touch where it tells safety.

    As a rule touch does not.
    """
    by_absolute = d_primes(rows, parameters, settings, only_absolute=True) >= settings.d_prime_floor
    return has_word(rows) or _tells(by_absolute, SAFE)


def has_word(rows: Rows, channels: tuple[str, ...] = ("codes", "rating")) -> bool:
    """Whether a person's word, a coder's or their own, covers enough of the session to rest on."""
    least = min(MIN_WORD_S, rows.n_seconds / 2)
    return any(c.channel in channels and float((c.present > 0).sum()) >= least for c in rows.absolute)


def gained(probabilities: FloatArray, prior: FloatArray, question: tuple[int, ...]) -> float:
    """Information about a yes-no question: (H(mean p) - mean H(p)) / H(prior).

    Parameters
    ----------
    probabilities : ndarray, shape (time, state)
        Of known seconds.
    prior : ndarray, shape (state,)
    question : tuple of int
        The states that answer yes.

    Returns
    -------
    float
        0..about 1; NaN without a known second.
    """
    if len(probabilities) == 0:
        return float("nan")
    p = np.asarray(np.clip(probabilities[:, list(question)].sum(axis=1), 0.0, 1.0), dtype=np.float64)
    before = _entropy(np.asarray(prior[list(question)].sum()))
    return float((_entropy(p.mean()) - _entropy(p).mean()) / before)


def _entropy(p: FloatArray) -> FloatArray:
    return np.asarray(-(xlogy(p, p) + xlogy(1.0 - p, 1.0 - p)), dtype=np.float64)


def _tells(told: NDArray[np.bool_], question: tuple[int, ...]) -> bool:
    """Whether one pair of states across the question is told apart."""
    rest = [s for s in range(len(STATES)) if s not in question]
    return bool(told[np.ix_(question, rest)].any())
