"""Moments that somebody tapped: how late the hand is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from coregulate.core import CircuitSettings, Estimate, FloatArray
from coregulate.cues import STATES

from .chain import forward
from .fit import fit_person
from .personal import Tap, answer
from .rows import Rows, session_loglik

#: How late a tap is where nothing says it, and how much that varies, in s (prior). Who rates what they
#: see is 1 to 6 s late, by person and by what is rated (Mariooryad & Busso 2015, 10.1109/TAFFC.2014.2334294).
EXPECTED_LAG_S, LAG_SD_S = 3.5, 1.5
#: Largest lag that is looked at, in s (prior).
MAX_LAG_S = 8
# How often a tap names what was not so (prior).
_WRONG = 0.05


def estimate_tap_lag(
    rows: Rows,
    taps: Sequence[Tap],
    *,
    trusted: bool,
    moves: FloatArray,
    start: FloatArray,
    settings: CircuitSettings,
) -> Estimate:
    """Estimate how long after the moment somebody taps, from what the other channels say.

    Parameters
    ----------
    rows : Rows
        Without what was tapped.
    taps : sequence of Tap
        At least one.

    Returns
    -------
    Estimate
        Mean and 95 % interval of the lag in s, 0..8, given the prior.

    Notes
    -----
    For each lag the likelihood of cues and taps together, one in twenty taps naming what was
    not so. Only taps near a change of state tell; where there are few, or no channel tells the
    states apart, the prior is what comes out.
    """
    parameters, _ = fit_person(rows, trusted=trusted, moves=moves, start=start, settings=settings)
    shown = session_loglik(rows, parameters, settings)
    said = np.full((len(taps), len(STATES)), np.log(_WRONG))
    for says, tap in zip(said, taps, strict=True):
        says[list(answer(tap.late(0.0)))] = np.log1p(-_WRONG)
    seconds = np.array([tap.time_s for tap in taps]).astype(np.int64)
    inside = np.flatnonzero((seconds >= 0) & (seconds < rows.n_seconds))
    lags = np.arange(MAX_LAG_S + 1)
    value = -0.5 * ((lags - EXPECTED_LAG_S) / LAG_SD_S) ** 2
    for k, lag in enumerate(lags):
        total = shown.copy()
        np.add.at(total, np.maximum(seconds[inside] - lag, 0), said[inside])
        value[k] += forward(total, moves, start)[1]
    share = np.exp(value - value.max())
    share /= share.sum()
    low, high = lags[np.searchsorted(share.cumsum(), [0.025, 0.975])]
    return Estimate(float(share @ lags), float(low), float(high), method="posterior over whole seconds")
