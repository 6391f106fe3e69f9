"""How often each coupling measure is wrong on pairs that never met, and how weak a link it still finds.

``python benchmarks/coupling.py false [pairs] [samples]`` prints the false positives at 0.05 of every
measure with its default surrogates, with Wilson's 95 % interval; ``python benchmarks/coupling.py power [pairs]
[minutes ...]`` the smallest common share of variance that is found in 80 % of pairs. Series at 1 Hz.
docs/bond.md prints both.

What is counted is kept in ``false_positives.csv`` and ``power.csv`` in the present directory, chunk by chunk,
and not counted again: a run that was broken off goes on, and more pairs are added to those that are there.
Remove them after a change.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.stats import binomtest

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "bond"))

from suite_pairs import KINDS, as_asked, independent, led

from coregulate.bond import MEASURES, SuiteSettings, couple

SHARES = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8)
CHUNK = 250
KEPT = Path("false_positives.csv")
KEPT_POWER = Path("power.csv")
POWER_CHUNK = 25
CLEAR_SD = 2.6  # SDs of chance from four of five: further away, no more pairs are drawn
SETTINGS = SuiteSettings(surrogates=99, course=0)


def p_value(measure: str, pair: Sequence[np.ndarray], rng: np.random.Generator) -> float:
    seed = int(rng.integers(1 << 30))
    return couple(
        *as_asked(measure, pair, rng), rate_hz=1.0, measures=[measure], settings=SETTINGS, seed=seed
    )[0].p


def false_positives(n_pairs: int, n: int, kinds: Sequence[str], measures: Sequence[str]) -> None:
    """Count chunk by chunk, every cell's first chunk before any second; print the table as it stands."""
    counted: dict[tuple[str, str, int], tuple[int, int]] = {}
    if KEPT.exists():
        for line in KEPT.read_text().splitlines():
            measure, kind, chunk, hits, known = line.split(",")
            counted[measure, kind, int(chunk)] = (int(hits), int(known))
    for chunk in range(-(-n_pairs // CHUNK)):
        for kind in kinds:
            for measure in measures:
                if (measure, kind, chunk) not in counted:
                    counted[measure, kind, chunk] = _chunk(measure, kind, chunk, n)
    for measure in measures:
        rates = []
        for kind in kinds:
            found = np.array([v for (m, k, _), v in counted.items() if (m, k) == (measure, kind)])
            hits, known = (int(x) for x in found.sum(axis=0))
            chance = binomtest(hits, known).proportion_ci(method="wilson")
            rates.append(
                f"{kind} {100 * hits / known:.1f} ({100 * chance.low:.1f} to {100 * chance.high:.1f}, {known})"
            )
        print(f"{measure:24s} {n} s, %: " + ", ".join(rates), flush=True)


def _chunk(measure: str, kind: str, chunk: int, n: int) -> tuple[int, int]:
    rng = np.random.default_rng([n, chunk, *measure.encode(), *kind.encode()])
    p = np.array([p_value(measure, independent(kind, n, rng), rng) for _ in range(CHUNK)])
    hits, known = int(np.sum(p <= 0.05)), int(np.sum(np.isfinite(p)))
    with KEPT.open("a") as file:
        file.write(f"{measure},{kind},{chunk},{hits},{known}\n")
    return hits, known


def power(n_pairs: int, minutes: int, measures: Sequence[str]) -> None:
    """Halve the shares until the smallest is left of which four of five pairs are found."""
    kept: dict[tuple[str, ...], int] = {}
    if KEPT_POWER.exists():
        for line in KEPT_POWER.read_text().splitlines():
            *cell, hits = line.split(",")
            kept[tuple(cell)] = int(hits)
    for measure in measures:
        low, high = 0, len(SHARES)
        while low < high:
            middle = (low + high) // 2
            found = _found(measure, minutes, SHARES[middle], n_pairs, kept)
            low, high = (low, middle) if found >= 0.8 else (middle + 1, high)
        smallest = f"{SHARES[low]:.2f}" if low < len(SHARES) else "none"
        print(f"{minutes:3d} min {measure:24s} {smallest}", flush=True)


def _found(measure: str, minutes: int, share: float, n_pairs: int, kept: dict[tuple[str, ...], int]) -> float:
    """Share of linked pairs that are found, of ``n_pairs`` or of as many as tell it from four of five."""
    hits = n = 0
    while n < n_pairs and abs(hits - 0.8 * n) <= CLEAR_SD * (0.16 * n) ** 0.5:
        cell = (measure, str(minutes), str(share), str(n))
        if cell not in kept:
            rng = np.random.default_rng([minutes, round(100 * share), n, *measure.encode()])
            pairs = (led(60 * minutes, 3, share, rng) for _ in range(POWER_CHUNK))
            kept[cell] = sum(p_value(measure, pair, rng) <= 0.05 for pair in pairs)
            with KEPT_POWER.open("a") as file:
                file.write(",".join((*cell, str(kept[cell]))) + "\n")
        hits, n = hits + kept[cell], n + POWER_CHUNK
    return hits / n


def main() -> None:
    what = sys.argv[1] if len(sys.argv) > 1 else "false"
    words = sys.argv[2:]
    numbers = [int(x) for x in words if x.isdigit()]
    measures = [m for m in MEASURES if m in words] or list(MEASURES)
    if what == "power":
        for minutes in numbers[1:] or (5, 15, 60):
            power(numbers[0] if numbers else 100, minutes, measures)
        return
    kinds = [k for k in KINDS if k in words] or list(KINDS)
    n_pairs, n = (*numbers, *(250, 900)[len(numbers) :])
    false_positives(n_pairs, n, kinds, measures)


if __name__ == "__main__":
    main()
