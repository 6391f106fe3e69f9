"""Made lips for a recorded talk: openings of two mouths that follow who is annotated as speaking."""

from __future__ import annotations

import numpy as np

Turns = list[tuple[float, float]]


def lips_of(
    turns: dict[str, Turns], duration_s: float, *, seed: int
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Ten pictures a second: syllables while speaking, noise, idle movement, one lag, stretches unseen.

    The mouth also moves in a tenth of the silence, all pictures lag by up to 0.2 s either way
    (each turn 0.05 s more or less), and a tenth of the pictures lack the face.
    """
    rng = np.random.default_rng(seed)
    times_s = np.arange(0.0, duration_s, 0.1) + rng.uniform(0.0, 0.05)
    lag_s = rng.uniform(-0.2, 0.2)
    sizes = (0.1, 0.2)
    return times_s, {
        face: size * _opening(said, times_s, lag_s, rng)
        for (face, said), size in zip(turns.items(), sizes, strict=True)
    }


def _opening(turns: Turns, times_s: np.ndarray, lag_s: float, rng: np.random.Generator) -> np.ndarray:
    fine = np.arange(-1.0, times_s[-1] + 1.0, 0.01)
    moving = np.zeros(len(fine), dtype=bool)
    for start, end in turns:
        late = lag_s + rng.uniform(-0.05, 0.05)
        moving |= (fine >= start + late) & (fine < end + late)
    silent = np.flatnonzero(~moving)
    while moving[silent].mean() < 0.1:
        first = rng.choice(silent)
        moving[first : first + int(100 * rng.uniform(0.4, 1.5))] = True
    syllables = np.zeros(len(fine))
    at = 0
    while at < len(fine):
        n = int(100 / rng.uniform(3.5, 6.0))
        shape = rng.gamma(3.0, 1 / 3) * np.sin(np.pi * np.arange(n) / n) ** 2
        syllables[at : at + n] = shape[: len(fine) - at]
        at += n
    drift = 0.004 * np.cumsum(rng.normal(size=len(fine)))
    opening = np.convolve(np.where(moving, syllables, 0.0), np.ones(5) / 5, mode="same") + drift
    seen = np.interp(times_s, fine, opening) + 0.075 * rng.normal(size=len(times_s))
    hidden = np.zeros(len(times_s), dtype=bool)
    while hidden.mean() < 0.1:
        first = rng.integers(len(times_s))
        hidden[first : first + int(10 * rng.uniform(1.0, 3.0))] = True
    return np.where(hidden, np.nan, seen)
