"""How numbers are printed in the report: few digits, and a dash where nothing is known."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

DASH = "–"


class Table(NamedTuple):
    """A table to print: its caption, the heads of its columns, and rows of text."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def table(caption: str, head: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table:
    """Build a table; numbers become text, None and NaN a dash."""
    return Table(caption, tuple(head), tuple(tuple(cell(value) for value in row) for row in rows))


def cell(value: Any) -> str:
    """Print one value.

    Examples
    --------
    >>> cell(0.12345), cell(None), cell(True), cell({"low": 1.0})
    ('0.123', '–', 'yes', 'low 1')
    """
    if value is None or value == "":
        return DASH
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {cell(inner)}" for key, inner in value.items()) or DASH
    if isinstance(value, (list, tuple)):
        return ", ".join(cell(inner) for inner in value) or DASH
    try:
        return number(float(value)) if not isinstance(value, str) else value
    except (TypeError, ValueError):
        return str(value)


def number(value: float) -> str:
    """Print a number with three significant digits; a dash for NaN."""
    if math.isnan(value):
        return DASH
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == round(value) and abs(value) < 1e6:
        return f"{value:.0f}".replace("-", "−")
    if 1000 <= abs(value) < 1e6:
        return f"{value:.0f}".replace("-", "−")
    return f"{value:.3g}".replace("-", "−")


def p_value(value: float | None) -> str:
    """Print a p or q; small ones as a bound."""
    if value is None or math.isnan(value):
        return DASH
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def percent(share: float | None) -> str:
    """Print a share of 1 in per cent."""
    return DASH if share is None or not math.isfinite(share) else f"{100 * share:.0f}\u00a0%"


def interval(low: float | None, high: float | None) -> str:
    """Print an interval; a dash where neither end is known."""
    ends = [math.nan if end is None else float(end) for end in (low, high)]
    return DASH if all(math.isnan(end) for end in ends) else f"{number(ends[0])} to {number(ends[1])}"


def day(start_unix_s: float | None) -> str:
    """Print the day on which a session began, in UTC; empty where its files carry no clock."""
    if start_unix_s is None or not math.isfinite(start_unix_s):
        return ""
    try:
        start = datetime.fromtimestamp(start_unix_s, UTC)
    except (OverflowError, ValueError, OSError):
        return ""
    return f"{start.day} {start:%B %Y}"
