"""Flooding: diffuse physiological arousal. A notice, never an episode by itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from coregulate.core import FloatArray, Segment, Signal, SignalError, SignalSettings

from .runs import true_stretches


def flooding(
    heart: Signal, baseline: float | Sequence[Segment], *, settings: SignalSettings
) -> tuple[Segment, ...]:
    """Stretches in which the heart beats far above the person's own baseline and above an absolute rate.

    Parameters
    ----------
    heart : Signal
        Heart period (unit ``ms``) or heart rate (unit ``1/min``).
    baseline : float or sequence of Segment
        The person's own rate at baseline (1/min), or the stretches of this signal
        that are the baseline (their median is taken).
    settings : SignalSettings
        ``flooding_rise`` above the baseline and ``flooding_rate_per_min``, both,
        for ``flooding_s`` (after Gottman, clinical custom).

    Returns
    -------
    tuple of Segment
        Empty where the baseline is not known: level alone would flag a person
        whose heart is fast at rest throughout.

    Raises
    ------
    SignalError
        For any other unit.

    Examples
    --------
    >>> from coregulate.core import Signal, SignalSettings
    >>> rate = Signal([70.0] * 60 + [120.0] * 60, 1.0, unit="1/min")
    >>> flooding(rate, 72.0, settings=SignalSettings())
    (Segment(start_s=60.0, end_s=120.0),)
    """
    values = np.asarray(heart.values, dtype=np.float64)
    if heart.unit == "ms":
        with np.errstate(divide="ignore"):
            values = 60_000 / values
    elif heart.unit != "1/min":
        raise SignalError(f"'{heart.name}' has the unit '{heart.unit}'", "Give ms (period) or 1/min (rate)")
    if not isinstance(baseline, int | float):
        baseline = _median_within(values, heart, baseline)
    limit = max(baseline * (1 + settings.flooding_rise), settings.flooding_rate_per_min)
    if not np.isfinite(baseline):
        return ()
    flooded = (values > settings.flooding_rate_per_min) & (values >= limit)
    stretches = [
        Segment(heart.start_s + a / heart.rate_hz, heart.start_s + b / heart.rate_hz)
        for a, b in true_stretches(flooded)
    ]
    return tuple(s for s in stretches if s.duration_s >= settings.flooding_s - 1e-9)


def _median_within(values: FloatArray, heart: Signal, segments: Sequence[Segment]) -> float:
    times = heart.times_s
    inside = np.zeros(len(values), dtype=bool)
    for segment in segments:
        inside |= (times >= segment.start_s) & (times < segment.end_s)
    known = values[inside & np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")
