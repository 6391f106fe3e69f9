"""Pairs of series with a known answer: independent ones of every awkward kind, and linked ones."""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

#: Independent pairs: what each kind is like.
KINDS = ("AR .5", "AR .9", "AR .95", "AR .99", "trends", "gaps", "common bursts")


def autoregressive(n, phi, rng):
    burn = int(10 / (1 - phi)) + 50
    return lfilter([1.0], [1.0, -phi], rng.standard_normal(n + burn))[burn:]


def independent(kind, n, rng):
    phi = {"AR .5": 0.5, "AR .9": 0.9, "AR .99": 0.99}.get(kind, 0.95)
    pair = [autoregressive(n, phi, rng) for _ in range(2)]
    if kind == "trends":
        pair = [x + np.linspace(0, rng.normal(0, 15), n) for x in pair]
    if kind == "gaps":
        for x in pair:
            for start in rng.integers(0, n - 40, 4):
                x[start : start + rng.integers(5, 40)] = np.nan
    if kind == "common bursts":
        burst = np.exp(0.2 * autoregressive(n, 0.98, rng))
        pair = [x * burst for x in pair]
    return pair


def led(n, lag, share, rng, phi=0.95):
    """The second follows the first by ``lag``; ``share`` of each one's variance is common."""
    common = autoregressive(n + 2 * abs(lag) + 2, phi, rng)
    at = abs(lag) + 1
    own = [autoregressive(n, phi, rng) for _ in range(2)]
    common_of = common[at : at + n], common[at - lag : at - lag + n]
    return [np.sqrt(share) * c + np.sqrt(1 - share) * x for c, x in zip(common_of, own, strict=True)]


def as_asked(measure, pair, rng):
    """The same pair in the form a measure wants: codes for one, turns of speech for another."""
    if measure == "code recurrence":
        return [
            np.where(np.isfinite(x), np.digitize(x, np.nanquantile(x, [1 / 3, 2 / 3])), np.nan) for x in pair
        ]
    if measure == "vocal entrainment":
        n = len(pair[0])
        ends = np.cumsum(rng.integers(3, 9, n))
        turn = np.searchsorted(ends, np.arange(n), side="right")
        return [np.where(turn % 2 == k, x, np.nan) for k, x in enumerate(pair)]
    return pair
