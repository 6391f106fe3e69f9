"""Whisper and WhisperX: the transcript as JSON, segments with words and, where they were told apart, speakers; or ``.tsv``."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from coregulate.core import FormatError, Label, Notice, Stream

from .reader import Reader
from .text import head_of, read_text
from .tiers import Tier, streams_of_tiers

_LONGEST_S = 60  # prior: Whisper's phrases end within 30 s, the stretch that it hears at once
_ROW = re.compile(r"(\d{1,12})\t(\d{1,12})\t(.*)")


def sniff(path: Path) -> bool:
    """Whether it is JSON whose first key is the whole text, or segments with a start (the whole text can be long)."""
    lines = head_of(path).lines
    head = "\n".join(lines).lstrip()
    if not head.startswith("{"):
        return _is_table(lines)
    first = head[1:].lstrip()
    return first.startswith('"text"') or ('"segments"' in head and '"start"' in head and '"end"' in head)


def _is_table(lines: Sequence[str]) -> bool:
    """Whether whole numbers stand below ``start end text``, too far apart for seconds: Whisper's are milliseconds."""
    if not lines or lines[0] != "start\tend\ttext":
        return False
    rows = [_ROW.match(line) for line in lines[1:] if line.strip()]
    lasts = [int(row[2]) - int(row[1]) for row in rows if row]
    return len(lasts) == len(rows) > 0 and sorted(lasts)[len(lasts) // 2] > _LONGEST_S


def read(path: Path, hints: Mapping[str, Any]) -> list[Stream]:
    """Read what was said as ``speech``, and the words where they have times, a stream a speaker.

    Raises
    ------
    FormatError
        Where it is damaged, or holds no segment with times.
    """
    text = read_text(path)[0]
    if not text.lstrip().startswith("{"):
        return _phrases(text, path)
    try:
        said = json.loads(text)
    except ValueError:
        raise FormatError("The JSON is damaged or cut short", "Copy it again", path) from None
    segments = [s for s in _list(said.get("segments")) if isinstance(s, dict)]
    words = [
        {"speaker": s.get("speaker"), **w}
        for s in segments
        for w in _list(s.get("words"))
        if isinstance(w, dict)
    ]
    speech, bad = _labels(segments, "text")
    spoken, unplaced = _labels(words, "word")
    if not speech:
        raise FormatError("It holds no segment with a start and an end", "Write the transcript as .srt", path)
    notices = []
    if bad + unplaced:
        told = f"{bad + unplaced} segments or words have no times: left out."
        notices.append(Notice("rows_left_out", path.name, told))
    tiers = [Tier(who or "speech", labels, who, "speech") for who, labels in speech.items()]
    tiers += [Tier(f"{who} words".strip(), labels, who, "words") for who, labels in spoken.items()]
    return streams_of_tiers(tiers, path, notices=notices)


def _phrases(text: str, path: Path) -> list[Stream]:
    """Read the table, whose starts and ends are milliseconds."""
    rows = (_ROW.match(line) for line in text.split("\n"))
    said = [Label(int(r[1]) / 1000.0, max(int(r[1]), int(r[2])) / 1000.0, r[3].strip()) for r in rows if r]
    return streams_of_tiers([Tier("speech", said, kind="speech")], path)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _labels(parts: Iterable[Mapping[str, Any]], key: str) -> tuple[dict[str, list[Label]], int]:
    """Return the labels of each speaker, and how many parts have no times."""
    by_speaker: dict[str, list[Label]] = {}
    bad = 0
    for part in parts:
        try:
            start, end = float(part["start"]), float(part["end"])
        except (KeyError, TypeError, ValueError):
            start = end = math.nan
        if 0 <= start <= end < 1e9:
            who = " ".join(str(part.get("speaker") or "").split())
            text = " ".join(str(part.get(key) or "").split())
            by_speaker.setdefault(who, []).append(Label(start, end, text))
        else:
            bad += 1
    return by_speaker, bad


READER = Reader("whisper", sniff, read)
