"""A stream whose owner is known."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from coregulate.core import Clock, Data, Notice


class OwnedStream(NamedTuple):
    """A stream whose owner is known, in session time."""

    person: str
    kind: str
    data: Data
    path: str
    part: str
    clock: Clock
    timing: str
    range: tuple[float, float] | None
    notices: tuple[Notice, ...]
    who: Mapping[str, str] = MappingProxyType({})
    one_room: bool | None = None
    pieces: tuple[str, ...] = ()  # the files that one sensor went on in, where they are several
