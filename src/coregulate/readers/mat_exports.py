"""What laboratories' programs write into a .mat, each under names of its own: AcqKnowledge, LabChart and Spike2."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from coregulate.core import FloatArray, FormatError, Stream

from .channels import Channel, marker_stream, streams_of
from .columns import MATLAB_DAY
from .mat_tree import fields_of, texts_of
from .stamps import DAY_S, zone_assumed

_LABCHART = frozenset(["data", "datastart", "dataend", "samplerate", "titles"])
_SPIKE2 = frozenset(["title", "interval", "values"])
_SPIKE2_STEPS = 6553.6  # of its 16-bit numbers in a volt


def export_of(tree: Mapping[str, Any], path: Path) -> list[Stream] | None:
    """Return the streams of a program's export, or None where the file is none.

    Raises
    ------
    FormatError
        Where it contradicts itself.
    """
    if tree.keys() >= _LABCHART:
        return _labchart(tree, path)
    channels = _acqknowledge(tree, path) or _spike2(tree)
    return streams_of(channels, path) if channels else None


def _acqknowledge(tree: Mapping[str, Any], path: Path) -> list[Channel]:
    """Return the channels of AcqKnowledge's export: data, labels, units, isi (ms or s between samples)."""
    data, labels = tree.get("data"), texts_of(tree.get("labels"))
    if not isinstance(data, np.ndarray) or data.dtype.kind not in "fiu" or "isi" not in tree or not labels:
        return []
    table = data if data.ndim == 2 else data[:, None]
    if table.shape[1] != len(labels):
        table = table.T
    step = _first(tree["isi"])
    if "".join(texts_of(tree.get("isi_units"))).strip().casefold() in ("ms", "msec"):
        step /= 1000.0
    if table.shape[1] != len(labels) or not (math.isfinite(step) and step > 0):
        raise FormatError("Its labels or its sample interval do not fit its data", "Export it again", path)
    units = [*texts_of(tree.get("units")), *[""] * len(labels)]
    columns = np.asarray(table, dtype=np.float64)
    return [Channel(label, columns[:, k], 1.0 / step, units[k]) for k, label in enumerate(labels)]


def _spike2(tree: Mapping[str, Any]) -> list[Channel]:
    """Return the waveforms of Spike2's export: a structure each, with title, units, interval, start and values."""
    channels = []
    for name, value in tree.items():
        of = fields_of(value)
        if of is None or not of.keys() >= _SPIKE2:
            continue
        raw, step = np.ravel(np.asarray(of["values"])), _first(of["interval"])
        if raw.dtype.kind not in "fiu" or not (math.isfinite(step) and step > 0):
            continue
        values: FloatArray = raw.astype(np.float64)
        if raw.dtype.kind in "iu":
            values = values * _first(of.get("scale", 1.0)) / _SPIKE2_STEPS + _first(of.get("offset", 0.0))
        start_s, title = _first(of.get("start", 0.0)), "".join(texts_of(of["title"])).strip()
        unit = "".join(texts_of(of.get("units")))
        at = start_s if math.isfinite(start_s) else 0.0
        channels.append(Channel(title or name, values, 1.0 / step, unit, at))
    return channels


def _first(value: Any) -> float:
    numbers = np.ravel(np.asarray(value))
    return float(numbers[0]) if len(numbers) and numbers.dtype.kind in "fiu" else math.nan


def _labchart(tree: Mapping[str, Any], path: Path) -> list[Stream]:
    """Return LabChart's channels, one row after the other in ``data``, block by block, and its comments."""
    titles = texts_of(tree["titles"])
    data = np.ravel(np.asarray(tree["data"]))
    try:
        first = np.asarray(tree["datastart"], dtype=np.float64).reshape(len(titles), -1)
        last, rates = (_by_block(tree[k], first.shape) for k in ("dataend", "samplerate"))
        begun = np.broadcast_to(np.asarray(tree["blocktimes"], dtype=np.float64).ravel(), first.shape[1:])
    except (KeyError, TypeError, ValueError):
        raise FormatError(
            "Its channels and its blocks contradict each other", "Export it again", path
        ) from None
    recorded = (first >= 1) & (first <= last) & (last <= data.size) & (rates > 0) & np.isfinite(begun)
    if not recorded.any():
        raise FormatError("None of its blocks holds a sample", "Export it again", path)
    starts = (begun - begun[0]) * DAY_S
    channels = []
    for k, title in enumerate(titles):
        blocks = np.flatnonzero(recorded[k])
        cut = [slice(int(first[k, b]) - 1, int(last[k, b])) for b in blocks]
        values = [_scaled(data[c], tree, k, b, first.shape) for c, b in zip(cut, blocks, strict=True)]
        if values:
            channels.append(
                _channel(title, values, rates[k, blocks], starts[blocks], _unit(tree, k, first.shape))
            )
    origin = (float(begun[0]) - MATLAB_DAY) * DAY_S
    streams = streams_of(channels, path, origin_unix_s=origin, notices=[zone_assumed(path.name)])
    marks = _comments(tree, starts)
    return [*streams, marker_stream(marks, path, "comments", origin_unix_s=origin)] if marks else streams


def _by_block(value: Any, shape: tuple[int, ...]) -> FloatArray:
    """Return a number for each channel (row) and block; ``ValueError`` where there are not as many."""
    return np.asarray(value, dtype=np.float64).reshape(shape)


def _channel(
    title: str, values: list[FloatArray], rates: FloatArray, starts: FloatArray, unit: str
) -> Channel:
    if len(values) == 1:
        return Channel(title, values[0], float(rates[0]), unit, float(starts[0]))
    times = [s + np.arange(len(v)) / r for s, v, r in zip(starts, values, rates, strict=True)]
    return Channel(title, np.concatenate(values), None, unit, times_s=np.concatenate(times))


def _scaled(values: Any, tree: Mapping[str, Any], k: int, block: int, shape: tuple[int, ...]) -> FloatArray:
    """Return samples in their unit: what was saved as 16-bit numbers comes with a scale and an offset."""
    samples = np.asarray(values, dtype=np.float64)
    if "scaleunits" not in tree or "scaleoffset" not in tree:
        return samples
    scale, offset = (_by_block(tree[n], shape)[k, block] for n in ("scaleunits", "scaleoffset"))
    return np.asarray((samples + offset) * scale)


def _unit(tree: Mapping[str, Any], k: int, shape: tuple[int, ...]) -> str:
    units, which = texts_of(tree.get("unittext")), np.ravel(np.asarray(tree.get("unittextmap", [])))
    if which.size != shape[0] * shape[1] or which.dtype.kind not in "fiu":
        return ""
    at = int(which.reshape(shape)[k, 0]) - 1
    return units[at] if 0 <= at < len(units) else ""


def _comments(tree: Mapping[str, Any], starts: FloatArray) -> list[tuple[float, float, str]]:
    """Return the comments: rows of channel, block, place in ticks, kind, and which text."""
    texts = texts_of(tree.get("comtext"))
    rows = np.asarray(tree.get("com", []), dtype=np.float64)
    ticks = np.ravel(np.asarray(tree.get("tickrate", []), dtype=np.float64))
    if not texts or rows.size % 5 or not ticks.size:
        return []
    marks = []
    for _, block, place, _, text in rows.reshape(-1, 5):
        if not np.isfinite([block, place, text]).all():
            continue
        b, t = int(block) - 1, int(text) - 1
        if 0 <= b < len(starts) and 0 <= t < len(texts) and ticks[min(b, len(ticks) - 1)] > 0:
            at = float(starts[b] + place / ticks[min(b, len(ticks) - 1)])
            marks.append((at, at, texts[t]))
    return marks
