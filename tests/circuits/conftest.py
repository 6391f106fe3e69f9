"""A small generator of sessions with known states, from the cuebook's own table and the prior's matrix."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

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

# Slower bodies and quicker faces: with these the first model, which knew no lags, comes near the published table.
BODIES = {
    "heart": 0.95,
    "skin": 0.97,
    "breathing": 0.95,
    "voice": 0.8,
    "turns": 0.8,
    "face": 0.7,
    "motion": 0.7,
}


def draw_states(n: int, rng: np.random.Generator, slower: float = 1.0) -> np.ndarray:
    moves = transition_matrix(safe_bout_s=180.0 * slower, unsafe_bout_s=40.0 * slower, state_s=20.0 * slower)
    cumulative = moves.cumsum(axis=1)
    state = int(rng.choice(5, p=stationary(moves)))
    path = np.empty(n, dtype=int)
    for t, u in enumerate(rng.random(n)):
        path[t] = state
        state = min(int(np.searchsorted(cumulative[state], u)), 4)
    return path


def remembered(n: int, rho: float, rng: np.random.Generator) -> np.ndarray:
    return lfilter([np.sqrt(1 - rho**2)], [1, -rho], rng.normal(size=n + 200))[200:]


def draw_z(
    path: np.ndarray,
    channels: Sequence[str],
    rng: np.random.Generator,
    *,
    independent: bool = False,
    effect: float = 1.0,
    within: float = 0.0,
    memory: Mapping[str, float] = RHO,
) -> dict[str, np.ndarray]:
    """One z a second for each cue: the mean of the state 3 to 8 s ago, and Student-t noise with a memory.

    ``within``: correlation of the noise of two cues of one channel; ``memory``: of one
    second's noise in the next, by channel.
    """
    shared = {c: remembered(len(path), memory[c], rng) for c in channels} if within else {}
    speaking = np.repeat(rng.random(len(path) // 6 + 1) < 0.5, 6)[: len(path)]
    out = {}
    for cue in load_cuebook().of_kind("graded"):
        if cue.channel not in channels:
            continue
        lag = 0 if independent else int(rng.integers(3, 9))
        seen = np.r_[np.full(lag, path[0]), path[: len(path) - lag]]
        rho = 0.0 if independent else memory[cue.channel]
        noise = remembered(len(path), rho, rng)
        if within:
            noise = np.sqrt(within) * shared[cue.channel] + np.sqrt(1 - within) * noise
        t_noise = stdtrit(5.0, np.clip(ndtr(noise), 1e-9, 1 - 1e-9))
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
    bodies = BODIES


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
