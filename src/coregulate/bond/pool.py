"""Several sessions of the same two people, read together (docs/bond.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from coregulate.core import BondSettings, Estimate, FloatArray

from .interval import room
from .variants import FIRST, MEAN, SECOND, Evidence, People, Variant, delayed, gain_of, variants
from .word import Word, decide

NAN = float("nan")


def pool_words(words: Sequence[Word], *, settings: BondSettings) -> Word:
    """Say one word for several sessions of the same two people.

    Parameters
    ----------
    words : sequence of Word
        One a session, the two people in the same order; words without a fit are left out.
    settings : BondSettings

    Returns
    -------
    Word
        Gain by random effects (inverse variance; DerSimonian and Laird), p by Fisher's method, the
        margin over the rival summed, damping and the bounds of the shares averaged by common time; where a
        word may be said, one delay for all sessions; then the same gates as for one session.
    """
    fitted = [w for w in words if np.isfinite(w.p_any)]
    if not fitted:
        return Word("undetermined", words[0].reason if words else "no session")
    pooled = _averaged(fitted)
    if max(pooled.p_any, pooled.p12, pooled.p21) < settings.alpha:
        evidence = [w.evidence for w in fitted if w.evidence]
        pooled = pooled._replace(**_joint(evidence)) if len(evidence) == len(fitted) else pooled
    verdict, reason = decide(pooled, settings)
    return pooled._replace(verdict=verdict, reason=reason)


def _averaged(words: Sequence[Word]) -> Word:
    """Put the numbers of all sessions together as if each stood alone; the word itself is still open."""
    time = np.array([w.common_s for w in words])
    part = time / time.sum()

    def of(k: int) -> tuple[Estimate, float, Estimate]:
        return (
            _random_effects([w.gain_each[k] for w in words]),
            float(part @ [w.damping[k] for w in words]),
            _mean_share([w.share[k] for w in words], part),
        )

    (gain_1, damping_1, share_1), (gain_2, damping_2, share_2) = of(0), of(1)
    return words[0]._replace(
        p_any=_fisher([w.p_any for w in words]),
        p12=_fisher([w.p12 for w in words]),
        p21=_fisher([w.p21 for w in words]),
        rival_margin=float(sum(w.rival_margin for w in words)),
        gain=_random_effects([w.gain for w in words]),
        gain_each=(gain_1, gain_2),
        damping=(damping_1, damping_2),
        share=(share_1, share_2),
        common_s=float(time.sum()),
        observed=float(part @ [w.observed for w in words]),
        more_minutes=NAN,
        late_s=0.0,
        gain_at_once=float(part @ [w.gain_at_once for w in words]),
        parameters={},
        evidence=None,
    )


def _joint(sessions: Sequence[Evidence]) -> dict[str, Any]:
    """Gains with one delay, and one kind of rest, in all sessions: what each alone can hardly tell, all can.

    The interval is taken over all variants that fit nearly as well, as in one session.
    """
    tables = [variants(s.variant.data, s.variant.fit) for s in sessions]
    late_s, _ = _costs(tables)[0][1]
    if late_s > 0:  # two seconds apart is too coarse for many sessions
        tables = [[*t, *delayed(t, (late_s - 1, late_s + 1))] for t in tables]
    ranked = _costs(tables)
    allowed = float(np.mean([room(s.variant.data) for s in sessions]))
    near = [(name, cost - ranked[0][0]) for cost, name in ranked if cost - ranked[0][0] < allowed]
    named = [{v.name: v for v in table} for table in tables]

    def gain(name: tuple[float, bool], behind: float, people: People) -> Estimate:
        sides = [_in_order(people, s.swapped) for s in sessions]
        whole = _random_effects([gain_of(t[name], side) for t, side in zip(named, sides, strict=True)])
        part = np.sqrt(1 - behind / allowed)  # the loss of a likelihood grows with the square
        low, high = (whole.value + part * (end - whole.value) for end in (whole.low, whole.high))
        return replace(whole, low=float(low), high=float(high))

    def over(people: People) -> Estimate:
        gains = [gain(name, behind, people) for name, behind in near]
        return replace(gains[0], low=min(g.low for g in gains), high=max(g.high for g in gains))

    at_once = next(name for _, name in ranked if name[0] == 0)
    return {
        "gain": over(MEAN),
        "gain_each": (over(FIRST), over(SECOND)),
        "late_s": near[0][0][0],
        "gain_at_once": gain(at_once, 0.0, MEAN).value,
    }


def _costs(tables: Sequence[Sequence[Variant]]) -> list[tuple[float, tuple[float, bool]]]:
    """Cost of each variant, summed over the sessions, its price paid once; the best first."""
    named = [{v.name: v for v in table} for table in tables]
    return sorted((sum(t[v.name].fit.cost for t in named) + v.price, v.name) for v in tables[0])


def _in_order(people: People, swapped: bool) -> People:
    return tuple(1 - p for p in people) if swapped else people


def _fisher(p: Sequence[float]) -> float:
    from scipy.stats import chi2

    statistic = -2 * float(np.sum(np.log(np.maximum(p, 1e-300))))
    return float(chi2.sf(statistic, 2 * len(p)))


def _random_effects(parts: Sequence[Estimate]) -> Estimate:
    """Pool gains whose intervals reach further on one side: each side is pooled from its own widths."""
    value = np.array([e.value for e in parts])
    down = np.array([(e.value - e.low) / 1.96 for e in parts])
    up = np.array([(e.high - e.value) / 1.96 for e in parts])
    # Weighed by the side that is known better: the other one may have no end (instability).
    sd = np.fmin(down, up)
    use = np.isfinite(sd) & (sd > 0)
    if not use.any():
        return Estimate(NAN)
    value, down, up, variance = value[use], down[use], up[use], sd[use] ** 2
    between = _between(value, variance)
    weight = 1 / (variance + between)
    part = weight / weight.sum()
    mean = float(part @ value)
    low, high = (float(np.sqrt(np.sum(part**2 * (side**2 + between)))) for side in (down, up))
    return Estimate(
        mean, mean - 1.96 * low, mean + 1.96 * high, n_effective=float(use.sum()), method="random effects"
    )


def _between(value: FloatArray, variance: FloatArray) -> float:
    weight = 1 / variance
    q = float(weight @ (value - weight @ value / weight.sum()) ** 2)
    scale = float(weight.sum() - (weight**2).sum() / weight.sum())
    return max((q - (len(value) - 1)) / scale, 0.0) if scale > 0 else 0.0


def _mean_share(parts: Sequence[Estimate], weight: FloatArray) -> Estimate:
    value = float(weight @ [e.value for e in parts])
    # Sessions err independently: the distance to the bound shrinks with their number.
    above = float(np.sqrt(np.sum((weight * np.array([e.high - e.value for e in parts])) ** 2)))
    return Estimate(value, 0.0, value + above, method="share of variance, pooled")
