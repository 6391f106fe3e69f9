"""From a session's streams to what the cue room takes: signals, tracks and ratings of each person."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from coregulate.core import (
    CoregulateError,
    Data,
    Events,
    FloatArray,
    Notice,
    Samples,
    Segment,
    Settings,
    Signal,
    Sound,
    Track,
)
from coregulate.perception import voice_frames
from coregulate.session import OwnedStream, Session
from coregulate.signals import Measured, measure_breathing, measure_heart, measure_movement, measure_skin

from .beside import Piece, side_by_side
from .hearing import Listened, annotated, listen, shared_sound, sound_of, tell_two
from .seeing import Seen, see_faces
from .taps import tapped

#: Of several sources of the same thing the first is taken: corrected beats that the user supplies outrank detected ones.
HEART_SOURCES = ("beats", "ecg", "ppg", "rr")
MOVEMENT_SOURCES = ("motion_energy", "acceleration")
# prior: a rating is carried over a gap of this length, as heart beats are
RATING_GAP_S = 5.0


class Bodies(NamedTuple):
    """What was measured of each person, in physical units, in session time."""

    signals: dict[str, dict[str, Signal]]
    quality: dict[str, dict[str, Signal]]
    events: dict[str, dict[str, Events]]
    tracks: dict[str, dict[str, Track]]
    ratings: dict[str, Signal]
    used: dict[tuple[str, str, str], str]
    notices: list[Notice]


def measure_bodies(
    session: Session,
    streams: Sequence[OwnedStream],
    span: Segment,
    *,
    settings: Settings,
    tell: Callable[[float, str], None] = lambda share, what: None,
    unfinished: Path | None = None,
) -> Bodies:
    """Measure every person's heart, breathing, skin, movement, voice and turns.

    Videos read half way, and voices told apart, are put aside in the folder `unfinished`. A stream that cannot carry what is asked of it becomes a notice.
    """
    people = [p.id for p in session.people]
    bodies = Bodies(
        signals={pid: {} for pid in people}, quality={pid: {} for pid in people}, events={pid: {} for pid in people},
        tracks={pid: {} for pid in people}, ratings={}, used={}, notices=[],
    )  # fmt: skip
    said = annotated(people, streams)
    video_s, sound_s, voices_s = _core_s(streams, said)
    sensors_end = 0.02 if video_s else 0.2
    turns_end = 1.0 - (1.0 - sensors_end) * voices_s / (video_s + sound_s + voices_s + 1e-9)
    steps = [(pid, of) for pid in people for of in (_breathing, _heart, _skin, _movement)]
    for k, (pid, of) in enumerate(steps):
        tell(sensors_end * k / len(steps), f"{of.__name__.strip('_')} of {session.name_of(pid)}")
        own = [s for s in streams if s.person == pid]
        of(pid, own, bodies, settings)
    _labels(people, streams, bodies)
    seen, listened = side_by_side(
        Piece("faces", video_s, lambda at: _look(streams, span, at, unfinished)),
        Piece(
            "who speaks",
            sound_s,
            lambda at: listen(
                people, streams, said, span, seed=settings.seed, progress=at, unfinished=unfinished
            ),
        ),
        lambda share, what: tell(sensors_end + (turns_end - sensors_end) * share, what),
    )
    both = _faces(seen, bodies, settings)
    _turns(said, listened, streams, span, bodies, both)
    _voices(
        people,
        streams,
        bodies,
        lambda share, pid: tell(turns_end + (1 - turns_end) * share, f"voice of {session.name_of(pid)}"),
    )
    return bodies


def _core_s(streams: Sequence[OwnedStream], said: Collection[str]) -> tuple[float, float, float]:
    """Seconds of a core that seeing, telling who speaks and measuring voices take, so that the time left is honest.

    Measured on minutes, an hour of each: 750 for a video, 230 for one microphone of two, 15 for another sound and for
    how voices sound, which one core does alone.
    """
    sounds = [s for s in streams if isinstance(s.data, Sound)]
    hours = sum(s.data.span.duration_s for s in sounds) / 3600
    apart = sum(s.data.span.duration_s for s in sounds if s.person == "") / 3600
    video = sum(s.data.span.duration_s for s in streams if s.kind == "video") / 3600
    return 750 * video, 0.0 if said else 230 * apart + 15 * (hours - apart), 2 * 15 * hours


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
) -> Measured | None:
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
        bodies.used.update(
            dict.fromkeys([(source.path, source.kind, source.part)], next(iter(measured.signals), ""))
        )
        return measured
    return None


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


def _labels(people: Sequence[str], streams: Sequence[OwnedStream], bodies: Bodies) -> None:
    for stream in streams:
        if stream.person not in people:
            continue
        if any(tapped([stream], stream.person)):
            bodies.used[stream.path, stream.kind, stream.part] = "corrections"
        if stream.kind == "codes" and isinstance(stream.data, Track):
            bodies.tracks[stream.person]["codes"] = stream.data
            bodies.used[stream.path, stream.kind, stream.part] = "codes"
        elif stream.kind == "rating" and isinstance(stream.data, Signal | Samples):
            low, high = stream.range or (0.0, 1.0)
            rating, outside = _rating(stream.data, low, high)
            bodies.ratings[stream.person] = rating
            bodies.used[stream.path, stream.kind, stream.part] = "felt_safe"
            if outside:
                bodies.notices.append(
                    Notice(
                        "rating_out_of_range",
                        f"{stream.person}: {stream.path}",
                        f"{outside} ratings lie outside {low:g} to {high:g}; they count as its ends.",
                    )
                )


def _rating(data: Signal | Samples, low: float, high: float) -> tuple[Signal, int]:
    """Position in the declared range, 0 to 1, on a regular grid; and how many values lay outside."""
    if not high > low:
        raise CoregulateError(
            f"The range of a rating is {low:g} to {high:g}", "Give the lower end first, in session.toml"
        )
    if isinstance(data, Samples):
        data = _regular(data)
    position = (np.asarray(data.values, dtype=float) - low) / (high - low)
    outside = int(np.sum((position < -1e-9) | (position > 1 + 1e-9)))
    return dataclasses.replace(data, values=np.clip(position, 0, 1), unit="1", name="felt_safe"), outside


def _regular(data: Samples) -> Signal:
    """One value a second from stamped ratings; a gap stays one."""
    times: FloatArray = np.asarray(data.times_s, dtype=np.float64)
    values: FloatArray = np.asarray(data.values, dtype=np.float64)
    keep = np.isfinite(times) & np.isfinite(values)
    times, values = times[keep], values[keep]
    if len(times) == 0:
        return Signal(np.empty(0), 1.0, 0.0, data.unit, data.name)
    start = float(np.floor(times[0]))
    grid: FloatArray = np.arange(int(np.floor(times[-1] - start)) + 1, dtype=np.float64) + (start + 0.5)
    after = np.clip(np.searchsorted(times, grid), 1, max(len(times) - 1, 1))
    gap = times[np.minimum(after, len(times) - 1)] - times[after - 1]
    filled: FloatArray = np.where(gap <= RATING_GAP_S, np.interp(grid, times, values), np.nan)
    return Signal(filled, 1.0, start, data.unit, data.name)


def _look(
    streams: Sequence[OwnedStream], span: Segment, progress: Callable[[float], None], unfinished: Path | None
) -> list[tuple[OwnedStream, Seen | None, list[Notice]]]:
    """See the faces of every video, and what else the pictures show."""
    videos = [s for s in streams if s.kind == "video"]
    return [
        (stream, *see_faces(stream, span, lambda share, k=k: progress((k + share) / len(videos)), unfinished))  # type: ignore[misc]
        for k, stream in enumerate(videos)
    ]


def _faces(
    videos: Sequence[tuple[OwnedStream, Seen | None, list[Notice]]], bodies: Bodies, settings: Settings
) -> Seen | None:
    """Take what every video shows; returns the one that shows both."""
    both = None
    for stream, seen, notices in videos:
        bodies.notices.extend(notices)
        if seen is None:
            continue
        for label, pid in seen.owners().items():
            cues, quality = seen.signals(label)
            bodies.signals[pid].update(cues)
            bodies.quality[pid].update(quality)
            _bodily(pid, seen.bodily(label), bodies, settings)
            bodies.used[stream.path, stream.kind, stream.part] = "face"
        both = seen if not stream.person else both
    return both


def _bodily(pid: str, read: Mapping[str, tuple[Signal, Signal]], bodies: Bodies, settings: Settings) -> None:
    """Take what a video shows of the body where no sensor measured the same."""
    for name, (signal, quality) in read.items():
        if name in bodies.signals[pid] or not np.isfinite(signal.values).any():
            continue
        if name == "motion_energy":
            measured = measure_movement(signal, name, settings=settings.signals)
            bodies.signals[pid].update(measured.signals)
            bodies.quality[pid].update(measured.quality)
        else:
            bodies.signals[pid][name], bodies.quality[pid][name] = signal, quality


def _turns(
    said: Mapping[str, tuple[OwnedStream, Track]],
    listened: Listened,
    streams: Sequence[OwnedStream],
    span: Segment,
    bodies: Bodies,
    seen: Seen | None,
) -> None:
    """Who speaks when: an annotation or words with times where there are any, else from the microphones."""
    bodies.notices.extend(listened.notices)
    tracks = {pid: track for pid, (_, track) in said.items()} | dict(listened.speech)
    bodies.used.update({(s.path, s.kind, s.part): "speech" for s, _ in said.values()})
    shared = shared_sound(streams)
    if listened.two is not None and shared is not None:
        told, notice = tell_two(listened.two, shared, seen, span)
        bodies.notices.append(notice)
        tracks |= told
    elif shared is not None and not tracks:
        text = "One sound for both and nobody says who speaks when: add a speaker annotation (RTTM) or one track for each."
        bodies.notices.append(Notice("shared_sound", shared.path, text))
    for pid, track in tracks.items():
        bodies.tracks[pid]["speech"] = track


def _voices(
    people: Sequence[str], streams: Sequence[OwnedStream], bodies: Bodies, tell: Callable[[float, str], None]
) -> None:
    common = shared_sound(streams)
    shared = common.data if common is not None and isinstance(common.data, Sound) else None
    for k, pid in enumerate(people):
        sound = sound_of(pid, streams) or shared
        speech = bodies.tracks[pid].get("speech")
        if sound is None or speech is None:
            continue
        tell(k / len(people), pid)
        others = _others(bodies.tracks, pid)
        try:
            frames = voice_frames(sound, speech, others=others)
        except CoregulateError as error:
            where = next(s.path for s in streams if s.data is sound)
            bodies.notices.append(Notice("not_measured", f"{pid}: {where}", str(error)))
            continue
        bodies.signals[pid].update(frames)
        for stream in streams:
            if stream.data is sound:
                bodies.used[stream.path, stream.kind, stream.part] = "voice"


def _others(tracks: Mapping[str, Mapping[str, Track]], pid: str) -> Track | None:
    labels = [
        label
        for other, own in tracks.items()
        if other != pid and "speech" in own
        for label in own["speech"].labels
    ]
    return Track(tuple(sorted(labels)), "others") if labels else None
