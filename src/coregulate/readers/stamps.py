"""Times that a table writes as text: ISO 8601, dates as countries write them, and times of day."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from coregulate.core import FloatArray, Notice

if TYPE_CHECKING:
    import pandas as pd

DAY_S = 86400.0
_ISO = re.compile(r"\s*\d{4}-\d\d-\d\d")
_ZONE = re.compile(r"(Z|UTC|GMT|[+-]\d\d:?\d\d)$")
_DATE = r"\s*(?P<a>\d{1,4})(?P<mark>[./-])(?P<b>\d{1,2})(?P=mark)(?P<c>\d{1,4})"
_CLOCK = r"\s*(?P<h>\d{1,3}):(?P<m>\d\d)(?::(?P<s>\d\d))?(?P<f>[.,:]\d+)?\s*(?P<half>[AaPp]\.?\s?[Mm]\.?)?\s*"
_DATED = rf"{_DATE}[T ,_-]+{_CLOCK}(?:(?P<z>Z|UTC|GMT)|(?P<zone>[+-]\d\d):?(?P<more>\d\d))?\s*"
_FORMS = {"dated": re.compile(_DATED), "clock": re.compile(_CLOCK), "date": re.compile(rf"{_DATE}\s*")}
#: Months by their English names, and digits without marks; as ``strptime`` writes them.
_OTHERS = (
    "%b %d, %Y %I:%M:%S %p", "%b %d, %Y, %I:%M:%S %p", "%B %d, %Y %I:%M:%S %p", "%d-%b-%Y %H:%M:%S", "%d-%b-%Y %H:%M:%S.%f",
    "%d %b %Y %H:%M:%S", "%d %B %Y %H:%M:%S", "%a %b %d %H:%M:%S %Y", "%Y%m%d %H%M%S", "%Y%m%dT%H%M%S", "%Y%m%d_%H%M%S",
    "%Y-%m-%d %H.%M.%S", "%Y-%m-%d_%H-%M-%S",
)  # fmt: skip
_LOOKED_AT = 50  # prior: rows that tell how a column is written


class Written(NamedTuple):
    """Seconds of each row (NaN: no time), Unix or of the day, and what had to be assumed."""

    seconds: FloatArray
    unix: bool
    zoned: bool = True
    day_or_month: str = ""


def is_stamp(text: str) -> bool:
    """Whether a text begins as a date: ``2025-01-31``."""
    return bool(_ISO.match(text))


def _is_iso(text: str) -> bool:
    return is_stamp(text) and not re.search(r"[ap]\.?\s?m", text, re.IGNORECASE)


def names_zone(stamp: str) -> bool:
    """Whether a date and time says its zone."""
    return bool(_ZONE.search(stamp.strip()))


def zone_assumed(where: str) -> Notice:
    """Say that a time without a zone is read as UTC."""
    text = "The time names no zone: it is read as UTC. Streams in other zones will not meet it."
    return Notice("assumed_zone", where, text)


def form_of(column: pd.Series) -> str:
    """Return how a column of texts writes time.

    ``iso``, ``dated``, ``clock``, ``date`` (alone), a form as ``strptime`` writes it, or ``""``.
    """
    texts = [str(x) for x in column.dropna().head(_LOOKED_AT)]
    if not texts:
        return ""
    for form in ("date", "dated", "clock"):
        if all(_FORMS[form].fullmatch(x) for x in texts):
            return "iso" if form == "dated" and all(map(_is_iso, texts)) else form
    for form in _OTHERS:
        if _is_written(texts, form):
            return form
    return "iso" if all(map(is_stamp, texts)) else ""


def _is_written(texts: Sequence[str], form: str) -> bool:
    try:
        return all(datetime.strptime(x.strip(), form) for x in texts)
    except ValueError:
        return False


def unix_seconds(column: pd.Series) -> FloatArray:
    """Return dates and times (ISO 8601, UTC where no zone is named) as Unix seconds, NaN where there is none."""
    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        text = column.astype("string").str.replace(",", ".", regex=False)
        text = text.str.replace(r"\s*(?:UTC|GMT)$", "Z", regex=True).str.replace(
            r"\s*(?:UTC|GMT)(?=[+-])", "", regex=True
        )
        stamps = pd.to_datetime(text, errors="coerce", utc=True, format="ISO8601")
    return _seconds(stamps)


def written_times(column: pd.Series, days: pd.Series | None = None, form: str = "") -> Written:
    """Return a column of texts as seconds.

    ``days`` is the column of dates beside times of day, ``form`` how they are written where that is known (`form_of`).
    """
    import pandas as pd

    form = form or form_of(column)
    if form in ("", "iso"):
        first = column.dropna()
        zoned = len(first) > 0 and names_zone(str(first.iloc[0]))
        return Written(unix_seconds(column), unix=True, zoned=zoned)
    text = column.astype("string")
    if form in _OTHERS:
        stamps = pd.to_datetime(text.str.strip(), format=form, errors="coerce", utc=True)
        return Written(_seconds(stamps), unix=True, zoned=False)
    parts = text.str.extract(f"^(?:{_DATED if form == 'dated' else _CLOCK})$")
    clock = _of_day(parts, _in_minutes(parts))
    if form == "dated":
        midnight, assumed = _midnights(parts)
        return Written(
            midnight + clock - _ahead_s(parts), unix=True, zoned=_all_zoned(parts, text), day_or_month=assumed
        )
    if days is None:
        return Written(clock + DAY_S * _midnights_passed(clock), unix=False)
    midnight, assumed = _midnights(days.astype("string").str.extract(f"^{_DATE}"))
    return Written(midnight + clock, unix=True, zoned=False, day_or_month=assumed)


def times_of_day(column: pd.Series, in_minutes: bool) -> FloatArray:
    """Return a column of times of day as seconds since midnight; of two numbers the first may be minutes."""
    return _of_day(column.astype("string").str.extract(f"^(?:{_CLOCK})$"), in_minutes)


def tells_minutes(column: pd.Series) -> bool:
    """Whether a column of times of day holds two numbers, of which the first are minutes."""
    return _in_minutes(column.astype("string").str.extract(f"^(?:{_CLOCK})$"))


class Dated(NamedTuple):
    """Dates as they are written, seconds since their midnights, how far their zones are ahead, and whether all name one."""

    dates: pd.Series
    clock: FloatArray
    ahead_s: FloatArray
    zoned: bool


def split_dates(column: pd.Series) -> Dated:
    """Take a column of dates and times (`form_of`: dated) apart."""
    text = column.astype("string")
    parts = text.str.extract(f"^(?:{_DATED})$")
    dates = parts["a"] + parts["mark"] + parts["b"] + parts["mark"] + parts["c"]
    return Dated(dates, _of_day(parts, False), _ahead_s(parts), _all_zoned(parts, text))


def midnights_of(dates: Sequence[str]) -> tuple[FloatArray, str]:
    """Return the Unix times of dates' midnights, and what was assumed to stand first (see `Written`)."""
    import pandas as pd

    return _midnights(pd.Series(list(dates), dtype="string").str.extract(f"^{_DATE}"))


def _all_zoned(parts: pd.DataFrame, text: pd.Series) -> bool:
    """Whether each row that tells a time names a zone."""
    return bool((parts["z"].notna() | parts["zone"].notna())[text.notna()].all())


def _in_minutes(parts: pd.DataFrame) -> bool:
    """Whether of two numbers the first are minutes: they start at 0, pass 23, or the second have fractions."""
    first = _number(parts["h"])
    known = first[np.isfinite(first)]
    if not len(known) or parts["s"].notna().any():
        return False
    return bool(known[0] == 0 or known.max() > 23 or _fraction(parts).any())


def _fraction(parts: pd.DataFrame) -> FloatArray:
    return np.nan_to_num(_number(parts["f"].str.replace(r"^[,:]", ".", regex=True)))


def _of_day(parts: pd.DataFrame, in_minutes: bool) -> FloatArray:
    """Return seconds since midnight, or since the recording's begin where the first numbers are minutes."""
    first, second, third = (_number(parts[k]) for k in "hms")
    fraction = _fraction(parts)
    if in_minutes:
        return np.asarray(60.0 * first + second + fraction, dtype=np.float64)
    half = parts["half"].str.lower().str[0]
    hours = np.where(half.notna(), first % 12 + 12.0 * (half == "p").fillna(False), first)
    return np.asarray(3600.0 * hours + 60.0 * second + np.nan_to_num(third) + fraction, dtype=np.float64)


def _ahead_s(parts: pd.DataFrame) -> FloatArray:
    """Return by how much each row's zone is ahead of UTC, 0 where none is named."""
    hours, minutes = _number(parts["zone"]), _number(parts["more"])
    behind = parts["zone"].str.startswith("-").fillna(False).to_numpy(dtype=bool)
    return np.nan_to_num(3600.0 * hours + np.where(behind, -60.0, 60.0) * minutes)


def _midnights_passed(clock: FloatArray) -> FloatArray:
    steps = np.diff(clock, prepend=clock[:1])
    return np.cumsum(steps < -DAY_S / 2).astype(np.float64)


def _midnights(parts: pd.DataFrame) -> tuple[FloatArray, str]:
    """Return the Unix time of each row's midnight, and ``month`` or ``day``: what is assumed to stand first."""
    import pandas as pd

    a, b, c = (_number(parts[k]) for k in "abc")
    dotted = bool((parts["mark"].dropna() == ".").all())
    assumed = ""
    if np.nanmax(a, initial=0) > 31:
        year, month, day = a, b, c
    else:
        day_first = dotted or bool(np.nanmax(a, initial=0) > 12)
        if not day_first and np.nanmax(b, initial=0) <= 12:
            day_first = bool((parts["mark"].dropna() == "-").all())
            assumed = "day" if day_first else "month"
        day, month = (a, b) if day_first else (b, a)
        year = np.where(c < 100, c + 2000, c)
    dates = pd.to_datetime(
        pd.DataFrame({"year": year, "month": month, "day": day}), errors="coerce", utc=True
    )
    return _seconds(dates), assumed


def _number(column: pd.Series) -> FloatArray:
    import pandas as pd

    return np.asarray(pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan))


def _seconds(stamps: pd.Series) -> FloatArray:
    nanoseconds = stamps.to_numpy(dtype="datetime64[ns]")
    return np.where(np.isnat(nanoseconds), np.nan, nanoseconds.astype(np.int64) / 1e9)
