"""Heart rate from the colour of a face: a rate over twenty seconds, or nothing.

Blood colours skin by some thousandths; light, movement and the camera change it by more. So a
rate is told only where one rhythm stands out of the spectrum, keeps up for the whole window, has
the colour of blood rather than of light, and neither the head nor the room shares it. Ten pictures a
second carry a rate. They do not carry the times of beats: variability or RSA cannot be had from this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numba
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from coregulate.core import FloatArray, InputError

from .follow import Known
from .landmarks import LEFT_CORNER, RIGHT_CORNER, Face, angles_deg
from .rhythm import (
    RATE_HZ,
    Kept,
    each_second,
    held,
    rows_again,
    rows_aside,
    share_at,
    strongest_rhythm,
    swing,
)
from .runtime import Image, coarse

WINDOW_S = 20.0  # prior: some 15 to 40 beats
LOWEST_PER_MIN, HIGHEST_PER_MIN = 40.0, 180.0  # prior: hearts of adults who sit and talk
FLOOR = 0.55  # measured: the docs (perception) say how often noise passes it

_SWING_S = 1.6  # window of POS (Wang et al. 2017)
_TOP_HZ = 4.5  # below half the picture rate, where everything folds
_HALF_BAND_HZ = 0.1  # of 20 s through a Hann window a rhythm fills 0.1 Hz to each side
_LEAST = 0.0003  # prior: a pulse moves the colours by more; a codec or a sensor may move them by less
_MOST = 0.03  # prior: and by less than this
_LIGHT = 6.0  # prior: blood moves the colours together 1.7 times as much as apart, lamps 20 times and more
_HELD = 0.25  # prior: the weakest third of a window against its strongest
_NODDING = 0.3  # prior: share of a head's movement that lies at the pulse, if it nods to it
# prior: and its size: face heights and degrees (amplitude)
_NODS = (0.004, 0.004, 0.004, 0.2, 0.2, 0.2)
_ROOM = 0.33  # prior: a rhythm of the room as strong as this share of the face's

# Corners of three patches between landmarks: forehead, the person's right and left cheek.
_PATCHES = np.array([[67, 297, 296, 66], [118, 100, 203, 187], [329, 347, 411, 423]])
_SIDE = 24  # prior: places a side of a patch; they stay on the same skin from picture to picture
_INSET = 0.15  # prior: share of a patch left free at its rim, where hair and nose begin
_DARK, _BURNT = 15.0, 245.0  # prior: means outside have lost a colour
_COLUMNS = ("r", "g", "b", "room_r", "room_g", "room_b", "x", "y", "size", "yaw", "pitch", "roll")


class Skin:
    """Keeps the mean colour of each person's skin, picture by picture (an ``Onlooker``).

    Notes
    -----
    Stays: 12 numbers a picture and person. Of the room, the colours of a coarse grid outside the
    faces, so that a lamp is not taken for a heart.

    Examples
    --------
    >>> skin = Skin()
    >>> rate_per_min, quality = skin.pulse(0, np.arange(0.0, 3.0, 0.1))
    >>> bool(np.isnan(rate_per_min).all()), float(quality.max())
    (True, 0.0)
    """

    def __init__(self) -> None:
        self._kept: dict[int, Kept] = {}

    def see(self, time_s: float, rgb: NDArray[np.uint8], people: Sequence[Known]) -> None:
        """Take a picture and the people whose face is in it.

        Parameters
        ----------
        time_s : float
        rgb : ndarray of uint8, shape (height, width, 3)
        people : sequence of Known
        """
        faces = [(person.number, person.face) for person in people if person.face is not None]
        if not faces:
            return
        room = _room(rgb, [face for _, face in faces])
        for number, face in faces:
            colour = _colour(rgb, face.points[_PATCHES, :2], _SIDE, _INSET)
            if not (np.all(colour > _DARK) and np.all(colour < _BURNT)):
                continue
            place = face.points[:468, :2].mean(axis=0)
            size = float(np.linalg.norm(face.points[LEFT_CORNER] - face.points[RIGHT_CORNER]))
            row = (*colour, *room, *place, size, *angles_deg(face.rotation))
            self._kept.setdefault(number, Kept(len(_COLUMNS))).put(time_s, row)

    def aside(self) -> dict[str, NDArray[Any]]:
        """Return the rows so far; no picture is among them."""
        return rows_aside(self._kept)

    def take_up(self, stored: Mapping[str, NDArray[Any]]) -> None:
        """Go on from rows that were put aside."""
        self._kept = rows_again(stored)

    def pulse(
        self, number: int, times_s: FloatArray, *, floor: float = FLOOR
    ) -> tuple[FloatArray, FloatArray]:
        """Heart rate of one person at given times.

        Parameters
        ----------
        number : int
            ``Known.number``; ``FaceTracks.numbers`` has it by label.
        times_s : ndarray, shape (n,)
            On the clock of the pictures, usually ``FaceTracks.times_s``.
        floor : float
            Quality below which there is no rate.

        Returns
        -------
        rate_per_min : ndarray, shape (n,)
            Of the 20 s around each time; NaN where refused, and in the first and last 10 s.
        quality : ndarray, shape (n,)
            0 (refused, or not seen) to 1: the share of the spectrum that the pulse holds.
        """
        if number not in self._kept:
            return np.full(len(times_s), np.nan), np.zeros(len(times_s))
        seen, table = self._kept[number].whole()
        return pulse_rate(
            seen, table[:, :3], room=table[:, 3:6], head=table[:, 6:], at_s=times_s, floor=floor
        )


def pulse_rate(
    times_s: FloatArray,
    rgb: FloatArray,
    *,
    at_s: FloatArray,
    room: FloatArray | None = None,
    head: FloatArray | None = None,
    floor: float = FLOOR,
) -> tuple[FloatArray, FloatArray]:
    """Heart rate from the mean colour of skin, 40 to 180 a minute.

    Parameters
    ----------
    times_s : ndarray, shape (n,)
        Rising; steps may be uneven.
    rgb : ndarray, shape (n, 3)
        Means of the skin, 0 to 255.
    at_s : ndarray, shape (m,)
        Times at which the rate is wanted.
    room : ndarray, shape (n, 3), optional
        Means of what is not face; a rhythm that it shares is light.
    head : ndarray, shape (n, 6), optional
        x, y and size in pixels (size: between the outer eye corners); yaw, pitch, roll in degrees.
    floor : float
        Quality below which there is no rate.

    Returns
    -------
    rate_per_min : ndarray, shape (m,)
        NaN where refused.
    quality : ndarray, shape (m,)
        0 where a control refuses, else the share of power in the pulse and its first harmonic,
        within 0.1 Hz of each; as a ratio of that to the rest in dB it is the SNR of
        de Haan and Jeanne 2013 (10.1109/TBME.2013.2266196).

    Raises
    ------
    InputError
        Where times do not rise, or shapes do not fit.

    Notes
    -----
    Windows of 20 s each second, at 10 Hz. Head movement is taken out of each colour by least
    squares, then POS (Wang et al. 2017, 10.1109/TBME.2016.2609282) makes one signal of the three.
    """
    n = len(times_s)
    room = np.ones((n, 3)) if room is None else room
    head = np.zeros((n, 6)) if head is None else head
    if rgb.shape != (n, 3) or room.shape != (n, 3) or head.shape != (n, 6):
        raise InputError(
            f"Colours of shape {rgb.shape} do not fit {n} times", "Give three colours for each time"
        )
    if np.any(np.diff(times_s) <= 0):
        raise InputError("The times of the pictures do not rise", "Give them in order")
    table = np.column_stack([rgb, room, head])
    return each_second(times_s, table, at_s, WINDOW_S, lambda part: _pulse(part, floor))


def pos(rgb: FloatArray, *, rate_hz: float = RATE_HZ) -> FloatArray:
    """Turn the colour of skin into one pulse signal by POS.

    Parameters
    ----------
    rgb : ndarray, shape (n, 3)
    rate_hz : float

    Returns
    -------
    ndarray, shape (n,)
        In units of the colours' relative change. Its sign says nothing.

    Notes
    -----
    Wang et al. 2017, 10.1109/TBME.2016.2609282: in windows of 1.6 s, each colour over its mean,
    projected onto the plane across the line along which light changes all colours alike.

    Examples
    --------
    >>> light = 1 + 0.1 * np.sin(np.arange(100))
    >>> bool(np.abs(pos(light[:, None] * [180.0, 140.0, 120.0])).max() < 1e-12)
    True
    """
    m = max(2, min(round(_SWING_S * rate_hz), len(rgb)))
    parts = sliding_window_view(rgb, m, axis=0)
    r, g, b = np.moveaxis(parts / parts.mean(axis=2, keepdims=True), 1, 0)
    one, other = g - b, g + b - 2 * r
    spread = other.std(axis=1, keepdims=True)
    tuned = one + other * np.divide(
        one.std(axis=1, keepdims=True), spread, out=np.zeros_like(spread), where=spread > 1e-12
    )
    tuned -= tuned.mean(axis=1, keepdims=True)
    out, count = np.zeros(len(rgb)), np.zeros(len(rgb))
    for k in range(m):
        out[k : k + len(tuned)] += tuned[:, k]
        count[k : k + len(tuned)] += 1
    return out / count


def _pulse(part: FloatArray, floor: float) -> tuple[float, float]:
    """Rate and quality of one window of (r, g, b, room's r, g, b, x, y, size, yaw, pitch, roll)."""
    refused = (float("nan"), 0.0)
    room, head = part[:, 3:6], _swept(_in_faces(part[:, 6:]))
    rgb = part[:, :3] / part[:, :3].mean(axis=0)
    rgb = 1.0 + _without(_swept(rgb), head)
    signal = pos(rgb)
    found = strongest_rhythm(
        signal,
        rate_hz=RATE_HZ,
        lowest_hz=LOWEST_PER_MIN / 60,
        highest_hz=HIGHEST_PER_MIN / 60,
        top_hz=_TOP_HZ,
        half_band_hz=_HALF_BAND_HZ,
    )
    if found.share <= 0:
        return refused
    at = (found.rate_hz, RATE_HZ)
    colours = swing(rgb, *at)
    together, apart = abs(colours.mean()), float(np.linalg.norm(colours - colours.mean()))
    blood = _LEAST <= abs(colours[1]) <= _MOST and together <= _LIGHT * apart
    if not blood or held(signal, *at) < _HELD or _nods(head, found.rate_hz):
        return refused
    lamp = pos(room)
    if (
        abs(complex(swing(lamp, *at))) > _ROOM * abs(complex(swing(signal, *at)))
        and _share(lamp, *at) > _ROOM
    ):
        return refused
    return (60 * found.rate_hz if found.share >= floor else float("nan")), found.share


def _in_faces(head: FloatArray) -> FloatArray:
    """Position and size in units of the face's size instead of pixels; angles as they are."""
    unit = head[:, 2].mean() or 1.0
    return np.asarray(head / [unit, unit, unit, 1.0, 1.0, 1.0])


def _swept(columns: FloatArray) -> FloatArray:
    """Take mean and slow drift out: what a parabola follows over the window."""
    t = np.linspace(-1.0, 1.0, len(columns))
    slow = np.column_stack([np.ones_like(t), t, t**2])
    return np.asarray(columns - slow @ np.linalg.lstsq(slow, columns, rcond=None)[0])


def _without(columns: FloatArray, others: FloatArray) -> FloatArray:
    """Take out of each column what the others explain by least squares."""
    moving = others[:, others.std(axis=0) > 1e-9]
    if not moving.shape[1]:
        return columns
    return columns - moving @ np.linalg.lstsq(moving, columns, rcond=None)[0]


def _nods(head: FloatArray, pulse_hz: float) -> bool:
    """Whether the head moves in the rhythm of the pulse, or half as fast (what it leaves may be its double)."""
    for hz in (pulse_hz, pulse_hz / 2):
        moving = np.abs(swing(head, hz, RATE_HZ)) > _NODS
        if any(_share(column, hz, RATE_HZ) > _NODDING for column in head.T[moving]):
            return True
    return False


def _share(values: FloatArray, hz: float, rate_hz: float) -> float:
    lowest_hz = LOWEST_PER_MIN / 120
    return share_at(values, hz, rate_hz, lowest_hz, _TOP_HZ, _HALF_BAND_HZ)


def _room(rgb: Image, faces: list[Face]) -> FloatArray:
    """Mean colour of a coarse grid of the picture outside the faces; of all where nothing is outside."""
    grid, y, x = coarse(rgb)
    outside = np.ones(grid.shape[:2], dtype=bool)
    for face in faces:
        left, top, right, bottom = face.box
        wide, high = (right - left) / 4, (bottom - top) / 4
        rows, columns = (
            np.searchsorted(y, (top - high, bottom + high)),
            np.searchsorted(x, (left - wide, right + wide)),
        )
        outside[slice(*rows), slice(*columns)] = False
    return np.asarray((grid[outside] if outside.any() else grid.reshape(-1, 3)).mean(axis=0) + 1.0)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def _colour(
    rgb: Image, corners: FloatArray, n: int, inset: float
) -> FloatArray:  # pragma: no cover - compiled
    """Mean over n x n places in each patch; NaN where one lies outside the picture."""
    out = np.zeros(3)
    height, width = rgb.shape[0], rgb.shape[1]
    for patch in range(corners.shape[0]):
        c = corners[patch]
        for row in range(n):
            b = inset + (1 - 2 * inset) * (row + 0.5) / n
            for column in range(n):
                a = inset + (1 - 2 * inset) * (column + 0.5) / n
                x = (1 - b) * ((1 - a) * c[0, 0] + a * c[1, 0]) + b * ((1 - a) * c[3, 0] + a * c[2, 0]) - 0.5
                y = (1 - b) * ((1 - a) * c[0, 1] + a * c[1, 1]) + b * ((1 - a) * c[3, 1] + a * c[2, 1]) - 0.5
                if not (0 <= x < width - 1 and 0 <= y < height - 1):
                    return np.full(3, np.nan)
                x0, y0 = int(x), int(y)
                fx, fy = x - x0, y - y0
                for k in range(3):
                    top = rgb[y0, x0, k] * (1 - fx) + rgb[y0, x0 + 1, k] * fx
                    low = rgb[y0 + 1, x0, k] * (1 - fx) + rgb[y0 + 1, x0 + 1, k] * fx
                    out[k] += top * (1 - fy) + low * fy
    mean: FloatArray = out / (corners.shape[0] * n * n)
    return mean
