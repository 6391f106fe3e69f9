"""The runtime of the face models, and the one crop that feeds them."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
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
        with _ungreeted():
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


@contextmanager
def _ungreeted() -> Iterator[None]:
    """Hold back the runtime's INFO lines: it writes them past Python and has no switch. All else is passed on."""
    try:
        errors = os.dup(2)
    except OSError:  # a program without an error channel
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(errors, 2)
            os.close(errors)
            held.seek(0)
            os.write(2, b"".join(line for line in held if not line.startswith(b"INFO: ")))


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
    if min(rgb.shape[:2]) < 2:
        rgb = np.pad(rgb, ((0, 1), (0, 1), (0, 0)), mode="edge")
    rgb = np.ascontiguousarray(rgb)
    step = side / n
    spread = int(np.clip(round(step / 2), 1, 3))
    place = (float(centre[0]), float(centre[1]), step * np.cos(roll_rad), step * np.sin(roll_rad))
    scale = (np.float32(low), np.float32((high - low) / 255.0))
    out: NDArray[np.float32] = _bilinear(rgb, *place, n, *scale) if spread == 1 else _mean(rgb, *place, n, spread, *scale)  # fmt: skip
    return out


def coarse(rgb: Image) -> tuple[NDArray[np.uint8], NDArray[np.intp], NDArray[np.intp]]:
    """Take 36 x 64 places of a picture, evenly spread.

    Returns
    -------
    colours : ndarray of uint8, shape (36, 64, 3)
    rows, columns : ndarray of int, shapes (36,) and (64,)
        Where in the picture they lie.
    """
    rows, columns, at = _places(*rgb.shape[:2])
    return rgb[at], rows, columns


@lru_cache(maxsize=8)
def _places(
    height: int, width: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], tuple[NDArray[np.intp], ...]]:
    rows, columns = np.linspace(0, height - 1, 36).astype(int), np.linspace(0, width - 1, 64).astype(int)
    return rows, columns, np.ix_(rows, columns)


@numba.njit(cache=True, nogil=True, fastmath=True)  # type: ignore[untyped-decorator,unused-ignore]
def _bilinear(
    rgb: Image, centre_x: float, centre_y: float, ux: float, uy: float, n: int, low: float, scale: float
) -> NDArray[np.float32]:  # pragma: no cover - compiled
    height, width = rgb.shape[0], rgb.shape[1]
    flat, line = rgb.reshape(-1), 3 * width
    out = np.empty(n * n * 3, dtype=np.float32)
    # Places of a row first, colours after: apart, both loops become vector instructions.
    at, right, down = np.empty(n, np.int32), np.empty(n, np.float32), np.empty(n, np.float32)
    first = 0.5 - 0.5 * n
    last_x, last_y = np.float32(width - 1 - 1e-3), np.float32(height - 1 - 1e-3)
    step_x, step_y = np.float32(ux), np.float32(uy)
    for row in range(n):
        b = row + first
        left, top = np.float32(centre_x + first * ux - b * uy - 0.5), np.float32(centre_y + first * uy + b * ux - 0.5)  # fmt: skip
        for col in range(n):
            x = min(max(left + col * step_x, np.float32(0.0)), last_x)
            y = min(max(top + col * step_y, np.float32(0.0)), last_y)
            x0, y0 = np.int32(x), np.int32(y)
            right[col], down[col] = x - np.float32(x0), y - np.float32(y0)
            at[col] = y0 * line + 3 * x0
        for col in range(n):
            fx, fy = right[col], down[col]
            for c in range(3):
                p = np.uint32(at[col] + c)
                q = p + np.uint32(line)
                above = flat[p] + (np.float32(flat[p + np.uint32(3)]) - np.float32(flat[p])) * fx
                below = flat[q] + (np.float32(flat[q + np.uint32(3)]) - np.float32(flat[q])) * fx
                out[(row * n + col) * 3 + c] = low + scale * (above + (below - above) * fy)
    return out.reshape(1, n, n, 3)


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
