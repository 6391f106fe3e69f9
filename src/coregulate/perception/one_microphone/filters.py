"""The front end of the segmentation network: loudness in 80 learned bands, then two convolutions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

KERNEL, STRIDE, POOL = 251, 10, 3  # samples, samples, frames: as the weights were trained
_LOWEST_HZ = _NARROWEST_HZ = 50.0
_HIGHEST_HZ = 8000.0
_EPS = 1e-5  # PyTorch's own
_FRAMES = 960  # measured: of the filters, and of a convolution, at a time; whole pools

Values = NDArray[np.float32]


class Norm(NamedTuple):
    """Of each channel over a chunk: mean 0 and variance 1, then a learned scale and shift."""

    scale: Values
    shift: Values


class Filters(NamedTuple):
    """Weights made ready: the taps of a convolution side by side, (in, taps * out)."""

    bands: Values  # (251, 80)
    convolutions: tuple[tuple[Values, Values], ...]  # with what is added
    norms: tuple[Norm, ...]  # of the samples and of each layer


def filters_of(weights: Mapping[str, Any]) -> Filters:
    """Arrange PyTorch's weights."""
    bank = "sincnet.conv1d.0.filterbank."
    bands = sinc_filters(
        weights[bank + "low_hz_"][:, 0],
        weights[bank + "band_hz_"][:, 0],
        weights[bank + "n_"][0],
        weights[bank + "window_"],
    )
    convolutions = tuple(
        (np.hstack(list(weights[f"{name}.weight"].transpose(2, 1, 0))), weights[f"{name}.bias"])
        for name in ("sincnet.conv1d.1", "sincnet.conv1d.2")
    )
    norms = ("sincnet.wav_norm1d", *(f"sincnet.norm1d.{k}" for k in range(3)))
    return Filters(
        np.ascontiguousarray(bands.T),
        convolutions,
        tuple(Norm(weights[f"{name}.weight"], weights[f"{name}.bias"]) for name in norms),
    )


def sinc_filters(low_hz: Values, band_hz: Values, phase: Values, window: Values) -> Values:
    """Band-pass filters from their learned edges (Ravanelli & Bengio 2018), even ones and then odd ones.

    Parameters
    ----------
    low_hz, band_hz : ndarray, shape (n,)
        Learned offsets of each band's lower edge and width.
    phase, window : ndarray, shape (k,)
        2 pi t of the samples before the middle, s; the half window on them.

    Returns
    -------
    ndarray of float32, shape (2 n, 2 k + 1)
    """
    low = _LOWEST_HZ + np.abs(low_hz.astype(np.float64))[:, None]
    high = np.clip(low + _NARROWEST_HZ + np.abs(band_hz)[:, None], _LOWEST_HZ, _HIGHEST_HZ)
    band = high - low
    even = (np.sin(high * phase) - np.sin(low * phase)) / (phase / 2) * window
    odd = (np.cos(low * phase) - np.cos(high * phase)) / (phase / 2) * window
    both = [
        np.hstack([even, 2 * band, even[:, ::-1]]),
        np.hstack([odd, np.zeros_like(band), -odd[:, ::-1]]),
    ]
    return np.asarray(np.vstack([x / (2 * band) for x in both]), dtype=np.float32)


def filtered(filters: Filters, samples: Values, starts: NDArray[np.intp], length: int) -> Values:
    """Filter chunks of a stretch of sound, shape (frames, chunks, channels).

    Parameters
    ----------
    filters : Filters
    samples : ndarray, shape (n,)
    starts : ndarray of int, shape (chunks,)
        First sample of each chunk. Chunks a whole number of strides apart share the work of the bands.
    length : int
        Samples of each.
    """
    n = (length - KERNEL) // STRIDE + 1
    heard: list[Values] = [np.empty(0, np.float32)] * len(starts)
    for phase in np.unique(starts % STRIDE):
        own = np.flatnonzero(starts % STRIDE == phase)
        first = int(starts[own].min())
        passed = _passed(filters.bands, samples[first : int(starts[own].max()) + length])
        for k in own:
            low = (int(starts[k]) - first) // STRIDE
            heard[k] = _chunk(filters, samples[starts[k] :][:length], passed[low : low + n])
    return np.stack(heard, axis=1)


def _passed(bands: Values, samples: Values) -> Values:
    """Send sound through each band, a value each ten samples: (frames, 80)."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, KERNEL)[::STRIDE]
    out = np.empty((len(frames), bands.shape[1]), dtype=np.float32)
    for low in range(0, len(frames), _FRAMES):
        # copied, since a matrix of overlapping rows misses the fast product
        np.matmul(frames[low : low + _FRAMES].copy(), bands, out=out[low : low + _FRAMES])
    return out


def _chunk(filters: Filters, samples: Values, passed: Values) -> Values:
    """From what the bands let pass to (frames, 60)."""
    # the samples' own normalization is one factor and one shift: it can as well follow the filters
    scale = filters.norms[0].scale / np.sqrt(samples.var() + _EPS)
    shift = filters.norms[0].shift - samples.mean() * scale
    heard: Values = np.empty((len(passed) // POOL, passed.shape[1]), dtype=np.float32)
    _loudest(passed, scale[0], shift[0] * filters.bands.sum(axis=0), heard)
    _normalize(heard, *filters.norms[1])
    for (taps, added), norm in zip(filters.convolutions, filters.norms[2:], strict=True):
        heard = _convolved(heard, taps, added)
        _normalize(heard, *norm)
    return heard


def _convolved(heard: Values, taps: Values, added: Values) -> Values:
    """Convolve frames inside the chunk, and keep the largest of each three."""
    n_out = len(added)
    reach = taps.shape[1] // n_out - 1
    n = (len(heard) - reach) // POOL
    out = np.empty((n, n_out), dtype=np.float32)
    for low in range(0, n, _FRAMES // POOL):
        part = out[low : low + _FRAMES // POOL]
        _largest(heard[low * POOL :][: len(part) * POOL + reach] @ taps, added, part)
    return out


@numba.njit(cache=True, nogil=True, fastmath=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _loudest(
    passed: Values, scale: np.float32, shift: Values, out: Values
) -> None:  # pragma: no cover - compiled
    """Largest amount of three frames, each scaled and shifted before."""
    for k in range(len(out)):
        one, two, three, to = passed[3 * k], passed[3 * k + 1], passed[3 * k + 2], out[k]
        for c in range(len(to)):
            a, b = abs(scale * one[c] + shift[c]), abs(scale * two[c] + shift[c])
            to[c] = max(max(a, b), abs(scale * three[c] + shift[c]))


@numba.njit(cache=True, nogil=True, fastmath=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _largest(taps: Values, added: Values, out: Values) -> None:  # pragma: no cover - compiled
    """Sum what neighbouring frames give each other, and keep the largest of three sums."""
    n_out = len(added)
    total = np.empty(n_out, np.float32)
    for k in range(len(out)):
        to = out[k]
        for m in range(3):
            total[:] = added
            for j in range(taps.shape[1] // n_out):
                near = taps[3 * k + m + j, j * n_out : (j + 1) * n_out]
                for c in range(n_out):
                    total[c] += near[c]
            for c in range(n_out):
                to[c] = total[c] if m == 0 else max(to[c], total[c])


@numba.njit(cache=True, nogil=True, fastmath=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _normalize(values: Values, scale: Values, shift: Values) -> None:  # pragma: no cover - compiled
    """Normalize each channel in place, then let a hundredth of what is under zero through."""
    n, channels = values.shape
    total, squares = np.zeros(channels), np.zeros(channels)
    for k in range(n):
        row = values[k]
        for c in range(channels):
            total[c] += row[c]
            squares[c] += np.float64(row[c]) * row[c]
    factor, offset = np.empty(channels, np.float32), np.empty(channels, np.float32)
    for c in range(channels):
        mean = total[c] / n
        spread = np.sqrt(max(squares[c] / n - mean * mean, 0.0) + _EPS)
        factor[c], offset[c] = scale[c] / spread, shift[c] - mean * scale[c] / spread
    for k in range(n):
        row = values[k]
        for c in range(channels):
            value = row[c] * factor[c] + offset[c]
            row[c] = max(value, np.float32(0.01) * value)
