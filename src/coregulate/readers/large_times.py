"""Times that a large table writes as text, turned into seconds block by block, as `stamps` reads a whole column.

Which of two numbers is the month may be told by the last block only. So a date first counts as the first, second, ... of
the file, and is looked up in the calendar once all are known; texts are not kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from coregulate.core import FloatArray

from .columns import is_date_name, is_time_name
from .stamps import (
    DAY_S,
    Dated,
    form_of,
    midnights_of,
    split_dates,
    tells_minutes,
    times_of_day,
    written_times,
)

if TYPE_CHECKING:
    import pandas as pd


class Told(NamedTuple):
    """How a column wrote its times: its form, whether they are Unix times, and what had to be assumed."""

    form: str
    unix: bool
    zoned: bool
    day_or_month: str


@dataclass
class WrittenColumn:
    """A column of written times, and what its blocks have told so far; ``days`` is the column of dates beside it."""

    name: str
    form: str
    days: str = ""
    in_minutes: bool = False
    dates: dict[str, int] = field(default_factory=dict)
    zoned: bool = True
    ahead_s: float = 0.0
    last_s: float = np.nan
    passed: int = 0

    def seconds(self, table: pd.DataFrame) -> FloatArray:
        """Return a block's times; those with a date to look up count from the file's first date."""
        column = table[self.name]
        if self.days:
            return times_of_day(column, self.in_minutes) + DAY_S * self._dates(table[self.days])
        if self.form == "clock":
            return self._past_midnights(times_of_day(column, self.in_minutes))
        if self.form == "dated":
            return self._dated(split_dates(column))
        told = written_times(column, form=self.form)
        self.zoned &= told.zoned
        return told.seconds

    def settled(self, seconds: FloatArray) -> tuple[FloatArray, Told]:
        """Return all blocks' times with their dates looked up, and how they were written."""
        if not self.dates:
            return seconds, Told(self.form, self.form != "clock", self.zoned, "")
        which = np.floor(np.nan_to_num(seconds) / DAY_S).astype(np.intp).clip(0, len(self.dates) - 1)
        midnights, assumed = midnights_of(list(self.dates))
        zoned = self.zoned and not self.days
        return seconds - DAY_S * which + midnights[which] - self.ahead_s, Told(
            self.form, True, zoned, assumed
        )

    def _dated(self, parts: Dated) -> FloatArray:
        """Return times on the first row's zone, which is taken off in the end."""
        self.zoned &= parts.zoned
        if not self.dates:
            self.ahead_s = float(parts.ahead_s[0])
        return parts.clock + (self.ahead_s - parts.ahead_s) + DAY_S * self._dates(parts.dates)

    def _dates(self, texts: pd.Series) -> FloatArray:
        """Return the number of each row's date in order of first appearance, NaN where there is none."""
        import pandas as pd

        codes, found = pd.factorize(texts)
        numbers = [self.dates.setdefault(str(date), len(self.dates)) for date in found]
        return np.array([*numbers, np.nan], dtype=np.float64)[codes]  # -1, the last: no date

    def _past_midnights(self, clock: FloatArray) -> FloatArray:
        known = np.flatnonzero(np.isfinite(clock))
        if not len(known):
            return clock
        steps = np.diff(clock[known], prepend=self.last_s if np.isfinite(self.last_s) else clock[known[0]])
        passed = self.passed + np.cumsum(steps < -DAY_S / 2)
        self.last_s, self.passed = float(clock[known[-1]]), int(passed[-1])
        clock[known] += DAY_S * passed
        return clock


def written_columns(table: pd.DataFrame, kept: Sequence[str], named: bool) -> dict[str, WrittenColumn]:
    """Return the columns of a first block that write times as text, by name.

    Parameters
    ----------
    table : DataFrame
        The first block.
    kept : sequence of str
        The columns that are kept.
    named : bool
        Whether the file names its columns; without, the first may be time.
    """
    asked = [n for n in kept if is_time_name(n) or is_date_name(n)] or ([] if named else list(kept[:1]))
    forms = {n: form_of(table[n]) for n in asked if table[n].dtype == object}
    days = next((n for n, form in forms.items() if form == "date" and is_date_name(n)), "")
    return {
        n: WrittenColumn(n, form, *((days, tells_minutes(table[n])) if form == "clock" else ()))
        for n, form in forms.items()
        if form not in ("", "date")
    }
