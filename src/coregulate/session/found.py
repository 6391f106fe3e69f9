"""What was recognised in a folder, and where on the session's clock it lies."""

from __future__ import annotations

import dataclasses
import math
from pathlib import PurePosixPath
from typing import NamedTuple

from coregulate.core import Notice, Stream


class Found(NamedTuple):
    """A stream that was recognised in a file."""

    path: str
    reader: str
    stream: Stream


class Placed(NamedTuple):
    """Where a stream lies: session time is ``offset_s`` + its own time, stretched by ``drift_ppm``.

    ``clock`` is ``unix`` (``offset_s`` comes on top of the file's own clock), ``tied`` (measured) or ``aligned``.
    """

    clock: str
    offset_s: float
    drift_ppm: float = 0.0
    uncertainty_s: float = math.nan


def in_its_folder(notice: Notice, path: str, part: str) -> Notice:
    """Name the file with its folder: two people's devices write files of the same names."""
    name = PurePosixPath(path).name
    if part and notice.where.startswith(part):
        return dataclasses.replace(notice, where=f"{path} {notice.where}")
    if name != path and notice.where.startswith(name):
        return dataclasses.replace(notice, where=path + notice.where.removeprefix(name))
    return notice
