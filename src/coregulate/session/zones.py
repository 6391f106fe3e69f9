"""Two people's Unix clocks that would meet if one were set by whole hours: another zone, or summer time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from coregulate.core import Notice, Segment, Stream

from .found import Found
from .plan import PersonPlan

_MOST_HOURS = 14  # no two zones of one day lie further apart than 26, and none lies further from UTC than 14


def other_zone(
    found: Sequence[Found], owners: Sequence[str], people: Sequence[PersonPlan],
    spans: Mapping[str, Segment | None], assumptions: list[Notice],
) -> dict[int, float]:  # fmt: skip
    """Return what moves the streams of one of two people onto the other's clock, by their index; mostly nothing.

    Only times that name no zone are moved, by whole hours, and only where the two do not meet otherwise and
    then do for over half of the shorter recording.
    """
    if len(people) < 2:
        return {}
    one, other = spans[people[0].id], spans[people[1].id]
    if one is None or other is None or min(one.end_s, other.end_s) > max(one.start_s, other.start_s):
        return {}
    for person, theirs, still in ((people[1], other, one), (people[0], one, other)):
        mine = {
            i: f for i, f in enumerate(found) if owners[i] == person.id and f.stream.origin_unix_s is not None
        }
        hours = _hours(theirs, still)
        if hours and all(_names_no_zone(f.stream) for f in mine.values()):
            paths = ", ".join(sorted({f.path for f in mine.values()}))
            text = (
                f"{person.name}'s times name no zone and meet the other's where they are moved by {hours:+d} h: "
                "they are taken to be of another zone, or of summer time."
            )
            assumptions.append(Notice("assumed_other_zone", paths, text))
            return dict.fromkeys(mine, 3600.0 * hours)
    return {}


def _hours(moved: Segment, still: Segment) -> int:
    """Return the whole hours that lay one span over half of the other, or 0."""
    hours = round((still.start_s + still.end_s - moved.start_s - moved.end_s) / 2 / 3600.0)
    by = 3600.0 * hours
    shared = min(moved.end_s + by, still.end_s) - max(moved.start_s + by, still.start_s)
    return hours if abs(hours) <= _MOST_HOURS and shared > min(moved.duration_s, still.duration_s) / 2 else 0


def _names_no_zone(stream: Stream) -> bool:
    return any(n.code == "assumed_zone" for n in stream.notices)
