"""Text on disk: its bytes, encoding and line ends, with limits so that no file can exhaust memory.

Whole, up to a GiB; a table of samples of any size, block by block.
"""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from coregulate.core import FormatError

MAX_BYTES = 1 << 30  # prior: 1 GiB of text is about 30 h of one signal at 500 Hz with a time for each sample
HEAD_BYTES = 1 << 16  # prior: enough lines to tell what a table is
BLOCK = 16 << 20  # characters of a large text that are held at once
MAX_LINE = 1 << 16  # prior: characters; no recording that we know has longer lines

_PLAIN = (
    9,
    10,
    11,
    12,
    13,
    21,
    27,
)  # control characters that texts hold; CHAT writes times between two of 21
_BOMS = (  # UTF-32's little-endian mark begins as UTF-16's
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip


class Head(NamedTuple):
    """The beginning of a file: bytes (unpacked if gzip), its encoding (``""``: not text) and whole lines."""

    raw: bytes
    encoding: str
    lines: tuple[str, ...]


def head_of(path: Path) -> Head:
    """Return the first 64 KiB of a file; an unreadable or absent file gives an empty head."""
    try:
        stat = path.stat()
        if not path.is_file():
            return Head(b"", "", ())
        return _head(str(path), stat.st_mtime_ns, stat.st_size)
    except OSError:
        return Head(b"", "", ())


@lru_cache(maxsize=8)
def _head(path: str, _changed: int, _size: int) -> Head:
    with open(path, "rb") as file:
        raw = file.read(HEAD_BYTES)
    if raw[:2] == b"\x1f\x8b":
        try:
            raw = zlib.decompressobj(wbits=31).decompress(raw, HEAD_BYTES)
        except zlib.error:
            return Head(b"", "", ())
    encoding = encoding_of(raw)
    if not encoding:
        return Head(raw, "", ())
    text = _newlines(raw.decode(encoding, errors="ignore"))
    lines = text.split("\n")
    if len(raw) >= HEAD_BYTES and len(lines) > 1:
        lines = lines[:-1]  # the last line may be cut
    return Head(raw, encoding, tuple(lines))


def encoding_of(raw: bytes) -> str:
    """Return the encoding of a text's beginning (utf-8, utf-8-sig, utf-16, latin-1), or ``""``: not text."""
    for mark, name in _BOMS:
        if raw.startswith(mark):
            return name
    if not raw:
        return "utf-8"
    even, odd = raw[0::2].count(0), raw[1::2].count(0)
    half = max(len(raw) // 2, 1)
    if odd > 0.4 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.4 * half and odd < 0.05 * half:
        return "utf-16-be"
    control = sum(raw.count(bytes([c])) for c in range(32) if c not in _PLAIN)
    if control > 0.001 * len(raw) or b"\x00" in raw:
        return ""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(raw)  # incremental: the last character may be cut
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def read_bytes(path: Path) -> bytes:
    """Return the whole file, unpacked if it is gzip.

    Raises
    ------
    FormatError
        For an absent, empty, oversized or damaged file.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise FormatError(*_too_large(), path)
        raw = path.read_bytes()
    except OSError as error:
        raise _closed(path, error) from None
    if raw[:2] == b"\x1f\x8b":
        try:
            with gzip.open(path, "rb") as file:
                raw = file.read(MAX_BYTES + 1)
        except (OSError, EOFError, zlib.error):
            raise _damaged(path) from None
        if len(raw) > MAX_BYTES:
            raise FormatError(*_too_large(), path)
    if not raw.strip():
        raise FormatError("The file is empty", "Record or export it again", path)
    return raw


def _too_large() -> tuple[str, str]:
    return f"It holds more than {MAX_BYTES >> 30} GiB of text", "Split it, or export it in a binary format"


def _closed(path: Path, error: Exception) -> FormatError:
    why = getattr(error, "strerror", None) or error
    return FormatError(f"It cannot be opened ({why})", "Check its name and its permissions", path)


def _damaged(path: Path) -> FormatError:
    return FormatError("The gzip file is damaged or cut short", "Copy it again from where it came", path)


def _no_text(path: Path) -> FormatError:
    cure = "Export it as text (csv), or check that the file is whole"
    return FormatError("It holds bytes that are not text", cure, path)


def _too_long(path: Path) -> FormatError:
    cure = "Check that the file is what its name says"
    return FormatError(f"A line has more than {MAX_LINE} characters", cure, path)


def read_blocks(path: Path) -> Iterator[str]:
    """Yield a text of any size in blocks of whole lines, with plain newlines.

    Raises
    ------
    FormatError
        For a file that cannot be opened, is no text, or has a line that no recording has.
    """
    encoding = encoding_of(head_of(path).raw)
    if not encoding:
        raise _no_text(path)
    begun = ""
    try:
        with path.open("rb") as bare:
            packed = bare.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rb") if packed else path.open("rb") as raw:
            text = io.TextIOWrapper(raw, encoding, errors="replace")
            while block := text.read(BLOCK):
                whole, newline, rest = block.rpartition("\n")
                if newline:
                    yield (begun + whole + newline).replace("\x00", "")
                    begun = ""
                begun += rest
                if len(begun) > MAX_LINE:
                    raise _too_long(path)
    except (OSError, EOFError, zlib.error) as error:
        raise _damaged(path) if packed else _closed(path, error) from None
    if begun:
        yield begun.replace("\x00", "")


def read_text(path: Path) -> tuple[str, str]:
    """Return (text with plain newlines as line ends, encoding).

    Raises
    ------
    FormatError
        For a file that is empty, too large or not text.
    """
    raw = read_bytes(path)
    encoding = encoding_of(raw[:HEAD_BYTES])
    if not encoding:
        raise _no_text(path)
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        encoding = "latin-1" if encoding in ("utf-8", "utf-8-sig") else encoding
        text = raw.decode(encoding, errors="replace")
    return _newlines(text).replace("\x00", ""), encoding


def read_lines(path: Path) -> list[str]:
    """Return the lines of a small text file (labels, words), without blank ones at the end.

    Raises
    ------
    FormatError
        As :func:`read_text`, and for a line that no such file has.
    """
    lines = read_text(path)[0].rstrip().split("\n")
    if max(map(len, lines)) > MAX_LINE:
        raise _too_long(path)
    return lines


def _newlines(text: str) -> str:
    if "\r" not in text:
        return text
    return text.replace("\r\n", "\n").replace("\r", "\n")
