"""A zip of one file, as Garmin's Export Original and mail programs make them: the file in it is read."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from coregulate.core import FormatError, Stream

from .archive import is_zip, member_of, names_in
from .reader import SHAPED, Reader
from .text import head_of

_RANK = SHAPED + 9  # after every format whose own files are zips


def sniff(path: Path) -> bool:
    """Whether it is a zip, which no other reader knows, of one file."""
    return is_zip(head_of(path).raw) and len(names_in(path)) == 1


def read(path: Path, hints: Mapping[str, Any]) -> list[Stream]:
    """Unpack the one file and read it.

    Raises
    ------
    FormatError
        For a zip of another zip, of sound or video (read from where it lies), or of what cannot be read.
    """
    from .door import read as read_any
    from .door import recognise

    (name,) = names_in(path)
    with tempfile.TemporaryDirectory() as folder:
        inner = Path(folder) / PurePosixPath(name).name
        with member_of(path, name) as packed, inner.open("wb") as file:
            shutil.copyfileobj(packed, file)
        if recognise(inner) == READER.name:
            raise FormatError("It is a zip in a zip", "Unpack it into this folder", path)
        try:
            streams = read_any(inner, hints)
        except FormatError as error:
            raise FormatError(f"'{name}' in it: {error.problem}", error.cure, path) from None
    if any(s.kind in ("audio", "video") for s in streams):
        raise FormatError(
            "It holds sound or video, which is read from where it lies", "Unpack it into this folder", path
        )
    return [dataclasses.replace(s, path=str(path)) for s in streams]


READER = Reader("zipped", sniff, read, _RANK)
