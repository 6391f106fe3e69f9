"""When a session was: the two times that a stream of days, or of years, is cut to."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from coregulate.core import FormatError

LONGEST_S = 2 * 86400.0  # prior: of a conversation; damaged times can span millions of years


class Between(NamedTuple):
    """From when to when, both with their zone."""

    start: datetime
    end: datetime

    @property
    def duration_s(self) -> float:
        """Its length."""
        return (self.end - self.start).total_seconds()

    def __str__(self) -> str:
        return f"{self.start.isoformat(' ', 'seconds')} to {self.end.isoformat(' ', 'seconds')}"


def between_unix(start_unix_s: float, end_unix_s: float) -> Between | None:
    """Return two Unix times as dates; None where no calendar holds them (a damaged clock)."""
    try:
        return Between(*(datetime.fromtimestamp(t, UTC) for t in (start_unix_s, end_unix_s)))
    except (ValueError, OverflowError, OSError):
        return None


def between_from(said: Any, path: Path) -> Between | None:
    """Return what ``session.toml`` says in ``between``.

    Raises
    ------
    FormatError
        Where it is not two dates with a zone, the second after the first and within two days.
    """
    if said is None:
        return None
    times = said if isinstance(said, list) else []
    if len(times) == 2 and all(isinstance(t, datetime) and t.tzinfo is not None for t in times):
        between = Between(*times)
        if 0 < between.duration_s <= LONGEST_S:
            return between
    raise FormatError(
        "What it says in between is not when a session was (two times with a zone, at most two days apart)",
        "Write it without quotes: between = [2025-01-31T18:00:00+01:00, 2025-01-31T19:00:00+01:00]", path,
    )  # fmt: skip
