"""Up to four hands of two people: palms found below each face, then 21 points a hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from coregulate.core import FloatArray
from coregulate.models import model_path

from ..faces.detect import anchors
from ..faces.runtime import Image, Network, crop

PALM_SIZE, HAND_SIZE = 192, 224  # pixels a side of the two models' inputs (the models)
MIN_SCORE = 0.5  # the published graph
PRESENT = 0.5  # the published graph
MOST_HANDS = 4
SCALE, FORWARD = 2.6, 0.5  # the published graph: square of the hand against that of the palm
_N_PALM, _N_HAND = 7, 21
_WRIST, _MIDDLE = 0, 2  # of the palm's points: they give its direction
# prior: where hands are looked for, in face heights; 5 and 6 found the same hands in two photographs
BELOW, SIDE = 1.5, 5.0
_ONE_HAND = 0.5  # prior: palms nearer than this, in palms, are one


class Hand(NamedTuple):
    """One hand: 21 points in pixels, shape (21, 2), wrist first; presence 0 to 1."""

    points: FloatArray
    presence: float


class _Palm(NamedTuple):
    score: float
    centre: FloatArray
    side: float
    roll_rad: float


class HandFinder:
    """Finds the hands of people whose faces are known; loads both models once.

    Raises
    ------
    StoreError
        Where a model is not here and cannot be fetched.
    MissingExtraError
        Where the runtime is not installed.
    """

    def __init__(self) -> None:
        self._palms = Network(model_path("palm_detector").read_bytes())
        self._hands = Network(model_path("hand_points").read_bytes())
        self._anchors = np.concatenate([anchors(24, 2), anchors(12, 6)])

    def __call__(self, rgb: Image, faces: Sequence[FloatArray]) -> list[Hand]:
        """Return the hands near these faces, the clearest first, at most four.

        Parameters
        ----------
        rgb : ndarray of uint8, shape (height, width, 3)
        faces : sequence of ndarray, shape (4,)
            Left, top, right, bottom in pixels.
        """
        palms = sorted((p for face in faces for p in self._look(rgb, face)), key=lambda p: -p.score)
        kept: list[_Palm] = []
        for palm in palms:
            if len(kept) < MOST_HANDS and not any(_same(palm, other) for other in kept):
                kept.append(palm)
        return [hand for palm in kept if (hand := self._fit(rgb, palm)).presence >= PRESENT]

    def _look(self, rgb: Image, face: FloatArray) -> list[_Palm]:
        high = float(np.max(face[2:] - face[:2]))
        middle, side = (face[:2] + face[2:]) / 2 + [0.0, BELOW * high], SIDE * high
        n = len(self._anchors)
        wanted = crop(rgb, middle, side, 0.0, PALM_SIZE, high=1.0)
        raw, logit = self._palms(wanted, n * (4 + 2 * _N_PALM), n)
        score = 1.0 / (1.0 + np.exp(-np.clip(logit.astype(np.float64), -100, 100)))
        keep = np.flatnonzero(score >= MIN_SCORE)
        values = raw.reshape(n, 2 + _N_PALM, 2)[keep].astype(np.float64) / PALM_SIZE
        points = (
            (values[:, [0, *range(2, 2 + _N_PALM)]] + self._anchors[keep, None]) * side + middle - side / 2
        )
        sizes = values[:, 1].max(axis=1) * side
        return [_palm(*row) for row in zip(score[keep], points, sizes, strict=True)]

    def _fit(self, rgb: Image, palm: _Palm) -> Hand:
        side, roll = SCALE * palm.side, palm.roll_rad
        ahead = FORWARD * palm.side * np.array([np.sin(roll), -np.cos(roll)])
        centre = palm.centre + ahead
        flat, presence = self._hands(crop(rgb, centre, side, roll, HAND_SIZE, high=1.0), _N_HAND * 3, 1)
        across, down = (flat.reshape(_N_HAND, 3)[:, :2].astype(np.float64).T / HAND_SIZE - 0.5) * side
        cos, sin = np.cos(roll), np.sin(roll)
        points = centre + np.column_stack([across * cos - down * sin, across * sin + down * cos])
        return Hand(points, float(presence[0]))


def _palm(score: float, points: FloatArray, side: float) -> _Palm:
    dx, dy = points[1 + _MIDDLE] - points[1 + _WRIST]
    return _Palm(float(score), points[0], float(side), float(np.arctan2(dx, -dy)))


def _same(one: _Palm, other: _Palm) -> bool:
    return float(np.hypot(*(one.centre - other.centre))) < _ONE_HAND * max(one.side, other.side)
