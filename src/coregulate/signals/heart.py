"""One person's heart: from an ECG, a pulse or a list of beats to heart period, RSA, RMSSD and HF power."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np

from coregulate.core import Events, FloatArray, Notice, Samples, Signal, SignalError, SignalSettings

from .beats import SHAPE_S, beat_quality, beat_shapes, correct_beats, found_beats, like_template
from .breathing import measure_breathing
from .measured import Measured
from .rsa import rsa_rate_hz, rsa_sliding
from .runs import Run, contiguous_runs, grid_length
from .variability import WINDOW_S, heart_period, hf_power, paced_peak_to_trough, sliding_rmssd

KINDS = ("ecg", "ppg", "beats", "rr")
HEART_PERIOD_HZ = 4.0
# prior: 24 to 240 beats a minute; anything else is a missed beat or noise
PLAUSIBLE_MS = (250.0, 2500.0)
# prior: intervals follow each other when stamps and interval agree this well, s
SUCCESSIVE_S = 0.1


class _Beats(NamedTuple):
    times_s: FloatArray
    nn_ms: FloatArray
    quality: FloatArray
    start_s: float
    floor: float
    notices: list[Notice]


def measure_heart(
    data: Signal | Samples | Events,
    kind: str,
    *,
    settings: SignalSettings,
    breathing: Signal | None = None,
) -> Measured:
    """Measure one person's heart.

    Parameters
    ----------
    data : Signal, Samples or Events
        ECG or pulse with one column; or beats as events.
    kind : str
        ``ecg``, ``ppg``; ``beats`` (times of beats that somebody corrected: taken as
        they are); ``rr`` (times and raw intervals: corrected run by run).
    settings : SignalSettings
    breathing : Signal, optional
        The person's breathing on the same clock: the raw waveform, or the rate
        (name ``respiration_rate``, unit ``1/min``).

    Returns
    -------
    Measured
        Signals ``heart_period`` (ms, 4 Hz), ``rsa`` (ln(ms^2)), ``rmssd`` (ms),
        ``hf_power`` (ms^2), all 1 Hz from the start of the data (second ``k`` covers
        ``k`` to ``k + 1``); ``paced_peak_to_trough`` (ms, 1 Hz) only where breathing
        is known and paced. Events ``beats``, values the interval that ends there
        (ms; NaN after a pause). Under the quality floor all of them are NaN, and the
        beats left out.

    Raises
    ------
    SignalError
        For another kind, more than one column, too low a rate, or intervals without
        times.

    Notes
    -----
    RSA is NaN where the recorded breathing leaves its band; without breathing a
    notice says that this was not checked. Latency of the sliding values: half their
    window and the reach of their filters (RSA 35 s). Accuracy: docs/signals.md.

    Examples
    --------
    >>> import numpy as np
    >>> from coregulate.core import Events, SignalSettings
    >>> beats = Events(np.arange(200) * 0.8)
    >>> heart = measure_heart(beats, "beats", settings=SignalSettings())
    >>> float(heart.signals["heart_period"].values[40].round(6))
    800.0
    """
    if kind not in KINDS:
        raise SignalError(f"There is no heart signal of kind '{kind}'", f"Kinds are {', '.join(KINDS)}")
    beats = _detected(data, kind, settings) if kind in ("ecg", "ppg") else _given(data, kind, settings)
    return _measured(beats, breathing, settings)


def _detected(data: Signal | Samples | Events, kind: str, settings: SignalSettings) -> _Beats:
    if isinstance(data, Events):
        raise SignalError(f"'{data.name}' are events, not an {kind}", "Use the kind 'beats' or 'rr'")
    if np.ndim(data.values) != 1:
        raise SignalError(f"This {kind} has {np.shape(data.values)[1]} columns", "Choose one column")
    runs = contiguous_runs(data)
    found, shapes, times, intervals, changed = [], [], [], [], 0
    for run in runs:
        beats, cleaned = found_beats(run.values, kind, rate_hz=run.rate_hz)
        if len(beats) == 0:
            continue
        shapes.append(beat_shapes(cleaned, beats, rate_hz=run.rate_hz, shape_s=SHAPE_S[kind]))
        corrected = correct_beats(beats)
        found.append(run.start_s + beats)
        times.append(run.start_s + corrected.times_s)
        intervals.append(np.diff(corrected.times_s, prepend=np.nan) * 1000)
        changed += corrected.n_changed
    start = runs[0].start_s if runs else data.span.start_s
    seconds = grid_length(start, runs[-1].start_s + runs[-1].duration_s, 1.0) if runs else 0
    notices = _notes(data, [run.rate_hz for run in runs], [run.duration_s for run in runs], kind)
    if not found:
        notices.append(Notice("no_beats", data.name, f"No heart beat was found in the {kind}."))
        return _Beats(
            np.empty(0), np.empty(0), np.zeros(seconds), start, settings.beat_quality_floor, notices
        )
    likeness = like_template(np.concatenate(shapes))
    quality = beat_quality(np.concatenate(found), likeness, start_s=start, n=seconds)
    all_times, all_nn = np.concatenate(times), np.concatenate(intervals)
    beats_found = _Beats(all_times, all_nn, quality, start, settings.beat_quality_floor, notices)
    return _above_floor(beats_found, changed, runs)


def _above_floor(beats: _Beats, changed: int, runs: list[Run]) -> _Beats:
    """Leave out beats where the quality is under the floor."""
    second = np.clip((beats.times_s - beats.start_s).astype(np.intp), 0, len(beats.quality) - 1)
    good = beats.quality[second] >= beats.floor
    follows = np.concatenate(([False], good[:-1]))
    nn = np.where(follows, beats.nn_ms, np.nan)[good]
    notices = list(beats.notices)
    recorded = np.zeros(len(beats.quality), dtype=bool)
    for run in runs:
        first = int(run.start_s - beats.start_s)
        recorded[first : max(first + 1, int(run.start_s + run.duration_s - beats.start_s))] = True
    low = float(np.mean(beats.quality[recorded] < beats.floor))
    if low > 0:
        share = f"{low:.0%}" if low >= 0.005 else "Under 1%"
        text = (
            f"{share} of the recorded seconds are under the beat quality floor of {beats.floor:g}: not known."
        )
        notices.append(Notice("low_quality", "heart", text))
    if changed:
        notices.append(Notice("beats_corrected", "heart", f"{changed} of {len(good)} beats were corrected."))
    return beats._replace(times_s=beats.times_s[good], nn_ms=nn, notices=notices)


def _notes(data: Signal | Samples, rates: list[float], durations: list[float], kind: str) -> list[Notice]:
    notices = []
    lost = data.span.duration_s - sum(durations)
    if len(rates) > 1:
        text = f"The {kind} has {len(rates)} contiguous runs; {max(lost, 0):.1f} s between them are missing."
        notices.append(Notice("samples_lost", data.name, text))
    if rates and isinstance(data, Samples) and data.rate_hz:
        true = rates[int(np.argmax(durations))]
        if abs(true / data.rate_hz - 1) > 1e-3:
            text = f"The sensor runs at {true:.2f} Hz, not {data.rate_hz:g} Hz; times come from its stamps."
            notices.append(Notice("true_rate", data.name, text))
    return notices


def _given(data: Signal | Samples | Events, kind: str, settings: SignalSettings) -> _Beats:
    """Beats that came as a list, cut into runs where they do not follow each other."""
    times, raw_ms = _listed(data, kind)
    if len(times) == 0:
        nothing = Notice("no_beats", data.name, "The list has no beats.")
        return _Beats(times, times, np.empty(0), 0.0, 0.0, [nothing])
    pieces, changed = [], 0
    for a, b in _following(times, raw_ms, settings.heart_max_gap_s):
        piece = times[a:b] if raw_ms is None else np.concatenate((_before(times, raw_ms, a), times[a:b]))
        if kind == "rr":
            corrected = correct_beats(piece)
            piece, changed = corrected.times_s, changed + corrected.n_changed
        pieces.append(piece)
    all_times = np.concatenate(pieces)
    nn = np.concatenate([np.diff(piece, prepend=np.nan) * 1000 for piece in pieces])
    start, stop = float(all_times[0]), float(all_times[-1])
    quality = _covered(all_times, nn, start, grid_length(start, stop, 1.0))
    notices = []
    if changed:
        text = f"{changed} of {len(times)} beats were corrected."
        notices.append(Notice("beats_corrected", data.name, text))
    # no waveform, no floor: where beats are missing the values are missing already
    return _Beats(all_times, nn, quality, start, 0.0, notices)


def _listed(data: Signal | Samples | Events, kind: str) -> tuple[FloatArray, FloatArray | None]:
    """Take the times of a list's beats, s, and for raw intervals each beat's, ms."""
    if isinstance(data, Signal):
        raise SignalError(
            f"'{data.name}' is a list of intervals without times",
            "Give the time of each beat; a list is a reference",
        )
    keep = np.isfinite(data.times_s)
    times = np.asarray(data.times_s, dtype=np.float64)[keep]
    values = np.asarray(data.values, dtype=np.float64)
    raw_ms = _in_ms(values[keep], data.unit) if len(values) == len(keep) and kind == "rr" else None
    if np.any(np.diff(times) < 0):
        raise SignalError(f"The times of '{data.name}' go backwards", "Sort the beats by time")
    return times, raw_ms


def _following(times: FloatArray, raw_ms: FloatArray | None, max_gap_s: float) -> list[tuple[int, int]]:
    """Stretches of beats that follow each other, first and last index (half-open)."""
    steps = np.diff(times)
    breaks = steps > max_gap_s
    if raw_ms is not None:
        breaks |= np.abs(steps - raw_ms[1:] / 1000) > SUCCESSIVE_S
    edges = np.concatenate(([0], np.flatnonzero(breaks) + 1, [len(times)]))
    return [(int(a), int(b)) for a, b in itertools.pairwise(edges)]


def _before(times: FloatArray, raw_ms: FloatArray, first: int) -> FloatArray:
    """Return the beat that a run's first interval began at, unless it reaches into the run before."""
    beat = times[first] - raw_ms[first] / 1000
    free = np.isfinite(beat) and (first == 0 or beat > times[first - 1]) and beat < times[first]
    return np.array([beat]) if free else np.empty(0)


def _in_ms(values: FloatArray, unit: str) -> FloatArray:
    """Intervals in ms; a list that names no unit is in seconds when its numbers are under 10."""
    if unit == "s" or (unit != "ms" and len(values) > 0 and np.nanmedian(values) < 10):
        return values * 1000
    return values


def _covered(times_s: FloatArray, nn_ms: FloatArray, start_s: float, n: int) -> FloatArray:
    """Share of a centred 30 s window that lies within plausible intervals."""
    known = (nn_ms >= PLAUSIBLE_MS[0]) & (nn_ms <= PLAUSIBLE_MS[1])
    ends = times_s[known] - start_s
    begins = ends - nn_ms[known] / 1000
    centres = np.arange(n) + 0.5
    total = np.zeros(n)
    reach = np.stack((centres - WINDOW_S / 2, centres + WINDOW_S / 2))
    for sign, edge in zip((-1.0, 1.0), reach, strict=True):
        # length of intervals that lie before each edge
        whole = np.searchsorted(ends, edge)
        lengths = np.concatenate(([0.0], np.cumsum(ends - begins)))
        open_begin = np.append(begins, np.inf)[whole]
        total += sign * (lengths[whole] + np.maximum(edge - open_begin, 0.0))
    return np.clip(total / WINDOW_S, 0.0, 1.0)


def _measured(beats: _Beats, breathing: Signal | None, settings: SignalSettings) -> Measured:
    start, seconds = beats.start_s, len(beats.quality)
    plausible = (beats.nn_ms >= PLAUSIBLE_MS[0]) & (beats.nn_ms <= PLAUSIBLE_MS[1])
    nn = np.where(plausible, beats.nn_ms, np.nan)
    period = _period(beats, nn, settings, HEART_PERIOD_HZ)
    rate = rsa_rate_hz(settings.respiration_high_hz)
    low, high = settings.respiration_low_hz, settings.respiration_high_hz
    at_rate = period[:: round(HEART_PERIOD_HZ / rate)] if rate == 2 else _period(beats, nn, settings, rate)
    rsa = rsa_sliding(at_rate, rate_hz=rate, low_hz=low, high_hz=high)
    notices = list(beats.notices)
    values = {
        "rsa": (rsa, "ln(ms^2)"),
        "rmssd": (sliding_rmssd(beats.times_s, nn, start_s=start, n=seconds), "ms"),
        "hf_power": (hf_power(period, rate_hz=HEART_PERIOD_HZ), "ms^2"),
    }
    if breathing is None:
        text = "Breathing was not recorded, so it is not known whether it stayed within the band of RSA."
        notices.append(Notice("rsa_unchecked", "rsa", text))
    else:
        values |= _with_breathing(period, rsa, breathing, start, settings, notices)
    signals = {"heart_period": Signal(period, HEART_PERIOD_HZ, start, "ms", "heart_period")}
    signals |= {name: Signal(v, 1.0, start, unit, name) for name, (v, unit) in values.items()}
    quality = {name: Signal(beats.quality, 1.0, start, "1", f"{name}_quality") for name in signals}
    return Measured(signals, {"beats": Events(beats.times_s, nn, "ms", "beats")}, quality, notices)


def _period(beats: _Beats, nn: FloatArray, settings: SignalSettings, rate_hz: float) -> FloatArray:
    n = round(len(beats.quality) * rate_hz)
    period = heart_period(
        beats.times_s, nn, rate_hz=rate_hz, start_s=beats.start_s, n=n, max_gap_s=settings.heart_max_gap_s
    )
    good = np.repeat(beats.quality >= beats.floor, round(rate_hz))
    return np.where(good, period, np.nan)


def _with_breathing(
    period: FloatArray,
    rsa: FloatArray,
    breathing: Signal,
    start_s: float,
    settings: SignalSettings,
    notices: list[Notice],
) -> dict[str, tuple[FloatArray, str]]:
    """RSA only where breathing is in its band, and the paced oscillation below it."""
    rate = breathing
    if breathing.name != "respiration_rate" and breathing.unit != "1/min":
        rate = measure_breathing(breathing, settings=settings).signals["respiration_rate"]
    index = np.round((start_s + np.arange(len(rsa)) - rate.start_s) * rate.rate_hz).astype(np.intp)
    inside = (index >= 0) & (index < len(rate.values))
    per_min = np.full(len(rsa), np.nan)
    per_min[inside] = np.asarray(rate.values, dtype=np.float64)[index[inside]]
    low, high = settings.respiration_low_hz * 60, settings.respiration_high_hz * 60
    left = (per_min < low) | (per_min > high)
    result = {"rsa": (np.where(left, np.nan, rsa), "ln(ms^2)")}
    lost = int(np.sum(left & np.isfinite(rsa)))
    if lost:
        text = f"In {lost} s breathing left the band of RSA ({low:.1f} to {high:.1f} a minute): not known."
        notices.append(Notice("breathing_out_of_band", "rsa", text))
    paced = paced_peak_to_trough(period, per_min, rate_hz=HEART_PERIOD_HZ)
    if np.any(np.isfinite(paced)):
        result["paced_peak_to_trough"] = (paced, "ms")
    return result
