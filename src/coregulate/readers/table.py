"""Delimited text: any table of numbers with a time column or a rate."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from coregulate.core import Data, Events, FloatArray, FormatError, Notice, Signal, Stream

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
    timing = _timing(frame, time_name, set(kinds.values()), hints, path)
    streams, empty = [], []
    for part, members in _parts(columns, kinds).items():
        stream = _stream(
            _Part(path, part, kinds[members[0]], owner_of(members[0])), frame, members, timing, hints
        )
        if stream is None:
            empty.append(part)
        else:
            streams.append(stream)
    if not streams:
        raise FormatError("Its columns hold no numbers to use", "Check that the right file was given", path)
    return _told(streams, frame, empty, path)


class _Timing(NamedTuple):
    """The times of a table's rows, or their rate and how it was told; neither where nothing tells it."""

    times: Times | None
    rate_hz: float | None
    notice: Notice | None


class _Part(NamedTuple):
    """A stream to be: a column, or the axes of an accelerometer."""

    path: Path
    name: str
    kind: str
    owner: str

    @property
    def where(self) -> str:
        return f"{self.path.name}: {self.name}"

    def stream(
        self,
        data: Data,
        origin: float | None,
        timing: str,
        notices: Sequence[Notice],
        attrs: Mapping[str, Any],
    ) -> Stream:
        return Stream(
            self.kind,
            data,
            str(self.path),
            self.name,
            origin,
            self.owner,
            timing,
            tuple(notices),
            dict(attrs),
        )


def _timing(
    frame: Frame, time_name: str | None, kinds: Set[str], hints: Mapping[str, Any], path: Path
) -> _Timing:
    if time_name is None:
        return _Timing(None, *_rate(path, hints))
    rate_hz = hints.get("rate_hz")
    # A dial in a table that counts its samples: about one each 2 s (prior), else one a second.
    step_s = RATING_STEP_S if "rating" in kinds else 1.0
    try:
        times = times_of(frame, time_name, path, rate_hint=rate_hz, fast=bool(kinds & _FAST), step_s=step_s)
    except FormatError as error:
        raise FormatError(error.problem, error.cure, path) from None
    return _Timing(times, rate_hz, None)


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
    part: _Part, frame: Frame, members: Sequence[str], timing: _Timing, hints: Mapping[str, Any]
) -> Stream | None:
    """Return a part's stream, or None where it holds no number, or nothing that changes and has a use."""
    values, notices = _values(frame, members, part.path)
    if not np.isfinite(values).any():
        return None
    lowest, highest = float(np.nanmin(values)), float(np.nanmax(values))
    if lowest == highest:
        if part.kind == "other":
            return None
        text = f"Every value is {highest:g}: a sensor that hung?"
        notices.append(Notice("constant", part.where, text))
    values, unit, assumed = in_unit(values, part.kind, str(hints.get("unit") or unit_of(members[0])))
    if assumed:
        notices.append(Notice("assumed_unit", part.where, assumed))
    if part.kind == "rr" and (timing.times is None or not timing.times.counts):
        return _intervals(part, values, timing.times, notices)
    if timing.times is not None:
        return _stamped(part, values, unit, timing.times, timing.rate_hz, hints, notices)
    if timing.rate_hz is None:
        return _without_time(part, values, unit, notices)
    if timing.notice is not None:
        notices.append(timing.notice)
    signal = Signal(values, timing.rate_hz, 0.0, unit, part.name)
    told = "rate" if timing.notice is None else "assumed"
    return part.stream(signal, None, told, notices, _attrs(part, values, hints))


def _values(frame: Frame, members: Sequence[str], path: Path) -> tuple[FloatArray, list[Notice]]:
    """Return the numbers of a part's columns, one beside the other where it has several."""
    columns = [numbers(frame, member, path) for member in members]
    stacked = [values for values, _ in columns]
    notices = [notice for _, told in columns for notice in told]
    return (stacked[0] if len(stacked) == 1 else np.column_stack(stacked)), notices


def _stamped(
    part: _Part, values: FloatArray, unit: str, times: Times, rate_hz: float | None, hints: Mapping[str, Any],
    notices: Sequence[Notice],
) -> Stream:  # fmt: skip
    declared = None if times.counts else rate_hz
    data, told = regular_or_samples(
        times.times_s, values[times.keep], rate_hz=declared, unit=unit, name=part.name, where=part.where
    )
    attrs = {**_of_day(times), **_attrs(part, values, hints)}
    return part.stream(data, times.origin_unix_s, times.timing, [*times.notices, *notices, *told], attrs)


def _of_day(times: Times) -> dict[str, Any]:
    return {"of_day": True} if times.of_day else {}


def _attrs(part: _Part, values: FloatArray, hints: Mapping[str, Any]) -> dict[str, Any]:
    """Return a rating's range, as used and as declared, and which rows were asked for."""
    attrs: dict[str, Any] = {}
    if part.kind == "rating":
        attrs["observed_range"] = (float(np.nanmin(values)), float(np.nanmax(values)))
        if (stated := range_of(part.name)) and _within(attrs["observed_range"], stated):
            attrs["declared_range"] = stated
    if hints.get("where"):
        attrs["where"] = {str(k): str(v) for k, v in hints["where"].items()}
    return attrs


def _within(observed: tuple[float, float], declared: tuple[float, float]) -> bool:
    return declared[0] <= observed[0] and observed[1] <= declared[1]


def _intervals(part: _Part, values: FloatArray, times: Times | None, notices: Sequence[Notice]) -> Stream:
    if times is not None:
        data = Events(times.times_s, values[times.keep], "ms", part.name)
        return part.stream(data, times.origin_unix_s, "stamps", [*times.notices, *notices], _of_day(times))
    kept = values[np.isfinite(values)]
    return part.stream(
        Events(np.cumsum(kept) / 1000.0, kept, "ms", part.name), None, "intervals", notices, {}
    )


def _without_time(part: _Part, values: FloatArray, unit: str, notices: Sequence[Notice]) -> Stream:
    what = f"'{part.name}' looks like {part.kind}, but there" if part.kind != "other" else "There"
    text = f"{what} is neither a time nor a rate: give rate_hz (and kind) to use it."
    attrs = {"looks_like": part.kind} if part.kind != "other" else {}
    data = Events(np.empty(0), values, unit, part.name)
    told = [*notices, Notice("no_time", part.where, text)]
    return part._replace(kind="other").stream(data, None, "assumed", told, attrs)


READER = Reader("table", sniff, read, SHAPED + 4)
