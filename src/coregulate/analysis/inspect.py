"""What a session holds and what it can carry, before anything is inferred."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from coregulate.core import Data, Segment, Settings
from coregulate.session import Session

from .bodies import Bodies
from .measure import measure_bodies
from .pipeline import BOND_SERIES, overlap_s
from .presence import presence
from .summary import describe_stream
from .tied import tied, untied

N_PARTS = 60  # parts of the session for which each stream says how much of them it covers
_NEEDS = {
    "heart_period": "a heart sensor (ECG, pulse, or beats with times)",
    "respiration_rate": "a breathing belt or airflow",
    "skin_conductance": "a skin conductance sensor",
    "motion_energy": "motion energy or an accelerometer",
    "f0": "a sound track of each person, or one with a speaker annotation",
    "speech": "sound or a speaker annotation",
    "codes": "a coder's codes",
    "felt_safe": "the person's own rating",
}
_NAMES = {"f0": "pitch of the voice", "felt_safe": "own rating", "coded_affect": "codes"}


def inspect_session(
    session: Session, *, progress: Callable[[float, str], None] | None = None
) -> dict[str, Any]:
    """Return streams with clock and quality, what can be computed, what cannot and why.

    Parameters
    ----------
    session : Session
    progress : callable, optional
        Called with the share done (0 to 1) and what is done now.
    """
    tell = progress or (lambda share, what: None)
    settings = Settings().changed(session.plan.settings)
    span = Segment(0.0, session.duration_s)
    bodies = measure_bodies(session, session.streams, span, settings=settings, tell=tell)
    names = {p.id: p.name for p in session.people}
    can, cannot = _each(session, bodies, span)
    can_both, cannot_both = _both(session, bodies, settings)
    return {
        "name": session.name,
        "duration_s": session.duration_s,
        "overlap_s": overlap_s(list(names), session.streams),
        "streams": [
            {
                **describe_stream(s, bodies),
                "name": names.get(s.person),
                "files": list(s.pieces or (s.path,)),
                "on": presence(s.data, session.span, N_PARTS).round(3).tolist(),
            }
            for s in session.streams
        ],
        "can": can + can_both,
        "cannot": cannot + cannot_both,
        "notices": [n.told(names) for n in (*session.notices, *bodies.notices)],
    }


def _each(session: Session, bodies: Bodies, span: Segment) -> tuple[list[str], list[str]]:
    """Return what can be computed of each person, and what cannot; what both lack is said once."""
    can: list[str] = []
    lacks: dict[str, list[str]] = {}
    for person in session.people:
        have = _have(bodies, person.id, span)
        can += [f"{person.name}: {_spoken(n)} ({share:.0%} of the session)" for n, share in have.items()]
        baseline = any(s.baseline and s.person in ("", person.id) for s in session.segments)
        for text in _lacks(have, baseline):
            lacks.setdefault(text, []).append(person.name)
    return can, [f"{' and '.join(who)}: {text}" for text, who in lacks.items()]


def _both(session: Session, bodies: Bodies, settings: Settings) -> tuple[list[str], list[str]]:
    """Return what can be computed of the two together, and what cannot and why."""
    people = [p.id for p in session.people]
    tied_ones = [n for n in BOND_SERIES if tied(n, people, session.streams, bodies)]
    shared = [n for n in tied_ones if all(_has(bodies, pid, n) for pid in people)]
    cannot = [untied(n).text for n in BOND_SERIES if n not in tied_ones]
    moves = f"how both move each other: {', '.join(map(_spoken, shared)) or 'nothing was recorded of both'}"
    if not shared:
        cannot.append(moves)
    common, needed = overlap_s(people, session.streams), settings.bond.min_common_s
    if common < needed:
        cannot.append(
            f"whether they steady each other: {common / 60:.1f} min of both, {needed / 60:.0f} are needed"
        )
    return [moves] if shared else [], cannot


def _has(bodies: Bodies, pid: str, name: str) -> bool:
    """Whether a series of the bond was recorded of a person."""
    return (
        name in bodies.signals[pid]
        or (name == "felt_safe" and pid in bodies.ratings)
        or (name == "coded_affect" and "codes" in bodies.tracks[pid])
    )


def _lacks(have: Mapping[str, float], baseline: bool) -> list[str]:
    """Return what cannot be computed of a person, and why."""
    found = [f"no {_spoken(name)} (needs {need})" for name, need in _NEEDS.items() if name not in have]
    if not baseline:
        found.append("the level of states, because no baseline is marked (codes and ratings need none)")
    return found


def _spoken(name: str) -> str:
    return _NAMES.get(name, name.replace("_", " "))


def _have(bodies: Bodies, pid: str, span: Segment) -> dict[str, float]:
    """Return what a person has, and the share of the session in which it is known."""
    have: dict[str, Data] = {
        name: bodies.signals[pid][name] for name in _NEEDS if name in bodies.signals[pid]
    }
    have |= {name: bodies.tracks[pid][name] for name in ("speech", "codes") if name in bodies.tracks[pid]}
    if pid in bodies.ratings:
        have["felt_safe"] = bodies.ratings[pid]
    shares = {name: float(presence(data, span, 1)[0]) for name, data in have.items()}
    return {name: share for name, share in shares.items() if share > 0}
