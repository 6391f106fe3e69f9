"""Tables with a row for each start and each stop: The Observer XT (Noldus) and BORIS' tabular export."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from coregulate.core import FormatError, InputError, Label, Notice, Stream

from .reader import Reader
from .text import head_of, read_text
from .tiers import Tier, seconds_of, streams_of_tiers

_HEADER_WITHIN = 60  # lines of facts about the observation come before (BORIS)
_TIMES = (
    "time_relative_sf",
    "time_relative_s",
    "time_relative_hmsf",
    "time_relative_hms",
    "time",
    "relative time (seconds)",
)
_STATES = ("event_type", "event type", "state event", "status", "behavior type", "type")
_CODES = ("behavior", "behaviour", "behavior name")
_WHO = ("subject", "subjects", "participant", "actor")
_OBSERVATION = ("observation", "observation id", "observation name")
_STATE_WORDS = re.compile(r"(?:state )?(start|stop|point)s?$", re.IGNORECASE)


class _Columns(NamedTuple):
    header: int
    time: int
    code: int
    state: int
    who: int | None
    observation: int | None
    modifiers: tuple[int, ...]


def sniff(path: Path) -> bool:
    """Whether a header names a behaviour, a time and whether it starts or stops, and the rows say so."""
    rows = _rows("\n".join(head_of(path).lines[:400]))
    at = _columns(rows)
    return at is not None and any(_state(r, at) for r in rows[at.header + 1 :])


def read(path: Path, hints: Mapping[str, Any]) -> list[Stream]:
    """Read one stream of codes for each subject; ``where = {"observation": NAME}`` takes one of several.

    Raises
    ------
    FormatError, InputError
        Where no row can be read, or there is no such observation.
    """
    rows = _rows(read_text(path)[0])
    at = _columns(rows)
    if at is None:
        raise FormatError("It has no columns of behaviour, time and start or stop", "Export it again", path)
    found = [r for r in (_row(r, at) for r in rows[at.header + 1 :]) if r is not None]
    asked = (hints.get("where") or {}).get("observation")
    names = list(dict.fromkeys(r[4] for r in found))
    if asked is not None:
        found = [r for r in found if r[4] == str(asked)]
        if not found:
            raise InputError(
                f"There is no observation '{asked}'", f"There are {', '.join(names)[:300]}", path
            )
    notices: list[Notice] = []
    if asked is None and len(names) > 1:
        text = f"It holds {len(names)} observations, each on its own clock: choose one (where = {{observation = NAME}})."
        notices.append(Notice("several_observations", path.name, text))
    return streams_of_tiers(_paired(found, len(names) > 1, path, notices), path, notices=notices)


def _rows(text: str) -> list[list[str]]:
    delimiter = max("\t;,", key=lambda d: text.count(d))
    try:
        return [[f.strip() for f in row] for row in csv.reader(io.StringIO(text), delimiter=delimiter)]
    except csv.Error:
        return []


def _columns(rows: Sequence[Sequence[str]]) -> _Columns | None:
    for k, row in enumerate(rows[:_HEADER_WITHIN]):
        keys = [f.casefold() for f in row]
        time, code, state = (
            next((keys.index(w) for w in words if w in keys), None) for words in (_TIMES, _CODES, _STATES)
        )
        if time is not None and code is not None and state is not None:
            who, observation = (
                next((keys.index(w) for w in words if w in keys), None) for words in (_WHO, _OBSERVATION)
            )
            modifiers = tuple(i for i, key in enumerate(keys) if key.startswith("modifier"))
            return _Columns(k, time, code, state, who, observation, modifiers)
    return None


def _state(row: Sequence[str], at: _Columns) -> str:
    match = _STATE_WORDS.match(row[at.state]) if len(row) > at.state else None
    return match[1].casefold() if match else ""


def _row(row: Sequence[str], at: _Columns) -> tuple[float, str, str, str, str] | None:
    """Return (time, subject, text, start or stop or point, observation)."""
    state = _state(row, at)
    if not state or len(row) <= max(at.time, at.code):
        return None
    time = seconds_of(row[at.time])
    if not math.isfinite(time):
        return None
    who = row[at.who] if at.who is not None and at.who < len(row) else ""
    observation = row[at.observation] if at.observation is not None and at.observation < len(row) else ""
    extra = [row[i] for i in at.modifiers if i < len(row) and row[i]]
    return (
        time,
        "" if who == "No focal subject" else who,
        " ".join([row[at.code], *extra]),
        state,
        observation,
    )


def _paired(
    found: Sequence[tuple[float, str, str, str, str]], several: bool, path: Path, notices: list[Notice]
) -> list[Tier]:
    open_at: dict[tuple[str, str, str], float] = {}
    labels: dict[tuple[str, str], list[Label]] = {}
    lost = 0
    for time, who, text, state, observation in found:
        key = (observation, who, text)
        if state == "point":
            labels.setdefault((observation, who), []).append(Label(time, time, text))
        elif state == "start":
            lost += key in open_at
            open_at[key] = time
        elif key in open_at and time >= open_at[key]:
            labels.setdefault((observation, who), []).append(Label(open_at.pop(key), time, text))
        else:
            lost += 1
    lost += len(open_at)
    if lost:
        notices.append(Notice("unpaired", path.name, f"{lost} starts or stops have no partner: left out."))
    return [
        Tier(f"{observation}: {who}".strip(": ") if several else who or "no subject", x, who, "codes")
        for (observation, who), x in labels.items()
    ]


READER = Reader("event_rows", sniff, read)
