"""Print the accuracy table of docs/circuits.md. Usage: python benchmarks/circuits.py [hours]."""

from __future__ import annotations

import importlib.util
import sys
import time
from pathlib import Path

import numpy as np
from scipy.stats import rankdata

from coregulate.circuits import infer_circuits
from coregulate.core import CircuitSettings
from coregulate.cues import Baseline, load_cuebook

_FILE = Path(__file__).parent.parent / "tests" / "circuits" / "conftest.py"
_spec = importlib.util.spec_from_file_location("generator", _FILE)
sim = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(sim)

CHANNELS = {
    "all": sim.ALL,
    "phone": sim.PHONE,
    "face": ("face",),
    "voice": ("voice",),
    "heart": ("heart",),
    "heart, skin": ("heart", "skin"),
}


def scores(truth: np.ndarray, p: np.ndarray) -> dict[str, float]:
    guess, y, safe = p.argmax(axis=1), truth < 3, p[:, :3].sum(axis=1)
    box = np.clip((safe * 10).astype(int), 0, 9)
    f1 = [
        2 * np.sum((truth == s) & (guess == s)) / (np.sum(truth == s) + np.sum(guess == s)) for s in range(5)
    ]
    n = y.sum()
    return {
        "macro-F1": float(np.mean(f1)),
        "AUC": float((rankdata(safe)[y].sum() - n * (n + 1) / 2) / (n * (~y).sum())),
        "accuracy": float(np.mean((safe > 0.5) == y)),
        "balanced": float((np.mean(safe[y] > 0.5) + np.mean(safe[~y] <= 0.5)) / 2),
        "calibration": sum(
            abs(y[box == k].mean() - safe[box == k].mean()) * np.mean(box == k) for k in set(box)
        ),
    }


def main(hours: int) -> None:
    book, settings = load_cuebook(), CircuitSettings()
    for trusted in (True, False):
        for name, channels in CHANNELS.items():
            rng = np.random.default_rng(1)
            truth, found, begin = [], [], time.perf_counter()
            for _ in range(hours):
                paths = {p: sim.draw_states(3600, rng) for p in "ab"}
                cues = sim.dataset({p: sim.draw_z(q, channels, rng) for p, q in paths.items()}, 3600)
                base = dict.fromkeys(paths, Baseline("calm_talk", (), trusted))
                result = infer_circuits(cues, base, book=book, settings=settings)
                truth.extend(paths.values())
                found.extend(result.states.values)
            y, p = np.concatenate(truth), np.concatenate(found)
            known = np.isfinite(p[:, 0])
            line = "  ".join(f"{k} {v:.3f}" for k, v in scores(y[known], p[known]).items())
            took = (time.perf_counter() - begin) / hours
            print(f"{'marked' if trusted else 'latent'}  {name:12s} {line}  {took:.1f} s an hour", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
