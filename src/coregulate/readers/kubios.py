"""Kubios HRV: the text of its results, which lists the intervals it analysed with their times."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from coregulate.core import Events, FormatError, Stream

from .reader import Reader
from .text import head_of, read_lines

_LIST = re.compile(r"RR[ -]?INTERVAL (DATA|SAMPLES|SERIES)|R-R INTERVAL", re.IGNORECASE)


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
    at = next((k for k, line in enumerate(lines) if _LIST.search(line)), None)
    rows = [] if at is None else _pairs(lines[at + 1 :])
    if len(rows) < 2:
        raise FormatError(
            "It holds no list of intervals", "Export from Kubios with the RR series included", path
        )
    table = np.array(rows)
    values = table[:, 1] * (1000.0 if np.median(table[:, 1]) < 10 else 1.0)
    return [Stream("rr", Events(table[:, 0], values, "ms", "rr"), str(path), "", None, "", "stamps")]


def _pairs(lines: list[str]) -> list[tuple[float, float]]:
    """Return the first two numbers of each row, from the first row that has them to the first that has not."""
    rows: list[tuple[float, float]] = []
    for line in lines:
        fields = [f for f in re.split(r"[;\t ]+|,(?=\s)|,(?=\d+\.)", line.strip()) if f]
        numbers = [f.replace(",", ".") for f in fields[:2]]
        if len(numbers) == 2 and all(re.fullmatch(r"\d+(?:\.\d+)?", f) for f in numbers):
            rows.append((float(numbers[0]), float(numbers[1])))
        elif rows:
            break
    return rows


READER = Reader("kubios", sniff, read)
