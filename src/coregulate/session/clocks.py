"""Which clock each stream is on, and what has to be assumed where nothing ties two clocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from coregulate.core import Notice, Segment, Stream

from .owners import PERSONAL
from .plan import PersonPlan


class Found(NamedTuple):
    """A stream that was recognised in a file."""

    path: str
    reader: str
    stream: Stream


def lay_on_one_clock(
    found: Sequence[Found], owners: Sequence[str], people: Sequence[PersonPlan], assumptions: list[Notice]
) -> tuple[float | None, list[tuple[str, float]]]:
    """Return the session's Unix start and (clock, offset_s) of each stream."""
    unix = {i: _unix_span(f.stream) for i, f in enumerate(found) if f.stream.origin_unix_s is not None}
    spans = {
        p.id: _union([unix[i] for i in unix if owners[i] == p.id and found[i].stream.kind != "markers"])
        for p in people[:2]
    }
    known = [s for s in spans.values() if s is not None]
    shared_clock = (
        bool(known)
        and (len(known) < 2 or _overlap(*known) > 0)
        and not _someone_without_clock(found, owners, people, spans)
    )
    if shared_clock:
        start = min(s.start_s for i, s in unix.items() if found[i].stream.kind != "markers")
        clocks = [("unix", 0.0) if i in unix else ("aligned", 0.0) for i in range(len(found))]
        loose = sorted({f.path for i, f in enumerate(found) if i not in unix and _is_timed(f.stream)})
        if loose:
            assumptions.append(_aligned(loose, " with the session's start"))
        return start, clocks
    clocks = []
    for i, f in enumerate(found):
        span = spans.get(owners[i])
        offset = (f.stream.origin_unix_s or 0.0) - span.start_s if i in unix and span is not None else 0.0
        clocks.append(("aligned", offset))
    starts = [
        f.stream.data.span.start_s + c[1]
        for f, c in zip(found, clocks, strict=True)
        if _is_timed(f.stream) and f.stream.data.span.duration_s > 0
    ]
    earliest = min(starts, default=0.0)
    clocks = [(c, round(offset - earliest, 6)) for c, offset in clocks]
    if len({f.path for f in found}) > 1 or len(unix) > 0:
        why = "their clocks do not overlap" if len(known) == 2 else ""
        assumptions.append(_aligned(sorted({f.path for f in found if _is_timed(f.stream)}), why=why))
    return None, clocks


def _someone_without_clock(
    found: Sequence[Found],
    owners: Sequence[str],
    people: Sequence[PersonPlan],
    spans: Mapping[str, Segment | None],
) -> bool:
    """Whether one of the two has streams, and none of them with a clock, while the other's have one."""
    has_streams = {
        p.id: any(o == p.id and f.stream.kind in PERSONAL for o, f in zip(owners, found, strict=True))
        for p in people[:2]
    }
    return any(has_streams[pid] and spans[pid] is None for pid in has_streams)


def _is_timed(stream: Stream) -> bool:
    """Whether a stream is laid on the session's time at all (a list of intervals is only a reference)."""
    return stream.kind in PERSONAL and stream.kind != "heart_rate" and stream.timing != "intervals"


def _aligned(paths: Sequence[str], to: str = "", why: str = "") -> Notice:
    listed = ", ".join(paths[:6]) + (f" and {len(paths) - 6} more" if len(paths) > 6 else "")
    reason = f" ({why})" if why else ""
    return Notice(
        "assumed_aligned",
        listed,
        f"Nothing ties these clocks{reason}: they are assumed to begin together{to}.",
    )


def _unix_span(stream: Stream) -> Segment:
    origin = stream.origin_unix_s or 0.0
    span = stream.data.span
    return Segment(origin + span.start_s, origin + span.end_s)


def _union(spans: Sequence[Segment]) -> Segment | None:
    return Segment(min(s.start_s for s in spans), max(s.end_s for s in spans)) if spans else None


def _overlap(a: Segment, b: Segment) -> float:
    return min(a.end_s, b.end_s) - max(a.start_s, b.start_s)
