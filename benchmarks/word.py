"""How often the bond's word is right, on simulated pairs whose truth is known.

Run ``python benchmarks/word.py FOLDER [pairs a cell] [minutes, or pooled] [first words of the cells wanted ...]``.
What came out for each pair is kept in FOLDER, so that a broken run goes on where it was and more pairs can be
added; a row a cell is printed. The numbers in docs/bond.md come from here.
"""

from __future__ import annotations

import json
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
LONG_S = 7200
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


def _coloured(theta: np.ndarray, n: int, rng: np.random.Generator) -> Pair:
    """A quarter of the variance is each one's own and remembers some seconds, as a heart's does."""
    from coregulate.simulate.noise import gaussian_noise

    one, two = simulate(theta, n, rng, noise_sd=0.0)
    rests = [gaussian_noise(n, rho=0.8, rng=rng) for _ in range(2)]
    own, rest = np.sqrt(0.75), np.sqrt(0.25)
    return own * one + rest * rests[0], own * two + rest * rests[1]


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
    Cell("common bursts, co-regulating .8", 0.8, 1, _bursts),
    Cell("outside: pull limited, co-regulating .8", 0.8, 1, partial(simulate_outside, limit=0.3)),
    Cell("outside: on and off each 3 min, co-regulating .8", 0.8, 1, _switching),
    Cell("outside: pull limited, co-dysregulating .8", 0.8, -1, partial(simulate_outside, limit=0.3)),
    Cell("outside: on and off each 3 min, co-dysregulating .8", 0.8, -1, _switching),
    Cell("coloured rest, unlinked", 0.0, 0, _coloured),
    Cell("coloured rest, co-regulating .8", 0.8, 1, _coloured),
    Cell("coloured rest, co-dysregulating .8", 0.8, -1, _coloured),
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


def one_pair(cell: Cell, minutes: int, sessions: int, k: int) -> dict[str, object]:
    """What is said of the k-th pair, and whether it holds."""
    rng = np.random.default_rng([minutes, sessions, k, *cell.name.encode()])
    theta, truth = truth_of(cell, rng)
    pairs = [cell.make(theta, minutes * 60, rng) for _ in range(sessions)]
    began = time.process_time()
    found = [word(*pair, rate_hz=1.0, settings=SETTINGS) for pair in pairs]
    seconds = time.process_time() - began
    said = found[0] if sessions == 1 else pool_words(found, settings=SETTINGS)
    sign = WORDS.get(said.verdict, 0)
    return {
        "said": _answer(said),
        "linked": bool(said.p_any < 0.05),
        "H covered": bool(said.gain.low <= truth <= said.gain.high),
        "wrong word": bool(sign and (not cell.sign or sign * truth < 0)),
        "truly steadying": truth > 0,
        "s": seconds,
        **_long_run(cell, theta, rng, said),
    }


def _long_run(cell: Cell, theta: np.ndarray, rng: np.random.Generator, said: Word) -> dict[str, object]:
    """Whether the interval holds what two hours of the same two give, where no gain of the model's is the truth."""
    if not cell.name.startswith("outside"):
        return {}
    long = word(*cell.make(theta, LONG_S, rng), rate_hz=1.0, settings=SETTINGS).gain.value
    return {"H of two hours covered": bool(said.gain.low <= long <= said.gain.high)}


def run(cell: Cell, minutes: int, sessions: int, n_pairs: int, store: Path) -> None:
    """Print the cell's row, from what is kept and what is still to be drawn."""
    path = store / f"{cell.name.replace(' ', '_')}-{sessions}x{minutes}.jsonl"
    with path.open("a+") as file:
        file.seek(0)
        rows = [json.loads(line) for line in file]
        for k in range(len(rows), n_pairs):
            rows.append(one_pair(cell, minutes, sessions, k))
            file.write(json.dumps(rows[-1]) + "\n")
            file.flush()
    n = len(rows)
    shares = (
        f"{name} {100 * sum(r[name] for r in rows) / n:.1f} %"
        for name in rows[0]
        if name not in ("said", "s")
    )
    words = ", ".join(f"{w} {100 * c / n:.1f} %" for w, c in Counter(r["said"] for r in rows).most_common())
    seconds = sum(r["s"] for r in rows) / n
    print(
        f"{sessions} x {minutes} min, {n} x {cell.name} | {', '.join(shares)}, {seconds:.2f} s | {words}",
        flush=True,
    )


def _answer(found: Word) -> str:
    return found.verdict if found.verdict != "undetermined" else found.reason


def main() -> None:
    store = Path(sys.argv[1])
    store.mkdir(parents=True, exist_ok=True)
    n_pairs = int(sys.argv[2]) if len(sys.argv) > 2 else 60
    minutes = sys.argv[3] if len(sys.argv) > 3 else "15"
    wanted = sys.argv[4:] or [""]
    for cell in CELLS:
        if any(cell.name.startswith(w) for w in wanted):
            for sessions in (1, 3, 10) if minutes == "pooled" else (1,):
                run(cell, 15 if minutes == "pooled" else int(minutes), sessions, n_pairs, store)


if __name__ == "__main__":
    main()
