"""Cue lanes: each cue of each person in a lane of its own, gaps drawn as gaps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from coregulate.core import FloatArray, InputError, Person

from .style import INK, axes_for, legend_above, person_style, plain, runs, thinned, time_axis

#: More columns than this only make the file heavier.
COLUMNS = 400
#: A lane shows z from -3 to 3, or as far as 99 % of what was observed goes; the rest is drawn at the edge.
Z_RANGE = 3.0
#: Height of one person's lane, and how far the second lies under the first.
HALF, APART = 0.19, 0.44


def cue_lanes(
    cues: xr.Dataset, people: Sequence[Person], ax: Any = None, *, names: Sequence[str] | None = None
) -> Any:
    """Draw each observed cue, the first person above the second; gaps stay gaps.

    Parameters
    ----------
    cues : Dataset (person, time)
        A cue whose ``units`` are ``z`` is drawn from -3 to 3, or further where it goes, about a dotted zero, everything else
        (codes, touch, ratings) filled from 0 to 1. Other units are scaled to what was observed of both.
    people : sequence of Person
    ax : matplotlib Axes, optional
        Default: new ones, 9 inches wide and as high as the lanes need.
    names : sequence of str, optional
        Which cues, in which order. Default: all that were observed, in the order of the Dataset.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    InputError
        For a name that the Dataset lacks.
    """
    if names is None:
        names = [str(n) for n in cues.data_vars if not str(n).endswith("_quality") and _seen(cues[n])]
    if unknown := [name for name in names if name not in cues]:
        raise InputError(f"There is no cue '{unknown[0]}'", f"Cues are {', '.join(map(str, cues.data_vars))}")
    ax = axes_for(ax, (9.0, 1.0 + 0.7 * len(names)))
    time = np.asarray(cues["time"].values, np.float64)
    here = [str(p) for p in cues["person"].values]
    shown = [(k, person) for k, person in enumerate(people[:2]) if person.id in here]
    for lane, name in enumerate(reversed(names)):
        cue = cues[name]
        low, high = _range(cue)
        for k, person in shown:
            values = np.asarray(cue.sel(person=person.id).values, np.float64)
            edges, means = thinned(time, values, columns=COLUMNS)
            middle = lane + (0.5 - k) * APART
            height = HALF * (2 * np.clip((means - low) / (high - low), 0, 1) - 1)
            if cue.attrs.get("units") == "z":
                ax.hlines(middle, edges[0], edges[-1], color=INK, linewidth=0.5, linestyle=":")
                _line(ax, edges, middle + height, k)
            else:
                _filled(ax, edges, middle + height, middle - HALF, k)
        if lane:
            ax.axhline(lane - 0.5, color=INK, linewidth=0.3, alpha=0.5)
    ax.set_yticks(range(len(names)), [_label(ax, cues[name], name) for name in reversed(names)])
    ax.set_ylim(-0.5, max(len(names), 1) - 0.5)
    step = float(time[1] - time[0]) if len(time) > 1 else 1.0
    time_axis(ax, float(time[0]) if len(time) else 0.0, (float(time[-1]) if len(time) else 0.0) + step)
    plain(ax)
    ax.tick_params(axis="y", length=0)
    places = [f"{person.name} ({('above', 'below')[k]})" for k, person in shown]
    legend_above(ax, [_entry(place, k) for place, (k, _) in zip(places, shown, strict=True)])
    return ax


def _entry(label: str, k: int) -> Any:
    from matplotlib.lines import Line2D

    return Line2D([], [], label=label, linewidth=2.0, color=person_style(k)["color"])


def _seen(cue: xr.DataArray) -> bool:
    return "time" in cue.dims and bool(np.isfinite(cue.values).any())


def _range(cue: xr.DataArray) -> tuple[float, float]:
    units = str(cue.attrs.get("units", ""))
    known = cue.values[np.isfinite(cue.values)]
    if units == "z":
        reach = max(Z_RANGE, float(np.quantile(np.abs(known), 0.99)) if len(known) else 0.0)
        return -reach, reach
    if not len(known) or (known.min() >= 0 and known.max() <= 1):
        return 0.0, 1.0
    low, high = map(float, np.quantile(known, [0.01, 0.99]))
    return (low, high) if high > low else (low - 1.0, high + 1.0)


def _line(ax: Any, edges: FloatArray, heights: FloatArray, k: int) -> None:
    """Draw a line that breaks at gaps, never dashed: a dash would read as a gap.

    A column alone between two gaps becomes a stroke.
    """
    colour = person_style(k)["color"]
    middle = 0.5 * (edges[1:] + edges[:-1])
    ax.plot(middle, heights, linewidth=1.2, solid_joinstyle="round", color=colour)
    alone = [a for a, b, known in runs(np.isfinite(heights).tolist()) if known and b - a == 1]
    if alone:
        ax.hlines(heights[alone], edges[alone], edges[np.array(alone) + 1], linewidth=2.0, color=colour)


def _filled(ax: Any, edges: FloatArray, heights: FloatArray, floor: float, k: int) -> None:
    """Fill from the floor of the lane; a thin floor shows where it was observed at all."""
    for first, last, known in runs(np.isfinite(heights).tolist()):
        if known:
            at = np.repeat(edges[first : last + 1], 2)[1:-1]
            colour = person_style(k)["color"]
            ax.fill_between(
                at, floor, np.repeat(heights[first:last], 2), facecolor=colour, edgecolor="white",
                hatch=("", "////")[k % 2], linewidth=0,
            )  # fmt: skip
            ax.hlines(floor, edges[first], edges[last], color=colour, linewidth=0.7)


def _label(ax: Any, cue: xr.DataArray, name: str) -> str:
    """Name a lane, broken into lines of what the width of the figure bears."""
    from textwrap import fill

    text = str(cue.attrs.get("long_name") or name.removeprefix("code_").replace("_", " "))
    wide = ax.figure.get_figwidth() >= 7
    return fill(text, 22 if wide else 14, max_lines=2 if wide else 3, placeholder="…")
