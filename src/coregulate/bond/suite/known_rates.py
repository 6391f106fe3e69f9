"""How often each measure links pairs that never met, where that is not 5 % +- 1.5 (benchmarks/coupling.py)."""

from __future__ import annotations

from coregulate.core import Notice

#: Measure, what is awkward about the two series, and the share (%) of independent pairs under p 0.05.
#: Pairs of 15 min: 1,000 for entrainment and prewhitened, 250 for codes, 60 for coherence: docs/bond.md.
RATES: dict[str, dict[str, float]] = {
    "prewhitened correlation": {"common bursts": 10.8},
    "wavelet coherence": {"common bursts": 10.0},
    "code recurrence": {"common bursts": 8.0},
    "vocal entrainment": {"common bursts": 7.6},
}
#: The share of real pairs' motion energy that never met, from 9 % on (docs/bond.md; 162 pairs for cross
#: mapping, 324 for the others): said of every result.
REAL = {"transfer entropy": 16.4, "cross mapping": 9.3, "granger": 9.3}

#: What is awkward, in words.
NAMES = {"common bursts": "bursts common to both"}


def warnings(measure: str, awkward: tuple[str, ...]) -> tuple[Notice, ...]:
    """Say what is known of a measure on series like these."""
    said = []
    if measure in REAL:
        text = f"On real motion energy, {measure} found a link in {REAL[measure]:g} % of pairs that never met, instead of 5 %"
        said.append(Notice("not-calibrated", measure, text))
    for what in awkward:
        rate = RATES.get(measure, {}).get(what)
        if rate is not None:
            text = f"With {NAMES.get(what, what)}, {measure} finds a link in {rate:g} % of pairs that never met, instead of 5 %"
            said.append(Notice("not-calibrated", measure, text))
    return tuple(said)
