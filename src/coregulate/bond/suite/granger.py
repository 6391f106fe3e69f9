"""Granger causality in the time domain: what the other's past adds to one's own.

Value: ln of the ratio of residual variances without and with the other's past (Geweke 1982,
10.1080/01621459.1982.10477803), from a Wald statistic that lets shocks change their size (HC3: MacKinnon &
White 1985, 10.1016/0304-4076(85)90158-7); where they keep it the two are one. The order is chosen by BIC; a
polynomial trend is taken out first. Surrogates are autoregressions of each alone (a wild bootstrap).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from coregulate.core import FloatArray, Notice

from .measure import Measure, as_they_are, direction_lead, directions, root
from .settings import SuiteSettings

SMOOTH = 1e-3  # prior: share of the variance that the past leaves; bodies lie far above it
SHOCKS_R = 0.3  # prior: residuals this correlated at once may be shared input, or faster than a sample


def detrended(x: FloatArray, degree: int) -> FloatArray:
    """Less a polynomial over what was seen; mean 0 and SD 1."""
    at, seen = np.linspace(-1, 1, len(x)), np.isfinite(x)
    if seen.sum() < 3 * (degree + 1):
        return np.full(len(x), np.nan)
    rest = x - np.polyval(np.polyfit(at[seen], x[seen], degree), at)
    sd = float(np.nanstd(rest))
    return np.asarray(rest / (sd if sd > 0 else 1.0))


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def products(a: NDArray[Any], b: NDArray[Any], order: int) -> tuple[NDArray[Any], int]:
    """Sum the products of (1, a's past, b's past, a, b), over the times at which all of it was seen."""
    size = 2 * order + 3
    total = np.zeros((size, size))
    row = np.empty(size)
    row[0] = 1.0
    count = 0
    for t in range(order, a.shape[0]):
        for k in range(order):
            row[1 + k] = a[t - 1 - k]
            row[1 + order + k] = b[t - 1 - k]
        row[size - 2], row[size - 1] = a[t], b[t]
        known = True
        for k in range(size):
            known = known and row[k] == row[k]
        if not known:
            continue
        count += 1
        for i in range(size):
            for j in range(i + 1):
                total[i, j] += row[i] * row[j]
    for i in range(size):
        for j in range(i):
            total[j, i] = total[i, j]
    return total, count


def _residual(total: FloatArray, past: NDArray[np.int64], now: int, other: int) -> float:
    """Sum over products of the residuals of ``now`` and ``other``, both regressed on ``past``."""
    inner = total[np.ix_(past, past)]
    weights = np.linalg.lstsq(inner, total[past, now], rcond=1e-12)[0]
    return float(total[now, other] - weights @ total[past, other])


def _both(order: int) -> NDArray[np.int64]:
    """Where the constant and both pasts stand in the products."""
    return np.arange(2 * order + 1)


def granger(a: FloatArray, b: FloatArray, order: int, *, robust: bool = False) -> FloatArray:
    """Strength of (second to first, first to second) at one order.

    Parameters
    ----------
    a, b : array, shape (n,)
        NaN where missing; no time with a gap in its past counts.
    order : int
    robust : bool
        Let shocks change their size.

    Returns
    -------
    array, shape (2,)
        ln variance ratios, 0 or more; NaN where too little is left.
    """
    return np.asarray(_strengths(a, b, order, robust))


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _strengths(a: NDArray[Any], b: NDArray[Any], order: int, robust: bool) -> NDArray[Any]:
    """ln(1 + W / degrees left) of both ways, W the Wald statistic of the other's past."""
    x, y = _past_and_now(a, b, order)
    count, size = x.shape
    out = np.full(2, np.nan)
    if count < 10 * size:  # prior
        return out
    inverse = np.linalg.pinv(x.T @ x, 1e-12)
    spread = x @ inverse
    for way in range(2):
        now = y[way].copy()
        weights = spread.T @ now
        rest = now - x @ weights
        power = rest @ rest
        if power <= 0:
            return np.full(2, np.nan)
        first = 1 + order * (1 - way)  # where the other's past stands
        others = slice(first, first + order)
        if robust:
            errors = _errors(spread, x, rest, others)
        else:
            errors = inverse[others, others] * (power / (count - size))
        of_other = weights[others].copy()
        wald = of_other @ (np.linalg.pinv(errors, 1e-12) @ of_other)
        out[way] = np.log(1 + wald / (count - size))
    return out


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _past_and_now(a: NDArray[Any], b: NDArray[Any], order: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return (1, a's past, b's past) (count, 2 order + 1) and (a, b) (2, count), where all of it was seen."""
    n = a.shape[0]
    x: NDArray[Any] = np.empty((n, 2 * order + 1))
    y: NDArray[Any] = np.empty((2, n))
    count = 0
    for t in range(order, n):
        x[count, 0] = 1.0
        total = y[0, count] = a[t]
        y[1, count] = b[t]
        total += b[t]
        for k in range(order):
            x[count, 1 + k] = a[t - 1 - k]
            x[count, 1 + order + k] = b[t - 1 - k]
            total += a[t - 1 - k] + b[t - 1 - k]
        count += total == total
    return x[:count], y[:, :count]


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _errors(spread: NDArray[Any], x: NDArray[Any], rest: NDArray[Any], others: slice) -> NDArray[Any]:
    """Covariance of the weights of the other's past, each shock with its own size (HC3)."""
    some = spread[:, others].copy()
    for t in range(len(rest)):
        some[t] *= rest[t] / max(1 - spread[t] @ x[t], 1e-6)
    errors: NDArray[Any] = some.T @ some
    return errors


def order_by_bic(a: FloatArray, b: FloatArray, highest: int) -> int:
    """Order of the two together by BIC, all orders over nearly the same times."""
    scores = []
    for order in range(1, highest + 1):
        total, count = products(a, b, order)
        both, last = _both(order), len(total) - 1
        if count < 10 * len(both):
            break
        s11, s22, s12 = (
            _residual(total, both, i, j) for i, j in ((last - 1, last - 1), (last, last), (last - 1, last))
        )
        size = (s11 * s22 - s12 * s12) / count**2
        scores.append(np.log(size) + 4 * order * np.log(count) / count if size > 0 else np.inf)
    return 1 + int(np.argmin(scores)) if scores else 1


def ready(
    a: FloatArray, b: FloatArray, rate_hz: float, settings: SuiteSettings
) -> tuple[FloatArray, FloatArray, SuiteSettings]:
    """Take the trend out of both and settle the order."""
    a, b = detrended(a, settings.detrend), detrended(b, settings.detrend)
    order = settings.ar_order or order_by_bic(a, b, settings.max_order)
    return a, b, replace(settings, ar_order=order)


def profiles(a: FloatArray, bs: FloatArray, rate_hz: float, settings: SuiteSettings) -> FloatArray:
    """Strengths of both ways for each pair."""
    return np.stack([granger(a, b, settings.ar_order, robust=bool(settings.robust)) for b in bs])


def warn(a: FloatArray, b: FloatArray, rate_hz: float, settings: SuiteSettings) -> tuple[Notice, ...]:
    """Say where directions mislead: what is new in both comes at once, or there is hardly anything new."""
    total, count = products(a, b, settings.ar_order)
    both, last = _both(settings.ar_order), len(total) - 1
    s11, s22, s12 = (
        _residual(total, both, i, j) for i, j in ((last - 1, last - 1), (last, last), (last - 1, last))
    )
    said = []
    r = s12 / np.sqrt(s11 * s22) if count and s11 > 0 and s22 > 0 else 0.0
    if abs(r) >= SHOCKS_R:
        text = f"What is new in both comes at once (r {r:.2f}): shared input looks like a direction here"
        said.append(Notice("shared-shocks", "granger", text))
    # Both have SD 1, so this is the share of the variance that the past does not tell.
    if count and max(s11, s22) / count < SMOOTH:
        text = "Both are told by their past almost wholly: on flows this smooth the direction is often wrong"
        said.append(Notice("smooth-flow", "granger", text))
    return tuple(said)


GRANGER = Measure(
    name="granger",
    method="Granger causality, ln of residual variances, order by BIC",
    axis="direction",
    places=directions,
    profiles=profiles,
    scores=as_they_are,
    straight=root,
    lead=direction_lead,
    ready=ready,
    warn=warn,
    surrogate="autoregressions",
    min_s=180.0,  # prior
    at_most_hz=lambda settings: 1.0,  # prior: faster, ten samples of past would be too short
)
