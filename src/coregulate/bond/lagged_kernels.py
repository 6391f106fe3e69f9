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
def _scatter(x: Array, width: int) -> Array:
    """Sum of squares round the mean of each window of ``width`` samples, by its first sample.

    Running sums lose what little a window moves that hardly does: it is summed again by itself.
    """
    out = np.empty(x.shape[1] - width)
    for i in range(out.shape[0]):
        total = x[3, i + width] - x[3, i]
        out[i] = x[4, i + width] - x[4, i] - total * total / width
        if out[i] < QUIET * width:
            mean, again = total / width, 0.0
            for k in range(i, i + width):
                again += (x[1, k] - mean) ** 2
            out[i] = again
    return out


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _z(n: float, sab: float, va: float, vb: float) -> float:
    """Fisher z from sums round the means; NaN where one of the two does not move."""
    if va < STILL * n or vb < STILL * n:
        return np.nan
    r = sab / np.sqrt(va * vb)
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
    return float(_z(n, sab, va, vb))


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def window_z(
    a: Array, b: Array, from_a: int, from_b: int, n_windows: int, step: int, width: int, block: int,
    least: float, scatter_a: Array, scatter_b: Array, sums: Array, z: Array,
) -> None:  # fmt: skip
    """Fisher z of each window; NaN under ``least`` common samples.

    ``scatter_a`` and ``scatter_b`` are empty where something is missing; ``sums`` (6, blocks + 1) is room
    to work in.
    """
    whole = scatter_a.shape[0] > 0
    _running(a[1], b[1], from_a, from_b, block, sums[0])
    if not whole:
        _running(a[0], b[0], from_a, from_b, block, sums[1])
        _running(a[1], b[0], from_a, from_b, block, sums[2])
        _running(a[0], b[1], from_a, from_b, block, sums[3])
        _running(a[2], b[0], from_a, from_b, block, sums[4])
        _running(a[0], b[2], from_a, from_b, block, sums[5])
    for i in range(n_windows):
        j, k = i * step // block, (i * step + width) // block
        p, q = from_a + i * step, from_b + i * step
        sab = sums[0, k] - sums[0, j]
        if whole:
            n = float(width)
            sa, sb = a[3, p + width] - a[3, p], b[3, q + width] - b[3, q]
            va, vb = scatter_a[p], scatter_b[q]
            quiet = va * vb < (QUIET * n) ** 2
        else:
            n = sums[1, k] - sums[1, j]
            if n < least:
                z[i] = np.nan
                continue
            sa, sb = sums[2, k] - sums[2, j], sums[3, k] - sums[3, j]
            va = sums[4, k] - sums[4, j] - sa * sa / n
            vb = sums[5, k] - sums[5, j] - sb * sb / n
            quiet = va < QUIET * n or vb < QUIET * n
        z[i] = _quiet_z(a, b, p, q, width) if quiet else _z(n, sab - sa * sb / n, va, vb)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _scatters(a: Array, b: Array, width: int, whole: bool) -> tuple[Array, Array]:
    if whole:
        return _scatter(a, width), _scatter(b, width)
    return np.empty(0), np.empty(0)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def lagged_z(
    a: Array, b: Array, lags: Array, n_windows: int, step: int, width: int, block: int, least: float, whole: bool
) -> Array:  # fmt: skip
    """Fisher z (windows, lags); whoever leads has the window that begins first."""
    out = np.empty((lags.shape[0], n_windows))
    sums = np.empty((6, ((n_windows - 1) * step + width) // block + 1))
    of_a, of_b = _scatters(a, b, width, whole)
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
    of_a, of_b = _scatters(a, b, width, whole)
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
