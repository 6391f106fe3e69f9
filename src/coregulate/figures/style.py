"""Colours, patterns and words: a state is never told by colour alone.

Contrast of at least 3:1 on white and on dark; the order is fixed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

PERSON_COLOURS = ("#0072B2", "#B34700")
SAFE, ACTIVATED, WITHDRAWN, NEITHER = "#60998C", "#9D5D0F", "#7353B8", "#767676"
INK = "#6b7280"
_SAFE_STATES = frozenset(("social", "play", "still"))
_WORDS = {
    "social": "engaged",
    "play": "lively",
    "still": "at rest",
    "fight_flight": "activated",
    "shutdown": "withdrawn",
}
_HATCHES = {"social": "", "play": "////", "still": "....", "fight_flight": "xxx", "shutdown": "---"}


class Look(NamedTuple):
    """How a state, or a sum of states that cannot be told apart, is drawn."""

    word: str
    colour: str
    hatch: str


def look_of(group: Sequence[str]) -> Look:
    """Return word, colour and pattern of a group of states.

    Examples
    --------
    >>> look_of(("social", "play", "still"))
    Look(word='at ease', colour='#60998C', hatch='')
    >>> look_of(("shutdown",)).word
    'withdrawn'
    """
    members = frozenset(group)
    if len(group) == 1:
        state = group[0]
        colour = SAFE if state in _SAFE_STATES else ACTIVATED if state == "fight_flight" else WITHDRAWN
        return Look(_WORDS[state], colour, _HATCHES[state])
    if members == _SAFE_STATES:
        return Look("at ease", SAFE, "")
    if members <= _SAFE_STATES:
        return Look(" or ".join(_WORDS[s] for s in group), SAFE, "\\\\")
    if members == {"fight_flight", "shutdown"}:
        return Look("activated or withdrawn", ACTIVATED, "xx--")
    if len(members) == len(_WORDS):
        return Look("not clear", "none", "")
    return Look(" or ".join(_WORDS[s] for s in group), NEITHER, "\\\\\\\\")
