"""The densely connected layers of CAM++: each adds 32 channels to all that is known, under a mask."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

SEGMENT = 100  # frames that share a mask, as the weights were trained

Values = NDArray[np.float32]
Norm = tuple[Values, Values]  # factor and shift of each channel


class Affine(NamedTuple):
    """A matrix and what is added; of a convolution, one matrix a tap."""

    matrix: Values
    shift: Values


class Layer(NamedTuple):
    """One layer of a dense block; ``local`` has its three taps side by side, (128, 3 * 32)."""

    before: Norm
    narrow: Affine
    local: Values
    mask: tuple[Affine, Affine]
    dilation: int


def dense(layers: tuple[Layer, ...], values: Values) -> Values:
    """Add what each layer makes of all before it: (n, frames, channels) to (n, frames, more)."""
    n, frames, known = values.shape
    n_each = layers[0].local.shape[1] // 3
    grown = np.empty((n, frames, known + n_each * len(layers)), dtype=values.dtype)
    grown[:, :, :known] = values
    for layer in layers:
        _add(layer, grown, known)
        known += n_each
    return grown


def _add(layer: Layer, grown: NDArray[Any], known: int) -> None:
    """Write what one layer adds behind the known channels, under a mask that the whole window and 2 s of it decide."""
    narrow = normalized(grown, layer.before, known) @ layer.narrow.matrix
    context = _rectified(narrow, layer.narrow.shift)
    one, two = layer.mask
    mask = 1 / (1 + np.exp(-(np.maximum(context @ one.matrix + one.shift, 0) @ two.matrix + two.shift)))
    _masked(narrow @ layer.local, mask, layer.dilation, grown, known)


def normalized(values: NDArray[Any], norm: Norm, known: int | None = None) -> NDArray[Any]:
    """Normalize each of the known channels (by default of all) and rectify, shape (n, frames, known)."""
    known = values.shape[2] if known is None else known
    out = np.empty((*values.shape[:2], known), dtype=values.dtype)
    _scaled(values, *norm, out)
    return out


@numba.njit(cache=True, nogil=True, fastmath=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _scaled(
    values: NDArray[Any], factor: Values, shift: Values, out: NDArray[Any]
) -> None:  # pragma: no cover - compiled
    zero = out.dtype.type(0)
    for k in range(out.shape[0]):
        for t in range(out.shape[1]):
            row, to = values[k, t], out[k, t]
            for c in range(len(to)):
                to[c] = max(row[c] * factor[c] + shift[c], zero)


@numba.njit(cache=True, nogil=True, fastmath=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _rectified(values: NDArray[Any], shift: Values) -> NDArray[Any]:  # pragma: no cover - compiled
    """Shift and rectify in place; return each segment's mean plus that of all, (n, segments, channels)."""
    n, frames, n_channels = values.shape
    zero = values.dtype.type(0)
    context = np.zeros((n, -(-frames // SEGMENT), n_channels), dtype=values.dtype)
    whole = np.empty(n_channels, dtype=values.dtype)
    for k in range(n):
        for t in range(frames):
            row, total = values[k, t], context[k, t // SEGMENT]
            for c in range(n_channels):
                row[c] = max(row[c] + shift[c], zero)
                total[c] += row[c]
        whole[:] = zero
        for s in range(context.shape[1]):
            whole += context[k, s]
            context[k, s] /= min(SEGMENT, frames - s * SEGMENT)
        context[k] += whole / frames
    return context


@numba.njit(cache=True, nogil=True, fastmath=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _masked(
    taps: NDArray[Any], mask: NDArray[Any], dilation: int, out: NDArray[Any], known: int
) -> None:  # pragma: no cover - compiled
    """Sum what three frames give each other, zeros outside, times the mask, into `out` from channel `known` on."""
    n, frames, width = taps.shape
    width //= 3
    for k in range(n):
        for t in range(frames):
            to, share, here = out[k, t, known : known + width], mask[k, t // SEGMENT], taps[k, t, width:]
            for c in range(width):
                to[c] = here[c]
            if t >= dilation:
                before = taps[k, t - dilation]
                for c in range(width):
                    to[c] += before[c]
            if t + dilation < frames:
                after = taps[k, t + dilation, 2 * width :]
                for c in range(width):
                    to[c] += after[c]
            for c in range(width):
                to[c] *= share[c]
