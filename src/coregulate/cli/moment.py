"""Moments of a session as people read them in reports: ``421`` seconds, ``7:01`` or ``1:02:03``."""

from __future__ import annotations

import click


def moment(text: str | float) -> float:
    """Read a time in the session, in seconds; the ``type`` of an option.

    Examples
    --------
    >>> [moment(text) for text in ("421.5", "7:01", "1:02:03")]
    [421.5, 421.0, 3723.0]
    """
    *larger, seconds = str(text).split(":")
    try:
        if len(larger) > 2:
            raise ValueError
        total = float(seconds)
        for place, part in enumerate(reversed(larger), start=1):
            total += int(part) * 60.0**place
    except ValueError:
        raise click.BadParameter(f"'{text}' is no time: give seconds (421), 7:01 or 1:02:03") from None
    return total
