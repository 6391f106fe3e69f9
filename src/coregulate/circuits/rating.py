"""How late a person's own rating follows what their other channels show."""

from __future__ import annotations

import numpy as np

from coregulate.core import CircuitSettings, FloatArray

from .densities import logit
from .fit import fit_person
from .rows import Rows
from .separability import d_primes
from .transitions import SAFE, UNSAFE

#: Largest lag that is looked at, in s (prior).
MAX_LAG_S = 4
#: Lag where nothing else can say: the middle of 0 to 4 s (prior).
DEFAULT_LAG_S = 2
# Fewer common seconds than this estimate nothing (prior).
_MIN_COMMON_S = 120


def estimate_rating_lag(
    rows: Rows, *, trusted: bool, moves: FloatArray, start: FloatArray, settings: CircuitSettings
) -> int | None:
    """Estimate the rating's lag, 0 to 4 s, against the log odds of safe from the other channels.

    Parameters
    ----------
    rows : Rows
        With the rating at lag 0.

    Returns
    -------
    int or None
        In s, > 0: the rating comes later. None where the other channels do not tell
        safe from unsafe, or share under 120 s with the rating.
    """
    rating = next(channel for channel in rows.absolute if channel.channel == "rating")
    others = rows._replace(absolute=tuple(c for c in rows.absolute if c.channel != "rating"))
    if not others.names and not others.absolute:
        return None
    parameters, path = fit_person(others, trusted=trusted, moves=moves, start=start, settings=settings)
    across = d_primes(others, parameters, settings)[np.ix_(SAFE, UNSAFE)]
    seen = (rating.present > 0) & (others.observed > 0)
    if across.max() < settings.d_prime_floor or seen.sum() < _MIN_COMMON_S:
        return None
    shown = logit(np.clip(path.smoothed[:, list(SAFE)].sum(axis=1), 1e-3, 1.0 - 1e-3))
    scores = [_agreement(shown, rating.log_odds, lag) for lag in range(MAX_LAG_S + 1)]
    return int(np.argmax(scores)) if np.isfinite(max(scores)) else None


def _agreement(shown: FloatArray, rated: FloatArray, lag: int) -> float:
    """Correlation of what is shown with what is rated ``lag`` s later."""
    a, b = shown[: len(shown) - lag], rated[lag:]
    both = np.isfinite(a) & np.isfinite(b)
    if both.sum() < 3 or np.ptp(a[both]) == 0 or np.ptp(b[both]) == 0:
        return -np.inf
    return float(np.corrcoef(a[both], b[both])[0, 1])
