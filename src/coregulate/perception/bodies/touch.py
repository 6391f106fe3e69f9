"""Touch through a recording: a look every 2 s while two heads are within an arm's reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray

from ..faces.follow import Known
from .contact import Person, head_distance, touch_probability
from .hands import MOST_HANDS, HandFinder
from .pose import BodyFitter

LOOK_EVERY_S = 2.0  # prior: shorter touches are not told; a look costs up to 100 ms
REACH = 8.0  # prior: head widths, about an arm and two half shoulders
QUALITY = 0.4  # prior: with all four hands seen; low by design, a coder's word outranks it
_HELD_S = 2.5  # prior: a look counts for so long


class Touch:
    """Onlooker that reads whether a hand lies on the other person; give it to ``watch_faces``.

    Raises
    ------
    StoreError
        Where a model is not here and cannot be fetched.
    MissingExtraError
        Where the runtime is not installed.

    Notes
    -----
    Only the two largest faces of a picture are looked at, and only within `REACH`. A touch must be there in two looks running: a hand that passes
    before somebody does not stay. What is told: that a hand of one is on the other, not whose.
    Failure modes: a hand held still before the other's body reads as touch; arms around each other
    hide the hands, so nothing is told; where one body hides another, its points are guesses, and a
    hand is taken for the other's own.
    """

    def __init__(self) -> None:
        self._body, self._hands = BodyFitter(), HandFinder()
        self._looked_s = -np.inf
        self._seen: dict[tuple[int, int], list[tuple[float, float, float]]] = {}

    def see(self, time_s: float, rgb: NDArray[np.uint8], people: Sequence[Known]) -> None:
        """Look at the hands of a picture every 2 s; keep three numbers of it."""
        if time_s - self._looked_s < LOOK_EVERY_S - 1e-6:
            return
        faces = {k.number: k.face.box for k in people if k.face is not None}
        two = sorted(sorted(faces, key=lambda n: -_area(faces[n]))[:2])
        if len(two) < 2 or head_distance(*(faces[n][None] for n in two))[0] > REACH:
            return
        self._looked_s = time_s
        hands = self._hands(rgb, [faces[n] for n in two])
        if not hands:
            return
        one, other = (faces[n] for n in two)
        pair = Person(one, self._body(rgb, one, other)), Person(other, self._body(rgb, other, one))
        probability = touch_probability(hands, pair)
        quality = QUALITY * len(hands) / MOST_HANDS
        self._seen.setdefault((two[0], two[1]), []).append((time_s, probability, quality))

    def aside(self) -> dict[str, NDArray[Any]]:
        """Return the looks so far: a row of time, probability and quality each, by pair; no picture."""
        looks = {f"{one} {other}": np.array(rows) for (one, other), rows in self._seen.items()}
        return {"looked_s": np.array(self._looked_s), **looks}

    def take_up(self, stored: Mapping[str, NDArray[Any]]) -> None:
        """Go on from looks that were put aside."""
        self._looked_s = float(stored["looked_s"])
        for pair in stored.keys() - {"looked_s"}:
            one, other = (int(number) for number in pair.split())
            self._seen[one, other] = [(t, p, q) for t, p, q in stored[pair].tolist()]

    def between(self, one: int, other: int, times_s: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Touch of two people at given times.

        Parameters
        ----------
        one, other : int
            ``Known.number``; ``FaceTracks.numbers`` has it by label.
        times_s : ndarray, shape (n,)
            Ascending, on the clock of the pictures.

        Returns
        -------
        probability : ndarray, shape (n,)
            0 to ``MOST``; NaN where no look found a hand and both bodies.
        quality : ndarray, shape (n,)
            0 to `QUALITY`, by how many of the four hands are seen.
        """
        low, high = sorted((one, other))
        looks = np.array(self._seen.get((low, high), [])).reshape(-1, 3)
        looks = looks[np.isfinite(looks[:, 1])]
        out = np.full((2, len(times_s)), np.nan)
        if len(looks):
            at = np.searchsorted(looks[:, 0], times_s + 1e-6) - 1
            held = (at >= 0) & (times_s - looks[np.maximum(at, 0), 0] < _HELD_S)
            out[0, held] = _lasting(looks[:, 0], looks[:, 1])[at[held]]
            out[1, held] = looks[at[held], 2]
        return out[0], np.nan_to_num(out[1], nan=0.0)


def _lasting(times_s: FloatArray, probability: FloatArray) -> FloatArray:
    """Each look's probability, no higher than that of the likelier look beside it."""
    near = np.diff(times_s) < 2 * LOOK_EVERY_S
    beside = np.zeros(len(probability))
    beside[1:] = np.where(near, probability[:-1], 0.0)
    beside[:-1] = np.maximum(beside[:-1], np.where(near, probability[1:], 0.0))
    return np.asarray(np.minimum(probability, beside))


def _area(box: FloatArray) -> float:
    return float(np.prod(box[2:] - box[:2]))
