"""Two series in, every measure's answer out; and the correction of a family of answers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from coregulate.core import FloatArray, Notice

from ..corrections import benjamini_hochberg
from ..correlation import checked
from .conditioning import in_reach
from .engine import run
from .registry import DEFAULT, measure_named
from .result import CouplingTest
from .settings import SuiteSettings
from .shared_input import gated, regressed


def couple(
    a: FloatArray,
    b: FloatArray,
    *,
    rate_hz: float,
    measures: Sequence[str] = DEFAULT,
    settings: SuiteSettings | None = None,
    seed: int = 0,
    gates: Sequence[FloatArray] = (),
    drivers: Sequence[FloatArray] = (),
    strangers: Sequence[FloatArray] = (),
) -> tuple[CouplingTest, ...]:
    """Measure how two series go together, each measure beside its surrogates.

    Parameters
    ----------
    a, b : array, shape (n,)
        On one regular grid, NaN where missing; codes (whole numbers) for the categorical measures.
    rate_hz : float
    measures : sequence of str
        Names, as in ``docs/bond.md``.
    settings : SuiteSettings, optional
    seed : int
        Every measure draws from this seed and its own name: the same whatever else is asked for.
    gates : sequence of array, shape (n,)
        Samples at which one is not 0 are taken out of both.
    drivers : sequence of array, shape (n,)
        What they explain, now and up to 5 s ago, is regressed out of both.
    strangers : sequence of array
        Series of people whom the first never met: they take the surrogates' place (pseudo-dyads).

    Returns
    -------
    tuple of CouplingTest
        In the order asked for, corrected as one family; with ``before`` where shared input was taken out.

    Raises
    ------
    InputError
        For series that do not fit each other, and for a measure or setting that there is not.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = np.convolve(rng.standard_normal(610), np.ones(5), "valid")
    >>> found = couple(x[6:], x[:-6], rate_hz=1.0, measures=["lagged correlation"])[0]
    >>> found.leads, found.lag_s
    ('first', 6.0)
    """
    a, b = (in_reach(x) for x in checked(a, b, rate_hz))
    drivers = [in_reach(np.asarray(x, dtype=np.float64)) for x in drivers]
    settings = settings or SuiteSettings()
    rows = [measure_named(name) for name in measures]
    others = tuple(in_reach(np.asarray(x, dtype=np.float64)) for x in strangers)

    def all_of(x: FloatArray, y: FloatArray) -> list[CouplingTest]:
        return [
            run(m, x, y, rate_hz=rate_hz, settings=settings, rng=_rng(seed, m.name), strangers=others)
            for m in rows
        ]

    found = all_of(a, b)
    if gates or drivers:
        clean = all_of(*(_clean(x, gates, drivers, rate_hz) for x in (a, b)))
        said = Notice("shared-input", "bond", _taken_out(gates, drivers))
        found = [
            after._replace(before=before, notices=(*after.notices, said))
            for before, after in zip(found, clean, strict=True)
        ]
    return corrected(found)


def corrected(found: Sequence[CouplingTest]) -> tuple[CouplingTest, ...]:
    """Correct a family of answers (Benjamini-Hochberg): over answers, over all places, over all windows.

    ``n_tests`` of each is how many answers there were; the profiles' and courses' q count all places and
    all windows of the family.
    """
    q = benjamini_hochberg(np.array([t.p for t in found]))
    places = _q_parts([t.profile.p for t in found])
    windows = _q_parts([t.course.p for t in found])
    n_tests = int(np.isfinite(q).sum())
    return tuple(
        t._replace(
            q=float(q[k]),
            n_tests=n_tests,
            profile=t.profile._replace(q=places[k]),
            course=t.course._replace(q=windows[k]),
        )
        for k, t in enumerate(found)
    )


def _q_parts(parts: Sequence[FloatArray]) -> list[FloatArray]:
    ends = np.cumsum([len(p) for p in parts])
    return np.split(benjamini_hochberg(np.concatenate(parts)), ends[:-1]) if len(parts) else []


def _clean(
    x: FloatArray, gates: Sequence[FloatArray], drivers: Sequence[FloatArray], rate_hz: float
) -> FloatArray:
    x = regressed(x, drivers, rate_hz) if drivers else x
    return gated(x, gates) if gates else x


def _taken_out(gates: Sequence[FloatArray], drivers: Sequence[FloatArray]) -> str:
    said = []
    if gates:
        share = float(np.mean(np.isnan(gated(np.zeros(len(gates[0])), gates))))
        said.append(f"{100 * share:.0f} % of the samples were taken out of both")
    if drivers:
        said.append(f"{len(drivers)} series regressed out of both, now and up to 5 s ago")
    return "Shared input: " + "; ".join(said)


def _rng(seed: int, name: str) -> np.random.Generator:
    return np.random.default_rng([seed, *name.encode()])
