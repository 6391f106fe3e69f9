"""Whether a .mat of version 5 can hold what it claims, before SciPy takes memory for it.

A damaged length of a few bytes asks for gigabytes, a damaged type ends the process. So tags, dimensions and names are walked first, and what claims
more than its parent holds is refused; numbers themselves are skipped. Held against the files of SciPy's own tests.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, NamedTuple

from coregulate.core import FormatError

_HEADER_BYTES = 128
_MATRIX, _COMPRESSED = 14, 15
_CELL, _STRUCT, _OBJECT, _SPARSE, _FUNCTION, _OPAQUE = 1, 2, 3, 5, 16, 17
_NUMBERS = frozenset([1, 2, 3, 4, 5, 6, 7, 9, 12, 13, 16, 17, 18])  # integers, floats and letters
_LARGEST = 1 << 30  # prior: of one variable unpacked; a smaller file may claim it
_DEEPEST = 50  # prior: structures within structures
_PIECE = 1 << 16

Read = Callable[[int], bytes]


class _Tag(NamedTuple):
    """What an element is: its type, how many bytes follow, what stands in the tag itself, and what follows filled up to eights."""

    kind: int
    size: int
    inside: bytes
    padded: int


def check_sizes(path: Path) -> None:
    """Walk all variables.

    Raises
    ------
    FormatError
        Where one claims more than the file, or what it lies in, can hold, lies too deep, or holds numbers of an unknown type.
    """
    with path.open("rb") as file:
        order = "<" if file.read(_HEADER_BYTES)[126:] == b"IM" else ">"
        left = path.stat().st_size - _HEADER_BYTES
        while left >= 8:
            kind, size = struct.unpack(f"{order}II", file.read(8))
            left -= 8
            _fits(size, left, path)
            after = file.tell() + size
            if kind == _COMPRESSED:
                read = _unpacking(file, size)
                tag = _tag(read, order, path)
                if tag.kind == _MATRIX:
                    _fits(tag.size, _LARGEST, path)
                    _Walk(read, order, path).matrix(tag.size, 0)
            elif kind == _MATRIX:
                _Walk(file.read, order, path).matrix(size, 0)
            file.seek(after)
            left -= size


class _Walk(NamedTuple):
    """One variable, read from its start to its end."""

    read: Read
    order: str
    path: Path

    def matrix(self, left: int, depth: int) -> None:
        """Walk an array of ``left`` bytes, with those in it."""
        if left == 0:  # an empty array has neither flags nor dimensions
            return
        if depth > _DEEPEST:
            raise FormatError(
                "Its structures lie too deep in each other", "Save arrays by themselves", self.path
            )
        flags, left = self._element(left)
        kind = struct.unpack(f"{self.order}I", flags[:4].ljust(4, b"\0"))[0] & 0xFF
        if kind not in (_FUNCTION, _OPAQUE):  # which have no dimensions
            dimensions, left = self._element(left)
            n = len(dimensions) // 4
            count = math.prod(struct.unpack(f"{self.order}{n}I", dimensions[: 4 * n]))
            _, left = self._element(left)  # its name
            if kind == _OBJECT:
                _, left = self._element(left)  # its class
            if kind in (_STRUCT, _OBJECT):
                count, left = self._times_fields(count, left)
            if kind != _SPARSE:  # whose dimensions are not what it holds
                _fits(8 * count if kind in (_CELL, _STRUCT, _OBJECT) else count, left, self.path)
        self._inside(left, depth)

    def _times_fields(self, count: int, left: int) -> tuple[int, int]:
        """Return how many arrays a structure holds; even one without fields takes memory for each of its elements."""
        length, left = self._element(left)
        names, left = self._element(left)
        width = struct.unpack(f"{self.order}I", length[:4].ljust(4, b"\0"))[0]
        _fits(count, left + len(names) + 8, self.path)
        return count * (len(names) // width if width else 0), left

    def _inside(self, left: int, depth: int) -> None:
        """Walk what an array holds: other arrays, or numbers of a type that there is (of others SciPy ends the process)."""
        while left >= 8:
            tag = _tag(self.read, self.order, self.path)
            left -= 8
            _fits(tag.size, left, self.path)
            if tag.kind == _MATRIX:
                self.matrix(tag.size, depth + 1)
                self._skip(tag.padded - tag.size)
            elif tag.kind in _NUMBERS:
                self._skip(tag.padded)
            else:
                raise FormatError(
                    "It holds numbers of an unknown type",
                    "Check that it is whole; export it again",
                    self.path,
                )
            left -= tag.padded
        self._skip(left)

    def _element(self, left: int) -> tuple[bytes, int]:
        """Return a short element, and what is left after it."""
        _fits(8, left, self.path)
        tag = _tag(self.read, self.order, self.path)
        _fits(tag.padded, left - 8, self.path)
        if tag.size > _PIECE << 4:
            raise FormatError("A name or a list of dimensions in it is too long", "Save it again", self.path)
        said = self.read(tag.padded)[: tag.size] if tag.padded else tag.inside
        return said, left - 8 - tag.padded

    def _skip(self, size: int) -> None:
        while size > 0 and (piece := self.read(min(size, _PIECE))):
            size -= len(piece)


def _tag(read: Read, order: str, path: Path) -> _Tag:
    raw = read(8)
    if len(raw) < 8:
        raise FormatError("It ends within an array", "Check that it is whole; export it again", path)
    kind, size = struct.unpack(f"{order}II", raw)
    if kind >> 16:  # up to four bytes stand in the tag itself
        return _Tag(kind & 0xFFFF, 0, raw[4 : 4 + min(kind >> 16, 4)], 0)
    return _Tag(kind, size, b"", -(-size // 8) * 8)


def _fits(size: int, left: int, path: Path) -> None:
    if size > left:
        raise FormatError(
            "An array in it claims more than it holds", "Check that it is whole; export it again", path
        )


def _unpacking(file: BinaryIO, size: int) -> Read:
    """Return what reads the next so many bytes, unpacked as they are asked for."""
    engine, held, left = zlib.decompressobj(), b"", size

    def read(n: int) -> bytes:
        nonlocal held, left
        while len(held) < n and not engine.eof:
            packed = engine.unconsumed_tail or file.read(min(left, _PIECE))
            if not packed:
                break
            left -= 0 if engine.unconsumed_tail else len(packed)
            held += engine.decompress(packed, _PIECE)
        given, held = held[:n], held[n:]
        return given

    return read
