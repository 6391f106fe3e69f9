"""Breathing from a belt, a nasal sensor or anything else that rises with the breath."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.ndimage import maximum_filter1d, minimum_filter1d, uniform_filter1d

from coregulate.core import Events, FloatArray, Notice, Samples, Signal, SignalError, SignalSettings

from .measured import Measured
from .runs import Run, binned_mean, bridged, contiguous_runs, grid_length, true_stretches, windowed_mean

# prior: breathing faster or slower than this is taken for noise (60 / 1.5 = 40 a minute, 60 / 15 = 4)
PLAUSIBLE_S = (1.5, 15.0)
# prior: more samples than this add nothing
ENOUGH_HZ = 50.0
# prior: shortest run in which breaths are looked for
MIN_RUN_S = 10.0
# prior: a third of the shortest breath; a shorter gap hides none and is bridged by a straight line
BRIDGED_S = 0.5
# prior: window and number of differences for irregularity
IRREGULARITY_S = 60.0
MIN_DIFFERENCES = 4
QUALITY_S = 30.0
# prior: a sigh is at least twice as deep as the person's median breath
SIGH_DEPTH = 2.0
# Holds are over 10 s (docs/signals.md). prior: within them the belt moves less than this share of a breath;
# a stretch longer than HOLD_LONGEST_S is a belt that fell off.
HOLD_S = 10.0
HOLD_DEPTH = 0.2
HOLD_LONGEST_S = 90.0


class Breaths(NamedTuple):
    """Breaths of one contiguous run, each from one start of breathing in to the next.

    Parameters
    ----------
    start_s, turn_s, stop_s : ndarray, shape (breaths,)
        Start of breathing in, start of breathing out, start of the next breath.
    depth : ndarray, shape (breaths,)
        In the unit of the sensor.
    """

    start_s: FloatArray
    turn_s: FloatArray
    stop_s: FloatArray
    depth: FloatArray


def find_breaths(values: FloatArray, *, rate_hz: float) -> Breaths:
    """Find the breaths in one contiguous run.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Rising while breathing in; no NaN.
    rate_hz : float

    Returns
    -------
    Breaths
        Times in s from the first sample; breaths outside 1.5 to 15 s left out (prior).

    Raises
    ------
    SignalError
        Below 7 Hz (the cleaning filter passes up to 3 Hz).

    Notes
    -----
    NeuroKit2's cleaning and detector (its `khodadad2018`), 0.02 s for an hour at 50 Hz.
    """
    from neurokit2 import rsp_clean, rsp_findpeaks

    if rate_hz < 7:
        raise SignalError(f"This breathing has {rate_hz:g} samples a second", "Give 7 or more")
    none = Breaths(*(np.empty(0) for _ in range(4)))
    if len(values) < MIN_RUN_S * rate_hz or np.ptp(values) == 0:
        return none
    cleaned = np.asarray(rsp_clean(values, sampling_rate=rate_hz, method="khodadad2018"), dtype=np.float64)
    try:
        found = rsp_findpeaks(cleaned, sampling_rate=rate_hz, method="khodadad2018")
    except (IndexError, ValueError):
        # the detector gives up this way on a stretch without a whole breath
        return none
    troughs = np.asarray(found["RSP_Troughs"], dtype=np.intp)
    peaks = np.asarray(found["RSP_Peaks"], dtype=np.intp)
    if len(troughs) < 2 or len(peaks) == 0:
        return none
    turn = np.searchsorted(peaks, troughs[:-1])
    whole = turn < len(peaks)
    begin, end = troughs[:-1][whole], troughs[1:][whole]
    at = peaks[turn[whole]]
    period = (end - begin) / rate_hz
    ok = (at < end) & (period >= PLAUSIBLE_S[0]) & (period <= PLAUSIBLE_S[1])
    begin, end, at = begin[ok], end[ok], at[ok]
    return Breaths(begin / rate_hz, at / rate_hz, end / rate_hz, cleaned[at] - cleaned[begin])


def breath_holds(values: FloatArray, *, rate_hz: float, depth: float) -> FloatArray:
    """Stretches of over 10 s in which the sensor hardly moves.

    Parameters
    ----------
    values : ndarray, shape (n,)
        One contiguous run, as recorded.
    rate_hz : float
    depth : float
        The person's median depth of breath.

    Returns
    -------
    ndarray, shape (holds, 2)
        Start and duration in s, from the first sample.
    """
    width = round(HOLD_S * rate_hz)
    if len(values) < width or not depth > 0:
        return np.empty((0, 2))
    smooth = uniform_filter1d(values, max(1, round(0.5 * rate_hz)), mode="nearest")
    span = maximum_filter1d(smooth, width) - minimum_filter1d(smooth, width)
    span[: width // 2] = np.inf
    span[len(span) - (width - 1) // 2 :] = np.inf
    holds = []
    for a, b in true_stretches(span < HOLD_DEPTH * depth):
        duration = (b - a + width - 1) / rate_hz
        if duration <= HOLD_LONGEST_S:
            holds.append(((a - width // 2) / rate_hz, duration))
    return np.array(holds).reshape(-1, 2)


def measure_breathing(data: Signal | Samples, *, settings: SignalSettings) -> Measured:
    """Measure one person's breathing.

    Parameters
    ----------
    data : Signal or Samples
        One column that rises while breathing in (a belt, a nasal thermistor).
    settings : SignalSettings

    Returns
    -------
    Measured
        All 1 Hz from the start of the data: ``respiration_rate`` (1/min),
        ``respiration_depth`` (the sensor's unit), ``respiration_irregularity`` (s,
        RMSSD of breath periods within 60 s), ``expiration_share`` (0 to 1,
        breathing out / whole breath). Events ``breaths`` (values: period, s),
        ``sighs`` (depth), ``breath_holds`` (duration_s).

    Raises
    ------
    SignalError
        For more than one column or under 7 Hz.

    Notes
    -----
    Quality is the share of the 30 s around a second that lies in plausible breaths. Gaps of up to half a
    second are bridged before breaths are looked for; longer ones are not.
    Talking changes the share of breathing out (Conrad & Schoenle 1979): who uses it
    leaves out the seconds of own speech. Of an air flow sensor (positive while
    breathing in) rate and irregularity hold, the share does not.

    Examples
    --------
    >>> import numpy as np
    >>> from coregulate.core import Signal, SignalSettings
    >>> belt = Signal(np.sin(2 * np.pi * 0.25 * np.arange(0, 120, 0.04)), 25.0, name="belt")
    >>> rate = measure_breathing(belt, settings=SignalSettings()).signals["respiration_rate"]
    >>> float(rate.values[60].round(1))
    15.0
    """
    del settings  # the numbers of breathing that a user may set belong to RSA
    if np.ndim(data.values) != 1:
        raise SignalError(f"This breathing has {np.shape(data.values)[1]} columns", "Choose one column")
    runs = [_slower(run) for run in contiguous_runs(bridged(data, longest_s=BRIDGED_S))]
    start = runs[0].start_s if runs else data.span.start_s
    n = grid_length(start, runs[-1].start_s + runs[-1].duration_s, 1.0) if runs else 0
    found = [(run, find_breaths(run.values, rate_hz=run.rate_hz)) for run in runs]
    breaths = _joined(found)
    notices = [] if len(breaths.start_s) else [Notice("no_breaths", data.name, "No breath was found.")]
    signals = _per_second(breaths, start, n, data.unit)
    covered = np.isfinite(signals["respiration_rate"].values).astype(float)
    quality = windowed_mean(covered, window=int(QUALITY_S) + 1)
    qualities = {name: Signal(quality, 1.0, start, "1", f"{name}_quality") for name in signals}
    return Measured(signals, _events(found, breaths, data.unit), qualities, notices)


def _slower(run: Run) -> Run:
    """Bring a run to 50 Hz when it has more than twice that."""
    if run.rate_hz <= 2 * ENOUGH_HZ:
        return run
    n = grid_length(0.0, run.duration_s, ENOUGH_HZ)
    values = binned_mean([run], rate_hz=ENOUGH_HZ, start_s=run.start_s, n=n)
    first, stop = (true_stretches(np.isfinite(values)) or [(0, 0)])[0]
    return Run(values[first:stop], ENOUGH_HZ, run.start_s + first / ENOUGH_HZ)


def _joined(found: list[tuple[Run, Breaths]]) -> Breaths:
    if not found:
        return Breaths(*(np.empty(0) for _ in range(4)))
    return Breaths(
        np.concatenate([run.start_s + b.start_s for run, b in found]),
        np.concatenate([run.start_s + b.turn_s for run, b in found]),
        np.concatenate([run.start_s + b.stop_s for run, b in found]),
        np.concatenate([b.depth for _, b in found]),
    )


def _per_second(breaths: Breaths, start_s: float, n: int, unit: str) -> dict[str, Signal]:
    begin, stop = breaths.start_s - start_s, breaths.stop_s - start_s
    period = stop - begin
    share = (breaths.stop_s - breaths.turn_s) / np.where(period > 0, period, np.nan)
    centres: FloatArray = np.arange(n, dtype=np.float64) + 0.5
    values = {
        "respiration_rate": (_at(centres, begin, stop, 60 / period), "1/min"),
        "respiration_depth": (_at(centres, begin, stop, breaths.depth), unit),
        "respiration_irregularity": (_irregularity(begin, stop, n), "s"),
        "expiration_share": (_at(centres, begin, stop, share), "1"),
    }
    return {name: Signal(v, 1.0, start_s, u, name) for name, (v, u) in values.items()}


def _at(centres: FloatArray, begin: FloatArray, stop: FloatArray, values: FloatArray) -> FloatArray:
    """Linear between the middles of breaths; NaN in seconds that no breath covers."""
    if len(begin) == 0:
        return np.full(len(centres), np.nan)
    last = np.searchsorted(begin, centres, side="right") - 1
    covered = (last >= 0) & (centres < stop[np.maximum(last, 0)])
    return np.where(covered, np.interp(centres, (begin + stop) / 2, values), np.nan)


def _irregularity(begin: FloatArray, stop: FloatArray, n: int) -> FloatArray:
    result = np.full(n, np.nan)
    if len(begin) < 2:
        return result
    follows = np.abs(begin[1:] - stop[:-1]) < 1e-6
    squares = np.where(follows, np.diff(stop - begin), 0.0) ** 2
    sums = np.concatenate(([0.0], np.cumsum(squares)))
    counts = np.concatenate(([0], np.cumsum(follows)))
    centres = np.arange(n) + 0.5
    low = np.searchsorted(begin[1:], centres - IRREGULARITY_S / 2)
    high = np.searchsorted(begin[1:], centres + IRREGULARITY_S / 2)
    number = counts[high] - counts[low]
    mean = (sums[high] - sums[low]) / np.maximum(number, 1)
    return np.where(number >= MIN_DIFFERENCES, np.sqrt(np.maximum(mean, 0)), np.nan)


def _events(found: list[tuple[Run, Breaths]], breaths: Breaths, unit: str) -> dict[str, Events]:
    median = float(np.median(breaths.depth)) if len(breaths.depth) else float("nan")
    deep = breaths.depth >= SIGH_DEPTH * median
    holds = [
        breath_holds(run.values, rate_hz=run.rate_hz, depth=median) + np.array([run.start_s, 0.0])
        for run, _ in found
    ]
    held = np.concatenate(holds) if holds else np.empty((0, 2))
    return {
        "breaths": Events(breaths.start_s, breaths.stop_s - breaths.start_s, "s", "breaths"),
        "sighs": Events(breaths.start_s[deep], breaths.depth[deep], unit, "sighs"),
        "breath_holds": Events(held[:, 0], held[:, 1], "s", "breath_holds"),
    }
