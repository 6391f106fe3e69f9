"""Coupled oscillators by local linear approximation, as rties fits them: offered for comparison only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from coregulate.core import FloatArray, SignalError

from .least_squares import adjusted_r2, least_squares
from .prepare import detrended


class LocalOscillator(NamedTuple):
    """Two coupled oscillators fitted to local derivatives.

    Parameters
    ----------
    r2_uncoupled, r2_coupled : float
        Adjusted R2 of both people's second derivatives, without and with the partner's terms.
    tau, embed : int
        Samples between the columns of the embedding and their number: the best by ``r2_coupled``.
    period : (float, float)
        Of each alone, in units of ``delta``; also where the fit has the wrong sign, as in rties.
    terms : ((float, float, float, float), (float, float, float, float))
        For the first and the second: own position, own velocity, partner's position, partner's velocity;
        NaN for a partner who says nothing that oneself does not (the same series twice).
    """

    r2_uncoupled: float
    r2_coupled: float
    tau: int
    embed: int
    period: tuple[float, float]
    terms: tuple[tuple[float, ...], tuple[float, ...]]


def local_oscillator(
    a: FloatArray,
    b: FloatArray,
    *,
    taus: Sequence[int] = (4, 5),
    embeds: Sequence[int] = (3, 4, 5),
    delta: float = 1.0,
) -> LocalOscillator:
    """Fit two coupled oscillators by generalised local linear approximation.

    Not for use on one pair: with measurement noise it finds links in most unlinked pairs and reads
    hardly any damping (docs/bond.md). Use :func:`coregulate.bond.word`.

    Parameters
    ----------
    a, b : array, shape (n,)
        Regular samples; NaN where missing. The linear trend is taken out.
    taus, embeds : sequence of int
        Candidates; rties' own example uses 4, 5 and 3, 4, 5.
    delta : float
        Time between samples, in whatever unit the terms are wanted in.

    Returns
    -------
    LocalOscillator

    Raises
    ------
    SignalError
        If the two differ in length, no candidate leaves 20 rows, or a setting makes no sense.

    Notes
    -----
    Sources: Boker, Deboeck, Edler & Keel 2010 (the approximation); Butler & Barnard 2019,
    10.1097/PSY.0000000000000703, and the package rties (the model and the choice of tau and embed).

    Differences from rties: an embedding never reaches across a gap.

    Examples
    --------
    >>> t = np.arange(400.0)
    >>> found = local_oscillator(np.sin(t / 8), np.sin(t / 11), taus=[1], embeds=[3])
    >>> [round(period) for period in found.period]  # 2 pi times 8 and 11
    [50, 69]
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if a.shape != b.shape or a.ndim != 1:
        raise SignalError(f"Two series of shape {a.shape} and {b.shape}", "Give two of one length")
    if min(taus, default=0) < 1 or min(embeds, default=0) < 3 or not delta > 0:
        raise SignalError(
            f"taus {tuple(taus)}, embeds {tuple(embeds)}, delta {delta}",
            "Give taus from 1, embeds from 3 and a delta above 0",
        )
    x, y = detrended(a), detrended(b)
    fits = [_fit(x, y, tau, embed, delta) for embed in embeds for tau in taus]
    known = [fit for fit in fits if fit is not None]
    if not known:
        raise SignalError(
            f"{len(a)} samples are too few for these taus and embeds", "Give a longer recording"
        )
    return max(known, key=lambda fit: fit.r2_coupled)


def derivatives(x: FloatArray, *, tau: int, embed: int, delta: float) -> FloatArray:
    """Position, velocity and acceleration (m, 3), from a parabola through ``embed`` points."""
    at = (np.arange(embed) - (embed - 1) / 2) * tau * delta
    basis = np.stack([np.ones(embed), at, at**2 / 2], axis=1)
    window = np.lib.stride_tricks.sliding_window_view(x, (embed - 1) * tau + 1)[:, ::tau]
    return np.asarray(window @ basis @ np.linalg.inv(basis.T @ basis))


def _fit(x: FloatArray, y: FloatArray, tau: int, embed: int, delta: float) -> LocalOscillator | None:
    if len(x) < (embed - 1) * tau + 20:
        return None
    own, other = (derivatives(v, tau=tau, embed=embed, delta=delta) for v in (x, y))
    seen = np.isfinite(own).all(axis=1) & np.isfinite(other).all(axis=1)
    if seen.sum() < 20:
        return None
    own, other = own[seen], other[seen]
    # The two people's terms are separate, so each is one regression of its own.
    targets = [own[:, 2], other[:, 2]]
    alone = [least_squares(me[:, :2], me[:, 2]) for me in (own, other)]
    both = [
        least_squares(np.column_stack([me[:, :2], partner[:, :2]]), me[:, 2])
        for me, partner in ((own, other), (other, own))
    ]
    terms = [tuple(float(w) for w in fit.weights) for fit in both]
    with np.errstate(divide="ignore"):
        periods = [float(2 * np.pi / np.sqrt(np.abs(np.float64(t[0])))) for t in terms]
    return LocalOscillator(
        adjusted_r2(targets, alone),
        adjusted_r2(targets, both),
        tau,
        embed,
        (periods[0], periods[1]),
        (terms[0], terms[1]),
    )
