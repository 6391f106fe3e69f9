"""Kubios HRV: the intervals it analysed with their times, from the text of its results or their .mat.

The .mat is no published format: its fields are those that others' programs read,
``Res.HRV.Data.RR`` (seconds), ``Res.HRV.Data.T_RR`` (seconds, of the day where the recording told it) and
``Res.CNT.Offset`` (where the recording began, in the same seconds).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from coregulate.core import Events, FloatArray, FormatError, Notice, Stream

from .mat_tree import fields_of
from .reader import Reader
from .text import head_of, read_lines

_LIST = re.compile(r"RR[ -]?INTERVAL (DATA|SAMPLES|SERIES)|R-R INTERVAL", re.IGNORECASE)

_SAMPLES = re.compile(r"\s*Number of samples:\s*(\d{1,4})\s*$")
_BETWEEN = re.compile(r"[;\t]|,(?=\s|$)|,(?=\d+\.)")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def sniff(path: Path) -> bool:
    """Whether the first lines name Kubios."""
    return any("kubios" in line.casefold() for line in head_of(path).lines[:10])


def read(path: Path, hints: Mapping[str, Any]) -> list[Stream]:
    """Read the list of times and intervals; results (SDNN, spectra, ...) are left out.

    Raises
    ------
    FormatError
        Where it holds no such list.
    """
    lines = read_lines(path)
    # The last such heading: the first may be of what was selected.
    at = max((k for k, line in enumerate(lines) if _LIST.search(line)), default=None)
    rows = [] if at is None else _pairs(lines[at + 1 :])
    if len(rows) < 2:
        raise FormatError(
            "It holds no list of intervals", "Export from Kubios with the RR series included", path
        )
    table = np.array(rows)
    values = table[:, 1] * (1000.0 if np.median(table[:, 1]) < 10 else 1.0)
    samples = next((int(m[1]) for m in map(_SAMPLES.match, lines) if m), 1)
    told = f"Kubios analysed {samples} samples: the intervals of the first are read."
    notices = (Notice("left_out", path.name, told),) if samples > 1 else ()
    return [Stream("rr", Events(table[:, 0], values, "ms", "rr"), str(path), "", None, "", "stamps", notices)]


def _pairs(lines: list[str]) -> list[tuple[float, float]]:
    """Return the first two columns of numbers, from the first row that has them to the first that has not.

    Spectra stand in columns beside the intervals, and may go on below their end.
    """
    rows: list[tuple[float, float]] = []
    at: int | None = None
    for line in lines:
        fields = [f.strip().replace(",", ".") for f in _BETWEEN.split(line.strip("\r\n"))]
        if len(fields) < 2:
            fields = line.split()
        numbers = [bool(_NUMBER.fullmatch(f)) for f in fields]
        if at is None:
            at = next((k for k, (a, b) in enumerate(pairwise(numbers)) if a and b), None)
        if at is not None and len(numbers) > at + 1 and numbers[at] and numbers[at + 1]:
            rows.append((float(fields[at]), float(fields[at + 1])))
        elif rows:
            break
    return rows


def result_of(tree: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the structure of Kubios' results in a .mat, or None where it holds none."""
    found = fields_of(tree.get("Res", tree.get("RES")))
    return found if found is not None and "HRV" in found else None


def read_result(result: Mapping[str, Any], path: Path) -> list[Stream]:
    """Read the whole recording's intervals as they were before Kubios corrected them.

    Raises
    ------
    FormatError
        Where it holds none, or times that do not fit them.
    """
    data = fields_of((fields_of(result["HRV"]) or {}).get("Data")) or {}
    rr_s, times_s = _numbers(data.get("RR")), _numbers(data.get("T_RR"))
    if len(rr_s) < 2 or len(times_s) < 2:
        raise FormatError(
            "It holds results of Kubios, but no intervals with times",
            "In Kubios, save the results as text with the RR series", path,
        )  # fmt: skip
    ends_s = _ends(rr_s, times_s, path)
    began = _numbers((fields_of(result.get("CNT")) or {}).get("Offset"))
    notices: tuple[Notice, ...] = ()
    if len(began) == 1 and 0 < began[0] <= ends_s[0]:
        ends_s = ends_s - began[0]
        at = f"{int(began[0]) // 3600:02d}:{int(began[0]) // 60 % 60:02d}:{int(began[0]) % 60:02d}"
        told = f"Kubios writes that it began at {at}, and no date: times count from there, with no clock."
        notices = (Notice("no_date", path.name, told),)
    known = np.isfinite(ends_s) & np.isfinite(rr_s)
    beats = Events(ends_s[known], 1000.0 * rr_s[known], "ms", "rr")
    return [Stream("rr", beats, str(path), "", None, "", "stamps", notices)]


def _numbers(value: Any) -> FloatArray:
    array = np.asarray(value if value is not None else [])
    return np.atleast_1d(array.astype(np.float64)).ravel() if array.dtype.kind in "fiu" else np.zeros(0)


def _ends(rr_s: FloatArray, times_s: FloatArray, path: Path) -> FloatArray:
    """Return when each interval ended: times are of all beats, or of each interval's end or begin."""
    candidates: list[FloatArray] = []
    if len(times_s) == len(rr_s) + 1:
        candidates = [times_s[1:]]
    elif len(times_s) == len(rr_s):
        candidates = [times_s, times_s + rr_s]
    off = [float(np.nanmedian(np.abs(np.diff(ends) - rr_s[1:]))) for ends in candidates]
    if not off or not min(off) < 0.05:  # prior: a corrected beat moves a few times, not half of them
        raise FormatError(
            "Its intervals and their times do not fit each other",
            "In Kubios, save the results as text with the RR series", path,
        )  # fmt: skip
    return candidates[int(np.argmin(off))]


READER = Reader("kubios", sniff, read)
