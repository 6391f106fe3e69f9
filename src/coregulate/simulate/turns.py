"""Who speaks when: turns, gaps, overlaps and silences that follow the two people's states."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.random import Generator

from coregulate.core import Label, Track

from .scenario import FIGHT, PLAY, SHUTDOWN
from .states import StateArray

# By state, in the order of STATES (all prior; signs after the turns rows of docs/circuits.md table).
_TURN_S = (3.4, 2.4, 2.6, 4.2, 1.0)  # median length of a turn
_GAP_S = (0.30, 0.15, 0.90, -0.10, 1.80)  # mean gap before a reply; below 0: overlap
_REPLY = (0.92, 0.90, 0.75, 0.95, 0.40)  # chance of taking the floor when the other stops
_BREAK_IN = (0.03, 0.12, 0.00, 0.35, 0.00)  # chance of speaking before the other has finished
_OWN_PAUSE_S = 0.9  # mean pause when the same person goes on
_REST_S = 2.5  # mean silence added while both are still


def draw_turns(states: Mapping[str, StateArray], duration_s: float, rng: Generator) -> dict[str, Track]:
    """Draw a conversation, turn after turn.

    Parameters
    ----------
    states : mapping of person id to ndarray of int, shape (n_s,)
        Of two people.
    duration_s : float
    rng : numpy.random.Generator

    Returns
    -------
    dict of person id to Track
        Labels ``speech``; one person's do not overlap one another.
    """
    people = list(states)
    turns: dict[str, list[Label]] = {pid: [] for pid in people}
    speaker, t = people[int(rng.integers(2))], 0.8
    while t < duration_s - 1.5:
        other = people[1 - people.index(speaker)]
        k = min(int(t), len(states[speaker]) - 1)
        own, theirs = int(states[speaker][k]), int(states[other][k])
        length = float(np.clip(_TURN_S[own] * np.exp(0.5 * rng.standard_normal()), 0.5, 12.0))
        end = min(t + length, duration_s - 0.2)
        cut = rng.random() < _BREAK_IN[theirs] and length > 2.0
        _append(turns[speaker], t, end)
        if cut:
            overlap = float(rng.uniform(0.4, min(1.2, length / 2)))
            speaker, t = other, end - overlap
        elif rng.random() < _REPLY[theirs]:
            speaker, t = other, end + _gap(own, theirs, rng)
        else:
            t = end + 0.3 + float(rng.gamma(2.0, _OWN_PAUSE_S / 2)) + (0.8 if theirs == SHUTDOWN else 0.0)
        t = max(t, turns[speaker][-1].end_s + 0.3 if turns[speaker] else 0.5)
    return {pid: Track(tuple(labels), name="speech") for pid, labels in turns.items()}


def _gap(own: int, theirs: int, rng: Generator) -> float:
    gap = _GAP_S[theirs] + 0.2 * float(rng.standard_normal())
    if own not in (PLAY, FIGHT) and theirs not in (PLAY, FIGHT, SHUTDOWN) and max(own, theirs) == 2:
        gap += float(rng.gamma(1.5, _REST_S / 1.5)) * (1.0 if own == theirs else 0.2)
    return max(gap, -0.4)


def _append(turns: list[Label], start: float, end: float) -> None:
    if end - start >= 0.3:
        turns.append(Label(round(start, 3), round(end, 3), "speech"))
