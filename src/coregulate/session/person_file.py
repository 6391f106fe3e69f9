"""A person's own file: what was learned of how their body shows, kept where they want it.

A small TOML file that the person can read, copy, and delete to be forgotten. A
session uses it where ``learned = "alex.toml"`` stands with the person in ``session.toml``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coregulate.core import FormatError, InputError, StoreError

PERSON_FORMAT = 1
_KEYS = {"format", "name", "sessions", "labelled_s", "score_before", "score_after", "shift"}


@dataclass(frozen=True)
class PersonFile:
    """What was learned of one person, or of a group.

    Parameters
    ----------
    name : str
    shift : mapping of cue to mapping of state to float
        By how much the state's mean of the cue differs from the cuebook's, in z.
    sessions : tuple of str
        What it was learned from.
    labelled_s : float
        Seconds with the person's own word.
    score_before, score_after : float
        Held-out log score, nats a second, with the cuebook's means and with these; NaN where not tried.
    """

    name: str
    shift: Mapping[str, Mapping[str, float]]
    sessions: tuple[str, ...] = ()
    labelled_s: float = 0.0
    score_before: float = float("nan")
    score_after: float = float("nan")


def read_person_file(path: Path) -> PersonFile:
    """Read a person's file.

    Raises
    ------
    InputError
        Where there is none.
    FormatError
        Where it cannot be read, or is of another version.
    """
    if not path.is_file():
        raise InputError(
            "The file with what was learned of a person is not there",
            "Run 'coregulate learn' again, or take 'learned' out of session.toml",
            path,
        )
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FormatError(
            f"This is not valid TOML ({error})", "Run 'coregulate learn' again", path
        ) from error
    if raw.get("format") != PERSON_FORMAT or (unknown := sorted(set(raw) - _KEYS)):
        what = (
            f"key '{unknown[0]}'" if raw.get("format") == PERSON_FORMAT else f"format {raw.get('format')!r}"
        )
        raise FormatError(f"The {what} is not known", "Run 'coregulate learn' again", path)
    try:
        return PersonFile(
            str(raw["name"]),
            {cue: {s: float(x) for s, x in by.items()} for cue, by in raw.get("shift", {}).items()},
            tuple(map(str, raw.get("sessions", ()))),
            *(float(raw.get(key, "nan")) for key in ("labelled_s", "score_before", "score_after")),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FormatError(f"It is not whole ({error})", "Run 'coregulate learn' again", path) from error


def write_person_file(person: PersonFile, path: Path) -> Path:
    """Write a person's file aside, then put it in place.

    Raises
    ------
    StoreError
        Where it cannot be written.
    """
    import tomli_w

    raw: dict[str, Any] = {
        "format": PERSON_FORMAT,
        "name": person.name,
        "sessions": list(person.sessions),
        "labelled_s": person.labelled_s,
        "score_before": person.score_before,
        "score_after": person.score_after,
        "shift": {cue: {s: round(x, 4) for s, x in by.items()} for cue, by in person.shift.items()},
    }
    aside = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.write_text(_HEAD + tomli_w.dumps(raw), encoding="utf-8")
        aside.replace(path)
    except OSError as error:
        raise StoreError(
            f"The file cannot be written ({error.strerror})", "Name another place with --out", path
        ) from error
    return path


_HEAD = """\
# What Coregulate learned of how this person's body shows, beside what it expects of anybody.
# A session uses it where learned = "this file" stands with the person in session.toml.
# To forget it, delete this file and that line.
"""
