"""Moments of a session as people read them in reports: ``421`` seconds, ``7:01`` or ``1:02:03``."""

from __future__ import annotations

from typing import Any

import click


class Moment(click.ParamType):
    """A time in the session, in seconds.

    Examples
    --------
    >>> [Moment().convert(text, None, None) for text in ("421.5", "7:01", "1:02:03")]
    [421.5, 421.0, 3723.0]
    """

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read a time; numbers pass as they are."""
        if isinstance(value, int | float):
            return float(value)
        *larger, seconds = str(value).split(":")
        try:
            if len(larger) > 2:
                raise ValueError
            whole = [float(int(part)) for part in larger]
            total = float(seconds)
        except ValueError:
            self.fail(f"'{value}' is no time: give seconds (421), 7:01 or 1:02:03", param, ctx)
        for place, part in enumerate(reversed(whole), start=1):
            total += part * 60.0**place
        return total


MOMENT = Moment()
