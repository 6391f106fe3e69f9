"""Intervals between beats: one number a line, or a time and a number (Elite HRV, Kubios, HRV Logger)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from coregulate.core import Events, FloatArray, FormatError, Notice, Stream

from .columns import looks_like_rr
from .dialect import is_number, split
from .frame import Frame, dialect_of, load, numbers
from .reader import SHAPED, TABLE_HINTS, Reader
from .text import head_of


def sniff(path: Path) -> bool:
    """Whether a text file is intervals between beats: one column, or their times and themselves.

    A sampled signal in the same range is told apart by its smoothness: the median step
    between successive values is over 0.1 of their standard deviation (prior; 0.22 to 0.66
    in four lists of intervals, 0.06 in sampled ECG, 0 in sampled breathing).
    """
    dialect = dialect_of(path)
    if dialect is not None and dialect.n_columns == 2 and not dialect.names and all(dialect.numeric):
        rows = [split(line, dialect.delimiter) for line in head_of(path).lines[dialect.skip :][:500]]
        pairs = [[_number(f) for f in row] for row in rows if len(row) == 2]
        return len(pairs) > 2 and _follow(*np.array(pairs).T)
    if dialect is None or dialect.n_columns != 1 or not dialect.numeric[0]:
        return False
    values = []
    for line in head_of(path).lines[dialect.skip :]:
        try:
            values.append(float(line.strip().strip('"').replace(",", ".")))
        except ValueError:
            continue
    return _intervals(np.array(values))


def _number(field: str) -> float:
    return float(field.replace(",", ".")) if is_number(field) else np.nan


def _follow(times: FloatArray, values: FloatArray) -> bool:
    """Whether each time is the one before and an interval later: 90 % within 2 % (a lost beat breaks a step)."""
    scale = 1e-3 if np.nanmedian(values) > 10 else 1.0
    if not looks_like_rr(values) or np.any(np.diff(times) <= 0):
        return False
    steps = np.diff(times) * (1e-3 if np.nanmedian(np.diff(times)) > 10 else 1.0)
    near = np.minimum(np.abs(steps - values[1:] * scale), np.abs(steps - values[:-1] * scale))
    return bool(np.mean(near <= 0.02 * values[1:] * scale) >= 0.9)


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
    if len(frame.names) == 2:
        return [_with_times(frame, path)]
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


def _with_times(frame: Frame, path: Path) -> Stream:
    (times, first), (values, second) = (numbers(frame, name, path) for name in frame.names)
    keep = np.isfinite(times) & np.isfinite(values) & (values > 0)
    if not keep.any():
        raise FormatError("It holds no intervals", "Each line: time and interval", path)
    times = times * (1e-3 if np.median(np.diff(times[keep])) > 10 else 1.0)
    values = values * (1.0 if np.median(values[keep]) > 10 else 1000.0)
    order = np.flatnonzero(keep)[np.argsort(times[keep], kind="stable")]
    data = Events(times[order], values[order], "ms", "rr")
    return Stream("rr", data, str(path), "", None, "", "stamps", (*frame.notices, *first, *second))


def _fits(hints: Mapping[str, Any]) -> bool:
    return hints.get("kind") in (None, "rr") and not {"rate_hz", *TABLE_HINTS} & set(hints)


READER = Reader("rr_list", sniff, read, SHAPED, fits=_fits)
