"""A coder's labels: one column of codes a person and a line a second, or start, end and code."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray, FormatError, Label, Notice, Stream, Track

from .channels import with_notices
from .clock import find_time, times_of
from .columns import is_identifier, is_time_name, kind_of, words_of
from .frame import Frame, as_text, dialect_of, find_column, is_numeric, load, numbers, rows_where
from .reader import SHAPED, Reader

_STARTS = (
    "start",
    "begin",
    "onset",
    "start time",
    "begin time",
    "start s",
    "begin s",
    "start sec",
    "start ms",
    "begin ms",
)
_ENDS = ("end", "stop", "offset", "end time", "stop time", "end s", "stop s", "end sec", "end ms", "stop ms")
_CODES = ("code", "codes", "behavior", "behaviour", "label", "affect", "annotation", "text", "value", "event")
_WHO = ("person", "speaker", "subject", "participant", "partner", "who", "name", "tier", "role")
_WORDS = ("word", "words", "token")
_NOBODY = "No focal subject"  # what BORIS writes for an event of nobody
_MARKS = frozenset(
    ["marker", "markers", "event", "events", "tag", "tags", "annotation", "annotations", "type"]
)
_TALK = frozenset(["speech", "speaking", "speaks", "talk", "talking", "vocalizing", "vocalising", "turn"])


def sniff(path: Path) -> bool:
    """Whether a text file is a table of labels in time, without columns of signals."""
    dialect = dialect_of(path)
    if dialect is None or dialect.n_columns < 2:
        return False
    if dialect.names:
        if _spans(dialect.names) is not None:
            return any(_find(dialect.names, s) is not None for s in (_CODES, _WHO, _WORDS))
        others = [
            (n, num) for n, num in zip(dialect.names, dialect.numeric, strict=True) if not is_time_name(n)
        ]
        signals = [n for n, num in others if num and not is_identifier(n)]
        labels = [n for n, num in others if not num and not is_identifier(n)]
        return len(others) < dialect.n_columns and not signals and bool(labels)
    return dialect.numeric[0] and not any(dialect.numeric[1:]) and 2 <= dialect.n_columns <= 10


def read(path: Path, hints: Mapping[str, Any]) -> list[Stream]:
    """Read one track for each coded person.

    Raises
    ------
    FormatError, InputError
        Where there are no labels, or their times cannot be read.
    """
    frame = load(path)
    if hints.get("where"):
        frame = rows_where(frame, hints["where"], path)
    spans = _spans(frame.names)
    if spans is not None:
        return _read_spans(frame, spans, path)
    return _read_seconds(frame, path, hints)


def _key(name: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", name.casefold()))


def _find(names: tuple[str, ...] | list[str], wanted: tuple[str, ...]) -> str | None:
    keys = {_key(n): n for n in reversed(list(names))}
    return next((keys[w] for w in wanted if w in keys), None)


def _spans(names: tuple[str, ...] | list[str]) -> tuple[str, str] | None:
    start, end = _find(names, _STARTS), _find(names, _ENDS)
    return (start, end) if start is not None and end is not None else None


def _read_spans(frame: Frame, spans: tuple[str, str], path: Path) -> list[Stream]:
    starts, first = numbers(frame, spans[0], path)
    ends, second = numbers(frame, spans[1], path)
    if "ms" in words_of(spans[0]):
        starts, ends = starts / 1000.0, ends / 1000.0
    who, code, word = (_find(frame.names, s) for s in (_WHO, _CODES, _WORDS))
    named = code or word or who
    owners = ["" if o == _NOBODY else o for o in as_text(frame, who)] if who else [""] * len(starts)
    tracks, bad = _tracks(starts, ends, owners, as_text(frame, named) if named else [])
    if not tracks:
        raise FormatError(
            "It holds no labels with a start and an end",
            "Times are seconds, and the end follows the start",
            path,
        )
    notices = [*frame.notices, *first, *second]
    if bad:
        text = f"{bad} rows have no start, or end before they start: left out."
        notices.append(Notice("rows_left_out", path.name, text))
    origin = _unix_origin(starts)
    streams = []
    for owner, labels in tracks.items():
        since = [
            Label(x.start_s - (origin or 0.0), x.end_s - (origin or 0.0), x.text) for x in sorted(labels)
        ]
        kind = _span_kind(since, code is not None, word is not None)
        streams.append(Stream(kind, Track(tuple(since), owner), str(path), owner, origin, owner, "stamps"))
    return with_notices(streams, notices)


def _tracks(
    starts: FloatArray, ends: FloatArray, owners: Sequence[str], texts: Sequence[str]
) -> tuple[dict[str, list[Label]], int]:
    """Return the labels of each owner, and how many rows have no start, or end before it."""
    tracks: dict[str, list[Label]] = {}
    bad = 0
    for start, end, owner, text in zip(starts, ends, owners, texts, strict=True):
        if not (np.isfinite(start) and np.isfinite(end) and end >= start):
            bad += 1
        elif text:
            tracks.setdefault(owner, []).append(Label(float(start), float(end), text))
    return tracks, bad


def _unix_origin(starts: FloatArray) -> float | None:
    present = starts[np.isfinite(starts)]
    return float(np.floor(present.min())) if len(present) and present.min() > 3e8 else None


def _span_kind(labels: list[Label], coded: bool, worded: bool) -> str:
    if worded:
        return "words"
    if not coded or {x.text.casefold() for x in labels} <= _TALK:
        return "speech"
    return "codes"


def _read_seconds(frame: Frame, path: Path, hints: Mapping[str, Any]) -> list[Stream]:
    asked = hints.get("time_column")
    time_name = find_column(frame, asked, path) if asked is not None else find_time(frame, path)
    if time_name is None:
        raise FormatError("It has no column of times", "Name it (time_column = ...)", path)
    times = times_of(frame, time_name, path, rate_hint=_rate(hints, time_name, frame), fast=False)
    starts = times.times_s
    steps = np.diff(starts)
    step = float(np.median(steps[steps > 0])) if np.any(steps > 0) else 1.0
    columns = [c for c in frame.names if c != time_name and not is_numeric(frame, c) and not is_identifier(c)]
    texts = {c: [x for x, k in zip(_ordered(frame, c, times.keep), starts, strict=True)] for c in columns}
    columns = [c for c in columns if any(texts[c])]
    if not columns:
        raise FormatError(
            "It has no column of labels", "Each person's codes need a column of their own", path
        )
    streams = []
    notices = [*frame.notices, *times.notices]
    for k, column in enumerate(columns):
        owner, prefix = _owner(column, texts[column], bool(frame.dialect.names), len(columns))
        kind = (
            "markers" if {w.casefold() for w in words_of(column)} & _MARKS and len(columns) == 1 else "codes"
        )
        labels = _labels(starts, texts[column], prefix, step if kind == "codes" else 0.0)
        told = tuple(notices) if k == 0 else ()
        data = Track(tuple(labels), owner)
        streams.append(
            Stream(kind, data, str(path), owner or column, times.origin_unix_s, owner, times.timing, told)
        )
    return streams


def _rate(hints: Mapping[str, Any], time_name: str, frame: Frame) -> float | None:
    rate = hints.get("rate_hz")
    return float(rate) if rate is not None else None


def _ordered(frame: Frame, column: str, keep: NDArray[np.intp]) -> list[str]:
    text = as_text(frame, column)
    return [text[i] for i in keep]


def _owner(column: str, texts: list[str], named: bool, n_columns: int) -> tuple[str, str]:
    """Return (owner, prefix to drop): a short first word that every label shares, else the column's name."""
    firsts = {t.split(maxsplit=1)[0] for t in texts if t}
    several = len({t for t in texts if t}) > 1 or not named
    if len(firsts) == 1 and several and all(len(t.split(maxsplit=1)) == 2 for t in texts if t):
        first = next(iter(firsts))
        if len(first) <= 12:
            return first, first
    if not named:
        return column, ""
    words = [
        w
        for w in words_of(column)
        if w.casefold() not in {"code", "codes", "affect", "behavior", "behaviour", "label", "spaff"}
    ]
    words = [w for w in words if w.casefold() not in _MARKS and kind_of(w) == "other"]
    return " ".join(words), ""


def _labels(starts: FloatArray, texts: list[str], prefix: str, step: float) -> list[Label]:
    labels = []
    for k, (start, text) in enumerate(zip(starts, texts, strict=True)):
        if not text:
            continue
        # A code lasts until the next line, but never over a gap.
        length = (
            min(step, float(starts[k + 1] - start)) if k + 1 < len(starts) and starts[k + 1] > start else step
        )
        said = text[len(prefix) :].strip() if prefix else text
        labels.append(Label(float(start), float(start) + length, said))
    return labels


def _fits(hints: Mapping[str, Any]) -> bool:
    return hints.get("kind") in (None, "codes", "speech", "markers", "words") and "columns" not in hints


READER = Reader("codes", sniff, read, SHAPED + 3, fits=_fits)
