"""Which clock each stream is on, and what has to be assumed where nothing ties two clocks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from coregulate.core import Notice, Segment, Stream

from .between import LONGEST_S
from .cutting import too_long
from .filmed import filmed_then
from .found import Found, Placed
from .media_tie import beside_media, media_of
from .owners import PERSONAL, is_timed
from .plan import PersonPlan
from .ties import Tie, find_ties
from .zones import other_zone


def lay_on_one_clock(
    found: Sequence[Found], owners: Sequence[str], people: Sequence[PersonPlan], assumptions: list[Notice]
) -> tuple[float | None, list[Placed]]:
    """Return the session's Unix start and where each stream lies.

    Files that carry Unix times are on one clock. Others are tied to it, or to each other, by what both
    recorded (sound, marks, movement); an annotation lies with the recording it names; what nothing ties is
    assumed to begin together, and said so.
    """
    unix = {i: _unix_span(f.stream) for i, f in enumerate(found) if f.stream.origin_unix_s is not None}
    spans = _spans(found, owners, people, unix)
    zones = other_zone(found, owners, people, spans, assumptions)
    if zones:
        unix = {
            i: Segment(s.start_s + zones.get(i, 0.0), s.end_s + zones.get(i, 0.0)) for i, s in unix.items()
        }
        spans = _spans(found, owners, people, unix)
    known = [s for s in spans.values() if s is not None]
    shared_clock = bool(known) and (len(known) < 2 or _overlap(*known) > 0)
    if shared_clock and _someone_without_clock(found, owners, people, spans):
        shared_clock = False
    media = media_of(found)
    if shared_clock:
        start, placed = _on_unix(found, unix, zones, media, assumptions)
        return start, beside_media(found, placed, media, start, assumptions)
    why = "their clocks do not overlap" if len(known) == 2 else ""
    placed = _side_by_side(found, owners, unix, spans, media, why, assumptions)
    return None, beside_media(found, placed, media, None, assumptions)


def _spans(
    found: Sequence[Found], owners: Sequence[str], people: Sequence[PersonPlan], unix: Mapping[int, Segment]
) -> dict[str, Segment | None]:
    return {
        p.id: _union([unix[i] for i in unix if owners[i] == p.id and found[i].stream.kind != "markers"])
        for p in people[:2]
    }


def _on_unix(
    found: Sequence[Found], unix: Mapping[int, Segment], zones: Mapping[int, float], media: Collection[int],
    assumptions: list[Notice],
) -> tuple[float, list[Placed]]:  # fmt: skip
    start = _earliest(found, unix)
    said = [(found[i].stream.origin_unix_s or 0.0) - start if i in unix else 0.0 for i in range(len(found))]
    base = [s + zones.get(i, 0.0) for i, s in enumerate(said)]
    ties = find_ties([(f.path, f.stream) for f in found], base, [i in unix for i in range(len(found))])
    placed = []
    for i, f in enumerate(found):
        if (tie := ties.get(f.path)) is not None:
            placed.append(_mended(tie, said[i]) if i in unix else _tied(tie))
        else:
            alone = Placed("unix", zones.get(i, 0.0)) if i in unix else Placed("aligned", _begin(f.stream))
            placed.append(alone)
    filmed = filmed_then(found, placed, unix, start, assumptions)
    placed = [filmed.get(i, p) for i, p in enumerate(placed)]
    unmoved = [i for i, p in enumerate(placed) if p.clock == "aligned" and i not in media and i not in filmed]
    loose = sorted({found[i].path for i in unmoved if is_timed(found[i].stream)})
    if loose:
        assumptions.append(_aligned(loose, " with the session's start"))
    assumptions.extend(_measured(path, tie) for path, tie in ties.items())
    return start, placed


def _tied(tie: Tie) -> Placed:
    return Placed("tied", tie.offset_s, tie.drift_ppm, tie.error_s)


def _mended(tie: Tie, said_s: float) -> Placed:
    """Return a device's own Unix clock, mended by what was measured: on top of what it says."""
    offset_s = tie.offset_s - said_s + tie.drift_ppm * 1e-6 * said_s
    return Placed("unix", offset_s, tie.drift_ppm, tie.error_s)


def _earliest(found: Sequence[Found], unix: Mapping[int, Segment]) -> float:
    """Return when the session starts: with what is used, not with a watch that has kept heart rates for years."""
    used = [s.start_s for i, s in unix.items() if is_timed(found[i].stream)]
    return min(
        used
        or [s.start_s for i, s in unix.items() if found[i].stream.kind != "markers"]
        or [s.start_s for s in unix.values()]
    )


def _side_by_side(
    found: Sequence[Found], owners: Sequence[str], unix: Mapping[int, Segment],
    spans: Mapping[str, Segment | None], media: Collection[int], why: str, assumptions: list[Notice],
) -> list[Placed]:  # fmt: skip
    by_the_clock = _all_tell_the_hour(found, owners)
    base = [
        _beside(f.stream, spans.get(owner) if i in unix else None, by_the_clock)
        for i, (f, owner) in enumerate(zip(found, owners, strict=True))
    ]
    ties = find_ties([(f.path, f.stream) for f in found], base, [False] * len(found))
    placed = [
        _tied(tie) if (tie := ties.get(f.path)) else Placed("aligned", b)
        for f, b in zip(found, base, strict=True)
    ]
    placed = _from_the_first(found, placed, media)
    paths = sorted({f.path for i, f in enumerate(found) if is_timed(f.stream) and i not in media})
    loose = [path for path in paths if path not in ties]
    several = len({f.path for i, f in enumerate(found) if i not in media}) > 1 or len(unix) > 0
    # One file that the rest is tied to needs no assumption.
    if several and (len(loose) > 1 or not ties):
        owned = {f.path for f, owner in zip(found, owners, strict=True) if owner}
        told = _by_the_clock([p for p in loose if p in owned]) if by_the_clock else _aligned(loose, why=why)
        assumptions.append(told)
    assumptions.extend(_measured(path, tie) for path, tie in ties.items())
    return placed


def _beside(stream: Stream, own: Segment | None, by_the_clock: bool) -> float:
    """Return what moves a stream before it is tied: its place in its person's own Unix times, where there are any."""
    if own is not None and not too_long(stream):  # what is too long is cut later, and counts from there
        return (stream.origin_unix_s or 0.0) - own.start_s
    return 0.0 if by_the_clock else _begin(stream)


def _from_the_first(found: Sequence[Found], placed: Sequence[Placed], media: Collection[int]) -> list[Placed]:
    """Return the places counted from the earliest start of what makes up the session."""
    starts = [
        f.stream.data.span.start_s * (1 + p.drift_ppm * 1e-6) + p.offset_s
        for i, (f, p) in enumerate(zip(found, placed, strict=True))
        if is_timed(f.stream) and 0 < f.stream.data.span.duration_s <= LONGEST_S and i not in media
    ]
    earliest = min(starts, default=0.0)
    return [p._replace(offset_s=round(p.offset_s - earliest, 6)) for p in placed]


def _begin(stream: Stream) -> float:
    """Return what moves a stream that is assumed to begin with others: times of a day count from midnight."""
    return -stream.data.span.start_s if stream.attrs.get("of_day") else 0.0


def _all_tell_the_hour(found: Sequence[Found], owners: Sequence[str]) -> bool:
    """Whether all that somebody owns tells the time of a day: then the clock on the wall ties it."""
    laid = [f.stream for f, owner in zip(found, owners, strict=True) if owner and f.stream.kind != "other"]
    return bool(laid) and all(s.attrs.get("of_day") for s in laid)


def _measured(path: str, tie: Tie) -> Notice:
    return Notice("measured_clock", path, tie.words())


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


def _aligned(paths: Sequence[str], to: str = "", why: str = "") -> Notice:
    reason = f" ({why})" if why else ""
    text = f"Nothing ties these clocks{reason}: they are assumed to begin together{to}."
    return Notice("assumed_aligned", _listed(paths), text)


def _by_the_clock(paths: Sequence[str]) -> Notice:
    text = (
        "They tell the time of day and no date: they are assumed to be of the same day, by clocks that agree."
    )
    return Notice("assumed_aligned", _listed(paths), text)


def _listed(paths: Sequence[str]) -> str:
    return ", ".join(paths[:6]) + (f" and {len(paths) - 6} more" if len(paths) > 6 else "")


def _unix_span(stream: Stream) -> Segment:
    origin = stream.origin_unix_s or 0.0
    span = stream.data.span
    return Segment(origin + span.start_s, origin + span.end_s)


def _union(spans: Sequence[Segment]) -> Segment | None:
    return Segment(min(s.start_s for s in spans), max(s.end_s for s in spans)) if spans else None


def _overlap(a: Segment, b: Segment) -> float:
    return min(a.end_s, b.end_s) - max(a.start_s, b.start_s)
