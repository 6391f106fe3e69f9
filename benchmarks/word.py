"""How often the bond's word is right, on simulated pairs whose truth is known.

Run ``python benchmarks/word.py [pairs a cell] [minutes] [first words of the cells wanted ...]``; prints one row
each 100 pairs. The numbers in docs/bond.md come from here.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "bond"))

from oscillator_pairs import (
    OMEGA_REF,
    random_truth,
    simulate,
    simulate_outside,
    with_common_bursts,
    with_shared_signal,
)

from coregulate.bond import Word, pool_words, word
from coregulate.bond.gain import stability_gain
from coregulate.core import BondSettings

SETTINGS = BondSettings()
CHUNK = 100  # a row each: what is known so far
WORDS = {"co-regulating": 1, "co-dysregulating": -1}
Pair = tuple[np.ndarray, np.ndarray]


class Cell(NamedTuple):
    """One kind of pair: coupling, sign of the gain without a delay, and what makes the series from the truth."""

    name: str
    kappa: float
    sign: int
    make: Callable[[np.ndarray, int, np.random.Generator], Pair]
    apart: float = 0.15
    late_s: float = 0.0


def _shared(theta: np.ndarray, n: int, rng: np.random.Generator) -> Pair:
    return with_shared_signal(simulate(theta, n, rng), rng)


def _bursts(theta: np.ndarray, n: int, rng: np.random.Generator) -> Pair:
    return with_common_bursts(simulate(theta, n, rng), rng)


def _switching(theta: np.ndarray, n: int, rng: np.random.Generator) -> Pair:
    return simulate_outside(theta, n, rng, on=(np.arange(n) // 180) % 2 == 0)


def _late(seconds: float) -> Callable[[np.ndarray, int, np.random.Generator], Pair]:
    return partial(simulate_outside, delay_s=seconds)


def _hearts(_: np.ndarray, n: int, rng: np.random.Generator) -> Pair:
    """Two people's states, drawn apart, each moving their own heart period."""
    from coregulate.simulate.states import draw_states

    pair = []
    for _person in range(2):
        level = np.array([0.0, -1.0, 0.5, -2.0, 1.0])[draw_states(n, rng)]
        slow = np.convolve(np.pad(level, (20, 0), "edge"), np.ones(21) / 21, "valid")
        pair.append(slow + 0.5 * rng.standard_normal(n))
    return pair[0], pair[1]


CELLS = (
    Cell("unlinked: independent", 0.0, 0, simulate),
    Cell("unlinked: common bursts", 0.0, 0, _bursts),
    Cell("unlinked: shared signal", 0.0, 0, _shared),
    Cell("unlinked: coloured force", 0.0, 0, partial(simulate_outside, force=1.0)),
    Cell("unlinked: states move hearts", 0.0, 0, _hearts),
    Cell("co-regulating .5", 0.5, 1, simulate),
    Cell("co-regulating .8", 0.8, 1, simulate),
    Cell("co-regulating 1.3", 1.3, 1, simulate),
    Cell("co-dysregulating .5", 0.5, -1, simulate),
    Cell("co-dysregulating .8", 0.8, -1, simulate),
    Cell("late: 2 s, co-regulating .8 at once", 0.8, 1, _late(2.0), late_s=2.0),
    Cell("late: 5 s, co-regulating .8 at once", 0.8, 1, _late(5.0), late_s=5.0),
    Cell("late: 5 s, co-dysregulating .8 at once", 0.8, -1, _late(5.0), late_s=5.0),
    Cell("late: 8 s, co-regulating .8 at once", 0.8, 1, _late(8.0), late_s=8.0),
    Cell("outside: pull limited, co-regulating .8", 0.8, 1, partial(simulate_outside, limit=0.3)),
    Cell("outside: on and off each 3 min, co-regulating .8", 0.8, 1, _switching),
    Cell("outside: pull limited, co-dysregulating .8", 0.8, -1, partial(simulate_outside, limit=0.3)),
    Cell("outside: on and off each 3 min, co-dysregulating .8", 0.8, -1, _switching),
    Cell("apart to 50 %, unlinked", 0.0, 0, simulate, 0.5),
    Cell("apart to 50 %, co-regulating .8", 0.8, 1, simulate, 0.5),
    Cell("apart to 50 %, co-dysregulating .8", 0.8, -1, simulate, 0.5),
)


def truth_of(cell: Cell, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """Draw a pair that is stable also where each hears the other late, and its gain, the delay with it."""
    while True:
        theta = random_truth(rng, cell.kappa, cell.sign, apart=cell.apart)
        gain = float(stability_gain(theta[None], cell.late_s * OMEGA_REF).mean())
        if np.isfinite(gain):
            return theta, gain


def run(cell: Cell, minutes: int, n_pairs: int) -> None:
    rng = np.random.default_rng([minutes, *cell.name.encode()])
    said: Counter[str] = Counter()
    links = covered = wrong = 0
    seconds = 0.0
    for k in range(1, n_pairs + 1):
        theta, truth = truth_of(cell, rng)
        pair = cell.make(theta, minutes * 60, rng)
        began = time.process_time()
        found = word(*pair, rate_hz=1.0, settings=SETTINGS)
        seconds += time.process_time() - began
        said[_answer(found)] += 1
        links += found.p_any < 0.05
        covered += found.gain.low <= truth <= found.gain.high
        wrong += WORDS.get(found.verdict, 0) * np.sign(truth) < 0 or (
            not cell.sign and found.verdict in WORDS
        )
        if k % CHUNK == 0 or k == n_pairs:
            words = ", ".join(f"{said_as} {100 * v / k:.1f} %" for said_as, v in said.most_common())
            print(
                f"{minutes:3d} min {k:4d} x {cell.name:52s} linked {100 * links / k:5.1f} %"
                f"  H covered {covered / k:.3f}  wrong word {100 * wrong / k:.1f} %  {seconds / k:.2f} s | {words}",
                flush=True,
            )


def run_pooled(cell: Cell, sessions: int, n_pairs: int) -> None:
    """One pair's word from several sessions of 15 min."""
    rng = np.random.default_rng([sessions, *cell.name.encode()])
    said: Counter[str] = Counter()
    for _ in range(n_pairs):
        theta = random_truth(rng, cell.kappa, cell.sign)
        pairs = [cell.make(theta, 900, rng) for _ in range(sessions)]
        found = [word(*pair, rate_hz=1.0, settings=SETTINGS) for pair in pairs]
        said[_answer(pool_words(found, settings=SETTINGS))] += 1
    words = ", ".join(f"{k} {100 * v / n_pairs:.1f} %" for k, v in said.most_common())
    print(f"{sessions:2d} sessions of 15 min, {n_pairs} x {cell.name:30s} | {words}", flush=True)


def _answer(found: Word) -> str:
    return found.verdict if found.verdict != "undetermined" else found.reason


def main() -> None:
    n_pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    minutes = sys.argv[2] if len(sys.argv) > 2 else "15"
    wanted = sys.argv[3:]
    for cell in CELLS:
        if wanted and not any(cell.name.startswith(w) for w in wanted):
            continue
        if minutes == "pooled":
            for sessions in (1, 3, 10):
                run_pooled(cell, sessions, n_pairs)
        else:
            run(cell, int(minutes), n_pairs)


if __name__ == "__main__":
    main()
