"""The strip of episodes: off track, the turn, and back."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from coregulate.core import Person
from coregulate.story import Episode, Moment, Story

from .style import (
    FONT,
    INK,
    PERSON_COLOURS,
    PERSON_MARKERS,
    QUIET,
    WITHDRAWN,
    axes_for,
    fits,
    legend_above,
    person_style,
    time_axis,
)

#: Under the stretches, which fill 0 to 1: where what else was marked begins, and how high each row of it is.
UNDER, STEP = -0.12, 0.2


def episode_strip(
    story: Story, duration_s: float, ax: Any = None, *, people: Sequence[Person] = (), start_s: float = 0.0
) -> Any:
    """Mark the stretches off track, where each turned, whose cue came first, and whether it came back.

    Under them: what a coder marked as withdrawal, a racing heart, and moments of change.

    Parameters
    ----------
    story : Story
    duration_s : float
        End of the time axis.
    ax : matplotlib Axes, optional
        Default: new ones, 9 inches wide.
    people : sequence of Person
        For names and colours; without them the turn is drawn without saying whose cue came first.
    start_s : float
        Beginning of the time axis.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = axes_for(ax, (9.0, 1.8))
    entries: dict[str, Any] = {}
    span = max(duration_s - start_s, 1.0)
    for number, (episode, room_s) in enumerate(_with_room(story.episodes, start_s, duration_s), 1):
        _stretch(ax, episode, number, room_s / span, entries)
        _turn(ax, episode, people, entries)
    low = _marks(ax, story, people, entries)
    if not (story.episodes or story.moments_of_change or story.withdrawals or story.flooding):
        text = "not known from these channels" if story.not_known else "nothing off track was found"
        ax.text(0.5, 0.5, text, ha="center", va="center", transform=ax.transAxes, fontsize=FONT, color=INK)
    ax.set_yticks([])
    ax.set_ylim(low, 1.4 if story.episodes or low > UNDER - STEP else 0.0)
    time_axis(ax, start_s, duration_s)
    ax.spines["left"].set_visible(False)
    legend_above(ax, list(entries.values()))
    return ax


def _with_room(episodes: Sequence[Episode], start_s: float, end_s: float) -> list[tuple[Episode, float]]:
    """Each episode and the seconds that a word centred over it may take without touching another."""
    middles = [0.5 * (episode.start_s + episode.end_s) for episode in episodes]
    bounds = [start_s, *(0.5 * (a + b) for a, b in pairwise(middles)), end_s]
    return [
        (episode, 2 * min(middle - bounds[i], bounds[i + 1] - middle))
        for i, (episode, middle) in enumerate(zip(episodes, middles, strict=True))
    ]


def _stretch(ax: Any, episode: Episode, number: int, room: float, entries: dict[str, Any]) -> None:
    from matplotlib.patches import Patch, Rectangle

    width = episode.end_s - episode.start_s
    ax.add_patch(
        Rectangle((episode.start_s, 0), width, 1, facecolor=QUIET, hatch="//", edgecolor="white", linewidth=0)
    )
    entries.setdefault(
        "off", Patch(facecolor=QUIET, hatch="//", edgecolor="white", linewidth=0, label="off track")
    )
    for phase in episode.phases[1:]:
        ax.vlines(phase[0], 0, 1, color="white", linewidth=2)
    if not episode.recovered:
        ax.vlines(episode.end_s, 0, 1, color=INK, linestyle="--", linewidth=1.6)
    said = episode.kind if episode.recovered else f"{episode.kind}, still open"
    text = next((t for t in (said, str(number)) if fits(ax, t, room)), str(number))
    ax.text(
        episode.start_s + 0.5 * width,
        1.06,
        text,
        ha="center",
        va="bottom",
        fontsize=FONT - 1,
        color=INK,
        clip_on=False,
    )


def _turn(ax: Any, episode: Episode, people: Sequence[Person], entries: dict[str, Any]) -> None:
    from matplotlib.lines import Line2D

    if not np.isfinite(episode.turn_s):
        return
    ax.vlines(episode.turn_s, 0, 1, color="white", linewidth=5)
    ax.vlines(episode.turn_s, 0, 1, color="#111827", linewidth=2.4)
    entries.setdefault("turn", Line2D([], [], color="#111827", linewidth=2.4, label="the turn"))
    ids = [person.id for person in people]
    if episode.repair_by in ids:
        k = ids.index(episode.repair_by)
        look: dict[str, Any] = {
            "marker": PERSON_MARKERS[k % 2],
            "color": PERSON_COLOURS[k % 2],
            "markersize": 9.0,
        }
        look |= {"linestyle": "none", "markeredgecolor": "white", "markeredgewidth": 1.2}
        ax.plot([episode.turn_s], [0.5], **look)
        label = f"{people[k].name}’s cue came first"
        entries.setdefault(f"repair {k}", Line2D([], [], label=label, **look))


def _marks(ax: Any, story: Story, people: Sequence[Person], entries: dict[str, Any]) -> float:
    """Draw what lies under the stretches, a row for each kind and person; the lower end of the drawing."""
    level = _coded(ax, story, UNDER, entries)
    for k, person in enumerate(people):
        level = _raced(ax, story, person, k, level, entries)
    for k, person in enumerate(people):
        own = [m for m in story.moments_of_change if m[1] == person.id]
        look: dict[str, Any] = {
            "color": PERSON_COLOURS[k % 2],
            "label": f"{person.name}: a change, up or down",
        }
        level = _changes(ax, own, level, look, f"moment {k}", entries)
    ids = [person.id for person in people]
    others = [m for m in story.moments_of_change if m[1] not in ids]
    look = {"color": INK, "label": "a change, up or down"}
    return _changes(ax, others, level, look, "moment of others", entries) - 0.1


def _coded(ax: Any, story: Story, level: float, entries: dict[str, Any]) -> float:
    """Withdrawals that a coder marked; the level under them, as the next two."""
    from matplotlib.patches import Patch

    if not story.withdrawals:
        return level
    level -= STEP
    look: dict[str, Any] = {"facecolor": WITHDRAWN, "hatch": "---", "edgecolor": "white"}
    for _, first, last in story.withdrawals:
        ax.fill_between([first, last], level, level + 0.8 * STEP, **look)
    entries["coded"] = Patch(label="withdrawal, coded", **look)
    return level


def _raced(ax: Any, story: Story, person: Person, k: int, level: float, entries: dict[str, Any]) -> float:
    from matplotlib.lines import Line2D

    spans = [(first, last) for who, first, last in story.flooding if who == person.id]
    if not spans:
        return level
    level -= STEP
    look: dict[str, Any] = {"linewidth": 4, **person_style(k)}
    for first, last in spans:
        ax.hlines(level + 0.4 * STEP, first, last, **look)
    entries[f"flooding {k}"] = Line2D([], [], label=f"{person.name}’s heart raced", **look)
    return level


def _changes(
    ax: Any, moments: Sequence[Moment], level: float, look: dict[str, Any], key: str, entries: dict[str, Any]
) -> float:
    from matplotlib.lines import Line2D

    if not moments:
        return level
    level -= 1.4 * STEP
    for moment in moments:
        up = moment.direction == "toward safety" or moment.direction.endswith(" up")
        marker = "^" if up else "v"
        ax.plot([moment.time_s], [level + 0.7 * STEP], marker=marker, markersize=8, color=look["color"])
    entries[key] = Line2D([], [], marker="^", linestyle="none", markersize=8, **look)
    return level
