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
        tell(1.0, "done")
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
    result("\nWhat was on when")
    result("\n".join(_timeline(facts)))
    for title, key in (
        ("\nCan be computed", "can"),
        ("\nCannot be computed", "cannot"),
        ("\nAssumed and noticed", "notices"),
    ):
        result(title)
        result("\n".join(f"- {line}" for line in facts[key]) or "- nothing")


def _timeline(facts: dict[str, Any]) -> list[str]:
    """One bar a stream: full where it was on, half where it was partly, a dot where it was not; then its quality."""
    names = [f"{s['name'] or 'both'} {s['kind']}" for s in facts["streams"]]
    width = max(map(len, names), default=0)
    end = f"{facts['duration_s'] / 60:.1f} min"
    lines = [f"{'':{width}s} 0{end:>{len(facts['streams'][0]['on'])}s}"] if facts["streams"] else []
    for name, s in zip(names, facts["streams"], strict=True):
        bar = "".join("█" if share > 0.9 else "▌" if share > 0.1 else "·" for share in s["on"])
        quality = s["quality"]
        good = "" if quality is None or quality != quality else f" quality {quality:.2f}"
        lines.append(f"{name:{width}s} {bar}{good}")
    return lines


def _files(files: list[str]) -> str:
    """Return a stream's file; of one that goes on in others, the first and how many more."""
    return files[0] if len(files) == 1 else f"{files[0]} and {len(files) - 1} more"


def _row(s: dict[str, Any]) -> list[str]:
    quality = s["quality"]
    return [
        s["name"] or "both", s["kind"], f"{_files(s['files'])} {s['part']}".strip(), f"{s['rate_hz']:g} Hz" if s["rate_hz"] else "-",
        f"{s['start_s']:.1f} s", f"{s['end_s']:.1f} s", s["clock"], "-" if quality is None or quality != quality else f"{quality:.2f}", s["used"] or "-",
    ]  # fmt: skip
