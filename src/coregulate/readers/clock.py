"""A table's time: which column it is, what it counts, and the clock it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray, FormatError, Notice, Samples, Signal

from .columns import is_date_name, is_identifier, is_time_name, seconds_of, words_of
from .frame import Frame, counts_rows, form_in, is_numeric, numbers, times_in
from .stamps import zone_assumed

_DAYS = 1e6  # below this, numbers that tell a date count days
_ELAPSED_S = 3600.0  # prior: what starts earlier counts from the recording's start, and is no time of day


class Times(NamedTuple):
    """Seconds of each row from ``origin_unix_s`` (None: the file's own zero, or midnight where ``of_day``).

    ``keep`` are the rows used.
    """

    times_s: FloatArray
    keep: NDArray[np.intp]
    origin_unix_s: float | None
    timing: str
    notices: tuple[Notice, ...]
    counts: bool
    of_day: bool = False


def find_time(frame: Frame, path: Path, skip: Sequence[str] = ()) -> str | None:
    """Return the name of the time column, by name and behaviour, or None."""
    asked = [n for n in frame.names if n not in skip]
    named = next((n for n in asked if is_time_name(n) and _can_be_time(frame, n, path)), None)
    if named is None or (not is_numeric(frame, named) and form_in(frame, named) == "clock"):
        # A column of dates that tell their time tells more than one of times of day.
        dates = (n for n in asked if is_date_name(n) and form_in(frame, n) not in ("", "date", "clock"))
        named = next(dates, named)
    if named is not None:
        return named
    if len(frame.names) < 2:
        return None
    first = frame.names[0]
    if frame.dialect.names and (first != "column 1" or counts_rows(frame, first)):
        return None
    if not is_numeric(frame, first):
        return first if _tells_time(frame, first) else None
    values = numbers(frame, first, path)[0]
    steps = np.diff(values)
    rises = len(steps) > 1 and bool(np.all(steps > 0))
    return first if rises and float(np.max(steps)) < 1e6 * float(np.median(steps)) else None


def _can_be_time(frame: Frame, name: str, path: Path) -> bool:
    if not is_numeric(frame, name):
        return _tells_time(frame, name)
    values = numbers(frame, name, path)[0]
    values = values[np.isfinite(values)]
    if len(values) < 2:
        return len(values) == 1
    return bool(values.max() > values.min())


def times_of(
    frame: Frame, name: str, path: Path, *, rate_hint: float | None, fast: bool, step_s: float = 1.0
) -> Times:
    """Turn a time column into seconds.

    Parameters
    ----------
    rate_hint : float or None
        Samples a second, where the column only counts samples.
    fast : bool
        Whether the table holds signals that no device samples slower than 2 Hz:
        whole steps above 1 are then milliseconds.

    Raises
    ------
    FormatError
        Where time runs backwards again and again.
    """
    where = f"{path.name}: {name}"
    notices: list[Notice] = []
    if is_numeric(frame, name):
        raw = numbers(frame, name, path)[0]
        seconds, unix, counts = _numeric(name, raw, where, notices, rate_hint, fast, step_s)
    else:
        (seconds, unix), counts = _written(frame, name, path, where, notices), False
    keep = _in_order(frame, name, seconds, path, notices)
    seconds = seconds[keep]
    origin = float(np.floor(seconds[0])) if unix else None
    if origin is not None:
        seconds = seconds - origin
    timing = "stamps"
    if counts:
        timing = "rate" if rate_hint else "assumed"
    of_day = any(n.code == "time_of_day" for n in notices)
    return Times(seconds, keep, origin, timing, tuple(notices), counts, of_day)


def _numeric(
    name: str,
    raw: FloatArray,
    where: str,
    notices: list[Notice],
    rate_hint: float | None,
    fast: bool,
    step_s: float,
) -> tuple[FloatArray, bool, bool]:
    """Return a column of numbers as seconds, whether they are Unix times, and whether it only counts samples."""
    said = seconds_of(name, raw)
    present = raw[np.isfinite(raw)]
    if said is not None:
        if said[1] and float(np.median(present)) < _DAYS:
            notices.append(zone_assumed(where))
        return *said, False
    steps = np.diff(present)
    forward = steps[steps > 0]
    step = float(np.median(forward)) if len(forward) else 1.0
    if not np.all(present == np.round(present)):
        return raw, False, False
    if step == 1.0 and (fast or {"time", "t"} & {w.casefold() for w in words_of(name)}):
        each_s = _each_s(name, where, notices, rate_hint, fast, step_s)
        return (raw - present[0]) * each_s, False, True
    long = len(present) > 1 and float(present.max() - present.min()) > 6 * 3600.0
    if step > 1 and (long or fast):
        # A body's signal comes faster than each half second, or was averaged to whole ones: else they are microseconds.
        short = fast and step > 500 and step % 1000 != 0
        unit, scale = ("microseconds", 1e6) if short else ("milliseconds", 1e3)
        text = f"Whole steps above 1: the time is taken as {unit}."
        notices.append(Notice("assumed_unit", where, text))
        return raw / scale, False, False
    return raw, False, False


def _each_s(
    name: str, where: str, notices: list[Notice], rate_hint: float | None, fast: bool, step_s: float
) -> float:
    """Return how long each sample lasts where the column of times only counts them."""
    if rate_hint:
        return 1.0 / rate_hint
    if fast:
        raise FormatError(
            f"The column '{name}' counts samples, and no rate is given", "Give rate_hz for this file"
        )
    text = f"The column counts samples and no rate is given: one sample each {step_s:g} s is assumed."
    notices.append(Notice("assumed_rate", where, text))
    return step_s


def _written(
    frame: Frame, name: str, path: Path, where: str, notices: list[Notice]
) -> tuple[FloatArray, bool]:
    """Return the seconds that a column of texts tells, and whether they are Unix times."""
    told = times_in(frame, name, _days_beside(frame, name))
    known = told.seconds[np.isfinite(told.seconds)]
    if not len(known):
        raise FormatError(
            f"No time in column '{name}' can be read", "Write times as 2025-01-31T18:30:00.000Z", path
        )
    if told.unix and not told.zoned:
        notices.append(zone_assumed(where))
    if told.day_or_month:
        text = (
            f"The dates do not tell the day from the month: the {told.day_or_month} is taken to come first."
        )
        notices.append(Notice("assumed_date", where, text))
    if not told.unix and known[0] >= _ELAPSED_S:
        text = "The times tell no day: beside others that tell none either they are laid by the clock."
        notices.append(Notice("time_of_day", where, text))
    return told.seconds, told.unix


def _tells_time(frame: Frame, name: str) -> bool:
    """Whether a column of texts tells when each row was, be it only the time of day."""
    return form_in(frame, name) not in ("", "date")


def _days_beside(frame: Frame, time: str) -> str | None:
    """Return the column of dates that belongs to a column of times of day, if there is one."""
    for name in frame.names:
        if name != time and is_date_name(name) and form_in(frame, name) == "date":
            return name
    return None


def _in_order(
    frame: Frame, name: str, seconds: FloatArray, path: Path, notices: list[Notice]
) -> NDArray[np.intp]:
    where = f"{path.name}: {name}"
    keep = np.flatnonzero(np.isfinite(seconds))
    if len(keep) == 0:
        raise FormatError("The time column holds no times", "Check the column", path)
    if len(keep) < len(seconds):
        notices.append(
            Notice("times_missing", where, f"{len(seconds) - len(keep)} rows have no time: left out.")
        )
    back = int(np.sum(np.diff(seconds[keep]) < 0))
    if back == 0:
        return keep
    if _restarts(seconds[keep]) or back > 0.05 * len(keep):
        few = [
            c
            for c in frame.names
            if c != name and 1 < frame.table[c].nunique() <= max(2, len(frame.table) // 20)
        ]
        groups = [c for c in few if is_identifier(c)] or few
        shown = ", ".join(groups[:6])
        raise FormatError(
            (
                f"The time starts again {back} times: the table holds several people or sessions one "
                f"after another"
            ),
            (
                f"Say which rows to read (where = {{column = value}}; columns with few values: "
                f"{shown or 'none'})"
            ),
            path,
        )
    notices.append(
        Notice("times_back", where, f"Time runs backwards at {back} rows: the rows are put in order of time.")
    )
    return keep[np.argsort(seconds[keep], kind="stable")]


def _restarts(seconds: FloatArray) -> bool:
    """Whether time falls back by more than half of its whole range anywhere."""
    span = float(seconds.max() - seconds.min())
    return span > 0 and bool(np.any(np.diff(seconds) < -0.5 * span))


def regular_or_samples(
    times_s: FloatArray, values: FloatArray, *, rate_hz: float | None, unit: str, name: str, where: str
) -> tuple[Signal | Samples, list[Notice]]:
    """Return a Signal where each stamp lies within half a sample of a regular series, else Samples.

    A declared rate that the stamps contradict by over 2 % is named; the stamps win.
    """
    notices: list[Notice] = []
    steps = np.diff(times_s)
    forward = steps[steps > 0]
    if len(forward) == 0:
        return Samples(times_s, values, rate_hz, unit, name), notices
    step = float(np.median(forward))
    if rate_hz and abs(step * rate_hz - 1) > 0.02:
        text = f"{rate_hz:g} Hz is declared, the times say {1 / step:.4g} Hz: the times are used."
        notices.append(Notice("rate_contradicted", where, text))
        rate_hz = None
    lost = steps > 1.5 * step
    if lost.any() and len(steps) > 10 and np.mean(lost) < 0.2:
        text = (
            f"{int(lost.sum())} gaps in time, {float(np.sum(steps[lost])):.1f} s in all, the longest "
            f"{float(steps.max()):.1f} s."
        )
        notices.append(Notice("gaps", where, text))
    regular_hz = _regular_hz(times_s)
    if regular_hz is not None:
        return Signal(values, regular_hz, float(times_s[0]), unit, name), notices
    return Samples(times_s, values, rate_hz, unit, name), notices


def _regular_hz(times_s: FloatArray) -> float | None:
    """Return the rate of a series that each stamp lies within half a sample of, a whole number where that fits."""
    if len(times_s) <= 2:
        return None
    mean_hz = (len(times_s) - 1) / float(times_s[-1] - times_s[0])
    for rate_hz in (float(round(mean_hz)), mean_hz):
        if rate_hz > 0:
            ideal = times_s[0] + np.arange(len(times_s)) / rate_hz
            if float(np.max(np.abs(times_s - ideal))) < 0.45 / rate_hz:
                return rate_hz
    return None
