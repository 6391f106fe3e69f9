"""Apple Health: ``export.zip`` or ``export.xml`` (heart rate, beats), and the watch's ECG recordings (csv)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import IO, Any

import numpy as np

from coregulate.core import Events, FloatArray, FormatError, Notice, Samples, Signal, Stream

from .archive import is_zip, member_of, names_in, unpacked
from .channels import with_notices
from .markup import walk
from .reader import Reader
from .text import head_of, read_text

_HEART_RATE = "HKQuantityTypeIdentifierHeartRate"
_ECG_KEYS = {"recorded date": "date", "sample rate": "rate", "unit": "unit"}


def sniff(path: Path) -> bool:
    """Whether it is the export's XML or zip, or a recording with date, classification and rate."""
    head = head_of(path)
    if is_zip(head.raw):
        return any(_is_export(n) for n in names_in(path))
    lines = head.lines[:400]
    if any("<HealthData" in line or "<!DOCTYPE HealthData" in line for line in lines):
        return True
    keys = [line.split(",", 1)[0].strip().casefold() for line in lines[:20]]
    return "recorded date" in keys and "sample rate" in keys


def _is_export(name: str) -> bool:
    path = PurePosixPath(name)
    return path.suffix == ".xml" and "apple_health_export" in path.parts[:1] and "cda" not in path.stem


def read(path: Path, hints: Mapping[str, Any]) -> list[Stream]:
    """Read heart rates (one stream a source), single beats where the watch kept them, and ECGs.

    Raises
    ------
    FormatError
        Where it holds none of these.
    """
    if is_zip(head_of(path).raw):
        return _read_zip(path)
    if "<" in head_of(path).lines[0][:5]:
        with path.open("rb") as file:
            return _records(file, path)
    return [_ecg(read_text(path)[0], path, path.stem)]


def _read_zip(path: Path) -> list[Stream]:
    name = next(n for n in names_in(path) if _is_export(n))
    notices: list[Notice] = []
    try:
        with member_of(path, name) as file:
            streams = _records(file, path)
    except FormatError as error:
        if "no heart rate" not in error.problem:
            raise
        streams = []
    for member, raw in unpacked(path, lambda n: "/electrocardiograms/" in n and n.endswith(".csv")).items():
        try:
            streams.append(_ecg(raw.decode("utf-8", "replace"), path, PurePosixPath(member).stem))
        except FormatError as error:
            notices.append(Notice("part_unreadable", path.name, f"{member}: {error.problem}"))
    if not streams:
        raise FormatError("It holds no heart rate and no ECG", "Export all health data from the phone", path)
    return with_notices(streams, notices)


class _Export:
    """Heart rates by source, and beats, as the elements tell them."""

    def __init__(self) -> None:
        self.rates: dict[str, list[tuple[float, float]]] = {}
        self.beats: list[tuple[float, float]] = []
        self.record_start: datetime | None = None
        self.bad = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "Record":
            self.record_start = _moment(attributes.get("startDate", ""))
            if attributes.get("type") == _HEART_RATE:
                self._rate(attributes)
        elif name == "InstantaneousBeatsPerMinute" and self.record_start is not None:
            self._beat(attributes)

    def end(self, name: str, text: str) -> None:
        if name == "Record":
            self.record_start = None

    def _rate(self, attributes: dict[str, str]) -> None:
        try:
            value = float(attributes.get("value", ""))
        except ValueError:
            value = float("nan")
        if self.record_start is None or not 0 < value < 400:
            self.bad += 1
        else:
            self.rates.setdefault(attributes.get("sourceName", ""), []).append(
                (self.record_start.timestamp(), value)
            )

    def _beat(self, attributes: dict[str, str]) -> None:
        """Take a beat: it says the time of day alone, its day and zone are its record's."""
        match = re.match(r"(\d{1,2}):(\d\d):(\d\d)[.,](\d+)\s*([AaPp])?", attributes.get("time", ""))
        try:
            rate = float(attributes.get("bpm", ""))
        except ValueError:
            return
        if match is None or self.record_start is None or not 20 < rate < 300:
            return
        hour = int(match[1]) % 12 + (12 if match[5] in ("p", "P") else 0) if match[5] else int(match[1])
        if hour > 23 or int(match[2]) > 59 or int(match[3]) > 59:
            return
        day = self.record_start.replace(hour=hour, minute=int(match[2]), second=int(match[3]), microsecond=0)
        if (self.record_start - day).total_seconds() > 43_200:
            day += timedelta(days=1)  # the minute went past midnight
        self.beats.append((day.timestamp() + float(f"0.{match[4]}"), 60_000.0 / rate))


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S %z")
    except ValueError:
        return None


def _records(file: IO[bytes], path: Path) -> list[Stream]:
    told = _Export()
    whole = walk(file, path, start=told.start, end=told.end)
    notices = (
        []
        if whole
        else [Notice("cut_short", path.name, "It is damaged or cut short: what comes before is read.")]
    )
    if told.bad:
        notices.append(
            Notice("rows_left_out", path.name, f"{told.bad} heart rates cannot be read: left out.")
        )
    streams = []
    for source, rows in told.rates.items():
        times, values, origin = _ordered(rows)
        data = Samples(times, values, None, "1/min", source)
        streams.append(Stream("heart_rate", data, str(path), source, origin, "", "stamps"))
    if told.beats:
        times, values, origin = _ordered(told.beats)
        note = Notice(
            "gaps", f"{path.name}: beats", "The watch keeps single beats for about a minute now and then."
        )
        streams.append(
            Stream(
                "rr", Events(times, values, "ms", "beats"), str(path), "beats", origin, "", "stamps", (note,)
            )
        )
    if not streams:
        raise FormatError("It holds no heart rate", "Export all health data from the phone", path)
    return with_notices(streams, notices)


def _ordered(rows: list[tuple[float, float]]) -> tuple[FloatArray, FloatArray, float]:
    table = np.array(sorted(rows))
    origin = float(np.floor(table[0, 0]))
    return table[:, 0] - origin, table[:, 1], origin


def _ecg(text: str, path: Path, part: str) -> Stream:
    about: dict[str, str] = {}
    values: list[float] = []
    for line in text.replace("\r", "\n").split("\n"):
        number = _number(line)
        if number is not None and about:
            values.append(number)
        elif "," in line:
            key, _, said = line.partition(",")
            about[key.strip().casefold()] = said.strip().strip('"')
    rate = re.match(r"\d+(?:[.,]\d+)?", about.get("sample rate", ""))
    if rate is None or not 0 < float(rate[0].replace(",", ".")) <= 1e4 or len(values) < 2:
        raise FormatError("It holds no rate, or no samples", "Export the ECG again", path)
    start = _moment(about.get("recorded date", ""))
    unit = "mv" if about.get("unit", "").casefold().startswith("m") else "uv"
    data = Signal(np.array(values), float(rate[0].replace(",", ".")), 0.0, unit, part)
    return Stream("ecg", data, str(path), part, start.timestamp() if start else None, "", "rate")


def _number(line: str) -> float | None:
    """Return a sample: a number alone, with a comma where the phone's language has one."""
    text = line.strip().strip(",")
    return float(text.replace(",", ".")) if re.fullmatch(r"[-+]?\d+(?:[.,]\d+)?", text) else None


READER = Reader("apple_health", sniff, read)
