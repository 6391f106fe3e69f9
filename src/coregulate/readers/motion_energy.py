"""Motion energy text: whole numbers, one column a person, no time (as MEA writes it)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from coregulate.core import FloatArray, FormatError, Notice, Signal, Stream

from .columns import is_identifier, is_time_name, kind_of
from .dialect import Dialect, split
from .frame import dialect_of, load, numbers
from .reader import SHAPED, TABLE_HINTS, Reader
from .text import head_of

RATE_HZ = 25.0  # docs/signals.md: proposed as a recorded assumption; PAL video has 25 frames a second
_LEAST_USED = 0.01  # prior: a column that moves in fewer frames is a region nobody is in
_MIN_PEAK = 50  # prior: counts of changed pixels reach far higher; codes and ratings do not


def sniff(path: Path) -> bool:
    """Whether a text file looks like motion energy: two to ten columns of counts from near zero, no time."""
    dialect = dialect_of(path)
    if dialect is None or not 2 <= dialect.n_columns <= 10 or not all(dialect.numeric):
        return False
    if any(
        is_time_name(n) or is_identifier(n) or kind_of(n) not in ("other", "motion_energy")
        for n in dialect.names
    ):
        return False
    return _counts(dialect, head_of(path).lines)


def _counts(dialect: Dialect, lines: tuple[str, ...]) -> bool:
    rows = [split(line, dialect.delimiter) for line in lines[dialect.skip :] if line.strip()]
    try:
        table = np.array([[float(f) for f in r] for r in rows if len(r) == dialect.n_columns])
    except ValueError:
        return False
    if (
        len(table) < 25
        or not np.isfinite(table).all()
        or (table < 0).any()
        or (table != np.round(table)).any()
    ):
        return False
    used = table[:, table.any(axis=0)]
    if used.shape[1] < 2:
        return False
    peaks = used.max(axis=0)
    # A counter rises all the time, an analogue channel stays away from zero; motion energy does neither.
    rising = (np.diff(used, axis=0) >= 0).all(axis=0)
    low = np.quantile(used, 0.05, axis=0) <= 0.5 * peaks
    spread = used.std(axis=0) > 0.15 * used.mean(axis=0)
    return bool((peaks >= _MIN_PEAK).any() and not rising.any() and low.all() and spread.all())


def read(path: Path, hints: Mapping[str, Any]) -> list[Stream]:
    """Read each column that is not all zero as one person's, at 25 Hz unless ``hints`` give a rate.

    Raises
    ------
    FormatError
        Where there are fewer than two columns.
    """
    frame = load(path)
    names = frame.names
    if len(names) < 2:
        raise FormatError("Motion energy needs a column for each person", "Check the file", path)
    rate_hz = float(hints.get("rate_hz") or RATE_HZ)
    assumed = not hints.get("rate_hz")
    streams: list[Stream] = []
    left_out: list[str] = []
    for name in names:
        values, notices = numbers(frame, name, path)
        share = float(np.mean(np.nan_to_num(values) != 0))
        if share < _LEAST_USED:
            if share > 0:
                left_out.append(name)
            continue
        if not streams:
            notices.extend(frame.notices)
        streams.append(_stream(path, name, values, rate_hz, assumed, notices))
    if not streams:
        raise FormatError(
            "All columns are zero", "Check that regions of interest were drawn before the export", path
        )
    if left_out:
        told = Notice("left_out", path.name, f"{', '.join(left_out)}: almost all zero, not read.")
        streams[0] = dataclasses.replace(streams[0], notices=(*streams[0].notices, told))
    return streams


def _stream(
    path: Path, name: str, values: FloatArray, rate_hz: float, assumed: bool, notices: list[Notice]
) -> Stream:
    values[values < 0] = np.nan
    if assumed:
        notices.append(
            Notice(
                "assumed_rate",
                path.name,
                f"The file has neither time nor rate: {rate_hz:g} frames a second are assumed.",
            )
        )
    data = Signal(values, rate_hz, 0.0, "pixels", name)
    return Stream(
        "motion_energy", data, str(path), name, None, name, "assumed" if assumed else "rate", tuple(notices)
    )


def _fits(hints: Mapping[str, Any]) -> bool:
    return hints.get("kind") in (None, "motion_energy") and not TABLE_HINTS & set(hints)


READER = Reader("motion_energy", sniff, read, SHAPED + 1, fits=_fits)
