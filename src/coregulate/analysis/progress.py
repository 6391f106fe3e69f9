"""Telling how far a long piece of work is, and sharing one bar among its parts."""

from __future__ import annotations

from collections.abc import Callable

#: Called with the share done (0 to 1) and what is done now.
Progress = Callable[[float, str], None]


def part(bar: Progress, begin: float, end: float) -> Progress:
    """Return what moves a bar from ``begin`` to ``end`` (shares of it) while a part goes from 0 to 1."""
    return lambda share, what: bar(begin + (end - begin) * share, what)
