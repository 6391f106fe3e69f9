"""Figures of an analysis; each takes plain pieces and axes, returns the axes, and never shows them."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from coregulate.bond import Coupling
from coregulate.circuits import Supported
from coregulate.core import FloatArray, Person
from coregulate.story import Story

from .style import INK, PERSON_COLOURS, Look, look_of

# What a page of 9 inches can show; more columns only make the file heavier.
COLUMNS = 600


def state_ribbon(
    states: xr.DataArray, supported: Mapping[str, Supported], people: Sequence[Person], ax: Any = None
) -> Any:
    """Draw one ribbon for each person: stacked probabilities in fixed order, unsupported splits summed.

    Parameters
    ----------
    states : xarray.DataArray, dims (person, time, state)
    supported : mapping of person to Supported
    people : sequence of Person
    ax : matplotlib axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = _axes(ax, (9.0, 1.2 + 1.5 * len(people)))
    shown: dict[str, Look] = {}
    time = states.time.values
    for k, person in enumerate(people):
        base = float(len(people) - 1 - k) * 1.25
        p = states.sel(person=person.id).transpose("time", "state")
        order = [str(s) for s in p.state.values]
        groups = supported[person.id].groups
        if len(groups) < 2:
            _not_clear(ax, time, base)
            continue
        at, sums = _thinned(
            time, np.column_stack([p.values[:, [order.index(s) for s in g]].sum(axis=1) for g in groups])
        )
        edges = base + np.concatenate([np.zeros((len(at), 1)), np.cumsum(sums, axis=1)], axis=1)
        _not_clear(ax, time, base)
        for j, group in enumerate(groups):
            look = look_of(group)
            shown[look.word] = look
            ax.fill_between(
                at, edges[:, j], edges[:, j + 1], step="mid", facecolor=look.colour, hatch=look.hatch,
                edgecolor="white", linewidth=0.0, where=np.isfinite(sums).all(axis=1),
            )  # fmt: skip
    ax.set_yticks(
        [1.25 * (len(people) - 1 - k) + 0.5 for k in range(len(people))],
        [_ribbon_name(p, supported) for p in people],
    )
    ax.set_ylim(-0.1, 1.25 * len(people) - 0.1)
    _time_axis(ax, time)
    _legend(ax, shown)
    return ax


def cue_lanes(cues: xr.Dataset, people: Sequence[Person], ax: Any = None) -> Any:
    """Draw a lane for each observed cue, both people in it, in z around the common origin; gaps stay gaps.

    Parameters
    ----------
    cues : xarray.Dataset, dims (person, time)
    people : sequence of Person
    ax : matplotlib axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    names = [
        str(n) for n in cues.data_vars
        if not str(n).endswith("_quality") and bool(np.isfinite(cues[n].values).any())
    ]  # fmt: skip
    ax = _axes(ax, (9.0, 1.0 + 0.7 * len(names)))
    time = cues.time.values
    for lane, name in enumerate(reversed(names)):
        values = cues[name].values
        # A code or a rating runs from 0 to 1; a z is drawn from -3 to 3.
        is_z = cues[name].attrs.get("units") == "z"
        ax.axhline(lane, color=INK, linewidth=0.4, alpha=0.5)
        for k, person in enumerate(people[:2]):
            at, series = _thinned(time, values[list(cues.person.values).index(person.id)][:, None])
            height = np.clip(series[:, 0] / 7.5, -0.45, 0.45) if is_z else 0.7 * series[:, 0] - 0.35
            ax.plot(
                at,
                lane + height,
                color=PERSON_COLOURS[k],
                linewidth=1.0,
                linestyle=("-", "--")[k],
                label=person.name,
            )
    ax.set_yticks(range(len(names)), [_lane_name(cues[n], n) for n in reversed(names)])
    ax.set_ylim(-0.6, len(names) - 0.4)
    _time_axis(ax, time)
    handles, labels = ax.get_legend_handles_labels()
    ax.legend(handles[: len(people[:2])], labels[: len(people[:2])], **_BELOW, ncols=2)
    return ax


def bond_surrogates(coupling: Coupling, ax: Any = None) -> Any:
    """Draw the observed coupling beside what chance reaches (sizes of its surrogates).

    Parameters
    ----------
    coupling : Coupling
    ax : matplotlib axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = _axes(ax, (6.5, 2.8))
    chance = np.abs(np.asarray(coupling.surrogates, dtype=float))
    chance = chance[np.isfinite(chance)]
    ax.hist(chance, bins=30, color="#9ca3af", label="chance: the same two series, shifted")
    ax.axvline(abs(coupling.value), color="#111827", linewidth=2.5, label="these two")
    ax.axvline(
        float(np.percentile(chance, 95)), color=INK, linestyle=":", label="1 of 20 by chance lies beyond"
    )
    ax.set_xlabel("strength (mean Fisher z)")
    ax.set_ylabel("shifted copies")
    _plain(ax)
    ax.legend(**_BELOW, ncols=1)
    return ax


def lag_profile(coupling: Coupling, ax: Any = None) -> Any:
    """Draw the coupling at each lag; above 0 the first person leads.

    Parameters
    ----------
    coupling : Coupling
    ax : matplotlib axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = _axes(ax, (6.5, 2.8))
    _, lags, z = coupling.course
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a lag that no window has: its mean is NaN
        mean = np.nanmean(np.asarray(z, dtype=float), axis=0)
    ax.axhline(0, color=INK, linewidth=0.6)
    ax.axvline(0, color=INK, linewidth=0.6, linestyle=":")
    ax.plot(np.asarray(lags), mean, color="#111827", linewidth=1.8)
    ax.set_xlabel(f"lag (s): right of 0 {coupling.a} leads, left of it {coupling.b}")
    ax.set_ylabel("mean Fisher z")
    _plain(ax)
    return ax


def episode_strip(story: Story, duration_s: float, ax: Any = None) -> Any:
    """Mark the stretches off track, where each turned, and whether it came back.

    Parameters
    ----------
    story : Story
    duration_s : float
    ax : matplotlib axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = _axes(ax, (9.0, 1.2))
    for episode in story.episodes:
        ax.axvspan(
            episode.start_s, episode.end_s, facecolor="#d1d5db", hatch="//", edgecolor="white", linewidth=0
        )
        ax.text(episode.start_s, 1.05, episode.kind, fontsize=8, va="bottom")
        if np.isfinite(episode.turn_s):
            ax.axvline(episode.turn_s, color="#111827", linewidth=2)
    ax.set_yticks([])
    ax.set_ylim(0, 1)
    _time_axis(ax, np.array([0.0, duration_s]))
    return ax


def svg(figure: Any) -> str:
    """Return a figure (or the figure of axes) as SVG text, the same each time: text stays text, no date.

    Parameters
    ----------
    figure : matplotlib Figure or Axes

    Returns
    -------
    str
    """
    import matplotlib as mpl

    figure = getattr(figure, "figure", figure)
    out = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "coregulate", "hatch.linewidth": 0.6}):
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None})
    return out.getvalue()


_BELOW: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0.0, 1.0), "frameon": False, "fontsize": 9}


def _axes(ax: Any, size: tuple[float, float]) -> Any:
    if ax is not None:
        return ax
    from matplotlib.figure import Figure

    return Figure(figsize=size, layout="constrained").add_subplot()


def _thinned(time: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Means over at most COLUMNS stretches; a stretch with nothing observed is NaN."""
    block = max(1, -(-len(time) // COLUMNS))
    n = len(time) // block
    rows = np.asarray(values[: n * block], dtype=float).reshape(n, block, -1)
    seen = np.isfinite(rows)
    mean = np.where(seen.any(axis=1), np.nansum(rows, axis=1) / np.maximum(seen.sum(axis=1), 1), np.nan)
    return np.asarray(time[: n * block], dtype=float).reshape(n, block).mean(axis=1), mean


def _not_clear(ax: Any, time: FloatArray, base: float) -> None:
    """Draw the absence of colour, with a dashed edge, where nothing else is drawn over it."""
    if len(time):
        ax.fill_between(
            [time[0], time[-1]],
            base,
            base + 1,
            facecolor="none",
            edgecolor=INK,
            linestyle="--",
            linewidth=0.8,
        )


def _ribbon_name(person: Person, supported: Mapping[str, Supported]) -> str:
    return person.name if supported[person.id].level_known else f"{person.name}\n(changes only)"


def _lane_name(cue: xr.DataArray, name: str) -> str:
    return str(cue.attrs.get("long_name", name.removeprefix("code_").replace("_", " ")))


def _legend(ax: Any, shown: Mapping[str, Look]) -> None:
    from matplotlib.patches import Patch

    handles = [
        Patch(facecolor=x.colour, hatch=x.hatch, edgecolor="white", label=x.word) for x in shown.values()
    ]
    handles.append(Patch(facecolor="none", edgecolor=INK, linestyle="--", label="not clear"))
    ax.legend(handles=handles, **_BELOW, ncols=min(len(handles), 6))


def _time_axis(ax: Any, time: FloatArray) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    if len(time):
        ax.set_xlim(float(time[0]), max(float(time[-1]), float(time[0]) + 1))
    ax.xaxis.set_major_locator(MaxNLocator(nbins=8, steps=[1, 1.2, 1.5, 2, 3, 6, 10], integer=True))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda s, _: f"{int(s) // 60}:{int(s) % 60:02d}"))
    ax.set_xlabel("minutes from the start")
    _plain(ax)


def _plain(ax: Any) -> None:
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
