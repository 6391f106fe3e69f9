"""Figures for the page: inline SVG, each with one sentence and a table that say the same."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from markupsafe import Markup

from coregulate.core import Person
from coregulate.writers import words

from .numbers import Table, number, p_value, percent, table

if TYPE_CHECKING:
    from coregulate.analysis import Analysis
    from coregulate.bond import Coupling

STEPS_S = (60, 120, 300, 600, 1800, 3600)
MAX_ROWS = 32  # prior: a longer table is not read
PHONE_IN = 4.5  # 320 to 500 px


class Drawing(NamedTuple):
    """One figure: a title, a sentence that says what it shows, the picture, and the same as tables."""

    key: str
    title: str
    summary: str
    svg: Markup
    tables: tuple[Table, ...]


def draw_states(analysis: Analysis) -> Drawing | None:
    """Draw both people's state ribbons; None where nothing may be shown of anybody."""
    names = words.person_names(analysis.summary["people"])
    states, supported = analysis.states, analysis.circuits.supported
    if not np.isfinite(states.values).any() or not any(s.changes for s in supported.values()):
        return None
    from coregulate.figures import state_ribbon

    size = (9.0, 1.2 + 1.5 * len(names))
    svg = picture("states", lambda ax: state_ribbon(states, supported, _people(analysis), ax), size=size)
    summary = " ".join(_state_summary(analysis, pid, name) for pid, name in names.items())
    tables = tuple(_state_table(analysis, pid, name) for pid, name in names.items())
    return Drawing("states", "Both bodies over time", summary, svg, tables)


def draw_cues(analysis: Analysis) -> Drawing | None:
    """Draw the cue lanes; None where nothing was observed."""
    seen = [str(c) for c in analysis.cues.data_vars if not str(c).endswith("_quality")]
    if not any(np.isfinite(analysis.cues[c].values).any() for c in seen):
        return None
    from coregulate.figures import cue_lanes

    size = (9.0, 1.0 + 0.7 * len(seen))
    svg = picture("cues", lambda ax: cue_lanes(analysis.cues, _people(analysis), ax), size=size)
    observed = words.join_words(words.cue_words(c, "each person", _label(analysis, c)) for c in seen[:3])
    more = f"; and {len(seen) - 3} more" if len(seen) > 3 else ""
    summary = f"What was observed, against each person’s own baseline: {observed}{more}."
    return Drawing("cues", "What could be seen and heard", summary, svg, (_cue_table(analysis, seen),))


def draw_bond(analysis: Analysis) -> Drawing | None:
    """Draw the primary coupling beside its surrogates; None where there is none."""
    coupling = next((c for c in analysis.bond.couplings if np.isfinite(c.value) and len(c.surrogates)), None)
    if coupling is None:
        return None
    from coregulate.figures import bond_surrogates

    svg = picture("bond", lambda ax: bond_surrogates(coupling, ax), size=(9.0, 3.2))
    return Drawing("bond", "The link, beside chance", _bond_summary(coupling), svg, (_bond_table(coupling),))


def draw_lags(analysis: Analysis) -> Drawing | None:
    """Draw the primary coupling over lags; None where there is none."""
    coupling = next((c for c in analysis.bond.couplings if np.isfinite(c.value) and _has_course(c)), None)
    if coupling is None:
        return None
    from coregulate.figures import lag_profile

    names = words.person_names(analysis.summary["people"])
    named = coupling._replace(a=names.get(coupling.a, coupling.a), b=names.get(coupling.b, coupling.b))
    svg = picture("lags", lambda ax: lag_profile(named, ax), size=(9.0, 3.2))
    _, lags, z = coupling.course
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a lag that no window has: its mean is NaN
        mean = np.nanmean(np.asarray(z, float), axis=0)
    step = max(1, len(mean) // MAX_ROWS)
    rows = [(f"{number(float(lag))} s", float(m)) for lag, m in zip(lags[::step], mean[::step], strict=True)]
    summary = "Who leads cannot be told: no lag stands out."
    if np.isfinite(coupling.lag_s):
        leader = coupling.a if coupling.lag_s > 0 else coupling.b
        summary = (
            f"The link is largest where {names.get(leader, leader)} leads by {number(abs(coupling.lag_s))} s."
        )
        if coupling.lag_s == 0:
            summary = "The link is largest at no lag: neither leads."
    tables = (table("Mean over windows; a lag above 0: the first leads", ("Lag", "Fisher z"), rows),)
    return Drawing("lags", "The link at each lag", summary, svg, tables)


def picture(key: str, draw: Callable[[Any], Any], *, size: tuple[float, float]) -> Markup:
    """Draw on fresh axes, once for a page and once for a phone; the style sheet shows the one that fits."""
    # A phone shows 4.5 inches at about their size: letters stay readable and nothing scrolls.
    wide, narrow = _drawn(key, draw, size), _drawn(f"{key}-narrow", draw, (PHONE_IN, size[1]))
    return Markup('<div class="wide">{}</div>\n<div class="narrow">{}</div>').format(
        fit_for_page(wide, key), fit_for_page(narrow, key)
    )


def _drawn(key: str, draw: Callable[[Any], Any], size: tuple[float, float]) -> str:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    from coregulate.figures import svg as to_svg

    figure = Figure(figsize=size, layout="constrained")
    # A name may hold dollar signs: it is text, not a formula.
    with warnings.catch_warnings(), mpl.rc_context({"text.parse_math": False}):
        # Names in a script that the measuring font lacks: the browser's own fonts draw them.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        draw(figure.add_subplot())
        return to_svg(figure, key=key)


def fit_for_page(svg: str, key: str) -> Markup:
    """Make an SVG document fit to stand inside a page: no fixed size; title and sentence of the figure name it."""
    opening, rest = svg.split(">", 1)
    opening = re.sub(r'\s(width|height|role|aria-[a-z]+)="[^"]*"', "", opening)
    return Markup(
        f'{opening} role="img" aria-labelledby="{key}-title" aria-describedby="{key}-summary">{rest}'
    )


def _people(analysis: Analysis) -> tuple[Person, ...]:
    """Give the people under the names that the page uses."""
    names = words.person_names(analysis.summary["people"])
    return tuple(Person(p.id, names.get(p.id, p.name), p.role) for p in analysis.session.people)


def _label(analysis: Analysis, cue: str) -> str:
    return str(analysis.cues[cue].attrs.get("long_name", ""))


def _has_course(coupling: Coupling) -> bool:
    course = coupling.course
    return course is not None and len(course) == 3 and np.asarray(course[2]).size > 0


def _groups(analysis: Analysis, pid: str) -> tuple[tuple[str, ...], ...]:
    found = analysis.circuits.supported.get(pid)
    return found.groups if found else (tuple(str(s) for s in analysis.states["state"].values),)


def _level_known(analysis: Analysis, pid: str) -> bool:
    found = analysis.circuits.supported.get(pid)
    return bool(found and found.level_known)


def _changes_known(analysis: Analysis, pid: str) -> bool:
    found = analysis.circuits.supported.get(pid)
    return bool(found and found.changes)


def _state_summary(analysis: Analysis, pid: str, name: str) -> str:
    groups = _groups(analysis, pid)
    p = analysis.states.sel(person=pid).transpose("time", "state")
    known = np.isfinite(p.values).all(axis=1)
    if len(groups) < 2 or not known.any():
        return f"{name}: not told; nothing that was observed tells one state from another."
    if not _changes_known(analysis, pid):
        return f"{name}: not told; no rest or calm talk was marked to compare with."
    if _level_known(analysis, pid):
        means = [(g, float(p.sel(state=list(g)).sum("state").values[known].mean())) for g in groups]
        text = words.join_words(f"{words.state_words(g)} {percent(mean)}" for g, mean in means)
        text = f"on average {text}"
    else:
        text = "read the changes, not the level, because the level is not known"
    unknown = f"; {percent(float(1 - known.mean()))} of the time is not known" if not known.all() else ""
    return f"{name}: {text}{unknown}."


def _state_table(analysis: Analysis, pid: str, name: str) -> Table:
    """Probabilities in steps of time; where the level is not known, only how far they lie from their mean."""
    duration = float(analysis.summary["session"]["duration_s"])
    step = next((s for s in STEPS_S if duration / s <= MAX_ROWS), STEPS_S[-1])
    groups, p = _groups(analysis, pid), analysis.states.sel(person=pid).transpose("time", "state")
    order, times = [str(s) for s in p["state"].values], p["time"].values
    sums = np.column_stack([p.values[:, [order.index(s) for s in group]].sum(axis=1) for group in groups])
    known, level = np.isfinite(sums).all(axis=1), _level_known(analysis, pid)
    known &= _changes_known(analysis, pid)
    if not level and known.any():
        sums = sums - sums[known].mean(axis=0)
    rows = []
    for start in np.arange(times[0] if len(times) else 0.0, duration, step):
        inside = sums[known & (times >= start) & (times < start + step)]
        means = (
            [_share(value, level) for value in inside.mean(axis=0)]
            if len(inside)
            else ["not known"] * len(groups)
        )
        rows.append((words.clock_words(float(start)), *means))
    what = "mean probability" if level else "change of the probability from its own mean, in points"
    head = ("From", *(words.state_words(group) for group in groups))
    return table(f"{name}: {what}, each {words.duration_words(step)}", head, rows)


def _share(value: float, level: bool) -> str:
    return percent(value) if level else f"{100 * value:+.0f}".replace("-", "−")


def _cue_table(analysis: Analysis, cues: list[str]) -> Table:
    names, rows = words.person_names(analysis.summary["people"]), []
    for cue in cues:
        for pid, name in names.items():
            values = analysis.cues[cue].sel(person=pid).values
            thirds = [part[np.isfinite(part)] for part in np.array_split(values, 3)]
            share = float(np.isfinite(values).mean())
            if share > 0:
                label = _label(analysis, cue) or cue.replace("_", " ")
                means = [float(part.mean()) if len(part) else None for part in thirds]
                rows.append((label, name, percent(share), *means))
    head = ("Cue", "Person", "Observed", "First third", "Middle", "Last third")
    return table(
        "Mean in each third of the talk, in standard deviations (codes, touch and ratings: 0 to 1)",
        head,
        rows,
    )


def _chance(coupling: Coupling) -> tuple[float, float]:
    """Mean and 95th percentile of the sizes that shifted copies of the same series reach."""
    sizes = np.asarray(coupling.surrogates, float)
    return float(np.nanmean(sizes)), float(np.nanpercentile(sizes, 95))


def _bond_summary(coupling: Coupling) -> str:
    _, high = _chance(coupling)
    series, size = words.series_words(coupling.a_cue), number(abs(coupling.value))
    if abs(coupling.value) <= high:
        return (
            f"The two people’s {series} moved together no more than chance would have them: a strength "
            f"of {size}, and 19 of 20 times chance alone stays below {number(high)}."
        )
    way = "the same way" if coupling.value >= 0 else "opposite ways"
    return (
        f"The two people’s {series} moved {way} more than chance would have them: a strength "
        f"of {size}, and 19 of 20 times chance alone stays below {number(high)}."
    )


def _bond_table(coupling: Coupling) -> Table:
    mean, high = _chance(coupling)
    rows = [
        ("The two together (Fisher z, signed)", coupling.value),
        ("Chance: mean size", mean),
        ("Chance: size that 1 in 20 exceeds", high),
        ("p", p_value(coupling.p)),
    ]
    return table("The link beside its surrogates", ("What", "Value"), rows)
