"""The cuebook as a page of the docs."""

from __future__ import annotations

from .book import STATES, Cuebook


def cues_page(book: Cuebook) -> str:
    """Return the cuebook as Markdown; docs/cues.md is this text."""
    lines = [
        "# The cuebook",
        "",
        "Every cue, what it argues for, and who says so. Made from `cuebook.toml`; sizes are in z from the common",
        "origin and all (prior), deliberately small so that no single cue decides. Scale 1 unless given in brackets.",
        "Lag: how long after a state the cue is expected to show it (prior).",
        "",
        "| cue | unit | channel | window (s) | lag (s) | " + " | ".join(STATES) + " | source |",
        "| --- | --- | --- | --- | --- | " + " | ".join("---" for _ in STATES) + " | --- |",
    ]
    for cue in book.cues.values():
        if cue.kind == "code":
            continue
        sizes = [
            f"{cue.means[s]:g}" + (f" ({cue.scales[s]:g})" if cue.scales.get(s, 1.0) != 1.0 else "")
            for s in STATES
        ]
        times = [f"{cue.window_s:g}", f"{cue.lag_s:g}"]
        cells = [f"`{cue.name}`: {cue.label}", cue.unit, cue.channel, *times, *sizes, cue.source]
        lines.append("| " + " | ".join(cells) + " |")
    lines += [
        "",
        "## Where normal lies",
        "",
        "| cue | population mean | spread | source |",
        "| --- | --- | --- | --- |",
    ]
    lines += [
        f"| `{c.name}` | {c.population_mean:g} {c.unit} | {c.population_sd:g} | {c.population_source} |"
        for c in book.of_kind("graded")
    ]
    lines += [
        "",
        "## Coded behaviour",
        "",
        "Log odds for each coded second before tempering, all (prior).",
        "",
    ]
    lines += [
        "| code | " + " | ".join(STATES) + " | also called |",
        "| --- | " + " | ".join("---" for _ in STATES) + " | --- |",
    ]
    for code in book.of_kind("code"):
        row = [
            code.name.removeprefix("code_"),
            *(f"{code.means[s]:g}" for s in STATES),
            ", ".join(code.aliases),
        ]
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines) + "\n"
