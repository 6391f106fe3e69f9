"""Excel workbooks (.xlsx): the first sheet that holds a table is read as the text that it would be exported as."""

from __future__ import annotations

import csv
import dataclasses
import tempfile
from collections.abc import Mapping
from datetime import datetime, time
from pathlib import Path
from typing import Any

from coregulate.core import FormatError, InputError, Notice, Stream

from .archive import is_zip, names_in, unpacked
from .channels import with_notices
from .reader import Reader, optional
from .text import head_of

_MAX_CELLS = 20_000_000  # prior: a workbook's own limit is a million rows


def sniff(path: Path) -> bool:
    """Whether it is a zip that holds a workbook."""
    return is_zip(head_of(path).raw) and "xl/workbook.xml" in names_in(path)


def read(path: Path, hints: Mapping[str, Any]) -> list[Stream]:
    """Read the first sheet that any text format fits.

    Raises
    ------
    MissingExtraError
        Without openpyxl.
    FormatError
        For a dangerous or damaged file, or no sheet with a table.
    """
    openpyxl = optional("openpyxl", "openpyxl", path)
    unpacked(path, lambda name: False)  # refuses what is dangerous before the library unpacks it
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        with tempfile.TemporaryDirectory() as folder:
            return _first_table(book, Path(folder), path, hints)
    except InputError:
        raise
    except Exception as error:  # openpyxl raises whatever a damaged file leads it to
        said = " ".join(str(error).split())[:100]
        raise FormatError(
            f"The workbook is damaged ({type(error).__name__}: {said})", "Save it again", path
        ) from None


def _first_table(book: Any, folder: Path, path: Path, hints: Mapping[str, Any]) -> list[Stream]:
    from .door import read as read_any

    problem = "It holds no sheet with a table"
    for sheet in book.worksheets:
        text = folder / f"{path.stem}.tsv"
        if not _write(sheet, text, path):
            continue
        try:
            streams = [dataclasses.replace(s, path=str(path)) for s in read_any(text, hints)]
        except InputError as error:
            problem = error.problem
            continue
        others = len(book.worksheets) - 1
        note = (
            [Notice("sheet", path.name, f"The sheet '{sheet.title}' is read; {others} others are not.")]
            if others
            else []
        )
        return with_notices(streams, note)
    raise FormatError(problem, "Export the sheet as csv", path)


def _write(sheet: Any, to: Path, path: Path) -> int:
    cells = 0
    with to.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter="\t")
        for row in sheet.iter_rows(values_only=True):
            cells += len(row)
            if cells > _MAX_CELLS:
                raise FormatError("The sheet is larger than can be read", "Export it as csv", path)
            writer.writerow(map(_text, row))
    return cells


def _text(cell: Any) -> Any:
    """Return a cell as a table writes it: a day without a time as a date, so that it can join a column of times."""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat()
    return "" if cell is None else cell


READER = Reader("excel", sniff, read)
