"""What a session says of each person beyond their recordings, and what it changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from coregulate.circuits import Circuits, Correction, Personal, check_personal, infer_circuits
from coregulate.core import CircuitSettings, Notice, Segment
from coregulate.cues import Baseline, Cuebook
from coregulate.session import FILE_NAME, OwnedStream, Session

from .summary import interval, state_means
from .taps import tapped


def personal_of(session: Session, book: Cuebook, streams: Sequence[OwnedStream]) -> dict[str, Personal]:
    """Collect each person's history, taps, corrections and what was learned of them before.

    Raises
    ------
    InputError
        Where ``session.toml`` or a person's file names something that is not known.
    """
    learned = session.learned()
    found = {}
    for person in session.plan.people:
        file = learned.get(person.id)
        corrections = tuple(
            Correction(c.start_s, c.end_s, c.was, c.was_not)
            for c in session.corrections
            if c.person == person.id
        )
        taps, lasting = tapped(streams, person.id)
        # Where they overlap the later one counts: what was written down outranks what was tapped.
        own = Personal(file.shift if file else {}, person.history, (*lasting, *corrections), taps)
        check_personal(own, book, str(session.folder / FILE_NAME))
        found[person.id] = own
    return found


def without_history(
    personal: Mapping[str, Personal],
    cues: xr.Dataset,
    baselines: Mapping[str, Baseline],
    *,
    book: Cuebook,
    settings: CircuitSettings,
) -> Circuits | None:
    """Infer the states as they were without anybody's history; None where nobody gave any."""
    if not any(own.history for own in personal.values()):
        return None
    plain = {pid: own._replace(history=()) for pid, own in personal.items()}
    return infer_circuits(cues, baselines, book=book, settings=settings, personal=plain)


def personal_summary(
    personal: Mapping[str, Personal], circuits: Circuits, plain: Circuits | None, span: Segment
) -> dict[str, Any]:
    """Return the object ``personal`` of ``analysis.json``, by person."""
    result: dict[str, Any] = {}
    for pid in (str(p) for p in circuits.states.person.values):
        own, learned = personal.get(pid, Personal()), circuits.learned.get(pid)
        result[pid] = {
            "history": list(own.history),
            "states_without_history": state_means(plain, pid, span) if own.history and plain else None,
            "corrections": len(own.corrections) + len(own.taps),
            "tap_lag_s": interval(circuits.tap_lag_s[pid]) if pid in circuits.tap_lag_s else None,
            "learned_before": bool(own.shifts),
            "learned": learned
            and {
                "used": learned.used, "reason": learned.reason, "labelled_s": learned.labelled_s,
                "score_before": learned.score_before, "score_after": learned.score_after,
            },
        }  # fmt: skip
    return result


def personal_notices(
    session: Session, personal: Mapping[str, Personal], circuits: Circuits, plain: Circuits | None, span: Segment
) -> list[Notice]:  # fmt: skip
    """Say what each person's history and own word changed, in a sentence each."""
    notices = []
    for person in session.people:
        own, learned = personal.get(person.id, Personal()), circuits.learned.get(person.id)
        if own.history and plain is not None:
            now, before = (state_means(c, person.id, span).get("safe", np.nan) for c in (circuits, plain))
            effect = f"at ease {now:.0%} of the time with it, {before:.0%} without"
            if not np.isfinite(now + before):
                effect = "what it changes cannot be told, because the level is not known"
            notices.append(
                Notice("history", person.id, f"{person.name}: {', '.join(own.history)} ({effect})")
            )
        if learned is not None and learned.used:
            text = (
                f"Fitted to {person.name}'s own word ({learned.labelled_s / 60:.0f} min): time held out is told better "
                f"(log-likelihood {learned.score_after:.3f} nats a second instead of {learned.score_before:.3f})"
            )
            notices.append(Notice("adapted", person.id, text))
        if own.corrections or own.taps:
            said = len(own.corrections) + len(own.taps)
            text = f"{said} of {person.name}'s own corrections and tapped moments are taken in"
            if late := circuits.tap_lag_s.get(person.id):
                text += f"; taps as {late.value:.1f} s late ({late.low:.0f} to {late.high:.0f})"
            notices.append(Notice("corrected", person.id, text))
    return notices
