"""The chunks of an XDF file: what each says it holds, and which parts of a damaged file are whole.

pyxdf takes a chunk's word for how many samples it holds, and makes room for them: a damaged one can ask for more
memory than there is. So every chunk is looked at before, and pyxdf is given those alone that can hold what they say.
"""

from __future__ import annotations

import gzip
import io
import struct
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import IO, Any, NamedTuple, cast
from xml.etree.ElementTree import Element, fromstring

from coregulate.core import FormatError

from .xdf_header import is_text, said

#: What pyxdf is given: a file, or what is whole of it.
Source = str | io.BufferedReader

_MAGIC = b"XDF:"
#: What a boundary chunk holds, as pyxdf looks for it too: there it goes on after damage.
_BOUNDARY = bytes.fromhex("43a546dccbf5410fb30ed5467383cbe4")
_BLOCK = 1 << 20
_LONGEST = 1 << 40  # bytes of a chunk; a longer one is damage
_HEADER = 1 << 26  # prior: bytes of a header's XML, or of a chunk of marks
_MOST_CHANNELS = 1 << 16  # prior: caps have some hundred; a sample of more would be damage
_BYTES = {"double64": 8, "float32": 4, "int64": 8, "int32": 4, "int16": 2, "int8": 1}
_STAMP = 8  # bytes of a time, where a sample has its own
_CLOCK = 2 * _STAMP  # a clock offset: when, and how much


class Counted(NamedTuple):
    """A stream as its header and the heads of its chunks tell it."""

    header: Mapping[str, Any]
    n_channels: int
    n_samples: int


class Whole(NamedTuple):
    """The streams of a file, and from where to where its bytes are whole."""

    streams: dict[int, Counted]
    parts: list[tuple[int, int]]
    damaged: bool


def count(path: Path) -> Whole:
    """Return each stream's header and number of samples, and the whole parts of the file.

    After damage it goes on behind the next boundary, as pyxdf does. No sample is read but those of marks.
    """
    streams: dict[int, Counted] = {}
    parts: list[tuple[int, int]] = []
    begin, damaged = 0, False
    with _opened(path) as file:
        file.seek(len(_MAGIC))
        while True:
            at = file.tell()
            first = file.read(1)
            if first and _chunk(file, first, streams):
                continue
            parts.append((begin, at))
            if not first:
                return Whole(streams, parts, damaged)
            damaged = True
            if not _next_boundary(file, at + 1):
                return Whole(streams, parts, damaged)
            begin = file.tell()


def _opened(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return cast("IO[bytes]", gzip.open(path)) if packed else path.open("rb")


def _chunk(file: IO[bytes], first: bytes, streams: dict[int, Counted]) -> bool:
    """Go past a chunk, and note what it says of its stream; False where it is damaged or cut off."""
    length = _number(file, first)
    head = file.read(6)
    if length is None or not 2 <= length <= _LONGEST or len(head) < min(length, 6):
        return False
    tag, stream = struct.unpack("<HI", head.ljust(6, b"\0"))
    if tag in (2, 3, 4, 6) and length < 6:
        return False
    end = file.tell() - len(head) + length
    if tag == 2:
        streams[stream] = _counted(file.read(min(length - 6, _HEADER)))
    elif tag in (3, 4, 6):
        if stream not in streams or (tag == 4 and length != 6 + _CLOCK):
            return False
        if tag == 3:
            n = _samples(file, end, streams[stream])
            if n is None:
                return False
            streams[stream] = streams[stream]._replace(n_samples=streams[stream].n_samples + n)
    file.seek(end - 1)
    return len(file.read(1)) == 1


def _number(file: IO[bytes], first: bytes) -> int | None:
    """Read a number whose first byte tells how long it is; None where the file is damaged."""
    size = {b"\1": 1, b"\4": 4, b"\x08": 8}.get(first, 0)
    raw = file.read(size)
    return int.from_bytes(raw, "little") if size and len(raw) == size else None


def _counted(raw: bytes) -> Counted:
    root = fromstring(raw.decode("utf-8", "replace"))
    header = {"info": _tree(root)}
    n_channels = int(said(header, "channel_count"))
    if not 0 <= n_channels <= _MOST_CHANNELS:
        raise FormatError(f"A stream says that it has {n_channels} channels", "Record it again")
    return Counted(header, n_channels, 0)


def _tree(node: Element) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for child in node:
        tree.setdefault(child.tag, []).append(_tree(child) if len(child) else child.text)
    return tree


def _samples(file: IO[bytes], end: int, stream: Counted) -> int | None:
    """Return how many samples a chunk holds; None where its length says that it cannot."""
    n = _number(file, file.read(1))
    room = end - file.tell()
    if n is None or n > room:
        return None
    if is_text(stream.header):
        return n if room <= _HEADER and _texts_fill(file.read(room), n, stream.n_channels) else None
    stamps = room - n * (1 + stream.n_channels * _BYTES.get(said(stream.header, "channel_format"), 1))
    return n if stamps in range(0, n * _STAMP + 1, _STAMP) else None


def _texts_fill(raw: bytes, n: int, n_channels: int) -> bool:
    """Whether so many marks, each with its time or without, fill a chunk."""
    file = io.BytesIO(raw)
    for _ in range(n):
        if file.read(1) != b"\0":
            file.seek(_STAMP, io.SEEK_CUR)
        for _ in range(n_channels):
            length = _number(file, file.read(1))
            if length is None or length > len(raw):
                return False
            file.seek(length, io.SEEK_CUR)
    return file.tell() == len(raw)


def _next_boundary(file: IO[bytes], at: int) -> bool:
    """Go behind the next boundary after a place; False where there is none."""
    while True:
        file.seek(at)
        block = file.read(_BLOCK)
        found = block.find(_BOUNDARY)
        if found >= 0:
            file.seek(at + found + len(_BOUNDARY))
            return True
        if len(block) < _BLOCK:
            return False
        at += len(block) - len(_BOUNDARY) + 1


def opened_whole(path: Path, parts: Sequence[tuple[int, int]]) -> io.BufferedReader:
    """Open the whole parts of a file, one behind the other, as if nothing lay between them."""
    return io.BufferedReader(_Parts(_opened(path), parts), _BLOCK)


class _Parts(io.RawIOBase):
    def __init__(self, file: IO[bytes], parts: Sequence[tuple[int, int]]) -> None:
        self._file = file
        self._parts = [(a, b) for a, b in parts if b > a]
        self._ends = list(accumulate(b - a for a, b in self._parts))
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        whole = self._ends[-1] if self._ends else 0
        self._at = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: whole}[whence])
        return self._at

    def readinto(self, buffer: Any) -> int:
        k = bisect_right(self._ends, self._at)
        if k == len(self._parts):
            return 0
        left = self._ends[k] - self._at
        self._file.seek(self._parts[k][1] - left)
        raw = self._file.read(min(left, len(buffer)))
        buffer[: len(raw)] = raw
        self._at += len(raw)
        return len(raw)

    def close(self) -> None:
        self._file.close()
        super().close()
