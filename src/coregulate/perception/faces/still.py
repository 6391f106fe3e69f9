"""One picture in which both can be seen: to ask who is who."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray

from .detect import Detector

LOOK_EVERY_S = 0.5  # prior
GIVE_UP_S = 60.0  # prior: who has not been beside the other for so long is asked for by name, not by picture


def first_still(
    frames: Iterable[tuple[float, NDArray[np.uint8]]], *, n_faces: int = 2
) -> tuple[NDArray[np.uint8], dict[str, FloatArray]] | None:
    """Return the first picture that shows enough faces, and where they are.

    Parameters
    ----------
    frames : iterable of (time in s, ndarray of uint8 of shape (height, width, 3))
    n_faces : int
        1 or 2.

    Returns
    -------
    tuple of picture and dict of label to ndarray, shape (4,), or None
        ``left`` and ``right`` (``face`` for one): left, top, right, bottom in pixels. None where
        the first minute shows no such picture.

    Raises
    ------
    MissingExtraError
        Where the runtime is not installed.
    StoreError
        Where a model cannot be fetched.
    """
    detector = Detector()
    looked_s = -np.inf
    for time_s, rgb in frames:
        if time_s > GIVE_UP_S:
            break
        if time_s - looked_s < LOOK_EVERY_S:
            continue
        looked_s = time_s
        boxes = sorted((found.box for found in detector(rgb)[:n_faces]), key=lambda box: float(box[0]))
        if len(boxes) == n_faces:
            return rgb, dict(zip(("left", "right") if n_faces == 2 else ("face",), boxes, strict=True))
    return None
