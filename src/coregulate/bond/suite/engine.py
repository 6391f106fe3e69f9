"""One engine for every measure: the pair beside its surrogates, in batches, on all cores, by seed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from coregulate.core import FloatArray, Notice, SignalError

from ..correlation import checked, comes_second
from ..prepare import binned
from . import surrogates as made
from .chance import upper_p
from .conditioning import awkward, evened, smoothed
from .known_rates import warnings
from .measure import Measure
from .null import kind_of, null_profiles
from .result import NOTHING, CouplingTest, Course, not_known
from .settings import SuiteSettings
from .trial import Trial
from .verdict import verdict

COURSE_SURROGATES = 20  # prior: their windows together are the chance level of one window


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
    trial = _at_its_rate(Trial(measure, a, b, rate_hz, settings, strangers))
    notices = _too_little(trial)
    return _not_known(trial, trial.both_s, notices) if notices else _compared(trial, rng)


def _at_its_rate(trial: Trial) -> Trial:
    """Smooth as set, and average down to the rate that the measure asks for; codes stay as they are."""
    measure, rate_hz, settings = trial.measure, trial.rate_hz, trial.settings
    if measure.categorical:
        return trial
    if settings.smooth_s:
        trial = trial.each(lambda x: smoothed(x, rate_hz, settings.smooth_s))
    slow_hz = min(settings.at_most_hz or measure.at_most_hz(settings), rate_hz)
    if slow_hz < rate_hz:
        trial = trial.each(lambda x: binned(x, rate_hz, slow_hz))._replace(rate_hz=slow_hz)
    return trial


def _too_little(trial: Trial) -> tuple[Notice, ...]:
    measure = trial.measure
    for x in (trial.a, trial.b):
        seen = x[np.isfinite(x)]
        if not len(seen) or seen.min() == seen.max():
            return (Notice("no-change", measure.name, "One of the two was not observed to change"),)
    if trial.both_s >= measure.min_s:
        return ()
    text = f"Both were observed for {trial.both_s:.0f} s; this measure needs {measure.min_s:.0f} s"
    return (Notice("too-short", measure.name, text),)


def _not_known(trial: Trial, common_s: float, notices: tuple[Notice, ...]) -> CouplingTest:
    measure = trial.measure
    return not_known(
        measure.name,
        rate_hz=trial.rate_hz,
        common_s=common_s,
        min_length_s=measure.min_s,
        directed=measure.lead is not None,
        notices=notices,
        method=measure.method,
    )


def _compared(trial: Trial, rng: np.random.Generator) -> CouplingTest:
    """Hold a pair that is long enough against its surrogates."""
    measure, common_s = trial.measure, trial.both_s
    odd = awkward(trial.a, trial.b, trial.rate_hz, codes=measure.categorical)
    said = warnings(measure.name, odd) if not trial.strangers else ()
    kind = "pseudo-dyads" if trial.strangers else kind_of(measure, odd, trial.settings)
    _refused(trial, kind)
    trial = _made_ready(trial)
    seen = trial.profiles(trial.b[None])
    null = null_profiles(trial, kind, rng)
    if len(null) < made.MIN_SHIFTS or not np.isfinite(seen).any():
        text = "Too little was observed to compare"
        return _not_known(trial, common_s, (Notice("too-few-surrogates", measure.name, text),))
    result = verdict(trial, np.concatenate([seen, null]), kind, common_s)
    if measure.warn is not None:
        said += measure.warn(trial.a, trial.b, trial.rate_hz, trial.settings)
    if np.isnan(result.p):
        text = "Its surrogates are too much alike to say what chance does; a longer recording would help"
        said += (Notice("too-few-surrogates", measure.name, text),)
    return result._replace(course=_course(trial, rng), notices=said)


def _refused(trial: Trial, kind: str) -> None:
    """Say which settings cannot be meant."""
    length_s, longest_s = len(trial.a) / trial.rate_hz, trial.settings.max_lag_s
    if longest_s * trial.rate_hz >= len(trial.a):
        raise SignalError(
            f"Lags up to {longest_s:g} s in series of {length_s:g} s", "Set a shorter max_lag_s"
        )
    if trial.measure.categorical and kind in ("phase", "iaaft"):
        raise SignalError(
            f"'{kind}' surrogates of codes have no meaning", "Set surrogate to shift or segments"
        )


def _made_ready(trial: Trial) -> Trial:
    """Even out bursts as set, and do what the measure asks for once, before any surrogate."""
    measure, rate_hz = trial.measure, trial.rate_hz
    if trial.settings.even_bursts and not measure.categorical:
        trial = trial.each(lambda x: evened(x, rate_hz))
    if measure.ready is None:
        return trial
    a, b, settings = measure.ready(trial.a, trial.b, rate_hz, trial.settings)
    strangers = tuple(measure.ready(x, x, rate_hz, settings)[0] for x in trial.strangers)
    return trial._replace(a=a, b=b, settings=settings, strangers=strangers)


def _course(trial: Trial, rng: np.random.Generator) -> Course:
    """Measure over time; what one window does by chance is read off the windows of shifted copies."""
    over, settings, rate_hz = trial.measure.course, trial.settings, trial.rate_hz
    if over is None or not settings.course:
        return Course(NOTHING, NOTHING, NOTHING, NOTHING)
    few = replace(settings, surrogates=COURSE_SURROGATES)
    times, values = over(trial.a, trial.b, rate_hz, few)
    by = made.shifts(len(trial.a), round(settings.min_shift_s * rate_hz), COURSE_SURROGATES, rng)
    null = np.concatenate([over(trial.a, x, rate_hz, few)[1] for x in made.rolled(trial.b, by)])
    p = upper_p(np.abs(values), np.abs(null))
    return Course(times, values, p, p)
