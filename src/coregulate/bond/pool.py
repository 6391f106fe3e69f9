"""Several sessions of the same two people, read together (docs/bond.md)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from coregulate.core import BondSettings, Estimate, FloatArray

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
        margin over the rival summed, damping, delay, gain without it and the bounds of the shares averaged by common time;
        then the same gates as for one session.
    """
    fitted = [w for w in words if np.isfinite(w.p_any)]
    if not fitted:
        return Word("undetermined", words[0].reason if words else "no session")
    time = np.array([w.common_s for w in fitted])
    part = time / time.sum()
    pooled = fitted[0]._replace(
        p_any=_fisher([w.p_any for w in fitted]),
        p12=_fisher([w.p12 for w in fitted]),
        p21=_fisher([w.p21 for w in fitted]),
        rival_margin=float(sum(w.rival_margin for w in fitted)),
        gain=_random_effects([w.gain for w in fitted]),
        gain_each=(
            _random_effects([w.gain_each[0] for w in fitted]),
            _random_effects([w.gain_each[1] for w in fitted]),
        ),
        damping=(
            float(part @ [w.damping[0] for w in fitted]),
            float(part @ [w.damping[1] for w in fitted]),
        ),
        share=(
            _mean_share([w.share[0] for w in fitted], part),
            _mean_share([w.share[1] for w in fitted], part),
        ),
        common_s=float(time.sum()),
        observed=float(part @ [w.observed for w in fitted]),
        more_minutes=NAN,
        late_s=float(part @ [w.late_s for w in fitted]),
        gain_at_once=float(part @ [w.gain_at_once for w in fitted]),
        parameters={},
    )
    verdict, reason = decide(pooled, settings)
    return pooled._replace(verdict=verdict, reason=reason)


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
