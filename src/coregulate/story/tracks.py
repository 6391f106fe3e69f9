"""The states of the people as plain arrays, checked once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr

from coregulate.core import FloatArray, InputError
from coregulate.cues import STATES

SAFE: tuple[str, ...] = ("social", "play", "still")
UNSAFE: tuple[str, ...] = ("fight_flight", "shutdown")


class Tracks(NamedTuple):
    """State probabilities of each person on one grid.

    Parameters
    ----------
    people : tuple of str
    start_s, step_s : float
        Second ``k`` covers ``[start_s + k step_s, start_s + (k + 1) step_s)``.
    states : dict of str to array, shape (n, 5)
        Probabilities in the order of ``STATES``; a second that is not known is NaN throughout.
    """

    people: tuple[str, ...]
    start_s: float
    step_s: float
    states: dict[str, FloatArray]

    @property
    def n(self) -> int:
        """How many seconds."""
        return len(next(iter(self.states.values())))

    @property
    def end_s(self) -> float:
        """End of the last second."""
        return self.start_s + self.n * self.step_s

    def time_s(self, index: int) -> float:
        """Start of one second."""
        return self.start_s + index * self.step_s

    def safe(self, person: str) -> FloatArray:
        """P(safe) of one person, shape (n,)."""
        out: FloatArray = self.states[person][:, : len(SAFE)].sum(axis=1)
        return out

    def joint(self, people: Sequence[str]) -> FloatArray:
        """Mean P(safe) of the people given, NaN where one of them is not known, shape (n,)."""
        out: FloatArray = np.mean([self.safe(person) for person in people], axis=0)
        return out


def tracks(states: xr.DataArray) -> Tracks:
    """Check the states and take them apart.

    Raises
    ------
    InputError
        Where a dimension or a state is missing, nobody or no second is there, or the grid is uneven.
    """
    needed = {"person", "time", "state"}
    if set(states.dims) != needed or not needed <= set(states.coords):
        raise InputError(
            f"The states have dimensions {states.dims}", "They must be person, time and state, each named"
        )
    names = [str(name) for name in states["state"].values]
    if missing := set(STATES) - set(names):
        raise InputError(f"The states lack {', '.join(sorted(missing))}", f"They must be {', '.join(STATES)}")
    if not states.sizes["person"] or not states.sizes["time"]:
        raise InputError("The states are empty", "Give at least one person and one second")
    times = np.asarray(states["time"].values, dtype=np.float64)
    gaps = np.diff(times)
    step = float(np.median(gaps)) if len(gaps) else 1.0
    if step <= 0 or np.any(np.abs(gaps - step) > 1e-3 * step):
        raise InputError(
            "The times of the states are uneven", "Give one regular grid; a gap is NaN, not a jump"
        )
    values = states.transpose("person", "time", "state").sel(state=list(STATES))
    people = tuple(str(person) for person in states["person"].values)
    arrays = {person: _known(np.asarray(values[i].values, np.float64)) for i, person in enumerate(people)}
    return Tracks(people, float(times[0]), step, arrays)


def _known(values: FloatArray) -> FloatArray:
    """Blank every second in which any state is missing."""
    out = values.copy()
    out[~np.isfinite(out).all(axis=1)] = np.nan
    return out


def observed(values: FloatArray) -> FloatArray:
    """Drop what is not known."""
    out: FloatArray = values[np.isfinite(values)]
    return out
