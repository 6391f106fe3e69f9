"""What the pictures of one video gave: whose face each is, what it does, and the rest of the body."""

from __future__ import annotations

import numpy as np

from coregulate.core import FloatArray, Signal
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
)
from coregulate.session import OwnedStream

#: Pictures a second that faces are read at; the cue grid's own step.
FACE_RATE_HZ = 10.0
# prior: the shortest share of a video in which a face must be seen to be somebody's
_LEAST_SEEN = 0.02


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
        self.stream, self.tracks = stream, tracks
        self.labels = [label for label in labels if self.share_seen(label) >= _LEAST_SEEN]
        self.times_s: FloatArray = tracks.times_s
        self.body = body or Body()

    def share_seen(self, label: str) -> float:
        """Share of the pictures, 0 to 1, in which this face was seen."""
        return float(np.mean(np.isfinite(self.tracks.boxes[label][:, 0])))

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
