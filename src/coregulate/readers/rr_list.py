"""Intervals between beats, one number a line, without times."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from coregulate.core import Events, FloatArray, FormatError, Notice, Stream

from .columns import looks_like_rr
from .frame import dialect_of, load, numbers
from .text import head_of


def sniff(path: Path) -> bool:
    """Whether a text file is one column of numbers that can be intervals between beats.

    A sampled signal in the same range is told apart by its smoothness: the median step
    between successive values is over 0.1 of their standard deviation (prior; 0.22 to 0.66
    in four lists of intervals, 0.06 in sampled ECG, 0 in sampled breathing).
    """
    dialect = dialect_of(path)
    if dialect is None or dialect.n_columns != 1 or not dialect.numeric[0]:
        return False
    values = []
    for line in head_of(path).lines[dialect.skip :]:
        try:
            values.append(float(line.strip().strip('"').replace(",", ".")))
        except ValueError:
            continue
    return _intervals(np.array(values))


def _intervals(values: FloatArray) -> bool:
    if not looks_like_rr(values):
        return False
    present = values[np.isfinite(values)]
    spread = float(np.std(present))
    if spread == 0 or (len(present) > 2 and bool(np.all(np.diff(present) > 0))):
        return False
    return len(present) < 20 or float(np.median(np.abs(np.diff(present)))) > 0.1 * spread


def read(path: Path, hints: Mapping[str, Any]) -> list[Stream]:
    """Read the intervals in ms; ``times_s`` counts them up from 0, which holds only where no beat was lost.

    Raises
    ------
    FormatError
        Where the numbers are no intervals.
    """
    frame = load(path)
    values, notices = numbers(frame, frame.names[0], path)
    notices = [*frame.notices, *notices]
    values = values[np.isfinite(values)]
    if len(values) == 0 or float(np.median(values)) <= 0:
        raise FormatError("It holds no intervals", "One interval a line, in ms or s", path)
    if float(np.median(values)) < 10:
        values = values * 1000.0
    outside = int(np.sum((values < 300) | (values > 2000)))
    if outside:
        notices.append(
            Notice(
                "odd_intervals", path.name, f"{outside} intervals are shorter than 300 ms or longer than 2 s."
            )
        )
    values = values[values > 0]
    data = Events(np.cumsum(values) / 1000.0, values, "ms", "rr")
    return [Stream("rr", data, str(path), "", None, "", "intervals", tuple(notices))]
