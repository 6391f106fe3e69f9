"""The word: what one recording of two people supports, and why (docs/bond.md)."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from coregulate.core import BondSettings, Estimate, FloatArray

from .correlation import checked, comes_second
from .gain import partner_share
from .interval import likelihood_bound
from .links import by_cross_spectrum, by_likelihood
from .oscillators import NAMES, Fits, fit_all
from .prepare import Spectra, binned, spectra, stretches, whole
from .variants import (
    FIRST,
    MEAN,
    SECOND,
    Evidence,
    Variant,
    at_once,
    best,
    gain_over,
    gain_value,
    rival_of,
    variants,
)

NAN = float("nan")
UNKNOWN = Estimate(NAN)
RIVAL_MARGIN = 2.0  # docs/bond.md: log-likelihood by which the coupled fit must beat the shared signal
BURSTY = 1.3  # docs/bond.md: 99 % of pairs with common bursts swell more than this, 1 % of those without
USUAL_MIN = 30.0  # docs/bond.md table: from 30 min on most simulated pairs earn a word
MOST_MIN = 600.0  # prior: a promise of more than ten further hours is none

TOO_SHORT = "too short"
CLOCKS = "their clocks are not tied"
NO_PAIR = "no pair of series"
ONE_WAY = "one-way"
NO_DIRECTION = "a link, but its directions cannot be told"
SHARED = "a shared signal explains it"
NO_OSCILLATION = "no oscillation"
WIDE = "interval too wide"
MIXED = "one is steadied, the other not"
LATE = "how late each hears the other decides it"
TOO_WEAK = "no link found, but one too weak to see cannot be ruled out"


class Word(NamedTuple):
    """One of four words, and everything it rests on.

    Parameters
    ----------
    verdict : str
        ``co-regulating``, ``co-dysregulating``, ``independent`` or ``undetermined``.
    reason : str
        Why it is undetermined (or independent); empty otherwise.
    p_any, p12, p21 : float
        p of any coupling (after bursts were evened out); of the second driving the first; of the
        first driving the second.
    rival_margin : float
        Log-likelihood by which the coupled fit beats a shared signal; more than 2 is asked.
    gain : Estimate
        Stability gain H, the mean of both; above 0: each one's answers shorten the other's way back.
    gain_each : (Estimate, Estimate)
        H of the first and of the second.
    damping : (float, float)
        Damping ratio of each alone; 1 or more does not oscillate.
    share : (Estimate, Estimate)
        Share of each person's variance that comes from the partner, 0..1; ``high`` is its one-sided
        95 % bound.
    common_s : float
        Seconds in the stretches that were used.
    observed : float
        Share of the recording in which both were observed, 0..1.
    more_minutes : float
        Rough: how many more minutes would likely earn a word; NaN where that cannot be said.
    late_s : float
        How late each hears the other, where a delay fits clearly better than none; otherwise 0.
    gain_at_once : float
        H of the best fit without a delay.
    parameters : dict
        The coupled fit: see ``coregulate.bond.PARAMETER_NAMES``.
    evidence : Evidence, optional
        The fit without a delay and its data, from which several sessions are read together.
    """

    verdict: str
    reason: str
    p_any: float = NAN
    p12: float = NAN
    p21: float = NAN
    rival_margin: float = NAN
    gain: Estimate = UNKNOWN
    gain_each: tuple[Estimate, Estimate] = (UNKNOWN, UNKNOWN)
    damping: tuple[float, float] = (NAN, NAN)
    share: tuple[Estimate, Estimate] = (UNKNOWN, UNKNOWN)
    common_s: float = 0.0
    observed: float = 0.0
    more_minutes: float = NAN
    late_s: float = 0.0
    gain_at_once: float = NAN
    parameters: dict[str, float] = {}  # noqa: RUF012 - never written to; a NamedTuple has no factory
    evidence: Evidence | None = None

    def swapped(self) -> Word:
        """Return the same word with the two people exchanged."""
        return self._replace(
            p12=self.p21,
            p21=self.p12,
            gain_each=self.gain_each[::-1],
            damping=self.damping[::-1],
            share=self.share[::-1],
            parameters={_other(name): value for name, value in self.parameters.items()},
            evidence=self.evidence and replace(self.evidence, swapped=not self.evidence.swapped),
        )


def _other(name: str) -> str:
    return name.translate(str.maketrans("12", "21"))


def word(
    a: FloatArray, b: FloatArray, *, rate_hz: float, settings: BondSettings, oscillators: bool = True
) -> Word:
    """Say whether two people steady each other, unsettle each other, or go their own ways.

    Two coupled damped oscillators are fitted in the frequency domain, tested for links, held against
    a shared signal, and asked whether the partner's answers shorten the way back to balance.

    Parameters
    ----------
    a, b : array, shape (n,)
        Series of the two on one regular grid; NaN where missing.
    rate_hz : float
        Samples a second; above 1 the series are averaged to 1 Hz.
    settings : BondSettings
    oscillators : bool
        False for series that come in bursts (motion energy): links are then tested on the
        cross-spectrum alone.

    Returns
    -------
    Word

    Raises
    ------
    SignalError
        If the two differ in length, are not one-dimensional, or the rate is not above 0.

    Notes
    -----
    Needs ``settings.min_common_s`` (10 min) in stretches of 5 min or more; gaps up to 5 s are
    interpolated. Swapping the two swaps the result exactly. Cost: under half a second for an hour.
    An independent pair is linked (p_any < 0.05) in about 5 % of cases; docs/bond.md has measured
    rates.

    Sources: Butler & Randall 2013, 10.1177/1754073912451630 (co-regulation); Butler & Barnard 2019,
    10.1097/PSY.0000000000000703 (coupled oscillators).

    Differences from the papers

    - fitted in the frequency domain (Whittle), not by local linear approximation;
    - the tests, the rival, the gain and the words are this package's own.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> short = rng.standard_normal(120)
    >>> word(short, short, rate_hz=1.0, settings=BondSettings()).reason
    'too short'
    """
    a, b = checked(a, b, rate_hz)
    if comes_second(a, b):
        return word(b, a, rate_hz=rate_hz, settings=settings, oscillators=oscillators).swapped()
    rate = min(rate_hz, 1.0)
    a, b = binned(a, rate_hz, rate), binned(b, rate_hz, rate)
    both = np.isfinite(a) & np.isfinite(b)
    observed = float(both.mean()) if len(both) else 0.0
    parts = [(x, y) for x, y in stretches(a, b, rate) if np.ptp(x) > 0 and np.ptp(y) > 0]
    common_s = sum(len(x) for x, _ in parts) / rate
    if common_s < settings.min_common_s or not parts:
        more = max(USUAL_MIN - common_s / 60, 1.0)
        return Word("undetermined", TOO_SHORT, common_s=common_s, observed=observed, more_minutes=more)
    return _fitted(parts, rate, settings, oscillators=oscillators)._replace(
        common_s=common_s, observed=observed
    )


class _Tested(NamedTuple):
    data: Spectra
    fits: Fits
    p_any: float
    p12: float
    p21: float


def _fitted(
    parts: list[tuple[FloatArray, FloatArray]], rate: float, settings: BondSettings, *, oscillators: bool
) -> Word:
    tested = _tested(parts, rate, oscillators=oscillators)
    data, coupled = tested.data, tested.fits.coupled
    # Delay and rest turn the gain: where there is one to speak of, both have to be right.
    found = variants(data, coupled) if tested.p_any < settings.alpha else [Variant(coupled, data)]
    result = _described(tested, found)
    verdict, reason = decide(result, settings)
    result = result._replace(verdict=verdict, reason=reason)
    minutes = sum(len(x) for x, _ in parts) / rate / 60
    return result._replace(more_minutes=_more(result, minutes, settings))


def _tested(parts: list[tuple[FloatArray, FloatArray]], rate: float, *, oscillators: bool) -> _Tested:
    """Fit and test two copies of the data, as it is and with bursts evened out."""
    data, even = (_copy(parts, rate, normalise_bursts=even) for even in (False, True))
    fits = fits_even = fit_all(even)
    if data.swell > BURSTY:
        data = even  # a few common bursts would decide everything
    else:
        fits = fit_all(data)
    test = by_likelihood if oscillators else by_cross_spectrum
    # Bursts common to both feign a link, not its directions: those keep the copy with more to see.
    _, p12, p21 = test(fits, data)
    return _Tested(data, fits, test(fits_even, even).p_any, p12, p21)


def _described(tested: _Tested, found: list[Variant]) -> Word:
    """Put down all numbers of the variant that fits best; the word itself is still open."""
    chosen = best(found)
    theta = chosen.fit.theta
    rival = rival_of(chosen, tested.fits.uncoupled)
    return Word(
        "undetermined",
        "",
        tested.p_any,
        tested.p12,
        tested.p21,
        rival_margin=float(rival.plain_cost - chosen.fit.plain_cost),
        gain=gain_over(found, MEAN),
        gain_each=(gain_over(found, FIRST), gain_over(found, SECOND)),
        damping=(_ratio(theta, 0), _ratio(theta, 1)),
        share=(_share(chosen, 0), _share(chosen, 1)),
        late_s=chosen.name[0],
        gain_at_once=gain_value(at_once(found)),
        parameters=_named(theta),
        evidence=Evidence(found[0]),
    )


def _copy(parts: list[tuple[FloatArray, FloatArray]], rate: float, *, normalise_bursts: bool) -> Spectra:
    one, two = (whole([part[i] for part in parts], rate, normalise_bursts=normalise_bursts) for i in (0, 1))
    data = spectra(list(zip(one, two, strict=True)), rate)
    # The raw copy is only read where bursts are not common.
    return data._replace(spread=data.spread * data.swell) if normalise_bursts else data


def _share(chosen: Variant, person: int) -> Estimate:
    """Share of one's variance that comes from the partner, with its one-sided bound."""
    fit, data = chosen

    def share(theta: FloatArray) -> FloatArray:
        return partner_share(theta, data.omega, data.late)[:, person]

    value = float(share(fit.theta[None])[0])
    high = min(likelihood_bound(fit, data, share, 1.0, level=0.95), 1.0)
    n = 2.0 * len(data.omega) / data.spread
    return Estimate(value, 0.0, high, n_effective=n, method="share of variance, one-sided bound")


def _ratio(theta: FloatArray, i: int) -> float:
    return float(np.exp(theta[2 + i]) / (2 * np.sqrt(np.exp(theta[i]))))


def _named(theta: FloatArray) -> dict[str, float]:
    return {name: float(value) for name, value in zip(NAMES, theta[:13], strict=True)}


def decide(found: Word, settings: BondSettings) -> tuple[str, str]:
    """Word and reason from the numbers alone: docs/bond.md step 6, gate by gate."""
    alpha = settings.alpha
    if not found.p_any < alpha:
        if all(s.high < settings.share_bound for s in found.share):
            return "independent", ""
        return "undetermined", TOO_WEAK
    linked = (found.p12 < alpha, found.p21 < alpha)
    if not all(linked):
        return "undetermined", ONE_WAY if any(linked) else NO_DIRECTION
    if not found.rival_margin > RIVAL_MARGIN:
        return "undetermined", SHARED
    if not all(xi < 1 for xi in found.damping):
        return "undetermined", NO_OSCILLATION
    if not (found.gain.low > 0 or found.gain.high < 0):
        return "undetermined", WIDE
    sign = np.sign(found.gain.value)
    if any(np.sign(h.value) != sign for h in found.gain_each):
        return "undetermined", MIXED
    if found.late_s > 0 and np.sign(found.gain_at_once) != sign:
        # States that swell and pass can look like a late answer: a delay may not turn the word by itself.
        return "undetermined", LATE
    return ("co-regulating" if sign > 0 else "co-dysregulating"), ""


def _more(found: Word, minutes: float, settings: BondSettings) -> float:
    """More minutes until the gate that failed would open, were the estimates the truth.

    A likelihood ratio grows with time, an interval shrinks with its square root, the bound of a share
    that is really zero shrinks with time.
    """
    from scipy.stats import chi2

    factor = NAN
    if found.reason == TOO_WEAK:
        factor = max(s.high for s in found.share) / settings.share_bound
    elif found.reason in (ONE_WAY, NO_DIRECTION):
        # What is expected without any link (2, one per degree of freedom) is not evidence for one.
        weakest = float(chi2.isf(max(found.p12, found.p21), 2)) - 2.0
        factor = (float(chi2.isf(settings.alpha, 2)) - 2.0) / weakest if weakest > 0 else NAN
    elif found.reason == WIDE and np.isfinite(found.gain.low):
        half = max(found.gain.high - found.gain.value, found.gain.value - found.gain.low)
        factor = (half / abs(found.gain.value)) ** 2
    more = minutes * (max(factor, 1.1) - 1)
    return float(more) if more <= MOST_MIN else NAN
