"""Movesense sensors: a folder for each device with ECG-*.csv and HR-*.csv, Annotations-*.csv beside or above.

The first line is a title in columns of fixed width: what, date, time, and the rate.
Each ECG sample has its own Unix time; the sensor loses samples, so time comes from there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from coregulate.core import Events, FloatArray, FormatError, Label, Notice, Samples, Stream, Track

from .clock import regular_or_samples
from .frame import load, numbers
from .reader import Reader
from .text import head_of, read_lines

_TITLE = re.compile(r"\s*(ECG|HeartRate)\s+(\d\d\.\d\d\.\d\d)(\d\d\.\d\d\.\d\d)(\d+(?:\.\d+)?)\s*$")
_RAIL = float(1 << 17)  # the raw counts end here: seen in real recordings, where the sensor saturates
_OFF_SCALE = 10.0  # prior: a second whose peak is so many times the median second's peak holds no heart


def sniff(path: Path) -> bool:
    """Whether a folder holds such files directly, or a file is one of them."""
    if path.is_dir():
        return any(_what(p) in ("ECG", "HeartRate") for p in _members(path))
    return bool(_what(path))


def _members(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.suffix.casefold() == ".csv" and not p.name.startswith("."))


def _what(path: Path) -> str:
    lines = head_of(path).lines
    if not lines:
        return ""
    match = _TITLE.match(lines[0][:400])
    if match:
        return match[1]
    return "Annotations" if lines[0].strip() == "Timestamp,Type,Content" else ""


def read(path: Path, hints: Mapping[str, Any]) -> list[Stream]:
    """Read a device's folder, or one of its files.

    Raises
    ------
    FormatError
        Where a file is damaged.
    """
    if path.is_dir():
        streams = [s for p in _members(path) if _what(p) for s in _read_file(p)]
        if not streams:
            raise FormatError("The folder holds no readable Movesense file", "Check the export", path)
        return streams
    return _read_file(path)


def _read_file(path: Path) -> list[Stream]:
    what = _what(path)
    if what == "ECG":
        return [_ecg(path)]
    if what == "HeartRate":
        return _heart_rate(path)
    if what == "Annotations":
        return [_annotations(path)]
    raise FormatError("It is no Movesense file", "Its first line should name ECG or HeartRate", path)


def _columns(path: Path, names: tuple[str, str]) -> tuple[FloatArray, FloatArray, list[Notice]]:
    frame = load(path)
    if tuple(n.strip() for n in frame.names[:2]) != names:
        raise FormatError(
            f"Its columns are {', '.join(frame.names[:4])}", f"They should be {names[0]} and {names[1]}", path
        )
    a, first = numbers(frame, names[0], path)
    b, second = numbers(frame, names[1], path)
    return a, b, [*frame.notices, *first, *second]


def _ecg(path: Path) -> Stream:
    stamps, values, notices = _columns(path, ("Timestamp", "Sample"))
    match = _TITLE.match(head_of(path).lines[0][:400])
    declared = float(match[4]) if match and float(match[4]) > 0 else None
    keep = np.flatnonzero((stamps > 3e8) & (stamps < 1e11))  # Unix seconds; a damaged stamp is none
    if len(keep) < len(stamps):
        notices.append(
            Notice("times_missing", path.name, f"{len(stamps) - len(keep)} samples have no time: left out.")
        )
    if len(keep) == 0:
        raise FormatError("No sample has a time", "Export it again", path)
    order = keep[np.argsort(stamps[keep], kind="stable")]
    if np.any(np.diff(stamps[keep]) < 0):
        notices.append(
            Notice(
                "times_back",
                path.name,
                "Time runs backwards in places: the samples are put in order of time.",
            )
        )
    origin = float(np.floor(stamps[order[0]]))
    times_s, values = stamps[order] - origin, values[order]
    values, told = _without_saturation(times_s, values, path)
    data, more = regular_or_samples(
        times_s, values, rate_hz=declared, unit="counts", name="ECG", where=path.name
    )
    if not isinstance(data, Samples):
        data = Samples(
            times_s, values, declared, "counts", "ECG"
        )  # always stamps: what signals do with losses is their matter
    return Stream("ecg", data, str(path), path.name, origin, "", "stamps", (*notices, *told, *more))


def _without_saturation(
    times_s: FloatArray, values: FloatArray, path: Path
) -> tuple[FloatArray, list[Notice]]:
    """Make seconds missing in which the sensor is at its rail or far off scale."""
    second = np.floor(times_s - times_s[0]).astype(np.int64)
    starts = np.flatnonzero(np.r_[True, np.diff(second) > 0])
    size = np.nan_to_num(np.abs(values))
    peaks = np.maximum.reduceat(size, starts)
    typical = float(np.median(peaks))
    bad = peaks >= _RAIL - 1
    if typical > 0:
        bad |= peaks > _OFF_SCALE * typical
    if not bad.any():
        return values, []
    lengths = np.diff(np.r_[starts, len(values)])
    result = np.where(np.repeat(bad, lengths), np.nan, values)
    listed = ", ".join(str(k) for k in second[starts][bad][:8])
    more = "" if bad.sum() <= 8 else f" and {int(bad.sum()) - 8} more"
    text = (
        f"The sensor is saturated or far off scale in {int(bad.sum())} s (second {listed}{more} "
        f"of the recording): read as missing."
    )
    return result, [Notice("saturated", path.name, text)]


def _heart_rate(path: Path) -> list[Stream]:
    average, rr_ms, notices = _columns(path, ("Average", "RRData"))
    keep = np.isfinite(rr_ms) & (rr_ms > 0)
    if not keep.any():
        raise FormatError("It holds no intervals", "Export it again", path)
    ends = np.cumsum(rr_ms[keep]) / 1000.0
    intervals = Events(ends, rr_ms[keep], "ms", "RRData")
    averages = Events(ends, average[keep], "1/min", "Average")
    told = tuple(notices)
    return [
        Stream("rr", intervals, str(path), f"{path.name} RRData", None, "", "intervals", told),
        Stream("heart_rate", averages, str(path), f"{path.name} Average", None, "", "intervals"),
    ]


def _annotations(path: Path) -> Stream:
    labels, stamps = [], []
    for line in read_lines(path)[1:]:
        stamp, _, rest = line.partition(",")
        try:
            time = float(stamp)
        except ValueError:
            continue
        if not np.isfinite(time):
            continue
        kind, _, content = rest.partition(",")
        stamps.append(time)
        labels.append(f"{kind.strip()}: {content.strip()}" if content.strip() else kind.strip())
    if not stamps:
        raise FormatError("It holds no annotation with a time", "Export it again", path)
    origin = float(np.floor(min(stamps)))
    marks = sorted(zip(stamps, labels, strict=True))
    track = Track(tuple(Label(t - origin, t - origin, text) for t, text in marks), "annotations")
    return Stream("markers", track, str(path), "annotations", origin, "", "stamps")


READER = Reader("movesense", sniff, read, folders=True)
