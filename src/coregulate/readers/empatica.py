"""Empatica E4: a folder or zip with ACC, BVP, EDA, HR, IBI, TEMP and tags.

Each file: first line the Unix start, second the rate, then values. ACC counts 64 to the g.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np

from coregulate.core import Events, FloatArray, FormatError, Label, Notice, Signal, Stream, Track

from .archive import is_zip, names_in, unpacked
from .parse import floats, parse
from .reader import Reader
from .text import head_of, read_bytes


class _Part(NamedTuple):
    kind: str
    unit: str
    scale: float


_PARTS = {
    "ACC": _Part("acceleration", "g", 1 / 64),
    "BVP": _Part("ppg", "", 1.0),
    "EDA": _Part("eda", "us", 1.0),
    "HR": _Part("heart_rate", "1/min", 1.0),
    "TEMP": _Part("temperature", "degc", 1.0),
}
_NAME = re.compile(r"(?:(ACC|BVP|EDA|HR|TEMP|IBI)|(tags)\w*)\.csv$", re.IGNORECASE)
_HOTTEST_C = 60.0  # prior: no skin, nor what it touches
_START = re.compile(r"\s*1\d{9}(\.\d+)?\s*(,|$)")


def sniff(path: Path) -> bool:
    """Whether a folder or zip holds two or more such files, or a file is one of them."""
    if path.is_dir():
        named = [p for p in path.iterdir() if _part_of(p.name) not in ("", "tags") and p.is_file()]
        return sum(_is_part(head_of(p).lines) for p in named) >= 2
    head = head_of(path)
    if is_zip(head.raw):
        return len({_part_of(_base(n)) for n in names_in(path)} - {"", "tags"}) >= 2
    part = _part_of(path.name)
    return bool(part) and _is_part(head.lines)


def _part_of(name: str) -> str:
    match = _NAME.match(name)
    return "" if not match else (match[1] or match[2]).upper() if match[1] else "tags"


def _base(member: str) -> str:
    return PurePosixPath(member.replace("\\", "/")).name


def _is_part(lines: tuple[str, ...]) -> bool:
    return bool(lines) and bool(_START.match(lines[0][:100]))


def read(path: Path, hints: Mapping[str, Any]) -> list[Stream]:
    """Read what the folder, zip or file holds.

    Raises
    ------
    FormatError
        For a damaged or dangerous zip, or where nothing can be read.
    """
    files = _packed(path) if path.is_file() and is_zip(head_of(path).raw) else _listed(path)
    streams: list[Stream] = []
    problems: list[str] = []
    for name, raw in files.items():
        try:
            streams.append(_stream(name, raw, path))
        except FormatError as error:
            problems.append(f"{name}: {error.problem}")
    if not streams:
        raise FormatError(
            "; ".join(problems[:3]) or "It holds no file of an Empatica E4", "Export the session again", path
        )
    if problems:
        import dataclasses

        told = tuple(Notice("part_unreadable", path.name, text) for text in problems)
        streams[0] = dataclasses.replace(streams[0], notices=(*streams[0].notices, *told))
    return streams


def _listed(path: Path) -> dict[str, bytes]:
    if path.is_file():
        return {path.name: read_bytes(path)}
    members = sorted(p for p in path.iterdir() if p.is_file() and _part_of(p.name) and p.stat().st_size > 0)
    return {p.name: read_bytes(p) for p in members}


def _packed(path: Path) -> dict[str, bytes]:
    members = unpacked(path, lambda name: bool(_part_of(_base(name))))
    return {_base(name): raw for name, raw in members.items()}


def _stream(name: str, raw: bytes, path: Path) -> Stream:
    part = _part_of(name)
    lines = raw[:400].decode("latin-1").replace("\r", "\n").split("\n")
    if part == "tags":
        return _tags(name, raw, path)
    if not _START.match(lines[0]):
        raise FormatError("its first line is no Unix time", "Export it again", path)
    start = float(lines[0].split(",")[0])
    table = _table(raw, path)
    if part == "IBI":
        return _ibi(name, table, start, path)
    return _signal(name, table, start, _PARTS[part], path)


def _table(raw: bytes, path: Path) -> FloatArray:
    text = raw.decode("latin-1").replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    body = text[text.find("\n") + 1 :]
    try:
        table = parse(body, delimiter=",", names=["a", "b", "c"], decimal=".")
    except (ValueError, OverflowError) as error:
        raise FormatError(f"its numbers cannot be read ({error})", "Export it again", path) from None
    return np.column_stack([floats(table[c], ".") for c in table])


def _signal(name: str, table: FloatArray, start: float, what: _Part, path: Path) -> Stream:
    n_axes = 3 if what.kind == "acceleration" else 1
    if len(table) < 2:
        raise FormatError("it holds no values", "Export it again", path)
    rate_hz = float(table[0, 0])
    if not (np.isfinite(rate_hz) and 0 < rate_hz <= 10_000):
        raise FormatError(f"its rate is {rate_hz:g}", "The second line should be the rate in Hz", path)
    values = table[1:, :n_axes] * what.scale if n_axes > 1 else table[1:, 0]
    notices = []
    # Not finite: missing. Trailing commas and blank ends are dropped silently.
    values = np.where(np.isfinite(values), values, np.nan)
    n_missing = int(np.isnan(values).sum())
    unsettled = (values > _HOTTEST_C) & (what.kind == "temperature")
    if unsettled.any():
        values = np.where(unsettled, np.nan, values)
        text = f"{int(unsettled.sum())} values lie above {_HOTTEST_C:g} degrees (the sensor has not settled): read as missing."
        notices.append(Notice("off_scale", name, text))
    if np.isnan(values).all():
        raise FormatError("it holds no numbers", "Export it again", path)
    if n_missing:
        notices.append(Notice("not_numbers", name, f"{n_missing} values are no numbers: read as missing."))
    if float(np.nanmax(values)) == float(np.nanmin(values)):
        notices.append(Notice("constant", name, f"Every value is {float(np.nanmax(values)):g}: was it worn?"))
    data = Signal(values, rate_hz, 0.0, what.unit, name)
    return Stream(what.kind, data, str(path), name, start, "", "rate", tuple(notices))


def _ibi(name: str, table: FloatArray, start: float, path: Path) -> Stream:
    keep = np.isfinite(table[:, 0]) & np.isfinite(table[:, 1]) & (table[:, 1] > 0)
    if not keep.any():
        raise FormatError("it holds no intervals", "The device found no beats in a row", path)
    order = np.argsort(table[keep, 0], kind="stable")
    data = Events(table[keep, 0][order], table[keep, 1][order] * 1000.0, "ms", name)
    note = Notice(
        "gaps", name, "The device leaves out every beat that it doubts: what is missing is missing."
    )
    return Stream("rr", data, str(path), name, start, "", "stamps", (note,))


def _tags(name: str, raw: bytes, path: Path) -> Stream:
    stamps = [
        float(x) for x in re.findall(r"(?m)^\s*(1\d{9}(?:\.\d+)?)", raw.decode("latin-1").replace("\r", "\n"))
    ]
    if not stamps:
        raise FormatError("it holds no tags", "Nothing to do where the button was not pressed", path)
    origin = float(np.floor(min(stamps)))
    labels = tuple(Label(t - origin, t - origin, f"tag {k + 1}") for k, t in enumerate(sorted(stamps)))
    return Stream("markers", Track(labels, name), str(path), name, origin, "", "stamps")


READER = Reader("empatica", sniff, read, folders=True)
