"""From a session's streams to what the cue room takes: signals, tracks and ratings of each person."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from coregulate.core import (
    CoregulateError,
    Data,
    Events,
    FloatArray,
    Label,
    Notice,
    Samples,
    Segment,
    Settings,
    Signal,
    Sound,
    Track,
)
from coregulate.perception import voice_frames, who_speaks
from coregulate.session import OwnedStream, Session
from coregulate.signals import Measured, measure_breathing, measure_heart, measure_movement, measure_skin

from .crop import cropped_track
from .shared import Seen, hear_two, see_faces, shared_sound
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

    Videos read half way are put aside in the folder `unfinished`. A stream that cannot carry what is asked of it becomes a notice.
    """
    people = [p.id for p in session.people]
    bodies = Bodies(
        signals={pid: {} for pid in people}, quality={pid: {} for pid in people}, events={pid: {} for pid in people},
        tracks={pid: {} for pid in people}, ratings={}, used={}, notices=[],
    )  # fmt: skip
    sensors_end, faces_end, turns_end = _shares(streams)
    steps = [(pid, of) for pid in people for of in (_breathing, _heart, _skin, _movement)]
    for k, (pid, of) in enumerate(steps):
        tell(sensors_end * k / len(steps), f"{of.__name__.strip('_')} of {session.name_of(pid)}")
        own = [s for s in streams if s.person == pid]
        of(pid, own, bodies, settings)
    _labels(people, streams, bodies)
    seen = _faces(
        streams, span, bodies, settings,
        lambda share: tell(sensors_end + (faces_end - sensors_end) * share, "faces"), unfinished,
    )  # fmt: skip
    tell(faces_end, "who speaks")
    _turns(people, streams, span, bodies, seen, settings.seed)
    _voices(
        people,
        streams,
        bodies,
        lambda share, pid: tell(turns_end + (1 - turns_end) * share, f"voice of {session.name_of(pid)}"),
    )
    return bodies


def _shares(streams: Sequence[OwnedStream]) -> tuple[float, float, float]:
    """Where on the bar sensors, faces and turns end: what each takes, so that the time left is honest.

    Seconds an hour on two cores, measured on minutes: 480 for a video, 125 for one microphone of two, 15 for another sound.
    """
    video = 480 * sum(s.data.span.duration_s for s in streams if s.kind == "video")
    sounds = [s for s in streams if isinstance(s.data, Sound)]
    apart = 125 * sum(s.data.span.duration_s for s in sounds if s.person == "")
    voices = 15 * sum(s.data.span.duration_s for s in sounds) + 1e-9
    whole = video + apart + voices
    first = 0.02 if video else 0.2
    rest = 1.0 - first
    return first, first + rest * video / whole, first + rest * (video + apart) / whole


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
        if tapped([stream], stream.person):
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


def _faces(
    streams: Sequence[OwnedStream],
    span: Segment,
    bodies: Bodies,
    settings: Settings,
    tell: Callable[[float], None],
    unfinished: Path | None,
) -> Seen | None:
    """Read every video's faces; returns those of the video that shows both."""
    both = None
    videos = [s for s in streams if s.kind == "video"]
    for k, stream in enumerate(videos):
        seen, notices = see_faces(stream, span, lambda share, k=k: tell((k + share) / len(videos)), unfinished)  # type: ignore[misc]  # fmt: skip
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
    people: Sequence[str], streams: Sequence[OwnedStream], span: Segment, bodies: Bodies, seen: Seen | None, seed: int
) -> None:  # fmt: skip
    """Who speaks when: an annotation or words with times where there are any, else from one track for each."""
    for pid in people:
        for kind in ("speech", "words"):
            said = next(
                (s for s in streams if s.person == pid and s.kind == kind and isinstance(s.data, Track)), None
            )
            if said is not None and isinstance(said.data, Track):
                bodies.tracks[pid]["speech"] = _spoken(said.data)
                bodies.used[said.path, said.kind, said.part] = "speech"
                break
    sounds = {pid: sound for pid in people if (sound := _sound_of(pid, streams)) is not None}
    missing = [pid for pid in sounds if "speech" not in bodies.tracks[pid]]
    if missing:
        try:
            for pid, track in who_speaks(sounds).items():
                bodies.tracks[pid].setdefault("speech", cropped_track(track, span))
        except CoregulateError as error:
            bodies.notices.append(Notice("not_measured", "speech", str(error)))
    shared = shared_sound(streams)
    if shared is not None and not any("speech" in bodies.tracks[pid] for pid in people):
        tracks, notices = hear_two(shared, seen, span, seed)
        bodies.notices.extend(notices)
        for pid, track in tracks.items():
            bodies.tracks[pid]["speech"] = track


def _spoken(track: Track) -> Track:
    """Speech without pauses; words that touch become one stretch."""
    merged: list[Label] = []
    for label in sorted(track.labels):
        if label.text.strip() in ("", "#", "<p>", "sil", "SIL"):
            continue
        if merged and label.start_s - merged[-1].end_s < 0.02:
            merged[-1] = Label(merged[-1].start_s, max(label.end_s, merged[-1].end_s), "speech")
        else:
            merged.append(Label(label.start_s, label.end_s, "speech"))
    return Track(tuple(merged), "speech")


def _sound_of(pid: str, streams: Sequence[OwnedStream]) -> Sound | None:
    return next((s.data for s in streams if s.person == pid and isinstance(s.data, Sound)), None)


def _voices(
    people: Sequence[str], streams: Sequence[OwnedStream], bodies: Bodies, tell: Callable[[float, str], None]
) -> None:
    common = shared_sound(streams)
    shared = common.data if common is not None and isinstance(common.data, Sound) else None
    for k, pid in enumerate(people):
        sound = _sound_of(pid, streams) or shared
        speech = bodies.tracks[pid].get("speech")
        if sound is None or speech is None:
            continue
        tell(k / len(people), pid)
        others = _others(bodies.tracks, pid)
        try:
            frames = voice_frames(sound, speech, others=others)
        except CoregulateError as error:
            bodies.notices.append(Notice("not_measured", f"{pid}: {sound.path}", str(error)))
            continue
        bodies.signals[pid].update(frames)
        for stream in streams:
            if stream.data is sound:
                bodies.used[stream.path, stream.kind, stream.part] = "voice"
    if shared is not None and not any("speech" in bodies.tracks[pid] for pid in people):
        bodies.notices.append(
            Notice(
                "shared_sound",
                shared.path,
                "One sound for both and nobody says who speaks when: add a speaker annotation (RTTM) or one track for each.",
            )
        )


def _others(tracks: Mapping[str, Mapping[str, Track]], pid: str) -> Track | None:
    labels = [
        label
        for other, own in tracks.items()
        if other != pid and "speech" in own
        for label in own["speech"].labels
    ]
    return Track(tuple(sorted(labels)), "others") if labels else None
