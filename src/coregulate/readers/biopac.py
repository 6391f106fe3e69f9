"""BIOPAC AcqKnowledge (.acq), by bioread: channels with their own rates, and the event markers."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FormatError, Notice, Stream

from .channels import MAX_OTHER, MAX_VALUES, USED, Channel, channel_kind, marker_stream, streams_of
from .reader import Reader, optional
from .text import head_of

_VERSIONS = range(30, 400)  # bioread knows revisions 30 (AcqKnowledge 2.0a) to 132 (5.0.1)


def sniff(path: Path) -> bool:
    """Whether the name ends in .acq and the header's revision is one of AcqKnowledge's."""
    raw = head_of(path).raw[:6]
    if path.suffix.casefold() != ".acq" or len(raw) < 6:
        return False
    little, big = (int.from_bytes(raw[2:6], order) for order in ("little", "big"))
    return little in _VERSIONS or big in _VERSIONS


def read(path: Path, hints: Mapping[str, Any]) -> list[Stream]:
    """Read the channels and markers.

    Raises
    ------
    MissingExtraError
        Without bioread.
    FormatError
        For a damaged file.
    """
    bioread = optional("bioread", "bioread", path)
    notices: list[Notice] = []
    logging.getLogger("bioread").setLevel(logging.CRITICAL)  # what it has to say becomes an error or a notice
    headers = bioread.read_headers(str(path))
    chosen = _chosen(headers.channels, path, notices)
    try:
        whole = bioread.read(str(path), channel_indexes=chosen)
    except (ValueError, TypeError, EOFError, zlib.error):
        whole = _salvaged(bioread, path)
    end = _sound_end(headers.channels, whole.is_compressed, path, notices)
    channels = [_channel(whole.channels[k], end, path) for k in chosen if len(whole.channels[k].data)]
    if not channels:
        raise FormatError("It holds no samples", "Save it again with AcqKnowledge", path)
    start_unix_s, first, marks = _marks(whole, path, notices)
    streams = streams_of(channels, path, origin_unix_s=start_unix_s, notices=notices)
    rate = float(whole.samples_per_second)
    timed = [((index - first) / rate, (index - first) / rate, text) for index, text in marks]
    if timed and np.isfinite(rate) and rate > 0:
        streams.append(marker_stream(timed, path, "markers", origin_unix_s=start_unix_s))
    return streams


def _salvaged(bioread: Any, path: Path) -> Any:
    """Read what is whole of a file that was cut short; a compressed one has its channels' ends at its own end."""
    with path.open("rb") as file:
        reader = bioread.reader_for_streaming(file)
        if reader.datafile.is_compressed:
            raise FormatError("It is compressed, and damaged or cut short", "Copy or save it again", path)
        parts: dict[int, list[NDArray[Any]]] = {}
        try:
            for buffers in reader.stream(target_chunk_size=1 << 14):  # so little is lost
                for k, buffer in enumerate(buffers):
                    parts.setdefault(k, []).append(np.array(buffer.buffer))
        except (ValueError, EOFError, IndexError):
            pass  # the end of what is there
    if not parts:
        raise FormatError("It ends before its first samples", "Copy or save it again", path)
    for k, channel in enumerate(reader.datafile.channels):
        channel.raw_data = np.concatenate(parts[k]).astype(channel.dtype)
    return reader.datafile


def _chosen(channels: Any, path: Path, notices: list[Notice]) -> list[int]:
    counts = [int(c.point_count) for c in channels]
    used = [k for k, c in enumerate(channels) if channel_kind(str(c.name), str(c.units)) in USED]
    if sum(counts[k] for k in used) > MAX_VALUES:
        raise FormatError(f"It holds {sum(counts) / 1e6:.0f} million samples", "Cut it into parts", path)
    others = [k for k in range(len(counts)) if k not in used]
    if sum(counts[k] for k in others) <= MAX_OTHER:
        return list(range(len(counts)))
    names = ", ".join(str(channels[k].name) for k in others[:8])
    text = f"{len(others)} channels without a use here are not kept, because they are large: {names}."
    notices.append(Notice("left_out", path.name, text))
    return used


def _sound_end(channels: Any, compressed: bool, path: Path, notices: list[Notice]) -> int | None:
    """Return the last base sample before which values are sound (None: all).

    Where channels are interleaved, bioread (2025.5) mixes them up once the slowest has ended: seen against the
    same recording stored compressed, up to one sample of the slowest channel.
    """
    if compressed:
        return None
    ends = [int(c.point_count) * int(c.frequency_divider) for c in channels]
    if len(set(ends)) > 1 and max(ends) - min(ends) > 1:
        slowest = min(channels, key=lambda c: int(c.point_count) * int(c.frequency_divider))
        text = (
            f"What follows the last sample of '{slowest.name}' is left out, because it cannot be told apart."
        )
        notices.append(Notice("end_left_out", path.name, text))
        return min(ends)
    return None


def _channel(channel: Any, end: int | None, path: Path) -> Channel:
    whole = np.asarray(channel.data, dtype=np.float64)
    values = whole if end is None else whole[: end // int(channel.frequency_divider)]
    rate = float(channel.samples_per_second)
    if not (np.isfinite(rate) and rate > 0):
        raise FormatError(
            f"The rate of '{channel.name}' is {rate:g}", "Save it again with AcqKnowledge", path
        )
    told: tuple[Notice, ...] = ()
    if len(whole) < int(channel.point_count):
        text = f"It is cut short: {len(whole)} of {int(channel.point_count)} samples are there."
        told = (Notice("cut_short", f"{path.name}: {channel.name}", text),)
    return Channel(str(channel.name).strip(), values, rate, str(channel.units).strip(), notices=told)


def _marks(whole: Any, path: Path, notices: list[Notice]) -> tuple[float | None, int, list[tuple[int, str]]]:
    """Return (Unix time of the first sample, index of the first sample, marks as (index, text)).

    A recording whose beginning was cut off keeps the indices of the whole: they are then counted from the
    first segment's mark (written as a number below zero, which bioread reads without its sign).
    """
    marks = []
    first, start = 0, None
    for k, mark in enumerate(whole.event_markers or []):
        index = int(mark.sample_index)
        index = index - (1 << 32) if index >= 1 << 31 else index
        text = str(mark.text or mark.type or "mark").strip() or "mark"
        marks.append((index, text))
        if k == 0 and (str(mark.type) == "Append" or text.startswith("Segment 1")):
            created = mark.date_created_utc
            start = created.timestamp() if created is not None and (index == 0 or index < 0) else None
            first = min(index, 0)
    if first:
        notices.append(
            Notice(
                "marks_shifted",
                path.name,
                "Its marks count from before its first sample: they are moved to it.",
            )
        )
    if start is not None:
        text = "The start is taken from the computer's clock at the mark of the first segment."
        notices.append(Notice("assumed_clock", path.name, text))
    return start, first, marks


READER = Reader("biopac", sniff, read)
