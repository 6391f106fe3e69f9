"""Empatica EmbracePlus: Avro files of raw data, one or a folder of them, by fastavro."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from coregulate.core import Events, FloatArray, FormatError, Notice, Samples, Signal, Stream

from .channels import marker_stream, with_notices
from .reader import Reader, optional
from .text import head_of

_MAX_BYTES = 512 << 20  # prior: a day of raw data is about 60 MB
_SIGNALS = {"eda": ("eda", "us"), "temperature": ("temperature", "degc"), "bvp": ("ppg", "")}
_LEAST_MS, _MOST_MS = 300.0, 2000.0  # prior: longer or shorter is no interval between two beats


def sniff(path: Path) -> bool:
    """Whether it is an Avro file with Empatica's schema, or a folder of such."""
    if path.is_dir():
        return any(_is_avro(p) for p in sorted(path.glob("*.avro"))[:3])
    return _is_avro(path)


def _is_avro(path: Path) -> bool:
    raw = head_of(path).raw
    return raw[:4] == b"Obj\x01" and b"rawData" in raw


def read(path: Path, hints: Mapping[str, Any]) -> list[Stream]:
    """Read acceleration, blood volume pulse, skin conductance, temperature, beats and tags.

    Files of one folder are pieces of one recording; gaps between them stay gaps.

    Raises
    ------
    MissingExtraError
        Without fastavro.
    FormatError
        Where no record can be read.
    """
    fastavro = optional("fastavro", "fastavro", path)
    files = sorted(path.glob("*.avro")) if path.is_dir() else [path]
    if sum(p.stat().st_size for p in files) > _MAX_BYTES:
        raise FormatError(
            "It holds more than can be read at once", "Give the files of the session alone", path
        )
    notices: list[Notice] = []
    pieces: dict[str, list[tuple[float, float, FloatArray]]] = {}
    peaks: list[float] = []
    tags: list[float] = []
    for file in files:
        try:
            with file.open("rb") as opened:
                for record in fastavro.reader(opened):
                    _take(record["rawData"], pieces, peaks, tags)
        except Exception as error:  # fastavro raises whatever a damaged file leads it to
            text = f"It is damaged or cut short: what comes before is read ({type(error).__name__})."
            notices.append(Notice("cut_short", file.name, text))
    joined = [_joined(kind, parts, path) for kind, parts in pieces.items() if parts]
    streams = [s for s in joined if s is not None]
    origin = min((s.origin_unix_s or 0.0 for s in streams), default=None)
    if len(peaks) > 1:
        streams.append(_beats(np.array(sorted(peaks)), path))
    if tags:
        start = origin if origin is not None else float(np.floor(min(tags)))
        marks = [(t - start, t - start, f"tag {k + 1}") for k, t in enumerate(sorted(tags))]
        streams.append(marker_stream(marks, path, "tags", origin_unix_s=start))
    if not streams:
        raise FormatError("It holds no signal", "Download the file again", path)
    return with_notices(streams, notices)


def _take(
    raw: Mapping[str, Any],
    pieces: dict[str, list[tuple[float, float, FloatArray]]],
    peaks: list[float],
    tags: list[float],
) -> None:
    for name in _SIGNALS:
        part = raw.get(name) or {}
        _add(pieces, name, part, np.asarray(part.get("values") or [], dtype=np.float64))
    motion = raw.get("accelerometer") or {}
    axes = [np.asarray(motion.get(a) or [], dtype=np.float64) for a in "xyz"]
    if len({len(a) for a in axes}) == 1:
        _add(
            pieces,
            "accelerometer",
            motion,
            np.column_stack(axes) * _g_per_count(motion.get("imuParams") or {}),
        )
    peaks.extend(float(t) / 1e9 for t in (raw.get("systolicPeaks") or {}).get("peaksTimeNanos") or [])
    tags.extend(float(t) / 1e6 for t in (raw.get("tags") or {}).get("tagsTimeMicros") or [])


def _add(
    pieces: dict[str, list[tuple[float, float, FloatArray]]],
    name: str,
    part: Mapping[str, Any],
    values: FloatArray,
) -> None:
    start, rate = float(part.get("timestampStart") or 0) / 1e6, float(part.get("samplingFrequency") or 0)
    if len(values) and 0 < rate < 1e5 and 3e8 < start < 1e11:
        pieces.setdefault(name, []).append((start, rate, values))


def _g_per_count(params: Mapping[str, Any]) -> float:
    """Return g in one count; newer schemas name the range, older ones the conversion itself."""
    physical = float(params.get("physicalMax") or 0) - float(params.get("physicalMin") or 0)
    digital = float(params.get("digitalMax") or 0) - float(params.get("digitalMin") or 0)
    factor = params.get("conversionFactors")
    if digital > 0 and physical > 0:
        return physical / digital
    return float(factor[0]) if isinstance(factor, list) and factor else 1.0


def _joined(name: str, parts: list[tuple[float, float, FloatArray]], path: Path) -> Stream | None:
    kind, unit = ("acceleration", "g") if name == "accelerometer" else _SIGNALS[name]
    parts = sorted(parts, key=lambda p: p[0])
    start, rate, _ = parts[0]
    origin = float(np.floor(start))
    times = [s + np.arange(len(v)) / r for s, r, v in parts]
    values = np.concatenate([v for _, _, v in parts])
    if not np.isfinite(values).any():
        return None
    joints = [abs(t[0] - before[-1] - 1 / rate) for before, t in itertools.pairwise(times)]
    if max(joints, default=0.0) < 0.5 / rate and len({r for _, r, _ in parts}) == 1:
        data: Signal | Samples = Signal(values, rate, start - origin, unit, name)
        return Stream(kind, data, str(path), name, origin, "", "rate")
    order = np.argsort(np.concatenate(times), kind="stable")
    data = Samples(np.concatenate(times)[order] - origin, values[order], rate, unit, name)
    gaps = [j for j in joints if j > 1.5 / rate]
    told = (
        (
            Notice(
                "gaps",
                f"{path.name}: {name}",
                f"{len(gaps)} gaps between its pieces, {sum(gaps):.1f} s in all.",
            ),
        )
        if gaps
        else ()
    )
    return Stream(kind, data, str(path), name, origin, "", "stamps", told)


def _beats(peaks: FloatArray, path: Path) -> Stream:
    """Return the intervals between neighbouring pulse peaks; one that spans a lost beat is left out."""
    origin = float(np.floor(peaks[0]))
    intervals = np.diff(peaks) * 1000.0
    keep = (intervals >= _LEAST_MS) & (intervals <= _MOST_MS)
    data = Events(peaks[1:][keep] - origin, intervals[keep], "ms", "systolicPeaks")
    note = Notice("gaps", f"{path.name}: systolicPeaks", "Intervals over a lost beat are left out.")
    return Stream("rr", data, str(path), "systolicPeaks", origin, "", "stamps", (note,))


READER = Reader("embrace", sniff, read, folders=True)
