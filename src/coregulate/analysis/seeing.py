"""Watching a video: whose face each is, what was taken for granted, and what could not be seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from coregulate.core import CoregulateError, Notice, Pictures, Segment
from coregulate.perception import FACE_CUES, FaceTracks, Touch, watch_faces
from coregulate.readers import video_facts, video_frames
from coregulate.session import OwnedStream

from .seen import FACE_RATE_HZ, Body, Seen
from .unfinished import Aside

_TICK_S = 1e-5  # a picture on the very start of a stretch belongs to it
# prior: a face unseen in more of the pictures than this leaves gaps worth a word
_WELL_SEEN = 0.8


def see_faces(
    stream: OwnedStream, span: Segment, progress: Callable[[float], None], unfinished: Path | None = None
) -> tuple[Seen | None, list[Notice]]:
    """Watch one video, from where an earlier run put it aside; what cannot be seen becomes a notice."""
    pictures = stream.data
    if not isinstance(pictures, Pictures):
        return None, []
    body, notices = _body(stream)
    try:
        tracks = _watched(pictures, span, body, 1 if stream.person else 2, progress, unfinished)
    except CoregulateError as error:
        return None, [*notices, Notice("faces_not_read", stream.path, str(error))]
    seen = Seen(stream, tracks, body)
    if not seen.labels:
        text = "No face was found in this video: nothing is known from it."
        return None, [*notices, Notice("no_face", stream.path, text)]
    return seen, [*notices, *_about_the_faces(seen, stream.path)]


def _watched(
    pictures: Pictures, span: Segment, body: Body, most: int, progress: Callable[[float], None], unfinished: Path | None
) -> FaceTracks:  # fmt: skip
    """Follow at most so many faces through the pictures; what an earlier run has put aside is not read again."""
    depends_on = (
        pictures.start_s, pictures.stretch, span.start_s, span.end_s, FACE_RATE_HZ, bool(body.touch), *FACE_CUES,
    )  # fmt: skip
    aside = None if unfinished is None else Aside(unfinished, pictures.path, depends_on)
    begin = None if aside is None else aside.load()
    after_s = -np.inf if begin is None else float(begin["times_s"][-1])
    duration_s = max(pictures.duration_s, 1e-9)
    return watch_faces(
        _in_session_time(pictures, span, after_s),
        max_people=most,
        onlookers=body.onlookers,
        begin=begin,
        keep=None if aside is None else aside.keep,
        progress=lambda at_s: progress(min(1.0, (at_s - pictures.start_s) / duration_s)),
    )


def _about_the_faces(seen: Seen, where: str) -> list[Notice]:
    """Say whose face cannot be told, what was taken for granted, and who was often unseen or too many."""
    notices = []
    owners = seen.owners()
    if not owners:
        text = (
            "One face was seen where two people are expected: whose it is cannot be told, so it is not used. "
            'If the video shows one person only, write person = "..." at its streams in session.toml.'
        )
        notices.append(Notice("one_face", where, text))
    if len(owners) == 2:
        notices += _about_the_room(seen, where)
    for label in owners:
        if (share := seen.share_seen(label)) < _WELL_SEEN:
            text = f"The face '{label}' was seen in {share:.0%} of the pictures."
            notices.append(Notice("face_often_unseen", where, text))
    if "other" in seen.tracks.labels:
        text = f"A third face was seen in {seen.share_seen('other'):.0%} of the pictures; it is left out."
        notices.append(Notice("another_face", where, text))
    return notices


def _body(stream: OwnedStream) -> tuple[Body, list[Notice]]:
    """Make what reads the rest of the picture: touch only of two in one room, and only with its models."""
    if stream.person or not stream.one_room:
        return Body(), []
    try:
        return Body(Touch()), []
    except CoregulateError as error:
        return Body(), [Notice("touch_not_read", stream.path, str(error))]


def _about_the_room(seen: Seen, where: str) -> list[Notice]:
    """Say what was taken for granted about one room or a call, and how to say otherwise."""
    said, looks = seen.stream.one_room, seen.seen_as_one_room
    if said is None and looks:
        text = "No border divides the two, so both are taken to sit in one room: who looks at whom and how near they are is read, touch is not. one_room = true or false in session.toml says for sure."
        return [Notice("one_room_assumed", where, text)]
    if said is None:
        why = "it cannot be told" if looks is None else "a straight border divides the picture, as in a call"
        text = f"Whether both sit in one room is not said, and {why}, so who looks at whom, how near they are and touch are not read: one_room = true in session.toml says it."
        return [Notice("gaze_not_read", where, text)]
    if said and looks is False:
        text = "A straight border divides the picture, as in a call; session.toml says one room, so who looks at whom, nearness and touch are read all the same."
        return [Notice("looks_like_a_call", where, text)]
    return []


def _in_session_time(
    pictures: Pictures, span: Segment, after_s: float = -np.inf
) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """Pictures within the span, the first of the file at ``pictures.start_s`` whatever its own clock says."""
    first_s = video_facts(pictures.path).start_s
    from_s = max(after_s, span.start_s - _TICK_S) if span.start_s > pictures.start_s else after_s
    from_s = first_s + (from_s - pictures.start_s) / pictures.stretch
    for time_s, rgb in video_frames(pictures.path, FACE_RATE_HZ, after_s=from_s):
        at_s = pictures.start_s + (time_s - first_s) * pictures.stretch
        if at_s >= span.end_s:
            return
        yield at_s, rgb
