"""Learning from finished analyses: one person's own means, or a group's, into a person's file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from coregulate.circuits import Material, material_of_session, prior_moves
from coregulate.circuits import learn_group as group_of
from coregulate.circuits import learn_person as person_of
from coregulate.core import Estimate, InputError, Segment, Settings
from coregulate.cues import Baseline, load_cuebook
from coregulate.session import PersonFile

from .result import Analysis


def learn_of_person(analyses: Sequence[Analysis], person: str) -> PersonFile:
    """Learn how a person's body shows from their own word in one or more analyses.

    Parameters
    ----------
    analyses : sequence of Analysis
        Each with that person in it; at least one with their dial or corrections.
    person : str
        Their id or name.

    Returns
    -------
    PersonFile

    Raises
    ------
    InputError
        Where the person is not there, or where learning from them does not help.
    """
    settings = settings_of(analyses[0]).circuits
    moves, start = prior_moves(settings)
    ids = [(one, _id_of(one, person)) for one in analyses]
    sessions = [_material(one, pid) for one, pid in ids]
    found = person_of(sessions, moves=moves, start=start, settings=settings)
    if not found.used:
        raise InputError(
            f"Nothing was learned of {person}: {found.reason} ({found.labelled_s:.0f} s of it)",
            "More time with the dial helps, best in another session",
        )
    return PersonFile(
        analyses[0].session.name_of(ids[0][1]), found.shifts, tuple(one.session.name for one in analyses),
        found.labelled_s, found.score_before, found.score_after,
    )  # fmt: skip


def learn_of_group(analyses: Sequence[Analysis]) -> PersonFile:
    """Learn what all people of some analyses have in common: where somebody new may start.

    The same name in two analyses is one person.
    """
    settings = settings_of(analyses[0]).circuits
    moves, start = prior_moves(settings)
    people: dict[str, list[Material]] = {}
    for one in analyses:
        for person in one.session.people:
            people.setdefault(person.name, []).append(_material(one, person.id))
    found = group_of(people, moves=moves, start=start, settings=settings)
    labelled = sum(np.isfinite(m.labels.share).sum() for every in people.values() for m in every)
    names = tuple(one.session.name for one in analyses)
    return PersonFile(f"group of {len(people)}", found.shifts, names, float(labelled))


def settings_of(analysis: Analysis) -> Settings:
    """Return the settings that an analysis was made with."""
    rooms = {k: v for k, v in analysis.summary["parameters"].items() if isinstance(v, dict)}
    return Settings().changed(
        {f"{room}.{key}": x for room, values in rooms.items() for key, x in values.items()}
    )


def baseline_of(analysis: Analysis, person: str) -> Baseline:
    """Return what a person's cues were measured from."""
    said = analysis.summary["baselines"][person]
    parts = tuple(Segment(a, b) for a, b in said["segments"])
    return Baseline(said["reference"], parts, bool(said["trusted"]))


def _material(analysis: Analysis, person: str) -> Material:
    lag_s = analysis.circuits.tap_lag_s.get(person, Estimate(0.0)).value
    return material_of_session(
        analysis.circuits, analysis.cues, person, baseline_of(analysis, person), book=load_cuebook(),
        corrections=analysis.personal[person].words(lag_s),
    )  # fmt: skip


def _id_of(analysis: Analysis, person: str) -> str:
    found = [p.id for p in analysis.session.people if person in (p.id, p.name)]
    if not found:
        raise InputError(
            f"There is nobody called '{person}' in {analysis.session.name}",
            f"People are {', '.join(p.id for p in analysis.session.people)}",
        )
    return found[0]
