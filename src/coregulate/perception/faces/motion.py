"""How much a person moves in the picture: the change of grey values around and below the face."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray, InputError

from .follow import CUT, Known
from .rhythm import Kept, rows_again, rows_aside
from .watch import FaceTracks

_WIDE = 160  # prior: pixels across that are looked at
_NOISE = 8.0  # prior: grey values of 255; a smaller change is the sensor's or the compression's
_GREY = np.full(3, 1 / 3, np.float32)
_GAP_S = 0.5  # prior: over a longer gap no movement is read
_BESIDE, _ABOVE, _BELOW = 1.0, 0.5, 3.0  # prior: in faces, what of the picture is the person's


class Motion:
    """Onlooker that reads each person's movement; give it to ``watch_faces`` and ask it afterwards.

    Notes
    -----
    Motion energy analysis, the change of grey values in a person's region of the picture:
    Ramseyer & Tschacher 2011, 10.1037/a0023419. The region is the face and what is beside
    (one face each way) and below it (three), up to the middle between two faces. It stays where it is while
    two pictures are compared. What all of the picture changes by, a lamp or the exposure, is taken off;
    a camera that moves is not.
    """

    def __init__(self) -> None:
        self._before: tuple[float, NDArray[np.float32]] | None = None
        self._kept: dict[int, Kept] = {}

    def see(self, time_s: float, rgb: NDArray[np.uint8], people: Sequence[Known]) -> None:
        """Compare a picture with the one before; keep a small grey one until the next."""
        step = max(1, rgb.shape[1] // _WIDE)
        grey = rgb[::step, ::step].astype(np.float32) @ _GREY
        before, self._before = self._before, (time_s, grey)
        if before is None or before[1].shape != grey.shape or time_s - before[0] > _GAP_S:
            return
        change = grey - before[1]
        change = np.abs(change - np.median(change))
        if change.mean() > CUT * 255.0:
            return
        change[change < _NOISE] = 0.0
        boxes = {k.number: k.face.box / step for k in people if k.face is not None}
        for number, box in boxes.items():
            others = [other for n, other in boxes.items() if n != number]
            left, top, right, bottom = _region(box, others, grey.shape)
            if right > left and bottom > top:
                moved = float(change[top:bottom, left:right].mean())
                self._kept.setdefault(number, Kept(1)).put(time_s, (moved,))

    def aside(self) -> dict[str, NDArray[Any]]:
        """Return the rows so far; no picture is among them."""
        return rows_aside(self._kept)

    def take_up(self, stored: Mapping[str, NDArray[Any]]) -> None:
        """Go on from rows that were put aside; the next picture has none before it to compare with."""
        self._kept, self._before = rows_again(stored), None

    def energy(self, tracks: FaceTracks, label: str) -> FloatArray:
        """Return a person's movement.

        Parameters
        ----------
        tracks : FaceTracks
            Of the same ``watch_faces``.
        label : str

        Returns
        -------
        ndarray, shape (n,)
            Mean change of the grey value (0 to 255) since the picture before; NaN at the first,
            at a cut, after a gap and where the face is not seen. It grows with the time between
            pictures and with the light: compare it with the person's own.

        Raises
        ------
        InputError
            Where there is no such label.
        """
        if label not in tracks.numbers:
            raise InputError(f"There is no face '{label}'", f"Faces are {', '.join(tracks.labels) or 'none'}")
        out = np.full(len(tracks.times_s), np.nan)
        for number in reversed(tracks.numbers[label]):
            if number in self._kept:
                times, rows = self._kept[number].whole()
                out[np.searchsorted(tracks.times_s, times)] = rows[:, 0]
        return out


def _region(
    box: FloatArray, others: Sequence[FloatArray], shape: tuple[int, ...]
) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of a person in the small picture."""
    wide, high = box[2] - box[0], box[3] - box[1]
    middle = (box[0] + box[2]) / 2
    left, right = box[0] - _BESIDE * wide, box[2] + _BESIDE * wide
    for other in others:
        border = (middle + (other[0] + other[2]) / 2) / 2
        left, right = (max(left, border), right) if border < middle else (left, min(right, border))
    low = np.clip([left, box[1] - _ABOVE * high], 0, None).astype(int)
    return (
        int(low[0]),
        int(low[1]),
        int(min(right, shape[1])),
        int(min(box[3] + _BELOW * high, shape[0])),
    )
