"""How often each coupling measure is wrong on pairs that never met, and how weak a link it still finds.

``python benchmarks/coupling.py false [pairs] [samples]`` prints the false positives at 0.05 of every
measure with its default surrogates; ``python benchmarks/coupling.py power [pairs]`` the smallest common
share of variance that is found in 80 % of pairs. Series at 1 Hz. docs/bond.md prints both.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "bond"))

from suite_pairs import KINDS, as_asked, independent, led

from coregulate.bond import MEASURES, SuiteSettings, couple

SHARES = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6)
SETTINGS = SuiteSettings(surrogates=99, course=0)


def p_value(measure: str, pair: Sequence[np.ndarray], rng: np.random.Generator) -> float:
    seed = int(rng.integers(1 << 30))
    return couple(
        *as_asked(measure, pair, rng), rate_hz=1.0, measures=[measure], settings=SETTINGS, seed=seed
    )[0].p


def false_positives(n_pairs: int, n: int) -> None:
    # The slowest come last.
    for measure in sorted(MEASURES, key=lambda m: m in ("joint recurrence", "wavelet coherence")):
        cells = []
        for kind in KINDS:
            rng = np.random.default_rng([n, len(measure), len(kind)])
            p = np.array([p_value(measure, independent(kind, n, rng), rng) for _ in range(n_pairs)])
            cells.append(f"{kind} {100 * np.mean(p <= 0.05):.1f}")
        print(f"{measure:22s} {n_pairs} pairs of {n} s, %: " + ", ".join(cells), flush=True)


def power(n_pairs: int, minutes: int) -> None:
    """Walk up the shares until four of five pairs are found."""
    for measure in MEASURES:
        found = "none"
        for share in SHARES:
            rng = np.random.default_rng([minutes, int(100 * share), len(measure)])
            hits = [p_value(measure, led(60 * minutes, 3, share, rng), rng) <= 0.05 for _ in range(n_pairs)]
            if np.mean(hits) >= 0.8:
                found = f"{share:.2f}"
                break
        print(f"{minutes:3d} min {measure:22s} {found}", flush=True)


def main() -> None:
    what = sys.argv[1] if len(sys.argv) > 1 else "false"
    numbers = [int(x) for x in sys.argv[2:]]
    if what == "power":
        for minutes in (5, 15, 60):
            power(numbers[0] if numbers else 40, minutes)
        return
    false_positives(*(numbers or [300]), *([] if len(numbers) > 1 else [900]))


if __name__ == "__main__":
    main()
