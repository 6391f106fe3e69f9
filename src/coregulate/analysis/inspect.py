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
    streams = session.streams
    bodies = measure_bodies(session, streams, Segment(0.0, session.duration_s), settings=settings, tell=tell)
    names = {p.id: p.name for p in session.people}
    people = list(names)
    can: list[str] = []
    lacks: dict[str, list[str]] = {}
    for pid in people:
        have = _have(bodies, pid, Segment(0.0, session.duration_s))
        can.extend(
            f"{session.name_of(pid)}: {_spoken(name)} ({share:.0%} of the session)"
            for name, share in have.items()
        )
        for text in _lacks(have, any(s.baseline and s.person in ("", pid) for s in session.segments)):
            lacks.setdefault(text, []).append(session.name_of(pid))
    cannot = [f"{' and '.join(who)}: {text}" for text, who in lacks.items()]
    shared = [
        n
        for n in BOND_SERIES
        if all(
            n in bodies.signals[pid]
            or (n == "felt_safe" and pid in bodies.ratings)
            or (n == "coded_affect" and "codes" in bodies.tracks[pid])
            for pid in people
        )
        and tied(n, people, streams, bodies)
    ]
    loose = [n for n in BOND_SERIES if not tied(n, people, streams, bodies)]
    cannot.extend(untied(n).text for n in loose)
    common = overlap_s(people, streams)
    (can if shared else cannot).append(
        f"how both move each other: {', '.join(map(_spoken, shared)) or 'nothing was recorded of both'}"
    )
    if common < settings.bond.min_common_s:
        cannot.append(
            f"whether they steady each other: {common / 60:.1f} min of both, {settings.bond.min_common_s / 60:.0f} are needed"
        )
    return {
        "name": session.name,
        "duration_s": session.duration_s,
        "overlap_s": common,
        "streams": [
            {
                **describe_stream(s, bodies),
                "name": names.get(s.person),
                "files": list(s.pieces or (s.path,)),
                "on": presence(s.data, session.span, N_PARTS).round(3).tolist(),
            }
            for s in streams
        ],
        "can": can,
        "cannot": cannot,
        "notices": [n.told(names) for n in (*session.notices, *bodies.notices)],
    }


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
