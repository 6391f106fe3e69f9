"""The runtime of the face models, and the one crop that feeds them."""

from __future__ import annotations

import zipfile
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray, MissingExtraError
from coregulate.models import model_path

Image = NDArray[np.uint8]


class Network:
    """One model of the LiteRT runtime, on one thread; outputs flattened.

    Parameters
    ----------
    content : bytes
        The .tflite file.

    Raises
    ------
    MissingExtraError
        Where ``ai_edge_litert`` is not installed.
    """

    def __init__(self, content: bytes) -> None:
        try:
            from ai_edge_litert.interpreter import Interpreter  # type: ignore[import-untyped,unused-ignore]
        except ImportError:
            raise MissingExtraError(
                "Faces need the package ai-edge-litert, which is not installed",
                "Run 'python make.py video', or pip install 'coregulate[video]'",
            ) from None
        self._interpreter: Any = Interpreter(model_content=content, num_threads=1)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._outputs = {
            int(np.prod(d["shape"])): d["index"] for d in reversed(self._interpreter.get_output_details())
        }

    def __call__(self, values: NDArray[np.float32], *sizes: int) -> list[NDArray[np.float32]]:
        """Return the outputs that have these numbers of elements, each flat."""
        self._interpreter.set_tensor(self._input, values)
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(self._outputs[n]).ravel() for n in sizes]


def landmarker_parts() -> dict[str, bytes]:
    """Return the files inside ``face_landmarker.task`` by name.

    Raises
    ------
    StoreError
        Where the model is not here and cannot be fetched.
    """
    with zipfile.ZipFile(model_path("face_landmarker")) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def crop(
    rgb: Image,
    centre: FloatArray,
    side: float,
    roll_rad: float,
    n: int,
    low: float = 0.0,
    high: float = 255.0,
) -> NDArray[np.float32]:
    """Cut a turned square out of a picture, border replicated.

    Parameters
    ----------
    rgb : ndarray of uint8, shape (height, width, 3)
    centre : ndarray, shape (2,)
        x and y in pixels.
    side : float
        Of the square, pixels.
    roll_rad : float
        Turn of the square, clockwise as seen.
    n : int
        Pixels a side of the result.
    low, high : float
        What 0 and 255 become.

    Returns
    -------
    ndarray of float32, shape (1, n, n, 3)
        Bilinear; where the picture has at least three times the result's pixels a side, the mean of
        2 x 2 or 3 x 3 places a pixel.
    """
    step = side / n
    spread = int(np.clip(round(step / 2), 1, 3))
    place = (float(centre[0]), float(centre[1]), step * np.cos(roll_rad), step * np.sin(roll_rad))
    scale = (np.float32(low), np.float32((high - low) / 255.0))
    out: NDArray[np.float32] = _bilinear(rgb, *place, n, *scale) if spread == 1 else _mean(rgb, *place, n, spread, *scale)  # fmt: skip
    return out


@numba.njit(cache=True, nogil=True, fastmath=True)  # type: ignore[untyped-decorator,unused-ignore]
def _bilinear(
    rgb: Image, centre_x: float, centre_y: float, ux: float, uy: float, n: int, low: float, scale: float
) -> NDArray[np.float32]:  # pragma: no cover - compiled
    height, width = rgb.shape[0], rgb.shape[1]
    out = np.empty((1, n, n, 3), dtype=np.float32)
    first = 0.5 - 0.5 * n
    for row in range(n):
        b = row + first
        for col in range(n):
            a = col + first
            x = min(max(centre_x + a * ux - b * uy - 0.5, 0.0), width - 1.0)
            y = min(max(centre_y + a * uy + b * ux - 0.5, 0.0), height - 1.0)
            x0, y0 = int(x), int(y)
            x1, y1 = min(x0 + 1, width - 1), min(y0 + 1, height - 1)
            fx, fy = np.float32(x - x0), np.float32(y - y0)
            for c in range(3):
                top = rgb[y0, x0, c] + (np.float32(rgb[y0, x1, c]) - np.float32(rgb[y0, x0, c])) * fx
                down = rgb[y1, x0, c] + (np.float32(rgb[y1, x1, c]) - np.float32(rgb[y1, x0, c])) * fx
                out[0, row, col, c] = low + scale * (top + (down - top) * fy)
    return out


@numba.njit(cache=True, nogil=True, fastmath=True)  # type: ignore[untyped-decorator,unused-ignore]
def _mean(
    rgb: Image, centre_x: float, centre_y: float, ux: float, uy: float, n: int, spread: int, low: float, scale: float
) -> NDArray[np.float32]:  # pragma: no cover - compiled # fmt: skip
    height, width = rgb.shape[0], rgb.shape[1]
    out = np.empty((1, n, n, 3), dtype=np.float32)
    share = scale / np.float32(spread * spread)
    for row in range(n):
        for col in range(n):
            red, green, blue = 0, 0, 0
            for sub_row in range(spread):
                b = row + (sub_row + 0.5) / spread - 0.5 * n
                for sub_col in range(spread):
                    a = col + (sub_col + 0.5) / spread - 0.5 * n
                    x = int(min(max(centre_x + a * ux - b * uy, 0.0), width - 1.0))
                    y = int(min(max(centre_y + a * uy + b * ux, 0.0), height - 1.0))
                    red += rgb[y, x, 0]
                    green += rgb[y, x, 1]
                    blue += rgb[y, x, 2]
            out[0, row, col, 0] = low + share * red
            out[0, row, col, 1] = low + share * green
            out[0, row, col, 2] = low + share * blue
    return out
