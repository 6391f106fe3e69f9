"""Where a film says when it was begun, and that fits the sensors' clocks, it lies there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from coregulate.core import Notice, Segment

from .found import Found, Placed


def filmed_then(
    found: Sequence[Found], placed: Sequence[Placed], unix: Mapping[int, Segment], start_unix_s: float,
    assumptions: list[Notice],
) -> dict[int, Placed]:  # fmt: skip
    """Return where sound and pictures lie that nothing ties and whose file says when they began.

    Only where that covers over half of the film, or of what the sensors recorded: the time may be that of a copy.
    """
    until_s = max((s.end_s for s in unix.values()), default=start_unix_s) - start_unix_s
    result: dict[int, Placed] = {}
    told: dict[str, float] = {}
    for i, f in enumerate(found):
        begun = f.stream.attrs.get("begun_unix_s")
        if begun is None or i in unix or placed[i].clock != "aligned":
            continue
        at_s = float(begun) - start_unix_s
        length_s = f.stream.data.span.duration_s
        shared = min(at_s + length_s, until_s) - max(at_s, 0.0)
        if shared > min(length_s, until_s) / 2:
            result[i] = Placed("aligned", round(at_s, 6))
            told[f.path] = float(begun)
    for path, begun in told.items():
        when = datetime.fromtimestamp(begun, UTC).strftime("%H:%M:%S")
        text = (
            f"Its file says that it was begun at {when} UTC: it is laid there, which may be wrong by a second, or by its "
            "length where a camera writes its end. Clap, or say offset_s, to know better."
        )
        assumptions.append(Notice("assumed_begun", path, text))
    return result
