"""Fitting one person's session: lags, tempering, effect size and, where the baseline is not known, offsets."""

from __future__ import annotations

import numpy as np
from numba import njit
from scipy.optimize import minimize_scalar

from coregulate.core import CircuitSettings, FloatArray

from .chain import Path, forward, forward_backward
from .densities import total_loglik
from .lags import first_lags, fit_lags
from .rows import Parameters, Rows, absolute_loglik, read_ahead, session_loglik, state_means
from .separability import WEAK, d_primes, tells_safety
from .tempering import fit_lambdas, fit_within
from .transitions import FIGHT_FLIGHT, SAFE, UNSAFE

#: Rounds of offsets, lags, lambda and kappa (prior).
PASSES = 3
# Where lambda starts before any state is known (prior).
_FIRST_LAMBDA = 0.1
# ln kappa is searched within three standard deviations of its prior.
_KAPPA_REACH = 3.0
# EM for the offsets ends after so many rounds, or where none moves by more than this, z (prior).
_EM_STEPS = 60
_EM_TOLERANCE = 2e-3
# The opening that may serve as reference: 120 s after the first 60 s (prior).
_OPENING = slice(60, 180)


def fit_person(
    rows: Rows, *, trusted: bool, moves: FloatArray, start: FloatArray, settings: CircuitSettings
) -> tuple[Parameters, Path]:
    """Fit what is fitted on a session, in three passes, and infer the states with it.

    Parameters
    ----------
    rows : Rows
    trusted : bool
        Whether z counts from a marked baseline. If not, the offset of each graded cue is
        a latent variable as wide as people differ; else only as wide as the marked
        minutes leave open (``rows.tau``).
    moves : ndarray, shape (5, 5)
    start : ndarray, shape (5,)
    settings : CircuitSettings

    Returns
    -------
    Parameters, Path
    """
    parameters = Parameters(
        np.full(len(rows.names), _FIRST_LAMBDA),
        np.full(len(rows.absolute), _FIRST_LAMBDA),
        1.0,
        rows.centre * 0.0,
        first_lags(rows),
    )
    for _ in range(PASSES):
        if not trusted and rows.names:
            parameters = fit_offsets(rows, parameters, moves=moves, start=start, settings=settings)
        elif rows.tau.any():
            parameters = mend_offsets(rows, parameters, moves=moves, start=start, settings=settings)
        lags_s = fit_lags(rows, parameters, moves=moves, start=start, settings=settings)
        parameters = parameters._replace(lags_s=lags_s)
        path = forward_backward(session_loglik(rows, parameters, settings), moves, start)
        fitted = fit_lambdas(rows, parameters, path.smoothed, settings)
        parameters = parameters._replace(lambdas=fitted.graded, absolute_lambdas=fitted.absolute)
        parameters = parameters._replace(
            kappa=fit_kappa(rows, parameters, moves=moves, start=start, settings=settings)
        )
    path = forward_backward(session_loglik(rows, parameters, settings), moves, start)
    parameters = parameters._replace(within=fit_within(rows, parameters, path.smoothed, settings))
    return parameters, forward_backward(session_loglik(rows, parameters, settings), moves, start)


def fit_kappa(
    rows: Rows, parameters: Parameters, *, moves: FloatArray, start: FloatArray, settings: CircuitSettings
) -> float:
    """Fit the one multiplier of all effect sizes; 1 where the channels do not tell safe from unsafe."""
    neutral = parameters._replace(kappa=1.0)
    if not rows.names or not tells_safety(d_primes(rows, neutral, settings), settings.d_prime_floor):
        return 1.0
    rows = read_ahead(rows, parameters.lags_s)
    fixed = absolute_loglik(rows, parameters.absolute_lambdas)
    weight = rows.quality * parameters.lambdas

    def loss(log_kappa: float) -> float:
        means = state_means(rows, float(np.exp(log_kappa)), parameters.offsets)
        graded = total_loglik(rows.z, weight, means, rows.scales, nu=settings.student_nu)
        _, value = forward(graded + fixed, moves, start)
        return 0.5 * (log_kappa / settings.kappa_log_sd) ** 2 - value

    reach = _KAPPA_REACH * settings.kappa_log_sd
    found = minimize_scalar(loss, bounds=(-reach, reach), method="bounded", options={"xatol": 0.01})
    return float(np.exp(found.x))


def fit_offsets(
    rows: Rows, parameters: Parameters, *, moves: FloatArray, start: FloatArray, settings: CircuitSettings
) -> Parameters:
    """Fit latent baselines by EM from several starts; the best penalised likelihood wins."""
    best, best_value = parameters, -np.inf
    for offsets in _starts(rows, parameters):
        found, value = _em(rows, parameters._replace(offsets=offsets), moves, start, settings)
        if value > best_value:
            best, best_value = found, value
    return best


def mend_offsets(
    rows: Rows, parameters: Parameters, *, moves: FloatArray, start: FloatArray, settings: CircuitSettings
) -> Parameters:
    """Let the offsets move as far as a marked baseline leaves open.

    Three minutes with noise that is remembered leave a cue's origin open by a quarter of a
    z and more. Only where several channels tell safe from unsafe: with heart, skin or voice
    alone an offset takes up an hour of fight as readily as a baseline's error.
    """
    known = parameters._replace(offsets=rows.centre)
    if set(rows.channels) <= WEAK or not tells_safety(
        d_primes(rows, known, settings), settings.d_prime_floor
    ):
        return known
    return _em(rows, parameters, moves, start, settings)[0]


def change_margin(
    rows: Rows, parameters: Parameters, *, moves: FloatArray, start: FloatArray, settings: CircuitSettings
) -> float:
    """How much better crossing between safe and unsafe explains the cues than never crossing.

    The rivals are a person who stays in one state throughout, or moves only within
    the safe or only within the unsafe states, each with the offsets that suit it
    best. Without a known baseline a session that never crossed looks the same at
    either level: only what beats them says where the level is.

    Returns
    -------
    float
        Difference of penalised log-likelihoods in nats, against the best rival.
    """
    _, full = _em(rows, parameters, moves, start, settings)
    session = _medians(rows, slice(None))
    session = np.where(np.isfinite(session), session, rows.centre)
    rivals = []
    for stay in ((0,), (1,), (2,), (3,), (4,), SAFE, UNSAFE):
        held_moves, held_start = _held(moves, start, stay)
        typical = state_means(rows, parameters.kappa, rows.centre * 0.0)[:, list(stay)].mean(axis=1)
        first = parameters._replace(offsets=session - typical)
        rivals.append(_em(rows, first, held_moves, held_start, settings)[1])
    return full - max(rivals)


def _held(moves: FloatArray, start: FloatArray, stay: tuple[int, ...]) -> tuple[FloatArray, FloatArray]:
    """Return the chain of a person who never leaves the states ``stay``."""
    held_moves, held_start = np.eye(len(start)), np.zeros(len(start))
    block = moves[np.ix_(stay, stay)]
    held_moves[np.ix_(stay, stay)] = block / block.sum(axis=1, keepdims=True)
    held_start[list(stay)] = start[list(stay)] / start[list(stay)].sum()
    return held_moves, held_start


def _starts(rows: Rows, parameters: Parameters) -> list[FloatArray]:
    """Offsets if the opening, or the whole session, were the reference, or a fight; and the population's."""
    fight = rows.reference + parameters.kappa * (rows.means[:, FIGHT_FLIGHT] - rows.reference)
    session, opening = _medians(rows, slice(None)), _medians(rows, _OPENING)
    opening = np.where(np.isfinite(opening), opening, session)
    candidates = [
        parameters.offsets,
        opening - rows.reference,
        session - rows.reference,
        opening - fight,
        session - fight,
        rows.centre,
    ]
    return [np.where(np.isfinite(c), c, rows.centre) for c in candidates]


def _medians(rows: Rows, part: slice) -> FloatArray:
    out = np.full(len(rows.names), np.nan)
    for i in range(len(rows.names)):
        values = rows.z[part, i][rows.quality[part, i] > 0]
        if len(values):
            out[i] = np.median(values)
    return out


def _em(
    rows: Rows, parameters: Parameters, moves: FloatArray, start: FloatArray, settings: CircuitSettings
) -> tuple[Parameters, float]:
    rows = read_ahead(rows, parameters.lags_s)
    weight = rows.quality * parameters.lambdas
    fixed = absolute_loglik(rows, parameters.absolute_lambdas)
    value = -np.inf
    for _ in range(_EM_STEPS):
        means = state_means(rows, parameters.kappa, parameters.offsets)
        graded = total_loglik(rows.z, weight, means, rows.scales, nu=settings.student_nu)
        path = forward_backward(graded + fixed, moves, start)
        free = rows.tau > 0
        beyond = (parameters.offsets - rows.centre)[free] / rows.tau[free]
        value = path.loglik - 0.5 * float(np.sum(beyond**2))
        offsets = _update(
            rows.z,
            weight,
            path.smoothed,
            means,
            rows.scales,
            parameters.offsets,
            rows.centre,
            rows.tau,
            settings.student_nu,
        )
        moved = float(np.max(np.abs(offsets - parameters.offsets)))
        if moved < _EM_TOLERANCE:
            break
        parameters = parameters._replace(offsets=offsets)
    return parameters, value


@njit(cache=True)  # type: ignore[untyped-decorator]
def _update(
    z: FloatArray,
    weight: FloatArray,
    shares: FloatArray,
    means: FloatArray,
    scales: FloatArray,
    offsets: FloatArray,
    centre: FloatArray,
    tau: FloatArray,
    nu: float,
) -> FloatArray:
    """One step of EM for Student-t locations with a normal prior (the t's own latent scale included)."""
    n_times, n_cues = z.shape
    out = np.empty(n_cues)
    for i in range(n_cues):
        if tau[i] == 0.0:  # known
            out[i] = centre[i]
            continue
        top = centre[i] / tau[i] ** 2
        bottom = 1.0 / tau[i] ** 2
        for t in range(n_times):
            if weight[t, i] > 0.0:
                for s in range(means.shape[1]):
                    d = z[t, i] - means[i, s]
                    u = d / scales[i, s]
                    w = weight[t, i] * shares[t, s] * (nu + 1.0) / (nu + u * u) / scales[i, s] ** 2
                    top += w * (d + offsets[i])
                    bottom += w
        out[i] = top / bottom
    return out
