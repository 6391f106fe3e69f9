"""How late each cue shows the state: fitted for each session around the cuebook's lag."""

from __future__ import annotations

import numpy as np

from coregulate.core import CircuitSettings, FloatArray

from .densities import each_loglik
from .rows import Parameters, Rows, state_means

#: Largest lag that is looked at, in s (prior).
MAX_LAG_S = 10
#: Spread of a cue's lag around the cuebook's, in s (prior: of lags spread evenly over 3 to 8 s).
LAG_SD_S = 1.5


def first_lags(rows: Rows) -> FloatArray:
    """Return the cuebook's lags in whole seconds, shape (cue,)."""
    lags: FloatArray = np.floor(rows.lag_s)
    return lags


def fit_lags(
    rows: Rows, parameters: Parameters, smoothed: FloatArray, settings: CircuitSettings
) -> FloatArray:
    """Fit each cue's lag, given what the cues together say of the states.

    Parameters
    ----------
    rows : Rows
        As gathered, not read ahead.
    parameters : Parameters
    smoothed : ndarray, shape (time, state)

    Returns
    -------
    ndarray, shape (cue,)
        Whole seconds, 0..10: the largest expected tempered log-likelihood plus a
        normal prior around the cuebook's lag. What all cues share of their lags
        nothing but that prior can say. A session under a minute keeps the prior's.
    """
    inner = rows.n_seconds - MAX_LAG_S
    if inner < 60 or not rows.names:
        return first_lags(rows)
    means = state_means(rows, parameters.kappa, parameters.offsets)
    loglik = each_loglik(
        rows.z, rows.quality * parameters.lambdas, means, rows.scales, nu=settings.student_nu
    )
    lags = np.arange(MAX_LAG_S + 1)
    shares = smoothed[:inner]
    score = np.stack([np.einsum("tis,ts->i", loglik[k : k + inner], shares) for k in lags], axis=1)
    prior = -0.5 * ((lags - rows.lag_s[:, None]) / LAG_SD_S) ** 2
    best: FloatArray = lags[np.argmax(score + prior, axis=1)].astype(np.float64)
    return best
