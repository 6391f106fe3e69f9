"""Colours, patterns and words: a state is never told by colour alone.

Contrast of at least 3:1 on white and on dark; the order is fixed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from coregulate.core import FloatArray

#: By the order of the people, with a dash and a marker that say the same.
PERSON_COLOURS = ("#0072B2", "#B34700")
PERSON_DASHES: tuple[Any, ...] = ("-", (0, (4, 1.2)))
PERSON_MARKERS = ("o", "s")
SAFE, ACTIVATED, WITHDRAWN, NEITHER = "#60998C", "#9D5D0F", "#7353B8", "#767676"
#: Words and axes; 7.6:1 on white. An embedded SVG may take the page's own text colour instead.
INK = "#4b5563"
#: Edge and hatching of chance, stretches and everything that is no state.
QUIET = "#9ca3af"
#: pt. A page of 320 px shows a figure 4.5 inches wide at about its size (1 px a pt).
FONT = 11.0

_ORDER = ("social", "play", "still", "fight_flight", "shutdown")
_SAFE_STATES = frozenset(_ORDER[:3])
_WORDS = dict(zip(_ORDER, ("engaged", "lively", "at rest", "activated", "withdrawn"), strict=True))
_HATCHES = {"social": "\\\\", "play": "////", "still": "...", "fight_flight": "xxx", "shutdown": "---"}


class Look(NamedTuple):
    """How a state, or a sum of states that cannot be told apart, is drawn."""

    word: str
    colour: str
    hatch: str


#: The absence of colour, with a dashed edge.
NOT_CLEAR = Look("not clear", "none", "")


def look_of(group: Sequence[str]) -> Look:
    """Return word, colour and pattern of a group of states.

    Parameters
    ----------
    group : sequence of str
        One state, or those that must be summed.

    Returns
    -------
    Look

    Examples
    --------
    >>> look_of(("social", "play", "still"))
    Look(word='at ease', colour='#60998C', hatch='')
    >>> look_of(("shutdown",)).word
    'withdrawn'
    >>> look_of(("play", "fight_flight"))
    Look(word='lively or activated', colour='#767676', hatch='oo')
    """
    members = frozenset(group)
    if len(group) == 1:
        state = group[0]
        colour = SAFE if state in _SAFE_STATES else ACTIVATED if state == "fight_flight" else WITHDRAWN
        return Look(_WORDS[state], colour, _HATCHES[state])
    if members == _SAFE_STATES:
        return Look("at ease", SAFE, "")
    if len(members) == len(_WORDS):
        return NOT_CLEAR
    word = " or ".join(_WORDS[state] for state in _ORDER if state in members)
    if members <= _SAFE_STATES:
        return Look(word, SAFE, "||")
    return Look(word, NEITHER, "++" if not members & _SAFE_STATES else "oo")


def axes_for(ax: Any, size: tuple[float, float]) -> Any:
    """Return the axes given, or new ones on a figure of their own (inches); pyplot is never touched."""
    if ax is not None:
        return ax
    from matplotlib.figure import Figure

    return Figure(figsize=size, layout="constrained").add_subplot()


def width_pt(ax: Any) -> float:
    """Estimate the width of the drawing area, pt, before layout: the figure less its labels."""
    return float(max(72.0 * ax.figure.get_figwidth() * 0.85, 100.0))


def fits(ax: Any, text: str, share: float) -> bool:
    """Whether a text fits in a share of the axes' width (a letter is about 0.6 of its size wide)."""
    return len(text) * 0.6 * FONT <= share * width_pt(ax)


def plain(ax: Any) -> None:
    """Leave two spines, quiet ink, and one size of letters."""
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(INK)
    ax.tick_params(labelsize=FONT, colors=INK, length=3)
    for label in (ax.xaxis.label, ax.yaxis.label):
        label.set_fontsize(FONT)
        label.set_color(INK)
    for text in (ax.xaxis.label, ax.yaxis.label, *ax.get_yticklabels()):
        text.set_parse_math(False)  # a name may hold dollar signs: it is text, not a formula


def time_axis(ax: Any, start_s: float, end_s: float) -> None:
    """Minutes and seconds (hours from one hour on), as many ticks as fit."""
    from matplotlib.ticker import FuncFormatter, MultipleLocator

    end_s = max(end_s, start_s + 1.0)
    hours = end_s >= 3600.0
    most = max(2, int(width_pt(ax) / (5.5 * FONT)))
    steps = (1, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
    step = next((s for s in steps if (end_s - start_s) / s <= most), steps[-1])
    ax.set_xlim(start_s, end_s)
    ax.xaxis.set_major_locator(MultipleLocator(step))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda s, _: _clock(s, hours=hours)))
    ax.set_xlabel("hours and minutes from the start" if hours else "minutes and seconds from the start")
    plain(ax)


def _clock(time_s: float, *, hours: bool) -> str:
    whole = round(abs(time_s))
    sign = "−" if time_s < -0.5 else ""
    if hours:
        return f"{sign}{whole // 3600}:{whole // 60 % 60:02d}"
    return f"{sign}{whole // 60}:{whole % 60:02d}"


def legend_above(ax: Any, handles: Sequence[Any]) -> None:
    """Set a legend over the axes, in as many columns as fit."""
    if not handles:
        return
    longest = max(len(handle.get_label()) for handle in handles)
    n_columns = max(1, min(len(handles), int(width_pt(ax) / ((0.55 * longest + 3.5) * FONT))))
    legend = ax.legend(
        handles=list(handles), loc="lower left", bbox_to_anchor=(0.0, 1.0), frameon=False, fontsize=FONT,
        labelcolor=INK, ncols=n_columns, handlelength=2.2, handleheight=1.1, columnspacing=1.2, borderaxespad=0.2,
    )  # fmt: skip
    for text in legend.get_texts():
        text.set_parse_math(False)


def patch(look: Look) -> Any:
    """Legend entry of a state."""
    from matplotlib.patches import Patch

    if look == NOT_CLEAR:
        return Patch(facecolor="none", edgecolor=INK, linestyle="--", linewidth=0.9, label=look.word)
    return Patch(facecolor=look.colour, hatch=look.hatch, edgecolor="white", linewidth=0, label=look.word)


def person_style(k: int) -> dict[str, Any]:
    """Colour and dash of a person by their place in the order of the people."""
    return {"color": PERSON_COLOURS[k % 2], "linestyle": PERSON_DASHES[k % 2]}


def runs(values: Any) -> list[tuple[int, int, Any]]:
    """Split into stretches of equal values: first, last (half-open), value.

    Examples
    --------
    >>> runs("aab")
    [(0, 2, 'a'), (2, 3, 'b')]
    """
    found: list[tuple[int, int, Any]] = []
    for i, value in enumerate(values):
        if found and found[-1][2] == value:
            found[-1] = (found[-1][0], i + 1, value)
        else:
            found.append((i, i + 1, value))
    return found


def thinned(time: FloatArray, values: FloatArray, *, columns: int) -> tuple[FloatArray, FloatArray]:
    """Average over at most `columns` stretches; less than half observed is NaN, so that gaps stay gaps.

    Parameters
    ----------
    time : array, shape (n,)
        Start of each sample, s, regular.
    values : array, shape (n,) or (n, k)
    columns : int

    Returns
    -------
    (edges_s, means) : arrays, shapes (m + 1,) and (m,) or (m, k)
    """
    time, values = np.asarray(time, np.float64), np.asarray(values, np.float64)
    n = len(time)
    if n == 0:
        return np.zeros(1), values
    step = float(time[-1] - time[0]) / (n - 1) if n > 1 else 1.0
    block = max(1, -(-n // columns))
    first = np.arange(0, n, block)
    seen = np.isfinite(values)
    n_seen = np.add.reduceat(seen.astype(np.float64), first, axis=0)
    total = np.add.reduceat(np.where(seen, values, 0.0), first, axis=0)
    n_all = np.diff(np.r_[first, n]).reshape(-1, *[1] * (values.ndim - 1))
    means = np.where(n_seen >= 0.5 * n_all, total / np.maximum(n_seen, 1), np.nan)
    return np.r_[time[first], time[-1] + step], means


def words_of(shown: Mapping[str, Look]) -> list[Look]:
    """Sort looks in the fixed order of the states, sums after the states they begin with, `not clear` last."""
    order = [*_WORDS.values()]

    def place(look: Look) -> tuple[int, int]:
        first = look.word.split(" or ")[0]
        if look == NOT_CLEAR:
            return len(order), 0
        return (order.index(first) if first in order else 0), len(look.word)

    return sorted(shown.values(), key=place)
