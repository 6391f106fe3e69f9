"""Moments that people tapped: marks of their own, such as "not safe", are their word on what was just before."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from coregulate.circuits import ANSWERS, Correction, Tap
from coregulate.core import Label, Track
from coregulate.session import OwnedStream

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


def tapped(streams: Sequence[OwnedStream], person: str) -> tuple[tuple[Tap, ...], tuple[Correction, ...]]:
    """Read what one person tapped.

    Parameters
    ----------
    streams : sequence of OwnedStream
        In session time; only marks (kind ``markers``) that belong to this person count.
    person : str

    Returns
    -------
    taps : tuple of Tap
        Marks without a length that say what it was, or was not.
    lasting : tuple of Correction
        Marks with a length that do. Others (a bare button press, ``BaselineStart``) are passed over.
    """
    taps: list[Tap] = []
    lasting: list[Correction] = []
    for label in _marks(streams, person):
        if (said := meaning(label.text)) is None:
            continue
        if label.end_s > label.start_s:
            lasting.append(Correction(label.start_s, label.end_s, *said))
        else:
            taps.append(Tap(label.start_s, *said))
    return tuple(taps), tuple(lasting)


def _marks(streams: Sequence[OwnedStream], person: str) -> list[Label]:
    return [
        label
        for s in streams
        if s.person == person and s.kind == "markers" and isinstance(s.data, Track)
        for label in s.data.labels
    ]


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
