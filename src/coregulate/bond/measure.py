"""The bond of one session: the word from the primary pair, and how everything else moves together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from coregulate.core import BondSettings, Estimate, FloatArray, Notice, Signal

from .corrections import benjamini_hochberg
from .correlation import LaggedCorrelation, lagged_correlation
from .influence import Influence
from .moments import Moments
from .prepare import binned
from .suite import SuiteSettings
from .suite.engine import run
from .suite.lagged import COURSE_STEP_S, LAGGED
from .word import CLOCKS, NO_PAIR, TOO_SHORT, Word, word

#: Order of preference for the primary pair (docs/bond.md): fixed beforehand, never picked by result.
PRIMARY = ("heart_period", "felt_safe", "coded_affect", "skin_conductance", "f0", "motion_energy")
FAST_HZ = 10.0  # prior: series this fast keep 2 Hz for the coupling, others 1 Hz
TOO_FEW = "too little observed"
METHOD = "windowed lagged cross-correlation against circular shifts; nothing gated"


class Coupling(NamedTuple):
    """How one series of one person moves with one of the other.

    Parameters
    ----------
    measure : str
    a, a_cue, b, b_cue : str
        Person and series, first and second.
    value : float
        Fisher z averaged over windows at the lag where its size is largest; signed.
    effect_size : float
        (size of value - mean of surrogates) / SD of surrogates.
    p, q : float
        q is Benjamini-Hochberg over the exploratory pairs; for the primary pair it is p.
    lag_s : float
        Above 0: the first leads; NaN where the lead cannot be told.
    surrogates : array
    course : LaggedCorrelation
        Fisher z over time and lags, one window each 10 s.
    n_effective : float
        Samples as many as independent ones would tell as much (Bartlett).
    method : str
    notices : tuple of Notice
    exploratory : bool
    leads : str
        Id of who leads, or ``cannot be told``.
    """

    measure: str
    a: str
    a_cue: str
    b: str
    b_cue: str
    value: float
    effect_size: float
    p: float
    q: float
    lag_s: float
    surrogates: FloatArray
    course: LaggedCorrelation
    n_effective: float
    method: str
    notices: tuple[Notice, ...]
    exploratory: bool
    leads: str

    @property
    def estimate(self) -> Estimate:
        """The value with its p; the interval is what the surrogates alone reach, 2.5 to 97.5 %."""
        known = len(self.surrogates) > 0
        low, high = np.quantile(self.surrogates, [0.025, 0.975]) if known else (np.nan, np.nan)
        size = abs(self.value)
        return Estimate(
            size, float(low), float(high), p=self.p, n_effective=self.n_effective, method=self.method
        )


class Bond(NamedTuple):
    """What :func:`measure_bond` found.

    ``primary`` names the pair that the word rests on (keys ``cue``, ``people``, ``rate_hz``,
    ``common_s``, ``observed``) or is None; ``couplings`` has the primary pair first; ``influence`` is
    filled by :func:`coregulate.bond.measure_influence` and ``moments`` by
    :func:`coregulate.bond.split_moments`, where there are states.
    """

    primary: dict[str, Any] | None
    word: Word
    couplings: tuple[Coupling, ...]
    notices: tuple[Notice, ...]
    influence: tuple[Influence, ...] = ()
    moments: Moments | None = None


class _Pair(NamedTuple):
    name: str
    a: FloatArray
    b: FloatArray
    rate_hz: float

    @property
    def seen(self) -> Any:
        return np.isfinite(self.a) & np.isfinite(self.b)

    @property
    def common_s(self) -> float:
        return float(self.seen.sum() / self.rate_hz)

    @property
    def observed(self) -> float:
        return float(self.seen.mean()) if len(self.a) else 0.0


def measure_bond(
    people: tuple[str, str],
    series: Mapping[str, Mapping[str, Signal]],
    *,
    settings: BondSettings,
    rng: np.random.Generator,
    clocks_tied: bool = True,
) -> Bond:
    """Say the word for two people and measure how their series move together.

    Parameters
    ----------
    people : (str, str)
        The first and the second; ``lag_s`` > 0 means that the first leads.
    series : mapping of name to mapping of person to Signal
        One-dimensional; NaN where missing. The first name of :data:`PRIMARY` that both have for
        ``settings.min_common_s`` in common, observed for ``settings.min_observed`` of it, is the
        primary pair; all others are exploratory and corrected as one family.
    settings : BondSettings
    rng : numpy.random.Generator
    clocks_tied : bool
        False where nothing ties the two people's clocks: then nothing can be said.

    Returns
    -------
    Bond

    Notes
    -----
    No coupling is gated here: talking and moving drive both people at once. Pass series with those
    seconds taken out (NaN) where that matters.
    """
    if not clocks_tied:
        text = "Nothing ties the two people's clocks, so how they move together cannot be measured"
        return Bond(None, Word("undetermined", CLOCKS), (), (Notice("clocks-not-tied", "bond", text),))
    notices: list[Notice] = []
    pairs = {name: _on_one_grid(name, people, both, 1.0, notices) for name, both in series.items()}
    usable = {name: pair for name, pair in pairs.items() if pair is not None}
    main = _primary(usable, settings)
    if main is None:
        said, primary = _no_word(usable, settings), None
    else:
        oscillators = main.name != "motion_energy"
        said = word(main.a, main.b, rate_hz=main.rate_hz, settings=settings, oscillators=oscillators)
        primary = {
            "cue": main.name,
            "people": tuple(people),
            "rate_hz": main.rate_hz,
            "common_s": main.common_s,
            "observed": main.observed,
        }
    names = sorted(usable, key=lambda name: (main is None or name != main.name, _rank(name), name))
    couplings = []
    for name in names:
        fine = _fine(usable[name], people, series[name])
        couplings.append(_couple(fine, people, settings, rng, exploratory=main is None or name != main.name))
    return Bond(primary, said, _with_q(couplings), tuple(notices))


def _rank(name: str) -> int:
    return PRIMARY.index(name) if name in PRIMARY else len(PRIMARY)


def _primary(pairs: Mapping[str, _Pair], settings: BondSettings) -> _Pair | None:
    for name in PRIMARY:
        pair = pairs.get(name)
        if pair and pair.common_s >= settings.min_common_s and pair.observed >= settings.min_observed:
            return pair
    return None


def _no_word(pairs: Mapping[str, _Pair], settings: BondSettings) -> Word:
    """Why there is no primary pair, by the one that came nearest."""
    known = [pairs[name] for name in PRIMARY if name in pairs and pairs[name].common_s > 0]
    if not known:
        return Word("undetermined", NO_PAIR)
    best = max(known, key=lambda pair: pair.common_s)
    if best.common_s >= settings.min_common_s:
        return Word("undetermined", TOO_FEW, common_s=best.common_s, observed=best.observed)
    more = max(30.0 - best.common_s / 60, 1.0)
    return Word("undetermined", TOO_SHORT, common_s=best.common_s, observed=best.observed, more_minutes=more)


def _on_one_grid(
    name: str, people: tuple[str, str], both: Mapping[str, Signal], at_most_hz: float, notices: list[Notice]
) -> _Pair | None:
    """Average two signals into the same bins over the time that both cover; None if there is none."""
    if not all(person in both for person in people):
        return None
    one, two = (both[person] for person in people)
    if one.values.ndim != 1 or two.values.ndim != 1:
        notices.append(Notice("not-one-series", name, f"'{name}' has several columns and is left out"))
        return None
    rate = min(at_most_hz, one.rate_hz, two.rate_hz)
    start = max(one.start_s, two.start_s)
    n = int((min(one.span.end_s, two.span.end_s) - start) * rate + 1e-6)
    if n <= 0:
        notices.append(Notice("no-common-time", name, f"'{name}' of the two does not overlap in time"))
        return None
    a, b = (binned(x.values, x.rate_hz, rate, n=n, offset_s=x.start_s - start) for x in (one, two))
    return _Pair(name, a, b, rate)


def _fine(pair: _Pair, people: tuple[str, str], both: Mapping[str, Signal]) -> _Pair:
    """Take the same pair at 2 Hz where both series are fast enough to gain by it."""
    if min(both[person].rate_hz for person in people) < FAST_HZ:
        return pair
    return _on_one_grid(pair.name, people, both, 2.0, []) or pair


def _suite_settings(settings: BondSettings, rate_hz: float) -> SuiteSettings:
    return SuiteSettings(
        surrogates=settings.surrogates,
        alpha=settings.alpha,
        min_shift_s=settings.min_shift_s,
        # A window needs three samples: slow ratings get a longer one.
        window_s=max(settings.window_s, 8 / rate_hz),
        step_s=settings.step_s,
        max_lag_s=settings.max_lag_s,
    )


def _course(pair: _Pair, suite: SuiteSettings) -> LaggedCorrelation:
    return lagged_correlation(
        pair.a,
        pair.b,
        rate_hz=pair.rate_hz,
        window_s=suite.window_s,
        step_s=max(suite.step_s, COURSE_STEP_S),
        max_lag_s=suite.max_lag_s,
    )


def _couple(
    pair: _Pair,
    people: tuple[str, str],
    settings: BondSettings,
    rng: np.random.Generator,
    *,
    exploratory: bool,
) -> Coupling:
    suite = _suite_settings(settings, pair.rate_hz)
    found = run(LAGGED, pair.a, pair.b, rate_hz=pair.rate_hz, settings=suite, rng=rng)
    return Coupling(
        measure=found.measure,
        a=people[0],
        a_cue=pair.name,
        b=people[1],
        b_cue=pair.name,
        value=found.value,
        effect_size=found.effect_size,
        p=found.p,
        q=found.p,
        lag_s=found.lag_s,
        surrogates=found.surrogates,
        course=_course(pair, suite),
        n_effective=found.n_effective,
        method=METHOD,
        notices=found.notices,
        exploratory=exploratory,
        leads={"first": people[0], "second": people[1]}.get(found.leads, found.leads),
    )


def _with_q(couplings: list[Coupling]) -> tuple[Coupling, ...]:
    """Correct the exploratory pairs as one family."""
    family = [i for i, c in enumerate(couplings) if c.exploratory]
    for i, q in zip(family, benjamini_hochberg(np.array([couplings[i].p for i in family])), strict=True):
        couplings[i] = couplings[i]._replace(q=float(q))
    return tuple(couplings)
