"""OpenSignals (PLUX biosignalsplux and BITalino): text with a JSON header, and HDF5.

Values are the converter's counts. Skin conductance becomes microsiemens by the maker's transfer functions
(EDA data sheets of biosignalsplux and BITalino; the maker's package biosignalsnotebooks, ``raw_to_phy``); other sensors keep counts, because
nothing here needs their volts. Files that hold physical units already are told by their fractions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from coregulate.core import FloatArray, FormatError, Notice, Stream

from .channels import MAX_VALUES, Channel, streams_of
from .large_table import read_rows
from .parse import floats
from .reader import Reader
from .text import head_of

_SENSORS = {
    "ECG": "ecg", "ECGBIT": "ecg", "EDA": "eda", "EDABIT": "eda", "EDARAW": "other", "PPG": "ppg", "BVP": "ppg",
    "PPGBIT": "ppg", "BVPBIT": "ppg", "PULSE": "ppg", "RESP": "respiration", "RESPBIT": "respiration",
    "RESPIRATION": "respiration",
    "PZT": "respiration", "RIP": "respiration", "PIEZO": "respiration", "TEMP": "other", "NTC": "other",
}  # fmt: skip
_AXES = re.compile(r"(?:XYZ|ACC|X|Y|Z)(?:BIT)?$")
_PLUX = (
    "biosignalsplux",
    "channeller",
    "bioplux",
    "swifter",
    "rachimeter",
)  # what PLUX' hubs call themselves
_TITLE = "# OpenSignals Text File Format"
_ZONE = "The start names no zone: it is read as UTC. Streams in other zones will not meet it."


class _Device(NamedTuple):
    name: str
    model: str
    rate_hz: float
    channels: tuple[tuple[str, str, int], ...]  # sensor, label, bits
    start_unix_s: float | None


def sniff(path: Path) -> bool:
    """Whether the first line is OpenSignals' title, or an HDF5 file holds a device's folder with ``raw``."""
    head = head_of(path)
    if head.lines and head.lines[0].startswith("# OpenSignals"):
        return True
    if head.raw[:8] != b"\x89HDF\r\n\x1a\n":
        return False
    import h5py

    with h5py.File(path, "r") as file:
        return any("raw" in group and "sampling rate" in group.attrs for group in file.values())


def read(path: Path, hints: Mapping[str, Any]) -> list[Stream]:
    """Read the analog channels of all devices; digital lines and sequence numbers are left out.

    Raises
    ------
    FormatError
        For a damaged header or table.
    """
    if head_of(path).raw[:4] == b"\x89HDF":
        return _read_hdf(path)
    return _read_text(path)


def _read_text(path: Path) -> list[Stream]:
    lines = head_of(path).lines
    end = next((k for k, line in enumerate(lines) if line.startswith("# EndOfHeader")), None)
    described = next((line[1:].strip() for line in lines if line.startswith("# {")), "")
    try:
        header = json.loads(described)
        devices = [_device(str(name), about) for name, about in header.items()]
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise FormatError(f"Its header cannot be read ({error})", "Export it again", path) from None
    if end is None or not devices:
        raise FormatError("Its header does not end, or names no device", "Export it again", path)
    first = next((line for line in lines[end + 1 :] if line.strip()), "")
    n_columns = len(first.split())
    if n_columns == 0:
        raise FormatError("It holds no samples", "Record it again", path)
    spans = [
        _analog(at, device, path)
        for at, device in zip(_firsts(list(header.values()), n_columns), devices, strict=True)
    ]
    table = read_rows(
        path, skip=end + 1, delimiter="\t" if "\t" in first else " ",
        names=[str(k) for k in range(n_columns)], keep=[str(k) for span in spans for k in span],
    )  # fmt: skip
    channels: list[Channel] = []
    for device, span in zip(devices, spans, strict=True):
        for (sensor, label, bits), k in zip(device.channels, span, strict=True):
            values = floats(table[str(k)], ".")
            channels.append(_channel(device, sensor, label, bits, values, len(devices) > 1))
    return _streams(channels, devices, [], path)


def _firsts(abouts: list[Any], n_columns: int) -> list[tuple[int, int]]:
    """Return which columns are each device's: as many as its header lists, one device after another."""
    if len(abouts) == 1:
        return [(0, n_columns)]
    spans, at = [], 0
    for about in abouts:
        width = len(about.get("column", [])) or n_columns // len(abouts)
        spans.append((at, min(at + width, n_columns)))
        at += width
    return spans


def _device(name: str, about: Mapping[str, Any]) -> _Device:
    rate = float(about.get("sampling rate", 0))
    if not (np.isfinite(rate) and 0 < rate <= 1e6):
        raise ValueError(f"the sampling rate is {about.get('sampling rate')}")
    sensors = [str(s) for s in about.get("sensor", [])]
    labels = [str(x) for x in about.get("label", [])] or [f"CH{k}" for k in about.get("channels", [])]
    bits = [int(b) for b in about.get("resolution", [])][-len(sensors) :] or [0] * len(sensors)
    labels += [f"channel {k + 1}" for k in range(len(labels), len(sensors))]
    bits += [0] * (len(sensors) - len(bits))
    channels = tuple(zip(sensors, labels, bits, strict=False))
    model = str(about.get("device", "")).casefold()
    return _Device(name, model, rate, channels, _start(about))


def _start(about: Mapping[str, Any]) -> float | None:
    numbers = re.findall(r"\d+(?:\.\d+)?", f"{about.get('date', '')} {about.get('time', '')}")
    if len(numbers) < 6:
        return None
    seconds = float(numbers[5])
    try:
        whole = datetime(*(int(float(x)) for x in numbers[:5]), tzinfo=UTC)  # type: ignore[misc, arg-type]
    except (ValueError, OverflowError):
        return None
    return whole.timestamp() + seconds


def _analog(at: tuple[int, int], device: _Device, path: Path) -> range:
    """Return the columns of the analog channels: a device's last ones, whatever digital lines come before."""
    begin, end = at
    n = len(device.channels)
    if n == 0 or end - begin < n:
        raise FormatError(
            f"Its header names {n} sensors, the table has {end - begin} columns", "Export it again", path
        )
    return range(end - n, end)


def _channel(
    device: _Device, sensor: str, label: str, bits: int, values: FloatArray, several: bool
) -> Channel:
    word = sensor.upper().replace(" ", "").removesuffix("REV")
    kind = _SENSORS.get(word, "acceleration" if _AXES.match(word) else "other")
    counts = bits > 1 and bool(np.all(values == np.round(values)))
    unit = "counts" if counts else {"eda": "us", "ecg": "mv"}.get(kind, "")
    conductance = _conductance(values / 2.0**bits, device.model) if kind == "eda" and counts else None
    if conductance is not None:
        values, unit = conductance, "us"
    owner = device.name if several else ""
    name = f"{label} {sensor}" if sensor and sensor not in label else label
    return Channel(name, values, device.rate_hz, unit, kind=kind, owner=owner)


def _conductance(part: FloatArray, model: str) -> FloatArray | None:
    """Return microsiemens from parts of full scale, or None for a device whose transfer function is not known."""
    if model.startswith(_PLUX):
        return part * 3.0 / 0.12  # supply voltage over the sensor's constant
    if model.startswith("bitalino_"):  # (r)evolution and R-IoT
        return part * 3.3 / 0.132
    if model == "bitalino":  # the first board: a resistance in megaohms, falling with the counts
        with np.errstate(divide="ignore"):
            return np.where(part < 1, 1.0 / (1.0 - part), np.nan)
    return None


def _with_axes(channels: list[Channel]) -> list[Channel]:
    """Name the three channels of an accelerometer by their axes: each device calls them all ``XYZ``."""
    names: dict[int, str] = {}
    for owner in {c.owner for c in channels}:
        moving = [k for k, c in enumerate(channels) if c.kind == "acceleration" and c.owner == owner]
        if len(moving) == 3:
            names |= {k: f"{owner} acc {axis}".strip() for k, axis in zip(moving, "xyz", strict=True)}
    return [c._replace(label=names.get(k, c.label)) for k, c in enumerate(channels)]


def _streams(
    channels: list[Channel], devices: list[_Device], notices: list[Notice], path: Path
) -> list[Stream]:
    starts = {d.start_unix_s for d in devices}
    start = starts.pop() if len(starts) == 1 else min((s for s in starts if s is not None), default=None)
    if start is not None:
        notices.append(Notice("assumed_zone", path.name, _ZONE))
    return streams_of(_with_axes(channels), path, origin_unix_s=start, notices=notices)


def _read_hdf(path: Path) -> list[Stream]:
    import h5py

    channels: list[Channel] = []
    devices: list[_Device] = []
    with h5py.File(path, "r") as file:
        groups = {n: g for n, g in file.items() if isinstance(g, h5py.Group) and "raw" in g}
        for name, group in groups.items():
            about = {k: (v.tolist() if hasattr(v, "tolist") else v) for k, v in group.attrs.items()}
            parts = sorted(
                (n for n in group["raw"] if n.startswith("channel")), key=lambda n: int(n.split("_")[-1])
            )
            sensors = [_attr(group["raw"][n], "sensor") for n in parts]
            labels = [_attr(group["raw"][n], "label") or n for n in parts]
            if sum(group["raw"][n].size for n in parts) > MAX_VALUES:
                raise FormatError("It holds more samples than can be read at once", "Cut it into parts", path)
            device = _device(str(name), {**about, "sensor": sensors, "label": labels})
            devices.append(device)
            for part, (sensor, label, bits) in zip(parts, device.channels, strict=True):
                values = np.asarray(group["raw"][part], dtype=np.float64).ravel()
                channels.append(_channel(device, sensor, label, bits, values, len(groups) > 1))
    if not channels:
        raise FormatError("It holds no channels", "Export it again", path)
    return _streams(channels, devices, [], path)


def _attr(dataset: Any, name: str) -> str:
    value = dataset.attrs.get(name, "")
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


READER = Reader("opensignals", sniff, read)
