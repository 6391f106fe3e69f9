"""How a delimited text is written: its delimiter, decimal mark, title lines and header."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

_DELIMITERS = ("\t", ";", ",", " ")  # in order of preference where several fit equally
_ONE_COLUMN = "\x02"  # stands for no delimiter
_TITLES = 30  # prior: lines above a header, at most
_QUOTED = re.compile(r'"[^"]*"')
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$|[+-]?inf(inity)?$", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+([eE][+-]?\d+)?$")
_STAMP = re.compile(
    r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d+)?)?)?\s?(Z|UTC|GMT|(?:UTC|GMT)?[+-]\d\d:?\d\d)?$"
)
_MISSING = frozenset({"", "na", "nan", "n/a", "null", "none", "-", "#n/a", "<na>"})


class Dialect(NamedTuple):
    """How a table is written; ``skip`` lines (titles, header) come first, ``names`` may be empty."""

    delimiter: str
    decimal: str
    skip: int
    names: tuple[str, ...]
    n_columns: int
    titles: tuple[str, ...]
    numeric: tuple[bool, ...]


def is_number(field: str) -> bool:
    """Whether a field is a number, with decimal point or comma."""
    return bool(_NUMBER.match(field) or _DECIMAL_COMMA.match(field))


def is_value(field: str) -> bool:
    """Whether a field is a number or a date."""
    return is_number(field) or bool(_STAMP.match(field))


def is_missing(field: str) -> bool:
    """Whether a field says that there is no value."""
    return field.casefold() in _MISSING


def split(line: str, delimiter: str) -> list[str]:
    """Split one line, respecting double quotes; quotes and blanks around a field are dropped."""
    if '"' in line:
        kept: list[str] = []

        def keep(match: re.Match[str]) -> str:
            kept.append(match.group()[1:-1])
            return f"\x01{len(kept) - 1}\x01"

        line = _QUOTED.sub(keep, line)
        parts = line.split() if delimiter == " " else line.split(delimiter)
        return [re.sub("\x01(\\d+)\x01", lambda m: kept[int(m[1])], p).strip() for p in parts]
    return line.split() if delimiter == " " else [p.strip() for p in line.split(delimiter)]


def sniff_dialect(lines: Sequence[str]) -> Dialect | None:
    """Tell from the first lines how a table is written.

    Returns
    -------
    Dialect or None
        None where the lines are no table.
    """
    used = [line[:20_000] for line in lines[:200]]
    tried = [t for delimiter in (*_DELIMITERS, _ONE_COLUMN) if (t := _try(used, delimiter))]
    return max(tried, key=lambda t: round(t[0], 9))[1] if tried else None  # the first of equals


def _try(lines: Sequence[str], delimiter: str) -> tuple[float, Dialect] | None:
    """Return how well a delimiter fits (the share of fields that are values), and the table it makes."""
    rows = [split(line, delimiter) if line.strip() else [] for line in lines]
    n = _n_columns(rows, delimiter)
    if n == 0:
        return None
    if delimiter not in (_ONE_COLUMN, " ") and _ends_empty(rows, n):  # a delimiter at each line's end
        if n == 2:
            return None
        rows, n = [r[:-1] if len(r) == n else r for r in rows], n - 1
    first = _first_row(rows, n)
    names, has_header = _header([r for r in rows[first:] if len(r) == n])
    skip = first + has_header
    body = [r for r in rows[first:] if len(r) == n][has_header:]
    fields = [f for r in body for f in r if not is_missing(f)]
    if not fields:
        return None
    # Blank fields at the end of each line (trailing delimiters) do not count against a delimiter.
    share = sum(is_value(f) for f in fields) / len(fields)
    decimal = "," if _decimal_comma(fields, delimiter) else "."
    numeric = tuple(_numeric([r[k] for r in body]) for k in range(n))
    return share, Dialect(_real(delimiter, fields), decimal, skip, names, n, tuple(lines[:first]), numeric)


def _n_columns(rows: Sequence[Sequence[str]], delimiter: str) -> int:
    """Return how many fields four of five lines have, the first quarter of them aside; 0 where they differ."""
    filled = [r for r in rows if r and not r[0].startswith("#")]
    counts = Counter(len(r) for r in filled[len(filled) // 4 :])
    n, times = counts.most_common(1)[0] if counts else (0, 0)
    one = delimiter == _ONE_COLUMN
    return n if (n >= 2 or one) and times >= 0.8 * sum(counts.values()) else 0


def _ends_empty(rows: Sequence[Sequence[str]], n: int) -> bool:
    last = [r[-1] for r in rows if len(r) == n]
    return sum(not f for f in last) >= 0.8 * len(last)


def _first_row(rows: Sequence[Sequence[str]], n: int) -> int:
    """Return where the table begins: its header, or its first row where it has none; titles stand above."""
    ruled = next(
        (i + 1 for i, r in enumerate(rows[:_TITLES]) if len(r) == n > 1 and all(map(_is_rule, r))), 0
    )
    starts = (i for i, r in enumerate(rows) if i >= ruled and len(r) == n and _is_start(r, n))
    first = next(starts, 0)
    values = (i for i, r in enumerate(rows) if i > first and len(r) == n and any(map(is_value, r)))
    valued = next(values, first)
    if valued >= _TITLES or any(map(is_value, rows[first])):
        return first
    full = [
        i for i in range(first, valued)
        if len(rows[i]) == n and _is_start(rows[i], n) and not any(map(is_missing, rows[i]))
    ]  # fmt: skip
    return full[-1] if len(full) > 1 else first  # a title may happen to have the right number of fields


def _is_rule(field: str) -> bool:
    """Whether a field is drawn: CARMA and others part what they say of a file from its rows by ``%%%%%%``."""
    return len(field) >= 3 and len(set(field)) == 1 and field[0] in "%-=_*"


def _real(delimiter: str, fields: Sequence[str]) -> str:
    """Return a delimiter to read with: of one column any that does not occur."""
    if delimiter != _ONE_COLUMN:
        return delimiter
    return ";" if any("," in f for f in fields) else ","


def _is_start(row: Sequence[str], n: int) -> bool:
    """Whether a row with the right number of fields can open the table, rather than be a title."""
    if row[0].startswith("#"):
        return False
    return (
        sum(bool(f) for f in row) > n / 2 or n == 1 or all(row[1:])
    )  # pandas leaves its index without a name


def _numeric(column: Sequence[str]) -> bool:
    present = [f for f in column if not is_missing(f)]
    return bool(present) and sum(is_number(f) for f in present) >= 0.8 * len(present)


def _header(data: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], bool]:
    if not data:
        return (), False
    first, rest = data[0], data[1:]
    text = number = 0
    for k, name in enumerate(first):
        below = [r[k] for r in rest[:50] if not is_missing(r[k])]
        if not below or sum(is_value(f) for f in below) < 0.8 * len(below):
            continue
        if is_value(name):
            number += 1
        elif not is_missing(name):
            text += 1
    if text and (text >= number or text >= 3):
        return _unique(first), True
    all_text = not any(is_value(f) for f in first) and text == number == 0
    repeated = {r[k] for r in rest for k in range(len(first))}
    if all_text and rest and not any(f in repeated for f in first if f):
        return _unique(first), True
    return (), False


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    seen: Counter[str] = Counter()
    result = []
    for k, name in enumerate(names):
        name = name or f"column {k + 1}"
        seen[name] += 1
        result.append(name if seen[name] == 1 else f"{name}.{seen[name]}")
    return tuple(result)


def _decimal_comma(fields: Sequence[str], delimiter: str) -> bool:
    if delimiter == ",":
        return False
    comma = sum(bool(_DECIMAL_COMMA.match(f)) for f in fields)
    point = sum("." in f and bool(_NUMBER.match(f)) for f in fields)
    return comma > point
