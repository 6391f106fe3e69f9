"""What follows from a pair's profile beside those of its surrogates: p, interval, who leads."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray

from .chance import SMALL_R, alike_p, autocorrelation, upper_p
from .measure import Measure, best
from .null import ROUND
from .result import FIRST, NAN, NOBODY, NOTHING, SECOND, CouplingTest, Course, Profile
from .trial import Trial


def verdict(trial: Trial, stack: NDArray[Any], kind: str, common_s: float) -> CouplingTest:
    """Read the answer off the profiles (1 + m, k), the pair's first; course and notices are still empty."""
    measure, rate_hz = trial.measure, trial.rate_hz
    at = measure.places(len(trial.a), rate_hz, trial.settings)
    scores = measure.scores(stack, at)
    statistics = best(scores)
    peak = int(np.argmax(np.where(np.isfinite(scores[0]), scores[0], -np.inf)))
    p = _p(measure, statistics, kind)
    values, phase = (np.abs(stack), np.angle(stack[0])) if np.iscomplexobj(stack) else (stack, NOTHING)
    low, high = _interval(values[:, peak])
    lag = _lag(measure.axis, float(at[peak]), phase[peak] if len(phase) else NAN)
    lead, p_lead, leads = _lead(trial, stack, peak, kind, p, lag)
    pointwise = np.array([upper_p(scores[:1, k], scores[1:, k])[0] for k in range(scores.shape[1])])
    return CouplingTest(
        measure=measure.name,
        value=float(values[0, peak]),
        low=low,
        high=high,
        effect_size=_effect_size(statistics),
        p=p,
        q=p,
        peak=float(at[peak]),
        leads=leads,
        lead=lead,
        p_lead=p_lead,
        lag_s=lag if leads in (FIRST, SECOND) else NAN,
        profile=Profile(measure.axis, at, values[0], pointwise, pointwise, phase),
        course=Course(NOTHING, NOTHING, NOTHING, NOTHING),
        statistic=float(statistics[0]),
        surrogates=statistics[1:],
        surrogate_kind=kind,
        n_effective=effective(trial.a, trial.b),
        rate_hz=rate_hz,
        common_s=common_s,
        min_length_s=measure.min_s,
        n_tests=1,
        notices=(),
        method=measure.method,
    )


def _p(measure: Measure, statistics: FloatArray, kind: str) -> float:
    if kind in ROUND:
        return alike_p(float(measure.straight(statistics[:1])[0]), measure.straight(statistics[1:]))
    return float(upper_p(statistics[:1], statistics[1:])[0])


def _effect_size(statistics: FloatArray) -> float:
    null = statistics[1:]
    sd = float(null.std())
    return (float(statistics[0]) - float(null.mean())) / sd if sd > 0 else NAN


def _interval(column: FloatArray) -> tuple[float, float]:
    null = column[1:][np.isfinite(column[1:])]
    if not len(null):
        return NAN, NAN
    low, high = np.quantile(null - null.mean(), [0.025, 0.975])
    return float(column[0] - high), float(column[0] - low)


def _lag(axis: str, place: float, phase_rad: float) -> float:
    """Lag of the peak in seconds, above 0 the first leads; NaN where the axis has none."""
    if axis == "lag_s":
        return place
    return phase_rad / (2 * np.pi * place) if axis == "frequency_hz" else NAN


def _lead(
    trial: Trial, stack: NDArray[Any], peak: int, kind: str, p: float, lag: float
) -> tuple[float, float, str]:
    """How strongly the first leads, how often surrogates lead as much, and who: told only of a link."""
    measure, alpha = trial.measure, trial.settings.alpha
    if measure.lead is None:
        return NAN, NAN, ""
    leads = measure.lead(stack, peak)
    lead = float(leads[0])
    p_lead = _p_either_way(leads, kind)
    if not (p < alpha and p_lead < alpha) or lead == 0:
        return lead, p_lead, NOBODY
    if np.isfinite(lag) and lag * lead <= 0:
        return lead, p_lead, NOBODY  # the peak says one, the sides of the profile the other
    return lead, p_lead, FIRST if lead > 0 else SECOND


def _p_either_way(leads: FloatArray, kind: str) -> float:
    if kind in ROUND:
        lead, null = float(leads[0]), leads[1:]
        return min(1.0, 2 * min(alike_p(lead, null), alike_p(-lead, -null)))
    return float(upper_p(np.abs(leads[:1]), np.abs(leads[1:]))[0])


def effective(a: FloatArray, b: FloatArray) -> float:
    """Bartlett's number: n / (1 + 2 sum r_a r_b), up to where the product first falls under 0.05."""
    n = float(np.sum(np.isfinite(a) & np.isfinite(b)))
    product = _autocorrelation(a) * _autocorrelation(b)
    small = np.flatnonzero(product < SMALL_R)
    stop = int(small[0]) if len(small) else len(product)
    return n / (1 + 2 * float(product[1:stop].sum()))


def _autocorrelation(x: FloatArray) -> FloatArray:
    seen = np.isfinite(x)
    if not seen.any():
        return np.ones(1)
    return autocorrelation(np.where(seen, x - x[seen].mean(), 0.0), seen.astype(np.float64))
