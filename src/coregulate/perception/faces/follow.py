"""Following faces through a recording: who is where, and who is who after leaving or a cut."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from coregulate.core import FloatArray

from .detect import Detector, overlap
from .landmarks import Face, Landmarker, Region, region_of_detection, region_of_face
from .looks import Looks, blend, difference, looks_of
from .runtime import Image, coarse

PRESENT = 0.5  # the published graph: below it a face is lost
DETECT_EVERY_S = 1.0  # prior: to see who else is there
SEARCH_EVERY_S = 0.3  # prior: while somebody known is missing
SEARCH_FOR_S = 10.0  # prior: then once a second has to do
LOOK_EVERY_S = 1.0  # looks are compared, and learned, once a second
LEARN = 0.1  # prior: share of the newest look that is learned
CUT = 0.10  # prior: mean change of a 32 x 18 picture, of full brightness, that is a cut
SAME_PERSON = (
    0.26  # measured: 3 clips and one group photo, within a person at most 0.22, between 0.30 to 0.56
)
SWAP_MARGIN = 0.12  # prior: so much nearer must the other's looks be before two change names
NEAR_S = 1.5  # prior: for so long a lost face that reappears in its place is the same one
NEAR_BONUS = 0.15  # prior: what its place is worth against looks
DOUBLE = 0.4  # prior: overlap from which two followed faces are one
MOST_PEOPLE = 6  # prior: more are not told apart


@dataclass
class Known:
    """A person seen so far: first place, looks, and the face followed now, if any.

    ``doubtful``: first seen while somebody known was missing, so it may be that one, half hidden.
    ``same_as``: the number of the one that it turned out to be.
    """

    number: int
    first_x: float
    looks: Looks
    face: Face | None = None
    last_box: FloatArray = field(default_factory=lambda: np.zeros(4))
    seen_s: float = -np.inf
    looked_s: float = -np.inf
    confidence: float = 0.5
    doubtful: bool = False
    same_as: int | None = None


class Follower:
    """Keeps the people of a recording apart, picture by picture.

    Notes
    -----
    A followed face costs one fit of the points a picture. The detector runs at the start, when
    a face is lost, at a cut, three times a second while somebody is missing, and once a second to
    see who else is there: then in turns over the picture, so a small newcomer is seen within some seconds.
    After a cut nobody's place counts, only their looks. A face that is taken for a new person while a
    known one is missing, and later looks like that one, was that one.
    """

    def __init__(self) -> None:
        self._detector = Detector()
        self._landmarker = Landmarker()
        # The runtime lets go of Python while it works: faces are fitted side by side, each by a fitter of its own.
        self._others: list[Landmarker] = []
        self._pool = ThreadPoolExecutor()
        self._small: FloatArray | None = None
        self._detected_s = -np.inf
        self._looks_taken = 0
        self.known: list[Known] = []

    def step(self, time_s: float, rgb: Image, *, meanwhile: Callable[[], None] = lambda: None) -> list[Known]:
        """Take the next picture; return the people whose face is in it.

        Parameters
        ----------
        time_s : float
            Later than the picture before.
        rgb : ndarray of uint8, shape (height, width, 3)
        meanwhile : callable, optional
            Called once while other cores may still fit faces; not where there is none to fit, or at a cut.
        """
        cut = self._is_cut(rgb)
        lost = self._keep_following(rgb, cut, meanwhile)
        missing = not self.known or any(time_s - k.seen_s < SEARCH_FOR_S for k in self._missing())
        due = SEARCH_EVERY_S if missing else DETECT_EVERY_S
        if cut or lost or time_s - self._detected_s >= due - 1e-6:
            self._detected_s, self._looks_taken = time_s, self._looks_taken + 1
            turn = None if cut or lost or missing else self._looks_taken
            self._name(time_s, rgb, self._new_faces(rgb, turn), cut)
        for person in self.known:
            if person.face is not None:
                person.seen_s, person.last_box = time_s, person.face.box
        self._compare_looks(time_s, rgb)
        return [k for k in self.known if k.face is not None]

    def aside(self) -> dict[str, NDArray[Any]]:
        """Return what it takes to go on later: everybody's points and looks, and no picture."""
        faces = [(k.number, k.face) for k in self.known if k.face is not None]
        return {
            "looked": np.array([self._detected_s, self._looks_taken]),
            "people": np.array(
                [
                    [
                        k.first_x,
                        k.seen_s,
                        k.looked_s,
                        k.confidence,
                        k.doubtful,
                        -1 if k.same_as is None else k.same_as,
                        *k.last_box,
                    ]
                    for k in self.known
                ]
            ),
            "in_sight": np.array([number for number, _ in faces], dtype=int),
            **{
                f"looks_{part}": np.array([getattr(k.looks, part) for k in self.known])
                for part in Looks._fields
            },
            **{f"face_{part}": np.array([getattr(face, part) for _, face in faces]) for part in Face._fields},
        }

    def take_up(self, stored: Mapping[str, NDArray[Any]]) -> None:
        """Go on from what ``aside`` returned; whether the next picture is a cut is not known then."""
        self._small = None
        self._detected_s, self._looks_taken = float(stored["looked"][0]), int(stored["looked"][1])
        faces = {
            int(number): Face(*(stored[f"face_{part}"][row] for part in Face._fields))
            for row, number in enumerate(stored["in_sight"])
        }
        self.known = [
            Known(
                number,
                float(first_x),
                Looks(*(stored[f"looks_{part}"][number] for part in Looks._fields)),
                faces.get(number),
                np.array(box),
                float(seen_s),
                float(looked_s),
                float(sure),
                bool(doubtful),
                None if same_as < 0 else int(same_as),
            )
            for number, (first_x, seen_s, looked_s, sure, doubtful, same_as, *box) in enumerate(
                stored["people"]
            )
        ]

    def _missing(self) -> list[Known]:
        return [k for k in self.known if k.face is None and k.same_as is None]

    def _is_cut(self, rgb: Image) -> bool:
        green = coarse(rgb)[0][..., 1].astype(np.float32)
        small = green.reshape(18, 2, 32, 2).mean(axis=(1, 3)) / 255.0
        before, self._small = self._small, small
        if before is None:
            return False
        change = small - before
        # a lamp switched on moves all alike; a cut does not
        return bool(np.mean(np.abs(change - np.median(change))) > CUT)

    def _keep_following(self, rgb: Image, cut: bool, meanwhile: Callable[[], None]) -> bool:
        lost = False
        followed = [k for k in self.known if k.face is not None]
        regions = [] if cut else [region_of_face(k.face) for k in followed if k.face is not None]
        faces = self._fitted(rgb, regions, meanwhile) if regions else [None] * len(followed)
        for person, face in zip(followed, faces, strict=True):
            person.face = face if face is not None and face.presence >= PRESENT else None
            lost |= person.face is None
        held = sorted((k for k in self.known if k.face is not None), key=lambda k: -k.confidence)
        for at, person in enumerate(held):
            if any(_double(person.face, other.face) for other in held[:at]):
                person.face, lost = None, True
        return lost

    def _fitted(self, rgb: Image, regions: list[Region], meanwhile: Callable[[], None]) -> list[Face]:
        """Points of the faces where they are now: one in this thread, each other beside it."""
        while len(self._others) < len(regions) - 1:
            self._others.append(Landmarker())
        beside = self._pool.map(lambda fit, at: fit(rgb, at), self._others, regions[1:])
        first = self._landmarker(rgb, regions[0])
        meanwhile()
        return [first, *beside]

    def _new_faces(self, rgb: Image, turn: int | None) -> list[Face]:
        taken = [k.face for k in self.known if k.face is not None]
        out: list[Face] = []
        for found in self._detector(rgb, turn):
            if any(overlap(found.box, face.box) > 0.2 for face in taken):
                continue
            face = self._landmarker(rgb, region_of_detection(found))
            if face.presence < PRESENT:
                continue
            face = self._landmarker(rgb, region_of_face(face))
            if face.presence >= PRESENT and not any(_double(face, f) for f in (*taken, *out)):
                out.append(face)
        return out

    def _name(self, time_s: float, rgb: Image, faces: list[Face], cut: bool) -> None:
        faces = sorted(faces, key=lambda f: float(f.box[0] + f.box[2]))
        looks = [looks_of(rgb, face) for face in faces]
        free = self._missing()
        cost = np.array(
            [[self._cost(k, f, a, time_s, cut) for k in free] for f, a in zip(faces, looks, strict=True)]
        )
        pairs = list(zip(*linear_sum_assignment(cost), strict=True)) if cost.size else []
        named = set()
        for row, column in pairs:
            if cost[row, column] < SAME_PERSON:
                free[column].face, free[column].looked_s = faces[row], -np.inf
                named.add(int(row))
        for k, face in enumerate(faces):
            if k not in named and sum(known.same_as is None for known in self.known) < MOST_PEOPLE:
                middle = float(face.box[0] + face.box[2]) / 2
                doubtful = len(free) > len(named)
                self.known.append(Known(len(self.known), middle, looks[k], face, doubtful=doubtful))

    @staticmethod
    def _cost(person: Known, face: Face, looks: Looks, time_s: float, cut: bool) -> float:
        near = not cut and time_s - person.seen_s <= NEAR_S and overlap(person.last_box, face.box) > 0.1
        return difference(person.looks, looks) - (NEAR_BONUS if near else 0.0)

    def _compare_looks(self, time_s: float, rgb: Image) -> None:
        """Once a second: are those followed still who they were? Learn their looks if so."""
        due = [k for k in self.known if k.face is not None and time_s - k.looked_s >= LOOK_EVERY_S - 1e-6]
        now = {k.number: looks_of(rgb, k.face) for k in due if k.face is not None}
        for one in due:
            for other in due:
                if one.number < other.number:
                    self._swap_if_clear(one, other, now)
        for person in due:
            if person.doubtful:
                self._give_back(person, now)
        for person in self.known:
            if person.number not in now:
                continue
            own = difference(person.looks, now[person.number])
            others = [
                difference(k.looks, now[person.number])
                for k in self.known
                if k is not person and k.same_as is None
            ]
            person.confidence = confidence(own, min(others, default=2 * SAME_PERSON))
            person.looked_s = time_s
            if person.confidence > 0.5:
                person.looks = blend(person.looks, now[person.number], LEARN)

    def _give_back(self, person: Known, now: dict[int, Looks]) -> None:
        """Let a doubtful person's face be a missing one's, where it clearly looks like that one."""
        looks = now[person.number]
        likeness = {k.number: difference(k.looks, looks) for k in self._missing()}
        if not likeness:
            return
        number = min(likeness, key=lambda n: likeness[n])
        own = difference(person.looks, looks)
        if likeness[number] < SAME_PERSON and likeness[number] + SWAP_MARGIN < own:
            self.known[number].face, person.face, person.same_as = person.face, None, number
            now[number] = now.pop(person.number)

    @staticmethod
    def _swap_if_clear(one: Known, other: Known, now: dict[int, Looks]) -> None:
        a, b = now[one.number], now[other.number]
        stay = difference(one.looks, a) + difference(other.looks, b)
        swap = difference(one.looks, b) + difference(other.looks, a)
        if swap + 2 * SWAP_MARGIN < stay:
            one.face, other.face = other.face, one.face
            now[one.number], now[other.number] = b, a


def confidence(own: float, other: float) -> float:
    """Return how sure it is that a face is its owner's, 0 to 1, from two differences of looks (prior).

    Examples
    --------
    >>> confidence(0.1, 0.3), confidence(0.3, 0.3)
    (0.75, 0.5)
    """
    return round(other / (own + other), 6) if own + other > 0 else 0.5


def _double(one: Face | None, other: Face | None) -> bool:
    return one is not None and other is not None and overlap(one.box, other.box) > DOUBLE
