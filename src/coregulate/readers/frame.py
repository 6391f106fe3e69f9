"""A delimited text as columns: pandas' C parser, after the head has said how it is written."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from coregulate.core import FloatArray, FormatError, InputError, Notice

from .dialect import Dialect, sniff_dialect
from .large_table import is_large, read_large
from .large_times import Told
from .parse import floats, not_numbers, parse, without_empty_end
from .stamps import Written, form_of, written_times
from .text import HEAD_BYTES, head_of, read_text

if TYPE_CHECKING:
    import pandas as pd

MAX_COLUMNS = 2000  # prior
_CACHED_BYTES = 32 << 20  # a larger table is read again rather than kept in memory


class Frame(NamedTuple):
    """A table's columns as pandas parsed them, its dialect, what was noticed, and which columns are times already read."""

    table: pd.DataFrame
    dialect: Dialect
    notices: tuple[Notice, ...]
    written: Mapping[str, Told] = MappingProxyType({})

    @property
    def names(self) -> list[str]:
        """Names of the columns; ``column 1`` and so on where the file has no header."""
        return [str(c) for c in self.table.columns]


def dialect_of(path: Path) -> Dialect | None:
    """Tell how a text file is written, or None where it is no table."""
    head = head_of(path)
    return _dialect(head.lines) if head.encoding else None


@lru_cache(maxsize=16)
def _dialect(lines: tuple[str, ...]) -> Dialect | None:
    return sniff_dialect(lines)


def load(path: Path) -> Frame:
    """Read a delimited text.

    Raises
    ------
    FormatError
        Where the file is no table, empty, or too wide.
    """
    try:
        stat = path.stat()
    except OSError as error:
        raise FormatError(f"It cannot be opened ({error.strerror})", "Check its name", path) from None
    if stat.st_size <= _CACHED_BYTES:
        return _load_cached(str(path), stat.st_mtime_ns, stat.st_size)
    return _load(path)


@lru_cache(maxsize=2)
def _load_cached(path: str, _changed: int, _size: int) -> Frame:
    return _load(Path(path))


def _load(path: Path) -> Frame:
    if is_large(path):
        return _load_large(path)
    text, encoding = read_text(path)
    head = text[:HEAD_BYTES].split("\n")
    if len(text) > HEAD_BYTES and len(head) > 1:
        head = head[:-1]
    dialect, names = _table(_dialect(tuple(head)), path)
    start = 0
    for _ in range(dialect.skip):
        start = text.find("\n", start) + 1
    try:
        table = parse(
            text[start:] if start else text, delimiter=dialect.delimiter, names=names, decimal=dialect.decimal
        )
    except (ValueError, OverflowError) as error:
        raise _unreadable(error, path) from None
    table = without_empty_end(table)
    if table.empty:
        raise FormatError("The table has no rows", "Record or export it again", path)
    n_lines = text.count("\n", start) + bool(text[-2:].rstrip("\n"))
    return Frame(table, dialect, tuple(_notices(n_lines, len(table), encoding, path)))


def _load_large(path: Path) -> Frame:
    dialect, names = _table(dialect_of(path), path)
    try:
        found = read_large(
            path, skip=dialect.skip, delimiter=dialect.delimiter, names=names, decimal=dialect.decimal,
            named=bool(dialect.names),
        )  # fmt: skip
    except (ValueError, OverflowError) as error:
        raise _unreadable(error, path) from None
    told = _notices(found.n_lines, found.n_rows, head_of(path).encoding, path)
    return Frame(found.table, dialect, (*found.notices, *told), found.written)


def _table(dialect: Dialect | None, path: Path) -> tuple[Dialect, list[str]]:
    """Return how a table is written and the names of its columns."""
    if dialect is None:
        raise FormatError(
            "It is no table of columns", "Export it as csv: one line a sample, the same columns in each", path
        )
    if dialect.n_columns > MAX_COLUMNS:
        raise FormatError(f"It has {dialect.n_columns} columns", f"At most {MAX_COLUMNS} are read", path)
    return dialect, list(dialect.names) or [f"column {k + 1}" for k in range(dialect.n_columns)]


def _unreadable(error: Exception, path: Path) -> FormatError:
    cure = "Check its quotes and that each line has the same columns"
    return FormatError(f"The table cannot be read ({error})", cure, path)


def _notices(n_lines: int, n_rows: int, encoding: str, path: Path) -> list[Notice]:
    notices = []
    # A few blank lines are no loss; 1 % is.
    if n_lines - n_rows > max(2, 0.01 * n_lines):
        notices.append(
            Notice(
                "rows_left_out",
                path.name,
                f"{n_lines - n_rows} of {n_lines} lines are blank or have other columns: left out.",
            )
        )
    if encoding == "latin-1":
        notices.append(
            Notice(
                "encoding", path.name, "The text is not UTF-8: it is read as Latin-1, so names may look odd."
            )
        )
    return notices


def numbers(frame: Frame, column: str, path: Path) -> tuple[FloatArray, list[Notice]]:
    """Return a column as float64, NaN where it holds no finite number, and notices."""
    raw = frame.table[column]
    values = np.array(floats(raw, frame.dialect.decimal))
    notices = []
    n_words = int((raw.notna().to_numpy() & np.isnan(values)).sum())
    n_infinite = int(np.isinf(values).sum())
    values[np.isinf(values)] = np.nan
    if n_words:
        notices.append(not_numbers(f"{path.name}: {column}", n_words))
    if n_infinite:
        notices.append(
            Notice(
                "not_finite", f"{path.name}: {column}", f"{n_infinite} values are infinite: read as missing."
            )
        )
    return values, notices


def is_numeric(frame: Frame, column: str) -> bool:
    """Whether at least 80 % of what a column holds are numbers (times that were written as text are none)."""
    import pandas as pd

    if column in frame.written:
        return False
    raw = frame.table[column]
    if pd.api.types.is_numeric_dtype(raw) and not pd.api.types.is_bool_dtype(raw):
        return bool(raw.notna().any())
    present = raw.dropna()
    return len(present) > 0 and bool(np.mean(~np.isnan(floats(present, frame.dialect.decimal))) >= 0.8)


def form_in(frame: Frame, column: str) -> str:
    """Return how a column of texts writes time (see `stamps.form_of`)."""
    told = frame.written.get(column)
    return told.form if told else form_of(frame.table[column])


def times_in(frame: Frame, column: str, days: str | None) -> Written:
    """Return the times that a column of texts tells; ``days`` is the column of dates beside times of day."""
    told = frame.written.get(column)
    if told is None:
        return written_times(frame.table[column], None if days is None else frame.table[days])
    return Written(frame.table[column].to_numpy(), told.unix, told.zoned, told.day_or_month)


def counts_rows(frame: Frame, column: str) -> bool:
    """Whether a column only counts rows, and has no name beside columns that have one: pandas' index."""
    if not frame.dialect.names or column != "column 1" or column != frame.names[0]:
        return False
    raw = frame.table[column]
    return is_numeric(frame, column) and bool(
        raw.notna().all() and (raw.astype(float).diff().iloc[1:] == 1).all()
    )


def as_text(frame: Frame, column: str) -> list[str]:
    """Return a column as the file writes it; whole numbers without a decimal point, missing as ``""``."""
    import pandas as pd

    return ["" if pd.isna(x) else _plain(x) for x in frame.table[column]]


def _plain(value: object) -> str:
    if isinstance(value, float | np.floating) and float(value).is_integer() and abs(float(value)) < 1e15:
        return str(int(value))
    return str(value).strip()


def rows_where(frame: Frame, where: Mapping[str, object], path: Path) -> Frame:
    """Keep the rows in which each named column has the given value.

    Raises
    ------
    InputError
        Where there is no such column, or no such row.
    """
    keep = np.ones(len(frame.table), dtype=bool)
    for column, value in where.items():
        name = find_column(frame, column, path)
        raw = frame.table[name]
        try:  # numbers compare as numbers: fast, and 7 finds 7.0
            keep &= raw.to_numpy(dtype=np.float64) == float(str(value))
        except (TypeError, ValueError):
            keep &= np.array([x == _plain(value) for x in as_text(frame, name)])
    if not keep.any():
        said = ", ".join(f"{c} = {v}" for c, v in where.items())
        raise InputError(f"No row has {said}", "Look at the values in those columns", path)
    return frame._replace(table=frame.table[keep])


def find_column(frame: Frame, column: object, path: Path) -> str:
    """Return the name of a column as the table has it; case does not matter, a number counts from 0.

    Raises
    ------
    InputError
        Where there is no such column.
    """
    names = frame.names
    if isinstance(column, int) and not isinstance(column, bool) and 0 <= column < len(names):
        return names[column]
    wanted = str(column).strip().casefold()
    for name in names:
        if name.strip().casefold() == wanted:
            return name
    if len(frame.table) == 1 and wanted in {str(x).strip().casefold() for x in frame.table.iloc[0]}:
        raise InputError("The table has no rows, only the names of its columns", "Export it again", path)
    shown = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
    raise InputError(f"There is no column '{column}'", f"There are {shown}", path)
