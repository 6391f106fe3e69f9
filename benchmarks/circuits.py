"""Print the accuracy tables of docs/circuits.md. Usage: python benchmarks/circuits.py [hours of two people].

States are drawn from the prior's matrix, cues from the cuebook's table: 3 to 8 s late, noise
remembered and correlated within a channel. ``slow``: states of 60 s, the settings told so.
``half``: effects half as large as the table's, which nobody told.
"""

from __future__ import annotations

import importlib.util
import sys
import time
from pathlib import Path

import numpy as np
from scipy.stats import rankdata

from coregulate.circuits import infer_circuits
from coregulate.core import CircuitSettings, StorySettings
from coregulate.cues import Baseline, load_cuebook
from coregulate.story.offtrack import off_track

_FILE = Path(__file__).parent.parent / "tests" / "circuits" / "conftest.py"
_spec = importlib.util.spec_from_file_location("generator", _FILE)
sim = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(sim)

BOOK = load_cuebook()
WITHIN = 0.3
CHANNELS = {
    "all": sim.ALL,
    "phone": sim.PHONE,
    "face": ("face",),
    "voice": ("voice",),
    "heart": ("heart",),
    "heart, skin": ("heart", "skin"),
}
RUNS = (
    *((name, "marked", 1.0, 1.0) for name in CHANNELS),
    *((name, "slow", 3.0, 1.0) for name in ("all", "voice")),
    ("all", "half", 1.0, 0.5),
)


def area(truth: np.ndarray, score: np.ndarray) -> float:
    n = truth.sum()
    return float((rankdata(score)[truth].sum() - n * (n + 1) / 2) / (n * (~truth).sum()))


def calibration(truth: np.ndarray, p: np.ndarray) -> float:
    box = np.clip((p * 10).astype(int), 0, 9)
    return float(sum(abs(truth[box == k].mean() - p[box == k].mean()) * np.mean(box == k) for k in set(box)))


def scores(truth: np.ndarray, p: np.ndarray) -> dict[str, float]:
    guess, y, safe = p.argmax(axis=1), truth < 3, p[:, :3].sum(axis=1)
    mobilized, m = p[:, [1, 3]].sum(axis=1), np.isin(truth, (1, 3))
    f1 = [
        2 * np.sum((truth == s) & (guess == s)) / (np.sum(truth == s) + np.sum(guess == s)) for s in range(5)
    ]
    return {
        "macro-F1": float(np.mean(f1)),
        "AUC": area(y, safe),
        "accuracy": float(np.mean((safe > 0.5) == y)),
        "balanced": float((np.mean(safe[y] > 0.5) + np.mean(safe[~y] <= 0.5)) / 2),
        "calibration": calibration(y, safe),
        "mobilized AUC": area(m, mobilized),
        "mobilized calibration": calibration(m, mobilized),
    }


def episodes(truth: list[np.ndarray], p: list[np.ndarray]) -> dict[str, float]:
    """False episodes an hour of true safety, and the share of true unsafe bouts of 30 s or more that were found."""
    false, safe_s, found, bouts = 0, 0, 0, 0
    for path, each in zip(truth, p, strict=True):
        unsafe = path >= 3
        spans = off_track({"a": each[:, :3].sum(axis=1)}, step_s=1.0, settings=StorySettings())
        told = np.zeros(len(path), dtype=bool)
        for span in spans:
            told[span.first : span.last] = True
            false += not unsafe[max(span.first - 10, 0) : span.last + 10].any()
        safe_s += int((~unsafe).sum())
        edges = np.flatnonzero(np.diff(np.r_[0, unsafe.astype(int), 0])).reshape(-1, 2)
        long = [(a, b) for a, b in edges if b - a >= 30]
        bouts += len(long)
        found += sum(told[a:b].any() for a, b in long)
    return {"false an hour": false / safe_s * 3600.0, "found": found / max(bouts, 1)}


def run(name: str, slower: float, effect: float, hours: int) -> dict[str, float]:
    rng = np.random.default_rng(1)
    settings = CircuitSettings(safe_bout_s=180.0 * slower, unsafe_bout_s=40.0 * slower, state_s=20.0 * slower)
    truth, found = [], []
    for _ in range(hours):
        paths = {p: sim.draw_states(3600, rng, slower) for p in "ab"}
        noise = {"within": WITHIN, "memory": sim.BODIES}
        z = {p: sim.draw_z(q, CHANNELS[name], rng, effect=effect, **noise) for p, q in paths.items()}
        cues = sim.dataset(z, 3600)
        if effect != 1.0:  # measured from a calm talk and moved to the table's origin, as the cues room does
            move = {n: (1.0 - effect) * BOOK.cues[n].reference_mean("calm_talk") for n in cues}
            cues = cues.assign({n: v + move[n] for n, v in cues.items()})
        base = dict.fromkeys(paths, Baseline("calm_talk", (), True))
        result = infer_circuits(cues, base, book=BOOK, settings=settings)
        truth.extend(paths.values())
        found.extend(result.states.values)
    y, p = np.concatenate(truth), np.concatenate(found)
    known = np.isfinite(p[:, 0])
    return scores(y[known], p[known]) | episodes(truth, found)


def main(hours: int) -> None:
    for name, kind, slower, effect in RUNS:
        begin = time.process_time()
        line = "  ".join(f"{k} {v:.3f}" for k, v in run(name, slower, effect, hours).items())
        print(f"{kind:6s} {name:12s} {line}  {(time.process_time() - begin) / hours:.1f} CPU-s", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
