"""What is heard: who speaks when, from an annotation, a microphone of each, or one for both."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from coregulate.core import CoregulateError, Label, Notice, Segment, Sound, Track
from coregulate.perception import (
    Heard,
    as_one,
    hear_voices,
    tell_seen_voices,
    voices_of,
    voices_of_faces,
    who_speaks,
)
from coregulate.session import OwnedStream

from .crop import cropped_track
from .seen import Seen
from .unfinished import Aside


class Listened(NamedTuple):
    """What microphones alone tell: when those speak who have one, and the two voices on a shared one."""

    speech: Mapping[str, Track]
    two: Heard | None
    notices: list[Notice]


def listen(
    people: Sequence[str],
    streams: Sequence[OwnedStream],
    said: Collection[str],
    span: Segment,
    *,
    seed: int,
    progress: Callable[[float], None] = lambda share: None,
    unfinished: Path | None = None,
) -> Listened:
    """Hear what takes no picture: of people in `said` somebody has already told when they speak.

    What was heard of two voices on one microphone is put aside in the folder `unfinished`, and taken from there.
    """
    listened = Listened({}, None, [])
    sounds = {pid: sound for pid in people if (sound := sound_of(pid, streams)) is not None}
    if set(sounds) - set(said):
        try:
            told = who_speaks(sounds, progress=progress)
        except CoregulateError as error:
            listened.notices.append(Notice("not_measured", "speech", str(error)))
        else:
            cropped = {pid: cropped_track(track, span) for pid, track in told.items() if pid not in said}
            listened = listened._replace(speech=cropped)
    stream = shared_sound(streams)
    if stream is None or said or listened.speech or not isinstance(stream.data, Sound):
        return listened
    # pictures keep most of the other cores busy meanwhile
    cores = max(1, (os.cpu_count() or 1) - 1) if any(s.kind == "video" for s in streams) else None
    try:
        two = _two_voices(stream.data, seed, cores, progress, unfinished)
    except CoregulateError as error:
        listened.notices.append(Notice("voices_not_told_apart", stream.path, str(error)))
        return listened
    return listened._replace(two=two)


def _two_voices(
    sound: Sound, seed: int, cores: int | None, progress: Callable[[float], None], unfinished: Path | None
) -> Heard:
    """Hear two voices, or take what an earlier run that broke off has heard."""
    depends_on = ("two voices", sound.channel, sound.duration_s, sound.stretch, sound.start_s, seed)
    aside = None if unfinished is None else Aside(unfinished, sound.path, depends_on)
    stored = None if aside is None else aside.load()
    if stored is not None:
        likeness, second, start_s = (float(x) for x in stored["numbers"])
        return Heard(stored["states"], stored["odds"], likeness, second, start_s)
    heard = hear_voices(sound, rng_seed=seed, cores=cores, progress=progress)
    if aside is not None:
        numbers = np.array([heard.likeness, heard.second, heard.start_s])
        aside.keep({"states": heard.states, "odds": heard.odds, "numbers": numbers})
    return heard


def tell_two(
    heard: Heard, stream: OwnedStream, seen: Seen | None, span: Segment
) -> tuple[Mapping[str, Track], Notice]:
    """Tell whose each of two voices on one microphone is: by the lips, else by the plan."""
    by_lips = _by_lips(heard, seen)
    track, owner = by_lips or _by_plan(heard, stream)
    if not track.labels:
        return {}, Notice("no_speech", stream.path, "One microphone for both, and nobody is heard to speak.")
    how = (
        "by voices and lips together"
        if by_lips
        else "by the voices, whose each is by who spoke first, as session.toml has it"
    )
    sure = {1: " One voice only was heard.", 2: ""}.get(
        heard.n_voices or 0, " Whether there are two voices is not sure."
    )
    told = Notice("voices_told_apart", stream.path, f"One microphone: who spoke was told {how}.{sure}")
    tracks = {
        person: Track(
            tuple(
                Label(max(x.start_s, span.start_s), min(x.end_s, span.end_s), "speech")
                for x in track.labels
                if x.text == name and x.end_s > span.start_s and x.start_s < span.end_s
            ),
            "speech",
        )
        for name, person in owner.items()
    }
    return tracks, told


def _by_lips(heard: Heard, seen: Seen | None) -> tuple[Track, dict[str, str]] | None:
    """Who speaks by voices and lips, and whose each face is; None where lips and voices do not clearly pair."""
    if seen is None or heard.n_voices == 1 or len(owners := seen.owners()) != 2:
        return None
    jaw = {face: seen.tracks.values[face]["jaw_drop"] for face in owners}
    if voices_of_faces(voices_of(heard).track, seen.times_s, jaw) is None:
        return None
    return tell_seen_voices(heard, seen.times_s, jaw), dict(owners)


def _by_plan(heard: Heard, stream: OwnedStream) -> tuple[Track, dict[str, str]]:
    """Who speaks by voice alone, whose each voice is by the order that session.toml has."""
    track = voices_of(as_one(heard) if heard.n_voices == 1 else heard).track
    names = dict.fromkeys(x.text for x in sorted(track.labels))
    places = zip(names, ("first", "second"), strict=False)
    return track, {name: stream.who[place] for name, place in places if place in stream.who}


def shared_sound(streams: Sequence[OwnedStream]) -> OwnedStream | None:
    """Return the sound that belongs to both, if there is one."""
    return next((s for s in streams if s.person == "" and isinstance(s.data, Sound)), None)


def sound_of(pid: str, streams: Sequence[OwnedStream]) -> Sound | None:
    """Return the sound of a person's own microphone, if there is one."""
    return next((s.data for s in streams if s.person == pid and isinstance(s.data, Sound)), None)


def annotated(people: Sequence[str], streams: Sequence[OwnedStream]) -> dict[str, tuple[OwnedStream, Track]]:
    """When each speaks whose speech, or words with times, somebody has annotated, and where."""
    found = {}
    for pid in people:
        told = [
            (s, s.data)
            for kind in ("speech", "words")
            for s in streams
            if s.person == pid and s.kind == kind and isinstance(s.data, Track)
        ]
        for stream, track in told[:1]:
            found[pid] = (stream, _spoken(track))
    return found


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
