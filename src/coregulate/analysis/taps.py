"""Moments that people tapped: marks of their own, such as "not safe", become their word on the seconds before."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from coregulate.circuits import ANSWERS, Correction
from coregulate.core import Label, Track
from coregulate.session import OwnedStream

#: A tap without a length speaks of the seconds before it: as late as a rating follows (0 to 4 s), and its own second.
BEFORE_S, AFTER_S = 4.0, 1.0
# What a tap may be wrapped in: "I did not feel safe", "that was play".
_FILLERS = frozenset(
    [
        "i",
        "me",
        "am",
        "was",
        "were",
        "is",
        "are",
        "felt",
        "feel",
        "did",
        "do",
        "this",
        "that",
        "it",
        "here",
        "now",
        "moment",
        "a",
        "at",
        "very",
    ]
)
# The words that people see for the states.
_SEEN: Mapping[str, str] = {
    "engaged": "social", "lively": "play", "playful": "play", "laughing": "play", "rest": "still",
    "activated": "mobilized", "fight flight": "fight_flight", "withdrawn": "shutdown",
}  # fmt: skip


def tapped(streams: Sequence[OwnedStream], person: str) -> tuple[Correction, ...]:
    """Read what one person tapped.

    Parameters
    ----------
    streams : sequence of OwnedStream
        In session time; only marks (kind ``markers``) that belong to this person count.
    person : str

    Returns
    -------
    tuple of Correction
        One for each mark that says what it was, or was not. Marks that say nothing of a state (a bare button press, ``BaselineStart``) are passed over.
    """
    marks = [
        label
        for s in streams
        if s.person == person and s.kind == "markers" and isinstance(s.data, Track)
        for label in s.data.labels
    ]
    return tuple(c for label in marks if (c := _correction(label)) is not None)


def _correction(label: Label) -> Correction | None:
    said = meaning(label.text)
    if said is None:
        return None
    start_s, end_s = label.start_s, label.end_s
    if not end_s > start_s:
        start_s, end_s = start_s - BEFORE_S, start_s + AFTER_S
    return Correction(start_s, end_s, *said)


def meaning(text: str) -> tuple[str, str] | None:
    """Return what a tap says it was, and was not; None where it says nothing of a state.

    Examples
    --------
    >>> meaning("This was not safe")
    ('', 'safe')
    >>> meaning("felt unsafe"), meaning("fight_flight"), meaning("BaselineStart")
    (('unsafe', ''), ('fight_flight', ''), None)
    """
    words = re.findall(r"[a-z]+", text.casefold().replace("n't", " not "))
    denied = "not" in words
    named = " ".join(w for w in words if w not in _FILLERS and w != "not")
    answer = _SEEN.get(named, named)
    if answer not in ANSWERS:
        return None
    return ("", answer) if denied else (answer, "")
