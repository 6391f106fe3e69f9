"""From a session's streams to what the cue room takes: signals, tracks and ratings of each person."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

import numpy as np

from coregulate.core import CoregulateError, Notice, Segment, Settings, Signal, Sound, Track
from coregulate.perception import voice_frames
from coregulate.session import OwnedStream, Session
from coregulate.signals import measure_movement

from .beside import Piece, side_by_side
from .bodies import Bodies, unmeasured
from .hearing import Listened, annotated, listen, shared_sound, sound_of, tell_two
from .labels import take_labels
from .progress import Progress, part
from .seeing import see_faces
from .seen import Seen
from .sensors import SENSORS


def measure_bodies(
    session: Session,
    streams: Sequence[OwnedStream],
    span: Segment,
    *,
    settings: Settings,
    tell: Progress = lambda share, what: None,
    unfinished: Path | None = None,
) -> Bodies:
    """Measure every person's heart, breathing, skin, movement, voice and turns.

    Videos read half way, and voices told apart, are put aside in the folder `unfinished`. A stream that cannot carry what is asked of it becomes a notice.
    """
    people = [p.id for p in session.people]
    bodies = unmeasured(people)
    said = annotated(people, streams)
    video_s, sound_s, voices_s = _core_s(streams, said)
    sensors_end = 0.02 if video_s else 0.2
    turns_end = 1.0 - (1.0 - sensors_end) * voices_s / (video_s + sound_s + voices_s + 1e-9)

    _sensors(session, streams, bodies, settings, part(tell, 0.0, sensors_end))
    take_labels(people, streams, bodies)
    seen, listened = side_by_side(
        Piece("faces", video_s, lambda at: _look(streams, span, at, unfinished)),
        Piece(
            "who speaks", sound_s,
            lambda at: listen(people, streams, said, span, seed=settings.seed, progress=at, unfinished=unfinished),
        ),
        part(tell, sensors_end, turns_end),
    )  # fmt: skip
    both = _faces(seen, bodies, settings)
    _turns(said, listened, streams, span, bodies, both)
    _voices(session, streams, bodies, part(tell, turns_end, 1.0))
    return bodies


def _sensors(
    session: Session, streams: Sequence[OwnedStream], bodies: Bodies, settings: Settings, tell: Progress
) -> None:
    steps = [(p, what) for p in session.people for what in SENSORS]
    for k, (person, what) in enumerate(steps):
        tell(k / len(steps), f"{what} of {person.name}")
        own = [s for s in streams if s.person == person.id]
        SENSORS[what](person.id, own, bodies, settings)


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
            bodies.use(stream, "face")
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
    for stream, _ in said.values():
        bodies.use(stream, "speech")
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


def _voices(session: Session, streams: Sequence[OwnedStream], bodies: Bodies, tell: Progress) -> None:
    """How each person's voice sounds while they speak, on their own microphone or the one for both."""
    common = shared_sound(streams)
    shared = common.data if common is not None and isinstance(common.data, Sound) else None
    for k, person in enumerate(session.people):
        sound = sound_of(person.id, streams) or shared
        speech = bodies.tracks[person.id].get("speech")
        if sound is None or speech is None:
            continue
        tell(k / len(session.people), f"voice of {person.name}")
        try:
            frames = voice_frames(sound, speech, others=_others(bodies.tracks, person.id))
        except CoregulateError as error:
            where = next(s.path for s in streams if s.data is sound)
            bodies.notices.append(Notice("not_measured", f"{person.id}: {where}", str(error)))
            continue
        bodies.signals[person.id].update(frames)
        for stream in streams:
            if stream.data is sound:
                bodies.use(stream, "voice")


def _others(tracks: Mapping[str, Mapping[str, Track]], pid: str) -> Track | None:
    labels = [
        label
        for other, own in tracks.items()
        if other != pid and "speech" in own
        for label in own["speech"].labels
    ]
    return Track(tuple(sorted(labels)), "others") if labels else None
