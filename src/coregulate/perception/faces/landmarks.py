"""478 points of a face, its blendshapes and its pose, from one crop."""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray

from .detect import Detection
from .runtime import Image, Network, crop, landmarker_parts
from .slopes import with_whole_rows

SIZE = 256  # pixels a side of the model's input (the model)
MARGIN = 1.5  # the published graph: the square is so many times the face's box
N_POINTS = 478
RIGHT_CORNER, LEFT_CORNER = 33, 263  # outer eye corners, of the person's own right and left


class Region(NamedTuple):
    """A turned square around a face: centre and side in pixels, roll in radians."""

    centre: FloatArray
    side: float
    roll_rad: float


class Face(NamedTuple):
    """One face of one picture; or several, each array with a leading axis.

    Parameters
    ----------
    points : ndarray, shape (478, 3)
        x and y in pixels of the picture, z in the same unit, away from the camera.
    presence : float, or ndarray
        0 to 1; below 0.5 there is no face.
    front : ndarray, shape (478, 3)
        The points turned to the front and scaled to the canonical face: x to the person's left,
        y up, z to the viewer, centimetres of a face of average size.
    rotation : ndarray, shape (3, 3)
        Head against camera; the identity looks into the camera.
    """

    points: FloatArray
    presence: float | FloatArray
    front: FloatArray
    rotation: FloatArray

    @property
    def box(self) -> FloatArray:
        """Left, top, right, bottom of the points, pixels; shape (..., 4)."""
        xy = np.ascontiguousarray(np.swapaxes(self.points[..., :2], -1, -2))  # in rows: five times as fast
        return np.concatenate([xy.min(axis=-1), xy.max(axis=-1)], axis=-1)


class Landmarker:
    """Fits the points of a face in a region; loads the model once.

    Raises
    ------
    StoreError
        Where the model is not here and cannot be fetched.
    MissingExtraError
        Where the runtime is not installed.

    Notes
    -----
    The pose is the similarity that brings the canonical face that the model file carries onto
    the points by weighted least squares (Procrustes, Umeyama 1991, 10.1109/34.88573), with the
    33 points and weights of the model file. It takes the picture as seen from far
    away (weak perspective): the published graph models a camera, whose angle nobody knows here.
    """

    def __init__(self) -> None:
        content, geometry = _models()
        self._network = Network(content)
        self._canonical, self._rigid, self._weights = _canonical(geometry)

    @property
    def canonical(self) -> FloatArray:
        """The canonical face, shape (468, 3), centimetres, x to its left, y up, z to the viewer."""
        return self._canonical

    def __call__(self, rgb: Image, region: Region) -> Face:
        """Return the face in a region of a picture, whatever its presence.

        Parameters
        ----------
        rgb : ndarray of uint8, shape (height, width, 3)
        region : Region
        """
        picture = crop(rgb, region.centre, region.side, region.roll_rad, SIZE, high=1.0)
        flat, logit = self._network(picture, N_POINTS * 3, 1)
        points = place(flat.reshape(N_POINTS, 3).astype(np.float64), region)
        front, rotation = _to_front(points, self._canonical, self._rigid, self._weights)
        return Face(points, float(1.0 / (1.0 + np.exp(-float(logit[0])))), front, rotation)


@lru_cache(maxsize=1)
def _models() -> tuple[bytes, bytes]:
    """Network and geometry of the face, the network rewritten once for all fitters."""
    parts = landmarker_parts()
    network = with_whole_rows(parts["face_landmarks_detector.tflite"])
    return network, parts["geometry_pipeline_metadata_landmarks.binarypb"]


def place(raw: FloatArray, region: Region) -> FloatArray:
    """Bring points from the crop's pixels, shape (n, 3), to those of the picture."""
    step = region.side / SIZE
    cos, sin = np.cos(region.roll_rad), np.sin(region.roll_rad)
    a, b = (raw[:, 0] - SIZE / 2) * step, (raw[:, 1] - SIZE / 2) * step
    x, y = region.centre[0] + a * cos - b * sin, region.centre[1] + a * sin + b * cos
    return np.column_stack([x, y, raw[:, 2] * step])


def region_of_face(face: Face) -> Region:
    """Return the square to look at in the next picture: the upright box of the points times 1.5."""
    xy = face.points[:, :2]
    dx, dy = xy[LEFT_CORNER] - xy[RIGHT_CORNER]
    roll = float(np.arctan2(dy, dx))
    turn = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
    upright = xy @ turn
    low, high = upright.min(axis=0), upright.max(axis=0)
    return Region(turn @ ((low + high) / 2), float(np.max(high - low)) * MARGIN, roll)


def region_of_detection(found: Detection) -> Region:
    """Return the square around a detection: its box times 1.5, rolled like the line of the eyes."""
    dx, dy = found.points[1] - found.points[0]
    centre = (found.box[:2] + found.box[2:]) / 2
    side = float(np.max(found.box[2:] - found.box[:2]))
    return Region(centre, side * MARGIN, float(np.arctan2(dy, dx)))


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def similarity(
    source: FloatArray, target: FloatArray, weights: FloatArray
) -> tuple[FloatArray, float, FloatArray]:  # pragma: no cover - compiled
    """Fit ``target = scale * rotation @ source + shift`` by weighted least squares.

    Parameters
    ----------
    source, target : ndarray, shape (n, 3)
    weights : ndarray, shape (n,)

    Returns
    -------
    rotation : ndarray, shape (3, 3)
    scale : float
    shift : ndarray, shape (3,)

    Notes
    -----
    Umeyama 1991, 10.1109/34.88573, with weights.
    """
    w = (weights / weights.sum()).reshape(-1, 1)
    mean_s, mean_t = (w * source).sum(axis=0), (w * target).sum(axis=0)
    s, t = source - mean_s, target - mean_t
    u, d, vt = np.linalg.svd((t * w).T @ s)
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    rotation = (u * sign) @ vt
    scale = (d * sign).sum() / (w * s**2).sum()
    return rotation, scale, mean_t - scale * (rotation @ mean_s)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator,unused-ignore]
def _to_front(
    points: FloatArray, canonical: FloatArray, rigid: NDArray[np.intp], weights: FloatArray
) -> tuple[FloatArray, FloatArray]:  # pragma: no cover - compiled
    """Points as seen from the front, in centimetres, and how the head is turned."""
    seen = points * np.array([1.0, -1.0, -1.0])
    rotation, scale, shift = similarity(canonical[rigid], seen[rigid], weights)
    return ((seen - shift) @ rotation) / scale, rotation


def angles_deg(rotation: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Yaw (to the person's left is above 0), pitch (up is above 0) and roll (to their right) of a head.

    `rotation` has shape (..., 3, 3), each angle the shape before it.
    """
    right, up, forward = (rotation[..., k, 2] for k in range(3))
    yaw = np.degrees(np.arctan2(right, forward))
    pitch = np.degrees(np.arcsin(np.clip(up, -1, 1)))
    roll = np.degrees(np.arctan2(rotation[..., 1, 0], rotation[..., 1, 1]))
    return yaw, pitch, roll


def _canonical(raw: bytes) -> tuple[FloatArray, NDArray[np.intp], FloatArray]:
    """Vertices (468, 3), rigid points and their weights out of the model's metadata (protobuf)."""
    message = _fields(raw)
    mesh = _fields(message[1][0])
    vertices = np.frombuffer(b"".join(mesh[3]), "<f4").reshape(-1, 5)[:, :3].astype(np.float64)
    pairs = [_fields(item) for item in message[2]]
    ids = np.array([int.from_bytes(p[1][0], "little") for p in pairs], dtype=np.intp)
    weights = np.array([struct.unpack("<f", p[2][0])[0] for p in pairs])
    return vertices, ids, weights


def _fields(raw: bytes) -> dict[int, list[bytes]]:
    """Fields of a protobuf message by number; whole numbers as little-endian bytes."""
    out: dict[int, list[bytes]] = {}
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = raw[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(raw):
        key = varint()
        if key & 7 == 0:
            data = varint().to_bytes(8, "little")
        else:
            size = varint() if key & 7 == 2 else 4
            data, at = raw[at : at + size], at + size
        out.setdefault(key >> 3, []).append(data)
    return out
