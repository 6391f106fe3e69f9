"""RTTM: who speaks when, one line a turn."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coregulate.core import FormatError, Label, Notice, Stream, Track

from .reader import Reader
from .text import head_of, read_lines


def sniff(path: Path) -> bool:
    """Whether a text file's first line that is no comment is a turn of RTTM."""
    first = next((line for line in head_of(path).lines if line.strip() and not line.startswith(";;")), "")
    return _turn(first[:1000]) is not None or first.startswith("SPKR-INFO ")


def _turn(line: str) -> tuple[str, Label] | None:
    fields = line.split()
    if len(fields) < 8 or fields[0] != "SPEAKER":
        return None
    try:
        start, duration = float(fields[3]), float(fields[4])
    except ValueError:
        return None
    if not (
        math.isfinite(start)
        and math.isfinite(duration)
        and duration >= 0
        and abs(start) < 1e9
        and duration < 1e9
    ):
        return None
    return fields[7], Label(start, start + duration, fields[7])


def read(path: Path, hints: Mapping[str, Any]) -> list[Stream]:
    """Read one track for each speaker, in order of first speaking.

    Raises
    ------
    FormatError
        Where no line is a turn.
    """
    lines = read_lines(path)
    turns: dict[str, list[Label]] = {}
    bad = 0
    for line in lines:
        turn = _turn(line)
        if turn is not None:
            turns.setdefault(turn[0], []).append(turn[1])
        elif line.startswith("SPEAKER"):
            bad += 1
    if not turns:
        raise FormatError(
            "It holds no turns", "Each line: SPEAKER file channel start duration <NA> <NA> name", path
        )
    told = (Notice("rows_left_out", path.name, f"{bad} lines cannot be read: left out."),) if bad else ()
    return [
        Stream(
            "speech",
            Track(tuple(sorted(labels)), speaker),
            str(path),
            speaker,
            None,
            speaker,
            "stamps",
            told if k == 0 else (),
        )
        for k, (speaker, labels) in enumerate(turns.items())
    ]


READER = Reader("rttm", sniff, read)
