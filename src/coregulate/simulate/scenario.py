"""The plot of a simulated session: who is in which state when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from coregulate.core import InputError, Segment

from .states import StateArray

SOCIAL, PLAY, STILL, FIGHT, SHUTDOWN = range(5)  # the order of coregulate.cues.STATES
BASELINE_S = 180.0  # of calm talk: the middle of the two to five minutes that README asks for
_BOUT_S = 20.0  # docs/circuits.md, prior: a state within a bout


class TrueEpisode(NamedTuple):
    """One stretch off track, as it was written into the session.

    ``phases`` are (start_s, end_s, kind); ``turn_s`` is when `repair_by` reached
    out; ``end_s`` when both were safe again.
    """

    start_s: float
    end_s: float
    kind: str
    phases: tuple[tuple[float, float, str], ...]
    turn_s: float
    repair_by: str
    withdrew: str


class Plan(NamedTuple):
    """States of each, index into ``STATES``, one a second, and what they amount to."""

    states: dict[str, StateArray]
    episodes: tuple[TrueEpisode, ...]
    baseline: Segment
    sections: tuple[tuple[float, float, str], ...]


# Section: name, end as a share of the session, share of (social, play, still) within it (all prior).
_SECTIONS: tuple[tuple[str, float, tuple[float, float, float]], ...] = (
    ("calm talk", 0.125, (0.5, 0.0, 0.5)),
    ("warm start", 0.29, (0.75, 0.25, 0.0)),
    ("off track", 0.46, (1.0, 0.0, 0.0)),
    ("after the repair", 0.62, (0.7, 0.0, 0.3)),
    ("play", 0.81, (0.15, 0.85, 0.0)),
    ("rest", 1.0, (0.15, 0.0, 0.85)),
)
_OFF_TRACK_S = 245.0  # the scripted part at its full length: 90 s, then withdrawal, then repair


def write_plan(duration_s: float, people: tuple[str, str], rng: Generator) -> Plan:
    """Draw the plot: calm talk, a warm start, off track and back, play, rest.

    Parameters
    ----------
    duration_s : float
        Shorter sessions have the same plot, faster; calm talk lasts 180 s where 24 min allow it.
    people : (str, str)
        Ids; who withdraws and who reaches out is drawn.
    rng : numpy.random.Generator

    Returns
    -------
    Plan
    """
    n_s = round(duration_s)
    sections = _sections(n_s)
    states = {pid: _safe_course(n_s, sections, rng) for pid in people}
    order = [int(k) for k in rng.permutation(2)]
    stays, withdraws = people[order[0]], people[order[1]]
    start = sections[2][0]
    episode = _off_track(states, stays, withdraws, start, min(1.0, (sections[2][1] - start) / _OFF_TRACK_S))
    return Plan(states, (episode,), Segment(0.0, sections[0][1]), sections)


def lived_plan(plan: Plan, states: Mapping[str, StateArray]) -> Plan:
    """Let the two live through given states once the plan's calm talk is over.

    Parameters
    ----------
    plan : Plan
    states : mapping of person id to ndarray of int, shape (n_s,)

    Raises
    ------
    InputError
        If they are of another length.
    """
    calm = round(plan.baseline.end_s)
    lived = {}
    for pid, talk in plan.states.items():
        if len(states[pid]) != len(talk):
            raise InputError(
                f"The states of '{pid}' last {len(states[pid])} s", f"Give one each second, {len(talk)}"
            )
        lived[pid] = np.concatenate([talk[:calm], np.asarray(states[pid], dtype=np.int64)[calm:]])
    sections = (plan.sections[0], (float(calm), float(len(talk)), "as given"))
    return Plan(lived, (), plan.baseline, sections)


def _sections(n_s: int) -> tuple[tuple[float, float, str], ...]:
    first = min(BASELINE_S, round(0.125 * n_s))
    ends = [first] + [float(round(share * n_s)) for _, share, _ in _SECTIONS[1:]]
    starts = [0.0, *ends[:-1]]
    return tuple((s, e, name) for s, e, (name, _, _) in zip(starts, ends, _SECTIONS, strict=True))


def _safe_course(n_s: int, sections: tuple[tuple[float, float, str], ...], rng: Generator) -> StateArray:
    """Draw safe states in bouts; in calm talk they alternate evenly, as the cuebook expects of it."""
    states = np.zeros(n_s, dtype=np.int64)
    for (start, end, name), (_, _, shares) in zip(sections, _SECTIONS, strict=True):
        t, alternate = int(start), int(rng.integers(2))
        while t < end:
            length = max(5, round(rng.gamma(4.0, _BOUT_S / 4)))
            state = (SOCIAL, STILL)[alternate] if name == "calm talk" else int(rng.choice(3, p=shares))
            states[t : min(t + length, int(end))] = state
            alternate = 1 - alternate
            t += length
    return states


def _off_track(
    states: dict[str, StateArray], stays: str, withdraws: str, start: float, pace: float
) -> TrueEpisode:
    """Write the off-track talk into both people's states; returns what was written."""

    def at(seconds: float) -> int:
        return int(start + seconds * pace)

    # One flares up, the other follows 5 s later; after 90 s of it one goes silent; later the other softens.
    script = {
        stays: ((0, 175, FIGHT), (175, 205, STILL), (205, 245, SOCIAL)),
        withdraws: ((5, 95, FIGHT), (95, 215, SHUTDOWN), (215, 230, STILL), (230, 245, SOCIAL)),
    }
    for pid, steps in script.items():
        for begin, end, state in steps:
            states[pid][at(begin) : at(end)] = state
    phases = (
        (float(at(0)), float(at(5)), "one alone"),
        (float(at(5)), float(at(95)), "mutual activation"),
        (float(at(95)), float(at(175)), "one activated and one withdrawn"),
        (float(at(175)), float(at(215)), "one alone"),
    )
    return TrueEpisode(
        start_s=phases[0][0],
        end_s=phases[-1][1],
        kind="one activated and one withdrawn",
        phases=phases,
        turn_s=float(at(175)),
        repair_by=stays,
        withdrew=withdraws,
    )
