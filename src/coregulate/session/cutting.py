"""A watch's export of years beside an hour's recordings: what lies within the session is cut out of it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from coregulate.core import Data, Events, InputError, Notice, Samples, Segment, Signal, Stream, Track

from .between import LONGEST_S, Between, between_unix
from .found import Found
from .owners import is_timed


def too_long(stream: Stream) -> bool:
    """Whether a stream's times span more than any session (marks may: they move nothing)."""
    return stream.kind != "markers" and stream.data.span.duration_s > LONGEST_S


def cut_long(
    found: Sequence[Found], owners: Sequence[str]
) -> tuple[list[Found], list[str], Between | None, list[Notice]]:
    """Cut what is too long to when the other recordings were; return streams, owners, that time and notices.

    A stream that holds nothing of that time is left out. Where no other recording carries a clock, what is too
    long stays whole, and a notice says how to tell when the session was.
    """
    years = _of_days(found)
    between = _time_of([f.stream for f in found if f.path not in years]) if years else None
    kept: list[tuple[Found, str]] = []
    notices: list[Notice] = []
    for f, owner in zip(found, owners, strict=True):
        stream = f.stream
        if between is not None and f.path in years and outside(stream, between):
            notices.append(
                Notice("not_in_session", f.path, f"What it holds of other days than {between} is left out.")
            )
            continue
        try:
            stream = cut(stream, between, f.path) if too_long(stream) else stream
        except InputError as error:
            if between is not None and stream.origin_unix_s is not None:
                named = f"{f.path} {stream.part}".strip()
                notices.append(Notice("stream_unreadable", named, f"{error.problem}. {error.cure}."))
                continue
            if is_timed(stream):  # what is only shown need not be cut
                notices.append(Notice("still_too_long", f.path, str(error)))
        notices.extend(n for n in stream.notices if n.code == "cut_to_session")
        kept.append((f._replace(stream=stream), owner))
    return [f for f, _ in kept], [owner for _, owner in kept], between, notices


def _of_days(found: Sequence[Found]) -> set[str]:
    """Return the files whose times span more than any session: one long stream, or recordings of many days."""
    spans: dict[str, list[tuple[float, float]]] = {}
    for f in found:
        if f.stream.kind != "markers":
            at, span = f.stream.origin_unix_s or 0.0, f.stream.data.span
            spans.setdefault(f.path, []).append((at + span.start_s, at + span.end_s))
    return {p for p, x in spans.items() if max(b for _, b in x) - min(a for a, _ in x) > LONGEST_S}


def outside(stream: Stream, between: Between, *, by_s: float = 0.0) -> bool:
    """Whether a stream that needs no cutting lies before or after the session, by more than so much."""
    if too_long(stream) or stream.origin_unix_s is None:
        return False
    span, at = stream.data.span, stream.origin_unix_s
    before, after = between.start.timestamp() - by_s, between.end.timestamp() + by_s
    return at + span.end_s < before or at + span.start_s > after


def refuse_years(spans: Sequence[Segment], start_unix_s: float | None, path: Path) -> None:
    """Raise InputError where recordings of many days would make one session."""
    start, end = min((s.start_s for s in spans), default=0.0), max((s.end_s for s in spans), default=0.0)
    if end - start > LONGEST_S:
        raise InputError(
            f"Its recordings span {(end - start) / 86400:.0f} days: no session is longer than two",
            f"Say when it was at the top of session.toml: between = [{_last_hour((start_unix_s or 0.0) + end)}]; "
            "or set use = false at what is of other days", path,
        )  # fmt: skip


def cut(stream: Stream, between: Between | None, path: str) -> Stream:
    """Return what a stream holds of a session, counted from when it starts.

    Raises
    ------
    InputError
        Where nobody says when the session was, the stream carries no clock, or nothing of it lies there.
    """
    days = f"Its times span {stream.data.span.duration_s / 86400:.0f} days"
    if stream.origin_unix_s is None:
        raise InputError(
            f"{days}: no session is longer than two", "Mend its times, or cut the session out of it", path
        )
    if between is None:
        raise InputError(
            f"{days}: no session is longer than two, and no other recording says when this one was",
            f"Say it at the top of session.toml: between = [{_last_hour(stream.origin_unix_s + stream.data.span.end_s)}]", path,
        )  # fmt: skip
    origin = between.start.timestamp()
    before = origin - stream.origin_unix_s
    data = _part(stream.data, Segment(before, before + between.duration_s))
    if data is None:
        raise InputError(
            f"{days}, and nothing of it lies in the session, {between}",
            "Change between in session.toml, or leave this file out", path,
        )  # fmt: skip
    told = Notice("cut_to_session", path, f"{days}: it is cut to {between} (between in session.toml).")
    return dataclasses.replace(stream, data=data, origin_unix_s=origin, notices=(*stream.notices, told))


def _time_of(streams: Sequence[Stream]) -> Between | None:
    """Return when the recordings that carry a clock and are not too long were, to whole seconds, or None."""
    short = [s for s in streams if s.origin_unix_s is not None and s.kind != "markers" and not too_long(s)]
    telling = [s for s in short if is_timed(s)] or short
    spans = [(s.origin_unix_s or 0.0, s.data.span) for s in telling if s.data.span.duration_s > 0]
    if not spans:
        return None
    start, end = min(at + x.start_s for at, x in spans), max(at + x.end_s for at, x in spans)
    return between_unix(math.floor(start), math.ceil(end)) if end - start <= LONGEST_S - 2 else None


def _last_hour(end_unix_s: float) -> str:
    """Return the hour up to a time, as session.toml takes it."""
    last = between_unix(math.floor(end_unix_s) - 3600, math.ceil(end_unix_s))
    return ", ".join(t.isoformat() for t in last) if last else "2025-01-31T18:00:00Z, 2025-01-31T19:00:00Z"


def _part(data: Data, within: Segment) -> Data | None:
    """Return what lies within a stretch, counted from its start; None where nothing does."""
    if isinstance(data, Track):
        labels = [x for x in data.labels if x.end_s >= within.start_s and x.start_s <= within.end_s]
        moved = [
            x._replace(start_s=x.start_s - within.start_s, end_s=x.end_s - within.start_s) for x in labels
        ]
        return Track(tuple(moved), data.name) if moved else None
    if not isinstance(data, Signal | Samples | Events):
        return None  # no sound or film lasts two days
    times = np.asarray(data.times_s)
    inside = (times >= within.start_s) & (times <= within.end_s)
    if not inside.any():
        return None
    values = data.values[inside] if len(data.values) else data.values
    if isinstance(data, Signal):
        return dataclasses.replace(data, values=values, start_s=float(times[inside][0]) - within.start_s)
    return dataclasses.replace(data, times_s=times[inside] - within.start_s, values=values)
