"""One engine for every measure: the pair beside its surrogates, in batches, on all cores, by seed."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

import numpy as np

from coregulate.core import FloatArray, Notice, SignalError

from ..correlation import checked, comes_second
from ..prepare import binned, whole
from . import surrogates as made
from .measure import Measure, best
from .result import FIRST, NAN, NOBODY, NOTHING, SECOND, CouplingTest, Course, Profile, not_known
from .settings import SuiteSettings

COURSE_SURROGATES = 20  # prior: their windows together are the chance level of one window
TURNS = "turns"
T = TypeVar("T")


def run(
    measure: Measure,
    a: FloatArray,
    b: FloatArray,
    *,
    rate_hz: float,
    settings: SuiteSettings,
    rng: np.random.Generator,
    strangers: tuple[FloatArray, ...] = (),
) -> CouplingTest:
    """Measure two series and compare them with their surrogates.

    Parameters
    ----------
    measure : Measure
    a, b : array, shape (n,)
        On one regular grid; NaN where missing.
    rate_hz : float
    settings : SuiteSettings
    rng : numpy.random.Generator
    strangers : tuple of array
        Series of the second's kind from people whom the first never met, at the same rate. Where there
        are any, they are the surrogates (pseudo-dyads).

    Returns
    -------
    CouplingTest
        NaN, with a notice, where there is too little.
    """
    a, b = checked(a, b, rate_hz)
    if not strangers and comes_second(a, b):
        # One order inside, so that swapping the two swaps the result to the last digit.
        return run(measure, b, a, rate_hz=rate_hz, settings=settings, rng=rng).swapped()
    slow_hz = min(settings.at_most_hz or measure.at_most_hz, rate_hz)
    if slow_hz < rate_hz and not measure.categorical:
        a, b = binned(a, rate_hz, slow_hz), binned(b, rate_hz, slow_hz)
        strangers = tuple(binned(x, rate_hz, slow_hz) for x in strangers)
        rate_hz = slow_hz
    common_s = float(np.sum(np.isfinite(a) & np.isfinite(b)) / rate_hz)
    notices = _too_short(measure, common_s)
    if notices:
        return _unknown(measure, rate_hz, common_s, notices)
    if settings.even_bursts and not measure.categorical:
        a, b = evened(a, rate_hz), evened(b, rate_hz)
        strangers = tuple(evened(x, rate_hz) for x in strangers)
    if measure.ready is not None:
        a, b, settings = measure.ready(a, b, rate_hz, settings)
        strangers = tuple(measure.ready(x, x, rate_hz, settings)[0] for x in strangers)
    kind = "pseudo-dyads" if strangers else measure.surrogate
    if not strangers and settings.surrogate != "own" and measure.surrogate != TURNS:
        kind = settings.surrogate
    if measure.categorical and kind in ("phase", "iaaft"):
        raise SignalError(
            f"'{kind}' surrogates of codes have no meaning", "Set surrogate to shift or segments"
        )
    seen = measure.profiles(a, b[None], rate_hz, settings)
    null = (
        _strangers(measure, a, strangers, rate_hz, settings)
        if strangers
        else _null(measure, kind, a, b, rate_hz, settings, rng)
    )
    stack = np.concatenate([seen, null.reshape(-1, seen.shape[1])])
    if len(stack) <= made.MIN_SHIFTS or not np.isfinite(seen).any():
        notices = (Notice("too-few-surrogates", measure.name, "Too little was observed to compare"),)
        return _unknown(measure, rate_hz, common_s, notices)
    result = _verdict(measure, stack, a, b, rate_hz, settings, kind, common_s)
    return result._replace(course=_course(measure, a, b, rate_hz, settings, rng))


def evened(x: FloatArray, rate_hz: float) -> FloatArray:
    """Divide a series by its moving size over 60 s, gaps left as they are (docs/bond.md)."""
    seen = np.isfinite(x)
    out = np.full(len(x), np.nan)
    if seen.sum() > 2:
        out[seen] = whole([x[seen]], rate_hz, normalise_bursts=True)[0]
    return out


def _too_short(measure: Measure, common_s: float) -> tuple[Notice, ...]:
    if common_s >= measure.min_s:
        return ()
    text = f"Both were observed for {common_s:.0f} s; this measure needs {measure.min_s:.0f} s"
    return (Notice("too-short", measure.name, text),)


def _unknown(measure: Measure, rate_hz: float, common_s: float, notices: tuple[Notice, ...]) -> CouplingTest:
    return not_known(
        measure.name,
        rate_hz=rate_hz,
        common_s=common_s,
        min_length_s=measure.min_s,
        directed=measure.lead is not None,
        notices=notices,
        method=measure.method,
    )


def _null(
    measure: Measure,
    kind: str,
    a: FloatArray,
    b: FloatArray,
    rate_hz: float,
    settings: SuiteSettings,
    rng: np.random.Generator,
) -> FloatArray:
    """Profiles of all surrogates (m, k): in chunks whose size does not depend on the machine."""
    if kind == "shift":
        by = made.shifts(len(a), round(settings.min_shift_s * rate_hz), settings.surrogates, rng)
        if measure.shifted is not None:
            return measure.shifted(a, b, by, rate_hz, settings)
        parts = [by[i : i + measure.chunk] for i in range(0, len(by), measure.chunk)]
        return _threads(lambda some: measure.profiles(a, made.rolled(b, some), rate_hz, settings), parts)
    n_chunks = -(-settings.surrogates // measure.chunk)
    sizes = np.diff(np.minimum(np.arange(n_chunks + 1) * measure.chunk, settings.surrogates))
    jobs = list(zip(sizes.tolist(), rng.spawn(n_chunks), strict=True))
    return _threads(
        lambda job: measure.profiles(
            a, _drawn(kind, b, job[0], rate_hz, settings, job[1]), rate_hz, settings
        ),
        jobs,
    )


def _drawn(
    kind: str, b: FloatArray, m: int, rate_hz: float, settings: SuiteSettings, rng: np.random.Generator
) -> FloatArray:
    if kind == "segments":
        return made.segments_shuffled(b, max(round(settings.segment_s * rate_hz), 2), m, rng)
    if kind == "phase":
        return made.phase_randomised(b, m, rng)
    if kind == "iaaft":
        return made.iaaft(b, m, rng)
    return made.turns_rotated(b, m, rng)


def _threads(work: Callable[[T], FloatArray], parts: Sequence[T]) -> FloatArray:
    """Threads rather than numba's own: its plain layer ends the process when two callers meet in it."""
    if not len(parts):
        return np.zeros((0, 0))
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return np.concatenate(list(pool.map(work, parts)))


def _strangers(
    measure: Measure,
    a: FloatArray,
    strangers: tuple[FloatArray, ...],
    rate_hz: float,
    settings: SuiteSettings,
) -> FloatArray:
    """Profiles of the first with each stranger, over the time that both have."""
    rows = []
    for x in strangers:
        n = min(len(a), len(x))
        if np.sum(np.isfinite(a[:n]) & np.isfinite(x[:n])) / rate_hz >= measure.min_s:
            rows.append(measure.profiles(a[:n], x[None, :n], rate_hz, settings))
    return np.concatenate(rows) if rows else np.zeros((0, 0))


def _verdict(
    measure: Measure,
    stack: FloatArray,
    a: FloatArray,
    b: FloatArray,
    rate_hz: float,
    settings: SuiteSettings,
    kind: str,
    common_s: float,
) -> CouplingTest:
    scores = measure.scores(stack)
    statistics = best(scores)
    peak = int(np.argmax(np.where(np.isfinite(scores[0]), scores[0], -np.inf)))
    at = measure.places(len(a), rate_hz, settings)
    null = statistics[1:]
    sd = float(null.std())
    p = upper_p(statistics[:1], null)[0]
    value, (low, high) = float(stack[0, peak]), _interval(stack[:, peak])
    lead, p_lead, leads = _lead(measure, stack, p, settings.alpha)
    lag = float(at[peak]) if measure.axis == "lag_s" and leads in (FIRST, SECOND) else NAN
    if np.isfinite(lag) and (lag > 0) != (leads == FIRST):
        lag, leads = NAN, NOBODY
    pointwise = np.array([upper_p(scores[:1, k], scores[1:, k])[0] for k in range(scores.shape[1])])
    return CouplingTest(
        measure=measure.name,
        value=value,
        low=low,
        high=high,
        effect_size=(float(statistics[0]) - float(null.mean())) / sd if sd > 0 else NAN,
        p=p,
        q=p,
        peak=float(at[peak]),
        leads=leads,
        lead=lead,
        p_lead=p_lead,
        lag_s=lag,
        profile=Profile(measure.axis, at, stack[0], pointwise, pointwise),
        course=Course(NOTHING, NOTHING, NOTHING, NOTHING),
        statistic=float(statistics[0]),
        surrogates=null,
        surrogate_kind=kind,
        n_effective=effective(a, b),
        rate_hz=rate_hz,
        common_s=common_s,
        min_length_s=measure.min_s,
        n_tests=1,
        notices=(),
        method=measure.method,
    )


def upper_p(values: FloatArray, null: FloatArray) -> FloatArray:
    """Share of ``null`` that reaches each value, the value itself counted with it; NaN stays NaN."""
    null = np.sort(null[np.isfinite(null)])
    above = len(null) - np.searchsorted(null, values, side="left")
    return np.where(np.isfinite(values), (1 + above) / (1 + len(null)), np.nan)


def _interval(column: FloatArray) -> tuple[float, float]:
    null = column[1:][np.isfinite(column[1:])]
    if not len(null):
        return NAN, NAN
    low, high = np.quantile(null - null.mean(), [0.025, 0.975])
    return float(column[0] - high), float(column[0] - low)


def _lead(measure: Measure, stack: FloatArray, p: float, alpha: float) -> tuple[float, float, str]:
    """How strongly the first leads, how often surrogates lead as much, and who: told only of a link."""
    if measure.lead is None:
        return NAN, NAN, ""
    leads = measure.lead(stack)
    lead = float(leads[0])
    p_lead = float(upper_p(np.abs(leads[:1]), np.abs(leads[1:]))[0])
    if not (p < alpha and p_lead < alpha) or lead == 0:
        return lead, p_lead, NOBODY
    return lead, p_lead, FIRST if lead > 0 else SECOND


def _course(
    measure: Measure,
    a: FloatArray,
    b: FloatArray,
    rate_hz: float,
    settings: SuiteSettings,
    rng: np.random.Generator,
) -> Course:
    """Measure over time; what one window does by chance is read off the windows of shifted copies."""
    if measure.course is None:
        return Course(NOTHING, NOTHING, NOTHING, NOTHING)
    few = replace(settings, surrogates=COURSE_SURROGATES)
    times, values = measure.course(a, b, rate_hz, few)
    by = made.shifts(len(a), round(settings.min_shift_s * rate_hz), COURSE_SURROGATES, rng)
    null = np.concatenate([measure.course(a, x, rate_hz, few)[1] for x in made.rolled(b, by)])
    p = upper_p(np.abs(values), np.abs(null))
    return Course(times, values, p, p)


def effective(a: FloatArray, b: FloatArray) -> float:
    """Bartlett's number: n / (1 + 2 sum r_a r_b) over lags up to a quarter of the length.

    Source: Bartlett 1946, 10.2307/2983611. Lags count until the product first falls under 0.05 (prior):
    beyond, sample autocorrelations are noise.
    """
    n = float(np.sum(np.isfinite(a) & np.isfinite(b)))
    product = _autocorrelation(a) * _autocorrelation(b)
    small = np.flatnonzero(product < 0.05)
    stop = int(small[0]) if len(small) else len(product)
    return n / (1 + 2 * float(product[1:stop].sum()))


def _autocorrelation(x: FloatArray) -> FloatArray:
    seen = np.isfinite(x)
    if not seen.any():
        return np.ones(1)
    filled = np.where(seen, x - x[seen].mean(), 0.0)
    size = 2 * len(x)
    power = np.abs(np.fft.rfft(filled, size)) ** 2
    pairs = np.abs(np.fft.rfft(seen.astype(float), size)) ** 2
    total = np.fft.irfft(power)[: max(len(x) // 4, 1)]
    count = np.fft.irfft(pairs)[: max(len(x) // 4, 1)]
    mean = total / np.maximum(count, 1.0)
    return np.asarray(mean / mean[0] if mean[0] > 0 else np.ones(1))
