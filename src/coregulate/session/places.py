"""Whose face is on the left, whose voice comes first: what a shared recording cannot say of itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from coregulate.core import Notice, Stream

from .plan import PersonPlan

#: What tells two people apart in a recording of both: where the face is first seen, who speaks first.
PLACES = {"video": ("left", "right"), "audio": ("first", "second")}
_SAID = {"left": "the face on the left is", "first": "the voice heard first is"}


def placed_in(shared: Sequence[Stream], asked: Mapping[str, str], labels: Sequence[str]) -> dict[str, str]:
    """Return ``{place: name}`` for what was asked about places rather than about files."""
    places = {place for s in shared for place in PLACES.get(s.kind, ())} - {x.casefold() for x in labels}
    return {label.casefold(): name for name, label in asked.items() if label.casefold() in places}


def who_is_where(
    stream: Stream, path: str, people: Sequence[PersonPlan], placed: Mapping[str, str],
    assumptions: list[Notice],
) -> dict[str, str]:  # fmt: skip
    """Return ``{place: person id}`` of a shared recording; what nobody said is assumed and noted."""
    one, other = PLACES[stream.kind]
    pair = [p.id for p in people[:2]]
    by_name = {p.name.casefold(): p.id for p in people[:2]}
    for place, rest in ((one, other), (other, one)):
        if place in placed and placed[place].casefold() in by_name:
            owner = by_name[placed[place].casefold()]
            return {place: owner, rest: next(p for p in pair if p != owner)}
    text = f"Nobody says who is who: {_SAID[one]} taken to be {people[0].name}'s. Say it with --person NAME={one}."
    assumptions.append(Notice("assumed_who", path, text))
    return dict(zip((one, other), pair, strict=True))
