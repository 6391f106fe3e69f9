"""Running correlations, compiled (numba): sums over blocks, so that a shift costs one pass over the series.

Windows begin every ``step`` samples and are ``width`` long; a block is the greatest common divisor of
the two. Series come as five rows: mask (1 where seen), values and squares (0 where missing), and the
running totals of the last two.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from coregulate.core import FloatArray

Array = NDArray[Any]
# Sums may be reordered: that is what makes them fast. No NaN comes in.
_FAST = {"reassoc", "contract", "nsz"}
MAX_R = 0.9999999958  # |z| at most 10, as rMEA has it
QUIET = 1e-4  # variance, all being 1, under which a window is summed by itself: running sums would lose it
STILL = 1e-20  # variance under which there is rounding, not movement


def rows(x: FloatArray, *, circle: bool = False) -> FloatArray:
    """Make the five rows of a series (5, n + 1), twice over where it is read round a circle.

    Mean 0 and SD 1, so that running sums stay exact; correlations do not notice.
    """
    seen = np.isfinite(x)
    mean, sd = (float(x[seen].mean()), float(x[seen].std())) if seen.any() else (0.0, 0.0)
    z = np.where(seen, (x - mean) / (sd if sd > 0 else 1.0), 0.0)
    mask = seen.astype(np.float64)
    if circle:
        z, mask = np.tile(z, 2), np.tile(mask, 2)
    out = np.zeros((5, len(z) + 1))
    out[0, :-1], out[1, :-1], out[2, :-1] = mask, z, z**2
    out[3, 1:], out[4, 1:] = np.cumsum(z), np.cumsum(z**2)
    return out


@njit(cache=True, nogil=True, fastmath=_FAST)  # type: ignore[untyped-decorator]
def _running(x: Array, y: Array, from_x: int, from_y: int, block: int, out: Array) -> None:
    """``out[j]``: sum of x * y over the first j blocks, each read on from its own sample."""
    out[0] = 0.0
    for j in range(out.shape[0] - 1):
        total = 0.0
        for k in range(j * block, (j + 1) * block):
            total += x[from_x + k] * y[from_y + k]
        out[j + 1] = out[j] + total


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _moments(x: Array, width: int) -> Array:
    """Sum over the root of ``width``, and one over the root of the scatter, of each window, by its first sample.

    NaN where nothing moves. Running sums lose what little a window moves that hardly does: it is summed
    again by itself.
    """
    out = np.empty((2, x.shape[1] - width))
    for i in range(out.shape[1]):
        total = x[3, i + width] - x[3, i]
        scatter = x[4, i + width] - x[4, i] - total * total / width
        if scatter < QUIET * width:
            mean, scatter = total / width, 0.0
            for k in range(i, i + width):
                scatter += (x[1, k] - mean) ** 2
        out[0, i] = total / np.sqrt(width)
        out[1, i] = 1 / np.sqrt(scatter) if scatter >= STILL * width else np.nan
    return out


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _z(r: float) -> float:
    """Fisher z."""
    r = min(max(r, -MAX_R), MAX_R)
    return float(0.5 * np.log((1 + r) / (1 - r)))  # a third of the time of arctanh


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _quiet_z(a: Array, b: Array, p: int, q: int, width: int) -> float:
    """Fisher z of one window by itself, over what was seen in both."""
    n, sa, sb = 0.0, 0.0, 0.0
    for k in range(width):
        seen = a[0, p + k] * b[0, q + k]
        n += seen
        sa += seen * a[1, p + k]
        sb += seen * b[1, q + k]
    sa, sb = sa / n, sb / n
    sab, va, vb = 0.0, 0.0, 0.0
    for k in range(width):
        seen = a[0, p + k] * b[0, q + k]
        x, y = seen * (a[1, p + k] - sa), seen * (b[1, q + k] - sb)
        sab += x * y
        va += x * x
        vb += y * y
    if va < STILL * n or vb < STILL * n:
        return np.nan
    return float(_z(sab / np.sqrt(va * vb)))


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _whole_z(
    a: Array, b: Array, from_a: int, from_b: int, step: int, width: int, block: int, of_a: Array, of_b: Array,
    products: Array, z: Array,
) -> None:  # fmt: skip
    """Fisher z of each window where nothing is missing: all but the products is known beforehand."""
    _running(a[1], b[1], from_a, from_b, block, products)
    stride, reach = step // block, width // block
    for i in range(z.shape[0]):
        j, k = i * stride, i * stride + reach
        p, q = from_a + i * step, from_b + i * step
        size = of_a[1, p] * of_b[1, q]
        if size * QUIET * width > 1:
            z[i] = _quiet_z(a, b, p, q, width)
        else:  # NaN stays NaN
            r = (products[k] - products[j] - of_a[0, p] * of_b[0, q]) * size
            z[i] = _z(r) if r == r else np.nan


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def window_z(
    a: Array, b: Array, from_a: int, from_b: int, n_windows: int, step: int, width: int, block: int,
    least: float, of_a: Array, of_b: Array, sums: Array, z: Array,
) -> None:  # fmt: skip
    """Fisher z of each window; NaN under ``least`` common samples.

    ``of_a`` and ``of_b`` are empty where something is missing; ``sums`` (6, blocks + 1) is room to work in.
    """
    if of_a.shape[1] > 0:
        _whole_z(a, b, from_a, from_b, step, width, block, of_a, of_b, sums[0], z)
        return
    for row, one, two in ((0, 1, 1), (1, 0, 0), (2, 1, 0), (3, 0, 1), (4, 2, 0), (5, 0, 2)):
        _running(a[one], b[two], from_a, from_b, block, sums[row])
    stride, reach = step // block, width // block
    for i in range(n_windows):
        j, k = i * stride, i * stride + reach
        n = sums[1, k] - sums[1, j]
        if n < least:
            z[i] = np.nan
            continue
        sa, sb = sums[2, k] - sums[2, j], sums[3, k] - sums[3, j]
        va = sums[4, k] - sums[4, j] - sa * sa / n
        vb = sums[5, k] - sums[5, j] - sb * sb / n
        if va < QUIET * n or vb < QUIET * n:
            z[i] = _quiet_z(a, b, from_a + i * step, from_b + i * step, width)
        else:
            z[i] = _z((sums[0, k] - sums[0, j] - sa * sb / n) / np.sqrt(va * vb))


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _both_moments(a: Array, b: Array, width: int, whole: bool) -> tuple[Array, Array]:
    if whole:
        return _moments(a, width), _moments(b, width)
    return np.empty((2, 0)), np.empty((2, 0))


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def lagged_z(
    a: Array, b: Array, lags: Array, n_windows: int, step: int, width: int, block: int, least: float, whole: bool
) -> Array:  # fmt: skip
    """Fisher z (windows, lags); whoever leads has the window that begins first."""
    out = np.empty((lags.shape[0], n_windows))
    sums = np.empty((6, ((n_windows - 1) * step + width) // block + 1))
    of_a, of_b = _both_moments(a, b, width, whole)
    for j in range(lags.shape[0]):
        if lags[j] >= 0:
            window_z(a, b, 0, lags[j], n_windows, step, width, block, least, of_a, of_b, sums, out[j])
        else:  # the same sums with the two exchanged, so that swapping swaps to the last digit
            window_z(b, a, 0, -lags[j], n_windows, step, width, block, least, of_b, of_a, sums, out[j])
    return out.T


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def shifted_mean_z(
    a: Array, b: Array, shifts: Array, length: int, step: int, width: int, block: int, least: float,
    whole: bool, absolute: bool,
) -> Array:  # fmt: skip
    """Average z, or its size, over the windows of ``a`` with ``b`` (twice over) read on from each shift.

    Windows in which b passes from its end to its beginning are left out: the seam is not data.
    """
    n_windows = (length - width) // step + 1
    sums = np.empty((6, ((n_windows - 1) * step + width) // block + 1))
    z = np.empty(n_windows)
    of_a, of_b = _both_moments(a, b, width, whole)
    out = np.full(shifts.shape[0], np.nan)
    for j in range(shifts.shape[0]):
        shift = shifts[j] % length
        seam = length - shift if shift > 0 else -1
        window_z(a, b, 0, shift, n_windows, step, width, block, least, of_a, of_b, sums, z)
        total, count = 0.0, 0
        for i in range(n_windows):
            if z[i] != z[i] or i * step < seam < i * step + width:
                continue
            total += abs(z[i]) if absolute else z[i]
            count += 1
        if count > 0:
            out[j] = total / count
    return out
