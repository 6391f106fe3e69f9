"""Print the calibration table of docs/circuits.md. Usage: python benchmarks/calibration.py [people]."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np

from coregulate.circuits import (
    brier_parts,
    calibration_error,
    forced_error,
    forward_backward,
    infer_circuits,
    leave_one_out,
    material_of_session,
    prior_moves,
)
from coregulate.circuits.rows import session_loglik
from coregulate.core import CircuitSettings
from coregulate.cues import Baseline, load_cuebook

_FILE = Path(__file__).parent.parent / "tests" / "circuits" / "conftest.py"
_spec = importlib.util.spec_from_file_location("generator", _FILE)
sim = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(sim)

CALM = Baseline("calm_talk", (), True)
BOOK, SETTINGS = load_cuebook(), CircuitSettings()
N = 1800
CHANNELS = {
    "voice, turns, face, motion": sim.PHONE,
    "face": ("face",),
    "voice": ("voice",),
    "heart": ("heart",),
}


def one_person(channels: tuple[str, ...], rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Truth, what is said and what would be said everywhere, where two of thirty minutes are not seen, twice."""
    path = sim.draw_states(N, rng)
    z = sim.draw_z(path, channels, rng)
    for start in rng.integers(60, N - 180, 2):
        for values in z.values():
            values[start : start + 120] = np.nan
    cues = sim.dataset({"a": z}, N)
    found = infer_circuits(cues, {"a": CALM}, book=BOOK, settings=SETTINGS)
    one = material_of_session(found, cues, "a", CALM, book=BOOK)
    forced = forward_backward(session_loglik(one.rows, one.parameters, SETTINGS), *prior_moves(SETTINGS))
    said = found.states.sel(person="a").values[:, :3].sum(axis=1)
    return path < 3, said, forced.smoothed[:, :3].sum(axis=1)


def log_score(p: np.ndarray, truth: np.ndarray) -> float:
    """Mean log probability of what was true, over known seconds."""
    known = np.isfinite(p)
    p, y = np.clip(p[known], 1e-6, 1 - 1e-6), truth[known]
    return float(np.mean(np.where(y, np.log(p), np.log1p(-p))))


def main(people: int) -> None:
    print(
        "channels | Brier | reliability | resolution | uncertainty | error | temperatures | error then | log score | then | wrong"
    )
    for name, channels in CHANNELS.items():
        rng = np.random.default_rng(11)
        truth, said, forced = (
            np.concatenate(x) for x in zip(*(one_person(channels, rng) for _ in range(people)), strict=True)
        )
        whose = np.repeat(np.arange(people), N).tolist()
        mended, temperatures = leave_one_out(said, truth, whose)
        silent, known = forced_error(said, forced, truth)
        parts = " | ".join(f"{x:.3f}" for x in brier_parts(said, truth)[:4])
        low, high = min(temperatures.values()), max(temperatures.values())
        print(
            f"{name} | {parts} | {calibration_error(said, truth):.3f} | {low:.2f}-{high:.2f} | "
            f"{calibration_error(mended, truth):.3f} | {log_score(said, truth):.4f} | {log_score(mended, truth):.4f} | not known {silent:.2f}, known {known:.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 12)
