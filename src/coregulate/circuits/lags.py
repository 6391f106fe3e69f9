"""How late each cue shows the state: fitted for each session around the cuebook's lag."""

from __future__ import annotations

import numpy as np

from coregulate.core import CircuitSettings, FloatArray

from .chain import forward_backward
from .densities import each_loglik
from .rows import Parameters, Rows, session_loglik, state_means

#: Largest lag that is looked at, in s (prior).
MAX_LAG_S = 10
#: Spread of a cue's lag around the cuebook's, in s (prior: of lags spread evenly over 3 to 8 s).
LAG_SD_S = 1.5


def first_lags(rows: Rows) -> FloatArray:
    """Return the cuebook's lags in whole seconds, shape (cue,)."""
    lags: FloatArray = np.floor(rows.lag_s)
    return lags


def fit_lags(
    rows: Rows, parameters: Parameters, *, moves: FloatArray, start: FloatArray, settings: CircuitSettings
) -> FloatArray:
    """Fit each cue's lag to what the other cues say of the states, one cue after the other.

    Parameters
    ----------
    rows : Rows
        As gathered, not read ahead.
    parameters : Parameters
    moves : ndarray, shape (5, 5)
    start : ndarray, shape (5,)

    Returns
    -------
    ndarray, shape (cue,)
        Whole seconds, 0..10: the largest expected tempered log-likelihood plus a
        normal prior around the cuebook's lag. What all cues share of their lags
        nothing but that prior can say. A session of about a minute keeps the prior's.

    Notes
    -----
    The cue itself must not tell where the states change: where it did, a strong cue
    that came 3 s later than the others was read as coming with them.
    """
    inner = rows.n_seconds - MAX_LAG_S
    lags_s = parameters.lags_s.copy()
    if inner < 60:
        return lags_s
    means = state_means(rows, parameters.kappa, parameters.offsets)
    each = each_loglik(rows.z, rows.quality * parameters.lambdas, means, rows.scales, nu=settings.student_nu)
    total = session_loglik(rows, parameters, settings)
    lags = np.arange(MAX_LAG_S + 1)
    for i, expected_s in enumerate(rows.lag_s):
        own = np.concatenate([each[:, i], np.zeros((MAX_LAG_S, each.shape[2]))])
        others = total - _from(own, lags_s[i])
        told = forward_backward(others, moves, start).smoothed[:inner]
        score = [np.sum(told * own[k : k + inner]) for k in lags] - 0.5 * (
            (lags - expected_s) / LAG_SD_S
        ) ** 2
        lags_s[i] = lags[np.argmax(score)]
        total = others + _from(own, lags_s[i])
    return lags_s


def _from(padded: FloatArray, lag_s: float) -> FloatArray:
    """Return a cue's log-likelihoods as read ``lag_s`` ahead; nothing is said where the recording has ended."""
    return padded[int(lag_s) :][: len(padded) - MAX_LAG_S]
