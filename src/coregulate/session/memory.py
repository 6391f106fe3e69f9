"""A session of recordings that are in memory: nothing is read from disk, nothing is written."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from coregulate.core import InputError, Stream
from coregulate.readers import streams_from_frame, streams_from_raw

from .found import Found
from .propose import propose_found
from .session import Session

Recording = Any  # a pandas table, an MNE Raw, or streams; neither package is imported here


def session_from_memory(
    recordings: Mapping[str, Recording],
    *,
    rate_hz: float | None = None,
    name: str = "talk",
    consent: str = "elsewhere",
) -> Session:
    """Make a session of two people's recordings that are in memory.

    Parameters
    ----------
    recordings : mapping of name to recording
        Each person's: a ``pandas.DataFrame`` (index: dates or seconds; columns told by their names), an
        ``mne.io.Raw``, or a sequence of ``core.Stream``.
    rate_hz : float, optional
        Samples a second of tables whose index only counts rows.
    name : str
    consent : str
        ``given`` or ``elsewhere``: both have agreed.

    Returns
    -------
    Session
        As :func:`open_session` gives it; clocks are tied, or assumed, as ``coregulate init`` does.

    Raises
    ------
    InputError
        Where it is not two people, or a recording cannot be used.
    """
    if len(recordings) != 2:
        raise InputError(
            f"There are {len(recordings)} people", "Give the recordings of two: {name: recording}"
        )
    held = {person: _streams(recording, person, rate_hz) for person, recording in recordings.items()}
    found = [Found(person, "memory", s) for person, streams in held.items() for s in streams]
    plan = propose_found(found, Path(name), name=name).plan
    people = tuple(dataclasses.replace(p, consent=consent) for p in plan.people)
    return Session(Path(name), dataclasses.replace(plan, people=people), held)


def _streams(recording: Recording, person: str, rate_hz: float | None) -> list[Stream]:
    if isinstance(recording, Sequence) and recording and all(isinstance(s, Stream) for s in recording):
        streams = list(recording)
    elif hasattr(recording, "info") and hasattr(recording, "ch_names"):
        streams = streams_from_raw(recording, person)
    elif hasattr(recording, "columns") and hasattr(recording, "index"):
        streams = streams_from_frame(recording, person, rate_hz=rate_hz)
    else:
        raise InputError(
            f"What is given of {person} is a {type(recording).__name__}",
            "Give a pandas table, an MNE Raw, or streams",
        )
    return [
        dataclasses.replace(s, path=person, owner_hint="" if s.kind == "markers" else person) for s in streams
    ]
