"""What a format's module gives to the door, and how a format asks for a package that it needs."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from coregulate.core import MissingExtraError, Stream

#: The file names itself: its first bytes, first line or keys are those of one format alone.
MARKED = 0
#: The file is told by the shape of its lines; a higher number is tried later (the narrowest shape first).
SHAPED = 10
#: Hints that only a table can answer.
TABLE_HINTS = frozenset({"where", "columns", "time_column"})


def any_hints(hints: Mapping[str, Any]) -> bool:
    """Whether a reader may have the file whatever the user said of it: always."""
    return True


class Reader(NamedTuple):
    """A format: each module of this room that has a ``READER`` is one, found without a list of them.

    ``sniff`` tells from the beginning of a file (or a folder, where ``folders``) whether it is of the
    format; ``fits`` whether the reader may have it, given the user's hints.
    """

    name: str
    sniff: Callable[[Path], bool]
    read: Callable[[Path, Mapping[str, Any]], list[Stream]]
    rank: int = MARKED
    folders: bool = False
    fits: Callable[[Mapping[str, Any]], bool] = any_hints


def optional(module: str, package: str, path: Path) -> Any:
    """Import a package of the extra ``formats``.

    Raises
    ------
    MissingExtraError
        Where it is not installed; the message names it.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        raise MissingExtraError(
            f"Reading this file needs the package {package}, which is not installed",
            "Run: python make.py formats",
            path,
        ) from None
