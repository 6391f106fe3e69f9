"""Cross-correlation inside segments beside pairs of segments that never met, as SUSY has it: for comparison."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from coregulate.core import FloatArray, SignalError

from .correlation import checked


class SegmentSynchrony(NamedTuple):
    """Mean Fisher z of segments by lag, and of segments that were not at the same time.

    Parameters
    ----------
    n_segments : int
        Segments in which both were seen throughout and moved.
    lags_s : array, shape (k,)
        Above 0: the first leads.
    z, pseudo_z, size, pseudo_size : array, shape (k,)
        Signed means and means of the size, of the pair and of its pseudo-pairs.
    effect_size, effect_size_of_size : float
        (mean over lags - that of the pseudo-pairs) / SD of the pseudo-pairs' means over lags. No test:
        it passes 1.96 in half of slow pairs and more that never met (docs/bond.md).
    """

    n_segments: int
    lags_s: FloatArray
    z: FloatArray
    pseudo_z: FloatArray
    size: FloatArray
    pseudo_size: FloatArray
    effect_size: float
    effect_size_of_size: float


def segment_synchrony(
    a: FloatArray, b: FloatArray, *, rate_hz: float, segment_s: float = 30.0, max_lag_s: float = 3.0
) -> SegmentSynchrony:
    """Cross-correlate the segments of two series, each with its own and with all others.

    Parameters
    ----------
    a, b : array, shape (n,)
        On one regular grid; NaN where missing.
    rate_hz : float
    segment_s : float
        Segments do not overlap; what is left over at the end is not used.
    max_lag_s : float
        SUSY's default is 3.

    Returns
    -------
    SegmentSynchrony

    Raises
    ------
    SignalError
        If the two differ in length, a segment is shorter than two lags, or fewer than two segments are
        whole.

    Notes
    -----
    Source: Tschacher & Meier 2020, 10.1080/10503307.2019.1612114, and the package SUSY. A lag takes its
    pairs from inside the segment and divides by all of it, as R's ``ccf`` does, so far lags are smaller
    than those of :func:`lagged_correlation`.

    Differences from SUSY: segments with gaps are left out, SUSY takes the gaps out and joins what is left;
    segments in which one does not move are left out of the mean, SUSY counts them as 0.

    Examples
    --------
    >>> x = np.random.default_rng(0).standard_normal(602)
    >>> found = segment_synchrony(x[2:], x[:-2], rate_hz=1.0, segment_s=60.0, max_lag_s=5.0)
    >>> found.n_segments, float(found.lags_s[found.z.argmax()]), found.effect_size > 2
    (10, 2.0, True)
    """
    a, b = checked(a, b, rate_hz)
    width, longest = round(segment_s * rate_hz), round(max_lag_s * rate_hz)
    if width < max(2 * longest, 3):
        raise SignalError(
            f"A segment of {segment_s:g} s is shorter than two lags of {max_lag_s:g} s",
            "Give a longer segment_s or a smaller max_lag_s",
        )
    one, two = _whole_segments(a, b, width)
    if len(one) < 2:
        raise SignalError(f"{len(one)} segments of {segment_s:g} s were whole", "Give a longer recording")
    z, own = _all_pairs(one, two, longest), np.eye(len(one), dtype=bool)
    signed, pseudo = z[own].mean(axis=0), z[~own].mean(axis=0)
    size, pseudo_size = np.abs(z[own]).mean(axis=0), np.abs(z[~own]).mean(axis=0)
    lags_s = np.arange(-longest, longest + 1) / rate_hz
    effects = _effect(signed, pseudo), _effect(size, pseudo_size)
    return SegmentSynchrony(len(one), lags_s, signed, pseudo, size, pseudo_size, *effects)


def _whole_segments(a: FloatArray, b: FloatArray, width: int) -> tuple[FloatArray, FloatArray]:
    """Segments (m, width) in which both were seen and moved, mean 0 and sum of squares 1."""
    n = len(a) // width
    one, two = (x[: n * width].reshape(n, width) for x in (a, b))
    one, two = (x - x.mean(axis=1, keepdims=True) for x in (one, two))
    size = [np.sqrt((x * x).sum(axis=1, keepdims=True)) for x in (one, two)]
    use = np.isfinite(size[0] + size[1]) & (size[0] > 0) & (size[1] > 0)
    return (one / np.where(use, size[0], np.nan))[use[:, 0]], (two / np.where(use, size[1], np.nan))[
        use[:, 0]
    ]


def _all_pairs(one: FloatArray, two: FloatArray, longest: int) -> FloatArray:
    """Fisher z of every segment of one with every segment of the other (m, m, lags)."""
    from .lagged_kernels import MAX_R  # numba takes half a second to import

    size = one.shape[1] + longest
    forward, back = np.fft.rfft(one, size, axis=1).conj(), np.fft.rfft(two, size, axis=1)
    r = np.fft.irfft(forward[:, None] * back, size, axis=2)
    r = np.concatenate([r[..., size - longest :], r[..., : longest + 1]], axis=2)
    return np.asarray(np.arctanh(np.clip(r, -MAX_R, MAX_R)))


def _effect(own: FloatArray, pseudo: FloatArray) -> float:
    sd = float(pseudo.std(ddof=1)) if len(pseudo) > 1 else 0.0
    return float(own.mean() - pseudo.mean()) / sd if sd > 0 else float("nan")
