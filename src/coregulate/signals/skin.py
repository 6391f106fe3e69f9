"""Skin conductance: its level against its own drift, and the responses upon it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from coregulate.core import Events, FloatArray, Notice, Samples, Signal, SignalError, SignalSettings

from .measured import Measured
from .runs import Run, binned_mean, contiguous_runs, grid_length, true_stretches, windowed_mean

SKIN_HZ = 4.0
# prior: outside of this the electrode is off or shorted, us
PLAUSIBLE_US = (0.01, 100.0)
# prior: a pause up to this long stays one stretch
MAX_GAP_S = 5.0
# prior: width of the Hann window that leaves the tonic level (responses last about 5 s)
TONIC_S = 20.0
# docs/signals.md (prior): electrode drift is slower than this
DRIFT_S = 600.0
# prior: a stretch shorter than this has no level of its own
MIN_STRETCH_S = 60.0
# prior: smoothing before responses are looked for, and the longest rise of a response
SMOOTH_S = 1.0
RISE_S = 5.0
# prior: window of the rate of responses, and the share of it that must be observed
RATE_S = 60.0
MIN_SHARE = 0.8


def tonic_level(conductance_us: FloatArray, *, rate_hz: float) -> FloatArray:
    """Slow part of skin conductance: mean under a Hann window of 20 s.

    Parameters
    ----------
    conductance_us : ndarray, shape (n,)
        NaN where missing; a pause over 5 s is not reached across.
    rate_hz : float

    Returns
    -------
    ndarray, shape (n,)
        us; NaN where the conductance is.
    """
    return _per_stretch(conductance_us, rate_hz, lambda part: _hann_mean(part, TONIC_S * rate_hz))


def without_drift(tonic_us: FloatArray, *, rate_hz: float) -> FloatArray:
    """Tonic level minus its mean over the 10 min around (less at the ends of a stretch).

    Electrode drift reverses a contrast in recordings of stress, and a quadratic trend
    only ties it (docs/signals.md). A stretch under 60 s is NaN.

    Parameters
    ----------
    tonic_us : ndarray, shape (n,)
        uS; NaN between stretches.
    rate_hz : float

    Returns
    -------
    ndarray, shape (n,)
        uS.
    """

    def rule(part: FloatArray) -> FloatArray:
        if len(part) < MIN_STRETCH_S * rate_hz:
            return np.full(len(part), np.nan)
        return part - windowed_mean(part, window=int(DRIFT_S * rate_hz) + 1)

    return _per_stretch(tonic_us, rate_hz, rule)


def skin_responses(
    conductance_us: FloatArray, *, rate_hz: float, min_us: float
) -> tuple[FloatArray, FloatArray]:
    """Find skin conductance responses: rises from a trough to a peak.

    Parameters
    ----------
    conductance_us : ndarray, shape (n,)
    rate_hz : float
    min_us : float
        Smallest amplitude from trough to peak.

    Returns
    -------
    times_s, amplitude_us : ndarray, shape (responses,)
        Times of the peaks from the first sample. The amplitude is what was gained in
        at most 5 s before the peak.
    """
    smooth = _per_stretch(conductance_us, rate_hz, lambda part: _hann_mean(part, SMOOTH_S * 2 * rate_hz))
    times, amplitudes = [], []
    reach = round(RISE_S * rate_hz)
    for a, b in true_stretches(np.isfinite(smooth)):
        part = smooth[a:b]
        slope = np.sign(np.diff(part))
        peaks = np.flatnonzero((slope[:-1] > 0) & (slope[1:] <= 0)) + 1
        last = 0
        for peak in peaks:
            begin = max(last, peak - reach)
            rise = part[peak] - part[begin : peak + 1].min()
            if rise >= min_us:
                times.append((a + peak) / rate_hz)
                amplitudes.append(rise)
            last = int(peak)
    return np.array(times), np.array(amplitudes)


def measure_skin(data: Signal | Samples, *, settings: SignalSettings) -> Measured:
    """Measure one person's skin conductance.

    Parameters
    ----------
    data : Signal or Samples
        Conductance in microsiemens, one column.
    settings : SignalSettings
        ``scr_min_us``: smallest response.

    Returns
    -------
    Measured
        ``skin_conductance`` (us, 4 Hz), ``skin_conductance_level`` (us, 4 Hz: tonic
        minus its centred 10 min mean), ``scr_rate`` (1/min, 1 Hz, over 60 s). Events
        ``scr`` (peak times; amplitude, us).

    Raises
    ------
    SignalError
        For more than one column.

    Notes
    -----
    Quality is the share of each second with a plausible value (0.01 to 100 us, prior).
    The level needs 5 min to either side: it is not causal and has no live form.

    Examples
    --------
    >>> import numpy as np
    >>> from coregulate.core import Signal, SignalSettings
    >>> drift = Signal(2 + 0.001 * np.arange(4800) / 4, 4.0, unit="us", name="eda")
    >>> level = measure_skin(drift, settings=SignalSettings()).signals["skin_conductance_level"]
    >>> bool(abs(level.values[2400]) < 1e-6)
    True
    """
    if np.ndim(data.values) != 1:
        raise SignalError(
            f"This skin conductance has {np.shape(data.values)[1]} columns", "Choose one column"
        )
    runs = [part for run in contiguous_runs(data) for part in _plausible(run)]
    start = data.span.start_s
    stop = runs[-1].start_s + runs[-1].duration_s if runs else start
    n = grid_length(start, stop, 1.0)
    conductance = binned_mean(runs, rate_hz=SKIN_HZ, start_s=start, n=n * int(SKIN_HZ))
    level = without_drift(tonic_level(conductance, rate_hz=SKIN_HZ), rate_hz=SKIN_HZ)
    times, amplitudes = skin_responses(conductance, rate_hz=SKIN_HZ, min_us=settings.scr_min_us)
    observed = np.isfinite(conductance).reshape(n, int(SKIN_HZ)).mean(axis=1)
    signals = {
        "skin_conductance": Signal(conductance, SKIN_HZ, start, "us", "skin_conductance"),
        "skin_conductance_level": Signal(level, SKIN_HZ, start, "us", "skin_conductance_level"),
        "scr_rate": Signal(_rate(times, observed), 1.0, start, "1/min", "scr_rate"),
    }
    quality = {name: Signal(observed, 1.0, start, "1", f"{name}_quality") for name in signals}
    events = {"scr": Events(start + times, amplitudes, "us", "scr")}
    return Measured(signals, events, quality, _notices(observed, data.name))


def _plausible(run: Run) -> list[Run]:
    good = (run.values >= PLAUSIBLE_US[0]) & (run.values <= PLAUSIBLE_US[1])
    return [Run(run.values[a:b], run.rate_hz, run.start_s + a / run.rate_hz) for a, b in true_stretches(good)]


def _notices(observed: FloatArray, name: str) -> list[Notice]:
    lost = float(np.mean(observed < 1)) if len(observed) else 1.0
    if lost == 0:
        return []
    if lost == 1:
        text = "No plausible skin conductance (0.01 to 100 us): is the unit microsiemens?"
        return [Notice("no_skin_conductance", name, text)]
    text = f"In {np.sum(observed < 1)} of {len(observed)} s there is no plausible skin conductance."
    return [Notice("skin_gaps", name, text)]


def _rate(times_s: FloatArray, observed: FloatArray) -> FloatArray:
    """Responses a minute in a centred window, one value a second."""
    centres = np.arange(len(observed)) + 0.5
    counts = np.searchsorted(times_s, centres + RATE_S / 2) - np.searchsorted(times_s, centres - RATE_S / 2)
    sums = np.concatenate(([0.0], np.cumsum(observed)))
    low = np.clip(np.arange(len(observed)) - int(RATE_S) // 2, 0, None)
    high = np.clip(np.arange(len(observed)) + int(RATE_S) // 2, None, len(observed))
    seconds = sums[high] - sums[low]
    # at the ends the window is cut, in gaps it is not observed: both shorten the time that is counted in
    enough = (seconds >= MIN_SHARE * (high - low)) & (seconds >= MIN_SHARE * RATE_S / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(enough & (observed > 0), 60 * counts / seconds, np.nan)


def _per_stretch(values: FloatArray, rate_hz: float, rule: Callable[[FloatArray], FloatArray]) -> FloatArray:
    """Apply a rule to each stretch that no pause over 5 s breaks; NaN stays NaN."""
    result = np.full(len(values), np.nan)
    known = np.flatnonzero(np.isfinite(values))
    if len(known) == 0:
        return result
    cuts = np.flatnonzero(np.diff(known) > MAX_GAP_S * rate_hz + 1)
    firsts = known[np.concatenate(([0], cuts + 1))]
    lasts = known[np.concatenate((cuts, [len(known) - 1]))]
    for a, b in zip(firsts, lasts + 1, strict=True):
        result[a:b] = rule(values[a:b])
    return np.where(np.isfinite(values), result, np.nan)


def _hann_mean(values: FloatArray, width: float) -> FloatArray:
    """Weighted mean of what is observed under a centred Hann window."""
    half = max(1, round(width / 2))
    weights = np.hanning(2 * half + 1)
    finite = np.isfinite(values)
    total = np.convolve(np.where(finite, values, 0.0), weights)[half:-half]
    number = np.convolve(finite.astype(float), weights)[half:-half]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(number > 1e-9, total / number, np.nan)
