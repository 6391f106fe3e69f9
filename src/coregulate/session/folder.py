"""What lies in a folder: which files are recordings, and what each of them holds."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from coregulate.core import CoregulateError, InputError, Notice
from coregulate.readers import read, recognise

from .found import Found
from .owners import PERSONAL
from .plan import FILE_NAME

_SKIP_FOLDERS = frozenset({"truth", "analysis", "derivatives", "__pycache__", "__MACOSX"})
_OF_THE_SYSTEM = frozenset({"thumbs.db", "desktop.ini"})
# Files that describe others (BIDS' lists and JSONs, a reader's notes): no recordings, and nothing to complain of.
_DESCRIBES = re.compile(
    r"(?:.*_)?(?:scans|sessions|participants|channels|electrodes)\.(?:tsv|json)$|dataset_description\.json$|"
    r".*_(?:physio|stim|events|beh|eeg)\.json$|(?:README|CHANGES|LICENSE)(?:\.\w+)?$"
)


def files_of(folder: Path) -> list[Path]:
    """Files and device folders of a session's folder that a reader could open, in order of name."""
    if recognise(folder) is not None:
        return [folder]
    result = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name in (FILE_NAME, "report.html") or path.name in _SKIP_FOLDERS:
            continue
        if _DESCRIBES.match(path.name) or path.name.casefold() in _OF_THE_SYSTEM:
            continue
        if path.is_dir():
            result.extend([path] if recognise(path) else files_of(path))
        elif path.suffix == ".hea" or not path.with_suffix(".hea").exists():
            result.append(path)
    return result


def look(source: Path, folder: Path, files: Sequence[Path] | None = None) -> tuple[list[Found], list[Notice]]:
    """Read what lies in a folder, or one file; and say of which files nothing could be made.

    Raises
    ------
    InputError
        Where nothing is recognised.
    """
    found: list[Found] = []
    problems: list[Notice] = []
    if not source.exists():
        raise InputError("There is no such file or folder", "Check its name", source)
    for path in files or (files_of(source) if source.is_dir() else [source]):
        relative = relative_to(path, folder)
        reader = recognise(path)
        if path.is_file() and path.stat().st_size == 0:
            problems.append(Notice("stream_unreadable", relative, "The file is empty."))
            continue
        if reader is None:
            problems.append(Notice("not_recognised", relative, _why_not(path)))
            continue
        try:
            found.extend(Found(relative, reader, stream) for stream in read(path))
        except CoregulateError as error:
            problems.append(Notice("stream_unreadable", relative, str(error)))
    if not found:
        detail = f" ({problems[0].text})" if problems else ""
        raise InputError(
            f"Nothing here is a recording that Coregulate can read{detail}",
            "docs/formats.md lists what can be read",
            source,
        )
    return found, problems


def _why_not(path: Path) -> str:
    """Say what a file is that no reader knows, and what to do, where that can be told."""
    try:
        read(path)
    except CoregulateError as error:
        return f"{error.problem}. {error.cure}."
    return "No reader knows what is in it, whatever its name says."


def whole_sessions(paths: Sequence[Path]) -> list[Path]:
    """Return the files that are a session each: every one holds two people, and all the same of them.

    Files of one session differ in what they hold (codes in one, ratings in the other); a file that
    says nothing of anybody is passed over. None, where any other file is a person's.
    """
    kinds: dict[Path, frozenset[str]] = {}
    for path in paths:
        try:
            own = [s for s in read(path) if s.kind in PERSONAL]
        except CoregulateError:
            continue
        if own:
            two = len({s.owner_hint for s in own} - {""}) >= 2
            kinds[path] = frozenset(s.kind for s in own) if two else frozenset()
    alike = len(kinds) > 1 and len(set(kinds.values())) == 1 and all(kinds.values())
    return list(kinds) if alike else []


def relative_to(path: Path, folder: Path) -> str:
    """Return a path as seen from a folder, with ``..`` where it lies outside."""
    try:
        return path.resolve().relative_to(folder.resolve()).as_posix()
    except ValueError:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
