"""What the command prints where: messages and progress to stderr, results to stdout."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def say(text: str = "", *, quiet: bool = False) -> None:
    """Print a message to stderr."""
    if not quiet:
        print(text, file=sys.stderr, flush=True)


def typed(path: Path) -> str:
    """Return a path as it is typed into a shell: in quotes where it holds blanks and the like."""
    text = str(path)
    if re.fullmatch(r"[\w./\\:@+,-]+", text):
        return text
    return shlex.quote(text) if any(c in text for c in '"$`\\!') and os.name != "nt" else f'"{text}"'


def result(text: str) -> None:
    """Print a result to stdout."""
    print(text, flush=True)


@contextmanager
def progress(title: str, *, quiet: bool = False) -> Iterator[Callable[[float, str], None]]:
    """Show a bar on stderr from the first word on; yields ``tell(share, what)``.

    What is refused before it begins shows its error alone.
    """
    if quiet:
        yield lambda share, what: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.fields[title]}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    bar = Progress(*columns, console=Console(stderr=True))
    task = bar.add_task("", total=1.0, title=title)

    def tell(share: float, what: str) -> None:
        bar.start()
        bar.update(task, completed=share, description=what)

    try:
        yield tell
    finally:
        if bar.live.is_started:
            bar.stop()


def table(rows: list[list[str]], header: list[str]) -> str:
    """Rows as text in columns."""
    widths = [max(len(row[k]) for row in [header, *rows]) for k in range(len(header))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [header, *rows]
    ]
    return "\n".join([lines[0], "  ".join("-" * w for w in widths), *lines[1:]])


def error(exception: Exception) -> None:
    """Print an error in two lines: what was wrong, and the cure with the file."""
    problem = getattr(exception, "problem", None)
    if problem is None:
        say(f"Error: {exception}")
        return
    say("Error: " + problem.rstrip(".").replace("\n", " ") + ".")
    cure, path = getattr(exception, "cure", ""), getattr(exception, "path", None)
    parts = [cure.rstrip(".") + "." if cure else "", f"File: {path}" if path else ""]
    say("       " + " ".join(part for part in parts if part))
