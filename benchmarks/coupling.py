"""How often each coupling measure is wrong on pairs that never met, and how weak a link it still finds.

``python benchmarks/coupling.py speed`` prints CPU seconds, beside peers where they are installed.
``python benchmarks/coupling.py false [pairs] [samples]`` prints the false positives at 0.05 of every
measure with its default surrogates; ``python benchmarks/coupling.py power [pairs] [minutes ...]`` the smallest
common share of variance that is found in 80 % of pairs. Series at 1 Hz. docs/bond.md prints both.

What is counted is kept in ``false_positives.csv`` in the present directory, chunk by chunk, and not counted again:
a run that was broken off goes on, and more pairs are added to those that are there. Remove it after a change.
"""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "bond"))

from suite_pairs import KINDS, as_asked, independent, led

from coregulate.bond import MEASURES, SuiteSettings, couple, lagged_correlation
from coregulate.bond.suite.recurrence import recurrence

SHARES = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8)
CHUNK = 250
KEPT = Path("false_positives.csv")
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
            hits, known = found.sum(axis=0)
            rates.append(f"{kind} {100 * hits / known:.1f} ({known})")
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
    for measure in measures:
        low, high = 0, len(SHARES)
        while low < high:
            middle = (low + high) // 2
            rng = np.random.default_rng([minutes, int(100 * SHARES[middle]), len(measure)])
            pairs = (led(60 * minutes, 3, SHARES[middle], rng) for _ in range(n_pairs))
            hits = np.mean([p_value(measure, pair, rng) <= 0.05 for pair in pairs])
            low, high = (low, middle) if hits >= 0.8 else (middle + 1, high)
        found = f"{SHARES[low]:.2f}" if low < len(SHARES) else "none"
        print(f"{minutes:3d} min {measure:24s} {found}", flush=True)


def seconds(work: Callable[[], object]) -> float:
    """CPU time of the second call: the first compiles."""
    work()
    began = time.process_time()
    work()
    return time.process_time() - began


def speed() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 36_000)).cumsum(axis=1)

    def windows() -> object:
        return lagged_correlation(a, b, rate_hz=10.0, window_s=30, step_s=1, max_lag_s=10)

    def loop() -> None:
        """One lag of 201 (the middle one) as a numpy loop."""
        for start in range(0, 35_601, 10):
            np.corrcoef(a[start : start + 300], b[start : start + 300])

    began = time.process_time()
    loop()
    plain = 201 * (time.process_time() - began)
    ours = seconds(windows)
    print(
        f"windowed correlation, 1 h at 10 Hz: {ours:.3f} s; numpy loop {plain:.0f} s ({plain / ours:.0f} x)"
    )
    many = seconds(lambda: couple(a, b, rate_hz=10.0, settings=SuiteSettings(course=0)))
    print(f"the same with 1,000 surrogates: {many:.1f} s")
    recurrences(rng)
    coherence(rng)
    hour = rng.standard_normal((2, 3600)).cumsum(axis=1)
    for measure in MEASURES:
        if measure in ("code recurrence", "vocal entrainment"):
            continue
        began = time.process_time()
        couple(*hour, rate_hz=1.0, measures=[measure])
        print(f"1 h at 1 Hz, 1,000 surrogates, {measure}: {time.process_time() - began:.1f} s", flush=True)


def recurrences(rng: np.random.Generator) -> None:
    x = rng.standard_normal((2, 6000))
    ours = seconds(lambda: recurrence(x, radius=0.4))
    print(f"joint recurrence, 6,000 points: {ours:.3f} s", end="")
    if importlib.util.find_spec("multiSyncPy"):
        from multiSyncPy import synchrony_metrics as peer

        began = time.process_time()
        peer.rqa_metrics(peer.recurrence_matrix(x, radius=0.4))
        print(f"; multiSyncPy {time.process_time() - began:.1f} s", end="")
    print(
        f"; 36,000 points: {seconds(lambda: recurrence(rng.standard_normal((2, 36_000)), radius=0.4)):.2f} s"
    )


def coherence(rng: np.random.Generator) -> None:
    x = rng.standard_normal((2, 2400)).cumsum(axis=1)
    settings = SuiteSettings(surrogates=200, at_most_hz=4.0, course=0)
    ours = seconds(lambda: couple(*x, rate_hz=4.0, measures=["wavelet coherence"], settings=settings))
    print(f"wavelet coherence, 10 min at 4 Hz, 200 surrogates: {ours:.2f} s", flush=True)


def main() -> None:
    what = sys.argv[1] if len(sys.argv) > 1 else "false"
    if what == "speed":
        speed()
        return
    words = sys.argv[2:]
    numbers = [int(x) for x in words if x.isdigit()]
    measures = [m for m in MEASURES if m in words] or list(MEASURES)
    if what == "power":
        for minutes in numbers[1:] or (5, 15, 60):
            power(numbers[0] if numbers else 40, minutes, measures)
        return
    kinds = [k for k in KINDS if k in words] or list(KINDS)
    n_pairs, n = (*numbers, *(250, 900)[len(numbers) :])
    false_positives(n_pairs, n, kinds, measures)


if __name__ == "__main__":
    main()
