"""Moment by moment: both calming, both escalating, one steadying the other."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray, SignalError

from .correlation import checked

WINDOW_S = 20.0  # prior: a change is told over ten seconds before against ten seconds after
MOVES_ABOVE = 0.5  # prior: in SDs of the person's own changes
MIN_SHIFT_S = 30.0  # as for the coupling
#: What a moment can be, in the order of :attr:`Moments.kind`; -1 where not known.
MOMENT_KINDS = (
    "both calming",
    "both escalating",
    "the first steadies the second",
    "the second steadies the first",
    "apart",
    "neither moves much",
)


class Moments(NamedTuple):
    """What the two did at each moment, and how much of it is more than chance.

    Parameters
    ----------
    kind : array of int, shape (n,)
        Index into :data:`MOMENT_KINDS`, -1 where not known.
    share, chance, p : dict
        By kind: share of the known moments; the mean share after one series was shifted round a circle
        by every shift of 30 s or more; share of those shifts that reach as much (NaN without any).
    """

    kind: NDArray[np.int64]
    share: dict[str, float]
    chance: dict[str, float]
    p: dict[str, float]


def split_moments(a: FloatArray, b: FloatArray, *, rate_hz: float, window_s: float = WINDOW_S) -> Moments:
    """Split two people's time together by what each of them does.

    Parameters
    ----------
    a, b : array, shape (n,)
        Series in which higher means calmer (P(safe), a felt-safe rating, heart period); turn others
        round first. NaN where missing.
    rate_hz : float
    window_s : float
        A person calms or escalates where the mean of the later half of the window differs from that of
        the earlier half by more than half an SD of all such changes of theirs. Who steadies the other
        does not move much and is calmer than their own median, while the other calms.

    Returns
    -------
    Moments

    Raises
    ------
    SignalError
        If the two differ in length, or the rate or window makes no sense.

    Examples
    --------
    >>> t = np.arange(1200.0)
    >>> found = split_moments(np.sin(t / 20), np.sin(t / 20), rate_hz=1.0)
    >>> round(found.share["both calming"], 1), found.share["apart"]
    (0.4, 0.0)
    """
    a, b = checked(a, b, rate_hz)
    half = round(window_s * rate_hz / 2)
    if half < 1:
        raise SignalError(f"A window of {window_s} s at {rate_hz} Hz", "Give at least two samples a window")
    one, two = (_change(x, half) for x in (a, b))
    (up1, down1, rest1, calm1), (up2, down2, rest2, calm2) = one, two
    sides = (
        [(up1, up2)],
        [(down1, down2)],
        [(rest1 & calm1, up2)],
        [(up1, rest2 & calm2)],
        [(up1, down2), (down1, up2)],
    )
    known = (up1 | down1 | rest1) & (up2 | down2 | rest2)
    kind = np.where(known, len(sides), -1)
    for i, pairs in enumerate(sides):
        for x, y in pairs:
            kind[x & y] = i
    share, chance, p = {}, {}, {}
    together = _round_a_circle(up1 | down1 | rest1, up2 | down2 | rest2)
    far = _far(len(a), rate_hz)
    for i, name in enumerate(MOMENT_KINDS):
        share[name] = float(np.mean(kind[known] == i)) if known.any() else np.nan
        if i == len(sides) or not far.any() or not known.any():
            chance[name] = p[name] = np.nan
            continue
        count = np.sum([_round_a_circle(x, y) for x, y in sides[i]], axis=0)
        shifted = (count / np.maximum(together, 1))[far & (together > 0)]
        chance[name] = float(shifted.mean()) if len(shifted) else np.nan
        p[name] = float((1 + np.sum(shifted >= share[name] - 1e-12)) / (1 + len(shifted)))
    return Moments(kind.astype(np.int64), share, chance, p)


def _change(x: FloatArray, half: int) -> tuple[NDArray[np.bool_], ...]:
    """Whether the person calms, escalates, does neither; and whether they are calmer than their median."""
    seen = np.isfinite(x)
    total = np.concatenate([[0.0], np.cumsum(np.where(seen, x, 0.0))])
    count = np.concatenate([[0], np.cumsum(seen)])
    at = np.arange(len(x))
    before, after = np.maximum(at - half, 0), np.minimum(at + half, len(x))
    n_before, n_after = count[at] - count[before], count[after] - count[at]
    enough = (n_before >= half / 2) & (n_after >= half / 2)
    change = (total[after] - total[at]) / np.maximum(n_after, 1) - (total[at] - total[before]) / np.maximum(
        n_before, 1
    )
    change = np.where(enough, change, np.nan)
    edge = MOVES_ABOVE * float(np.std(change[enough])) if enough.any() else np.inf
    up, down = change > edge, change < -edge
    calm = np.where(seen, x, -np.inf) >= (np.median(x[seen]) if seen.any() else np.inf)
    return up, down, enough & ~up & ~down, calm


def _round_a_circle(one: NDArray[np.bool_], two: NDArray[np.bool_]) -> FloatArray:
    """Moments in which both hold, for every circular shift of the second."""
    n = len(one)
    product = np.fft.rfft(one.astype(float)) * np.conj(np.fft.rfft(two.astype(float)))
    return np.asarray(np.round(np.fft.irfft(product, n)))


def _far(n: int, rate_hz: float) -> NDArray[np.bool_]:
    shift = np.arange(n)
    return np.asarray(np.minimum(shift, n - shift) >= MIN_SHIFT_S * rate_hz)
