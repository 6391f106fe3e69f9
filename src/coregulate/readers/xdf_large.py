"""XDF too large to hold: counted first, then read with neighbouring samples averaged, channels without a use left out.

The times are laid straight after pyxdf, not by it: by the same line, in less memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray, FormatError, Notice

from .channels import USED
from .xdf_chunks import Counted
from .xdf_header import channels_of, is_text, kind_of_stream, name_of, nominal_hz

# prior: with what Python and its packages take, under a GB (measured: docs/formats.md)
MOST_BYTES = 600_000_000
_LEAST_HZ = {"ecg": 250.0, "ppg": 100.0, "acceleration": 50.0}
_LEAST_OTHER_HZ = 25.0
_GATHERED = 2000  # samples that are averaged at a time: small chunks would cost an array each
_BREAK_S, _BREAK_SAMPLES = 1.0, 500  # pyxdf's defaults: a longer pause begins a new straight line

OnChunk = Callable[[Any, Any, Any, int], tuple[Any, Any, Any]]


class Kept(NamedTuple):
    """What is read of a stream: every ``together`` samples become one, of some columns."""

    columns: list[int]
    together: int
    n_samples: int
    row_bytes: int


def fits(streams: Mapping[int, Counted]) -> bool:
    """Whether pyxdf can hold all streams: each number twice, and 90 bytes a sample to fit the longest one's times."""
    sizes = [(s.n_samples, 16 * (1 + s.n_channels)) for s in streams.values()] or [(0, 0)]
    return sum(n * row for n, row in sizes) + 90 * max(n for n, _ in sizes) <= MOST_BYTES


def plan(streams: Mapping[int, Counted], path: Path, notices: list[Notice]) -> dict[int, Kept]:
    """Choose what is kept: channels with a use, and all marks; averaged as little as memory asks.

    Raises
    ------
    FormatError
        Where nothing has a use, or too much remains even when averaged.
    """
    kept = {k: _kept(s) for k, s in streams.items()}
    left = [name_of(streams[k].header) for k, s in kept.items() if not s.columns]
    kept = {k: s for k, s in kept.items() if s.columns}
    if left:
        text = f"Streams without a use here are not read, because the file is large: {', '.join(left)[:200]}."
        notices.append(Notice("left_out", path.name, text))
    if not kept:
        raise FormatError(
            "It is large and holds no stream with a use here", "Name its streams (ECG, EDA, ...)", path
        )
    while _bytes(kept) > MOST_BYTES:
        costly = max(kept, key=lambda k: _slower(kept[k], streams[k]) * _bytes({k: kept[k]}))
        if not _slower(kept[costly], streams[costly]):
            raise FormatError(
                f"It holds more than can be read at once, even averaged to {_LEAST_HZ['ecg']:.0f} a second",
                "Cut it into parts", path,
            )  # fmt: skip
        kept[costly] = kept[costly]._replace(together=kept[costly].together + 1)
    _tell(kept, streams, path, notices)
    return kept


def _kept(stream: Counted) -> Kept:
    n = stream.n_channels
    if is_text(stream.header):
        return Kept(list(range(n)), 1, stream.n_samples, 8 + 200 * n)  # prior: a text of Python
    columns = [k for k, c in enumerate(channels_of(stream.header, n)) if c.kind in USED]
    return Kept(columns, 1, stream.n_samples, 8 + 4 * len(columns))


def _bytes(kept: Mapping[int, Kept]) -> float:
    """Return roughly what reading takes: all streams' times and values, and the work on the longest."""
    sizes = [(s.n_samples / s.together, s.row_bytes) for s in kept.values()]
    return sum(n * row for n, row in sizes) + max(n * (40 + row) for n, row in sizes)


def _slower(kept: Kept, stream: Counted) -> bool:
    """Whether one sample more may be averaged into one."""
    least = _LEAST_HZ.get(kind_of_stream(stream.header), _LEAST_OTHER_HZ)
    return nominal_hz(stream.header) / (kept.together + 1) >= least


def _tell(
    kept: Mapping[int, Kept], streams: Mapping[int, Counted], path: Path, notices: list[Notice]
) -> None:
    slower = [f"{name_of(streams[k].header)} by {s.together}" for k, s in kept.items() if s.together > 1]
    if slower:
        text = f"The file is large: neighbouring samples are averaged ({', '.join(slower)[:200]})."
        notices.append(Notice("averaged", path.name, text))


def averaging(kept: Mapping[int, Kept]) -> OnChunk:
    """Return what pyxdf is to call for each chunk: it gives back the means, and keeps what waits for more."""
    waiting: dict[int, list[tuple[NDArray[Any], FloatArray]]] = {k: [] for k in kept}
    seen = dict.fromkeys(kept, 0)

    def on_chunk(values: Any, stamps: Any, info: Any, stream: int) -> tuple[Any, Any, Any]:
        if is_text(info):
            return values, stamps, info
        plan = kept[stream]
        seen[stream] += len(stamps)
        waiting[stream].append((values[:, plan.columns].astype(np.float32), stamps))
        if sum(len(t) for _, t in waiting[stream]) < _GATHERED and seen[stream] < plan.n_samples:
            return np.empty((0, len(plan.columns)), np.float32), np.empty(0), info
        rows = np.concatenate([v for v, _ in waiting[stream]])
        times = np.concatenate([t for _, t in waiting[stream]])
        n = len(times) // plan.together * plan.together
        waiting[stream] = [(rows[n:], times[n:])]
        return *_means(rows[:n], times[:n], plan.together), info

    return on_chunk


def _means(values: NDArray[Any], times: FloatArray, together: int) -> tuple[NDArray[Any], FloatArray]:
    """Return the mean of each so many samples; those that lie across a gap or a reset are left out."""
    if together == 1:
        return values, times
    blocks = times.reshape(-1, together)
    lasts = np.abs(blocks[:, -1] - blocks[:, 0])
    whole = lasts <= np.median(lasts) + _BREAK_S if len(lasts) else lasts > 0
    means = values.reshape(len(blocks), together, -1).mean(axis=1, dtype=np.float32)
    return means[whole], blocks.mean(axis=1)[whole]


def straighten(streams: Sequence[Mapping[str, Any]]) -> None:
    """Lay the times of each regular stream on a straight line between pauses, in place."""
    for stream in streams:
        rate, times = nominal_hz(stream), stream["time_stamps"]
        if not rate or len(times) < 2 or _may_drop(stream):
            continue
        pauses = np.flatnonzero(np.abs(np.diff(times)) > max(_BREAK_S, _BREAK_SAMPLES / rate)) + 1
        for a, b in zip([0, *pauses.tolist()], [*pauses.tolist(), len(times)], strict=True):
            _lay_straight(times[a:b])


def _may_drop(stream: Mapping[str, Any]) -> bool:
    """Whether the header says that samples may be missing, as of a camera: then its own times stay."""
    try:
        told = stream["info"]["desc"][0]["synchronization"][0]["can_drop_samples"][0]
    except (KeyError, IndexError, TypeError):
        return False
    return str(told).casefold() == "true"


def _lay_straight(times: FloatArray) -> None:
    """Replace times by their least-squares line over the index, in place."""
    index = np.arange(len(times)) - (len(times) - 1) / 2
    mean = float(times.mean())
    scale = float(index @ index)
    times -= mean
    slope = float(index @ times) / scale if scale else 0.0
    np.multiply(index, slope, out=times)
    times += mean
