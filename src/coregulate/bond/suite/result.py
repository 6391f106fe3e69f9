"""The one shape in which every measure of the suite answers."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from coregulate.core import FloatArray, Notice

NAN = float("nan")
NOTHING = np.zeros(0)
FIRST, SECOND, NOBODY = "first", "second", "cannot be told"


class Profile(NamedTuple):
    """A measure over lags, frequencies, directions or quantities.

    ``axis`` says which (``lag_s``, ``frequency_hz``, ``direction``, ``quantity``); ``at`` (k,) are its
    places (direction: +1 the first leads, -1 the second), ``values`` (k,) what was seen there, ``p``
    (k,) the share of surrogates that reach it at that place, ``q`` (k,) corrected over the family;
    ``phase_rad`` (k,), where the measure has one: above 0 the first is ahead.
    """

    axis: str
    at: FloatArray
    values: FloatArray
    p: FloatArray
    q: FloatArray
    phase_rad: FloatArray = NOTHING


class Course(NamedTuple):
    """A measure over time: window starts ``times_s`` (w,), ``values``, ``p`` and ``q`` (w,)."""

    times_s: FloatArray
    values: FloatArray
    p: FloatArray
    q: FloatArray


class CouplingTest(NamedTuple):
    """What one measure says of two series, beside what it says of their surrogates.

    Parameters
    ----------
    measure : str
    value : float
        In the measure's own unit (docs/bond.md), at its peak over the profile; signed where it can be.
    low, high : float
        95 % interval: the value less what the surrogates scatter round their mean at the same place.
        It holds for weak coupling; a strong one scatters in its own way.
    effect_size : float
        (statistic - mean of surrogates) / SD of surrogates.
    p, q : float
        q is Benjamini-Hochberg over the family tested together.
    peak : float
        Where on the profile's axis the value was found.
    leads : str
        ``first``, ``second``, ``cannot be told``; empty where the measure has no direction.
    lead, p_lead : float
        How strongly: above 0 the first leads.
    lag_s : float
        Lag of the peak, above 0 the first leads; NaN where the lead cannot be told.
    profile : Profile
    course : Course
    statistic : float
        What is compared with the surrogates.
    surrogates : array
        The same of each surrogate.
    surrogate_kind : str
    n_effective : float
        Samples as many as independent ones would tell as much (Bartlett).
    rate_hz, common_s, min_length_s : float
        Rate it was measured at; time seen in both; the least it needs.
    n_tests : int
        How many tests were corrected together.
    notices : tuple of Notice
    method : str
    before : CouplingTest or None
        The same without taking out shared input, where some was taken out.
    """

    measure: str
    value: float
    low: float
    high: float
    effect_size: float
    p: float
    q: float
    peak: float
    leads: str
    lead: float
    p_lead: float
    lag_s: float
    profile: Profile
    course: Course
    statistic: float
    surrogates: FloatArray
    surrogate_kind: str
    n_effective: float
    rate_hz: float
    common_s: float
    min_length_s: float
    n_tests: int
    notices: tuple[Notice, ...]
    method: str
    before: CouplingTest | None = None

    def swapped(self) -> CouplingTest:
        """Return the same with the two series exchanged."""
        profile, peak = self.profile, self.peak
        if profile.axis in ("lag_s", "direction"):
            values, p, q = (x[::-1].copy() for x in (profile.values, profile.p, profile.q))
            profile = profile._replace(at=0.0 - profile.at[::-1], values=values, p=p, q=q)
            peak = 0.0 - peak
        profile = profile._replace(phase_rad=0.0 - profile.phase_rad)
        return self._replace(
            profile=profile,
            peak=peak,
            lead=0.0 - self.lead,
            lag_s=0.0 - self.lag_s,
            leads={FIRST: SECOND, SECOND: FIRST}.get(self.leads, self.leads),
            notices=tuple(replace(n, text=_exchanged(n.text)) for n in self.notices),
            before=None if self.before is None else self.before.swapped(),
        )


def _exchanged(text: str) -> str:
    """Say of the second what is said of the first, and the other way round."""
    parts = text.split("the first")
    return "the second".join(part.replace("the second", "the first") for part in parts)


def not_known(
    measure: str,
    *,
    rate_hz: float,
    common_s: float,
    min_length_s: float,
    directed: bool,
    notices: tuple[Notice, ...],
    method: str,
) -> CouplingTest:
    """Answer for two series that hold too little."""
    nothing = Profile("", NOTHING, NOTHING, NOTHING, NOTHING)
    course = Course(NOTHING, NOTHING, NOTHING, NOTHING)
    return CouplingTest(
        measure=measure,
        value=NAN,
        low=NAN,
        high=NAN,
        effect_size=NAN,
        p=NAN,
        q=NAN,
        peak=NAN,
        leads=NOBODY if directed else "",
        lead=NAN,
        p_lead=NAN,
        lag_s=NAN,
        profile=nothing,
        course=course,
        statistic=NAN,
        surrogates=NOTHING,
        surrogate_kind="",
        n_effective=NAN,
        rate_hz=rate_hz,
        common_s=common_s,
        min_length_s=min_length_s,
        n_tests=0,
        notices=notices,
        method=method,
    )
