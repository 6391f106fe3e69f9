"""Print what sessions without a marked baseline may tell. Usage: python -m benchmarks.unmarked [of each kind].

Half hours of one person, cues as in benchmarks/circuits.py, each cue's location drawn with the
cuebook's tau: nothing says where their zero is. A session that never crosses between safe and
unsafe must not be told a level.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from benchmarks.circuits import BOOK, WITHIN, sim
from coregulate.circuits import infer_circuits
from coregulate.core import CircuitSettings

N = 1800
SETTINGS = CircuitSettings()
CHANNELS = {"all": sim.ALL, "phone": sim.PHONE, "face": ("face",), "voice": ("voice",)}
KINDS = ("ordinary", "opens in conflict", "calm", "fight", "never safe")


def path_of(kind: str, rng: np.random.Generator) -> np.ndarray:
    path = sim.draw_states(N, rng)
    if kind == "opens in conflict":
        path[:420] = 3
    elif kind == "calm":
        path = path[path < 3] if (path < 3).any() else np.zeros(1, dtype=int)
        path = np.resize(path, N)
    elif kind == "fight":
        path[:] = 3
    elif kind == "never safe":
        path = 3 + np.cumsum(rng.random(N) < 1 / 30) % 2
    return path


def one(kind: str, channels: tuple[str, ...], seed: int) -> tuple[bool, bool, bool, float]:
    """Whether enough information was gained, the level is known, episodes are told; seconds told right."""
    rng = np.random.default_rng(seed)
    path = path_of(kind, rng)
    z = sim.draw_z(path, channels, rng, within=WITHIN, memory=sim.BODIES)
    z = {name: np.clip(v + rng.normal(0.0, BOOK.cues[name].tau), -5, 5) for name, v in z.items()}
    found = infer_circuits(sim.dataset({"a": z}, N), {}, book=BOOK, settings=SETTINGS)
    told = found.supported["a"]
    safe = found.states.values[0, :, :3].sum(axis=1)
    right = float(np.mean((safe > 0.5) == (path < 3)))
    return told.information_safe >= SETTINGS.information_floor, told.level_known, told.episodes, right


def main(each: int) -> None:
    for name, channels in CHANNELS.items():
        for kind in KINDS:
            begin = time.process_time()
            found = np.array([one(kind, channels, 700 + seed) for seed in range(each)])
            informed, level, episodes, right = found.sum(axis=0)
            took = time.process_time() - begin
            print(
                f"{name:6s} {kind:18s} informed {informed:.0f}  level known {level:.0f}  episodes {episodes:.0f}  "
                f"of {each}  right {right / each:.2f}  {took:.0f} CPU-s",
                flush=True,
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
