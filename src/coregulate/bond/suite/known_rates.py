"""How often each measure links pairs that never met, where that is not 5 % +- 1.5 (benchmarks/coupling.py)."""

from __future__ import annotations

from coregulate.core import Notice

#: Measure, what is awkward about the two series, and the share (%) of independent pairs under p 0.05;
#: where both are, the first holds. 1,000 pairs of 15 min (250 for coherence): docs/bond.md.
RATES: dict[str, dict[str, float]] = {
    "prewhitened correlation": {"common bursts": 10.8},
    "wavelet coherence": {"common bursts": 12.0},
    "cross recurrence": {"common bursts": 2.2},
    "joint recurrence": {"common bursts": 3.4},
    "time warping": {"slow": 2.8},
    "code recurrence": {"seldom": 1.6, "common bursts": 7.3},
    "vocal entrainment": {"common bursts": 7.6},
}
#: The share of real pairs' motion energy that never met, from 9 % on (docs/bond.md; 162 pairs for cross
#: mapping, 324 for the others): said of every result.
REAL = {"transfer entropy": 16.4, "cross mapping": 9.3, "granger": 9.3}

#: What is awkward, in words.
NAMES = {
    "common bursts": "bursts common to both",
    "slow": "series that hardly change from second to second",
    "seldom": "codes that seldom change",
}


def warnings(measure: str, awkward: tuple[str, ...]) -> tuple[Notice, ...]:
    """Say what is known of a measure on series like these."""
    said = []
    if measure in REAL:
        said.append(_notice(measure, "On real motion energy", REAL[measure]))
    rates = RATES.get(measure, {})
    what = next((what for what in rates if what in awkward), "")
    if what:
        said.append(_notice(measure, f"With {NAMES[what]}", rates[what]))
    return tuple(said)


def _notice(measure: str, where: str, rate: float) -> Notice:
    text = f"{where}, {measure} finds a link in {rate:g} % of pairs that never met, instead of 5 %"
    return Notice("not-calibrated", measure, text + (": it finds less than it could" if rate < 5 else ""))
