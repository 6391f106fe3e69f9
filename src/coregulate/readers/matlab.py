"""MATLAB .mat of every version: arrays and structures whose names say what they are, programs' exports, Kubios' results.

There is no standard for physiology in
.mat files: an array counts as a signal where its name, or the labels beside it, say so, and a rate is found.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from coregulate.core import FloatArray, FormatError, Notice, Stream

from . import kubios
from .channels import MAX_OTHER, MAX_VALUES, Channel, channel_kind, streams_of
from .columns import is_time_name
from .mat_exports import export_of
from .mat_tree import MAX_DEPTH, fields_of, mat_tree, texts_of
from .reader import Reader
from .text import head_of

_RATES = re.compile(
    r"(?:^|_|\b)(?:fs|fsample|srate|sr|freq|frequency|sampling_?rate|sample_?rate|samplingfreq\w*|rate_?hz|rate)$",
    re.IGNORECASE,
)


def sniff(path: Path) -> bool:
    """Whether the first bytes are MATLAB's (also inside HDF5), or the name says so and it is version 4."""
    raw = head_of(path).raw[:124]
    named = path.suffix.casefold() == ".mat"
    return raw[:6] == b"MATLAB" or (named and (raw[:8] == b"\x89HDF\r\n\x1a\n" or _is_version_4(raw)))


def _is_version_4(raw: bytes) -> bool:
    """Whether a header of version 4 comes first: digits for machine, 0, precision and matrix; then the size."""
    if len(raw) < 20:
        return False
    kind, rows, columns, _, length = struct.unpack("<5i" if raw[3] == 0 else ">5i", raw[:20])
    machine, zero, precision, matrix = (kind // 10**k % 10 for k in (3, 2, 1, 0))
    digits = 0 <= kind < 5000 and machine <= 4 and zero == 0 and precision <= 5 and matrix <= 2
    return bool(digits and rows >= 0 and columns >= 0 and 0 < length <= 64)


def read(path: Path, hints: Mapping[str, Any]) -> list[Stream]:
    """Read the named arrays; ``rate_hz`` says what the file does not.

    Raises
    ------
    FormatError
        Where no array can be told to be a signal, or no rate is found.
    """
    tree = mat_tree(path)
    if (result := kubios.result_of(tree)) is not None:
        return kubios.read_result(result, path)
    if (export := export_of(tree, path)) is not None:
        return export
    rate = float(hints["rate_hz"]) if hints.get("rate_hz") is not None else _rate(tree)
    notices: list[Notice] = []
    channels = list(_channels(tree, rate))
    named = [c for c in channels if channel_kind(c.label) != "other"]
    if hints.get("kind") and len(channels) == 1:
        channels = named = [channels[0]._replace(kind=str(hints["kind"]))]
    if not channels:
        why = "it holds no rate (fs, srate, ...)" if not math.isfinite(rate) else "it holds no long array"
        raise FormatError(
            f"Nothing in it can be read as a signal: {why}",
            "Give rate_hz, and name arrays ECG, EDA, ...",
            path,
        )
    if sum(c.values.size for c in channels) > MAX_VALUES:
        raise FormatError("It holds more samples than can be read at once", "Cut it into parts", path)
    if sum(c.values.size for c in channels if c not in named) > MAX_OTHER:
        channels = named
        notices.append(
            Notice("left_out", path.name, "Arrays without a known name are not kept, because they are large.")
        )
    return streams_of(channels, path, notices=notices)


def _rate(tree: Mapping[str, Any], depth: int = 0) -> float:
    for name, value in tree.items():
        inner = fields_of(value)
        if inner is not None and depth < MAX_DEPTH:
            found = _rate(inner, depth + 1)
            if math.isfinite(found):
                return found
        elif _RATES.search(name) and np.ndim(value) == 0 and not isinstance(value, str):
            try:
                number = float(value)
            except (TypeError, ValueError):
                continue
            if 0 < number <= 1e6:
                return number
    return math.nan


def _channels(tree: Mapping[str, Any], rate: float, prefix: str = "", depth: int = 0) -> Iterator[Channel]:
    own = _rate(tree, MAX_DEPTH)  # a structure's own rate outranks the file's
    rate = own if math.isfinite(own) else rate
    times = next((_seconds(n, v) for n, v in tree.items() if is_time_name(n) and _is_series(v)), None)
    for name, value in tree.items():
        label = f"{prefix} {name}".strip()
        inner = fields_of(value)
        if inner is not None and depth < MAX_DEPTH:
            yield from _channels(inner, rate, label, depth + 1)
        elif _is_series(value) and not is_time_name(name):
            values = np.asarray(value, dtype=np.float64)
            values = values.T if values.ndim == 2 and values.shape[0] < values.shape[1] else values
            if times is not None and len(times) == len(values):
                yield from _columns(label, values, None, times, tree)
            elif math.isfinite(rate):
                yield from _columns(label, values, rate, None, tree)


def _is_series(value: Any) -> bool:
    return (
        isinstance(value, np.ndarray) and value.dtype.kind in "fiu" and value.ndim in (1, 2)
        and max(value.shape) >= 20 and (value.ndim == 1 or min(value.shape) <= 64)
    )  # fmt: skip


def _seconds(name: str, value: Any) -> FloatArray | None:
    times = np.asarray(value, dtype=np.float64)
    if times.ndim != 1 or not np.isfinite(times).all() or np.any(np.diff(times) < 0) or times[0] > 3e8:
        return None
    return times / 1000.0 if "ms" in name.casefold() else times


def _columns(
    label: str, values: FloatArray, rate: float | None, times: FloatArray | None, beside: Mapping[str, Any]
) -> Iterator[Channel]:
    if values.ndim == 1 or (channel_kind(label) == "acceleration" and values.shape[1] == 3):
        yield Channel(label, values, rate, times_s=times)
        return
    names = next(
        (
            t
            for t in map(texts_of, (beside.get(k) for k in ("labels", "channels", "label", "names")))
            if len(t) == values.shape[1]
        ),
        [],
    )
    for k in range(values.shape[1]):
        yield Channel(names[k] if names else f"{label} {k + 1}", values[:, k], rate, times_s=times)


READER = Reader("matlab", sniff, read)
