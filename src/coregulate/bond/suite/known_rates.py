"""How often each measure links pairs that never met, where that is not 5 % +- 1.5 (benchmarks/coupling.py)."""

from __future__ import annotations

from coregulate.core import Notice

#: Measure, what is awkward about the two series, and the share (%) of independent pairs under p 0.05.
#: 50 to 400 pairs of 15 min a cell; docs/bond.md says how many, and which were counted with plain shifts.
RATES: dict[str, dict[str, float]] = {
    "prewhitened correlation": {"common bursts": 11.0},
    "wavelet coherence": {"common bursts": 67.0},
    "code recurrence": {"common bursts": 31.0},
    "vocal entrainment": {"common bursts": 34.0, "trends": 8.0, "gaps": 8.5},
    "granger": {"common bursts": 12.0, "slow": 8.2, "gaps": 9.0},
    "cross mapping": {"common bursts": 36.0, "trends": 10.0},
}
#: The highest rate among series that are not awkward, where it lies over 8 %: said of every result.
ANYWHERE = {"joint recurrence": 9.0, "vocal entrainment": 8.2}

#: What is awkward, in words.
NAMES = {"common bursts": "bursts common to both", "slow": "series this slow"}


def warnings(measure: str, awkward: tuple[str, ...]) -> tuple[Notice, ...]:
    """Say what is known of a measure on series like these."""
    said = []
    if measure in ANYWHERE:
        text = (
            f"{measure} finds a link in up to {ANYWHERE[measure]:g} % of pairs that never met, instead of 5 %"
        )
        said.append(Notice("not-calibrated", measure, text))
    for what in awkward:
        rate = RATES.get(measure, {}).get(what)
        if rate is not None:
            text = f"With {NAMES.get(what, what)}, {measure} finds a link in {rate:g} % of pairs that never met, instead of 5 %"
            said.append(Notice("not-calibrated", measure, text))
    return tuple(said)
