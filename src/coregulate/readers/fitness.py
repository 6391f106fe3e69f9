"""Heart rate of watches: Garmin's FIT, TCX and GPX, the JSON of Fitbit and of Polar's account."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from coregulate.core import Events, FloatArray, FormatError, Notice, Samples, Stream

from .fit_beats import lay_beats
from .markup import walk
from .reader import Reader, optional
from .text import head_of, read_bytes

_ZONE = "The times name no zone: they are read as UTC. Streams in other zones will not meet them."
_ROOTS = ("<TrainingCenterDatabase", "<gpx")
_POINTS = frozenset(["Trackpoint", "trkpt"])
_HEART = frozenset(["hr", "heartrate"])  # Garmin's TrackPointExtension, and Suunto's and Polar's word for it
_MAX_JSON = 64 << 20  # prior: a day of Fitbit is about 1 MB


def sniff(path: Path) -> bool:
    """Whether it is FIT by its first bytes, TCX or GPX by its root, or JSON of Fitbit or Polar by its keys."""
    head = head_of(path)
    if len(head.raw) >= 14 and head.raw[8:12] == b".FIT":
        return True
    text = head.raw[:4096].decode("utf-8", "replace").lstrip("\ufeff \r\n\t")
    if text.startswith("<"):
        return any(root in text for root in _ROOTS)
    if text[:1] == "{" and '"exportVersion"' in text and '"startTime"' in text:
        return True
    return text[:1] in "[{" and ('"bpm"' in text or '"activities-heart' in text) and "value" in text


def read(path: Path, hints: Mapping[str, Any]) -> list[Stream]:
    """Read the heart rate, and from FIT the intervals between beats where the watch kept them.

    Raises
    ------
    MissingExtraError
        For FIT without fitdecode.
    FormatError
        Where there is no heart rate.
    """
    raw = head_of(path).raw
    if raw[8:12] == b".FIT":
        return _fit(path)
    if raw.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"<":
        return _track(path)
    return _json(path)


class _Points:
    """Times and heart rates of the points of a track."""

    def __init__(self) -> None:
        self.rows: list[tuple[float, float]] = []
        self.zoned = True
        self.inside: list[str] = []
        self.time = self.heart = float("nan")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.inside.append(name)
        if name in _POINTS:
            self.time = self.heart = float("nan")

    def end(self, name: str, text: str) -> None:
        self.inside.pop()
        parent = self.inside[-1] if self.inside else ""
        if name.casefold() == "time" and parent in _POINTS:
            self.time, zoned = _stamp(text)
            self.zoned &= zoned
        elif name in _HEART or (name == "Value" and parent == "HeartRateBpm"):
            self.heart = _number(text)
        elif name in _POINTS and np.isfinite(self.time) and np.isfinite(self.heart):
            self.rows.append((self.time, self.heart))


def _track(path: Path) -> list[Stream]:
    told = _Points()
    with path.open("rb") as file:
        whole = walk(file, path, start=told.start, end=told.end)
    notices = (
        []
        if whole
        else [Notice("cut_short", path.name, "It is damaged or cut short: what comes before is read.")]
    )
    if not told.zoned:
        notices.append(Notice("assumed_zone", path.name, _ZONE))
    return [_heart_rate(told.rows, path, notices)]


def _stamp(text: str) -> tuple[float, bool]:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return float("nan"), True
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp(), moment.tzinfo is not None


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def _heart_rate(rows: list[tuple[float, float]], path: Path, notices: list[Notice]) -> Stream:
    good = sorted((t, v) for t, v in rows if np.isfinite(t) and 3e8 < t < 1e11 and 0 < v < 400)
    if not good:
        raise FormatError(
            "It holds no heart rate", "Wear the sensor; export the activity with its samples", path
        )
    if len(good) < len(rows):
        notices.append(
            Notice("rows_left_out", path.name, f"{len(rows) - len(good)} points cannot be read: left out.")
        )
    table = np.array(good)
    origin = float(np.floor(table[0, 0]))
    data = Samples(table[:, 0] - origin, table[:, 1], None, "1/min", "heart rate")
    return Stream("heart_rate", data, str(path), "heart rate", origin, "", "stamps", tuple(notices))


def _json(path: Path) -> list[Stream]:
    try:
        if path.stat().st_size > _MAX_JSON:
            raise FormatError("It is larger than any day of a watch", "Give one day's file", path)
        whole = json.loads(read_bytes(path))
    except (ValueError, RecursionError) as error:
        raise FormatError(f"The JSON is damaged ({error})", "Export it again", path) from None
    if isinstance(whole, list):
        rows = _takeout(whole)
    else:
        rows = _polar(whole) if "exercises" in whole else _intraday(whole)
    return [_heart_rate(rows, path, [Notice("assumed_zone", path.name, _ZONE)])]


def _takeout(entries: list[Any]) -> list[tuple[float, float]]:
    rows = []
    for entry in entries:
        if isinstance(entry, Mapping) and isinstance(entry.get("value"), Mapping):
            rows.append((_american(str(entry.get("dateTime", ""))), _number(entry["value"].get("bpm"))))
    return rows


def _american(text: str) -> float:
    for form in ("%m/%d/%y %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"):
        try:
            return datetime.strptime(text[:19], form).replace(tzinfo=UTC).timestamp()
        except ValueError:
            continue
    return float("nan")


def _polar(whole: Mapping[str, Any]) -> list[tuple[float, float]]:
    """Return the heart rates of a training session as Polar's account exports it, of all its exercises."""
    rows = []
    for exercise in _dicts(whole["exercises"]):
        samples = exercise.get("samples")
        for point in _dicts(samples.get("heartRate") if isinstance(samples, Mapping) else None):
            if "value" in point:  # a sample that the strap lost has none
                rows.append((_american(str(point.get("dateTime", ""))), _number(point["value"])))
    return rows


def _dicts(value: Any) -> list[Mapping[str, Any]]:
    return [x for x in value if isinstance(x, Mapping)] if isinstance(value, list) else []


def _intraday(whole: Mapping[str, Any]) -> list[tuple[float, float]]:
    days = whole.get("activities-heart")
    intraday = whole.get("activities-heart-intraday")
    if not (
        isinstance(days, list) and days and isinstance(days[0], Mapping) and isinstance(intraday, Mapping)
    ):
        return []
    day = str(days[0].get("dateTime", ""))[:10]
    points = [p for p in intraday.get("dataset") or [] if isinstance(p, Mapping)]
    return [(_american(f"{day} {p.get('time', '')}"), _number(p.get("value"))) for p in points]


class _Heard:
    """What the messages of a FIT file say: records, intervals, and beats that a strap kept and sent later."""

    def __init__(self) -> None:
        self.records: list[tuple[float, float]] = []
        self.intervals: list[float] = []
        self.before: list[int] = []  # how many records came before each interval
        self.beats: list[tuple[float, float]] = []

    def take(self, frame: Any) -> None:
        if frame.name == "record":
            moment = frame.get_value("timestamp", fallback=None)
            if isinstance(moment, datetime):
                self.records.append(
                    (moment.timestamp(), _number(frame.get_value("heart_rate", fallback=None)))
                )
        elif frame.name == "hrv":
            self.intervals.extend(map(_number, _several(frame.get_value("time", fallback=()))))
            self.before.extend([len(self.records)] * (len(self.intervals) - len(self.before)))
        elif frame.name == "hr":
            moments = [x.value for x in frame.fields if x.name == "event_timestamp"]
            rates = _several(frame.get_value("filtered_bpm", fallback=()))
            self.beats.extend(
                (m.timestamp(), _number(r))
                for m, r in zip(moments, rates, strict=False)
                if isinstance(m, datetime)
            )


def _several(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, tuple | list) else () if value is None else (value,)


def _fit(path: Path) -> list[Stream]:
    fitdecode = optional("fitdecode", "fitdecode", path)
    told = _Heard()
    notices: list[Notice] = []
    try:
        with fitdecode.FitReader(str(path), check_crc=fitdecode.CrcCheck.DISABLED) as file:
            for frame in file:
                if frame.frame_type == fitdecode.FIT_FRAME_DATA:
                    told.take(frame)
    except fitdecode.FitError as error:
        if not told.records:
            raise FormatError(
                f"The FIT file is damaged ({error})", "Export the activity again", path
            ) from None
        notices.append(
            Notice("cut_short", path.name, "It is damaged or cut short: what comes before is read.")
        )
    heard = [r for r in told.records if np.isfinite(r[1])] or told.beats
    streams = [_heart_rate(heard, path, notices)] if heard or not told.intervals else []
    kept = [k for k, x in enumerate(told.intervals) if np.isfinite(x) and 0.2 < x < 5.0]
    if kept:
        beats = np.array([told.intervals[k] for k in kept])
        streams.append(_beats(beats, [told.before[k] for k in kept], [t for t, _ in told.records], path))
    elif len(told.beats) > 1:
        streams.append(_sent_later(np.array([t for t, _ in told.beats]), path))
    return streams


def _sent_later(beats_unix_s: FloatArray, path: Path) -> Stream:
    """Return the intervals between beats that carry times of their own, a 1024th of a second fine."""
    beats = np.unique(beats_unix_s)
    origin = float(np.floor(beats[0]))
    rr_s = np.diff(beats)
    near = (rr_s > 0.2) & (rr_s < 5.0)  # what lies between is lost
    data = Events(beats[1:][near] - origin, 1000.0 * rr_s[near], "ms", "hr")
    return Stream("rr", data, str(path), "hr", origin, "", "stamps")


def _beats(rr_s: FloatArray, before: list[int], records: list[float], path: Path) -> Stream:
    laid = lay_beats(rr_s, before, records)
    if laid is None:
        data = Events(np.cumsum(rr_s), 1000.0 * rr_s, "ms", "hrv")
        return Stream("rr", data, str(path), "hrv", None, "", "intervals")
    origin = float(np.floor(laid.ends_unix_s[0]))
    pieces = f" in {laid.n_pieces} pieces" if laid.n_pieces > 1 else ""
    told = (
        f"The beats carry no times: they are laid{pieces} by the records that they stand between, "
        f"95 % of which lie within {laid.error_s:.1f} s."
    )
    data = Events(laid.ends_unix_s - origin, 1000.0 * rr_s, "ms", "hrv")
    notice = Notice("clock_fitted", path.name, told)
    return Stream("rr", data, str(path), "hrv", origin, "", "stamps", (notice,))


READER = Reader("fitness", sniff, read)
