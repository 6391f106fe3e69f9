"""How often chance does as well: p values from surrogates, also where the surrogates are alike."""

from __future__ import annotations

import numpy as np

from coregulate.core import FloatArray

SMALL_R = 0.05  # prior: sample autocorrelations under it are noise
SKEW_PRIOR = 10.0  # prior: independent surrogates that "no skewness" is worth
SMALL_SKEW = 1e-3
MIN_ALIKE = 4.0  # prior: fewer independent surrogates than this tell nothing


def upper_p(values: FloatArray, null: FloatArray) -> FloatArray:
    """Share of ``null`` that reaches each value, the value itself counted with it; NaN stays NaN."""
    null = np.sort(null[np.isfinite(null)])
    above = len(null) - np.searchsorted(null, values, side="left")
    return np.where(np.isfinite(values), (1 + above) / (1 + len(null)), np.nan)


def independent_count(null: FloatArray) -> float:
    """How many independent values a row of neighbouring surrogates is worth (Bartlett).

    A circular shift by one more sample is nearly the same surrogate: a thousand shifts of a quarter of an
    hour are worth some thirty.
    """
    x = null - null.mean()
    r = autocorrelation(x, np.ones(len(x)))
    small = np.flatnonzero(r < SMALL_R)
    stop = int(small[0]) if len(small) else len(r)
    return len(x) / (1 + 2 * float(r[1:stop].sum()))


def autocorrelation(x: FloatArray, seen: FloatArray) -> FloatArray:
    """Autocorrelation up to half the length; ``x`` is 0 where ``seen`` is."""
    size, half = 2 * len(x), max(len(x) // 2, 1)
    total = np.fft.irfft(np.abs(np.fft.rfft(x, size)) ** 2)[:half]
    count = np.fft.irfft(np.abs(np.fft.rfft(seen, size)) ** 2)[:half]
    mean = total / np.maximum(count, 1.0)
    return np.asarray(mean / mean[0] if mean[0] > 0 else np.ones(half))


def alike_p(value: float, null: FloatArray) -> float:
    """Chance that one more surrogate reaches ``value``, where surrogates in a row are alike.

    Parameters
    ----------
    value : float
        On a scale on which surrogates are roughly normal.
    null : array, shape (m,)
        In the order of their shifts.

    Returns
    -------
    float
        From the predictive t of as many independent surrogates as there are; at least 1 / (1 + m). NaN
        under four.

    Notes
    -----
    Counting surrogates as if they were independent finds links in 7 to 8 % of pairs of 10 min that never
    met, and in 3 to 4 % at p 0.01: so few of them are independent that their 95th percentile is hardly
    known (docs/bond.md).
    """
    from scipy.special import stdtr

    null = null[np.isfinite(null)]
    n = independent_count(null) if len(null) > 1 else 0.0
    if n < MIN_ALIKE or not np.isfinite(value):
        return float("nan")
    if null.std() == 0:
        return 1.0
    value, null = _straightened(value, null, n)
    t = (value - float(null.mean())) / (float(null.std()) * np.sqrt(n / (n - 1)) * np.sqrt(1 + 1 / n))
    return max(float(stdtr(n - 1, -t)), 1 / (1 + len(null)))


def _straightened(value: float, null: FloatArray, n: float) -> tuple[float, FloatArray]:
    """Take out what skewness is left, by the cube root that Wilson and Hilferty gave for the chi square.

    The skewness is drawn towards 0 where few independent surrogates tell it.
    """
    x = (np.append(null, value) - null.mean()) / null.std()
    skewness = float(np.mean(x[:-1] ** 3)) * n / (n + SKEW_PRIOR)
    if abs(skewness) > SMALL_SKEW:
        x = 6 / skewness * (np.cbrt(np.maximum(skewness * x / 2 + 1, 0.0)) - 1)
    return float(x[-1]), x[:-1]
