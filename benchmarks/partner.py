"""Does it pay to let the partner move a person's states? Usage: python -m benchmarks.partner [hours].

Each person's chain is fitted on the first half of an hour alone, with the partner's observable cues,
and with the partner's inferred P(safe) of the last seconds; what counts is how well the second half
is told: log-likelihood against the chain alone, and macro-F1. ``alone``: nobody moves anybody.
``states``: being safe shifts the other's log odds of moving toward safety by 1 for each standard
deviation.
"""

from __future__ import annotations

import sys

import numpy as np
from scipy.special import logit

from benchmarks.circuits import BOOK, WITHIN, sim
from coregulate.circuits import forward, forward_backward, infer_circuits, material_of_session, prior_moves
from coregulate.circuits.coupled import _fit, _shifts, recent, seen_cues, shifted_moves
from coregulate.circuits.rows import session_loglik
from coregulate.core import CircuitSettings
from coregulate.cues import Baseline

SETTINGS = CircuitSettings()
MOVES, START = prior_moves(SETTINGS)
CALM = Baseline("calm_talk", (), True)
N, HALF = 3600, 1800
SHARE = 9 / 11  # of safe seconds, without evidence


def draw_pair(weight: float, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Two chains; each one's moves lean toward safety where the other was safe a second ago."""
    paths = {p: np.zeros(N, dtype=int) for p in "ab"}
    for t in range(N - 1):
        for own, other in ("ab", "ba"):
            shift = weight * ((paths[other][t] < 3) - SHARE) / np.sqrt(SHARE * (1 - SHARE))
            moves = shifted_moves(MOVES, np.array([shift]), np.array([shift]))[0, paths[own][t]]
            paths[own][t + 1] = rng.choice(5, p=moves)
    return paths


def inputs(other: np.ndarray) -> dict[str, np.ndarray]:
    """Return the partner's log odds of safe, mean over the last 10 s, in standard deviations."""
    column = recent(logit(np.clip(other[:, :3].sum(axis=1), 0.01, 0.99))[:, None])
    return {"state": (column - column.mean()) / column.std()}


def told(loglik: np.ndarray, table: dict[str, np.ndarray], truth: np.ndarray) -> tuple[float, float]:
    """Log-likelihood and share of right seconds of the second half, with what the first half taught."""
    x = np.column_stack(list(table.values())) if table else np.zeros((len(loglik), 0))
    half = len(loglik) // 2
    fitted = _fit(loglik[:half], x[:half], MOVES, START, np.zeros(2 + x.shape[1]))
    each = shifted_moves(MOVES, *_shifts(fitted.weights, x[half:]))
    path = forward_backward(loglik[half:], each, START)
    return forward(loglik[half:], each, START)[1], float(
        np.mean(path.smoothed.argmax(axis=1) == truth[half:])
    )


def main(hours: int) -> None:
    for weight in (0.0, 1.0):
        for name, channels in (("phone", sim.PHONE), ("face", ("face",))):
            rng = np.random.default_rng(21)
            gains = []
            for _ in range(hours):
                paths = draw_pair(weight, rng)
                z = {
                    p: sim.draw_z(q, channels, rng, within=WITHIN, memory=sim.BODIES)
                    for p, q in paths.items()
                }
                cues = sim.dataset(z, N)
                found = infer_circuits(cues, {"a": CALM, "b": CALM}, book=BOOK, settings=SETTINGS)
                parts = {p: material_of_session(found, cues, p, CALM, book=BOOK) for p in "ab"}
                for own, other in ("ab", "ba"):
                    loglik = session_loglik(parts[own].rows, parts[own].parameters, SETTINGS)
                    seen = seen_cues(parts[other].rows, parts[other].parameters, SETTINGS)
                    state = inputs(found.filtered.sel(person=other).values)
                    scores = [told(loglik, t, paths[own]) for t in ({}, seen, state, {**seen, **state})]
                    gains.append([(s - scores[0][0], r - scores[0][1]) for s, r in scores[1:]])
            mean, error = np.mean(gains, axis=0), np.std(gains, axis=0) / np.sqrt(len(gains))
            for k, what in enumerate(("cues", "state", "both")):
                print(
                    f"{'states' if weight else 'alone':7s} {name:6s} {what:6s} nats in half an hour {mean[k, 0]:+.2f} "
                    f"(+-{error[k, 0]:.2f}), right seconds {mean[k, 1]:+.4f} (+-{error[k, 1]:.4f})",
                    flush=True,
                )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8)
