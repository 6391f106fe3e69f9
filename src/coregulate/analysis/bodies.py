"""What is measured of each person on the way from the streams to the cues."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from coregulate.core import Events, Notice, Signal, Track
from coregulate.session import OwnedStream


class Bodies(NamedTuple):
    """What was measured of each person, in physical units, in session time."""

    signals: dict[str, dict[str, Signal]]
    quality: dict[str, dict[str, Signal]]
    events: dict[str, dict[str, Events]]
    tracks: dict[str, dict[str, Track]]
    ratings: dict[str, Signal]
    used: dict[tuple[str, str, str], str]
    notices: list[Notice]

    def use(self, stream: OwnedStream, gave: str) -> None:
        """Note what a stream gave."""
        self.used[stream.path, stream.kind, stream.part] = gave


def unmeasured(people: Sequence[str]) -> Bodies:
    """Return a place for each person, with nothing measured yet."""
    return Bodies(
        signals={pid: {} for pid in people}, quality={pid: {} for pid in people}, events={pid: {} for pid in people},
        tracks={pid: {} for pid in people}, ratings={}, used={}, notices=[],
    )  # fmt: skip
