"""Series that keep what one person is like and lose what ties them to the other.

Each takes ``x`` (n,) with NaN where missing and gives (m, n). Gaps of circular shifts and segments move
with the series; phase randomisation and IAAFT keep them in place.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray, SignalError

MIN_SHIFTS = 20  # prior: with fewer surrogates not even p = 0.05 can be reached
IAAFT_ROUNDS = 60  # prior: the order rarely changes after
BURST_S = 2.0  # docs/bond.md: SD of the Gaussian over which the size that both share is averaged
MINUTE_S = 60.0  # docs/bond.md: within it runs of codes change places
MINUTE_SAMPLES = 20  # prior: fewer hold too few runs to change places
QUIET = 0.02  # prior: of the mean power; keeps quiet moments from being blown up


def shifts(n: int, least: int, m: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw ``m`` different circular shifts of at least ``least`` samples either way (all, if fewer)."""
    possible = np.arange(max(least, 1), n - max(least, 1) + 1, dtype=np.int64)
    if len(possible) > m:
        possible = np.sort(rng.choice(possible, m, replace=False))
    return possible


def rolled(x: FloatArray, by: NDArray[np.int64]) -> FloatArray:
    """Read ``x`` on from each shift, round the end."""
    return np.asarray(x[(np.arange(len(x)) + by[:, None]) % len(x)])


def burst_kept(a: FloatArray, b: FloatArray, by: NDArray[np.int64], rate_hz: float) -> FloatArray:
    """Shift what is left of ``b`` when the size of both is taken out of it, and put the size back in its place.

    Two people who swell and fade at the same moments do so in these surrogates as well, so that no test
    takes the common bursts for a link. Each holds exactly the values of ``b``, in another order.
    """
    size = common_size(a, b, rate_hz)
    moved = size * rolled((b - float(np.nanmean(b))) / size, by)
    out = np.empty_like(moved)  # NaN comes last in both orders
    np.put_along_axis(out, np.argsort(moved, axis=1), np.broadcast_to(np.sort(b), moved.shape), axis=1)
    return out


def common_size(a: FloatArray, b: FloatArray, rate_hz: float) -> FloatArray:
    """Root of the mean power of the two, each in its own units, averaged over a Gaussian of :data:`BURST_S`."""
    width = max(BURST_S * rate_hz, 1.0)
    reach = np.arange(-int(3 * width), int(3 * width) + 1)
    kernel = np.exp(-0.5 * (reach / width) ** 2)
    total, count = np.zeros(len(a)), np.zeros(len(a))
    for x in (a, b):
        seen = np.isfinite(x)
        power = np.where(seen, (x - np.nanmean(x)) ** 2 / max(float(np.nanvar(x)), 1e-300), 0.0)
        middle = slice(len(reach) // 2, len(reach) // 2 + len(a))
        total += np.convolve(power, kernel)[middle]
        count += np.convolve(seen.astype(np.float64), kernel)[middle]
    power = np.where(count > 1e-9, total / np.maximum(count, 1e-9), 1.0)
    return np.asarray(np.sqrt(power + QUIET * power.mean()))


def segments_shuffled(x: FloatArray, width: int, m: int, rng: np.random.Generator) -> FloatArray:
    """Cut into segments of ``width`` samples, at another place each time, and put them in another order."""
    n = len(x)
    if n < 4 * width:
        raise SignalError(f"{n} samples hold fewer than 4 segments of {width}", "Give a shorter segment_s")
    out = np.empty((m, n))
    for row in out:
        parts = np.split(x, np.arange(int(rng.integers(1, width + 1)), n, width))
        row[:] = np.concatenate([parts[k] for k in rng.permutation(len(parts))])
    return out


def minute(rate_hz: float) -> int:
    """Return the samples within which runs of codes change places."""
    return max(round(MINUTE_S * rate_hz), MINUTE_SAMPLES)


def runs_shuffled(x: FloatArray, width: int, m: int, rng: np.random.Generator) -> FloatArray:
    """Put runs of one code in another order within windows of ``width`` samples, cut at another place each time.

    Each code comes about as often around each moment as it did, so that codes which come and go in both
    at the same moments are no link; one is what goes together more finely than that (as spike trains are
    jittered: Amarasingham et al. 2012, 10.1152/jn.00633.2011).
    """
    codes = np.where(np.isfinite(x), x, np.inf)
    runs = np.split(x, np.flatnonzero(codes[1:] != codes[:-1]) + 1)
    lengths = np.array([len(run) for run in runs])
    middles = np.cumsum(lengths) - lengths / 2
    out = np.empty((m, len(x)))
    for row in out:
        window = (middles + rng.uniform(0, width)) // width
        order = np.lexsort((rng.random(len(runs)), window))
        row[:] = np.concatenate([runs[k] for k in order])
    return out


def phase_randomised(x: FloatArray, m: int, rng: np.random.Generator) -> FloatArray:
    """Keep the spectrum, draw the phases anew (Theiler et al. 1992, 10.1016/0167-2789(92)90102-S).

    A linear trend is taken out before and put back after.
    """
    whole, trend, gone = _whole(x)
    size = np.abs(np.fft.rfft(whole))
    out = np.fft.irfft(size * _phases(len(size), len(x), m, rng), len(x), axis=1) + trend
    out[:, gone] = np.nan
    return np.asarray(out)


def iaaft(x: FloatArray, m: int, rng: np.random.Generator) -> FloatArray:
    """Keep the spectrum and the values too (Schreiber & Schmitz 1996, 10.1103/PhysRevLett.77.635).

    The values come out exactly, the spectrum as near as :data:`IAAFT_ROUNDS` rounds bring it.
    """
    whole, trend, gone = _whole(x)
    size, values = np.abs(np.fft.rfft(whole)), np.sort(whole)
    now = rng.permuted(np.broadcast_to(whole, (m, len(x))), axis=1)
    for _ in range(IAAFT_ROUNDS):
        spectrum = np.fft.rfft(now, axis=1)
        near = np.fft.irfft(size * np.exp(1j * np.angle(spectrum)), len(x), axis=1)
        np.put_along_axis(now, np.argsort(near, axis=1), np.broadcast_to(values, now.shape), axis=1)
    now = now + trend
    now[:, gone] = np.nan
    return np.asarray(now)


def turns_rotated(
    x: FloatArray, m: int, rng: np.random.Generator, size: FloatArray | None = None
) -> FloatArray:
    """Leave each stretch that is seen in its place and rotate what the stretches hold (their means).

    No rotation comes twice: as many as there are, where fewer than ``m``. With ``size`` (n,) what is
    rotated is left of the means when the size is taken out, and the size put back in its place.
    """
    seen = np.isfinite(x)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], seen, [False]]).astype(np.int8))).reshape(-1, 2)
    means, sizes = (
        np.array([v[i:j].mean() for i, j in edges]) for v in (x, np.ones(len(x)) if size is None else size)
    )
    width = edges[:, 1] - edges[:, 0]
    by = shifts(len(means), 1, m, rng)
    out = np.full((len(by), len(x)), np.nan)
    out[:, seen] = np.repeat(sizes * rolled(means / sizes, by), width, axis=1) if len(means) else 0.0
    return out


def _whole(x: FloatArray) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
    """Without gaps (interpolated) and without a linear trend; the trend; where the gaps were."""
    gone = ~np.isfinite(x)
    if gone.all():
        raise SignalError("Nothing was observed", "Give a series that holds something")
    at = np.arange(len(x), dtype=np.float64)
    filled = np.interp(at, at[~gone], x[~gone])
    trend = np.polyval(np.polyfit(at, filled, 1), at)
    return np.asarray(filled - trend), np.asarray(trend), np.asarray(gone)


def _phases(k: int, n: int, m: int, rng: np.random.Generator) -> NDArray[np.complex128]:
    turn = np.exp(2j * np.pi * rng.random((m, k)))
    turn[:, 0] = 1.0
    if n % 2 == 0:
        turn[:, -1] = 1.0
    return np.asarray(turn)
