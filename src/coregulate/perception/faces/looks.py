"""What tells two people apart: colours of head and clothes, light and dark of the face, its build."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from coregulate.core import FloatArray

from .landmarks import Face, region_of_face
from .runtime import Image, crop

_BINS = 8  # prior: of each of two chromaticities
_RANGE = 0.25  # prior: chromaticities within this of grey fill the bins
_PATCH = 12  # prior: pixels a side of the small face
# Pairs of points whose distance hardly changes with expression: eyes, nose, cheekbones, forehead, chin.
_BUILD = ((33, 133), (263, 362), (133, 362), (6, 2), (129, 358), (127, 356), (10, 168), (132, 361), (2, 10))
_BUILD_SPREAD = 0.05  # prior: of such a distance, in units of the outer eye corners' distance
_WEIGHTS = (0.3, 0.3, 0.3, 0.1)  # prior: head, clothes, face, build


class Looks(NamedTuple):
    """Descriptor of a person's appearance; compare two with ``difference``."""

    head: FloatArray
    clothes: FloatArray
    face: FloatArray
    build: FloatArray


def looks_of(rgb: Image, face: Face) -> Looks:
    """Describe a face and what is around it.

    Parameters
    ----------
    rgb : ndarray of uint8, shape (height, width, 3)
    face : Face

    Notes
    -----
    Colours are chromaticities, so that a darker picture changes little; the small face is
    brought to mean 0 and length 1.
    """
    region = region_of_face(face)
    down = np.array([-np.sin(region.roll_rad), np.cos(region.roll_rad)])
    low = region.centre + down * region.side * 0.85
    head = crop(rgb, region.centre, region.side * 1.1, region.roll_rad, 32)[0]
    clothes = crop(rgb, low, region.side * 0.9, region.roll_rad, 32)[0]
    small = crop(rgb, region.centre, region.side * 0.75, region.roll_rad, _PATCH)[0].mean(axis=2).ravel()
    small = small - small.mean()
    q = face.front
    unit = np.linalg.norm(q[33] - q[263])
    build = np.array([np.linalg.norm(q[a] - q[b]) / unit for a, b in _BUILD])
    return Looks(
        _colours(head), _colours(clothes), small.astype(np.float64) / (np.linalg.norm(small) + 1e-9), build
    )


def difference(one: Looks, other: Looks) -> float:
    """Return how different two looks are: 0 the same, about 1 nothing in common."""
    face = (1.0 - float(one.face @ other.face)) / 2
    build = float(np.mean(np.abs(one.build - other.build))) / _BUILD_SPREAD
    parts = (
        _hellinger(one.head, other.head),
        _hellinger(one.clothes, other.clothes),
        face,
        min(build, 1.0),
    )
    return float(np.dot(_WEIGHTS, parts))


def blend(old: Looks, new: Looks, share: float) -> Looks:
    """Move looks a share of the way to newer ones."""
    return Looks(*(a + share * (b - a) for a, b in zip(old, new, strict=True)))


def _colours(part: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> FloatArray:
    rgb = part.reshape(-1, 3).astype(np.float64) + 4.0
    total = rgb.sum(axis=1, keepdims=True)
    share = (rgb[:, [0, 2]] / total - 1 / 3) / _RANGE
    at = np.clip((share + 1) / 2 * _BINS, 0, _BINS - 1e-6)
    # each bin lends to its neighbours: a little other light changes little
    out, _, _ = np.histogram2d(at[:, 0], at[:, 1], bins=_BINS, range=((0, _BINS), (0, _BINS)))
    soft = out + 0.25 * (np.roll(out, 1, 0) + np.roll(out, -1, 0) + np.roll(out, 1, 1) + np.roll(out, -1, 1))
    return np.asarray((soft / soft.sum()).ravel())


def _hellinger(one: FloatArray, other: FloatArray) -> float:
    return float(np.sqrt(max(0.0, 1.0 - float(np.sqrt(np.clip(one * other, 0, None)).sum()))))
