"""How often each measure links pairs that never met, where that is not 5 % +- 1.5 (benchmarks/coupling.py)."""

from __future__ import annotations

from coregulate.core import Notice

#: Measure, what is awkward about the two series, and the share (%) of independent pairs under p 0.05.
RATES: dict[str, dict[str, float]] = {}


def warnings(measure: str, awkward: tuple[str, ...]) -> tuple[Notice, ...]:
    """Say what is known of a measure on series like these."""
    said = []
    for what in awkward:
        rate = RATES.get(measure, {}).get(what)
        if rate is not None:
            text = (
                f"With {what}, {measure} finds a link in {rate:g} % of pairs that never met, instead of 5 %"
            )
            said.append(Notice("not-calibrated", measure, text))
    return tuple(said)
