"""One session on one time axis: what happened, both ribbons, a few cues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from coregulate.circuits import Supported
from coregulate.core import Person
from coregulate.story import Story

from .lanes import cue_lanes
from .ribbon import state_ribbon
from .strip import episode_strip

#: What is drawn by default, by how plainly the other can perceive it; the first ones observed are taken.
FIRST = (
    "felt_safe",
    "f0",
    "intensity",
    "floor_share",
    "brow_lowerer",
    "heart_period",
    "skin_conductance_level",
)


def overview(
    states: xr.DataArray,
    supported: Mapping[str, Supported],
    people: Sequence[Person],
    story: Story,
    cues: xr.Dataset | None = None,
    *,
    names: Sequence[str] | None = None,
    width_in: float = 9.0,
) -> tuple[Any, ...]:
    """Draw episodes, state ribbons and cue lanes of one session, one under the other.

    Parameters
    ----------
    states, supported, people, story
        As an ``Analysis`` carries them.
    cues : Dataset (person, time), optional
    names : sequence of str, optional
        Which cues; default: up to four that were observed.
    width_in : float
        Inches; 4.5 suits a page of 320 px, 9 one of 640 px and more.

    Returns
    -------
    tuple of matplotlib.axes.Axes
        Strip, ribbon, and lanes where there are cues; ``ax.figure`` is the whole.
    """
    from matplotlib.figure import Figure

    if cues is not None and names is None:
        names = [name for name in FIRST if name in cues and bool(np.isfinite(cues[name].values).any())][:4]
    n_lanes = len(names or ()) if cues is not None else 0
    legends = 0.9 if width_in < 7 else 0.0  # a narrow page stacks what a wide one sets side by side
    heights = [1.9 + legends, 1.4 + 1.3 * len(people) + legends] + ([1.1 + 0.8 * n_lanes] if n_lanes else [])
    figure = Figure(figsize=(width_in, sum(heights)), layout="constrained")
    drawn = list(figure.subplots(len(heights), 1, height_ratios=heights))
    state_ribbon(states, supported, people, drawn[1])
    start_s, end_s = drawn[1].get_xlim()
    episode_strip(story, end_s, drawn[0], people=people, start_s=start_s)
    if n_lanes and cues is not None:
        cue_lanes(cues, people, drawn[2], names=names)
        drawn[2].set_xlim(start_s, end_s)
    for ax in drawn[:-1]:
        ax.set_xlabel("")
    return tuple(drawn)
