"""How often two unrelated series are found to move together: ``python benchmarks/bond.py [pairs]``.

How often the word is right is in ``benchmarks/word.py``. Numbers in docs/bond.md come from both.
"""

from __future__ import annotations

import sys

import numpy as np

from coregulate.bond import couple


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
    for name in ("AR .95", "AR .99", "trends", "gaps", "common bursts"):
        coupling_cell(name, 10 * n_pairs)


if __name__ == "__main__":
    main()
