"""How well each measure tells people who met from people who did not, on motion energy.

Run ``COREGULATE_DATA=FOLDER python benchmarks/genuine.py [measure ...]``. Each dyad's own pair is held against
every mismatched one (this dyad's first person, another's second). Printed: area under the curve with a 95 %
interval (dyads drawn again 2,000 times), Cohen's d, and how often pairs that never met have p up to 0.05.
``python benchmarks/genuine.py strangers [measure ...]`` pairs everyone with everyone of another dyad, at the
same moments of their sessions and two to four minutes apart: what two sessions have in common by their order
(instructions, tasks) is at the same moments alone. docs/bond.md prints both.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from coregulate.bond import MEASURES, SuiteSettings, couple, lagged_correlation
from coregulate.bond.suite.conditioning import smoothed

SETTINGS = SuiteSettings(surrogates=99, course=0)
FRAMES_HZ = 25
NOT_FOR_MOTION = ("code recurrence", "vocal entrainment")
APART_S = (120, -120, 180, -180, 240, -240)
SETS = (("therapy", "*_01.txt", 1), ("discussion", "MEA*.txt", 0))
Dyads = list[np.ndarray]


def dyads(folder: str, pattern: str, header: int) -> Dyads:
    """Both people's motion energy at 25 Hz, (2, n) each, cut to the shortest recording."""
    files = sorted((Path(os.environ["COREGULATE_DATA"]) / folder / "motion_energy").glob(pattern))
    found = [np.genfromtxt(file, skip_header=header)[:, :2].T for file in files]
    shortest = min(x.shape[1] for x in found) // FRAMES_HZ * FRAMES_HZ
    return [x[:, :shortest] for x in found]


def scores_by_loop(found: Dyads, window_s: float) -> dict[str, np.ndarray]:
    """Scores (dyads, dyads) at rMEA's settings: mean size of z, and mean z."""
    ready = [[smoothed(x, FRAMES_HZ, 0.5) for x in pair] for pair in found]
    z = [
        [
            lagged_correlation(a, b, rate_hz=FRAMES_HZ, window_s=window_s, step_s=10, max_lag_s=5).z
            for _, b in ready
        ]
        for a, _ in ready
    ]
    return {
        f"rMEA's settings, {window_s:.0f} s, absolute": np.array(
            [[np.nanmean(abs(x)) for x in r] for r in z]
        ),
        f"rMEA's settings, {window_s:.0f} s, signed": np.array([[np.nanmean(x) for x in r] for r in z]),
    }


def scores_of(measure: str, found: Dyads) -> tuple[np.ndarray, np.ndarray]:
    """Effect sizes and p (dyads, dyads) of one measure of the suite, at 1 Hz."""
    slow = [x.reshape(2, -1, FRAMES_HZ).mean(axis=2) for x in found]
    rows = [
        [couple(a, b, rate_hz=1.0, measures=[measure], settings=SETTINGS)[0] for _, b in slow]
        for a, _ in slow
    ]
    return (
        np.array([[t.effect_size for t in row] for row in rows]),
        np.array([[t.p for t in row] for row in rows]),
    )


def area(scores: np.ndarray, who: np.ndarray) -> float:
    """Share of (own, mismatched) comparisons that the own pair wins, among the dyads ``who``."""
    drawn = scores[np.ix_(who, who)]
    own, other = np.diag(drawn), drawn[who[:, None] != who[None]]
    return float(np.mean((own[:, None] > other) + 0.5 * (own[:, None] == other)))


def cohens_d(scores: np.ndarray) -> float:
    own, other = np.diag(scores), scores[~np.eye(len(scores), dtype=bool)]
    pooled = (own.var(ddof=1) * (len(own) - 1) + other.var(ddof=1) * (len(other) - 1)) / (
        len(own) + len(other) - 2
    )
    return float((own.mean() - other.mean()) / np.sqrt(pooled))


def told(name: str, scores: np.ndarray, p: np.ndarray | None = None) -> None:
    rng = np.random.default_rng(0)
    n = len(scores)
    drawn = (rng.integers(0, n, n) for _ in range(2000))
    areas = [area(scores, who) for who in drawn if len(set(who.tolist())) > 1]
    low, high = np.quantile(areas, [0.025, 0.975])
    line = f"  {name:36s} area {area(scores, np.arange(n)):.2f} ({low:.2f} to {high:.2f}), d {cohens_d(scores):5.2f}"
    if p is not None:
        off = p[~np.eye(n, dtype=bool)]
        line += (
            f", own linked {np.sum(np.diag(p) <= 0.05)} of {n}, strangers {100 * np.mean(off <= 0.05):.1f} %"
        )
    print(line, flush=True)


def strangers(measure: str, found: Dyads) -> None:
    """Print how often any two people of different dyads are linked, at the same moments and apart."""
    slow = [x.reshape(2, -1, FRAMES_HZ).mean(axis=2) for x in found]
    pairs = [(a, b) for k, one in enumerate(slow) for two in slow[k + 1 :] for a in one for b in two]
    n = slow[0].shape[1] - max(APART_S)
    for name, moves in (("same moments", (0,)), ("apart", APART_S)):
        p = np.array(
            [
                couple(
                    a[max(-s, 0) :][:n],
                    b[max(s, 0) :][:n],
                    rate_hz=1.0,
                    measures=[measure],
                    settings=SETTINGS,
                )[0].p
                for s in moves
                for a, b in pairs
            ]
        )
        print(f"  {measure:24s} {name}: {100 * np.mean(p <= 0.05):.1f} % of {len(p)}, {n} s", flush=True)


def main(words: Sequence[str]) -> None:
    measures = [m for m in MEASURES if m in words] or [m for m in MEASURES if m not in NOT_FOR_MOTION]
    for folder, pattern, header in SETS:
        found = dyads(folder, pattern, header)
        print(f"{folder}: {len(found)} dyads of {found[0].shape[1] / FRAMES_HZ / 60:.1f} min", flush=True)
        if "strangers" in words:
            for measure in measures:
                strangers(measure, found)
            continue
        for window_s in (30.0, 60.0):
            for name, scores in scores_by_loop(found, window_s).items():
                told(name, scores)
        for measure in measures:
            told(measure, *scores_of(measure, found))


if __name__ == "__main__":
    main(sys.argv[1:])
