"""Words with times: ``start end word``, one line a word; ``#`` is silence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coregulate.core import FormatError, Label, Notice, Stream, Track

from .dialect import is_number
from .reader import SHAPED, TABLE_HINTS, Reader
from .text import head_of, read_lines


def sniff(path: Path) -> bool:
    """Whether the first lines are two rising numbers and a word."""
    lines = [line for line in head_of(path).lines[:20] if line.strip()]
    words = [_word(line[:400]) for line in lines]
    good = [w for w in words if w is not None]
    spoken = [w for w in good if not all(is_number(part) for part in w.text.split())]
    return len(good) > 0 and len(good) >= 0.8 * len(words) and len(spoken) >= 0.8 * len(good)


def _word(line: str) -> Label | None:
    fields = line.split(maxsplit=2)
    if len(fields) != 3:
        return None
    try:
        start, end = float(fields[0]), float(fields[1])
    except ValueError:
        return None
    if not (math.isfinite(start) and math.isfinite(end) and 0 <= start <= end < 1e9):
        return None
    return Label(start, end, fields[2].strip())


def read(path: Path, hints: Mapping[str, Any]) -> list[Stream]:
    """Read the words; silences are left out.

    Raises
    ------
    FormatError
        Where there is no word.
    """
    lines = [line for line in read_lines(path) if line.strip()]
    words = [_word(line) for line in lines]
    good = [w for w in words if w is not None]
    if not good:
        raise FormatError("It holds no words with times", "Each line: start end word, times in seconds", path)
    bad = len(words) - len(good)
    told = (Notice("rows_left_out", path.name, f"{bad} lines cannot be read: left out."),) if bad else ()
    spoken = tuple(sorted(w for w in good if w.text not in ("#", "<sil>", "sil", "sp", "<p>")))
    return [Stream("words", Track(spoken, path.stem), str(path), "", None, "", "stamps", told)]


def _fits(hints: Mapping[str, Any]) -> bool:
    return hints.get("kind") in (None, "words") and not TABLE_HINTS & set(hints)


READER = Reader("words", sniff, read, SHAPED + 2, fits=_fits)
