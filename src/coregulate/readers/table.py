"""Delimited text: any table of numbers with a time column or a rate."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from coregulate.core import Events, FloatArray, FormatError, Notice, Samples, Signal, Stream

from .clock import Times, find_time, regular_or_samples, times_of
from .columns import (
    axes,
    in_unit,
    is_identifier,
    is_time_name,
    kind_of,
    looks_like_rr,
    owner_of,
    range_of,
    unit_of,
)
from .frame import Frame, counts_rows, dialect_of, find_column, is_numeric, load, numbers, rows_where
from .reader import SHAPED, Reader

RATING_STEP_S = 2.0  # prior: dials after a talk are kept at about this step
_FAST = frozenset({"ecg", "ppg", "eda", "respiration", "acceleration"})
_RATE_IN_NAME = re.compile(r"(?<![\d.])(\d+(?:\.\d+)?)[ _-]?hz(?![a-z])", re.IGNORECASE)


def sniff(path: Path) -> bool:
    """Whether a text file is a table with at least one column of numbers."""
    dialect = dialect_of(path)
    return dialect is not None and any(dialect.numeric)


def read(path: Path, hints: Mapping[str, Any]) -> list[Stream]:
    """Read each column of numbers as a stream.

    Columns without a kind stay ``other``. Without a time column the rate comes
    from ``hints``, else from the file's name (``...100hz...``, as an assumption),
    else the streams are ``other``: numbers without time.

    Raises
    ------
    FormatError, InputError
        Where there is no column of numbers, or none that is asked for.
    """
    frame = load(path)
    if hints.get("where"):
        frame = rows_where(frame, hints["where"], path)
    time_name = (
        find_column(frame, hints["time_column"], path)
        if hints.get("time_column") is not None
        else find_time(frame, path)
    )
    columns = _columns(frame, time_name, hints, path)
    kinds = {c: _kind(c, columns, frame, hints, path) for c in columns}
    fast = any(k in _FAST for k in kinds.values())
    rate_hz, rate_notice = _rate(path, hints) if time_name is None else (hints.get("rate_hz"), None)
    times = None
    # A dial in a table that counts its samples: about one each 2 s (prior), else one a second.
    step_s = RATING_STEP_S if set(kinds.values()) & {"rating"} else 1.0
    if time_name is not None:
        try:
            times = times_of(frame, time_name, path, rate_hint=rate_hz, fast=fast, step_s=step_s)
        except FormatError as error:
            raise FormatError(error.problem, error.cure, path) from None
    streams, empty = [], []
    for part, members in _parts(columns, kinds).items():
        stream = _stream(path, frame, part, members, kinds[members[0]], times, rate_hz, rate_notice, hints)
        if stream is None:
            empty.append(part)
        else:
            streams.append(stream)
    if not streams:
        raise FormatError("Its columns hold no numbers to use", "Check that the right file was given", path)
    return _told(streams, frame, empty, path)


def _told(streams: list[Stream], frame: Frame, empty: Sequence[str], path: Path) -> list[Stream]:
    """Put notices about the file as a whole on its first stream."""
    import dataclasses

    notices = list(frame.notices)
    if empty:
        notices.append(
            Notice(
                "left_out",
                path.name,
                f"Columns without any change or number, and without a known name: {', '.join(empty[:12])}.",
            )
        )
    if notices:
        streams[0] = dataclasses.replace(streams[0], notices=(*notices, *streams[0].notices))
    return streams


def _columns(frame: Frame, time_name: str | None, hints: Mapping[str, Any], path: Path) -> list[str]:
    if hints.get("columns"):
        asked = hints["columns"]
        asked = [asked] if isinstance(asked, str | int) else list(asked)
        return [find_column(frame, c, path) for c in asked]
    known = {find_column(frame, c, path) for c in hints.get("where") or {}}
    result = [
        c
        for c in frame.names
        if c != time_name
        and c not in known
        and is_numeric(frame, c)
        and not is_identifier(c)
        and not counts_rows(frame, c)
        and not (is_time_name(c) and kind_of(c) == "other")
    ]
    if not result:
        raise FormatError("No column holds a signal", "Name the columns to read (columns = [...])", path)
    return result


def _kind(column: str, columns: Sequence[str], frame: Frame, hints: Mapping[str, Any], path: Path) -> str:
    named = kind_of(column)
    if hints.get("kind") and (named == "other" or hints.get("columns") or len(columns) == 1):
        return str(hints["kind"])
    if named == "rr" and not looks_like_rr(numbers(frame, column, path)[0]):
        return "other"
    return named


def _rate(path: Path, hints: Mapping[str, Any]) -> tuple[float | None, Notice | None]:
    if hints.get("rate_hz") is not None:
        return float(hints["rate_hz"]), None
    match = _RATE_IN_NAME.search(path.name)
    if match and 0 < float(match[1]) < 1e6:
        rate = float(match[1])
        return rate, Notice(
            "assumed_rate", path.name, f"There is no time column: {rate:g} Hz is taken from the file's name."
        )
    return None, None


def _parts(columns: Sequence[str], kinds: Mapping[str, str]) -> dict[str, list[str]]:
    moving = axes([c for c in columns if kinds[c] == "acceleration"])
    parts: dict[str, list[str]] = {}
    for column in columns:
        for key, members in moving.items():
            if column in members:
                parts[key] = members
                break
        else:
            parts[column] = [column]
    return parts


def _stream(
    path: Path,
    frame: Frame,
    part: str,
    members: Sequence[str],
    kind: str,
    times: Times | None,
    rate_hz: float | None,
    rate_notice: Notice | None,
    hints: Mapping[str, Any],
) -> Stream | None:
    where = f"{path.name}: {part}"
    notices: list[Notice] = []
    stacked = []
    for member in members:
        values, told = numbers(frame, member, path)
        stacked.append(values)
        notices.extend(told)
    values = stacked[0] if len(stacked) == 1 else np.column_stack(stacked)
    if not np.isfinite(values).any():
        return None
    if float(np.nanmax(values)) == float(np.nanmin(values)):
        if kind == "other":
            return None
        notices.append(
            Notice("constant", where, f"Every value is {float(np.nanmax(values)):g}: a sensor that hung?")
        )
    stated = str(hints.get("unit") or unit_of(members[0]))
    values, unit, assumed = in_unit(values, kind, stated)
    if assumed:
        notices.append(Notice("assumed_unit", where, assumed))
    if kind == "rr" and (times is None or not times.counts):
        return _intervals(path, part, values, times, owner_of(members[0]), notices)
    if times is None and rate_hz is None:
        return _without_time(path, part, kind, values, unit, owner_of(members[0]), notices)
    return _timed(
        path,
        part,
        kind,
        values,
        unit,
        times,
        rate_hz,
        rate_notice,
        hints,
        owner_of(members[0]),
        notices,
        where,
    )


def _timed(
    path: Path,
    part: str,
    kind: str,
    values: FloatArray,
    unit: str,
    times: Times | None,
    rate_hz: float | None,
    rate_notice: Notice | None,
    hints: Mapping[str, Any],
    owner: str,
    notices: list[Notice],
    where: str,
) -> Stream:
    data: Signal | Samples
    timing, origin = "rate", None
    if times is None:
        assert rate_hz is not None  # told apart by the caller
        data = Signal(values, rate_hz, 0.0, unit, part)
        if rate_notice is not None:
            notices.append(rate_notice)
            timing = "assumed"
    else:
        declared = None if times.counts else rate_hz
        data, told = regular_or_samples(
            times.times_s, values[times.keep], rate_hz=declared, unit=unit, name=part, where=where
        )
        notices = [*times.notices, *notices, *told]
        timing, origin = times.timing, times.origin_unix_s
    attrs: dict[str, Any] = {"of_day": True} if times is not None and times.of_day else {}
    if kind == "rating":
        attrs["observed_range"] = (float(np.nanmin(values)), float(np.nanmax(values)))
        if (stated := range_of(part)) and _within(attrs["observed_range"], stated):
            attrs["declared_range"] = stated
    if hints.get("where"):
        attrs["where"] = {str(k): str(v) for k, v in hints["where"].items()}
    return Stream(kind, data, str(path), part, origin, owner, timing, tuple(notices), attrs)


def _within(observed: tuple[float, float], declared: tuple[float, float]) -> bool:
    return declared[0] <= observed[0] and observed[1] <= declared[1]


def _intervals(
    path: Path, part: str, values: FloatArray, times: Times | None, owner: str, notices: list[Notice]
) -> Stream:
    if times is not None:
        data = Events(times.times_s, values[times.keep], "ms", part)
        told = (*times.notices, *notices)
        attrs = {"of_day": True} if times.of_day else {}
        return Stream("rr", data, str(path), part, times.origin_unix_s, owner, "stamps", told, attrs)
    kept = values[np.isfinite(values)]
    return Stream(
        "rr",
        Events(np.cumsum(kept) / 1000.0, kept, "ms", part),
        str(path),
        part,
        None,
        owner,
        "intervals",
        tuple(notices),
    )


def _without_time(
    path: Path, part: str, kind: str, values: FloatArray, unit: str, owner: str, notices: list[Notice]
) -> Stream:
    what = f"'{part}' looks like {kind}, but there" if kind != "other" else "There"
    notices.append(
        Notice(
            "no_time",
            f"{path.name}: {part}",
            f"{what} is neither a time nor a rate: give rate_hz (and kind) to use it.",
        )
    )
    attrs = {"looks_like": kind} if kind != "other" else {}
    return Stream(
        "other",
        Events(np.empty(0), values, unit, part),
        str(path),
        part,
        None,
        owner,
        "assumed",
        tuple(notices),
        attrs,
    )


READER = Reader("table", sniff, read, SHAPED + 4)
