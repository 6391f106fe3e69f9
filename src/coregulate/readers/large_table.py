"""A delimited text that is too large to hold: read block by block, and of each block only what has a use is kept.

Columns whose names say nothing are left out where all would be too many; numbers are kept as float32, times and
counts as float64. Where a time column says seconds and even that is too much, neighbouring rows are averaged, down to
500 a second at the least.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from coregulate.core import FloatArray, FormatError, Notice

from .columns import is_identifier, is_time_name, kind_of, seconds_of
from .parse import floats, is_stamp, names_zone, not_numbers, parse, unix_seconds, zone_assumed
from .text import read_blocks, read_text

if TYPE_CHECKING:
    import pandas as pd

WHOLE_BYTES = 64 << 20  # prior: a text of this size takes some 600 MB where it is read as a whole
MAX_NUMBERS = 80_000_000  # prior: 320 MB, held twice while the streams are made
_LEAST_HZ = 500.0  # prior: beats are still placed to 2 ms
_SMALLER = 4  # prior: how much gzip packs a text of numbers


class Large(NamedTuple):
    """What was kept, how many lines and rows there were (blank lines are no rows), and what was noticed."""

    table: pd.DataFrame
    n_lines: int
    n_rows: int
    notices: tuple[Notice, ...]


def is_large(path: Path) -> bool:
    """Whether a text is read in blocks."""
    return _size(path) > WHOLE_BYTES


def read_rows(
    path: Path, *, skip: int, delimiter: str, names: Sequence[str], keep: Sequence[str]
) -> pd.DataFrame:
    """Read the rows of a table without a header of its own, of any size, and of its columns those to keep.

    Raises
    ------
    FormatError
        As :func:`read_large`.
    ValueError, OverflowError
        pandas' own, as :func:`parse`.
    """
    if is_large(path):
        return read_large(path, skip=skip, delimiter=delimiter, names=names, decimal=".", keep=keep).table
    text = "".join(_below([read_text(path)[0]], skip))
    return parse(text, delimiter=delimiter, names=names, decimal=".")[list(keep)]


def read_large(
    path: Path, *, skip: int, delimiter: str, names: Sequence[str], decimal: str,
    keep: Sequence[str] = (), named: bool = True,
) -> Large:  # fmt: skip
    """Read a table of any length, so that what is kept fits into memory.

    Parameters
    ----------
    path : Path
    skip : int
        Lines above the first row.
    delimiter, decimal : str
    names : sequence of str
        Of all columns, whether or not the file gives them.
    keep : sequence of str
        The columns that are kept; none: those whose names say something, where all would not fit.
    named : bool
        Whether the file gives the names; without them, the first column may be time.

    Raises
    ------
    FormatError
        Where even what has a use does not fit, or the text is damaged.
    ValueError, OverflowError
        pandas' own, as :func:`parse`.
    """
    import pandas as pd

    notices: dict[str, Notice] = {}
    words: Counter[str] = Counter()
    parts: list[pd.DataFrame] = []
    n_lines = n_rows = n_numbers = 0
    kept, times, exact, together, rest = list(keep), list[str](), set[str](), 0, None
    for text in _below(read_blocks(path), skip):
        n_lines += text.count("\n") + (not text.endswith("\n"))
        table = parse(text, delimiter=delimiter, names=names, decimal=decimal).dropna(how="all")
        if table.empty:
            continue
        n_rows += len(table)
        if not together:  # the first block says how the rest is read
            expected = len(table) * max(1.0, _size(path) / len(text))
            kept = kept or _with_a_use(names, expected, path, notices)
            times = [n for n in kept if is_time_name(n)] or ([] if named else kept[:1])
            exact = {*times, *(n for n in kept if _only_rises(table[n]))}
            together = _rows_together(table, times, expected * len(kept))
            if together > 1:
                notices["averaged"] = _averaged_notice(together, path)
        numbers = {n: _numbers(table[n], decimal, n in exact, path, notices, words) for n in kept}
        small = pd.DataFrame(numbers)
        if together > 1:
            small = small if rest is None else pd.concat([rest, small], ignore_index=True)
            small, rest = _averaged(small, together, times[0])
        parts.append(small)
        n_numbers += small.size
        if n_numbers > MAX_NUMBERS:
            raise FormatError(
                f"It holds more than {MAX_NUMBERS // 10**6} million numbers of use",
                "Cut it into parts, or export fewer columns", path,
            )  # fmt: skip
    if not parts:
        raise FormatError("The table has no rows", "Record or export it again", path)
    told = [*notices.values(), *(not_numbers(f"{path.name}: {name}", n) for name, n in words.items() if n)]
    return Large(pd.concat(parts, ignore_index=True), n_lines, n_rows, tuple(told))


def _size(path: Path) -> int:
    """Return about how much text a file holds."""
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return path.stat().st_size * (_SMALLER if packed else 1)


def _below(blocks: Iterable[str], skip: int) -> Iterator[str]:
    for text in blocks:
        start = 0
        while skip and start < len(text):
            start = text.find("\n", start) + 1 or len(text)
            skip -= 1
        if start < len(text):
            yield text[start:] if start else text


def _with_a_use(names: Sequence[str], n_rows: float, path: Path, notices: dict[str, Notice]) -> list[str]:
    """Choose columns: all where they fit, else those whose names say what they are, when, or of whom."""
    useful = [n for n in names if kind_of(n) != "other" or is_time_name(n) or is_identifier(n)]
    if n_rows * len(names) <= MAX_NUMBERS or len(useful) in (0, len(names)):
        return list(names)
    left = [n for n in names if n not in useful]
    text = f"{len(left)} columns without a use here are not kept, because the table is large: {', '.join(left[:8])}."
    notices["left_out"] = Notice("left_out", path.name, text)
    return useful


def _rows_together(table: pd.DataFrame, times: Sequence[str], n_numbers: float) -> int:
    """Return how many rows are averaged into one: as few as needed, leaving 500 a second at the least."""
    when = seconds_of(times[0], floats(table[times[0]], ".")) if times else None
    if when is None or n_numbers <= MAX_NUMBERS:
        return 1
    step_s = float(np.median(np.diff(when[0])))
    needed = int(np.ceil(1.05 * n_numbers / MAX_NUMBERS))
    return needed if step_s * needed * _LEAST_HZ <= 1 else 1


def _averaged_notice(together: int, path: Path) -> Notice:
    text = f"The table is large: each {together} rows are averaged into one."
    return Notice("averaged", path.name, text)


def _only_rises(column: pd.Series) -> bool:
    """Whether a column is a time or a count, which float32 would blur."""
    return column.dtype != object and bool(column.is_monotonic_increasing)


def _numbers(
    column: pd.Series, decimal: str, exact: bool, path: Path, notices: dict[str, Notice], words: Counter[str]
) -> FloatArray | pd.Series:
    """Return a column of a block as numbers, or as words where most of it is words."""
    present = column.dropna()
    if exact and column.dtype == object and len(present) and is_stamp(str(present.iloc[0])):
        if not names_zone(str(present.iloc[0])):
            notices["zone"] = zone_assumed(path.name)
        return unix_seconds(column)
    values = floats(column, decimal)
    if column.dtype == object and np.isnan(values).sum() > 0.5 * len(values):
        return column
    words[str(column.name)] += int((column.notna().to_numpy() & np.isnan(values)).sum())
    return values if exact else values.astype(np.float32)


def _averaged(table: pd.DataFrame, together: int, time: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the mean of each so many rows, and the rows at the end that wait for more; no mean bridges a gap."""
    n = len(table) // together
    whole = table.iloc[: n * together]
    when = whole[time].to_numpy().reshape(n, together)
    lasts = when[:, -1] - when[:, 0]
    means = whole.groupby(np.arange(len(whole)) // together).mean(numeric_only=True)
    return means[lasts <= 2 * np.nanmedian(lasts)], table.iloc[n * together :]
