"""Heart beats: found in an ECG or a pulse, judged by their shape, corrected."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from coregulate.core import FloatArray, SignalError

# A beat is like the person's own when its waveform correlates above this with their template.
LIKE_TEMPLATE = 0.8
# prior: what stands clear of five times the usual excursion is a loose electrode, not a heart
CLIP_FACTOR = 5.0
# prior: fewest samples a second
SLOWEST_HZ = {"ecg": 50.0, "ppg": 20.0}
# prior: shortest run in which beats are looked for
MIN_RUN_S = 2.0
# prior: fewer beats than this carry no local spread to correct against
MIN_BEATS_TO_CORRECT = 12
# Correction works on whole ticks; 0.1 ms is far below what any sensor resolves.
TICKS_HZ = 10_000.0
# prior: part of a beat that is compared, s before and after the peak. Of the ECG only the QRS complex:
# a wider window reaches into the next beat of a fast heart (measured: docs/signals.md).
SHAPE_S = {"ecg": (0.15, 0.15), "ppg": (0.3, 0.3)}


class CorrectedBeats(NamedTuple):
    """Beats of one contiguous run after correction.

    Parameters
    ----------
    times_s : ndarray, shape (n,)
    n_changed : int
        Beats moved, added or removed.
    """

    times_s: FloatArray
    n_changed: int


def ecg_beats(ecg: FloatArray, *, rate_hz: float) -> FloatArray:
    """Find the beats in one contiguous run of ECG.

    Parameters
    ----------
    ecg : ndarray, shape (n,)
        Any unit, no NaN.
    rate_hz : float

    Returns
    -------
    ndarray, shape (beats,)
        Times of the R peaks in s from the first sample, ascending, placed
        between samples by a parabola through the peak.

    Raises
    ------
    SignalError
        Below 50 Hz.

    Notes
    -----
    NeuroKit2's cleaning and detector (Makowski et al. 2021, 10.3758/s13428-020-01516-y).
    Measured: docs/signals.md. About 0.4 s for an hour at 500 Hz.
    """
    return found_beats(ecg, "ecg", rate_hz=rate_hz)[0]


def ppg_beats(ppg: FloatArray, *, rate_hz: float) -> FloatArray:
    """Find the beats in one contiguous run of blood volume pulse (systolic peaks).

    Parameters and result as in :func:`ecg_beats`; 20 Hz are enough.

    Raises
    ------
    SignalError
        Below 20 Hz.
    """
    return found_beats(ppg, "ppg", rate_hz=rate_hz)[0]


def found_beats(values: FloatArray, kind: str, *, rate_hz: float) -> tuple[FloatArray, FloatArray]:
    """Beats of one contiguous run, and the cleaned run that they were found in.

    ``kind`` is ``ecg`` or ``ppg``; a run under 2 s, or a flat one, has no beats.
    """
    from neurokit2 import ecg_clean, ecg_findpeaks, ppg_clean, ppg_findpeaks

    if rate_hz < SLOWEST_HZ[kind]:
        raise SignalError(
            f"This {kind} has {rate_hz:g} samples a second", f"Beats need {SLOWEST_HZ[kind]:g} or more"
        )
    if len(values) < MIN_RUN_S * rate_hz or np.ptp(values) == 0:
        return np.empty(0), values
    nominal = round(rate_hz)
    clean = ecg_clean if kind == "ecg" else ppg_clean
    cleaned = np.asarray(clean(_clipped(values), sampling_rate=nominal), dtype=np.float64)
    if not np.any(np.abs(cleaned) > 1e-12 * np.ptp(values)):
        return np.empty(0), cleaned
    try:
        found = ecg_findpeaks(cleaned, nominal) if kind == "ecg" else ppg_findpeaks(cleaned, nominal)
    except (IndexError, ValueError):
        # the detectors give up this way on a stretch without a single beat
        return np.empty(0), cleaned
    peaks = np.asarray(found["ECG_R_Peaks" if kind == "ecg" else "PPG_Peaks"], dtype=np.intp)
    return _between_samples(cleaned, peaks) / rate_hz, cleaned


def _clipped(values: FloatArray) -> FloatArray:
    """Cut what a loose electrode adds, so that the filters do not ring over its neighbours."""
    centred = values - np.median(values)
    low, high = np.percentile(centred, [1, 99])
    limit = CLIP_FACTOR * max(abs(low), abs(high))
    clipped: FloatArray = np.clip(centred, -limit, limit) if limit > 0 else centred
    return clipped


def _between_samples(values: FloatArray, peaks: np.ndarray[tuple[int, ...], np.dtype[np.intp]]) -> FloatArray:
    """Place each peak where a parabola through it and its neighbours is highest, in samples."""
    inside = peaks[(peaks > 0) & (peaks < len(values) - 1)]
    before, at, after = values[inside - 1], values[inside], values[inside + 1]
    bend = before - 2 * at + after
    with np.errstate(invalid="ignore", divide="ignore"):
        shift = np.where(bend < 0, 0.5 * (before - after) / bend, 0.0)
    placed: FloatArray = inside + np.clip(shift, -0.5, 0.5)
    return placed


def correct_beats(times_s: FloatArray) -> CorrectedBeats:
    """Correct the beats of one contiguous run after Lipponen & Tarvainen (2019).

    Parameters
    ----------
    times_s : ndarray, shape (n,)
        Ascending.

    Returns
    -------
    CorrectedBeats
        Missed beats added, extra ones removed, misplaced ones moved. Runs of
        fewer than 12 beats are returned as they are.

    Notes
    -----
    10.1080/03091902.2019.1640306, as implemented in NeuroKit2, repeated until
    the number of artifacts stops falling. Beats that were not touched keep their
    exact times.
    """
    from neurokit2 import signal_fixpeaks

    if len(times_s) < MIN_BEATS_TO_CORRECT:
        return CorrectedBeats(times_s, 0)
    ticks = np.round((times_s - times_s[0]) * TICKS_HZ).astype(np.int64)
    _, fixed = signal_fixpeaks(ticks, sampling_rate=TICKS_HZ, iterative=True, method="Kubios")
    fixed = np.unique(np.asarray(fixed, dtype=np.int64))
    kept = np.isin(fixed, ticks)
    exact = times_s[np.clip(np.searchsorted(ticks, fixed), 0, len(ticks) - 1)]
    changed = int(np.sum(~kept)) + max(0, len(times_s) - len(fixed))
    return CorrectedBeats(np.where(kept, exact, times_s[0] + fixed / TICKS_HZ), changed)


def beat_shapes(
    signal: FloatArray, beats_s: FloatArray, *, rate_hz: float, shape_s: tuple[float, float]
) -> FloatArray:
    """Waveform of each beat at 100 points, without its line, of length 1; NaN where the run cuts it off.

    Parameters
    ----------
    signal : ndarray, shape (n,)
        One contiguous run.
    beats_s : ndarray, shape (beats,)
        In s from the run's first sample.
    rate_hz : float
    shape_s : tuple of float
        Seconds before and after each beat.

    Returns
    -------
    ndarray, shape (beats, 100)
    """
    offsets = np.linspace(-shape_s[0], shape_s[1], 100)
    at = (beats_s[:, None] + offsets) * rate_hz
    shapes = np.interp(at.ravel(), np.arange(len(signal)), signal, np.nan, np.nan).reshape(at.shape)
    shapes = shapes - shapes.mean(axis=1, keepdims=True)
    # The straight line through a beat is breathing and movement, not the heart.
    line = offsets - offsets.mean()
    shapes = shapes - np.outer(shapes @ line / (line @ line), line)
    norms = np.linalg.norm(shapes, axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(norms > 0, shapes / norms, np.nan)


def like_template(shapes: FloatArray) -> FloatArray:
    """Correlation of each beat with the person's own template, the median of all beats' shapes.

    Parameters
    ----------
    shapes : ndarray, shape (beats, points)
        From :func:`beat_shapes`, of all runs together.

    Returns
    -------
    ndarray, shape (beats,)
        -1 to 1; NaN where the shape is cut off.
    """
    whole = np.all(np.isfinite(shapes), axis=1)
    if not np.any(whole):
        return np.full(len(shapes), np.nan)
    template = np.median(shapes[whole], axis=0)
    template = template - template.mean()
    norm = float(np.linalg.norm(template))
    return shapes @ template / norm if norm > 0 else np.full(len(shapes), np.nan)


def beat_quality(
    times_s: FloatArray, likeness: FloatArray, *, start_s: float, n: int, window_s: float = 30.0
) -> FloatArray:
    """Share of beats, in a centred window, whose waveform is like the person's own template.

    Parameters
    ----------
    times_s, likeness : ndarray, shape (beats,)
        Detected beats (not the corrected ones) and :func:`like_template`.
    start_s : float
        Second ``k`` of the result covers ``start_s + k`` to ``start_s + k + 1``.
    n : int
        Seconds.
    window_s : float
        docs/signals.md.

    Returns
    -------
    ndarray, shape (n,)
        0 to 1; 0 where there is no beat at all.

    Notes
    -----
    Lowest on the clean MIT-BIH noise stress record 0.95, highest on the drowned one
    0.65; "share of beats not corrected" does not separate them (docs/signals.md).
    """
    judged = np.isfinite(likeness)
    times, good = times_s[judged], likeness[judged] > LIKE_TEMPLATE
    centres = start_s + np.arange(n) + 0.5
    low = np.searchsorted(times, centres - window_s / 2)
    high = np.searchsorted(times, centres + window_s / 2)
    sums = np.concatenate(([0], np.cumsum(good)))
    number = high - low
    return np.where(number > 0, (sums[high] - sums[low]) / np.maximum(number, 1), 0.0)
