"""Shimmer3: the text that Consensys exports, with names and units of the columns in two lines.

A column is named after the device, the sensor and whether it is calibrated:
``Shimmer_820D_ECG_LL-RA_24BIT_CAL``; where devices were synchronised, one file may hold several.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from coregulate.core import FloatArray, FormatError, Notice, Stream

from .channels import Channel, streams_of
from .dialect import is_value, split
from .large_table import read_rows
from .parse import floats
from .reader import Reader
from .stamps import written_times, zone_assumed
from .text import head_of

_TIME = re.compile(r"(.*?)_?Timestamp(?:Sync)?_(?:Formatted)?Unix_CAL$")
#: What is read, one of each kind, the lead with the largest beats first; uncalibrated where the unit does not matter.
_SENSORS = (
    *(
        ("ecg", re.compile(rf"(.*?)_?(ECG_{lead})\w*_(?:UN)?CAL$"))
        for lead in ("LL-RA", "LA-RA", "LL-LA", "Vx-RL")
    ),
    ("respiration", re.compile(r"(.*?)_?(ECG_RESP)\w*_(?:UN)?CAL$")),
    ("ppg", re.compile(r"(.*?)_?(PPG\d?_(?!to)\w+?)_(?:UN)?CAL$")),
    ("eda", re.compile(r"(.*?)_?(GSR_Skin_Conductance)_CAL$")),
    ("heart_rate", re.compile(r"(.*?)_?((?:PPG\d?|ECG)toHR)\w*_CAL$")),
    ("acceleration", re.compile(r"(.*?)_?(Accel_LN_[XYZ])_CAL$")),
    ("acceleration", re.compile(r"(.*?)_?(Accel_WR_[XYZ])_CAL$")),
    ("temperature", re.compile(r"(.*?)_?(Temperature|Skin_Temp\w*)_CAL$")),
)


class _Column(NamedTuple):
    name: str
    kind: str
    device: str
    sensor: str
    unit: str


def sniff(path: Path) -> bool:
    """Whether one of the first lines names a time as Consensys does."""
    return any("Unix_CAL" in line for line in head_of(path).lines[:3])


def read(path: Path, hints: Mapping[str, Any]) -> list[Stream]:
    """Read what has a use of every device in the file, by the time that Consensys synchronised.

    Raises
    ------
    FormatError
        Where there is no time, or only uncalibrated values that mean nothing without their calibration.
    """
    lines = head_of(path).lines
    at = next(k for k, line in enumerate(lines) if "Unix_CAL" in line)
    delimiter = "\t" if "\t" in lines[at] else ","
    names = split(lines[at], delimiter)
    below = split(lines[at + 1], delimiter) if len(lines) > at + 1 else []
    has_units = bool(below) and not is_value(below[0])
    units = below if has_units else []
    columns = _columns(names, [*units, *[""] * len(names)])
    times = sorted((n for n in names if _TIME.match(n)), key=lambda n: ("Formatted" in n, "Sync" not in n))
    if not columns:
        raise FormatError(
            "It holds no calibrated signal that is used", "Export calibrated values from Consensys", path
        )
    if not times:
        raise FormatError("It holds no time", "Export it again with Unix time", path)
    table = read_rows(
        path, skip=at + 1 + has_units, delimiter=delimiter,
        names=[name or f"column {k}" for k, name in enumerate(names)], keep=[times[0], *(c.name for c in columns)],
    )  # fmt: skip
    unix, notices = _unix(table[times[0]], path)
    known = np.isfinite(unix)
    if not known.any():
        raise FormatError("It holds no time that can be read", "Export it again with Unix time", path)
    order = np.flatnonzero(known)[np.argsort(unix[known], kind="stable")]
    origin = float(np.floor(unix[order[0]]))
    several = len({c.device for c in columns}) > 1
    channels = [
        _channel(c, floats(table[c.name], ".")[order], unix[order] - origin, several) for c in columns
    ]
    return streams_of(channels, path, origin_unix_s=origin, timing="stamps", notices=notices)


def _columns(names: list[str], units: list[str]) -> list[_Column]:
    """Return the columns that are read: of each device's kinds the first sensor (of an accelerometer three axes)."""
    found: list[_Column] = []
    taken: set[tuple[str, str]] = set()
    for kind, pattern in _SENSORS:
        fresh = [
            _Column(name, kind, match[1], match[2].replace("_", " "), _unit(unit))
            for name, unit in zip(names, units, strict=False)
            if not _TIME.match(name) and (match := pattern.match(name)) and (match[1], kind) not in taken
        ]
        if kind != "acceleration":
            fresh = list({c.device: c for c in reversed(fresh)}.values())
        taken |= {(c.device, kind) for c in fresh}
        found += fresh
    return found


def _unit(stated: str) -> str:
    return "counts" if stated == "no_units" else stated.replace("(", "").replace(")", "")


def _unix(column: Any, path: Path) -> tuple[FloatArray, list[Notice]]:
    milliseconds = floats(column, ".")
    if np.isfinite(milliseconds).any():
        return milliseconds / 1000.0, []
    told = written_times(column)
    return told.seconds, [] if told.zoned else [zone_assumed(path.name)]


def _channel(column: _Column, values: FloatArray, times_s: FloatArray, several: bool) -> Channel:
    if column.kind == "heart_rate":  # -1 before the first beats
        values = np.where(values > 0, values, np.nan)
    label = f"{column.device} {column.sensor}" if several else column.sensor
    owner = column.device if several else ""
    return Channel(label, values, None, column.unit, times_s=times_s, kind=column.kind, owner=owner)


READER = Reader("shimmer", sniff, read)
