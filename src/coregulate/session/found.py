"""What was recognised in a folder, and where on the session's clock it lies."""

from __future__ import annotations

import math
from typing import NamedTuple

from coregulate.core import Stream


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
