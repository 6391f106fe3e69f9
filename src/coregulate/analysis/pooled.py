"""Several sessions of the same two people, read together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from coregulate.bond import Bond, Word, pool_words
from coregulate.core import BondSettings

from .result import SessionFacts


class Pooled(NamedTuple):
    """One word for several sessions.

    Attributes
    ----------
    people : tuple of str
        Ids of the two, in the order of ``word``.
    cue : str
        The pair of series that the word rests on in each of them.
    at : tuple of int
        Which of the sessions.
    word : Word
    """

    people: tuple[str, str]
    cue: str
    at: tuple[int, ...]
    word: Word


def pool_sessions(sessions: Sequence[tuple[SessionFacts, Bond]], *, settings: BondSettings) -> list[Pooled]:
    """Pool the words of the sessions that have the same two people and the same primary pair of series.

    People are the same where ids and names are: the caller has to know that "Patient" is one patient.

    Parameters
    ----------
    sessions : sequence of (SessionFacts, Bond)
    settings : BondSettings

    Returns
    -------
    list of Pooled
        One for each two people with two sessions or more, in the order of their first.
    """
    groups: dict[tuple[Any, ...], list[int]] = {}
    for k, (facts, bond) in enumerate(sessions):
        if bond.primary is not None:
            two = frozenset((p, facts.name_of(p)) for p in bond.primary["people"])
            groups.setdefault((two, bond.primary["cue"]), []).append(k)
    found = []
    for (_, cue), at in groups.items():
        if len(at) > 1:
            people = _people(sessions[at[0]][1])
            words = [_in_order(sessions[k][1], people) for k in at]
            found.append(Pooled(people, cue, tuple(at), pool_words(words, settings=settings)))
    return found


def pooled_summary(pooled: Pooled) -> dict[str, Any]:
    """Return ``bond.pooled`` of the JSON object of each of the sessions."""
    word = pooled.word
    return {
        "sessions": len(pooled.at), "people": list(pooled.people), "cue": pooled.cue,
        "verdict": word.verdict, "reason": word.reason, "common_s": word.common_s,
        "stability_gain": {"value": word.gain.value, "low": word.gain.low, "high": word.gain.high},
        "p_any": word.p_any, "p12": word.p12, "p21": word.p21, "rival_margin": word.rival_margin,
    }  # fmt: skip


def _people(bond: Bond) -> tuple[str, str]:
    first, second = bond.primary["people"] if bond.primary else ("", "")
    return first, second


def _in_order(bond: Bond, people: tuple[str, str]) -> Word:
    return bond.word if _people(bond) == people else bond.word.swapped()
