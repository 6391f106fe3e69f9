"""One room or a call: whether a straight border divides the picture between two faces.

In a call each face is in a tile of its own; between two tiles the picture jumps, along one straight
line from above the heads to below the chins. In a room nothing does: a door or a lamp ends at shoulders and table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from coregulate.core import FloatArray

from .follow import Known
from .rhythm import Kept, rows_again, rows_aside
from .watch import FaceTracks

EVERY_S = 5.0  # prior
BORDER, NO_BORDER = 0.75, 0.4  # measured: the docs (perception) say what rooms and calls give
_ABOVE, _BELOW = 0.5, 1.0  # prior: in faces, how far a tile surely reaches beyond the smaller face
_BLOCKS = 24  # prior: parts of that height, each of which must jump; their mean has little noise
_STEP = 4.0  # prior: grey values of 255 by which two sides differ
_ROUGH, _AROUND_PX = (
    3.0,
    25,
)  # so many times as much as is usual around there: cloth and leaves jump everywhere
_APART = 3  # pixels within which a compressed edge lies
_LEAST_PX = 20  # prior: less between two faces shows no border


class Layout:
    """Keeps how far a border divides each two faces, every five seconds (an ``Onlooker``).

    Examples
    --------
    >>> Layout().border(0, 1)
    nan
    """

    def __init__(self) -> None:
        self._looked_s = -np.inf
        self._kept: dict[int, Kept] = {}

    def see(self, time_s: float, rgb: NDArray[np.uint8], people: Sequence[Known]) -> None:
        """Take a picture and the people whose face is in it."""
        if time_s - self._looked_s < EVERY_S - 1e-6:
            return
        boxes = [(person.number, person.face.box) for person in people if person.face is not None]
        for (one, box), (other, beside) in combinations(boxes, 2):
            self._looked_s = time_s
            share = border_between(rgb, box, beside)
            if np.isfinite(share):
                self._kept.setdefault(_pair(one, other), Kept(1)).put(time_s, (share,))

    def aside(self) -> dict[str, NDArray[Any]]:
        """Return the rows so far; no picture is among them."""
        return rows_aside(self._kept)

    def take_up(self, stored: Mapping[str, NDArray[Any]]) -> None:
        """Go on from rows that were put aside."""
        self._looked_s, self._kept = -np.inf, rows_again(stored)

    def one_room(self, tracks: FaceTracks, label: str, other: str) -> bool | None:
        """Return whether two people are in one room; None where it cannot be told.

        Parameters
        ----------
        tracks : FaceTracks
            Of the same ``watch_faces``.
        label, other : str
        """
        share = self.border(tracks.numbers[label][0], tracks.numbers[other][0])
        return True if share <= NO_BORDER else False if share >= BORDER else None

    def border(self, one: int, other: int) -> float:
        """Return how far a border divides two people (``Known.number``): median share, 0 to 1; NaN unseen."""
        kept = self._kept.get(_pair(one, other))
        return float("nan") if kept is None else float(np.median(kept.whole()[1]))


def border_between(rgb: NDArray[np.uint8], box: FloatArray, other: FloatArray) -> float:
    """Return the share of height along which the picture jumps at one straight line between two faces.

    Parameters
    ----------
    rgb : ndarray of uint8, shape (height, width, 3)
    box, other : ndarray, shape (4,)
        Left, top, right, bottom in pixels.

    Returns
    -------
    float
        0 to 1, from half a face above the smaller face to a whole one below it; across, where the faces are
        one above the other. NaN where they nearly touch.

    Examples
    --------
    >>> call = np.repeat(np.repeat(np.uint8([[[90], [160]]]), 60, axis=1), 100, axis=0) * np.ones(3, np.uint8)
    >>> faces = np.array([20.0, 30, 40, 55]), np.array([80.0, 30, 100, 55])
    >>> border_between(call, *faces), border_between(call // 2 * 0, *faces)
    (1.0, 0.0)
    """
    apart = np.abs((box[:2] + box[2:]) - (other[:2] + other[2:])) / 2
    if apart[1] > apart[0]:
        rgb, box, other = rgb.transpose(1, 0, 2), box[[1, 0, 3, 2]], other[[1, 0, 3, 2]]
    left, right = int(min(box[2], other[2])), int(max(box[0], other[0]))
    low, high = _reach(box, other, rgb.shape[0])
    if right - left < _LEAST_PX or left < 0 or right > rgb.shape[1] or high - low < _BLOCKS:
        return float("nan")
    rows = (high - low) // _BLOCKS * _BLOCKS
    part = rgb[low : low + rows, left:right].reshape(_BLOCKS, -1, right - left, 3).mean(axis=1)
    change = np.abs(part[:, _APART:] - part[:, :-_APART]).max(axis=2)
    usual = median_filter(change, size=(1, _AROUND_PX), mode="nearest")
    return float(((change >= _STEP) & (change >= _ROUGH * usual)).mean(axis=0).max())


def _reach(box: FloatArray, other: FloatArray, most: int) -> tuple[int, int]:
    """Rows beside the smaller face, where its tile surely is."""
    small = min(box, other, key=lambda b: float(b[3] - b[1]))
    size = float(small[3] - small[1])
    return int(max(small[1] - _ABOVE * size, 0)), int(min(small[3] + _BELOW * size, most))


def _pair(one: int, other: int) -> int:
    """One number for two people, whatever their order."""
    return min(one, other) * 10_000 + max(one, other)
