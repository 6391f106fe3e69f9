"""The coupled fit under what nobody knows: how late each answers, and what lies over the oscillation.

Both turn the gain, and a quarter of an hour often cannot tell them. So the gain's interval is taken over all
variants of the model that fit nearly as well, not only over the parameters of the one that fits best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from coregulate.core import Estimate, FloatArray

from .gain import stability_gain
from .interval import likelihood_interval, room
from .oscillators import COUPLED, DRIVE_1, DRIVE_2, Fit, best_of, fit_rival, stable
from .prepare import OMEGA_REF, Spectra

LATE_S = (2.0, 4.0, 6.0, 8.0)  # prior: beyond, the next half cycle answers
PRICE = 2.0  # prior, as the rival's margin: log-likelihood that a delay, or a coloured rest, has to gain
CORNER = 2.0  # prior: a coloured rest falls off above 0.06 Hz, so remembers some 3 s
REST_SHARE = 0.3  # start value: share of variance that is the rest's

People = tuple[int, ...]
MEAN: People = (0, 1)
FIRST: People = (0,)
SECOND: People = (1,)


class Variant(NamedTuple):
    """A coupled fit, and the data as that variant of the model reads it."""

    fit: Fit
    data: Spectra

    @property
    def name(self) -> tuple[float, bool]:
        """How late each hears the other (s), and whether the rest is coloured."""
        return round(self.data.late / OMEGA_REF, 6), bool(np.isfinite(self.data.rest))

    @property
    def price(self) -> float:
        """What the variant has to gain before it counts as better."""
        return PRICE * sum(map(bool, self.name))

    @property
    def cost(self) -> float:
        """Cost of the fit, and the price."""
        return self.fit.cost + self.price


@dataclass(frozen=True)
class Evidence:
    """The fit that a word rests on: what it takes to read several sessions together. All are equal."""

    variant: Variant = field(compare=False, repr=False)
    swapped: bool = field(default=False, compare=False)


def variants(data: Spectra, coupled: Fit) -> list[Variant]:
    """Fit the coupled model with a coloured rest and with a few delays; the fit without either comes first."""
    plain = Variant(coupled, data)
    found = [plain, _coloured(plain)]
    return [*found, *delayed(found, LATE_S)]


def delayed(found: Sequence[Variant], lates_s: Sequence[float]) -> list[Variant]:
    """Fit the first two, without a delay, with these delays."""
    white = [_late(found[0], late_s) for late_s in lates_s]
    return [*white, *(_coloured(v, _turned(found[1].fit.theta, v.data.late)) for v in white)]


def _coloured(white: Variant, *starts: FloatArray) -> Variant:
    theta, data = white.fit.theta, white.data._replace(rest=CORNER)
    return _climbed([theta, _with_rest(theta), *starts], data)


def _late(at_once: Variant, late_s: float) -> Variant:
    # Near one frequency a late answer looks like another answer in time.
    theta, data = at_once.fit.theta, at_once.data._replace(late=late_s * OMEGA_REF)
    return _climbed([_turned(theta, data.late), theta], data)


def _climbed(starts: Sequence[FloatArray], data: Spectra) -> Variant:
    return Variant(best_of([_steadied(t, data.late) for t in starts], data, COUPLED), data)


def _steadied(theta: FloatArray, late: float) -> FloatArray:
    """Halve the couplings until the two together are stable: each alone is."""
    out = theta.copy()
    while not stable(out, late):
        out[[*DRIVE_1, *DRIVE_2]] /= 2
    return out


def _with_rest(theta: FloatArray) -> FloatArray:
    out = theta.copy()
    out[[10, 11]] = np.log(2 * REST_SHARE / CORNER)  # the spectrum at 0 of a rest with this share
    out[[8, 9]] += np.log(1 - REST_SHARE)
    return out


def _turned(theta: FloatArray, late: float) -> FloatArray:
    """Couplings that, heard ``late``, act on each one's own frequency as ``theta`` does at once."""
    out = theta.copy()
    for drive, own in ((DRIVE_1, 0), (DRIVE_2, 1)):
        w = float(np.exp(theta[own] / 2))
        pull = (theta[drive[0]] + 1j * w * theta[drive[1]]) * np.exp(1j * w * late)
        out[list(drive)] = pull.real, pull.imag / w
    return out


def rival_of(chosen: Variant, alone: Fit) -> Fit:
    """Return the shared signal's fit with the rest that the variant has."""
    starts = [alone.theta, _with_rest(alone.theta)] if chosen.name[1] else [alone.theta]
    return min((fit_rival(chosen.data, t) for t in starts), key=lambda fit: fit.cost)


def best(found: Sequence[Variant]) -> Variant:
    """Return the variant that fits best for what it pays."""
    return min(found, key=lambda v: v.cost)


def at_once(found: Sequence[Variant]) -> Variant:
    """Return the best variant in which nobody answers late."""
    return best([v for v in found if v.data.late == 0])


def gain_value(variant: Variant) -> float:
    """Mean gain of both in one variant."""
    return float(stability_gain(variant.fit.theta[None], variant.data.late).mean())


def gain_of(variant: Variant, people: People, *, behind: float = 0.0) -> Estimate:
    """Gain of one variant; ``behind`` is the log-likelihood by which a better one leaves it less room."""
    data = variant.data

    def gain(theta: FloatArray) -> FloatArray:
        return np.asarray(stability_gain(theta, data.late)[:, list(people)].mean(axis=1))

    low, high = likelihood_interval(variant.fit, data, gain, behind=behind)
    value = float(gain(variant.fit.theta[None])[0])
    method = "stability gain, profile likelihood" + (", coloured rest" if variant.name[1] else "")
    return Estimate(value, low, high, n_effective=2.0 * len(data.omega) / data.spread, method=method)


def gain_over(found: Sequence[Variant], people: People) -> Estimate:
    """Gain of the best variant, its interval over all that fit nearly as well."""
    order = sorted(found, key=lambda v: v.cost)
    behind = [v.cost - order[0].cost for v in order]
    gains = [gain_of(v, people, behind=b) for v, b in zip(order, behind, strict=True) if b < room(v.data)]
    return replace(gains[0], low=min(g.low for g in gains), high=max(g.high for g in gains))
