"""Cross-correlation of what is new in each series: residuals of an autoregression (docs/bond.md).

Takes out that slow series resemble each other by chance; on one pair it takes most of the power too.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray

from ..corrections import prewhiten
from .granger import detrended
from .measure import Measure, lag_lead, lag_places, root, sizes
from .settings import SuiteSettings


def best_order(x: FloatArray, highest: int) -> int:
    """Order of an autoregression by BIC (Schwarz 1978, 10.1214/aos/1176344136), from 1 on."""
    highest = max(1, min(highest, len(x) // 10))
    # All orders over the same times: those whose longest past was seen.
    usable = np.isfinite(prewhiten(x, highest))
    scores = []
    for order in range(1, highest + 1):
        rest = prewhiten(x, order)[usable]
        n, power = len(rest), float(rest @ rest) if len(rest) else 0.0
        scores.append(n * np.log(power / n) + order * np.log(n) if power > 0 else np.inf)
    return 1 + int(np.argmin(scores))


def ready(
    a: FloatArray, b: FloatArray, rate_hz: float, settings: SuiteSettings
) -> tuple[FloatArray, FloatArray, SuiteSettings]:
    """Take the trend out of both and prewhiten them, each with its own order."""
    a, b = (detrended(x, settings.detrend) for x in (a, b))
    one, two = (prewhiten(x, settings.ar_order or best_order(x, settings.max_order)) for x in (a, b))
    return one, two, settings


def profiles(a: FloatArray, bs: FloatArray, rate_hz: float, settings: SuiteSettings) -> FloatArray:
    """Correlation at each lag, over what both have there."""
    lags = np.round(lag_places(len(a), rate_hz, settings) * rate_hz).astype(np.int64)
    return np.stack([_correlation(a, bs, int(lag)) for lag in lags], axis=1)


def _correlation(a: FloatArray, bs: FloatArray, lag: int) -> FloatArray:
    n = len(a) - abs(lag)
    x, y = (a[:n], bs[:, lag:]) if lag >= 0 else (a[-lag:], bs[:, :n])
    seen: NDArray[np.bool_] = np.isfinite(x) & np.isfinite(y)
    count = np.maximum(seen.sum(axis=1), 1)
    x, y = np.where(seen, x, 0.0), np.where(seen, y, 0.0)
    x = np.where(seen, x - (x.sum(axis=1) / count)[:, None], 0.0)
    y = np.where(seen, y - (y.sum(axis=1) / count)[:, None], 0.0)
    size = np.sqrt((x * x).sum(axis=1) * (y * y).sum(axis=1))
    enough = (size > 0) & (count > 2)
    return np.asarray(np.divide((x * y).sum(axis=1), size, out=np.full(len(bs), np.nan), where=enough))


PREWHITENED = Measure(
    name="prewhitened correlation",
    method="cross-correlation of the residuals of autoregressions",
    axis="lag_s",
    places=lag_places,
    profiles=profiles,
    scores=sizes,
    straight=root,
    lead=lag_lead,
    ready=ready,
    min_s=120.0,  # prior: a hundred samples once the order is known
    at_most_hz=lambda settings: 2.0,  # prior: faster, and the order would have to reach far
)
