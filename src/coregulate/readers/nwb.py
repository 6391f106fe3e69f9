"""NWB (Neurodata Without Borders 2): its time series, by h5py, after the published schema.

Every TimeSeries in ``acquisition``, ``processing`` and ``stimulus``: ``data`` with unit and conversion, and
``starting_time`` with a rate, or ``timestamps``. Times count from ``timestamps_reference_time``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from coregulate.core import FormatError, Notice, Stream

from .channels import MAX_OTHER, MAX_VALUES, USED, Channel, channel_kind, marker_stream, streams_of
from .reader import Reader
from .text import head_of


def sniff(path: Path) -> bool:
    """Whether it is HDF5 that names itself a version of NWB."""
    if head_of(path).raw[:8] != b"\x89HDF\r\n\x1a\n":
        return False
    import h5py

    with h5py.File(path, "r") as file:
        return "nwb_version" in file.attrs


def read(path: Path, hints: Mapping[str, Any]) -> list[Stream]:
    """Read the time series of one to three columns, and the intervals (trials, epochs) as markers.

    Raises
    ------
    FormatError
        Where there is no time series that can be read.
    """
    import h5py

    notices: list[Notice] = []
    with h5py.File(path, "r") as file:
        found: list[tuple[str, Any]] = []
        for top in ("acquisition", "processing", "stimulus"):
            if top in file:
                file[top].visititems(
                    lambda name, item: found.append((name, item)) if _is_series(item) else None
                )
        chosen = _chosen(found, path, notices)
        channels = [c for name, item in chosen for c in _channels(name.split("/")[-1], item, path)]
        origin = _reference(file, path, notices)
        marks = _intervals(file)
    if not channels and not marks:
        raise FormatError(
            "It holds no time series that can be used here", "docs/formats.md says what is read", path
        )
    streams = streams_of(channels, path, origin_unix_s=origin, notices=notices) if channels else []
    return [*streams, marker_stream(marks, path, "intervals", origin_unix_s=origin)] if marks else streams


def _is_series(item: Any) -> bool:
    import h5py

    if (
        not isinstance(item, h5py.Group)
        or "data" not in item
        or not ("starting_time" in item or "timestamps" in item)
    ):
        return False
    data = item["data"]
    return (
        isinstance(data, h5py.Dataset)
        and data.dtype.kind in "fiu"
        and data.ndim in (1, 2)
        and data.shape[0] > 1
    )


def _chosen(found: list[tuple[str, Any]], path: Path, notices: list[Notice]) -> list[tuple[str, Any]]:
    narrow = [(n, i) for n, i in found if i["data"].ndim == 1 or i["data"].shape[1] <= 3]
    used = [(n, i) for n, i in narrow if _kind(n, i) in USED]
    if sum(i["data"].size for _, i in used) > MAX_VALUES:
        raise FormatError("It holds more samples than can be read at once", "Cut it into parts", path)
    others = [(n, i) for n, i in narrow if (n, i) not in used]
    if sum(i["data"].size for _, i in others) > MAX_OTHER:
        others = []
    left = [n for n, i in found if (n, i) not in used and (n, i) not in others]
    if left:
        notices.append(
            Notice(
                "left_out",
                path.name,
                f"Series that are wide or large and without a use here: {', '.join(left[:8])}.",
            )
        )
    return [*used, *others]


def _attr(item: Any, name: str, default: Any = "") -> Any:
    value = item.attrs.get(name, default)
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _kind(name: str, item: Any) -> str:
    own = channel_kind(name.split("/")[-1], str(_attr(item["data"], "unit")))
    return own if own != "other" else channel_kind(str(_attr(item, "description"))[:60])


def _channels(name: str, item: Any, path: Path) -> list[Channel]:
    data = item["data"]
    scale, shift = float(_attr(data, "conversion", 1.0)), float(_attr(data, "offset", 0.0))
    values = np.asarray(data, dtype=np.float64)
    values = values if scale == 1.0 and shift == 0.0 else values * scale + shift
    rate, start, times = math.nan, 0.0, None
    if "starting_time" in item:
        start, rate = (
            float(np.asarray(item["starting_time"])),
            float(_attr(item["starting_time"], "rate", math.nan)),
        )
    else:
        times = np.asarray(item["timestamps"], dtype=np.float64)
    if times is None and not (0 < rate <= 1e6):
        raise FormatError(f"The rate of '{name}' is {rate:g}", "Write the file again", path)
    if times is not None and len(times) != len(values):
        raise FormatError(
            f"'{name}' has {len(times)} times for {len(values)} values", "Write the file again", path
        )
    unit, kind = str(_attr(data, "unit")), _kind(name, item)
    if values.ndim == 2 and not (kind == "acceleration" and values.shape[1] == 3):
        return [
            Channel(
                f"{name} {k + 1}", values[:, k], None if times is not None else rate, unit, start, times, kind
            )
            for k in range(values.shape[1])
        ]
    return [Channel(name, values, None if times is not None else rate, unit, start, times, kind)]


def _reference(file: Any, path: Path, notices: list[Notice]) -> float | None:
    for name in ("timestamps_reference_time", "session_start_time"):
        if name in file:
            text = np.asarray(file[name]).item()
            try:
                moment = datetime.fromisoformat(text.decode() if isinstance(text, bytes) else str(text))
            except ValueError:
                continue
            if moment.tzinfo is None:
                notices.append(
                    Notice("assumed_zone", path.name, "The start names no zone: it is read as UTC.")
                )
                moment = moment.replace(tzinfo=UTC)
            return moment.timestamp()
    return None


def _intervals(file: Any) -> list[tuple[float, float, str]]:
    marks: list[tuple[float, float, str]] = []
    for name, table in file["intervals"].items() if "intervals" in file else ():
        if "start_time" in table and "stop_time" in table:
            starts, stops = (np.asarray(table[k], dtype=np.float64) for k in ("start_time", "stop_time"))
            marks.extend(
                (float(a), float(b), name)
                for a, b in zip(starts, stops, strict=False)
                if np.isfinite([a, b]).all()
            )
    return marks[:100_000]


READER = Reader("nwb", sniff, read)
