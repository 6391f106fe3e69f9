"""A small generator of sessions with known states, from the cuebook's own table and the prior's matrix."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import xarray as xr
from scipy.signal import lfilter
from scipy.special import ndtr, stdtrit

from coregulate.circuits import stationary, transition_matrix
from coregulate.cues import STATES, load_cuebook

PHONE = ("voice", "turns", "face", "motion")
ALL = ("heart", "skin", "breathing", *PHONE)
# How much of one second's noise is still there in the next (prior).
RHO = {"heart": 0.9, "skin": 0.95, "breathing": 0.9, "voice": 0.6, "turns": 0.9, "face": 0.8, "motion": 0.7}


def draw_states(n: int, rng: np.random.Generator) -> np.ndarray:
    moves = transition_matrix(safe_bout_s=180.0, unsafe_bout_s=40.0, state_s=20.0)
    cumulative = moves.cumsum(axis=1)
    state = int(rng.choice(5, p=stationary(moves)))
    path = np.empty(n, dtype=int)
    for t, u in enumerate(rng.random(n)):
        path[t] = state
        state = min(int(np.searchsorted(cumulative[state], u)), 4)
    return path


def draw_z(
    path: np.ndarray,
    channels: Sequence[str],
    rng: np.random.Generator,
    *,
    independent: bool = False,
    effect: float = 1.0,
) -> dict[str, np.ndarray]:
    """One z a second for each cue: the mean of the state 3 to 8 s ago, and Student-t noise with a memory."""
    speaking = np.repeat(rng.random(len(path) // 6 + 1) < 0.5, 6)[: len(path)]
    out = {}
    for cue in load_cuebook().of_kind("graded"):
        if cue.channel not in channels:
            continue
        lag = 0 if independent else int(rng.integers(3, 9))
        seen = np.r_[np.full(lag, path[0]), path[: len(path) - lag]]
        rho = 0.0 if independent else RHO[cue.channel]
        noise = lfilter([np.sqrt(1 - rho**2)], [1, -rho], rng.normal(size=len(path) + 200))
        t_noise = stdtrit(5.0, np.clip(ndtr(noise[200:]), 1e-9, 1 - 1e-9))
        means = effect * np.array([cue.means[s] for s in STATES])
        scales = np.array([cue.scales[s] for s in STATES])
        z = means[seen] + scales[seen] * t_noise
        out[cue.name] = np.where(speaking | (cue.channel != "voice"), np.clip(z, -5, 5), np.nan)
    return out


def dataset(people: dict[str, dict[str, np.ndarray]], n: int) -> xr.Dataset:
    """Lay values of whole seconds on the 0.1 s grid."""
    names = dict.fromkeys(name for cues in people.values() for name in cues)
    none = np.full(n, np.nan)
    table = {
        name: (("person", "time"), np.stack([np.repeat(c.get(name, none), 10) for c in people.values()]))
        for name in names
    }
    return xr.Dataset(table, coords={"person": list(people), "time": np.arange(n * 10) / 10})


class Generator:
    states = staticmethod(draw_states)
    z = staticmethod(draw_z)
    dataset = staticmethod(dataset)
    all = ALL
    phone = PHONE


@pytest.fixture(scope="session")
def sim() -> type[Generator]:
    return Generator


@pytest.fixture(scope="session")
def macro_f1() -> Callable[[np.ndarray, np.ndarray], float]:
    def score(truth: np.ndarray, guess: np.ndarray) -> float:
        hits = [np.sum((truth == s) & (guess == s)) for s in range(5)]
        sizes = [np.sum(truth == s) + np.sum(guess == s) for s in range(5)]
        return float(np.mean([2 * h / max(n, 1) for h, n in zip(hits, sizes, strict=True)]))

    return score
