"""Print what learning from a person's own word gains. Usage: python -m benchmarks.learning [persons].

Each person's means differ from the table's; their cues come 3 to 8 s late under noise that is
remembered (voice, turns, face, motion). They spend half an hour with a dial, or tap a button now
and then, and are read in another half hour without either. ``dial``: a hand that follows safety
within about 4 s with a slow error of its own. ``taps``: "safe" or "not safe", every 25 s on average,
1 to 4 s after the moment, one in twenty wrong. ``strange``: the same word of a person in other states.
"""

from __future__ import annotations

import sys
import time

import numpy as np
from scipy.signal import lfilter

from benchmarks.circuits import BOOK, WITHIN, sim
from coregulate.circuits import (
    Personal,
    Tap,
    forward_backward,
    learn_person,
    material,
    stationary,
    transition_matrix,
)
from coregulate.circuits.fit import fit_person
from coregulate.circuits.gather import gather
from coregulate.circuits.moments import estimate_tap_lag
from coregulate.circuits.personal import shifted, with_corrections
from coregulate.circuits.rating import estimate_rating_lag
from coregulate.circuits.rows import Rows, session_loglik
from coregulate.core import CircuitSettings
from coregulate.cues import STATES, Baseline

N = 1800
SETTINGS = CircuitSettings()
MOVES = transition_matrix(safe_bout_s=180.0, unsafe_bout_s=40.0, state_s=20.0)
CHAIN = {"moves": MOVES, "start": stationary(MOVES), "settings": SETTINGS}
CALM = Baseline("calm_talk", (), True)
Shifts = dict[str, dict[str, float]]


def dial(path: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    aim = lfilter([0.3], [1, -0.7], np.where(path < 3, 1.5, -1.5))
    x = aim + lfilter([0.1], [1, -0.98], rng.normal(size=len(path)))
    return 1 / (1 + np.exp(-np.r_[np.full(2, x[0]), x[:-2]]))


def taps(path: np.ndarray, rng: np.random.Generator) -> list[Tap]:
    at = np.flatnonzero(rng.random(len(path)) < 1 / 25)
    felt = (path[np.maximum(at - rng.integers(1, 5, len(at)), 0)] < 3) ^ (rng.random(len(at)) < 0.05)
    words = zip(at, felt, strict=True)
    return [Tap(float(t), was="safe" if ok else "unsafe") for t, ok in words]


def draw(path: np.ndarray, shifts: Shifts, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Cues of somebody whose means differ by ``shifts``, 5 s late as the cues' own means are on average."""
    z = sim.draw_z(path, sim.PHONE, rng, within=WITHIN, memory=sim.BODIES)
    seen = np.r_[np.full(5, path[0]), path[:-5]]
    return {n: v + np.array([shifts[n][s] for s in STATES])[seen] for n, v in z.items()}


def rows_of(z: dict[str, np.ndarray], lag_s: int = 0) -> Rows:
    return gather(sim.dataset({"a": z}, N), "a", CALM, book=BOOK, rating_lag_s=lag_s)


def told(rows: Rows, path: np.ndarray) -> tuple[float, float]:
    """Log score of the true state, and the share of seconds told right."""
    fitted, _ = fit_person(rows, trusted=True, **CHAIN)
    p = forward_backward(session_loglik(rows, fitted, SETTINGS), MOVES, CHAIN["start"]).smoothed
    score = np.log(np.clip(p[np.arange(N), path], 1e-6, 1)).mean()
    return float(score), float((p.argmax(axis=1) == path).mean())


def person(kind: str, sd: float, seed: int) -> tuple[bool, float, list[float]]:
    """Whether the word was used, its lag, and score and accuracy before, after, and with the true means."""
    rng = np.random.default_rng(seed)
    cues = [c.name for c in BOOK.of_kind("graded") if c.channel in sim.PHONE]
    shifts = {n: dict(zip(STATES, rng.normal(0.0, sd, 5).tolist(), strict=True)) for n in cues}
    path, later, other = (sim.draw_states(N, rng) for _ in range(3))
    z, lived, lag = draw(path, shifts, rng), other if "strange" in kind else path, float("nan")
    if "dial" in kind:
        z["felt_safe"] = dial(lived, rng)
        found = estimate_rating_lag(rows_of(z), trusted=True, **CHAIN)
        lag = float("nan" if found is None else found)
        rows = rows_of(z, 0 if found is None else int(found))
    else:
        rows, own = rows_of(z), Personal(taps=tuple(taps(lived, rng)))
        lag = estimate_tap_lag(rows, own.taps, trusted=True, **CHAIN).value
        rows = with_corrections(rows, own.words(lag))
    learned = learn_person([material(rows, fit_person(rows, trusted=True, **CHAIN)[0])], **CHAIN)
    new = rows_of(draw(later, shifts, rng))
    results = [told(r, later) for r in (new, shifted(new, learned.shifts), shifted(new, shifts))]
    return learned.used, lag, [x for pair in results for x in pair]


def main(persons: int) -> None:
    for kind in ("dial", "taps", "strange dial", "strange taps"):
        for sd in (0.0, 0.25, 0.5) if "strange" not in kind else (0.25,):
            begin = time.process_time()
            found = [person(kind, sd, seed) for seed in range(persons)]
            used, lags = np.mean([f[0] for f in found]), np.array([f[1] for f in found])
            s, a, s1, a1, s2, a2 = np.mean([f[2] for f in found], axis=0)
            late = f"lag {np.nanmedian(lags):.1f} s" if np.isfinite(lags).any() else ""
            print(
                f"{kind:13s} {sd:.2f} z  used {used:.2f}  log score {s:.3f} {s1:.3f} ({s2:.3f})  "
                f"right {a:.3f} {a1:.3f} ({a2:.3f})  {late}  {time.process_time() - begin:.0f} CPU-s",
                flush=True,
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 12)
