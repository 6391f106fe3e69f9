"""The two-dimensional front end of CAM++: bands and frames convolved three by three, channels first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

_ROWS = 8  # measured: bands at a time whose sums stay in the nearest memory
_RESIDUAL = ("head.layer1.0", "head.layer1.1", "head.layer2.0", "head.layer2.1")

Values = NDArray[np.float32]


class Plane(NamedTuple):
    """A kernel: for each of three neighbouring frames a matrix over three neighbouring bands, and what is added.

    ``taps`` has the shape (3, out, 3 * in), ``shift`` (out,).
    """

    taps: Values
    shift: Values


class Head(NamedTuple):
    """Kernels by name, and those of the shorter way where bands are halved: matrix (out, in) and what is added."""

    planes: Mapping[str, Plane]
    short: Mapping[str, tuple[Values, Values]]


def plane_of(kernel: NDArray[Any], shift: NDArray[Any]) -> Plane:
    """Arrange a kernel of shape (3 bands, 3 frames, in, out)."""
    taps = np.moveaxis(kernel, (1, 3, 0, 2), (0, 1, 2, 3))
    return Plane(np.ascontiguousarray(taps.reshape(3, kernel.shape[3], -1)), shift)


def front_end(head: Head, mels: Values) -> Values:
    """Convolve mel frames of one window: (frames, 80) to (frames, 320)."""
    seen = with_edges(mels.T[:, None])
    seen = convolved(seen, head.planes["head.conv1"])
    for name in _RESIDUAL:
        short = head.short.get(name)
        rest = seen[1:-1] if short is None else short[0] @ seen[1:-1:2] + short[1][:, None]
        once = convolved(seen, head.planes[f"{name}.conv1"], 1 if short is None else 2)
        seen = convolved(once, head.planes[f"{name}.conv2"], added=rest)
    seen = convolved(seen, head.planes["head.conv2"], 2)[1:-1, :, 1:-1]
    return np.asarray(seen.transpose(2, 1, 0).reshape(seen.shape[2], -1))  # channels before bands


def with_edges(seen: NDArray[Any]) -> NDArray[Any]:
    """Put zeros around bands and frames."""
    bands, n_in, frames = seen.shape
    out = np.zeros((bands + 2, n_in, frames + 2), dtype=seen.dtype)
    out[1:-1, :, 1:-1] = seen
    return out


def convolved(
    seen: NDArray[Any], plane: Plane, stride: int = 1, added: NDArray[Any] | None = None
) -> NDArray[Any]:
    """Convolve, add and rectify.

    Parameters
    ----------
    seen : ndarray, shape (bands + 2, channels, frames + 2)
        With zeros around.
    plane : Plane
    stride : int
        In bands.
    added : ndarray, shape (new bands, out, frames + 2), optional
        The edges of its frames are left out.

    Returns
    -------
    ndarray, shape (new bands + 2, out, frames + 2)
        With zeros around.
    """
    bands, n_in, frames = seen.shape[0] - 2, seen.shape[1], seen.shape[2] - 2
    high = (bands - 1) // stride + 1
    across, along, step = seen.strides
    # three bands that follow each other are one matrix: nothing is copied
    three = np.lib.stride_tricks.as_strided(
        seen, (high, 3 * n_in, frames + 2), (stride * across, along, step), writeable=False
    )
    n_out = plane.taps.shape[1]
    out = np.empty((high + 2, n_out, frames + 2), dtype=seen.dtype)
    out[0] = out[-1] = out[:, :, 0] = out[:, :, -1] = 0
    sums = np.empty((3, min(_ROWS, high), n_out, frames), dtype=seen.dtype)
    rest = np.empty((0, n_out, frames + 2), dtype=seen.dtype) if added is None else added
    for low in range(0, high, _ROWS):
        rows = three[low : low + _ROWS]
        for k in range(3):
            np.matmul(plane.taps[k], rows[:, :, k : k + frames], out=sums[k, : len(rows)])
        _together(sums, plane.shift, rest, out, low)
    return out


@numba.njit(cache=True, nogil=True, fastmath=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _together(
    sums: NDArray[Any], shift: Values, added: NDArray[Any], out: NDArray[Any], low: int
) -> None:  # pragma: no cover - compiled
    """Add what three frames give, the shift and the rest, and rectify, into the bands of `out` from `low` on."""
    zero = sums.dtype.type(0)
    for row in range(min(sums.shape[1], len(out) - 2 - low)):
        for k in range(sums.shape[2]):
            one, two, three = sums[0, row, k], sums[1, row, k], sums[2, row, k]
            to = out[low + row + 1, k, 1:-1]
            if len(added) == 0:
                for t in range(len(to)):
                    to[t] = max(one[t] + two[t] + three[t] + shift[k], zero)
            else:
                rest = added[low + row, k, 1:-1]
                for t in range(len(to)):
                    to[t] = max(one[t] + two[t] + three[t] + shift[k] + rest[t], zero)
