"""How a delimited text is written: its delimiter, decimal mark, title lines and header."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

_DELIMITERS = ("\t", ";", ",", " ")  # in order of preference where several fit equally
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
    body = [line for line in used if line.strip()]
    if not body:
        return None
    best: tuple[float, int, Dialect] | None = None
    for order, delimiter in enumerate((*_DELIMITERS, "")):
        tried = _try(used, delimiter or "\x02")
        if tried is None:
            continue
        score, dialect = tried
        if best is None or score > best[0] + 1e-9:
            best = (score, order, dialect)
    return best[2] if best else None


def _try(lines: Sequence[str], delimiter: str) -> tuple[float, Dialect] | None:
    rows = [split(line, delimiter) if line.strip() else [] for line in lines]
    filled = [r for r in rows if r and not r[0].startswith("#")]
    if not filled:
        return None
    counts = Counter(len(r) for r in filled[len(filled) // 4 :])
    n, times = counts.most_common(1)[0]
    if delimiter != "\x02" and n < 2:
        return None
    if times < 0.8 * sum(counts.values()):
        return None
    if n > 1 and delimiter != " ":
        last = [r[-1] for r in rows if len(r) == n]
        if sum(not f for f in last) >= 0.8 * len(last):  # a delimiter at the end of each line is no column
            n -= 1
            rows = [r[:n] if len(r) == n + 1 else r for r in rows]
            if n < 2:
                return None
    first = next((i for i, r in enumerate(rows) if len(r) == n and _is_start(r, n)), 0)
    valued = next(
        (i for i, r in enumerate(rows) if i > first and len(r) == n and any(map(is_value, r))), first
    )
    texts = [
        i
        for i in range(first, valued)
        if len(rows[i]) == n and _is_start(rows[i], n) and not any(map(is_missing, rows[i]))
    ]
    if len(texts) > 1 and valued < 30 and not any(is_value(f) for f in rows[first]):
        first = texts[-1]  # a title that happens to have the right number of fields
    data = [r for r in rows[first:] if len(r) == n]
    names, has_header = _header(data)
    body = data[1:] if has_header else data
    if not body:
        return None
    fields = [f for r in body for f in r if not is_missing(f)]
    if not fields:
        return None
    # Blank fields at the end of each line (trailing delimiters) do not count against a delimiter.
    share = sum(is_value(f) for f in fields) / len(fields)
    decimal = "," if _decimal_comma(fields, delimiter) else "."
    numeric = tuple(_numeric([r[k] for r in body]) for k in range(n))
    header = first + 1 if has_header else first
    titles = tuple(line for line in lines[:first])
    real = "," if delimiter == "\x02" else delimiter  # one column: any delimiter that does not occur
    if delimiter == "\x02":
        real = ";" if any("," in f for f in fields) else ","
    return share, Dialect(real, decimal, header, names if has_header else (), n, titles, numeric)


def _is_start(row: Sequence[str], n: int) -> bool:
    """Whether a row with the right number of fields can open the table, rather than be a title."""
    if row[0].startswith("#"):
        return False
    return sum(bool(f) for f in row) > n / 2 or n == 1


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
