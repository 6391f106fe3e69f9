"""How often the bond's word is right, on simulated pairs whose truth is known.

Run ``python benchmarks/bond.py [pairs a cell] [minutes ...]``; prints one row a cell. The numbers in
docs/bond.md come from here. Truths are drawn from the fitted family, so power is optimistic.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "bond"))

from oscillator_pairs import random_truth, simulate, with_shared_signal

from coregulate.bond import couple, word
from coregulate.bond.gain import stability_gain
from coregulate.core import BondSettings

SETTINGS = BondSettings()
CELLS = (
    ("independent", 0.0, 0),
    ("shared signal", 0.0, 0),
    ("co-regulating .5", 0.5, 1),
    ("co-regulating .8", 0.8, 1),
    ("co-regulating 1.3", 1.3, 1),
    ("co-dysregulating .5", 0.5, -1),
    ("co-dysregulating .8", 0.8, -1),
)


def word_cell(name: str, kappa: float, sign: int, minutes: int, n_pairs: int) -> None:
    rng = np.random.default_rng([minutes, int(kappa * 10), sign + 1, len(name)])
    said: Counter[str] = Counter()
    links = covered = 0
    began = time.perf_counter()
    for _ in range(n_pairs):
        theta = random_truth(rng, kappa, sign)
        pair = simulate(theta, minutes * 60, rng)
        if name == "shared signal":
            pair = with_shared_signal(pair, rng)
        found = word(*pair, rate_hz=1.0, settings=SETTINGS, rng=rng)
        truth = float(stability_gain(theta[None]).mean())
        said[found.verdict if found.verdict != "undetermined" else found.reason] += 1
        links += found.p_any < 0.05
        covered += found.gain.low <= truth <= found.gain.high
    seconds = (time.perf_counter() - began) / n_pairs
    words = ", ".join(f"{k} {100 * v / n_pairs:.0f} %" for k, v in said.most_common())
    print(
        f"{minutes:3d} min  {name:20s} linked {100 * links / n_pairs:5.1f} %"
        f"  H covered {covered / n_pairs:.3f}  {seconds:.2f} s | {words}",
        flush=True,
    )


def coupling_cell(name: str, n_pairs: int) -> None:
    rng = np.random.default_rng(len(name))
    found = 0
    for _ in range(n_pairs):
        pair = [_series(name, rng) for _ in range(2)]
        if name == "common bursts":
            burst = np.exp(0.2 * _autoregressive(900, 0.98, rng))
            pair = [x * burst for x in pair]
        found += couple(*pair, rate_hz=1.0)[0].p < 0.05
    print(f" 15 min  coupling, {name:20s} false {100 * found / n_pairs:.1f} %", flush=True)


def _series(name: str, rng: np.random.Generator) -> np.ndarray:
    x = _autoregressive(900, 0.99 if name == "AR .99" else 0.95, rng)
    if name == "trends":
        x = x + np.linspace(0, rng.normal(0, 15), 900)
    if name == "gaps":
        for start in rng.integers(0, 860, 4):
            x[start : start + rng.integers(5, 40)] = np.nan
    return x


def _autoregressive(n: int, phi: float, rng: np.random.Generator) -> np.ndarray:
    from scipy.signal import lfilter

    return lfilter([1.0], [1.0, -phi], rng.standard_normal(n + 500))[500:]


def main() -> None:
    n_pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    for minutes in [int(m) for m in sys.argv[2:]] or [15, 30]:
        for cell in CELLS:
            word_cell(*cell, minutes, n_pairs)
    for name in ("AR .95", "AR .99", "trends", "gaps", "common bursts"):
        coupling_cell(name, 10 * n_pairs)


if __name__ == "__main__":
    main()
