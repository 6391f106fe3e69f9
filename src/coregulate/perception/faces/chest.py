"""Breathing from how the chest rises in the picture: a waveform and a rate, or nothing.

A box under the chin is compared with itself as it was: the shift that brings the two together, to
a hundredth of a pixel where cloth has folds. Breathing is told where one slow rhythm stands out of
that movement and the head does not make it too: a body that sways, or a camera that moves, moves both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

from coregulate.core import FloatArray, InputError

from .follow import Known
from .landmarks import Face
from .rhythm import RATE_HZ, Kept, each_second, evenly, held, rows_again, rows_aside, strongest_rhythm, swing
from .runtime import Image

WINDOW_S = 30.0  # prior: two breaths of the slowest, eight of a usual breathing
LOWEST_PER_MIN, HIGHEST_PER_MIN = 4.0, 30.0  # prior
FLOOR = 0.7  # measured: the docs (perception) say how often noise passes it

_TOP_HZ = 1.5  # prior: gestures and the fit of the points; above there is only noise of the sensor
_HALF_BAND_HZ = 2 / WINDOW_S  # half width of a rhythm seen through a Hann window
_LEAST = 0.001  # prior: of the face's height, about 0.2 mm; a chest at rest rises by some millimetres
_HEAD = 0.7  # prior: of the chest's rhythm in the head, from which both sway
_SIDEWAYS = 1.5  # prior: so much more sideways than up is no breath
_HELD = 0.25  # prior: the weakest third of a window against its strongest

_BELOW, _WIDE, _HIGH = 0.2, 2.0, 1.0  # prior: of the box, in face heights and widths
_INSIDE = 0.5  # prior: share of the box that must lie in the picture
_COLUMNS_PX = 64  # prior: columns that the box is reduced to
_RIM = 4  # prior: reduced pixels left free at the rim, and the farthest shift that is followed
_FLAT = 2.0  # prior: a box with less contrast (grey levels) shows no movement
_ALIKE = 0.8  # prior: correlation with the first picture of the box, below which it shows something else
_MOVED = 0.5  # prior: of a face's width, after which the box is laid anew
_ROUNDS = 3  # of the fit; each leaves less than a tenth of the error


@dataclass
class _Box:
    """A box that stays where it is in the picture, how it looked first, and what answers a shift of it."""

    left: int
    top: int
    step: int
    shape: tuple[int, int]
    want: FloatArray
    solver: FloatArray
    head: FloatArray
    origin: FloatArray
    shift: FloatArray


class Chest:
    """Keeps how far each person's chest has moved, picture by picture (an ``Onlooker``).

    Notes
    -----
    Stays: 6 numbers a picture and person, and one small grey picture of each chest.

    Examples
    --------
    >>> chest = Chest()
    >>> waveform, rate_per_min, quality = chest.breathing(0, np.arange(0.0, 3.0, 0.1))
    >>> bool(np.isnan(waveform).all() and np.isnan(rate_per_min).all()), float(quality.max())
    (True, 0.0)
    """

    def __init__(self) -> None:
        self._kept: dict[int, Kept] = {}
        self._boxes: dict[int, _Box] = {}
        self._at: dict[int, FloatArray] = {}

    def see(self, time_s: float, rgb: NDArray[np.uint8], people: Sequence[Known]) -> None:
        """Take a picture and the people whose face is in it.

        Parameters
        ----------
        time_s : float
        rgb : ndarray of uint8, shape (height, width, 3)
        people : sequence of Known
        """
        for person in people:
            if person.face is None:
                continue
            moved = self._moved(person.number, rgb, person.face)
            if moved is not None:
                middle = person.face.points[:468, :2].mean(axis=0)
                high = float(person.face.box[3] - person.face.box[1])
                self._kept.setdefault(person.number, Kept(5)).put(time_s, (*moved, *middle, high))

    def aside(self) -> dict[str, NDArray[Any]]:
        """Return the rows so far; no picture is among them."""
        return rows_aside(self._kept)

    def take_up(self, stored: Mapping[str, NDArray[Any]]) -> None:
        """Go on from rows that were put aside; boxes are laid anew, where each chest was last."""
        self._kept, self._boxes = rows_again(stored), {}
        self._at = {number: kept.whole()[1][-1, :2] for number, kept in self._kept.items()}

    def breathing(
        self, number: int, times_s: FloatArray, *, floor: float = FLOOR
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Breathing of one person at given times.

        Parameters
        ----------
        number : int
            ``Known.number``; ``FaceTracks.numbers`` has it by label.
        times_s : ndarray, shape (n,)
            On the clock of the pictures, usually ``FaceTracks.times_s``.
        floor : float
            Quality below which nothing is told.

        Returns
        -------
        waveform : ndarray, shape (n,)
            Rises with the chest, so with breathing in; root mean square 1 over what is told.
            NaN outside windows that are told.
        rate_per_min : ndarray, shape (n,)
            Of the 30 s around each time; NaN where refused, and in the first and last 15 s.
        quality : ndarray, shape (n,)
            0 (refused, or not seen) to 1: the share of the chest's movement that is this rhythm.
        """
        if number not in self._kept:
            nothing = np.full(len(times_s), np.nan)
            return nothing, nothing.copy(), np.zeros(len(times_s))
        seen, table = self._kept[number].whole()
        return breathing(seen, table[:, :2], head=table[:, 2:], at_s=times_s, floor=floor)

    def _moved(self, number: int, rgb: Image, face: Face) -> FloatArray | None:
        """Right and down, pixels, since the person was first seen; None where no chest is seen."""
        box = self._boxes.get(number)
        head = face.points[:468, :2].mean(axis=0)
        wide = float(face.box[2] - face.box[0])
        if box is not None and np.linalg.norm(head - box.head) <= _MOVED * wide:
            now = _normed(_reduced(rgb, box.left, box.top, box.step, *box.shape))
            if now is not None:
                fitted, alike = _fit(box.want, box.solver, box.shift, now)
                if alike >= _ALIKE and np.abs(fitted).max() < _RIM:
                    box.shift = fitted
                    self._at[number] = box.origin + fitted * box.step
                    return self._at[number]
        # what moved in this one step is lost, so that nothing jumps
        origin = self._at.get(number, np.zeros(2))
        self._boxes.pop(number, None)
        laid = _lay(rgb, face, head, origin)
        if laid is None:
            return None
        self._boxes[number] = laid
        return laid.origin


def breathing(
    times_s: FloatArray,
    chest: FloatArray,
    *,
    head: FloatArray,
    at_s: FloatArray,
    floor: float = FLOOR,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Breathing from where the chest is in the picture, 4 to 30 a minute.

    Parameters
    ----------
    times_s : ndarray, shape (n,)
        Rising; steps may be uneven.
    chest : ndarray, shape (n, 2)
        Right and down, pixels.
    head : ndarray, shape (n, 3)
        x, y and height of the face, pixels.
    at_s : ndarray, shape (m,)
        Times at which it is wanted.
    floor : float
        Quality below which nothing is told.

    Returns
    -------
    waveform, rate_per_min, quality : ndarray, shape (m,)
        As of ``Chest.breathing``.

    Raises
    ------
    InputError
        Where times do not rise, or shapes do not fit.

    Notes
    -----
    The spectrum is that of the velocity: posture drifts, and drift has most power where breathing is.
    What a chest moves sideways, and what it grows toward the camera, is not counted.
    """
    n = len(times_s)
    if chest.shape != (n, 2) or head.shape != (n, 3):
        raise InputError(
            f"Places of shape {chest.shape} do not fit {n} times", "Give two numbers for each time"
        )
    if np.any(np.diff(times_s) <= 0):
        raise InputError("The times of the pictures do not rise", "Give them in order")
    grid_s, even = evenly(times_s, np.column_stack([chest, head]))
    rate, quality = each_second(grid_s, even, grid_s, WINDOW_S, lambda part: _breath(part, floor))
    found = np.column_stack([_waveform(even, rate), rate, quality])
    out = np.full((len(at_s), 3), (np.nan, np.nan, 0.0))
    if len(grid_s):
        nearest = np.rint((at_s - grid_s[0]) * RATE_HZ).astype(int)
        inside = (nearest >= 0) & (nearest < len(grid_s))
        out[inside] = found[nearest[inside]]
    waveform, rate, quality = out.T
    return waveform, rate, quality


def _breath(part: FloatArray, floor: float) -> tuple[float, float]:
    """Rate and quality of one window of (chest right, down, head x, y, height)."""
    refused = (float("nan"), 0.0)
    high = float(part[:, 4].mean())
    if high <= 0:
        return refused
    velocity = np.diff(part[:, :4], axis=0) * (RATE_HZ / high)
    found = strongest_rhythm(
        velocity[:, 1],
        rate_hz=RATE_HZ,
        lowest_hz=LOWEST_PER_MIN / 60,
        highest_hz=HIGHEST_PER_MIN / 60,
        top_hz=_TOP_HZ,
        half_band_hz=_HALF_BAND_HZ,
    )
    if found.share <= 0:
        return refused
    size = np.abs(swing(velocity, found.rate_hz, RATE_HZ)) / (2 * np.pi * found.rate_hz)
    sideways, up, head = float(size[0]), float(size[1]), float(np.linalg.norm(size[2:]))
    if up < _LEAST or sideways > _SIDEWAYS * up or head > _HEAD * up:
        return refused
    if held(velocity[:, 1], found.rate_hz, RATE_HZ) < _HELD:
        return refused
    return (60 * found.rate_hz if found.share >= floor else float("nan")), found.share


def _waveform(even: FloatArray, rate: FloatArray) -> FloatArray:
    """Height of the chest within the band of breathing, wherever a window that is told reaches."""
    wave = np.full(len(even), np.nan)
    reach = round(WINDOW_S * RATE_HZ / 2)
    told = np.convolve(np.isfinite(rate), np.ones(2 * reach + 1))[reach : reach + len(rate)] > 0
    if not told.any():
        return wave
    height = -even[:, 1] / even[:, 4]
    band = butter(2, (LOWEST_PER_MIN / 60 / 1.5, 2 * HIGHEST_PER_MIN / 60), "band", fs=RATE_HZ, output="sos")
    seen = np.flatnonzero(np.isfinite(height))
    for run in np.split(seen, np.flatnonzero(np.diff(seen) > 1) + 1):
        if len(run) >= 2 * reach:
            wave[run] = sosfiltfilt(band, height[run])
    wave[~told] = np.nan
    return np.asarray(wave / np.sqrt(np.nanmean(wave**2)))


def _lay(rgb: Image, face: Face, head: FloatArray, origin: FloatArray) -> _Box | None:
    """Lay the box under a face; None where too little of it is in the picture, or nothing in it stands out."""
    wide, high = face.box[2:] - face.box[:2]
    middle = float(face.box[0] + face.box[2]) / 2
    top = float(face.box[3] + _BELOW * high)
    left, right = (int(np.clip(middle + k * _WIDE * wide / 2, 0, rgb.shape[1])) for k in (-1, 1))
    low, end = (int(np.clip(y, 0, rgb.shape[0])) for y in (top, top + _HIGH * high))
    if (right - left) * (end - low) < _INSIDE * _WIDE * wide * _HIGH * high:
        return None
    step = max(1, round(_WIDE * wide / _COLUMNS_PX))
    shape = (end - low) // step, (right - left) // step
    if min(shape) < 4 * _RIM:
        return None
    first = _normed(_reduced(rgb, left, low, step, *shape))
    if first is None:
        return None
    inner = (slice(_RIM, -_RIM), slice(_RIM, -_RIM))
    dy, dx = (np.gradient(first, axis=k)[inner].ravel() for k in (0, 1))
    solver = np.linalg.pinv(np.column_stack([dx, dy, np.ones_like(dx)]))[:2]
    return _Box(left, low, step, shape, first[inner].ravel(), solver, head, origin, np.zeros(2))


def _normed(grey: FloatArray) -> FloatArray | None:
    """Mean 0 and spread 1, so that more or less light moves nothing; None where nothing stands out."""
    spread = float(grey.std())
    return None if spread < _FLAT else (grey - grey.mean()) / spread


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def _fit(
    want: FloatArray, solver: FloatArray, start: FloatArray, now: FloatArray
) -> tuple[FloatArray, float]:  # pragma: no cover - compiled
    """Shift (right, down) in reduced pixels from the first picture to now, and their correlation."""
    at = start.copy()
    for _ in range(_ROUNDS):
        left = _shifted(now, at[0], at[1]) - want
        at -= np.array([(solver[0] * left).sum(), (solver[1] * left).sum()])
        if np.abs(at).max() > _RIM:
            return start, 0.0
    back = _shifted(now, at[0], at[1])
    return at, float(np.corrcoef(back, want)[0, 1]) if back.std() > 0 else 0.0


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def _shifted(grey: FloatArray, right: float, down: float) -> FloatArray:  # pragma: no cover - compiled
    """Grey values so far right and down (at most the rim) of each inner pixel, bilinear, flat."""
    rows, columns = grey.shape[0] - 2 * _RIM, grey.shape[1] - 2 * _RIM
    x0, y0 = int(np.floor(right)), int(np.floor(down))
    fx, fy = right - x0, down - y0
    out = np.empty(rows * columns)
    for row in range(rows):
        y = row + _RIM + y0
        below = min(y + 1, grey.shape[0] - 1)  # a shift by the whole rim ends on the last pixel
        for column in range(columns):
            x = column + _RIM + x0
            beside = min(x + 1, grey.shape[1] - 1)
            top = grey[y, x] + (grey[y, beside] - grey[y, x]) * fx
            bottom = grey[below, x] + (grey[below, beside] - grey[below, x]) * fx
            out[row * columns + column] = top + (bottom - top) * fy
    return out


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def _reduced(
    rgb: Image, left: int, top: int, step: int, rows: int, columns: int
) -> FloatArray:  # pragma: no cover - compiled
    """Grey means of step x step pixels; of large ones every second or third pixel."""
    out = np.zeros((rows, columns))
    skip = max(1, step // 4)
    count = 3 * len(range(0, step, skip)) ** 2
    for row in range(rows):
        for column in range(columns):
            total = 0
            for y in range(top + row * step, top + (row + 1) * step, skip):
                for x in range(left + column * step, left + (column + 1) * step, skip):
                    total += int(rgb[y, x, 0]) + int(rgb[y, x, 1]) + int(rgb[y, x, 2])
            out[row, column] = total / count
    return out
