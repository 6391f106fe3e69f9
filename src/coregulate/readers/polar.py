"""Polar: Sensor Logger's text files, Flow's training csv, and the older .hrm.

Sensor Logger writes a phone's time and, for fast signals, the sensor's own nanoseconds: the sensor
says how far apart samples are, the phone when it was; both are tied by a line (offset and drift).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from coregulate.core import Events, FloatArray, FormatError, Label, Notice, Samples, Stream, Track

from .channels import Channel, streams_of, with_notices
from .clock import times_of
from .columns import kind_of
from .drift import fit_clock
from .frame import load, numbers
from .reader import Reader
from .text import head_of, read_lines
from .tiers import seconds_of

_PHONE = re.compile(r"Phone (?:Data RX )?timestamp;", re.IGNORECASE)
_LEAST_S = 600.0  # prior: a phone's stamps jitter by tens of ms, so a drift needs ten minutes to show
_ZONE = "The start names no zone: it is read as UTC. Streams in other zones will not meet it."


def sniff(path: Path) -> bool:
    """Whether the first line is one of the three kinds'."""
    lines = head_of(path).lines
    if not lines:
        return False
    first = lines[0].strip().strip('"')
    if first.startswith("[Params]"):
        return any(line.strip() in ("[HRData]", "[IntTimes]") for line in lines)
    flow = first.startswith("Name,Sport,Date,Start time") and any(
        line.startswith("Sample rate,Time") for line in lines[:5]
    )
    return bool(_PHONE.match(first)) or flow


def read(path: Path, hints: Mapping[str, Any]) -> list[Stream]:
    """Read one file.

    Raises
    ------
    FormatError
        Where it holds nothing, or its times cannot be read.
    """
    first = head_of(path).lines[0]
    if first.startswith("[Params]"):
        return _hrm(path)
    if first.startswith("Name,"):
        return _flow(path)
    if "marker" in first.casefold():
        return [_markers(path)]
    return _logger(path)


def _markers(path: Path) -> Stream:
    stamps, texts = [], []
    for line in read_lines(path)[1:]:
        stamp, _, text = line.partition(";")
        try:
            stamps.append(datetime.fromisoformat(stamp.strip()).replace(tzinfo=UTC).timestamp())
        except ValueError:
            continue
        texts.append(text.strip().strip(";") or "marker")
    if not stamps:
        raise FormatError("It holds no marker with a time", "Nothing to do where no marker was set", path)
    origin = float(np.floor(min(stamps)))
    labels = tuple(sorted(Label(t - origin, t - origin, text) for t, text in zip(stamps, texts, strict=True)))
    told = (Notice("assumed_zone", path.name, _ZONE),)
    return Stream("markers", Track(labels, "markers"), str(path), "markers", origin, "", "stamps", told)


def _logger(path: Path) -> list[Stream]:
    frame = load(path)
    names = frame.names
    times = times_of(frame, names[0], path, rate_hint=None, fast=False)
    notices = [*frame.notices, *times.notices]
    clock = times.times_s
    sensor = next((n for n in names if n.casefold().startswith("sensor timestamp")), None)
    if sensor is not None:
        clock, told = _sensor_time(numbers(frame, sensor, path)[0][times.keep], clock, path)
        notices.extend(told)
    columns = {n: numbers(frame, n, path)[0][times.keep] for n in names[1:]}
    interval = next((n for n in names if re.match(r"(PP|RR)-interval", n, re.IGNORECASE)), None)
    streams: list[Stream] = []
    if interval is not None:
        streams.append(_intervals(path, interval, columns, clock, times.origin_unix_s))
    channels = _channels(columns, clock)
    if channels:
        streams.extend(streams_of(channels, path, origin_unix_s=times.origin_unix_s))
    if not streams:
        raise FormatError("It holds no signal of a Polar sensor", "Check the export", path)
    return with_notices(streams, notices)


def _sensor_time(sensor_ns: FloatArray, phone_s: FloatArray, path: Path) -> tuple[FloatArray, list[Notice]]:
    """Return the sensor's times laid on the phone's clock; the phone's where the sensor's are no clock."""
    seconds = (sensor_ns - sensor_ns[0]) / 1e9
    if len(seconds) < 3 or not np.isfinite(seconds).all() or np.any(np.diff(seconds) < 0) or seconds[-1] <= 0:
        return phone_s, []
    max_ppm = 500.0 if phone_s[-1] - phone_s[0] >= _LEAST_S else 0.0
    fit = fit_clock(seconds, phone_s, max_ppm=max_ppm)
    if not abs(fit.residual_s) < 1.0:
        return phone_s, []
    drift = f", drift {fit.drift_ppm:.0f} ppm" if fit.drift_ppm else ""
    text = (
        f"The sensor's times are laid on the phone's clock (residual {1e3 * fit.residual_s:.0f} ms{drift})."
    )
    return fit.at(seconds), [Notice("clock_fitted", path.name, text)]


def _channels(columns: Mapping[str, FloatArray], clock: FloatArray) -> list[Channel]:
    channels = []
    optical = [n for n in columns if re.match(r"channel \d", n)]
    axes = [n for n in columns if re.match(r"[XYZ] \[m?g\]", n, re.IGNORECASE)]
    for name, values in columns.items():
        unit = (re.search(r"\[([^\]]*)\]", name) or ["", ""])[1]
        kind = kind_of(name)
        if name in axes:
            if name == axes[0]:
                stacked = np.column_stack([columns[a] for a in axes])
                channels.append(Channel("ACC", stacked, None, unit, times_s=clock, kind="acceleration"))
        elif name in optical:
            # The photodiode sees less light when there is more blood: turned over, a beat goes up.
            what, sign = ("ppg", -1.0) if name == optical[0] else ("other", 1.0)
            channels.append(Channel(name, sign * values, None, "counts", times_s=clock, kind=what))
        elif kind == "heart_rate":
            channels.append(
                Channel(name, np.where(values > 0, values, np.nan), None, unit, times_s=clock, kind=kind)
            )
        elif kind == "ecg":
            channels.append(Channel(name, values, None, unit, times_s=clock, kind=kind))
    return channels


def _intervals(
    path: Path, name: str, columns: Mapping[str, FloatArray], clock: FloatArray, origin: float | None
) -> Stream:
    values = columns[name]
    keep = np.isfinite(values) & (values > 0)
    blocked = next((columns[n] for n in columns if n.casefold() == "blocker"), None)
    notices = []
    if blocked is not None and np.any(blocked[keep] == 1):
        moving = keep & (blocked == 1)
        text = (
            f"{int(moving.sum())} of {int(keep.sum())} intervals came while the sensor was moving: left out."
        )
        notices.append(Notice("rows_left_out", f"{path.name}: {name}", text))
        keep &= blocked != 1
    if not keep.any():
        raise FormatError("It holds no interval that the sensor trusts", "Record again, sitting still", path)
    data = Events(clock[keep], values[keep], "ms", name)
    return Stream("rr", data, str(path), name, origin, "", "stamps", tuple(notices))


def _start(date: str, time: str) -> float | None:
    digits = re.findall(r"\d+", date)
    clock = re.findall(r"\d+(?:\.\d+)?", time)
    if len(clock) < 3:
        return None
    if len(digits) == 1 and len(digits[0]) == 8:
        digits = [digits[0][:4], digits[0][4:6], digits[0][6:]]
    if len(digits) != 3:
        return None
    year, month, day = digits if len(digits[0]) == 4 else digits[::-1]
    try:
        whole = datetime(int(year), int(month), int(day), int(clock[0]), int(clock[1]), tzinfo=UTC)
    except ValueError:
        return None
    return whole.timestamp() + float(clock[2])


def _hrm(path: Path) -> list[Stream]:
    sections: dict[str, list[str]] = {}
    current: list[str] = []
    for line in read_lines(path):
        text = line.strip()
        if re.fullmatch(r"\[\w+[\w -]*\]", text):
            current = sections.setdefault(text[1:-1], [])
        elif text:
            current.append(text)
    params = dict(line.split("=", 1) for line in sections.get("Params", []) if "=" in line)
    values = np.array([_first_number(line) for line in sections.get("HRData", [])])
    values = values[np.isfinite(values) & (values > 0)]
    if len(values) == 0:
        raise FormatError("It holds no heart data", "Export it again", path)
    start = _start(params.get("Date", ""), params.get("StartTime", ""))
    told = (Notice("assumed_zone", path.name, _ZONE),) if start is not None else ()
    step = _first_number(params.get("Interval", "nan"))
    whole_s = seconds_of(params.get("Length", ""))
    if values.sum() / 1000.0 < 0.98 * whole_s and step == 238:
        text = f"It is cut short: {values.sum() / 1000.0:.0f} s of {whole_s:.0f} s are there."
        told = (*told, Notice("cut_short", path.name, text))
    if step == 238:  # the format's number for intervals between beats instead of a rate
        data = Events(np.cumsum(values) / 1000.0, values, "ms", "rr")
        return [Stream("rr", data, str(path), "", start, "", "intervals", told)]
    if not 0 < step < 238:
        raise FormatError(f"Its interval is '{params.get('Interval')}'", "Export it again", path)
    channel = Channel("HR", values, 1.0 / step, "bpm", kind="heart_rate")
    return streams_of([channel], path, origin_unix_s=start, notices=told)


def _first_number(text: str) -> float:
    try:
        return float(text.split()[0])
    except (ValueError, IndexError):
        return float("nan")


def _flow(path: Path) -> list[Stream]:
    lines = read_lines(path)
    about = (
        dict(zip(*csv.reader(lines[:2]), strict=False)) if len(lines) > 1 else {}
    )  # a name may hold a comma
    at = next(k for k, line in enumerate(lines) if line.startswith("Sample rate,Time"))
    names = lines[at].split(",")
    if "HR (bpm)" not in names:
        raise FormatError("It has no heart rate", "Export the training with its samples", path)
    column, times, rates = names.index("HR (bpm)"), [], []
    for line in lines[at + 1 :]:
        fields = line.split(",")
        clock = re.findall(r"\d+(?:\.\d+)?", fields[1]) if len(fields) > column else []
        if len(clock) == 3:
            times.append(3600 * float(clock[0]) + 60 * float(clock[1]) + float(clock[2]))
            rates.append(_first_number(fields[column]))
    if not np.isfinite(rates).any():
        raise FormatError("It holds no heart rate", "Export the training with its samples", path)
    start = _start(about.get("Date", ""), about.get("Start time", ""))
    told = (Notice("assumed_zone", path.name, _ZONE),) if start is not None else ()
    data = Samples(np.array(times), np.array(rates), None, "1/min", "HR")
    return [Stream("heart_rate", data, str(path), "HR", start, "", "stamps", told)]


READER = Reader("polar", sniff, read)
