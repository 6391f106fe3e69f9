"""Two accelerometers that were moved together (claps of both, one hand on both sensors): offset and drift."""

from __future__ import annotations

import numpy as np
from scipy.signal import fftconvolve

from coregulate.core import FloatArray, Samples, Signal
from coregulate.readers import ClockFit, fit_clock

RATE_HZ = 50.0  # prior: a clap lasts 50 ms in a wrist's skin
WINDOW_S = 6.0  # prior: three claps, or a shake
N_WINDOWS = 24  # prior: the strongest movements are looked for
LEAST_MATCH = 0.75  # prior: right matches of simulated claps lie at .80 to .98, chance ones under .68
LEAST_LEAD = 1.3  # prior: over the best match elsewhere, so that walking does not match every step
LONE_MATCH = 0.85  # prior: a single movement has to match better
MAX_PPM = 500.0  # prior
LEAST_PEAKS = 3  # of a movement alone: one clap fits any other, two fit any two as far apart
# Samples of the slower sensor that all peaks of one movement may lie off together (95 %); fitted on 233 simulated pairs.
PLACED = 0.42
LEAST_FOR_DRIFT_S = 300.0  # prior: a peak is placed to some ms, and 50 ppm move 15 ms in five minutes
_LOUD = 3.0  # prior: times the usual; what is under it counts little
_NEAR = 4  # samples around where a peak is expected: 80 ms
_LAGS_S = np.arange(-10, 11) / RATE_HZ
_SMOOTH = np.exp(-0.5 * (_LAGS_S / 0.04) ** 2)  # prior: 40 ms, about a clap and two samples


def tie_movement(
    theirs: Signal | Samples, ours: Signal | Samples, *, apart_s: float = 0.0, within_s: float | None = None
) -> ClockFit | None:
    """Return how the clock of ``theirs`` lies on that of ``ours`` by movements that both hold, or None.

    Parameters
    ----------
    theirs, ours : Signal or Samples
        Acceleration, shape (n, axes) or (n,).
    apart_s, within_s : float, optional
        How much more ours shows than theirs at the same moment, and how far from that it may be, where that is known.

    Returns
    -------
    ClockFit or None
        None where no movement matches, or one alone of fewer than three peaks; of a single movement the offset alone.
    """
    a, b = _jerk(theirs), _jerk(ours)
    if a is None or b is None:
        return None
    begins = _strongest(a[1])
    found = [m for k in begins if (m := _match(a, b, k, apart_s, within_s)) is not None]
    group = _agreeing(found)
    if not group or (len(group) == 1 and group[0][2] < LONE_MATCH):
        return None
    group = _also_near(a, b, begins, group)
    pairs = np.array([pair for m in group for pair in _peaks(a, b, m)])
    if len(group) == 1 and len(pairs) < LEAST_PEAKS:
        return None
    span_s = float(np.ptp(pairs[:, 0]))
    fit = fit_clock(pairs[:, 0], pairs[:, 1], max_ppm=MAX_PPM if span_s >= LEAST_FOR_DRIFT_S else 0.0)
    return _widened(fit, span_s, PLACED * max(_step_s(theirs), _step_s(ours)), len(group))


def _step_s(data: Signal | Samples) -> float:
    return float(np.nanmedian(np.diff(np.asarray(data.times_s))))


def _widened(fit: ClockFit, span_s: float, placed_s: float, n_movements: int) -> ClockFit:
    """Widen the intervals by what all peaks of a movement are misplaced by together: their scatter does not show it."""
    half = float(np.hypot((fit.high_s - fit.low_s) / 2, placed_s / np.sqrt(n_movements)))
    slope = np.nan
    if span_s > 0:  # between two movements
        measured = (fit.drift_high_ppm - fit.drift_low_ppm) / 2
        slope = float(np.hypot(measured, 1e6 * np.sqrt(2) * placed_s / span_s))
    return fit._replace(
        low_s=fit.offset_s - half, high_s=fit.offset_s + half,
        drift_low_ppm=fit.drift_ppm - slope, drift_high_ppm=fit.drift_ppm + slope,
    )  # fmt: skip


def _jerk(data: Signal | Samples) -> tuple[float, FloatArray] | None:
    """Return (time of the first value, how fast the acceleration's size changes, smoothed, at 50 Hz).

    Its sign depends on how each wrist is turned, and on where between two samples a clap falls; its size does not.
    """
    values = np.asarray(data.values, dtype=np.float64)
    size = np.abs(values) if values.ndim == 1 else np.sqrt(np.sum(values**2, axis=1))
    times = np.asarray(data.times_s, dtype=np.float64)
    keep = np.isfinite(size) & np.isfinite(times)
    if keep.sum() < WINDOW_S * 10 or times[keep][-1] - times[keep][0] < 2 * WINDOW_S:
        return None
    grid = np.arange(times[keep][0], times[keep][-1], 1 / RATE_HZ)
    even = np.interp(grid, times[keep], size[keep])
    jerk = np.maximum(fftconvolve(np.abs(np.diff(even, prepend=even[0])), _SMOOTH, mode="same"), 0.0)
    usual = float(np.median(jerk))
    # The logarithm, because one wrist takes a clap harder than the other.
    return float(grid[0]), np.log1p(jerk / (_LOUD * usual)) if usual > 0 else jerk


def _strongest(jerk: FloatArray) -> list[int]:
    """Return where the windows with most movement begin, apart from each other, some from each part of the whole."""
    n = int(WINDOW_S * RATE_HZ)
    energy = fftconvolve(
        np.expm1(jerk) ** 2, np.ones(n), mode="valid"
    )  # without the logarithm: sudden ones first
    chosen: list[int] = []
    for part in np.array_split(np.arange(len(energy)), 4):
        left = energy[part].copy()
        for _ in range(N_WINDOWS // 4):
            k = int(np.argmax(left))
            if left[k] <= 0:
                break
            chosen.append(int(part[0]) + k)
            left[max(0, k - n) : k + n] = 0
    return chosen


def _match(
    a: tuple[float, FloatArray],
    b: tuple[float, FloatArray],
    begin: int,
    apart_s: float,
    within_s: float | None,
) -> tuple[float, float, float] | None:
    """Return (middle of the window in a, the same moment in b, correlation), or None where it does not stand out."""
    n = int(WINDOW_S * RATE_HZ)
    part = a[1][begin : begin + n]
    part = part - part.mean()
    if len(part) < n or len(b[1]) < n or not np.any(part):
        return None
    sums, squares = (fftconvolve(x, np.ones(n), mode="valid") for x in (b[1], b[1] ** 2))
    spread = np.sqrt(np.clip(squares - sums**2 / n, 1e-12 * max(float(squares.max()), 1e-12), None))
    match = fftconvolve(b[1], part[::-1], mode="valid") / (spread * np.linalg.norm(part))
    if within_s is not None:
        starts = b[0] + np.arange(len(match)) / RATE_HZ - (a[0] + begin / RATE_HZ)
        match = np.where(np.abs(starts - apart_s) <= within_s, match, 0.0)
    peak = int(np.argmax(match))
    rest = np.delete(match, np.s_[max(0, peak - n // 6) : peak + n // 6])
    if match[peak] < LEAST_MATCH or (len(rest) and match[peak] < LEAST_LEAD * float(rest.max())):
        return None
    at = peak + _vertex(match, peak)
    middle = WINDOW_S / 2
    return a[0] + begin / RATE_HZ + middle, b[0] + at / RATE_HZ + middle, float(match[peak])


def _peaks(
    a: tuple[float, FloatArray], b: tuple[float, FloatArray], match: tuple[float, float, float]
) -> list[tuple[float, float]]:
    """Return each peak of a matched movement in both; the middle of the movement where there is none."""
    n = int(WINDOW_S * RATE_HZ)
    begin = round((match[0] - WINDOW_S / 2 - a[0]) * RATE_HZ)
    shift = (match[1] - b[0]) * RATE_HZ - (match[0] - a[0]) * RATE_HZ
    part = a[1][begin : begin + n]
    tops = (
        np.flatnonzero((part[1:-1] >= part[:-2]) & (part[1:-1] > part[2:]) & (part[1:-1] > 0.5 * part.max()))
        + 1
    )
    pairs: list[tuple[float, float]] = []
    for top in (begin + tops).tolist():
        low = round(top + shift) - _NEAR
        near = b[1][max(low, 0) : low + 2 * _NEAR + 1]
        there = max(low, 0) + int(np.argmax(near)) if len(near) else -1
        if 0 < abs(there - low) < 2 * _NEAR:  # a peak at the edge belongs to something else
            pairs.append(
                (
                    a[0] + (top + _vertex(a[1], top)) / RATE_HZ,
                    b[0] + (there + _vertex(b[1], there)) / RATE_HZ,
                )
            )
    return pairs or [match[:2]]


def _vertex(curve: FloatArray, peak: int) -> float:
    """Return where between samples a peak is, by the parabola through its neighbours."""
    if not 0 < peak < len(curve) - 1:
        return 0.0
    left, top, right = curve[peak - 1 : peak + 2]
    bend = left - 2 * top + right
    return float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5)) if bend < 0 else 0.0


def _also_near(
    a: tuple[float, FloatArray],
    b: tuple[float, FloatArray],
    begins: list[int],
    group: list[tuple[float, float, float]],
) -> list[tuple[float, float, float]]:
    """Look again near where the group says, no farther than a drift can lead: what is weaker counts there."""
    at, there, _ = max(group, key=lambda m: m[2])
    middle = WINDOW_S / 2
    near = []
    for begin in begins:
        far = abs(a[0] + begin / RATE_HZ + middle - at)
        found = _match(a, b, begin, there - at, 0.05 + MAX_PPM * 1e-6 * far)
        if found is not None:
            near.append(found)
    return _agreeing(near) or group


def _agreeing(found: list[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    """Return the largest group of matches whose clocks differ by as much, but for a drift."""
    groups = []
    for at, there, _ in found:
        groups.append(
            [m for m in found if abs((m[1] - m[0]) - (there - at)) <= 0.05 + MAX_PPM * 1e-6 * abs(m[0] - at)]
        )
    return max(groups, key=lambda g: (len(g), sum(m[2] for m in g)), default=[])
