"""The ribbon of states: stacked probabilities in fixed order, never more than the channels support."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from coregulate.circuits import Supported
from coregulate.core import FloatArray, Person

from .style import (
    FONT,
    INK,
    NOT_CLEAR,
    Look,
    axes_for,
    fits,
    legend_above,
    look_of,
    patch,
    runs,
    thinned,
    time_axis,
    words_of,
)

#: More columns than this only make the file heavier.
COLUMNS = 400
#: prior: a word stands over a stretch where one state is at least this probable.
LIKELY = 0.6
#: From one ribbon to the next, in heights of a ribbon.
PITCH = 1.45


def state_ribbon(
    states: xr.DataArray, supported: Mapping[str, Supported], people: Sequence[Person], ax: Any = None
) -> Any:
    """Draw a ribbon for each person: stacked probabilities in fixed order, unsupported splits summed.

    Where nothing is known there is no colour but a dashed edge. A person whose level is not
    known has no colours either: a line shows how P(safe) moves about its own mean, where the
    cues bear out that it moved.

    Parameters
    ----------
    states : DataArray (person, time, state)
        Probabilities, 0..1; NaN where not known.
    supported : mapping of person to Supported
        Its ``groups`` say which states are summed, ``level_known`` whether a level may be shown.
    people : sequence of Person
        From top to bottom.
    ax : matplotlib Axes, optional
        Default: new ones, 9 inches wide.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = axes_for(ax, (9.0, 1.2 + 1.5 * len(people)))
    shown: dict[str, Look] = {}
    time = np.asarray(states["time"].values, np.float64)
    start_s, end_s = _span(time)
    bases = [PITCH * (len(people) - 1 - k) for k in range(len(people))]
    for person, base in zip(people, bases, strict=True):
        p = states.sel(person=person.id).transpose("time", "state")
        groups = [tuple(map(str, group)) for group in supported[person.id].groups]
        order = [str(s) for s in p["state"].values]
        sums = np.column_stack([p.values[:, [order.index(s) for s in group]].sum(axis=1) for group in groups])
        edges, means = thinned(time, sums, columns=COLUMNS)
        if supported[person.id].level_known and len(groups) > 1:
            looks = [look_of(group) for group in groups]
            shown |= {look.word: look for look in looks}
            _stack(ax, edges, means, looks, base)
            _words(ax, edges, means, looks, base)
        else:
            _change(ax, time, p, order, supported[person.id], base)
            means = np.full_like(means, np.nan)
        if _gaps(ax, edges, means, base) or supported[person.id].level_known is False:
            shown[NOT_CLEAR.word] = NOT_CLEAR
    ax.set_yticks([base + 0.5 for base in bases], [_name(person, supported[person.id]) for person in people])
    ax.set_ylim(-0.06, PITCH * (len(people) - 1) + 1.32)
    time_axis(ax, start_s, end_s)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    legend_above(ax, [patch(look) for look in words_of(shown)])
    return ax


def _span(time: FloatArray) -> tuple[float, float]:
    if not len(time):
        return 0.0, 1.0
    step = float(np.median(np.diff(time))) if len(time) > 1 else 1.0
    return float(time[0]), float(time[-1]) + step


def _stack(ax: Any, edges: FloatArray, means: FloatArray, looks: Sequence[Look], base: float) -> None:
    known = np.isfinite(means).all(axis=1)
    tops = np.concatenate([np.zeros((len(means), 1)), np.cumsum(np.nan_to_num(means), axis=1)], axis=1)
    for first, last, is_known in runs(known.tolist()):
        if not is_known:
            continue
        # Each column reaches from its own start to the next one's: steps, not slopes.
        at = np.repeat(edges[first : last + 1], 2)[1:-1]
        for j, look in enumerate(looks):
            low, high = (base + np.repeat(tops[first:last, i], 2) for i in (j, j + 1))
            if np.any(high - low > 1e-3):
                ax.fill_between(
                    at, low, high, facecolor=look.colour, hatch=look.hatch, edgecolor="white", linewidth=0.0
                )
            if j:  # neighbours of one colour need an edge between them
                ax.plot(at, low, color="white", linewidth=0.9)


def _words(ax: Any, edges: FloatArray, means: FloatArray, looks: Sequence[Look], base: float) -> None:
    """Set the word over each stretch that is long enough for it; the rest has pattern and legend."""
    if not len(means):
        return
    filled = np.nan_to_num(means)
    best = np.where(filled.max(axis=1) >= LIKELY, filled.argmax(axis=1), -1)
    span = float(edges[-1] - edges[0])
    for first, last, j in runs(_without_blinks(best.tolist())):
        share = float(edges[last] - edges[first]) / span
        if j >= 0 and fits(ax, looks[j].word, share):
            middle = 0.5 * float(edges[first] + edges[last])
            ax.text(
                middle, base + 1.03, looks[j].word, ha="center", va="bottom", fontsize=FONT - 1, color=INK
            )


def _without_blinks(best: Sequence[int]) -> list[int]:
    """Give a stretch of under 2 % of the width to the one before it."""
    least = 0.02 * len(best)
    out: list[int] = []
    for first, last, value in runs(best):
        kept = out[-1] if out and last - first < least else value
        out += [kept] * (last - first)
    return out


def _change(
    ax: Any, time: FloatArray, p: xr.DataArray, order: Sequence[str], supported: Supported, base: float
) -> None:
    """Draw how P(safe) moves about its mean: what may be shown where the level is not known."""
    if not supported.changes or not np.isfinite(p.values).any():
        return
    safe = p.values[:, [order.index(s) for s in ("social", "play", "still")]].sum(axis=1)
    edges, mean = thinned(time, safe, columns=COLUMNS)
    middle = base + 0.5
    ax.hlines(middle, edges[0], edges[-1], color=INK, linewidth=0.6, linestyle=":")
    height = np.clip(mean - np.nanmean(mean), -0.5, 0.5) if np.isfinite(mean).any() else mean
    ax.plot(0.5 * (edges[1:] + edges[:-1]), middle + 0.96 * height, color=INK, linewidth=1.3)
    if fits(ax, "up: toward ease; the level is not known", 1.0):
        ax.text(
            0.5 * float(edges[0] + edges[-1]), base + 1.03, "up: toward ease; the level is not known",
            ha="center", va="bottom", fontsize=FONT - 1, color=INK,
        )  # fmt: skip


def _gaps(ax: Any, edges: FloatArray, means: FloatArray, base: float) -> bool:
    """Edge what is not known with dashes; whether there was any."""
    from matplotlib.patches import Rectangle

    gaps = [(a, b) for a, b, known in runs(np.isfinite(means).all(axis=1).tolist()) if not known]
    for first, last in gaps:
        at, width = float(edges[first]), float(edges[last] - edges[first])
        box = Rectangle(
            (at, base), width, 1.0, facecolor="none", edgecolor=INK, linestyle="--", linewidth=0.9
        )
        ax.add_patch(box)
    return bool(gaps)


def _name(person: Person, supported: Supported) -> str:
    if supported.level_known:
        return person.name
    told = "changes\nonly" if supported.changes else "not known"
    return f"{person.name}\n({told})"
