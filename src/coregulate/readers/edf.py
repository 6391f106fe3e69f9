"""EDF, EDF+ and BDF(+): the European Data Format, its gaps and its annotations.

Layout after Kemp & Olivan 2003 (edfplus.info): a header of 256 bytes and 256 a signal, then
records of equal length; EDF+ writes annotations and each record's start into a signal of its own.
Read from the disk record by record, so that a file of any size takes no more memory than its use.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray, FormatError, Notice, Stream

from .channels import (
    LARGE,
    MAX_OTHER,
    MAX_VALUES,
    USED,
    Channel,
    channel_kind,
    marker_stream,
    streams_of,
    with_notices,
)
from .reader import Reader
from .text import head_of

_MAX_SIGNALS = 2000  # prior
_BLOCK_BYTES = 16 << 20  # records are read this much at a time
# Prior: samples a second that are left at the least where a file is too large; beats are still placed to 2 ms.
_LEAST_HZ = {"ecg": 500.0, "ppg": 100.0, "acceleration": 50.0, "eda": 25.0, "respiration": 25.0, "": 100.0}
_ANNOTATIONS = ("EDF Annotations", "BDF Annotations")
_ONSET = re.compile(rb"^[+-]\d+(\.\d*)?$")


class _Signal(NamedTuple):
    label: str
    unit: str
    gain: float
    offset: float
    n_per_record: int
    at: int  # byte of the record at which its samples start
    together: int = 1  # so many samples are averaged into one, in a file that is too large


class _Header(NamedTuple):
    signals: tuple[_Signal, ...]
    n_records: int
    record_s: float
    record_bytes: int
    n_header: int
    n_bytes: int  # of a sample: 2 (EDF) or 3 (BDF)
    gaps: bool
    start_unix_s: float | None
    notices: tuple[Notice, ...]


def sniff(path: Path) -> bool:
    """Whether the first bytes are those of EDF or BDF, with the number of signals where it belongs."""
    raw = head_of(path).raw[:256]
    if len(raw) < 256 or not (raw[:8] == b"0       " or raw[:8] == b"\xffBIOSEMI"):
        return False
    return raw[252:256].strip().isdigit() and raw[184:192].strip().isdigit()


def read(path: Path, hints: Mapping[str, Any]) -> list[Stream]:
    """Read the channels and the annotations; channels without a use only while they are small.

    Raises
    ------
    FormatError
        For a damaged header, no whole record, or more samples than fit into memory.
    """
    header = _header(path)
    data = [s for s in header.signals if s.label not in _ANNOTATIONS]
    notices = list(header.notices)
    starts_s, marks = _timeline(path, header, notices)
    kept = _kept(data, header, path, notices)
    arrays = _values(path, header, kept)
    channels = [_channel(s, v, header, starts_s) for s, v in zip(kept, arrays, strict=True)]
    streams = streams_of(channels, path, origin_unix_s=header.start_unix_s) if channels else []
    if marks:
        streams.append(marker_stream(marks, path, "annotations", origin_unix_s=header.start_unix_s))
    if not streams:
        raise FormatError("It holds neither a signal nor an annotation", "Export it again", path)
    return with_notices(streams, notices)


def _header(path: Path) -> _Header:
    try:
        with path.open("rb") as file:
            first = file.read(256)
            n = _whole(first[252:256], "number of signals", path)
            if not 1 <= n <= _MAX_SIGNALS:
                raise FormatError(f"Its header names {n} signals", "Export it again", path)
            rest = file.read(256 * n)
        size = path.stat().st_size
    except OSError as error:
        raise FormatError(f"It cannot be opened ({error.strerror})", "Check its permissions", path) from None
    if len(rest) < 256 * n:
        raise FormatError("It ends within its header", "Copy or export it again", path)
    n_bytes = 3 if first[:1] == b"\xff" else 2
    n_header = 256 * (n + 1)
    signals = _signals(rest, n, n_bytes, path)
    record_bytes = sum(s.n_per_record for s in signals) * n_bytes
    record_s = _number(first[244:252], "record's length", path)
    only_marks = all(s.label in _ANNOTATIONS for s in signals)
    if record_bytes <= 0 or record_s < 0 or (record_s == 0 and not only_marks):
        raise FormatError("Its records have no length", "Export it again", path)
    notices: list[Notice] = []
    stored, stated = (size - n_header) // record_bytes, _whole(first[236:244], "number of records", path)
    n_records = stored if stated < 0 else min(stored, stated)
    if n_records < 1:
        raise FormatError("It holds no whole record", "Copy or export it again", path)
    if stated > stored:
        text = f"It is cut short: {stored} of {stated} records are there and read."
        notices.append(Notice("cut_short", path.name, text))
    start = _start(first, path, notices)
    gaps = first[192:236].startswith((b"EDF+D", b"BDF+D"))
    return _Header(signals, n_records, record_s, record_bytes, n_header, n_bytes, gaps, start, tuple(notices))


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8").strip(" \x00")
    except UnicodeDecodeError:
        return raw.decode("latin-1").strip(" \x00")


def _number(raw: bytes, what: str, path: Path) -> float:
    try:
        value = float(_text(raw).replace(",", "."))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise FormatError(f"The {what} in its header is '{_text(raw)[:20]}'", "Export it again", path)
    return value


def _whole(raw: bytes, what: str, path: Path) -> int:
    return int(_number(raw, what, path))


def _signals(rest: bytes, n: int, n_bytes: int, path: Path) -> tuple[_Signal, ...]:
    widths = (16, 80, 8, 8, 8, 8, 8, 80, 8, 32)
    fields: list[list[bytes]] = []
    at = 0
    for width in widths:
        fields.append([rest[at + k * width : at + (k + 1) * width] for k in range(n)])
        at += n * width
    signals = []
    offset_bytes = 0
    for k in range(n):
        label = _text(fields[0][k])
        count = _whole(fields[8][k], "number of samples", path)
        if count < 0:
            raise FormatError(f"The channel '{label}' has {count} samples a record", "Export it again", path)
        gain, offset = (
            (1.0, 0.0) if label in _ANNOTATIONS else _scale([f[k] for f in fields[3:7]], label, path)
        )
        signals.append(_Signal(label, _text(fields[2][k]), gain, offset, count, offset_bytes))
        offset_bytes += count * n_bytes
    return tuple(signals)


def _scale(raw: list[bytes], label: str, path: Path) -> tuple[float, float]:
    low, high, digital_low, digital_high = (_number(r, f"range of '{label}'", path) for r in raw)
    if digital_high == digital_low or high == low:
        return 1.0, 0.0  # a channel that nobody calibrated: counts
    gain = (high - low) / (digital_high - digital_low)
    return gain, low - gain * digital_low


def _start(first: bytes, path: Path, notices: list[Notice]) -> float | None:
    match = re.fullmatch(r"(\d\d)\.(\d\d)\.(\d\d)(\d\d)\.(\d\d)\.(\d\d)", _text(first[168:184]))
    dated = re.search(
        r"Startdate (\d\d)-(JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)-(\d{4})", _text(first[88:168])
    )
    anonymous = "Startdate X" in _text(first[88:168])
    if match is None or anonymous or match[0].startswith("01.01.85"):
        return None  # 1 January 1985, or X: what programs write where the date was taken out
    day, month, year, hour, minute, second = (int(x) for x in match.groups())
    year = int(dated[3]) if dated else year + (1900 if year >= 85 else 2000)
    try:
        start = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    text = "The start names no zone: it is read as UTC. Streams in other zones will not meet it."
    notices.append(Notice("assumed_zone", path.name, text))
    return start.timestamp()


def _blocks(path: Path, header: _Header) -> Iterator[NDArray[Any]]:
    """Yield whole records as bytes, shape (records, record_bytes)."""
    per_block = max(1, _BLOCK_BYTES // header.record_bytes)
    with path.open("rb") as file:
        file.seek(header.n_header)
        left = header.n_records
        while left > 0:
            n = min(per_block, left)
            raw = file.read(n * header.record_bytes)
            n = len(raw) // header.record_bytes
            if n == 0:
                return
            yield np.frombuffer(raw, np.uint8, n * header.record_bytes).reshape(n, header.record_bytes)
            left -= n


def _timeline(
    path: Path, header: _Header, notices: list[Notice]
) -> tuple[FloatArray | None, list[tuple[float, float, str]]]:
    """Return each record's start (None: one after another) and the annotations."""
    tracks = [s for s in header.signals if s.label in _ANNOTATIONS]
    if not tracks:
        return None, []
    starts: list[float] = []
    marks: list[tuple[float, float, str]] = []
    for block in _blocks(path, header):
        for record in block:
            for k, s in enumerate(tracks):
                raw = record[s.at : s.at + s.n_per_record * header.n_bytes].tobytes()
                found = list(_marks(raw))
                if k == 0:
                    first = next((m[0] for m in found if not m[2]), math.nan)
                    starts.append(first)
                marks.extend(m for m in found if m[2])
    times = np.array(starts)
    if not header.gaps:
        return None, marks
    if not np.isfinite(times).all() or np.any(np.diff(times) < 0):
        notices.append(
            Notice("times_missing", path.name, "The records' starts are damaged: they are read as one run.")
        )
        return None, marks
    return times, marks


def _marks(raw: bytes) -> Iterator[tuple[float, float, str]]:
    """Yield (start, end, text) of a record's annotations; a record's own start has no text."""
    for entry in raw.split(b"\x00"):
        onset, *texts = entry.split(b"\x14")
        when, _, length = onset.partition(b"\x15")
        if not _ONSET.match(when) or not texts:
            continue
        start = float(when)
        try:
            duration = max(0.0, float(length)) if length else 0.0
        except ValueError:
            duration = 0.0
        if not math.isfinite(duration) or abs(start) > 1e9:
            continue
        if texts[0] == b"" and len(texts) <= 2:
            yield start, start, ""
        for text in texts:
            if text:
                yield start, start + duration, text.decode("utf-8", errors="replace")


def _kept(data: list[_Signal], header: _Header, path: Path, notices: list[Notice]) -> list[_Signal]:
    """Choose the channels that are read: those with a use, and others while they are few."""
    usable = [s for s in data if s.n_per_record > 0]
    used = [s for s in usable if channel_kind(s.label, s.unit) in USED]
    others = [s for s in usable if s not in used]
    if header.n_records * sum(s.n_per_record for s in others) > MAX_OTHER:
        names = ", ".join(s.label for s in others[:8])
        text = f"{len(others)} channels without a use here are not kept, because they are large: {names}."
        notices.append(Notice("left_out", path.name, text))
        if not used:
            raise FormatError(
                "It holds no channel of heart, skin, breathing or movement, and is too large to keep for nothing",
                "Rename its channels (ECG, EDA, Resp, ...)", path,
            )  # fmt: skip
        usable = used
    if header.n_records * sum(s.n_per_record for s in usable) > MAX_VALUES:
        usable = _averaged(usable, header, path, notices)
    return usable


def _averaged(signals: list[_Signal], header: _Header, path: Path, notices: list[Notice]) -> list[_Signal]:
    """Let neighbouring samples be averaged where all would be too many, down to what each kind needs at least."""
    slower = [s._replace(together=_together(s, header.record_s)) for s in signals]
    n_values = header.n_records * sum(s.n_per_record // s.together for s in slower)
    if n_values > MAX_VALUES:
        raise FormatError(
            f"Its channels of heart, skin, breathing and movement hold {n_values / 1e6:.0f} million samples, even "
            f"where they are averaged to 500 a second; {MAX_VALUES / 1e6:.0f} million is the most",
            "Cut it into parts", path,
        )  # fmt: skip
    names = ", ".join(f"{s.label} by {s.together}" for s in slower[:8] if s.together > 1)
    text = f"The file is large: neighbouring samples are averaged ({names})."
    notices.append(Notice("averaged", path.name, text))
    return slower


def _together(s: _Signal, record_s: float) -> int:
    """Return how many samples of a record become one: a divisor that leaves at least what the kind needs."""
    least_hz = _LEAST_HZ.get(channel_kind(s.label, s.unit), _LEAST_HZ[""])
    most = int(s.n_per_record / record_s / least_hz)
    return next((k for k in range(most, 1, -1) if s.n_per_record % k == 0), 1)


def _values(path: Path, header: _Header, kept: list[_Signal]) -> list[NDArray[Any]]:
    counts = [s.n_per_record // s.together for s in kept]
    kind = np.float32 if header.n_records * sum(counts) > LARGE else np.float64
    arrays = [np.empty(header.n_records * n, kind) for n in counts]
    done = 0
    for block in _blocks(path, header):
        for s, n, array in zip(kept, counts, arrays, strict=True):
            raw = _digital(block[:, s.at : s.at + s.n_per_record * header.n_bytes], header.n_bytes)
            small = raw if s.together == 1 else raw.reshape(-1, s.together).mean(axis=1)
            array[done * n : (done + len(block)) * n] = small * s.gain + s.offset
        done += len(block)
    return [array[: done * n] for n, array in zip(counts, arrays, strict=True)]


def _digital(raw: NDArray[Any], n_bytes: int) -> NDArray[Any]:
    flat = np.ascontiguousarray(raw)
    if n_bytes == 2:
        return flat.view("<i2").ravel()
    triples = flat.reshape(-1, 3).astype(np.int32)
    return (triples[:, 0] | triples[:, 1] << 8 | triples[:, 2] << 16) << 8 >> 8  # the sign is in the top byte


def _channel(s: _Signal, values: NDArray[Any], header: _Header, starts_s: FloatArray | None) -> Channel:
    n = s.n_per_record // s.together
    rate_hz = n / header.record_s
    later_s = (s.together - 1) / 2 / (s.n_per_record / header.record_s)  # the middle of what was averaged
    if starts_s is None:
        return Channel(s.label, values, rate_hz, s.unit, later_s)
    within = later_s + np.arange(n) / rate_hz
    times = (starts_s[: len(values) // n, None] + within).ravel()
    return Channel(s.label, values, rate_hz, s.unit, times_s=times)


READER = Reader("edf", sniff, read)
