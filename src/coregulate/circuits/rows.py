"""One person's evidence on the 1 s grid, and the model's parameters for it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from coregulate.core import CircuitSettings, FloatArray

from .densities import each_loglik, joint_loglik, total_loglik


class Absolute(NamedTuple):
    """A channel that needs no baseline: codes, touch, or the person's own rating.

    Parameters
    ----------
    channel : str
        ``codes``, ``touch`` or ``rating``.
    names : tuple of str
        Its cues.
    loglik : ndarray, shape (time, cue, state)
        Log-likelihood before tempering; 0 where missing.
    present : ndarray, shape (time,)
        Quality where observed, else 0.
    divergence : ndarray, shape (state, state)
        Symmetric Kullback-Leibler divergence an observed second gives each pair.
    """

    channel: str
    names: tuple[str, ...]
    loglik: FloatArray
    present: FloatArray
    divergence: FloatArray

    @property
    def log_odds(self) -> FloatArray:
        """Mean over safe minus mean over unsafe states, shape (time,); NaN where missing."""
        total = self.loglik.sum(axis=1)
        odds: FloatArray = total[:, :3].mean(axis=1) - total[:, 3:].mean(axis=1)
        odds[self.present <= 0] = np.nan
        return odds


class Rows(NamedTuple):
    """Everything one person shows, second by second.

    Graded cues: ``names``, ``channels``; ``z`` and ``quality`` of shape (time, cue),
    quality 0 where missing; ``means`` and ``scales`` of shape (cue, state);
    ``reference``: the expected mean that was added back to z; ``centre`` and
    ``tau``: prior of the offset, ``tau`` 0 where it is known; ``lag_s``: how
    long after a state each cue is expected to show it. ``absolute``: the channels
    that need no baseline.
    """

    names: tuple[str, ...]
    channels: tuple[str, ...]
    z: FloatArray
    quality: FloatArray
    means: FloatArray
    scales: FloatArray
    reference: FloatArray
    centre: FloatArray
    tau: FloatArray
    lag_s: FloatArray
    absolute: tuple[Absolute, ...]

    @property
    def n_seconds(self) -> int:
        """Length of the grid."""
        return len(self.z)

    @property
    def observed(self) -> FloatArray:
        """1.0 in each second in which any cue is observed, shape (time,)."""
        seen = np.zeros(self.n_seconds)
        seen[(self.quality > 0).any(axis=1)] = 1.0
        for channel in self.absolute:
            seen[channel.present > 0] = 1.0
        return seen

    @property
    def cue_names(self) -> tuple[str, ...]:
        """Names of all cues, graded first."""
        return self.names + tuple(name for channel in self.absolute for name in channel.names)


class Within(NamedTuple):
    """How the noise of cues of one channel goes together; see :func:`~.densities.joint_loglik`.

    ``matrix``: (cue, cue), 0 between channels; ``factor``: (cue,).
    """

    matrix: FloatArray
    factor: FloatArray


class Parameters(NamedTuple):
    """What is fitted on a session and then frozen.

    ``lambdas``, ``offsets`` and ``lags_s`` (cue,) in the order of ``Rows.names``;
    ``absolute_lambdas`` in the order of ``Rows.absolute``. ``lags_s`` are whole
    seconds; empty: every cue shows its state at once. ``within``: how the cues' noise
    goes together; None: as if it did not.
    """

    lambdas: FloatArray
    absolute_lambdas: FloatArray
    kappa: float
    offsets: FloatArray
    lags_s: FloatArray = np.empty(0)
    within: Within | None = None


def read_ahead(rows: Rows, lags_s: FloatArray) -> Rows:
    """Lay each graded cue on the second whose state it shows: second t holds what came ``lags_s`` later.

    The last seconds, whose cues the recording does not hold, are missing. Empty
    ``lags_s`` change nothing.
    """
    if not lags_s.any():
        return rows
    z, quality = np.zeros_like(rows.z), np.zeros_like(rows.quality)
    for i, lag in enumerate(lags_s.astype(np.int64)):
        left = max(rows.n_seconds - lag, 0)
        z[:left, i] = rows.z[lag:, i]
        quality[:left, i] = rows.quality[lag:, i]
    return rows._replace(z=z, quality=quality)


def state_means(rows: Rows, kappa: float, offsets: FloatArray) -> FloatArray:
    """Return where the model expects each cue in each state, shape (cue, state).

    ``kappa`` scales every mean of the table. The reference's own mean, with which
    z was moved to the common origin, came from the same table, so it is scaled
    too: what kappa changes is the distance of each state from the reference.
    """
    reference = rows.reference[:, None]
    out: FloatArray = reference + kappa * (rows.means - reference) + offsets[:, None]
    return out


def session_loglik(rows: Rows, parameters: Parameters, settings: CircuitSettings) -> FloatArray:
    """Tempered log-likelihood of each second for each state, shape (time, state)."""
    rows = read_ahead(rows, parameters.lags_s)
    if parameters.within is None:
        # The same without the table between.
        weight = rows.quality * parameters.lambdas
        means = state_means(rows, parameters.kappa, parameters.offsets)
        graded = total_loglik(rows.z, weight, means, rows.scales, nu=settings.student_nu)
    else:
        graded = np.sum(_each(rows, parameters, settings), axis=1)
    return graded + absolute_loglik(rows, parameters.absolute_lambdas)


def _each(rows: Rows, parameters: Parameters, settings: CircuitSettings) -> FloatArray:
    """Tempered log-likelihood of each graded cue, from rows read ahead, shape (time, cue, state)."""
    weight, means = rows.quality * parameters.lambdas, state_means(rows, parameters.kappa, parameters.offsets)
    if parameters.within is None:
        return each_loglik(rows.z, weight, means, rows.scales, nu=settings.student_nu)
    return joint_loglik(rows.z, weight, means, rows.scales, *parameters.within, nu=settings.student_nu)


def absolute_loglik(rows: Rows, lambdas: FloatArray) -> FloatArray:
    """Tempered log-likelihood from codes, touch and rating alone, shape (time, state)."""
    total = np.zeros((rows.n_seconds, 5))
    for channel, weight in zip(rows.absolute, lambdas, strict=True):
        total += weight * channel.loglik.sum(axis=1)
    return total


def ledger(rows: Rows, parameters: Parameters, settings: CircuitSettings) -> FloatArray:
    """Evidence of each cue for each state against the average of the others.

    Parameters
    ----------
    rows, parameters, settings
        As the model used them.

    Returns
    -------
    ndarray, shape (time, cue, state)
        Nats; NaN where the cue is missing. Its sum over cues is the evidence of
        :func:`session_loglik`, second by second: what the cues that came ``lags_s``
        later say of this second's state.
    """
    rows = read_ahead(rows, parameters.lags_s)
    graded = _each(rows, parameters, settings)
    graded[rows.quality <= 0] = np.nan
    parts = [graded]
    for channel, weight in zip(rows.absolute, parameters.absolute_lambdas, strict=True):
        part = weight * channel.loglik
        part[channel.present <= 0] = np.nan
        parts.append(part)
    return against_others(np.concatenate(parts, axis=1))


def against_others(loglik: FloatArray) -> FloatArray:
    """Return a log-likelihood minus the average of the other states, along the last axis."""
    n = loglik.shape[-1]
    out: FloatArray = (n * loglik - loglik.sum(axis=-1, keepdims=True)) / (n - 1)
    return out
