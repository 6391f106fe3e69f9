"""``coregulate inspect``: what was on when, how good, what can be computed, what cannot and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from coregulate.analysis import dumps, inspect_session
from coregulate.session import open_session

from .console import progress, result, table


def inspect_folder(folder: Path, *, as_json: bool, quiet: bool) -> None:
    """Print what a session holds."""
    session = open_session(folder)
    with progress(session.name, quiet=quiet) as tell:
        facts = inspect_session(session, progress=tell)
    if as_json:
        result(dumps(facts))
        return
    result(f"{session.name}: {facts['duration_s'] / 60:.1f} min, {facts['overlap_s'] / 60:.1f} min of both\n")
    result(
        table(
            [_row(s) for s in facts["streams"]],
            ["whose", "kind", "file", "rate", "from", "to", "clock", "quality", "gives"],
        )
    )
    for title, key in (
        ("\nCan be computed", "can"),
        ("\nCannot be computed", "cannot"),
        ("\nAssumed and noticed", "notices"),
    ):
        result(title)
        result("\n".join(f"- {line}" for line in facts[key]) or "- nothing")


def _row(s: dict[str, Any]) -> list[str]:
    quality = s["quality"]
    return [
        s["person"] or "both", s["kind"], f"{s['path']} {s['part']}".strip(), f"{s['rate_hz']:g} Hz" if s["rate_hz"] else "-",
        f"{s['start_s']:.1f} s", f"{s['end_s']:.1f} s", s["clock"], "-" if quality is None or quality != quality else f"{quality:.2f}", s["used"] or "-",
    ]  # fmt: skip
