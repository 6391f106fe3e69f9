"""A person's heart, breathing, skin and movement, each from the best of its sensors."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from coregulate.core import CoregulateError, Data, Events, Notice, Samples, Settings, Signal
from coregulate.session import OwnedStream
from coregulate.signals import Measured, measure_breathing, measure_heart, measure_movement, measure_skin

from .bodies import Bodies

#: Of several sources of the same thing the first is taken: corrected beats that the user supplies outrank detected ones.
HEART_SOURCES = ("beats", "ecg", "ppg", "rr")
MOVEMENT_SOURCES = ("motion_energy", "acceleration")


def _first(own: Sequence[OwnedStream], kinds: Sequence[str]) -> list[OwnedStream]:
    """Streams of these kinds, best source first; intervals without times are only a reference."""
    usable = [
        s
        for s in own
        if s.kind in kinds and not (s.kind == "rr" and s.timing == "intervals" and _has_other_heart(own))
    ]
    return sorted(usable, key=lambda s: kinds.index(s.kind))


def _has_other_heart(own: Sequence[OwnedStream]) -> bool:
    return any(s.kind in ("beats", "ecg", "ppg") for s in own)


def _attempt(
    pid: str, sources: Sequence[OwnedStream], bodies: Bodies, measure: Callable[[OwnedStream], Measured]
) -> None:
    """Take what the first source gives that can be measured; say of those before it why not."""
    for source in sources:
        try:
            measured = measure(source)
        except CoregulateError as error:
            bodies.notices.append(Notice("not_measured", f"{pid}: {source.path}", str(error)))
            continue
        bodies.signals[pid].update(measured.signals)
        bodies.quality[pid].update(measured.quality)
        bodies.events[pid].update(measured.events)
        bodies.notices.extend(
            dataclasses.replace(n, where=f"{pid}: {n.where or source.path}") for n in measured.notices
        )
        bodies.use(source, next(iter(measured.signals), ""))
        return


def _breathing(pid: str, own: Sequence[OwnedStream], bodies: Bodies, settings: Settings) -> None:
    _attempt(
        pid,
        _first(own, ("respiration",)),
        bodies,
        lambda s: measure_breathing(_sampled(s), settings=settings.signals),
    )


def _heart(pid: str, own: Sequence[OwnedStream], bodies: Bodies, settings: Settings) -> None:
    breathing = bodies.signals[pid].get("respiration_rate")
    _attempt(
        pid,
        _first(own, HEART_SOURCES),
        bodies,
        lambda s: measure_heart(_series(s), s.kind, settings=settings.signals, breathing=breathing),
    )


def _skin(pid: str, own: Sequence[OwnedStream], bodies: Bodies, settings: Settings) -> None:
    _attempt(
        pid, _first(own, ("eda",)), bodies, lambda s: measure_skin(_sampled(s), settings=settings.signals)
    )


def _movement(pid: str, own: Sequence[OwnedStream], bodies: Bodies, settings: Settings) -> None:
    _attempt(
        pid,
        _first(own, MOVEMENT_SOURCES),
        bodies,
        lambda s: measure_movement(_sampled(s), s.kind, settings=settings.signals),
    )


def _series(stream: OwnedStream) -> Signal | Samples | Events:
    data: Data = stream.data
    if isinstance(data, Signal | Samples | Events):
        return data
    raise CoregulateError(
        f"This {stream.kind} is a {type(data).__name__.lower()}, not a series",
        "Mend its kind in session.toml",
        stream.path,
    )


def _sampled(stream: OwnedStream) -> Signal | Samples:
    data = _series(stream)
    if isinstance(data, Events):
        raise CoregulateError(
            f"This {stream.kind} is a list of events, not a series",
            "Mend its kind in session.toml",
            stream.path,
        )
    return data


#: What sensors measure, in the order that one needs the other: RSA asks for breathing.
SENSORS = {"breathing": _breathing, "heart": _heart, "skin": _skin, "movement": _movement}
