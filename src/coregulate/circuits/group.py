"""Learning over many people: a group's means, and each person's between the group's and their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from coregulate.core import CircuitSettings, FloatArray
from coregulate.cues import STATES

from .adapt import PERSON_SD, Material, gather_sums
from .personal import Shifts

#: Standard deviation of a group's mean around the table's, in z (prior).
GROUP_SD = 0.25
# Rounds in which the group and its people are fitted in turn (prior).
_ROUNDS = 12


class Group(NamedTuple):
    """What many people's sessions taught.

    ``shifts``: the group's, where a new person starts; ``people``: each person's own,
    pulled toward the group's the more, the less they showed; both are counted from the table.
    """

    shifts: Shifts
    people: dict[str, Shifts]


def learn_group(
    people: Mapping[str, Sequence[Material]],
    *,
    moves: FloatArray,
    start: FloatArray,
    settings: CircuitSettings,
) -> Group:
    """Learn a group's and each person's means by penalised EM with partial pooling.

    Each mean of a person is normal around the group's (0.25 z), the group's is
    normal around the table's (0.25 z); a person's own word counts where there is any.

    Parameters
    ----------
    people : mapping of person to sequence of Material
        All rows with the table's own means.
    moves, start : ndarray
    settings : CircuitSettings

    Returns
    -------
    Group
    """
    cues = list(dict.fromkeys(c for sessions in people.values() for one in sessions for c in one.rows.names))
    centre: FloatArray = np.zeros((len(cues), len(STATES)))
    own = {person: centre.copy() for person in people}
    for _ in range(_ROUNDS):
        for person, sessions in people.items():
            sums = gather_sums(
                sessions, _named(cues, own[person]), moves=moves, start=start, settings=settings, unlabelled=True
            )  # fmt: skip
            own[person] = _person(cues, sums, centre)
        # The group's mean given each person's: the prior counts as one more person at 0.
        centre = sum(own.values(), np.zeros_like(centre)) / (len(people) + (PERSON_SD / GROUP_SD) ** 2)
    return Group(_named(cues, centre), {person: _named(cues, values) for person, values in own.items()})


def _person(
    cues: Sequence[str], sums: Mapping[str, tuple[FloatArray, FloatArray]], centre: FloatArray
) -> FloatArray:
    out = centre.copy()
    for i, cue in enumerate(cues):
        if cue in sums:
            top, bottom = sums[cue]
            out[i] = (top + centre[i] / PERSON_SD**2) / (bottom + PERSON_SD**-2)
    return out


def _named(cues: Sequence[str], values: FloatArray) -> dict[str, dict[str, float]]:
    return {cue: dict(zip(STATES, row.tolist(), strict=True)) for cue, row in zip(cues, values, strict=True)}
