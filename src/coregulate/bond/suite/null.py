"""What a measure says of a pair's surrogates: which kind it is held against, and their profiles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray

from . import surrogates as made
from .bootstrap import autoregressions
from .measure import Measure
from .settings import SuiteSettings
from .swelling import shares_swell
from .threads import threads
from .trial import Trial

SHIFT = "shift"
KEPT = "shift, common bursts kept"
APART = "shift, not swelling together"
TURNS = "turns"
TURNS_KEPT = "turns, common bursts kept"
RUNS = "runs within a minute"
ALONE = "autoregressions"
ROUND = (SHIFT, KEPT, APART, TURNS, TURNS_KEPT)  # neighbours of these are alike

BATCHES = 4  # prior: of as many shifts as are wanted; codes that swell together in three of four are too slow


def kind_of(measure: Measure, odd: tuple[str, ...], settings: SuiteSettings) -> str:
    """Kind of surrogates: as set, or the measure's own, where bursts are common with those bursts kept."""
    if measure.surrogate == TURNS:
        return TURNS_KEPT if "common bursts" in odd else TURNS
    if settings.surrogate != "own":
        return settings.surrogate
    keep = measure.surrogate in (SHIFT, APART) and "common bursts" in odd
    return measure.burst_surrogate if keep else measure.surrogate


def null_profiles(trial: Trial, kind: str, rng: np.random.Generator) -> NDArray[Any]:
    """Profiles of all surrogates (m, k): in chunks whose size does not depend on the machine."""
    if trial.strangers:
        return _of_strangers(trial)
    if kind in (SHIFT, KEPT, APART):
        return _of_shifts(trial, kind, rng)
    if kind in (TURNS, TURNS_KEPT):
        size = made.common_size(trial.a, trial.b, trial.rate_hz) if kind == TURNS_KEPT else None
        return trial.profiles(made.turns_rotated(trial.b, trial.settings.surrogates, rng, size))
    wanted = trial.settings.surrogates
    sizes = [len(some) for some in _chunks(np.arange(wanted), trial.measure.chunk)]
    jobs = list(zip(sizes, rng.spawn(len(sizes)), strict=True))
    return threads(lambda job: _drawn(trial, kind, *job), jobs)


def _chunks(x: NDArray[np.int64], size: int) -> list[NDArray[np.int64]]:
    return np.split(x, range(size, len(x), size))


def _of_shifts(trial: Trial, kind: str, rng: np.random.Generator) -> NDArray[Any]:
    measure, a, b, rate_hz, settings = trial[:5]
    least = round(settings.min_shift_s * rate_hz)
    if kind == APART:
        by = shifts_apart(trial, least, rng)
    else:
        by = made.shifts(len(b), least, settings.surrogates, rng)
    if measure.shifted is not None and kind != KEPT:
        return measure.shifted(a, b, by, rate_hz, settings)

    def moved(some: NDArray[np.int64]) -> FloatArray:
        return made.burst_kept(a, b, some, rate_hz) if kind == KEPT else made.rolled(b, some)

    return threads(lambda some: trial.profiles(moved(some)), _chunks(by, measure.chunk) if len(by) else [])


def shifts_apart(trial: Trial, least: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw shifts at which the codes of the two do not come and go together, as they do not in the pair.

    Pairs in which they do are held against other surrogates; among the others, shifts in which they do
    would be more than chance does.
    """
    wanted, n = trial.settings.surrogates, len(trial.b)
    possible = rng.permutation(made.shifts(n, least, n, rng))[: BATCHES * wanted]
    found: list[NDArray[np.int64]] = []
    for batch in _chunks(possible, wanted):
        swell = threads(
            lambda some: shares_swell(trial.a, made.rolled(trial.b, some), trial.rate_hz),
            _chunks(batch, trial.measure.chunk),
        )
        found.append(batch[~swell])
        if sum(len(x) for x in found) >= wanted:
            break
    return np.sort(np.concatenate(found)[:wanted])


def _drawn(trial: Trial, kind: str, m: int, rng: np.random.Generator) -> NDArray[Any]:
    """Profiles of ``m`` surrogates that are drawn, not moved."""
    b, rate_hz, settings = trial.b, trial.rate_hz, trial.settings
    if kind == ALONE:
        return _alone(trial, m, rng)
    draw: dict[str, Callable[[], FloatArray]] = {
        "segments": lambda: made.segments_shuffled(b, max(round(settings.segment_s * rate_hz), 2), m, rng),
        RUNS: lambda: made.runs_shuffled(b, made.minute(rate_hz), m, rng),
        "phase": lambda: made.phase_randomised(b, m, rng),
        "iaaft": lambda: made.iaaft(b, m, rng),
    }
    return trial.profiles(draw[kind]())


def _alone(trial: Trial, m: int, rng: np.random.Generator) -> NDArray[Any]:
    """Profiles of ``m`` pairs in which each follows its own past alone."""
    settings = trial.settings
    ones, twos = (
        autoregressions(x, settings.ar_order, settings.detrend, m, rng, settings.max_order)
        for x in (trial.a, trial.b)
    )
    return np.concatenate([trial._replace(a=x).profiles(y[None]) for x, y in zip(ones, twos, strict=True)])


def _of_strangers(trial: Trial) -> NDArray[Any]:
    """Profiles of the first with each stranger, cut to the pair's length or not seen beyond its own."""
    n = len(trial.a)
    moved = [np.concatenate([x[:n], np.full(n - len(x[:n]), np.nan)]) for x in trial.strangers]
    pairs = [trial._replace(b=x) for x in moved]
    rows = [pair.profiles(pair.b[None]) for pair in pairs if pair.both_s >= trial.measure.min_s]
    return np.concatenate(rows) if rows else np.zeros((0, 0))
