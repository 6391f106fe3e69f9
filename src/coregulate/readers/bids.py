"""BIDS: ``_physio.tsv.gz`` and ``_stim.tsv.gz`` with their JSON, and ``_events.tsv``.

The table has no header; the JSON names its columns, its rate and when it starts against the other data
of the same run (BIDS 1.10, "Physiological recordings"). A dyad is two subjects with a file each, or one
file with columns of both.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from coregulate.core import Events, FormatError, Label, Notice, Stream, Track

from .channels import Channel, channel_kind, streams_of
from .frame import as_text, find_column, load, numbers
from .large_table import read_rows
from .parse import floats
from .reader import Reader
from .text import head_of, read_text

_NAME = re.compile(r"(?P<entities>[\w.-]*?)_?(?P<what>physio|stim|events|physioevents)\.tsv(\.gz)?$")
_SUBJECT = re.compile(r"(?:^|_)sub-([a-zA-Z0-9]+)")
# The specification's words for columns (its table of recommended names).
_KNOWN = {"cardiac": "ppg", "respiratory": "respiration", "trigger": "markers"}


def sniff(path: Path) -> bool:
    """Whether the name is BIDS' and, for a recording, a JSON that describes it lies beside or above."""
    match = _NAME.match(path.name)
    if match is None:
        return False
    if match["what"] == "events":
        lines = head_of(path).lines
        return bool(lines) and lines[0].split("\t")[:2] == ["onset", "duration"]
    return bool(_described(path).get("SamplingFrequency"))


def read(path: Path, hints: Mapping[str, Any]) -> list[Stream]:
    """Read a recording's columns, or the events as markers.

    Raises
    ------
    FormatError
        Where JSON and table do not fit.
    """
    match = _NAME.match(path.name)
    if match is not None and match["what"] == "events":
        return [_events(path)]
    return _recording(path, _described(path))


def _described(path: Path) -> dict[str, Any]:
    """Join the JSONs that hold for a file: beside it, and of the same kind in the folders above (inheritance)."""
    match = _NAME.match(path.name)
    if match is None:
        return {}
    entities = set(match["entities"].split("_"))
    joined: dict[str, Any] = {}
    for folder in reversed(_folders(path)):
        for beside in sorted(folder.glob(f"*{match['what']}.json"), key=lambda p: len(p.name)):
            parts = set(beside.name.removesuffix(".json").split("_")[:-1])
            if parts <= entities:
                joined.update(_json(beside))
    return joined


def _folders(path: Path) -> list[Path]:
    """Return the folders from a file's own up to the data set's root (at most subject, session, kind, root)."""
    folders = []
    for folder in list(path.absolute().parents)[:4]:
        folders.append(folder)
        if (folder / "dataset_description.json").exists():
            break
    return folders


def _acquired(path: Path, notices: list[Notice]) -> float | None:
    """Return the Unix time that the subject's list of scans gives for a file: it ties two subjects' files."""
    for folder in _folders(path):
        for table in sorted(folder.glob("*_scans.tsv")):
            rows = [line.split("\t") for line in head_of(table).lines if line.strip()]
            if not rows or "filename" not in rows[0] or "acq_time" not in rows[0]:
                continue
            name, time = rows[0].index("filename"), rows[0].index("acq_time")
            wanted = path.absolute().relative_to(folder).as_posix()
            said = next((r[time] for r in rows[1:] if len(r) > max(name, time) and r[name] == wanted), "")
            try:
                moment = datetime.fromisoformat(said)
            except ValueError:
                continue
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=UTC)
                notices.append(
                    Notice("assumed_zone", path.name, "acq_time names no zone: it is read as UTC.")
                )
            return moment.timestamp()
    return None


def _json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > 1 << 20:
            return {}
        value = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _recording(path: Path, about: Mapping[str, Any]) -> list[Stream]:
    rate, start = _number(about.get("SamplingFrequency")), _number(about.get("StartTime", 0.0))
    columns = [str(c) for c in about.get("Columns", [])] if isinstance(about.get("Columns"), list) else []
    if not (0 < rate <= 1e6):
        raise FormatError(
            f"Its JSON gives the rate {about.get('SamplingFrequency')!r}", "Mend SamplingFrequency", path
        )
    lines = head_of(path).lines
    first = (lines[0] if lines else read_text(path)[0].partition("\n")[0]).split("\t")
    notices: list[Notice] = []
    headed = first == columns and not all(_is_number(f) for f in first)
    if headed:
        text = "Its first line names the columns, which BIDS leaves to the JSON."
        notices.append(Notice("header_left_out", path.name, text))
    if len(first) != len(columns):
        raise FormatError(
            f"Its JSON names {len(columns)} columns, the table has {len(first)}", "Mend Columns", path
        )
    names = [str(k) for k in range(len(columns))]
    table = read_rows(path, skip=int(headed), delimiter="\t", names=names, keep=names)
    start_s = start if math.isfinite(start) else 0.0
    subject = _SUBJECT.search(path.name)
    values = {name: floats(table[c], ".") for name, c in zip(columns, table.columns, strict=True)}
    if (
        isinstance(about.get("timestamp"), Mapping)
        and about["timestamp"].get("Units") == "s"
        and "timestamp" in values
    ):
        return _stamped(values, about, subject[1] if subject else "", notices, path)
    return _streams(values, rate, start_s, about, subject[1] if subject else "", notices, path)


def _streams(
    values: Mapping[str, Any], rate: float, start_s: float, about: Mapping[str, Any], subject: str,
    notices: list[Notice], path: Path,
) -> list[Stream]:  # fmt: skip
    channels, marks = [], []
    for name, column in values.items():
        kind = _kind(name, about)
        if kind == "markers":
            marks.append(_triggers(name, column, rate, start_s, path))  # moments on the run's own clock
        elif not re.fullmatch(r"timestamp|time|index", name):
            channels.append(Channel(name, column, rate, _unit(name, about), start_s, kind=kind))
    origin = _acquired(path, notices)
    streams = streams_of(channels, path, origin_unix_s=origin, notices=notices) if channels else []
    if subject and not any(s.owner_hint for s in streams):
        streams = [_owned(s, subject) for s in streams]
    found = [*streams, *(dataclasses.replace(m, origin_unix_s=origin) for m in marks if m is not None)]
    if not found:
        raise FormatError("It holds neither a signal nor a trigger", "Check its JSON", path)
    return found


def _stamped(
    values: Mapping[str, Any], about: Mapping[str, Any], subject: str, notices: list[Notice], path: Path
) -> list[Stream]:
    """Read columns beside a time for each row, as an export of a sensor that loses samples has them."""
    times = values["timestamp"]
    declared = _number(about.get("CoregulateDeclaredHz"))
    rate = declared if 0 < declared <= 1e6 else None
    channels = [
        Channel(name, column, rate, _unit(name, about), times_s=times, kind=_kind(name, about))
        for name, column in values.items()
        if name != "timestamp"
    ]
    streams = streams_of(channels, path, origin_unix_s=_acquired(path, notices), notices=notices)
    return [_owned(s, subject) if subject and not s.owner_hint else s for s in streams]


def _owned(stream: Stream, subject: str) -> Stream:
    return dataclasses.replace(stream, owner_hint=f"sub-{subject}")


def _kind(name: str, about: Mapping[str, Any]) -> str:
    own = about.get(name)
    if about.get("CoregulateKind"):
        return str(about["CoregulateKind"])
    said = f"{about.get('PhysioType', '')} {own.get('Description', '') if isinstance(own, Mapping) else ''}"
    known = next((kind for word, kind in _KNOWN.items() if word in name.casefold()), "")
    if known == "ppg" and re.search("ecg|ekg|electrocard", said, re.IGNORECASE):
        return "ecg"  # the specification calls both cardiac
    return known or channel_kind(name, _unit(name, about))


def _unit(name: str, about: Mapping[str, Any]) -> str:
    own = about.get(name)
    said = str(own.get("Units", "")) if isinstance(own, Mapping) else ""
    return "" if said == "n/a" else said


def _triggers(name: str, column: Any, rate: float, start_s: float, path: Path) -> Stream | None:
    """Return the moments at which a trigger column rises."""
    value = np.nan_to_num(column)
    rises = np.flatnonzero(np.diff(np.r_[0.0, value]) > 0)
    if len(rises) == 0:
        return None
    labels = tuple(
        Label(start_s + k / rate, start_s + k / rate, f"{name} {value[k]:g}") for k in rises[:100_000]
    )
    return Stream("markers", Track(labels, name), str(path), name, None, "", "rate")


def _events(path: Path) -> Stream:
    frame = load(path)
    starts, told = numbers(frame, find_column(frame, "onset", path), path)
    lengths, more = numbers(frame, find_column(frame, "duration", path), path)
    about = _described(path)
    kind = str(about.get("CoregulateKind", "markers"))
    notices: list[Notice] = [*told, *more]
    origin = _acquired(path, notices)
    subject = _SUBJECT.search(path.name)
    owner = f"sub-{subject[1]}" if subject and kind != "markers" else ""
    if "value" in frame.names and kind in ("rr", "beats"):
        values, _ = numbers(frame, "value", path)
        unit = about.get("value", {}).get("Units", "") if isinstance(about.get("value"), Mapping) else ""
        return Stream(
            kind,
            Events(starts, values, str(unit), kind),
            str(path),
            kind,
            origin,
            owner,
            "stamps",
            tuple(notices),
        )
    named = next((c for c in ("trial_type", "event_type", "value") if c in frame.names), None)
    texts = as_text(frame, named) if named else ["event"] * len(starts)
    labels = [
        Label(float(a), float(a + (d if np.isfinite(d) and d > 0 else 0.0)), text or "event")
        for a, d, text in zip(starts, lengths, texts, strict=True)
        if np.isfinite(a)
    ]
    if not labels:
        raise FormatError("It holds no event with a time", "Check its columns onset and duration", path)
    part = str(about.get("CoregulateKind", "events"))
    return Stream(
        kind, Track(tuple(sorted(labels)), part), str(path), part, origin, owner, "stamps", tuple(notices)
    )


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def _is_number(text: str) -> bool:
    return math.isfinite(_number(text))


READER = Reader("bids", sniff, read)
