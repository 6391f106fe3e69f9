"""Breaths, beats and skin conductance of a simulated body, and the curves that sensors would record."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from coregulate.core import FloatArray

from .body import Body, at_rate, physical

HEART_RATE_HZ = 4.0  # docs/signals.md: heart period is kept at 4 Hz


class Breaths(NamedTuple):
    """Onsets of inspiration and onsets of expiration in s, depth in the belt's units."""

    onsets_s: FloatArray
    tops_s: FloatArray
    depths: FloatArray


class Heart(NamedTuple):
    """Heart period in ms at 4 Hz, and the beats that it makes."""

    heart_period_ms: FloatArray
    beats_s: FloatArray


class Skin(NamedTuple):
    """Conductance in us at the rate asked for, its slow part, and its responses."""

    conductance_us: FloatArray
    tonic_us: FloatArray
    onsets_s: FloatArray
    amplitudes_us: FloatArray


def draw_breaths(body: Body, courses: dict[str, FloatArray], duration_s: float, rng: Generator) -> Breaths:
    """Draw breath after breath: period from the rate, RMSSD of the periods, share of expiration."""
    rate = np.clip(
        physical("respiration_rate", courses["respiration_rate"], body.respiration_rate), 9.0, 26.0
    )
    # prior: an irregularity of 1 s would swamp the rate; a belt sees about half of it as jitter of onsets
    uneven = (
        np.clip(physical("respiration_irregularity", courses["respiration_irregularity"]), 0.15, 2.0) * 0.5
    )
    share = np.clip(physical("expiration_share", courses["expiration_share"]), 0.42, 0.75)
    onsets, tops = [0.0], []
    while onsets[-1] < duration_s:
        k = min(int(onsets[-1]), len(rate) - 1)
        # successive differences of independent jitter have sqrt(2) times its SD
        period = float(np.clip(60 / rate[k] + uneven[k] / np.sqrt(2) * rng.standard_normal(), 1.9, 9.0))
        tops.append(onsets[-1] + (1 - share[k]) * period)
        onsets.append(onsets[-1] + period)
    depths = body.breath_units * np.exp(0.12 * rng.standard_normal(len(tops)))
    depths[rng.random(len(tops)) < 0.02] *= 2.2  # a sigh now and then (prior)
    return Breaths(np.array(onsets), np.array(tops), depths)


def lung_volume(breaths: Breaths, n: int, *, rate_hz: float, depths: FloatArray | None = None) -> FloatArray:
    """Volume at each sample, shape (n,): raised cosines up to each top and down to the next onset."""
    times = np.arange(n) / rate_hz
    k = np.clip(np.searchsorted(breaths.onsets_s, times, side="right") - 1, 0, len(breaths.tops_s) - 1)
    start, top, end = breaths.onsets_s[k], breaths.tops_s[k], breaths.onsets_s[k + 1]
    rising = times < top
    phase = np.where(rising, (times - start) / (top - start), 1 - (times - top) / (end - top))
    depth = 1.0 if depths is None else depths[k]
    return np.asarray(depth * (1 - np.cos(np.pi * np.clip(phase, 0, 1))) / 2)


def breathing_curve(breaths: Breaths, n: int, *, rate_hz: float, rng: Generator) -> FloatArray:
    """Chest belt: volume, slow drift and a little noise, in the belt's units."""
    volume = lung_volume(breaths, n, rate_hz=rate_hz, depths=breaths.depths)
    drift = np.cumsum(rng.standard_normal(n)) * 0.15 / np.sqrt(rate_hz)
    return np.asarray(1000 + volume + drift + 2.0 * rng.standard_normal(n))


def draw_heart(body: Body, courses: dict[str, FloatArray], breaths: Breaths, duration_s: float) -> Heart:
    """Draw heart period, the slow course plus RSA (shorter while the person breathes in), and its beats."""
    n = round(duration_s * HEART_RATE_HZ)
    slow = at_rate(
        physical("heart_period", courses["heart_period"], body.heart_period_ms), n, rate_hz=HEART_RATE_HZ
    )
    rsa = at_rate(physical("rsa", courses["rsa"], body.rsa), n, rate_hz=HEART_RATE_HZ)
    swing = np.sqrt(2 * np.exp(np.clip(rsa, 3.0, 8.0)))  # a sine of amplitude A has variance A^2 / 2
    volume = lung_volume(breaths, n, rate_hz=HEART_RATE_HZ)
    period = np.clip(slow - swing * (2 * volume - 1), 420.0, 1500.0)
    return Heart(period, _beats(period, duration_s))


def _beats(period_ms: FloatArray, duration_s: float) -> FloatArray:
    """Return the times at which the integral of 1/period passes a whole number."""
    fine_hz = 200.0
    times = np.arange(0, duration_s, 1 / fine_hz)
    course = np.interp(times, np.arange(len(period_ms)) / HEART_RATE_HZ, period_ms)
    turns = np.cumsum(1000.0 / course) / fine_hz + 0.6
    whole = np.arange(1, int(turns[-1]) + 1)
    return np.asarray(np.interp(whole, turns, times))


# P, Q, R, S, T: time from the R peak (s), width (s), height against R; ordinary lead II (prior)
_WAVES = (
    (-0.16, 0.024, 0.11),
    (-0.026, 0.009, -0.09),
    (0.0, 0.011, 1.0),
    (0.028, 0.010, -0.2),
    (0.27, 0.045, 0.24),
)


# Beats drawn at once, so that a long recording needs no array of all waves.
_BEATS = 500


def ecg_curve(
    body: Body, heart: Heart, breaths: Breaths, n: int, *, rate_hz: float, rng: Generator
) -> FloatArray:
    """Chest-strap ECG in uV: bell curves for each beat, wander with the breath, muscle and mains noise."""
    curve = np.zeros(n)
    height = body.ecg_uv * (1 + 0.03 * rng.standard_normal(len(heart.beats_s)))
    intervals = np.diff(heart.beats_s, append=heart.beats_s[-1] + 0.8)
    for first in range(0, len(height), _BEATS):
        some = slice(first, first + _BEATS)
        _add_beats(curve, heart.beats_s[some], intervals[some], height[some], rate_hz)
    times = np.arange(n) / rate_hz
    volume = lung_volume(breaths, n, rate_hz=rate_hz)
    wander = 60 * volume + 40 * np.sin(2 * np.pi * 0.03 * times + rng.uniform(0, 6))
    noise = 14 * rng.standard_normal(n) + 5 * np.sin(2 * np.pi * 50 * times)
    return np.asarray(curve * (1 - 0.06 * volume) + wander + noise)


def _add_beats(
    curve: FloatArray, beats_s: FloatArray, intervals_s: FloatArray, height: FloatArray, rate_hz: float
) -> None:
    window = np.arange(round(-0.35 * rate_hz), round(0.55 * rate_hz))
    index = np.round(beats_s * rate_hz).astype(np.int64)[:, None] + window
    since = index / rate_hz - beats_s[:, None]
    shape = np.zeros(since.shape)
    for centre, width, size in _WAVES:
        # the T wave comes earlier in a fast heart (square root of the interval, Bazett's rule)
        moved = (
            centre * np.sqrt(np.clip(intervals_s, 0.4, 1.4) / 0.85)
            if centre > 0.1
            else np.full(len(beats_s), centre)
        )
        shape += size * np.exp(-0.5 * ((since - moved[:, None]) / width) ** 2)
    inside = (index >= 0) & (index < len(curve))
    np.add.at(curve, index[inside], (height[:, None] * shape)[inside])


def draw_skin(body: Body, courses: dict[str, FloatArray], n: int, *, rate_hz: float, rng: Generator) -> Skin:
    """Skin conductance: a tonic level that drifts, and responses as often as the state makes them."""
    from scipy.ndimage import gaussian_filter1d

    times = np.arange(n) / rate_hz
    level = gaussian_filter1d(courses["skin_conductance_level"], 5.0, mode="nearest")
    drift = rng.uniform(-0.6, 0.6) * np.linspace(-1, 1, n) ** 2  # electrodes settle (prior)
    tonic = np.clip(
        at_rate(physical("skin_conductance_level", level, body.skin_us), n, rate_hz=rate_hz) + drift, 0.5, 40
    )
    per_min = np.clip(physical("scr_rate", courses["scr_rate"]), 0.3, 15.0)
    onsets = _responses(per_min, rng)
    sizes = np.clip(0.30 * np.exp(0.5 * rng.standard_normal(len(onsets))), 0.08, 1.5)
    phasic = np.zeros(n)
    for onset, size in zip(onsets, sizes, strict=True):
        since = times[int(onset * rate_hz) + 1 :][: round(40 * rate_hz)] - onset
        phasic[int(onset * rate_hz) + 1 :][: len(since)] += size * _response(since)
    return Skin(tonic + phasic + 0.003 * rng.standard_normal(n), tonic, onsets, sizes)


def _responses(per_min: FloatArray, rng: Generator) -> FloatArray:
    """Onsets of a process with this rate that rests 2 s after each event (prior)."""
    onsets: list[float] = []
    hits = rng.random(len(per_min)) < per_min / 60
    for k in np.flatnonzero(hits):
        onset = float(k + rng.random())
        if not onsets or onset - onsets[-1] > 2.0:
            onsets.append(onset)
    return np.array(onsets)


def _response(since_s: FloatArray) -> FloatArray:
    """Shape of one response, largest value 1: two exponentials, up within 2 s, down with 3.5 s (prior)."""
    slow, fast = 3.5, 0.75
    top = np.log(slow / fast) * slow * fast / (slow - fast)
    peak = np.exp(-top / slow) - np.exp(-top / fast)
    return np.asarray((np.exp(-since_s / slow) - np.exp(-since_s / fast)) / peak)
