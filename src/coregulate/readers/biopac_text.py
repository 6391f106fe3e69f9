"""BIOPAC: the text that AcqKnowledge exports, whose first lines tell the sample interval, the channels and their units."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from coregulate.core import FormatError, Notice, Stream

from .channels import Channel, streams_of
from .dialect import split
from .large_table import read_rows
from .parse import floats
from .reader import Reader
from .stamps import written_times, zone_assumed
from .text import head_of

_STEP = re.compile(r"([\d.,]+)\s*(msec|sec|milliseconds|seconds)/sample\b", re.IGNORECASE)
_COUNT = re.compile(r"(\d{1,3}) channels?\s*$")
_BEGUN = re.compile(r"Recording on:\s*(.+)$")
_NUMBERED = re.compile(r"CH\d+$")


class _Header(NamedTuple):
    """What the first lines say; ``skip`` of them stand above the first row."""

    names: list[str]
    units: list[str]
    step_s: float
    columns: list[str]
    delimiter: str
    decimal: str
    skip: int


def sniff(path: Path) -> bool:
    """Whether a line tells the interval between samples, and the next how many channels there are."""
    return _place(head_of(path).lines) is not None


def _place(lines: Sequence[str]) -> int | None:
    """Return which line says how many channels there are."""
    pairs = itertools.pairwise(lines)
    return next(
        (k + 1 for k, (a, b) in enumerate(pairs) if _STEP.search(a) and _COUNT.match(b.strip())), None
    )


def read(path: Path, hints: Mapping[str, Any]) -> list[Stream]:
    """Read every channel by its own name and unit, at the rate that the first lines tell.

    Raises
    ------
    FormatError
        Where the first lines contradict themselves, or there are no rows.
    """
    lines = head_of(path).lines
    header = _header(lines, path)
    shown = [c for c in header.columns if _NUMBERED.match(c)]
    try:
        table = read_rows(
            path, skip=header.skip, delimiter=header.delimiter, names=header.columns, keep=shown
        )
    except (ValueError, OverflowError) as error:
        raise FormatError(f"Its rows cannot be read ({error})", "Export it again", path) from None
    notices: list[Notice] = []
    channels = []
    for column, name, unit in zip(shown, header.names, header.units, strict=True):
        values = floats(table[column], header.decimal)
        last = np.flatnonzero(np.isfinite(values))
        if len(last) and last[-1] < 0.9 * len(values):
            text = "It ends long before the others: if it was sampled more slowly, export it by itself."
            notices.append(Notice("shorter", f"{path.name}: {name}", text))
        channels.append(Channel(name, values, 1.0 / header.step_s, unit))
    origin = _begun(lines)
    if origin is not None:
        notices.append(zone_assumed(path.name))
    return streams_of(channels, path, origin_unix_s=origin, notices=notices)


def _header(lines: Sequence[str], path: Path) -> _Header:
    at = _place(lines)
    assert at is not None  # `sniff`
    step = _STEP.search(lines[at - 1])
    assert step is not None
    step_s = float(step[1].replace(",", ".")) * (1e-3 if step[2][0].casefold() == "m" else 1.0)
    n = int(lines[at].split()[0])
    titles = at + 1 + 2 * n
    if len(lines) <= titles + 1 or not (math.isfinite(step_s) and step_s > 0):
        raise FormatError(
            "Its first lines do not tell its channels, or it has no rows", "Export it again", path
        )
    delimiter = "\t" if "\t" in lines[titles] else ","
    columns = [c or f"column {k}" for k, c in enumerate(split(lines[titles], delimiter))]
    if sum(bool(_NUMBERED.match(c)) for c in columns) != n:
        raise FormatError(f"It names {n} channels and gives another number", "Export it again", path)
    counts = [f for f in split(lines[titles + 1], delimiter) if f]
    skip = titles + 1 + all(f.isdigit() for f in counts)
    named = [x.strip() for x in lines[at + 1 : titles]]
    decimal = "," if "," in step[1] else "."
    return _Header(named[::2], named[1::2], step_s, columns, delimiter, decimal, skip)


def _begun(lines: Sequence[str]) -> float | None:
    """Return the Unix time that a line says it was recorded on, if one does."""
    import pandas as pd

    said = next((m[1] for m in map(_BEGUN.match, lines[:6]) if m), None)
    if said is None:
        return None
    begun = float(written_times(pd.Series([said])).seconds[0])
    return begun if math.isfinite(begun) else None


READER = Reader("biopac_text", sniff, read)
