"""LabChart (ADInstruments): the text that it exports, block after block, each with its own start.

A block opens with lines ``Interval=``, ``ExcelDateTime=``, ``ChannelTitle=``, ``Range=`` or ``UnitName=``; a row is a time, a
value for each channel and, after ``#``, a comment.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from coregulate.core import FloatArray, FormatError, Notice, Stream

from .channels import MAX_VALUES, Channel, marker_stream, streams_of
from .columns import EXCEL_DAY
from .parse import floats, parse
from .reader import Reader
from .stamps import DAY_S, zone_assumed
from .text import head_of, read_blocks

_KEY = re.compile(r"([A-Za-z]+)=(?:\t|$)")
_COMMENT = re.compile(r"#(?:\*|\d+)?\s*")
_TIME, _SAID = "\x01time", "\x01said"  # names that no channel has
_MORE = ("\x01a", "\x01b", "\x01c")  # of a comment that holds tabs itself, so that its row is not lost


class _Header(NamedTuple):
    """What stands above a block's rows; ``unix_s`` is NaN where it tells no date."""

    titles: tuple[str, ...]
    units: tuple[str, ...]
    step_s: float
    unix_s: float
    decimal: str


class _Block(NamedTuple):
    header: _Header
    values: list[FloatArray]
    marks: list[tuple[float, str]]

    @property
    def n_rows(self) -> int:
        return sum(len(v) for v in self.values)


def sniff(path: Path) -> bool:
    """Whether the first line gives an interval, and one below it the titles of channels."""
    lines = head_of(path).lines[:12]
    return (
        bool(lines) and lines[0].startswith("Interval=") and any(x.startswith("ChannelTitle=") for x in lines)
    )


def read(path: Path, hints: Mapping[str, Any]) -> list[Stream]:
    """Read every channel, each block from its own start, and the comments as ``markers``.

    Raises
    ------
    FormatError
        Where a block tells no interval, blocks differ in their channels, or there are no rows.
    """
    blocks = [b for b in _blocks(path) if b.n_rows]
    if not blocks:
        raise FormatError("It holds no rows", "Export it again", path)
    first = blocks[0].header
    if len({b.header.titles for b in blocks}) > 1:
        raise FormatError("Its blocks differ in their channels", "Export each block by itself", path)
    notices: list[Notice] = []
    starts = _starts(blocks, path, notices)
    origin = first.unix_s if math.isfinite(first.unix_s) else None
    channels = [_channel(k, blocks, starts) for k in range(len(first.titles))]
    streams = streams_of(channels, path, origin_unix_s=origin, notices=notices)
    marks = [(s + t, s + t, said) for s, b in zip(starts, blocks, strict=True) for t, said in b.marks]
    return [*streams, marker_stream(marks, path, "comments", origin_unix_s=origin)] if marks else streams


def _blocks(path: Path) -> Iterator[_Block]:
    block: _Block | None = None
    n_values = 0
    for part in _parts(path):
        rows = part
        if part.startswith("Interval="):
            if block is not None:
                yield block
            header, rows = _header(part, path)
            block = _Block(header, [], [])
        assert block is not None  # the first line opens a block: `sniff`
        n_values += _take(rows, block, path)
        if n_values > MAX_VALUES:
            raise FormatError("It holds more samples than can be read at once", "Export it in parts", path)
    if block is not None:
        yield block


def _parts(path: Path) -> Iterator[str]:
    """Yield the text in whole lines, so that what opens a block begins a part and is never cut."""
    held = ""
    for text in read_blocks(path):
        *whole, held = re.split(r"^(?=Interval=)", held + text.replace("\r\n", "\n"), flags=re.MULTILINE)
        yield from (w for w in whole if w)
        if held.count("\n") > 40:  # more than a header
            yield held
            held = ""
    if held:
        yield held


def _header(part: str, path: Path) -> tuple[_Header, str]:
    """Return what stands above a block's rows, and the rows."""
    said: dict[str, list[str]] = {}
    while match := _KEY.match(part):
        line, _, part = part.partition("\n")
        said[match[1]] = [field.strip() for field in line.split("\t")[1:]]
    step = said.get("Interval", [""])[0]
    titles = tuple(said.get("ChannelTitle", []))
    step_s = _number(step.split(" ")[0]) * (1e-3 if step.endswith("ms") else 1.0)
    if not (titles and step_s > 0 and math.isfinite(step_s)):
        raise FormatError(
            "A block tells no interval between its samples, or no channel", "Export it again", path
        )
    units = said.get("UnitName") or [r.split(" ")[-1] for r in said.get("Range", [])]
    days = _number(said.get("ExcelDateTime", [""])[0])
    decimal = "," if "," in step else "."
    return _Header(titles, tuple(units), step_s, (days - EXCEL_DAY) * DAY_S, decimal), part


def _number(text: str) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return math.nan


def _take(rows: str, block: _Block, path: Path) -> int:
    """Add rows to a block, and return how many values they held."""
    if not rows.strip():
        return 0
    header = block.header
    n_fields = rows.partition("\n")[0].split("#")[0].rstrip().count("\t") + 1
    columns = [f"\x01{k}" for k in range(len(header.titles))]
    names = [*([_TIME] if n_fields > len(columns) else []), *columns, _SAID, *_MORE]
    try:
        table = parse(rows, delimiter="\t", names=names, decimal=header.decimal)
    except (ValueError, OverflowError) as error:
        raise FormatError(f"Its rows cannot be read ({error})", "Export it again", path) from None
    spoken = table[_SAID].dropna()
    block.marks.extend(
        ((block.n_rows + k) * header.step_s, _COMMENT.sub("", str(spoken.iloc[i]), count=1).strip())
        for i, k in enumerate(spoken.index)
    )
    block.values.append(
        np.column_stack([floats(table[c], header.decimal) for c in columns]).astype(np.float32)
    )
    return int(block.values[-1].size)


def _starts(blocks: list[_Block], path: Path, notices: list[Notice]) -> list[float]:
    """Return when each block starts, in seconds from the first; without dates one follows the other."""
    stated = [b.header.unix_s - blocks[0].header.unix_s for b in blocks]
    if all(map(math.isfinite, stated)):
        notices.append(zone_assumed(path.name))
        return stated
    if len(blocks) > 1:
        text = "Its blocks tell no date: each is taken to begin where the one before it ends."
        notices.append(Notice("assumed_gap", path.name, text))
    lasts = [b.n_rows * b.header.step_s for b in blocks]
    return [float(x) for x in np.cumsum([0.0, *lasts[:-1]])]


def _channel(k: int, blocks: list[_Block], starts: list[float]) -> Channel:
    header = blocks[0].header
    unit = header.units[k] if k < len(header.units) else ""
    values = np.concatenate([part[:, k] for b in blocks for part in b.values]).astype(np.float64)
    if len(blocks) == 1:
        return Channel(header.titles[k], values, 1.0 / header.step_s, unit)
    times = [s + np.arange(b.n_rows) * b.header.step_s for s, b in zip(starts, blocks, strict=True)]
    return Channel(header.titles[k], values, None, unit, times_s=np.concatenate(times))


READER = Reader("labchart", sniff, read)
