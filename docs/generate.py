"""Write the pages of docs/ that are made from the code: settings.md, command.md, cues.md.

``python docs/generate.py`` writes them; a test checks that they are current.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
from pathlib import Path

import click

from coregulate.bond import SuiteSettings
from coregulate.cli.main import cli
from coregulate.core import Settings
from coregulate.cues import cues_page, load_cuebook

DOCS = Path(__file__).parent


def settings_page() -> str:
    """Every setting with its default and source."""
    lines = [
        "# Settings",
        "",
        "Change one with `coregulate analyze FOLDER --set room.key=value`, or in `[settings]` of `session.toml`.",
        "A default that is an expert's prior, not a published estimate, says so.",
        "",
        "| setting | default | source |",
        "| --- | --- | --- |",
    ]
    for room in dataclasses.fields(Settings):
        value = getattr(Settings(), room.name)
        if not dataclasses.is_dataclass(value):
            lines.append(f"| `{room.name}` | {value} | seed of all randomness |")
            continue
        lines += _rows(value, f"{room.name}.")
    lines += [
        "",
        "## Of `coregulate couple`",
        "",
        "Change one with `coregulate couple TABLE --set name=value`.",
    ]
    lines += ["", "| setting | default | source |", "| --- | --- | --- |", *_rows(SuiteSettings(), "")]
    return "\n".join(lines) + "\n"


def _rows(value: object, room: str) -> list[str]:
    source = inspect.getsource(type(value))
    rows = []
    for inner in dataclasses.fields(value):  # type: ignore[arg-type]
        # A long comment stands with its value in brackets, on a line of their own.
        said = rf"^    {inner.name}: \w+ = (?:\(\s+)?[^#\n]*(?:# (.*))?$"
        comment = re.search(said, source, flags=re.MULTILINE)
        note = comment[1] if comment and comment[1] else ""
        rows.append(f"| `{room}{inner.name}` | {getattr(value, inner.name)} | {note} |")
    return rows


def command_page() -> str:
    """Every command and option."""
    lines = ["# The command", "", inspect.cleandoc(cli.help or ""), ""]
    for name, command in sorted(cli.commands.items()):
        lines += _command(f"coregulate {name}", command)
    return "\n".join(lines).rstrip() + "\n"


def _command(name: str, command: click.Command) -> list[str]:
    if isinstance(command, click.Group):
        return [line for sub, inner in command.commands.items() for line in _command(f"{name} {sub}", inner)]
    parameters = [_parameter(parameter) for parameter in command.params]
    return [f"## {name}", "", inspect.cleandoc(command.help or ""), "", *parameters, ""]


def _parameter(parameter: click.Parameter) -> str:
    if not isinstance(parameter, click.Option):
        return f"- `{parameter.metavar or (parameter.name or '').upper()}`"
    metavar = f" `{parameter.metavar}`" if parameter.metavar else ""
    default = f" Default: {parameter.default}." if parameter.show_default else ""
    return f"- {' '.join(f'`{o}`' for o in parameter.opts)}{metavar}: {parameter.help}{default}"


def pages() -> dict[str, str]:
    """Name of each generated page, and its text."""
    return {
        "settings.md": settings_page(),
        "command.md": command_page(),
        "cues.md": cues_page(load_cuebook()),
    }


if __name__ == "__main__":
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")
