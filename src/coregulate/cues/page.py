"""The cuebook as a page of the docs."""

from __future__ import annotations

from .book import STATES, Cue, Cuebook

_HEAD = """\
# The cuebook

Every cue, what it argues for, and who says so. Made from `cuebook.toml`; sizes are in z from the common
origin and all (prior), deliberately small so that no single cue decides. Scale 1 unless given in brackets.
Lag: how long after a state the cue is expected to show it (prior)."""
_NORMAL = "## Where normal lies"
_CODES = """\
## Coded behaviour

Log odds for each coded second before tempering, all (prior)."""


def cues_page(book: Cuebook) -> str:
    """Return the cuebook as Markdown; docs/cues.md is this text."""
    cues = [_cue(cue) for cue in book.cues.values() if cue.kind != "code"]
    normal = [
        [f"`{c.name}`", f"{c.population_mean:g} {c.unit}", f"{c.population_sd:g}", c.population_source]
        for c in book.of_kind("graded")
    ]
    codes = [
        [c.name.removeprefix("code_"), *(f"{c.means[s]:g}" for s in STATES), ", ".join(c.aliases)]
        for c in book.of_kind("code")
    ]
    parts = (
        _HEAD,
        _table(["cue", "unit", "channel", "window (s)", "lag (s)", *STATES, "source"], cues),
        _NORMAL,
        _table(["cue", "population mean", "spread", "source"], normal),
        _CODES,
        _table(["code", *STATES, "also called"], codes),
    )
    return "\n\n".join(parts) + "\n"


def _cue(cue: Cue) -> list[str]:
    sizes = [
        f"{cue.means[s]:g}" + (f" ({cue.scales[s]:g})" if cue.scales.get(s, 1.0) != 1.0 else "")
        for s in STATES
    ]
    times = [f"{cue.window_s:g}", f"{cue.lag_s:g}"]
    return [f"`{cue.name}`: {cue.label}", cue.unit, cue.channel, *times, *sizes, cue.source]


def _table(header: list[str], rows: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in [header, ["---"] * len(header), *rows])
