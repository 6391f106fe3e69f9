"""WebVTT and SRT: what was said, and where the file says so (Zoom, Teams) by whom."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coregulate.core import FormatError, Label, Notice, Stream

from .reader import Reader
from .text import head_of, read_text
from .tiers import Tier, seconds_of, streams_of_tiers

_TIMES = re.compile(r"\s*((?:\d+:)?\d{1,2}:\d{1,2}[.,]\d{1,3})\s*-->\s*((?:\d+:)?\d{1,2}:\d{1,2}[.,]\d{1,3})")
_VOICE = re.compile(r"<v(?:\.[\w.-]+)?\s+([^>]{1,100})>")
_TAG = re.compile(r"<[^>]*>")
# prior: longer names before a colon are sentences. WhisperX writes [SPEAKER_00]: before what was said.
_NAMED = re.compile(r"^(?:\[(?P<b>[^\]:<>]{1,40})\]|(?P<a>[^\W\d_][^:<>]{0,40})):\s+(?=\S)")


def sniff(path: Path) -> bool:
    """Whether the first line is WEBVTT, or the first lines hold a number and a cue's times."""
    lines = [line for line in head_of(path).lines[:200] if line.strip()]
    if not lines:
        return False
    if lines[0].startswith("WEBVTT"):
        return True
    return any(_TIMES.match(line) for line in lines[:2])


def read(path: Path, hints: Mapping[str, Any]) -> list[Stream]:
    """Read one stream of ``speech`` for each speaker; the labels are what was said.

    Raises
    ------
    FormatError
        Where no cue has a time.
    """
    cues, bad = _cues(read_text(path)[0])
    if not cues:
        raise FormatError("It holds no cue with a time", "Download the transcript again", path)
    notices = [Notice("rows_left_out", path.name, f"{bad} cues cannot be read: left out.")] if bad else []
    speakers: dict[str, list[Label]] = {}
    named = _who_is_named([text for _, _, text in cues])
    for start, end, text in cues:
        for speaker, said in _said(text, named):
            if said:
                speakers.setdefault(speaker, []).append(Label(start, end, said))
    tiers = [Tier(speaker or "speech", labels, speaker, "speech") for speaker, labels in speakers.items()]
    return streams_of_tiers(tiers, path, notices=notices)


def _cues(text: str) -> tuple[list[tuple[float, float, str]], int]:
    cues, bad = [], 0
    for block in re.split(r"\n\s*\n", text):
        lines = block.strip("\n").split("\n")
        at = next((k for k, line in enumerate(lines) if "-->" in line), None)
        if at is None:
            continue
        match = _TIMES.match(lines[at])
        start, end = (seconds_of(match[1]), seconds_of(match[2])) if match else (math.nan, math.nan)
        if math.isfinite(start) and math.isfinite(end) and end >= start:
            cues.append((start, end, "\n".join(lines[at + 1 :])))
        else:
            bad += 1
    return cues, bad


def _who_is_named(texts: list[str]) -> bool:
    """Whether cues begin with a speaker and a colon: more than half of them, or names that come again."""
    names = [_name(m) for m in map(_NAMED.match, texts) if m]
    return len(names) > 0.5 * len(texts) or (len(names) >= 4 and len(set(names)) <= len(names) / 2)


def _said(text: str, named: bool) -> list[tuple[str, str]]:
    voices = list(_VOICE.finditer(text))
    if voices:
        ends = [m.start() for m in voices[1:]] + [len(text)]
        return [(_plain(m[1]), _plain(text[m.end() : end])) for m, end in zip(voices, ends, strict=True)]
    match = _NAMED.match(text) if named else None
    return [(_plain(_name(match)), _plain(text[match.end() :]))] if match else [("", _plain(text))]


def _name(match: re.Match[str]) -> str:
    return match["a"] or match["b"]


def _plain(text: str) -> str:
    return " ".join(html.unescape(_TAG.sub("", text)).split())


READER = Reader("subtitles", sniff, read)
