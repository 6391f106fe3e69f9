"""Kubios HRV: the text of its results, which lists the intervals it analysed with their times."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from coregulate.core import Events, FormatError, Notice, Stream

from .reader import Reader
from .text import head_of, read_lines

_LIST = re.compile(r"RR[ -]?INTERVAL (DATA|SAMPLES|SERIES)|R-R INTERVAL", re.IGNORECASE)

_SAMPLES = re.compile(r"\s*Number of samples:\s*(\d{1,4})\s*$")
_BETWEEN = re.compile(r"[;\t]|,(?=\s|$)|,(?=\d+\.)")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def sniff(path: Path) -> bool:
    """Whether the first lines name Kubios."""
    return any("kubios" in line.casefold() for line in head_of(path).lines[:10])


def read(path: Path, hints: Mapping[str, Any]) -> list[Stream]:
    """Read the list of times and intervals; results (SDNN, spectra, ...) are left out.

    Raises
    ------
    FormatError
        Where it holds no such list.
    """
    lines = read_lines(path)
    # The last such heading: the first may be of what was selected.
    at = max((k for k, line in enumerate(lines) if _LIST.search(line)), default=None)
    rows = [] if at is None else _pairs(lines[at + 1 :])
    if len(rows) < 2:
        raise FormatError(
            "It holds no list of intervals", "Export from Kubios with the RR series included", path
        )
    table = np.array(rows)
    values = table[:, 1] * (1000.0 if np.median(table[:, 1]) < 10 else 1.0)
    samples = next((int(m[1]) for m in map(_SAMPLES.match, lines) if m), 1)
    told = f"Kubios analysed {samples} samples: the intervals of the first are read."
    notices = (Notice("left_out", path.name, told),) if samples > 1 else ()
    return [Stream("rr", Events(table[:, 0], values, "ms", "rr"), str(path), "", None, "", "stamps", notices)]


def _pairs(lines: list[str]) -> list[tuple[float, float]]:
    """Return the first two columns of numbers, from the first row that has them to the first that has not.

    Spectra stand in columns beside the intervals, and may go on below their end.
    """
    rows: list[tuple[float, float]] = []
    at: int | None = None
    for line in lines:
        fields = [f.strip().replace(",", ".") for f in _BETWEEN.split(line.strip("\r\n"))]
        if len(fields) < 2:
            fields = line.split()
        numbers = [bool(_NUMBER.fullmatch(f)) for f in fields]
        if at is None:
            at = next((k for k, (a, b) in enumerate(pairwise(numbers)) if a and b), None)
        if at is not None and len(numbers) > at + 1 and numbers[at] and numbers[at + 1]:
            rows.append((float(fields[at]), float(fields[at + 1])))
        elif rows:
            break
    return rows


READER = Reader("kubios", sniff, read)
