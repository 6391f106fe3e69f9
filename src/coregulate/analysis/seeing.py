"""What a video shows: whose face each is, what it does, and the rest of the body."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from coregulate.core import (
    CoregulateError,
    FloatArray,
    Notice,
    Pictures,
    Segment,
    Signal,
)
from coregulate.perception import (
    FACE_CUES,
    HEAD_CUES,
    Chest,
    FaceTracks,
    Layout,
    Motion,
    Onlooker,
    Skin,
    Touch,
    gaze_toward_partner,
    gaze_toward_screen,
    head_cues,
    head_distance,
    turned_quality,
    watch_faces,
)
from coregulate.readers import video_facts, video_frames
from coregulate.session import OwnedStream

from .unfinished import Aside

#: Pictures a second that faces are read at; the cue grid's own step.
FACE_RATE_HZ = 10.0
# prior: the shortest share of a video in which a face must be seen to be somebody's
_LEAST_SEEN = 0.02
_TICK_S = 1e-5  # a picture on the very start of a stretch belongs to it


class Body:
    """What else is read off the pictures of a video, each person's face being known."""

    def __init__(self, touch: Touch | None = None) -> None:
        self.motion, self.skin, self.chest, self.layout = Motion(), Skin(), Chest(), Layout()
        self.touch = touch

    @property
    def onlookers(self) -> tuple[Onlooker, ...]:
        """Those to be shown the pictures."""
        always = self.motion, self.skin, self.chest, self.layout
        return always if self.touch is None else (*always, self.touch)


class Seen:
    """The faces of one video, by person, and what could not be told."""

    def __init__(self, stream: OwnedStream, tracks: FaceTracks, body: Body | None = None) -> None:
        labels = [label for label in tracks.labels if label != "other"]
        enough = [x for x in labels if np.mean(np.isfinite(tracks.boxes[x][:, 0])) >= _LEAST_SEEN]
        self.stream, self.tracks, self.labels = stream, tracks, enough
        self.times_s: FloatArray = tracks.times_s
        self.body = body or Body()

    def owners(self) -> dict[str, str]:
        """Person of each face: the video's own person, or who the plan says is left and right."""
        if self.stream.person:
            return {self.labels[0]: self.stream.person} if self.labels else {}
        if len(self.labels) == 1 and "left" in self.stream.who:
            return {}  # one face in a video of two: whose it is cannot be told
        return {label: self.stream.who[label] for label in self.labels if label in self.stream.who}

    @property
    def seen_as_one_room(self) -> bool | None:
        """Whether the picture shows both in one room; None where it does not tell."""
        return None if len(self.labels) != 2 else self.body.layout.one_room(self.tracks, *self.labels)

    @property
    def one_room(self) -> bool:
        """Whether who looks at whom can be read: session.toml outranks what is seen."""
        said = self.stream.one_room
        return bool(self.seen_as_one_room) if said is None else said

    def signals(self, label: str) -> tuple[dict[str, Signal], dict[str, Signal]]:
        """Cues of one face at a regular rate, and how far each can be trusted."""
        cues = {
            name: self._regular(values, name, FACE_CUES[name])
            for name, values in self.tracks.values[label].items()
        }
        seen = head_cues(self.tracks, label)
        partner = next((x for x in self.labels if x != label), None)
        if self.one_room and partner is not None:
            seen["gaze_toward_partner"] = gaze_toward_partner(self.tracks, label, partner)
        if self.stream.person:
            seen["gaze_toward_screen"] = gaze_toward_screen(self.tracks, label)
        cues |= {name: self._regular(values, name, HEAD_CUES[name]) for name, values in seen.items()}
        trust = dict.fromkeys(cues, self.tracks.quality[label])
        for name in {"turned_away", "gaze_toward_partner"} & set(seen):
            trust[name] = turned_quality(self.tracks, label, seen[name])
        return cues, {name: self._regular(q, "face_quality", "1") for name, q in trust.items()}

    def bodily(self, label: str) -> dict[str, tuple[Signal, Signal]]:
        """Return what the body of one person shows, each with its quality: movement, pulse, breathing.

        The pulse is a rate of 20 s, no beats: it stands for itself, never for heart period or RSA.
        """
        (number,) = self.tracks.numbers[label]
        pulse, pulse_quality = self.body.skin.pulse(number, self.times_s)
        chest, breaths, breath_quality = self.body.chest.breathing(number, self.times_s)
        moved = self.body.motion.energy(self.tracks, label)
        rows = {
            "motion_energy": (moved, "1", self.tracks.quality[label]),
            "pulse_rate": (pulse, "1/min", pulse_quality),
            "respiration": (chest, "1", breath_quality),
            "respiration_rate": (breaths, "1/min", breath_quality),
        }
        rows |= self._between(label)
        return {
            name: (self._regular(values, name, unit), self._regular(quality, f"{name}_quality", "1"))
            for name, (values, unit, quality) in rows.items()
        }

    def _between(self, label: str) -> dict[str, tuple[FloatArray, str, FloatArray]]:
        """Touch and nearness of two in one room; the same for both."""
        partner = next((x for x in self.labels if x != label), None)
        if not self.one_room or partner is None:
            return {}
        apart = head_distance(self.tracks.boxes[label], self.tracks.boxes[partner])
        seen = np.minimum(self.tracks.quality[label], self.tracks.quality[partner])
        rows = {"head_distance": (apart, "head widths", seen)}
        if self.body.touch is not None:
            (one,), (other,) = self.tracks.numbers[label], self.tracks.numbers[partner]
            touch, quality = self.body.touch.between(one, other, self.times_s)
            rows["touch"] = (touch, "0 to 1", quality)
        return rows

    def _regular(self, values: FloatArray, name: str, unit: str) -> Signal:
        slot = np.round((self.times_s - self.times_s[0]) * FACE_RATE_HZ).astype(int)
        grid = np.full(slot[-1] + 1, np.nan)
        grid[slot] = values
        return Signal(grid, FACE_RATE_HZ, float(self.times_s[0]), unit, name)


def see_faces(
    stream: OwnedStream, span: Segment, progress: Callable[[float], None], unfinished: Path | None = None
) -> tuple[Seen | None, list[Notice]]:
    """Watch one video, from where an earlier run put it aside; what cannot be seen becomes a notice."""
    pictures = stream.data
    if not isinstance(pictures, Pictures):
        return None, []
    where = stream.path
    body, notices = _body(stream)
    most = 1 if stream.person else 2
    try:
        depends_on = (
            pictures.start_s,
            pictures.stretch,
            span.start_s,
            span.end_s,
            FACE_RATE_HZ,
            bool(body.touch),
            *FACE_CUES,
        )
        aside = None if unfinished is None else Aside(unfinished, pictures.path, depends_on)
        begin = None if aside is None else aside.load()
        after_s = -np.inf if begin is None else float(begin["times_s"][-1])
        tracks = watch_faces(
            _in_session_time(pictures, span, after_s),
            max_people=most,
            onlookers=body.onlookers,
            begin=begin,
            keep=None if aside is None else aside.keep,
            progress=lambda at_s: progress(
                min(1.0, (at_s - pictures.start_s) / max(pictures.duration_s, 1e-9))
            ),
        )
    except CoregulateError as error:
        return None, [*notices, Notice("faces_not_read", where, str(error))]
    seen = Seen(stream, tracks, body)
    if not seen.labels:
        text = "No face was found in this video: nothing is known from it."
        return None, [*notices, Notice("no_face", where, text)]
    if not seen.owners():
        text = (
            "One face was seen where two people are expected: whose it is cannot be told, so it is not used. "
            'If the video shows one person only, write person = "..." at its streams in session.toml.'
        )
        notices.append(Notice("one_face", where, text))
    if len(seen.owners()) == 2:
        notices += _about_the_room(seen, where)
    for label in seen.owners():
        share = float(np.mean(np.isfinite(tracks.boxes[label][:, 0])))
        if share < 0.8:
            notices.append(
                Notice(
                    "face_often_unseen", where, f"The face '{label}' was seen in {share:.0%} of the pictures."
                )
            )
    if "other" in tracks.labels:
        share = float(np.mean(np.isfinite(tracks.boxes["other"][:, 0])))
        notices.append(
            Notice(
                "another_face",
                where,
                f"A third face was seen in {share:.0%} of the pictures; it is left out.",
            )
        )
    return seen, notices


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
