"""BORIS projects (.boris): every observation's events, states paired into stretches."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coregulate.core import FormatError, InputError, Label, Notice, Stream

from .reader import Reader
from .text import head_of, read_bytes
from .tiers import Tier, streams_of_tiers

_KEYS = ("observations", "behaviors_conf")


def sniff(path: Path) -> bool:
    """Whether it is JSON with BORIS' keys."""
    if path.suffix.casefold() not in (".boris", ".json", ".gz"):
        return False
    raw = head_of(path).raw.lstrip()
    return raw[:1] == b"{" and (
        b'"observations"' in raw or b'"subjects_conf"' in raw or b'"behaviors_conf"' in raw
    )


def read(path: Path, hints: Mapping[str, Any]) -> list[Stream]:
    """Read one stream for each subject of each observation that has events.

    ``where = {"observation": NAME}`` takes one observation; several observations
    are each on a clock of their own.

    Raises
    ------
    FormatError
        For a damaged project, or one without events.
    InputError
        Where no observation has the name that is asked for.
    """
    project = _project(path)
    types = {str(b.get("code")): str(b.get("type", "")) for b in _items(project["behaviors_conf"])}
    observations = {str(name): o for name, o in project["observations"].items() if isinstance(o, Mapping)}
    asked = (hints.get("where") or {}).get("observation")
    if asked is not None and str(asked) not in observations:
        raise InputError(
            f"There is no observation '{asked}'", f"There are {', '.join(observations)[:300]}", path
        )
    full = {n: o for n, o in observations.items() if o.get("events") and (asked is None or n == str(asked))}
    notices: list[Notice] = []
    if len(full) > 1:
        text = f"It holds {len(full)} observations, each on its own clock: choose one (where = {{observation = NAME}})."
        notices.append(Notice("several_observations", path.name, text))
    tiers = [t for name, o in full.items() for t in _tiers(name, o, types, len(full) > 1, path, notices)]
    return streams_of_tiers(tiers, path, notices=notices)


def _project(path: Path) -> dict[str, Any]:
    raw = read_bytes(path)
    try:
        project = json.loads(gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw)
    except (ValueError, OSError, EOFError) as error:
        raise FormatError(
            f"The project is damaged ({error})", "Copy it again, or save it with BORIS", path
        ) from None
    if not isinstance(project, dict) or not all(isinstance(project.get(k), Mapping) for k in _KEYS):
        raise FormatError("It is no BORIS project", "Save it again with BORIS", path)
    return project


def _items(numbered: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [v for v in numbered.values() if isinstance(v, Mapping)]


def _tiers(
    name: str,
    observation: Mapping[str, Any],
    types: Mapping[str, str],
    several: bool,
    path: Path,
    notices: list[Notice],
) -> list[Tier]:
    offset = observation.get("time offset", 0.0)
    offset_s = float(offset) if isinstance(offset, int | float) else 0.0
    events = sorted((e for e in map(_event, observation["events"]) if e is not None), key=lambda e: e[0])
    bad = len(observation["events"]) - len(events)
    if bad:
        notices.append(
            Notice("rows_left_out", f"{path.name}: {name}", f"{bad} events cannot be read: left out.")
        )
    open_at: dict[tuple[str, str], float] = {}
    labels: dict[str, list[Label]] = {}
    for time, subject, code, modifier in events:
        text = f"{code} {modifier}".strip()
        if not types.get(code, "").startswith("State"):
            labels.setdefault(subject, []).append(Label(time + offset_s, time + offset_s, text))
        elif (subject, text) in open_at:
            labels.setdefault(subject, []).append(
                Label(open_at.pop((subject, text)) + offset_s, time + offset_s, text)
            )
        else:
            open_at[subject, text] = time
    if open_at:
        shown = ", ".join(text for _, text in open_at)[:100]
        note = f"{len(open_at)} states were started and not stopped ({shown}): left out."
        notices.append(Notice("unpaired", f"{path.name}: {name}", note))
    return [
        Tier(f"{name}: {s}".rstrip(": ") if several else s or "no subject", x, s, "codes")
        for s, x in labels.items()
    ]


def _event(event: Any) -> tuple[float, str, str, str] | None:
    """Return (time, subject, code, modifier) of an event as BORIS writes it: a list in this order."""
    if not isinstance(event, list) or len(event) < 3 or not isinstance(event[0], int | float | str):
        return None
    try:
        time = float(event[0])
    except ValueError:
        return None
    modifier = str(event[3]) if len(event) > 3 and event[3] not in (None, "None") else ""
    return (
        (time, str(event[1] or ""), str(event[2]), modifier)
        if math.isfinite(time) and abs(time) < 1e9
        else None
    )


READER = Reader("boris", sniff, read)
