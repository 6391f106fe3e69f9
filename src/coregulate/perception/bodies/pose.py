"""33 points of a body, from one crop below a face."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray
from coregulate.models import model_path

from ..faces.runtime import Image, Network, crop

SIZE = 256  # pixels a side of the model's input (the model)
N_POINTS, N_ALL = 33, 39  # the last six are for the published graph's own tracking
# Numbers of the model's points, left and right of the person.
PRESENT = 0.5  # the published graph
NOSE = 0
SHOULDERS, ELBOWS, WRISTS, HIPS, KNEES = (11, 12), (13, 14), (15, 16), (23, 24), (25, 26)
# measured, in face heights: of 6 squares tried on 17 bodies of 7 pictures, the one in which the
# fewest were another's (3.4 and 11 is where the published detector puts it: 4 were)
BELOW, SIDE = 2.2, 7.5
ASIDE, NEAR = 0.7, 4.0  # measured as above: moved away from a neighbour that is nearer than `NEAR`
_ITS_OWN = (
    0.6  # prior: a body whose nose is farther from the middle of the face, in face heights, is another's
)


class Body(NamedTuple):
    """One body of one picture.

    Parameters
    ----------
    points : ndarray, shape (33, 2)
        x and y in pixels of the picture; those out of it are guesses.
    visibility : ndarray, shape (33,)
        Of each point, 0 (hidden or out of the picture) to 1.
    presence : float
        0 to 1; below 0.5 there is no body.
    """

    points: FloatArray
    visibility: FloatArray
    presence: float


class BodyFitter:
    """Fits a body below a face; loads the model once.

    Raises
    ------
    StoreError
        Where the model is not here and cannot be fetched.
    MissingExtraError
        Where the runtime is not installed.

    Notes
    -----
    Differences from the published graph: the face that is known already says where to look, so its
    body detector is not run; the points are not refined by the model's heat map, nor smoothed.
    """

    def __init__(self) -> None:
        self._network = Network(model_path("body_points").read_bytes())

    def __call__(self, rgb: Image, face: FloatArray, other: FloatArray) -> Body:
        """Return the body below a face; presence 0 where the model took another's.

        Parameters
        ----------
        rgb : ndarray of uint8, shape (height, width, 3)
        face, other : ndarray, shape (4,)
            Of this person and the neighbour: left, top, right, bottom in pixels.
        """
        high = float(np.max(face[2:] - face[:2]))
        middle = (face[:2] + face[2:]) / 2
        away = float(middle[0] - (other[0] + other[2]) / 2) / high
        aside = ASIDE * np.sign(away) * max(0.0, 1.0 - abs(away) / NEAR)
        centre, side = middle + high * np.array([aside, BELOW]), SIDE * high
        flat, presence = self._network(crop(rgb, centre, side, 0.0, SIZE, high=1.0), N_ALL * 5, 1)
        raw = flat.reshape(N_ALL, 5)[:N_POINTS].astype(np.float64)
        points = centre + (raw[:, :2] / SIZE - 0.5) * side
        own = float(np.hypot(*(points[NOSE] - middle))) <= _ITS_OWN * high
        return Body(points, _sigmoid(raw[:, 3]), float(presence[0]) if own else 0.0)


def _sigmoid(values: FloatArray) -> NDArray[np.float64]:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(values, -50, 50))))
