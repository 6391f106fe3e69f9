"""Zip archives of recordings: what they hold, with bombs and paths that lead outside refused."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from coregulate.core import FormatError

MAX_UNPACKED = 4 << 30  # prior: years of a phone's health data are under 3 GB as XML
_MAX_RATIO = 200  # prior: numbers as text shrink about 5-fold, XML 20-fold; a bomb 1000-fold
_MAX_MEMBERS = 20_000  # prior: a phone's export holds a file for each walk
_BROKEN = (
    zipfile.BadZipFile,
    OSError,
    RuntimeError,
    zlib.error,
    EOFError,
    ValueError,
    NotImplementedError,  # zipfile's word for a compression that it does not know
)


def is_zip(head: bytes) -> bool:
    """Whether a file's first bytes are those of a zip."""
    return head[:4] == b"PK\x03\x04"


def names_in(path: Path) -> list[str]:
    """Return the paths of a zip's files; none where it cannot be opened."""
    try:
        with zipfile.ZipFile(path) as packed:
            return [m.filename for m in _files(packed)]
    except _BROKEN:
        return []


def unpacked(path: Path, wanted: Callable[[str], bool]) -> dict[str, bytes]:
    """Return ``{path in the zip: bytes}`` of the files that are wanted and not empty.

    Raises
    ------
    FormatError
        For a damaged or dangerous zip.
    """
    with _opened(path) as packed:
        result = {}
        for member in _files(packed):
            if member.file_size and wanted(member.filename):
                with packed.open(member) as file:
                    # The size in the directory may lie: never read more than it says.
                    result[member.filename] = file.read(member.file_size + 1)
        return result


@contextmanager
def member_of(path: Path, name: str) -> Iterator[IO[bytes]]:
    """Open one file of a zip as a stream of bytes.

    Raises
    ------
    FormatError
        For a damaged or dangerous zip.
    """
    with _opened(path) as packed, packed.open(name) as file:
        yield file


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as packed:
            _refuse_dangerous(packed.infolist(), path)
            yield packed
    except _BROKEN as error:
        raise FormatError(f"The zip cannot be unpacked ({error})", "Copy or export it again", path) from None


def _files(packed: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return what is neither a folder nor hidden; a file without a name, which only damage makes, is neither."""
    return [m for m in packed.infolist() if m.filename and not m.is_dir() and not _hidden(m.filename)]


def _hidden(name: str) -> bool:
    return "__MACOSX" in name or PurePosixPath(name).name.startswith(".")


def _refuse_dangerous(members: list[zipfile.ZipInfo], path: Path) -> None:
    for member in members:
        parts = PurePosixPath(member.filename.replace("\\", "/")).parts
        if ".." in parts or member.filename.startswith(("/", "\\")) or (parts and ":" in parts[0]):
            raise FormatError(
                f"The zip names a file outside itself ('{member.filename[:80]}')",
                "Do not use it: it is not from a device",
                path,
            )
    total = sum(m.file_size for m in members)
    worst = max(
        (m.file_size / max(m.compress_size, 1) for m in members if m.file_size > 1 << 24), default=0.0
    )
    if total > MAX_UNPACKED or worst > _MAX_RATIO or len(members) > _MAX_MEMBERS:
        raise FormatError(
            "The zip would unpack to far more than a recording",
            "Do not use it, or unpack the session yourself",
            path,
        )
