"""Which reader fits a file, and the one place where any reader is called."""

from __future__ import annotations

import importlib
import math
import pkgutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np

from coregulate.core import KINDS, CoregulateError, FloatArray, FormatError, InputError, Notice, Stream

from . import audio
from .archive import names_in
from .frame import Frame, as_text, find_column, is_numeric, load, numbers
from .reader import SHAPED, TABLE_HINTS, Reader
from .text import head_of


def _readers() -> tuple[Reader, ...]:
    """Every format of this room: formats that name themselves first, then shapes, the narrowest first."""
    names = [m.name for m in pkgutil.iter_modules([str(Path(__file__).parent)])]
    modules = [importlib.import_module(f"{__package__}.{name}") for name in names if name != "door"]
    found = [m.READER for m in modules if hasattr(m, "READER")]
    return tuple(sorted(found, key=lambda r: (r.rank, r.name)))


READERS = _readers()
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # .xls, .doc, .ppt before 2007
#: What programs keep in files of their own, and how to get it out of them.
_PROGRAMS = {
    ".docx": (
        "It is a Word document: as a transcript it says to a second at best who began, and not who stopped",
        "Download the transcript as .vtt",
    ),
    ".adicht": ("It is LabChart's own file", "Export it from LabChart as text, or as MATLAB file"),
    ".smr": ("It is Spike2's own file", "Export it from Spike2 as MATLAB file"),
    ".smrx": ("It is Spike2's own file", "Export it from Spike2 as MATLAB file"),
    ".vhdr": ("It is a BrainVision recording", "Export it as EDF, or read it with MNE and give it in memory"),
    ".sml": ("It is Suunto's own file", "Export the activity as FIT"),
    ".edf": (
        "It ends in '.edf', but is none: an eye tracker's file?",
        "Export a recording of the body as EDF or csv",
    ),
}
_HINTS = TABLE_HINTS | {"kind", "rate_hz", "unit"}
# fmt: off
_NOT_TABLES = frozenset([
    ".toml", ".json", ".xml", ".html", ".htm", ".md", ".py", ".hrm", ".eaf", ".boris", ".textgrid",
    ".ini", ".cfg", ".yaml", ".yml", ".hea", ".vtt", ".srt", ".tcx", ".gpx", ".tex", ".rst", ".log", ".css",
    ".js", ".svg", ".ipynb"
])
# fmt: on


def recognise(path: Path) -> str | None:
    """Return the name of the reader for a file, device folder or zip; None if nothing fits.

    Looks at the first 64 KiB at most and never raises on odd content.
    """
    reader = _reader_of(Path(path), {})
    return reader.name if reader else None


def _reader_of(path: Path, hints: Mapping[str, Any]) -> Reader | None:
    suffix = path.suffix.casefold()
    for reader in READERS:
        if suffix in audio.SUFFIXES and reader.name != "audio":
            continue  # a text that is named .wav is no table: something is wrong with it
        if suffix in _NOT_TABLES and reader.rank >= SHAPED:
            continue
        if (path.is_dir() and not reader.folders) or not reader.fits(hints):
            continue
        try:
            if reader.sniff(path):
                return reader
        except Exception:  # a sniffer that stumbles over odd content has not recognised it
            continue
    return None


def read(path: Path, hints: Mapping[str, Any] | None = None) -> list[Stream]:
    """Read every stream of a file, device folder or zip.

    Parameters
    ----------
    path : Path
    hints : mapping, optional
        What the user knows: ``kind`` (one of ``core.KINDS``), ``rate_hz``, ``unit``, ``time_column``
        (a name, or a number from 0), ``columns`` (names), ``where`` (``{column: value}``: which rows
        of a long table).

    Returns
    -------
    list of Stream
        At least one; times count from ``origin_unix_s`` where there is a clock, else the file's own zero.

    Raises
    ------
    FormatError
        Where the file is not what its name or place says, damaged, empty or unknown; with a cure.
    InputError
        For a hint that does not exist or does not fit.
    """
    path = Path(path)
    said = {k: v for k, v in (hints or {}).items() if v is not None}
    _check_hints(said, path)
    if not path.exists():
        raise FormatError("There is no such file or folder", "Check its name", path)
    reader = _reader_of(path, said)
    if reader is None:
        raise _unknown(path)
    try:
        return reader.read(path, said)
    except CoregulateError:
        raise
    except MemoryError:
        raise FormatError("It does not fit into memory", "Split it", path) from None
    except RecursionError:
        raise FormatError("It is nested too deeply", "Export it again", path) from None
    except Exception as error:  # whatever a damaged file leads a library to raise is the file's fault
        said_by = " ".join(f"{type(error).__name__}: {error}".split())[:160]
        raise FormatError(
            f"It looks like {reader.name}, but cannot be read ({said_by})",
            "Check that it is whole; export it again",
            path,
        ) from error


def _check_hints(hints: Mapping[str, Any], path: Path) -> None:
    for key in hints:
        if key not in _HINTS:
            raise InputError(f"There is no hint '{key}'", f"Hints are {', '.join(sorted(_HINTS))}", path)
    if "kind" in hints and hints["kind"] not in KINDS:
        raise InputError(f"There is no kind '{hints['kind']}'", f"Kinds are {', '.join(KINDS)}", path)
    if "rate_hz" in hints:
        try:
            rate = float(hints["rate_hz"])
        except (TypeError, ValueError):
            rate = math.nan
        if not (math.isfinite(rate) and 0 < rate <= 1e6):
            raise InputError(f"The rate is {hints['rate_hz']!r}", "rate_hz is a number above 0", path)
    if "where" in hints and not isinstance(hints["where"], Mapping):
        raise InputError("where does not name columns", "Write where = {column = value}", path)


def _unknown(path: Path) -> FormatError:
    """Say what a file or folder that no reader knows looks like, and how to bring what it holds."""
    if path.is_dir():
        cure = "Give a device's folder (Movesense, Empatica E4) or one file"
        return FormatError("No reader knows this folder", cure, path)
    head, suffix = head_of(path), path.suffix.casefold()
    listed = "docs/formats.md lists what is read"
    of_zip = len(names_in(path))
    said = (
        (not head.raw.strip(), ("The file is empty", "Record or export it again")),
        (suffix in audio.SUFFIXES, (f"It ends in '{suffix}', but holds no sound or video", "Check that the right file was given")),
        (suffix in _PROGRAMS, _PROGRAMS.get(suffix, ("", ""))),
        (of_zip > 0, (f"It is a zip of {of_zip} files, of no format that is read as a zip", "Unpack it into this folder")),
        (head.raw[:8] == _OLD_OFFICE, ("It is a workbook or document of an old Office", "Save a table as .xlsx or csv")),
        (head.raw[:4] in (b"PK\x03\x04", b"\x89HDF"), (
            "It is a zip or HDF5 file that is damaged, cut short, or of a format that is not read",
            f"Copy it again; {listed}",
        )),
        (not head.encoding, ("It is binary, of a format that is not read", f"{listed}; export it as csv")),
        (True, (
            "It is text, but no table, labels or intervals",
            f"{listed}; export numbers as csv, a transcript as .vtt or .srt, labels as TextGrid",
        )),
    )  # fmt: skip
    problem, cure = next(told for holds, told in said if holds)
    return FormatError(problem, cure, path)


@overload
def groups(path: Path, by: str) -> list[str]: ...  # type: ignore[overload-overlap]
@overload
def groups(path: Path, by: Sequence[str]) -> list[tuple[str, ...]]: ...
def groups(path: Path, by: str | Sequence[str]) -> list[str] | list[tuple[str, ...]]:
    """Return the different values of a column (or several) of a table, in order of first appearance.

    Parameters
    ----------
    path : Path
    by : str or sequence of str
        A column, or several.

    Returns
    -------
    list of str, or list of tuple of str
        As the file writes them; rows without a value are left out.

    Raises
    ------
    InputError
        Where there is no such column, or the file is no table.
    """
    path = Path(path)
    frame = _table(path)
    names = [by] if isinstance(by, str) else list(by)
    columns = [as_text(frame, find_column(frame, name, path)) for name in names]
    rows = [row for row in zip(*columns, strict=True) if all(row)]
    if isinstance(by, str):
        return list(dict.fromkeys(row[0] for row in rows))
    return list(dict.fromkeys(rows))


def read_columns(path: Path, names: Sequence[str]) -> tuple[dict[str, FloatArray], tuple[Notice, ...]]:
    """Return columns of a table as numbers, as they stand, row by row.

    Parameters
    ----------
    path : Path
    names : sequence of str
        Case does not matter.

    Returns
    -------
    dict of str to array, shape (rows,)
        By the names asked for; NaN where missing. A column of words gives codes 0, 1, 2 in alphabetical
        order, the same for all columns of words.
    tuple of Notice

    Raises
    ------
    FormatError, InputError
        Where there is no such file, table or column.
    """
    path = Path(path)
    frame = _table(path)
    found: dict[str, FloatArray] = {}
    words_of: dict[str, list[str]] = {}
    notices = list(frame.notices)
    for name in names:
        column = find_column(frame, name, path)
        if is_numeric(frame, column):
            found[name], told = numbers(frame, column, path)
            notices.extend(told)
        else:
            words_of[name] = as_text(frame, column)
    code = {w: float(k) for k, w in enumerate(sorted({w for ws in words_of.values() for w in ws if w}))}
    found |= {name: np.array([code.get(w, math.nan) for w in ws]) for name, ws in words_of.items()}
    notices += [
        Notice("words", name, f"'{name}' holds words, read as codes in alphabetical order")
        for name in words_of
    ]
    return found, tuple(notices)


def read_words(path: Path, name: str) -> list[str]:
    """Return a column of a table as the file writes it, row by row; missing as an empty text."""
    frame = _table(Path(path))
    return as_text(frame, find_column(frame, name, Path(path)))


def _table(path: Path) -> Frame:
    if path.is_dir():
        raise FormatError("This is a folder, not a table", "Name the file in it", path)
    if not path.is_file():
        raise FormatError("There is no such file", "Check its name", path)
    return load(path)
