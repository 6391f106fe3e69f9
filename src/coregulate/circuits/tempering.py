"""Tempering: what one second of a cue is worth, when seconds repeat each other and cues repeat each other.

Without it every probability is a boast: a slow cue would be counted once a
second, and four cues of one face four times.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import ndtri, stdtr

from coregulate.core import CircuitSettings, FloatArray

from .rows import Parameters, Rows, Within, read_ahead, state_means

#: Lags of the autocorrelation that are summed, in s (prior).
MAX_LAG_S = 60
#: What a cue may count at least (prior) and at most.
LOW, HIGH = 0.01, 1.0
# Fewer common seconds than this do not make a correlation (prior).
_MIN_COMMON = 30
# Cues that differ in less than this share of their noise are told apart no better (prior).
_LEAST_EIGENVALUE = 0.2


class Lambdas(NamedTuple):
    """Weights of graded cues, shape (cue,), and of absolute channels, shape (channel,)."""

    graded: FloatArray
    absolute: FloatArray


def fit_lambdas(
    rows: Rows, parameters: Parameters, smoothed: FloatArray, settings: CircuitSettings, *, every_s: int = 1
) -> Lambdas:
    """Fit the weight of each cue on a session, given its state probabilities.

    Parameters
    ----------
    rows : Rows
    parameters : Parameters
        Its kappa and offsets are used.
    smoothed : ndarray, shape (time, state)
    every_s : int
        What a second is worth where only one in ``every_s`` is looked at.

    Returns
    -------
    Lambdas
        Each in [0.01, 1].
    """
    x = residuals(rows, parameters, smoothed, settings)
    odds = [_centred(unexplained(channel.log_odds, smoothed)[:, None]) for channel in rows.absolute]
    series = [x, *odds]
    repeat = np.concatenate([repetition(part, dwell_s=settings.state_s) for part in series])
    # A code or rating that never changes is the state's own constancy, not an echo: it keeps its weight.
    flat = [not np.any(np.abs(np.nan_to_num(part)) > 1e-9) for part in odds]
    repeat[len(rows.names) :][flat] = 1.0
    names = sorted(set(rows.channels))
    within = np.ones(len(rows.names))
    means = []
    for name in names:
        members = np.array([c == name for c in rows.channels])
        within[members] = participation_ratio(x[:, members]) / members.sum()
        means.append(_row_mean(x[:, members]))
    # A correction is the person's word on each of its seconds: neither an echo of itself nor of a channel.
    corrected = np.array([c.channel == "correction" for c in rows.absolute], dtype=bool)
    means.extend(part[:, 0] for part, own in zip(odds, corrected, strict=True) if not own)
    across = participation_ratio(np.column_stack(means)) / len(means) if means else 1.0
    weights = np.concatenate([within, np.ones(len(odds))]) * across / np.maximum(repeat / every_s, 1.0)
    weights[len(rows.names) :][corrected] = 1.0
    weights = np.clip(weights, LOW, HIGH)
    return Lambdas(weights[: len(rows.names)], weights[len(rows.names) :])


def fit_within(
    rows: Rows, parameters: Parameters, smoothed: FloatArray, settings: CircuitSettings
) -> Within | None:
    """Fit how the noise of each channel's cues goes together, in what the states leave unexplained.

    Lambda takes what two cues have in common for repetition and weighs both less, whatever
    they say. With their correlation, what they have in common counts once and what they
    differ in counts in full.

    Returns
    -------
    Within or None
        None where no channel has two cues.
    """
    n = len(rows.names)
    if n == len(set(rows.channels)):
        return None
    x = residuals(rows, parameters, smoothed, settings)
    repeat = repetition(x, dwell_s=settings.state_s)
    matrix, factor = np.eye(n), np.ones(n)
    for name in dict.fromkeys(rows.channels):
        members = np.flatnonzero([c == name for c in rows.channels])
        part = x[:, members]
        fresh = np.isfinite(part).sum() / np.sum(repeat[members])
        # The fewer new seconds for each cue, the less a correlation is believed (prior: one new second for each cue).
        r = correlations(part) * (fresh / (fresh + len(members)))
        np.fill_diagonal(r, 1.0)
        values, vectors = np.linalg.eigh(r)
        inverse = vectors / np.maximum(values, _LEAST_EIGENVALUE) @ vectors.T
        factor[members] = len(members) / participation_ratio(part)
        matrix[np.ix_(members, members)] = inverse * factor[members[0]]
    return Within(matrix, factor)


def residuals(
    rows: Rows, parameters: Parameters, smoothed: FloatArray, settings: CircuitSettings
) -> FloatArray:
    """Return what the states leave unexplained of each cue, as a centred normal score, shape (time, cue)."""
    rows = read_ahead(rows, parameters.lags_s)
    means = smoothed @ state_means(rows, parameters.kappa, parameters.offsets).T
    scale = smoothed @ rows.scales.T
    share = stdtr(settings.student_nu, (rows.z - means) / scale)
    x = ndtri(np.clip(share, 1e-12, 1.0 - 1e-12))
    return _centred(np.where(rows.quality > 0, x, np.nan))


def unexplained(log_odds: FloatArray, smoothed: FloatArray) -> FloatArray:
    """Return what the states leave unexplained of a channel's log odds, shape (time,); NaN where missing.

    Each state's own mean in this session is subtracted, as the probabilities have it:
    a run of one code while one state lasts is that state's behaviour, not an echo.
    """
    seen = np.isfinite(log_odds)
    odds = np.where(seen, log_odds, 0.0)
    share = smoothed * seen[:, None]
    means = odds @ share / np.maximum(share.sum(axis=0), 1e-12)
    out: FloatArray = np.where(seen, odds - smoothed @ means, np.nan)
    return out


def repetition(x: FloatArray, *, dwell_s: float) -> FloatArray:
    """How many seconds of each column say what one independent second would.

    Parameters
    ----------
    x : ndarray, shape (time, cue)
        Centred; NaN where missing.
    dwell_s : float
        Mean duration of a state in s.

    Returns
    -------
    ndarray, shape (cue,)
        At least 1: 1 + 2 sum a^k c(k) r(k), k = 1..60 s, a = 1 - 1/(2 dwell), c(k) how often
        the second k later is observed too. A column that never changes repeats itself fully.
    """
    if x.shape[1] == 0:
        return np.ones(0)
    present = np.isfinite(x).astype(np.float64)
    values = np.where(present > 0, x, 0.0)
    common = np.round(_lagged_sums(present))
    products = _lagged_sums(values)
    variance = products[0] / np.maximum(common[0], 1.0)
    flat = variance < 1e-12
    with np.errstate(invalid="ignore", divide="ignore"):
        r = products[1:] / common[1:] / np.where(flat, 1.0, variance)
    r = np.where(common[1:] >= _MIN_COMMON, np.clip(r, -1.0, 1.0), 0.0)
    r[:, flat] = 1.0
    lags = np.arange(1, len(r) + 1)[:, None]
    decay = (1.0 - 1.0 / (2.0 * dwell_s)) ** lags
    # A second that is missing repeats nothing: an echo counts as often as its second is there too.
    both = common[1:] / np.maximum(common[0], 1.0) * (len(x) / np.maximum(len(x) - lags, 1))
    out: FloatArray = np.maximum(1.0, 1.0 + 2.0 * np.sum(decay * r * np.minimum(both, 1.0), axis=0))
    return out


def participation_ratio(x: FloatArray) -> float:
    """How many independent series the columns amount to, between 1 and their number.

    Parameters
    ----------
    x : ndarray, shape (time, n)
        NaN where missing.

    Returns
    -------
    float
        n^2 / sum of squared correlations, each over the seconds both are present.
    """
    n = x.shape[1]
    return float(n * n / np.sum(correlations(x) ** 2)) if n > 1 else float(n)


def correlations(x: FloatArray) -> FloatArray:
    """Correlations of the columns, each over the seconds both are present; 0 where those are few, 1 on the diagonal.

    Parameters
    ----------
    x : ndarray, shape (time, n)
        NaN where missing.

    Returns
    -------
    ndarray, shape (n, n)
    """
    present = np.isfinite(x).astype(np.float64)
    values = np.where(present > 0, x, 0.0)
    common = present.T @ present
    # Sums over the seconds that both have: of the row's series, its square, and the product.
    own, square, product = values.T @ present, (values**2).T @ present, values.T @ values
    with np.errstate(invalid="ignore", divide="ignore"):
        covariance = product / common - (own / common) * (own.T / common)
        spread = square / common - (own / common) ** 2
        r = covariance / np.sqrt(spread * spread.T)
    r = np.where((common >= _MIN_COMMON) & np.isfinite(r), np.clip(r, -1.0, 1.0), 0.0)
    np.fill_diagonal(r, 1.0)
    return r


def _lagged_sums(values: FloatArray) -> FloatArray:
    """Sum over time of v(t) v(t+k), k = 0..60, by FFT, shape (61, cue)."""
    n = len(values)
    size = 1 << (n + MAX_LAG_S).bit_length()
    spectrum = np.fft.rfft(values, size, axis=0)
    sums: FloatArray = np.fft.irfft(np.abs(spectrum) ** 2, size, axis=0)[: MAX_LAG_S + 1]
    return sums


def _centred(x: FloatArray) -> FloatArray:
    """Subtract each column's mean over what is present."""
    present = np.isfinite(x)
    total = np.where(present, x, 0.0).sum(axis=0)
    out: FloatArray = x - total / np.maximum(present.sum(axis=0), 1)
    return out


def _row_mean(x: FloatArray) -> FloatArray:
    """Mean over the cues present in each second; NaN where none is."""
    present = np.isfinite(x).sum(axis=1)
    total = np.where(np.isfinite(x), x, 0.0).sum(axis=1)
    return np.where(present > 0, total / np.maximum(present, 1), np.nan)
