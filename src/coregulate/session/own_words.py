"""What people say of themselves in ``session.toml``: adding to it, and keeping it."""

from __future__ import annotations

import dataclasses
import tomllib
from pathlib import Path

from coregulate.core import FormatError, StoreError

from .plan import FILE_NAME, CorrectionPlan, SessionPlan, correction_text, plan_from, read_plan


def with_own_words(plan: SessionPlan, before: SessionPlan) -> SessionPlan:
    """Carry people's history, what was learned of them, their corrections and when it was over from an earlier plan."""
    own = {person.id: person for person in before.people}
    people = tuple(
        dataclasses.replace(p, history=own[p.id].history, learned=own[p.id].learned) if p.id in own else p
        for p in plan.people
    )
    ids = {person.id for person in plan.people}
    kept = tuple(c for c in before.corrections if c.person in ids)
    return dataclasses.replace(plan, people=people, corrections=kept, between=plan.between or before.between)


def add_correction(correction: CorrectionPlan, folder: Path) -> Path:
    """Write a correction at the end of ``session.toml``; what stands there, comments too, stays as it is.

    Raises
    ------
    InputError
        Where there is no ``session.toml``.
    FormatError
        Where the correction is not valid there.
    StoreError
        Where the file cannot be written.
    """
    read_plan(folder)
    path = folder / FILE_NAME
    written = path.read_text(encoding="utf-8").rstrip("\n")
    text = written + "\n" + correction_text(correction)
    try:
        plan_from(tomllib.loads(text), path)
    except tomllib.TOMLDecodeError as error:
        raise FormatError(
            f"A correction cannot be added at its end ({error})", "Write corrections as [[corrections]]", path
        ) from error
    aside = path.with_suffix(".toml.new")
    try:
        aside.write_text(text, encoding="utf-8")
        aside.replace(path)
    except OSError as error:
        raise StoreError(f"{FILE_NAME} cannot be written ({error.strerror})", "Free it", path) from error
    return path
