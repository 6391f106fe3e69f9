"""``coregulate why``, ``correct`` and ``learn``: a person asks, answers back, and is learned from."""

from __future__ import annotations

from pathlib import Path

from coregulate.analysis import Analysis, dumps, learn_of_group, learn_of_person, load_analysis
from coregulate.circuits import Correction, Personal, check_personal
from coregulate.core import InputError
from coregulate.cues import load_cuebook
from coregulate.session import CorrectionPlan, add_correction, open_session, write_person_file

from .console import result, say, typed


def why(folder: Path, *, person: str, time_s: float, as_json: bool) -> None:
    """Print why somebody reads as they do at a moment."""
    answer = _load(folder).why(person, time_s)
    if as_json:
        result(dumps(answer._asdict() | {"rows": [row._asdict() for row in answer.rows]}))
    else:
        result(str(answer))


def correct(
    folder: Path, *, person: str, start_s: float, end_s: float, was: str, was_not: str, quiet: bool
) -> None:
    """Write a correction into a session."""
    session = open_session(folder)
    found = [p.id for p in session.plan.people if person in (p.id, p.name)]
    if not found:
        raise InputError(
            f"There is nobody called '{person}'",
            f"People are {', '.join(p.id for p in session.plan.people)}",
            session.folder,
        )
    if not (was or was_not):
        raise InputError("The correction says nothing", "Give --was STATE, or --was-not STATE")
    word = Correction(start_s, end_s, was, was_not)
    check_personal(Personal(corrections=(word,)), load_cuebook())
    path = add_correction(CorrectionPlan(found[0], *word), session.folder)
    say(f"wrote {path}; next: coregulate analyze {typed(session.folder)}", quiet=quiet)


def learn(analyses: tuple[Path, ...], *, person: str | None, group: bool, out: Path, quiet: bool) -> None:
    """Learn of one person, or of all, and write their file."""
    if (person is None) != group:
        raise InputError("It is not said of whom to learn", "Give --person NAME, or --group")
    loaded = [_load(folder) for folder in analyses]
    found = learn_of_group(loaded) if person is None else learn_of_person(loaded, person)
    write_person_file(found, out)
    say(f'wrote {out}; to use it: learned = "{out.name}" with the person in session.toml', quiet=quiet)


def _load(folder: Path) -> Analysis:
    inner = folder / "analysis"
    return load_analysis(inner if inner.is_dir() else folder)
