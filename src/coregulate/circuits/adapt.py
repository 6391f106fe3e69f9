"""Adapting the states' means to one person by their own word.

The person's dial and corrections are labels. Means move from the table's (or the
group's) toward what the person shows when they say they are safe, or were playing:
maximum a posteriori, each mean with a normal prior of standard deviation 0.25 z.
Without that prior the states would trade places, so there is no way to leave it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr
from numba import njit
from numpy.typing import NDArray

from coregulate.core import CircuitSettings, FloatArray
from coregulate.cues import STATES, Baseline, Cuebook

from .chain import forward_backward
from .densities import RATING_CLIP, logistic, logit
from .gather import gather
from .personal import Correction, Shifts, shifted, with_corrections
from .rows import Parameters, Rows, read_ahead, session_loglik, state_means
from .transitions import SAFE

if TYPE_CHECKING:
    from .infer import Circuits

#: Standard deviation of a person's mean around the table's, in z (prior).
PERSON_SD = 0.25
# Rounds in which shifts and states are fitted in turn (prior).
_STEPS = 8
# The person's word on these channels is a label; everything else is evidence.
_WORDS = ("rating", "correction")


class Labels(NamedTuple):
    """The person's word, second by second: how far (``share``, NaN where none) the states ``yes`` it was.

    ``yes``: (time, state) of bool; ``share``: (time,), within .02-.98.
    """

    yes: NDArray[np.bool_]
    share: FloatArray

    @property
    def loglik(self) -> FloatArray:
        """What the labels say for each state, shape (time, state); 0 where there is none."""
        odds = np.nan_to_num(logit(np.where(np.isfinite(self.share), self.share, 0.5)))
        out: FloatArray = odds[:, None] * np.where(self.yes, 0.5, -0.5)
        return out

    def within(self, seconds: NDArray[np.bool_]) -> Labels:
        """Return the labels of some seconds only."""
        return self._replace(share=np.where(seconds, self.share, np.nan))

    def asked(self, smoothed: FloatArray) -> FloatArray:
        """Probability of the states ``yes``, from probabilities (time, state), shape (time,)."""
        p: FloatArray = np.where(self.yes, smoothed, 0.0).sum(axis=1)
        return p


class Material(NamedTuple):
    """One session of one person to learn from: its evidence without the person's word, and the word."""

    rows: Rows
    parameters: Parameters
    labels: Labels


def labels_of(rows: Rows) -> Labels:
    """Collect the person's word; where they corrected a second, that outranks the dial."""
    yes = np.zeros((rows.n_seconds, len(STATES)), dtype=bool)
    yes[:, list(SAFE)] = True
    share = np.full(rows.n_seconds, np.nan)
    for channel in sorted(
        rows.absolute, key=lambda c: _WORDS.index(c.channel) if c.channel in _WORDS else -1
    ):
        seen = channel.present > 0
        if channel.channel == "rating":
            share[seen] = np.clip(logistic(channel.log_odds[seen]), RATING_CLIP, 1.0 - RATING_CLIP)
        elif channel.channel == "correction":
            share[seen] = 1.0 - RATING_CLIP
            yes[seen] = channel.loglik[seen, 0] > 0
    return Labels(yes, share)


def material(rows: Rows, parameters: Parameters) -> Material:
    """Take the person's word out of the evidence."""
    keep = [c.channel not in _WORDS for c in rows.absolute]
    evidence = rows._replace(absolute=tuple(c for c, k in zip(rows.absolute, keep, strict=True) if k))
    fitted = parameters._replace(absolute_lambdas=parameters.absolute_lambdas[np.array(keep, dtype=bool)])
    return Material(evidence, fitted, labels_of(rows))


def material_of_session(
    circuits: Circuits,
    cues: xr.Dataset,
    person: str,
    baseline: Baseline,
    *,
    book: Cuebook,
    corrections: Sequence[Correction] = (),
) -> Material:
    """Collect a finished session's evidence again, with the parameters that were fitted on it."""
    lag_s = circuits.rating_lag_s[person]
    rows = gather(cues, person, baseline, book=book, rating_lag_s=int(lag_s) if np.isfinite(lag_s) else 0)
    rows = with_corrections(rows, corrections)
    lambdas, offsets = circuits.lambdas[person], circuits.offsets[person]
    parameters = Parameters(
        np.array([lambdas[name] for name in rows.names]),
        np.array([lambdas[channel.names[0]] for channel in rows.absolute]),
        circuits.kappa[person],
        np.array([offsets[name] for name in rows.names]),
        np.array([circuits.lags_s[person][name] for name in rows.names]),
        circuits.within.get(person),
    )
    return material(rows, parameters)


def fit_shifts(
    sessions: Sequence[Material],
    *,
    moves: FloatArray,
    start: FloatArray,
    settings: CircuitSettings,
    unlabelled: bool = False,
) -> dict[str, dict[str, float]]:
    """Move the means toward what the person shows, by penalised EM.

    Parameters
    ----------
    sessions : sequence of Material
    unlabelled : bool
        Learn also from seconds without the person's word, by the model's own reading of them.

    Returns
    -------
    dict of cue to dict of state to float
        Shift from the rows' means, in z.
    """
    shifts: dict[str, dict[str, float]] = {}
    for _ in range(_STEPS):
        sums = gather_sums(
            sessions, shifts, moves=moves, start=start, settings=settings, unlabelled=unlabelled
        )
        shifts = {
            cue: dict(zip(STATES, (top / (bottom + PERSON_SD**-2)).tolist(), strict=True))
            for cue, (top, bottom) in sums.items()
        }
    return shifts


def gather_sums(
    sessions: Sequence[Material],
    shifts: Shifts,
    *,
    moves: FloatArray,
    start: FloatArray,
    settings: CircuitSettings,
    unlabelled: bool,
) -> dict[str, tuple[FloatArray, FloatArray]]:
    """One E step: weighted residuals from the rows' own means and their weights, by cue, each (state,)."""
    total: dict[str, tuple[FloatArray, FloatArray]] = {}
    for one in sessions:
        rows = shifted(one.rows, shifts)
        said = session_loglik(rows, one.parameters, settings) + one.labels.loglik
        smoothed = forward_backward(said, moves, start).smoothed
        if not unlabelled:
            smoothed = np.where(np.isfinite(one.labels.share)[:, None], smoothed, 0.0)
        kappa, offsets = one.parameters.kappa, one.parameters.offsets
        shown = read_ahead(rows, one.parameters.lags_s)
        top, bottom = _sums(
            shown.z, shown.quality * one.parameters.lambdas, smoothed, state_means(one.rows, kappa, offsets),
            state_means(rows, kappa, offsets), rows.scales, settings.student_nu,
        )  # fmt: skip
        for i, cue in enumerate(rows.names):
            a, b = total.get(cue, (np.zeros(len(STATES)), np.zeros(len(STATES))))
            # The mean moves by kappa times the shift.
            total[cue] = (a + kappa * top[i], b + kappa**2 * bottom[i])
    return total


@njit(cache=True)  # type: ignore[untyped-decorator]
def _sums(
    z: FloatArray,
    weight: FloatArray,
    shares: FloatArray,
    origin: FloatArray,
    means: FloatArray,
    scales: FloatArray,
    nu: float,
) -> tuple[FloatArray, FloatArray]:
    """Sum of weighted residuals from ``origin`` and of weights (the t's latent scale at ``means``), (cue, state)."""
    n_times, n_cues = z.shape
    n = means.shape[1]
    top, bottom = np.zeros((n_cues, n)), np.zeros((n_cues, n))
    for t in range(n_times):
        for i in range(n_cues):
            if weight[t, i] > 0.0:
                for s in range(n):
                    u = (z[t, i] - means[i, s]) / scales[i, s]
                    w = weight[t, i] * shares[t, s] * (nu + 1.0) / (nu + u * u) / scales[i, s] ** 2
                    top[i, s] += w * (z[t, i] - origin[i, s])
                    bottom[i, s] += w
    return top, bottom
