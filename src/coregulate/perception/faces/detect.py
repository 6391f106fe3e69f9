"""Where faces are: the short-range detector for near ones, the full-range one for a wide shot."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray
from coregulate.models import model_path

from .runtime import Image, Network, crop, landmarker_parts

NEAR_SIZE, FAR_SIZE = 128, 192  # pixels a side of the two models' inputs (the models)
MIN_SCORE = 0.5  # the published graph of the short-range detector
MIN_SCORE_FAR = 0.6  # the published graph of the full-range detector
SAME_FACE = 0.3  # overlap from which boxes are one face, the published graphs' suppression threshold
WIDE = 1.2  # prior: sides in this ratio or more are cut into tiles
_TILE_OVERLAP = 0.25  # prior: of a tile's side; a face up to this size is whole in one of the tiles


class Detection(NamedTuple):
    """One face: box in pixels, six points (right eye, left eye, nose, mouth, ears), score 0 to 1."""

    box: FloatArray  # (4,) left, top, right, bottom
    points: FloatArray  # (6, 2) x, y
    score: float


class Detector:
    """Finds faces of about 50 pixels and more; loads both models once.

    Raises
    ------
    StoreError
        Where a model is not here and cannot be fetched.
    MissingExtraError
        Where the runtime is not installed.
    """

    def __init__(self) -> None:
        self._near = Network(landmarker_parts()["face_detector.tflite"])
        # two, that two cores can look at two parts of a picture at once
        self._far = [Network(model_path("face_detector_far").read_bytes()) for _ in range(2)]
        self._pool = ThreadPoolExecutor(len(self._far))
        self._near_anchors = np.concatenate([anchors(16, 2), anchors(8, 6)])
        self._far_anchors = anchors(48, 1)

    def __call__(self, rgb: Image, turn: int | None = None) -> list[Detection]:
        """Return the faces of a picture, best first.

        Parameters
        ----------
        rgb : ndarray of uint8, shape (height, width, 3)
        turn : int, optional
            A quick look: only one of the squares below, each in its turn, beside the whole picture.

        Returns
        -------
        list of Detection
            In pixels of the picture.

        Notes
        -----
        Anchors, decoding and score-weighted suppression follow the published graphs
        (Apache-2.0). Both models see the whole picture, letterboxed; the full-range one also
        sees squares of the picture's height, side by side with an overlap. In 1280x720 two
        copies of a photograph were found down to faces 50 pixels high, none at 40; on the
        whole picture alone 100, not 60.
        """
        height, width = rgb.shape[:2]
        middle = np.array([width / 2, height / 2])
        long = float(max(height, width))
        squares = tiles(width, height)
        if turn is not None and squares:
            squares = [squares[turn % len(squares)]]
        parts = [(middle, long), *squares]

        def look_far(k: int) -> list[list[Detection]]:
            look = partial(
                self._look, self._far[k], rgb, size=FAR_SIZE, anchors=self._far_anchors, low=MIN_SCORE_FAR
            )
            return [look(*part) for part in parts[k :: len(self._far)]]

        far = self._pool.map(look_far, range(len(self._far)))
        near = self._look(self._near, rgb, middle, long, NEAR_SIZE, self._near_anchors, MIN_SCORE)
        return merge([*near, *(found for looks in far for look in looks for found in look)])

    @staticmethod
    def _look(
        network: Network,
        rgb: Image,
        centre: FloatArray,
        side: float,
        size: int,
        anchors: FloatArray,
        low: float,
    ) -> list[Detection]:
        n = len(anchors)
        raw, logit = network(crop(rgb, centre, side, 0.0, size, -1.0, 1.0), n * 16, n)
        score = 1.0 / (1.0 + np.exp(-np.clip(logit, -100, 100).astype(np.float64)))
        keep = np.flatnonzero(score >= low)
        values = raw.reshape(n, 8, 2)[keep].astype(np.float64) / size
        at = centre - side / 2
        points = (values[:, [0, *range(2, 8)]] + anchors[keep, None]) * side + at
        half = values[:, 1] * side / 2
        return [
            Detection(np.concatenate([p[0] - h, p[0] + h]), p[1:], float(s))
            for p, h, s in zip(points, half, score[keep], strict=True)
        ]


def tiles(width: int, height: int) -> list[tuple[FloatArray, float]]:
    """Return centre and side of the overlapping squares that a wide picture is cut into.

    Examples
    --------
    >>> len(tiles(640, 360)), len(tiles(1280, 720)), len(tiles(300, 300))
    (3, 3, 0)
    """
    side, long = float(min(width, height)), max(width, height)
    if long <= WIDE * side:
        return []
    n = 1 + int(np.ceil((long - side) / (side * (1.0 - _TILE_OVERLAP)) - 1e-9))
    along = np.linspace(side / 2, long - side / 2, n)
    across = np.full(n, side / 2)
    return [(np.array(xy if width > height else xy[::-1]), side) for xy in zip(along, across, strict=True)]


def overlap(one: FloatArray, other: FloatArray) -> float:
    """Intersection over union of two boxes, shape (4,) each, 0 to 1."""
    inside = np.clip(np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2]), 0, None)
    both = float(inside.prod())
    total = float((one[2:] - one[:2]).prod() + (other[2:] - other[:2]).prod()) - both
    return both / total if total > 0 else 0.0


def merge(found: list[Detection]) -> list[Detection]:
    """Make one face of detections that overlap: their mean, weighted by score."""
    left = sorted(found, key=lambda d: -d.score)
    out = []
    while left:
        best = left[0]
        same = [d for d in left if _one_face(d.box, best.box)]
        left = [d for d in left if not any(d is s for s in same)]
        weight = np.array([d.score for d in same]) / sum(d.score for d in same)
        box = np.tensordot(weight, np.array([d.box for d in same]), 1)
        points = np.tensordot(weight, np.array([d.points for d in same]), 1)
        out.append(Detection(box, points, best.score))
    return out


def _one_face(one: FloatArray, other: FloatArray) -> bool:
    """Whether boxes overlap enough, or one lies in the other: a tile's edge cuts a face."""
    centre = (one[:2] + one[2:]) / 2
    inside = bool(np.all(centre > other[:2]) and np.all(centre < other[2:]))
    return overlap(one, other) > SAME_FACE or (inside and overlap(one, other) > SAME_FACE / 2)


def anchors(n: int, repeat: int) -> NDArray[np.float64]:
    """Anchor centres of an n x n grid, each `repeat` times, shape (n * n * repeat, 2), 0 to 1."""
    at = (np.arange(n) + 0.5) / n
    y, x = np.meshgrid(at, at, indexing="ij")
    return np.repeat(np.column_stack([x.ravel(), y.ravel()]), repeat, axis=0)
