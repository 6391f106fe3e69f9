"""A delimited text that is too large to hold: read block by block, and of each block only what has a use is kept.

Columns whose names say nothing are left out where all would be too many; numbers are kept as float32, times and
counts as float64. Where even that is too much and a column of time tells how fast the rows come, neighbours
are averaged, down to 250 a second at the least.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from coregulate.core import FloatArray, FormatError, Notice

from .columns import is_date_name, is_identifier, is_time_name, kind_of, seconds_of
from .large_times import Told, WrittenColumn, written_columns
from .parse import floats, not_numbers, parse, without_empty_end
from .text import read_blocks, read_text

if TYPE_CHECKING:
    import pandas as pd

WHOLE_BYTES = 64 << 20  # prior: a text of this size takes some 600 MB where it is read as a whole
MAX_NUMBERS = 48_000_000  # prior: some 18 bytes each while the streams are made, 0.9 GB in all
_LEAST_HZ = 250.0  # Kwon et al. 2018, 10.4258/hir.2018.24.3.198: excellent for heart rate variability
_SMALLER = 4  # prior: how much gzip packs a text of numbers


class Large(NamedTuple):
    """What was kept, how many lines and rows there were (blank lines are no rows), what was noticed, and how times were written."""

    table: pd.DataFrame
    n_lines: int
    n_rows: int
    notices: tuple[Notice, ...]
    written: Mapping[str, Told]


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
    notices: dict[str, Notice] = {}
    words: Counter[str] = Counter()
    parts: list[pd.DataFrame] = []
    n_lines = n_rows = n_numbers = 0
    plan: _Plan | None = None
    rest: pd.DataFrame | None = None
    for text in _below(read_blocks(path), skip):
        n_lines += text.count("\n") + (not text.endswith("\n"))
        columns = plan.kept if plan else keep or None
        table = parse(text, delimiter=delimiter, names=names, decimal=decimal, keep=columns)
        if table.empty:
            continue
        n_rows += len(table)
        if plan is None:
            expected = len(table) * max(1.0, _size(path) / len(text))
            plan = _plan(table, expected, keep, named, path, notices)
        small = _small(table, plan, decimal, words)
        if plan.together > 1:
            small, rest = _averaged(small, rest, plan)
        parts.append(small)
        n_numbers += small.size
        if n_numbers > MAX_NUMBERS:
            raise FormatError(
                f"It holds more than {MAX_NUMBERS // 10**6} million numbers of use",
                "Cut it into parts, or export fewer columns", path,
            )  # fmt: skip
    told = [*notices.values(), *(not_numbers(f"{path.name}: {name}", n) for name, n in words.items() if n)]
    whole = without_empty_end(_joined(parts))
    if whole.empty:
        raise FormatError("The table has no rows", "Record or export it again", path)
    written: dict[str, Told] = {}
    for name, column in (plan.written if plan else {}).items():
        whole[name], written[name] = column.settled(whole[name].to_numpy())
    return Large(whole, n_lines, n_rows, tuple(told), written)


class _Plan(NamedTuple):
    """What the first block says of how the rest is read; ``exact`` columns stay float64."""

    kept: Sequence[str]
    written: Mapping[str, WrittenColumn]
    time: str
    exact: frozenset[str]
    together: int


def _plan(
    table: pd.DataFrame,
    n_rows: float,
    keep: Sequence[str],
    named: bool,
    path: Path,
    notices: dict[str, Notice],
) -> _Plan:
    kept = keep or _with_a_use([str(n) for n in table.columns], n_rows, path, notices)
    written = written_columns(table, kept, named)
    times = [n for n in kept if is_time_name(n)] or [*written] or ([] if named else list(kept[:1]))
    exact = frozenset([*times, *(n for n in kept if _only_rises(table[n]))])
    time = times[0] if times else ""
    together = _rows_together(table, written.get(time), time, n_rows * len(kept))
    if together > 1:
        text = f"The table is large: each {together} rows are averaged into one."
        notices["averaged"] = Notice("averaged", path.name, text)
    return _Plan(kept, written, time, exact, together)


def _joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Put blocks one below the other, column by column, so that nothing is held twice."""
    import pandas as pd

    if not parts:
        return pd.DataFrame()
    columns = {n: pd.concat([p.pop(n) for p in parts], ignore_index=True) for n in list(parts[0].columns)}
    return pd.DataFrame(columns, copy=False)


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
    said = (is_time_name, is_date_name, is_identifier)
    useful = [n for n in names if kind_of(n) != "other" or any(says(n) for says in said)]
    if n_rows * len(names) <= MAX_NUMBERS or len(useful) in (0, len(names)):
        return list(names)
    left = [n for n in names if n not in useful]
    text = f"{len(left)} columns without a use here are not kept, because the table is large: {', '.join(left[:8])}."
    notices["left_out"] = Notice("left_out", path.name, text)
    return useful


def _rows_together(table: pd.DataFrame, written: WrittenColumn | None, time: str, n_numbers: float) -> int:
    """Return how many rows are averaged into one: as few as needed, leaving 250 a second at the least."""
    if n_numbers <= MAX_NUMBERS or not time:
        return 1
    if written is not None:  # of a copy, so that the block is not counted twice
        when = replace(written, dates={}).seconds(table)
    elif (said := seconds_of(time, floats(table[time], "."))) is not None:
        when = said[0]
    else:
        return 1
    step_s = float(np.nanmedian(np.diff(when)))
    needed = int(np.ceil(1.02 * n_numbers / MAX_NUMBERS))
    return needed if step_s * needed * _LEAST_HZ <= 1.001 else 1  # times are rounded


def _only_rises(column: pd.Series) -> bool:
    """Whether a column is a time or a count, which float32 would blur."""
    return column.dtype != object and bool(column.is_monotonic_increasing)


def _small(table: pd.DataFrame, plan: _Plan, decimal: str, words: Counter[str]) -> pd.DataFrame:
    """Return what is kept of a block, in as few bytes as it needs; columns that are mostly words as they are."""
    import pandas as pd

    small: dict[str, FloatArray | pd.Series] = {}
    dates = {w.days for w in plan.written.values()}
    for name in plan.kept:
        column = table[name]
        if name in plan.written:
            small[name] = plan.written[name].seconds(table)
            continue
        if name in dates:  # they are in the times that they stand beside
            continue
        values = floats(column, decimal)
        lost = int((column.notna().to_numpy() & np.isnan(values)).sum())
        if lost > 0.5 * len(values):
            small[name] = column
            continue
        words[name] += lost
        small[name] = values if name in plan.exact else values.astype(np.float32)
    return pd.DataFrame(small)


def _averaged(
    table: pd.DataFrame, rest: pd.DataFrame | None, plan: _Plan
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the mean of each so many rows, and the rows at the end that wait for more; no mean bridges a gap."""
    import pandas as pd

    table = table if rest is None else pd.concat([rest, table], ignore_index=True)
    n = len(table) // plan.together
    whole = table.iloc[: n * plan.together]
    when = whole[plan.time].to_numpy().reshape(n, plan.together)
    lasts = when[:, -1] - when[:, 0]
    means = whole.groupby(np.arange(len(whole)) // plan.together).mean(numeric_only=True)
    return means[lasts <= 2 * np.nanmedian(lasts)], table.iloc[n * plan.together :]
