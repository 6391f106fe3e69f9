"""One engine for every measure: the pair beside its surrogates, in batches, on all cores, by seed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray, Notice, SignalError

from ..correlation import checked, comes_second
from ..prepare import binned
from . import surrogates as made
from .bootstrap import autoregressions
from .chance import SMALL_R, alike_p, autocorrelation, upper_p
from .conditioning import awkward, evened, smoothed
from .known_rates import warnings
from .measure import Measure, best
from .result import FIRST, NAN, NOBODY, NOTHING, SECOND, CouplingTest, Course, Profile, not_known
from .settings import SuiteSettings
from .threads import threads

COURSE_SURROGATES = 20  # prior: their windows together are the chance level of one window
TURNS = "turns"
ALONE = "autoregressions"
KEPT = "shift, common bursts kept"
TURNS_KEPT = "turns, common bursts kept"
RUNS = "runs within a minute"
ROUND = ("shift", KEPT, TURNS, TURNS_KEPT)  # neighbours of these are alike


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
    if settings.smooth_s and not measure.categorical:
        a, b, *others = (smoothed(x, rate_hz, settings.smooth_s) for x in (a, b, *strangers))
        strangers = tuple(others)
    slow_hz = min(settings.at_most_hz or measure.at_most_hz(settings), rate_hz)
    if slow_hz < rate_hz and not measure.categorical:
        a, b = binned(a, rate_hz, slow_hz), binned(b, rate_hz, slow_hz)
        strangers = tuple(binned(x, rate_hz, slow_hz) for x in strangers)
        rate_hz = slow_hz
    common_s = float(np.sum(np.isfinite(a) & np.isfinite(b)) / rate_hz)
    notices = _too_little(measure, a, b, common_s)
    if notices:
        return _unknown(measure, rate_hz, common_s, notices)
    if settings.max_lag_s * rate_hz >= len(a):
        raise SignalError(
            f"Lags up to {settings.max_lag_s:g} s in series of {len(a) / rate_hz:g} s",
            "Set a shorter max_lag_s",
        )
    odd = awkward(a, b, rate_hz, codes=measure.categorical)
    said = warnings(measure.name, odd) if not strangers else ()
    if settings.even_bursts and not measure.categorical:
        a, b = evened(a, rate_hz), evened(b, rate_hz)
        strangers = tuple(evened(x, rate_hz) for x in strangers)
    if measure.ready is not None:
        a, b, settings = measure.ready(a, b, rate_hz, settings)
        strangers = tuple(measure.ready(x, x, rate_hz, settings)[0] for x in strangers)
    kind = "pseudo-dyads" if strangers else _kind(measure, odd, settings)
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
    if measure.warn is not None:
        said += measure.warn(a, b, rate_hz, settings)
    if np.isnan(result.p):
        text = "Its surrogates are too much alike to say what chance does; a longer recording would help"
        said += (Notice("too-few-surrogates", measure.name, text),)
    return result._replace(course=_course(measure, a, b, rate_hz, settings, rng), notices=said)


def _kind(measure: Measure, odd: tuple[str, ...], settings: SuiteSettings) -> str:
    """Kind of surrogates: as set, or the measure's own, where bursts are common with those bursts kept."""
    if measure.surrogate == TURNS:
        return TURNS_KEPT if "common bursts" in odd else TURNS
    if settings.surrogate != "own":
        return settings.surrogate
    keep = measure.surrogate == "shift" and "common bursts" in odd
    return measure.burst_surrogate if keep else measure.surrogate


def _too_little(measure: Measure, a: FloatArray, b: FloatArray, common_s: float) -> tuple[Notice, ...]:
    for x in (a, b):
        seen = x[np.isfinite(x)]
        if not len(seen) or seen.min() == seen.max():
            return (Notice("no-change", measure.name, "One of the two was not observed to change"),)
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
) -> NDArray[Any]:
    """Profiles of all surrogates (m, k): in chunks whose size does not depend on the machine."""
    if kind in (KEPT, "shift"):
        by = made.shifts(len(a), round(settings.min_shift_s * rate_hz), settings.surrogates, rng)
        if measure.shifted is not None and kind == "shift":
            return measure.shifted(a, b, by, rate_hz, settings)
        parts = [by[i : i + measure.chunk] for i in range(0, len(by), measure.chunk)]

        def moved(some: NDArray[np.int64]) -> FloatArray:
            return made.burst_kept(a, b, some, rate_hz) if kind == KEPT else made.rolled(b, some)

        return threads(lambda some: measure.profiles(a, moved(some), rate_hz, settings), parts)
    if kind in (TURNS, TURNS_KEPT):
        size = made.common_size(a, b, rate_hz) if kind == TURNS_KEPT else None
        rows = made.turns_rotated(b, settings.surrogates, rng, size)
        return measure.profiles(a, rows, rate_hz, settings)
    n_chunks = -(-settings.surrogates // measure.chunk)
    sizes = np.diff(np.minimum(np.arange(n_chunks + 1) * measure.chunk, settings.surrogates))
    jobs = list(zip(sizes.tolist(), rng.spawn(n_chunks), strict=True))

    def drawn(job: tuple[int, np.random.Generator]) -> NDArray[Any]:
        if kind == ALONE:
            return _apart(measure, a, b, job[0], rate_hz, settings, job[1])
        rows = _drawn(kind, a, b, job[0], rate_hz, settings, job[1])
        return measure.profiles(a, rows, rate_hz, settings)

    return threads(drawn, jobs)


def _apart(
    measure: Measure,
    a: FloatArray,
    b: FloatArray,
    m: int,
    rate_hz: float,
    settings: SuiteSettings,
    rng: np.random.Generator,
) -> NDArray[Any]:
    """Profiles of ``m`` pairs in which each follows its own past alone."""
    ones, twos = (
        autoregressions(x, settings.ar_order, settings.detrend, m, rng, settings.max_order) for x in (a, b)
    )
    return np.concatenate(
        [measure.profiles(x, y[None], rate_hz, settings) for x, y in zip(ones, twos, strict=True)]
    )


def _drawn(
    kind: str,
    a: FloatArray,
    b: FloatArray,
    m: int,
    rate_hz: float,
    settings: SuiteSettings,
    rng: np.random.Generator,
) -> FloatArray:
    if kind == "segments":
        return made.segments_shuffled(b, max(round(settings.segment_s * rate_hz), 2), m, rng)
    if kind == RUNS:
        return made.runs_shuffled(b, made.minute(rate_hz), m, rng)
    if kind == "phase":
        return made.phase_randomised(b, m, rng)
    return made.iaaft(b, m, rng)


def _strangers(
    measure: Measure,
    a: FloatArray,
    strangers: tuple[FloatArray, ...],
    rate_hz: float,
    settings: SuiteSettings,
) -> NDArray[Any]:
    """Profiles of the first with each stranger, over the time that both have."""
    rows = []
    for x in strangers:
        n = min(len(a), len(x))
        if np.sum(np.isfinite(a[:n]) & np.isfinite(x[:n])) / rate_hz >= measure.min_s:
            rows.append(measure.profiles(a[:n], x[None, :n], rate_hz, settings))
    return np.concatenate(rows) if rows else np.zeros((0, 0))


def _verdict(
    measure: Measure,
    stack: NDArray[Any],
    a: FloatArray,
    b: FloatArray,
    rate_hz: float,
    settings: SuiteSettings,
    kind: str,
    common_s: float,
) -> CouplingTest:
    at = measure.places(len(a), rate_hz, settings)
    scores = measure.scores(stack, at)
    statistics = best(scores)
    peak = int(np.argmax(np.where(np.isfinite(scores[0]), scores[0], -np.inf)))
    null = statistics[1:]
    sd = float(null.std())
    p = (
        alike_p(float(measure.straight(statistics[:1])[0]), measure.straight(null))
        if kind in ROUND
        else float(upper_p(statistics[:1], null)[0])
    )
    values, phase = (np.abs(stack), np.angle(stack[0])) if np.iscomplexobj(stack) else (stack, NOTHING)
    value, (low, high) = float(values[0, peak]), _interval(values[:, peak])
    lead, p_lead, leads = _lead(measure, stack, peak, kind, p, settings.alpha)
    lag = _lag(measure.axis, float(at[peak]), phase[peak] if len(phase) else NAN)
    if leads in (FIRST, SECOND) and np.isfinite(lag) and lag * lead <= 0:
        leads = NOBODY  # the peak says one, the sides of the profile the other
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
        lag_s=lag if leads in (FIRST, SECOND) else NAN,
        profile=Profile(measure.axis, at, values[0], pointwise, pointwise, phase),
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


def _lag(axis: str, place: float, phase_rad: float) -> float:
    """Lag of the peak in seconds, above 0 the first leads; NaN where the axis has none."""
    if axis == "lag_s":
        return place
    return phase_rad / (2 * np.pi * place) if axis == "frequency_hz" else NAN


def _interval(column: FloatArray) -> tuple[float, float]:
    null = column[1:][np.isfinite(column[1:])]
    if not len(null):
        return NAN, NAN
    low, high = np.quantile(null - null.mean(), [0.025, 0.975])
    return float(column[0] - high), float(column[0] - low)


def _lead(
    measure: Measure, stack: NDArray[Any], peak: int, kind: str, p: float, alpha: float
) -> tuple[float, float, str]:
    """How strongly the first leads, how often surrogates lead as much, and who: told only of a link."""
    if measure.lead is None:
        return NAN, NAN, ""
    leads = measure.lead(stack, peak)
    lead = float(leads[0])
    if kind in ROUND:
        p_lead = min(1.0, 2 * min(alike_p(lead, leads[1:]), alike_p(-lead, -leads[1:])))
    else:
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
    if measure.course is None or not settings.course:
        return Course(NOTHING, NOTHING, NOTHING, NOTHING)
    few = replace(settings, surrogates=COURSE_SURROGATES)
    times, values = measure.course(a, b, rate_hz, few)
    by = made.shifts(len(a), round(settings.min_shift_s * rate_hz), COURSE_SURROGATES, rng)
    null = np.concatenate([measure.course(a, x, rate_hz, few)[1] for x in made.rolled(b, by)])
    p = upper_p(np.abs(values), np.abs(null))
    return Course(times, values, p, p)


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
