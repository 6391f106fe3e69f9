"""The link between two series: beside chance, and at each lag."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from coregulate.bond import Coupling
from coregulate.core import FloatArray

from .style import FONT, INK, QUIET, axes_for, fits, legend_above, plain

#: What is observed stands out by weight, in ink that holds on white and on dark.
OBSERVED = "#0072B2"


def bond_surrogates(coupling: Coupling, ax: Any = None) -> Any:
    """Draw the observed coupling beside what chance reaches: never one without the other.

    Parameters
    ----------
    coupling : Coupling
        ``value`` is drawn by its size, like its ``surrogates``.
    ax : matplotlib Axes, optional
        Default: new ones, 6.5 inches wide.

    Returns
    -------
    matplotlib.axes.Axes
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    ax = axes_for(ax, (6.5, 2.8))
    chance = np.abs(np.asarray(coupling.surrogates, np.float64))
    chance = chance[np.isfinite(chance)]
    handles: list[Any] = []
    if np.isfinite(coupling.value):
        ax.axvline(abs(coupling.value), color=OBSERVED, linewidth=3)
        handles.append(Line2D([], [], color=OBSERVED, linewidth=3, label="these two"))
    if len(chance):
        most = max(float(chance.max()), abs(coupling.value) if np.isfinite(coupling.value) else 0.0, 1e-6)
        # Few surrogates differ, as neighbouring shifts repeat each other: finer bars would only show that.
        ax.hist(chance, bins=np.linspace(0, most * 1.02, 25), color=QUIET, edgecolor="white", linewidth=0.5)
        ax.axvline(float(np.quantile(chance, 0.95)), color=INK, linestyle=":", linewidth=1.6)
        handles += [
            Line2D([], [], color=INK, linestyle=":", linewidth=1.6, label="1 in 20 by chance lies beyond"),
            Patch(facecolor=QUIET, label="chance: the same two, shifted in time"),
        ]
        ax.set_xlim(0, most * 1.06)
    else:
        _say(ax, "not known: too little was observed in both")
    ax.set_xlabel("strength of the link (mean Fisher z)")
    ax.set_ylabel("shifted copies")
    plain(ax)
    legend_above(ax, handles)
    return ax


def lag_profile(coupling: Coupling, ax: Any = None) -> Any:
    """Draw the coupling at each lag, with the middle half of its windows; above 0 the first person leads.

    Parameters
    ----------
    coupling : Coupling
        ``course`` is (times_s, lags_s, z of shape (times, lags)); ``a`` and ``b`` name the people.
    ax : matplotlib Axes, optional
        Default: new ones, 6.5 inches wide.

    Returns
    -------
    matplotlib.axes.Axes
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    ax = axes_for(ax, (6.5, 2.8))
    _, lags, z = coupling.course
    lags, z = np.asarray(lags, np.float64), np.asarray(z, np.float64)
    ax.axhline(0, color=INK, linewidth=0.7)
    ax.axvline(0, color=INK, linewidth=0.7, linestyle=":")
    handles: list[Any] = []
    if z.size and np.isfinite(z).any():
        mean, low, high = _over_windows(z)
        ax.fill_between(lags, low, high, facecolor=QUIET, alpha=0.5, linewidth=0)
        ax.plot(lags, mean, color=OBSERVED, linewidth=2.2)
        handles = [
            Line2D([], [], color=OBSERVED, linewidth=2.2, label="mean over windows"),
            Patch(facecolor=QUIET, alpha=0.5, label="middle half of the windows"),
        ]
        if np.isfinite(coupling.lag_s):
            ax.axvline(coupling.lag_s, color=INK, linewidth=1.4, linestyle="--")
            handles.append(
                Line2D([], [], color=INK, linestyle="--", linewidth=1.4, label="where it is largest")
            )
        ax.set_xlim(float(lags.min()), float(lags.max()))
    else:
        _say(ax, "not known: too little was observed in both")
    wide = f"lag (s)   ← {coupling.b} leads  |  {coupling.a} leads →"
    ax.set_xlabel(wide if fits(ax, wide, 1.0) else f"lag (s)\n← {coupling.b} leads\n{coupling.a} leads →")
    ax.set_ylabel("link (Fisher z)")
    plain(ax)
    legend_above(ax, handles)
    return ax


def _over_windows(z: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a lag that no window has: NaN
        low, high = np.nanquantile(z, [0.25, 0.75], axis=0)
        return np.nanmean(z, axis=0), low, high


def _say(ax: Any, text: str) -> None:
    ax.text(
        0.5, 0.5, text, ha="center", va="center", transform=ax.transAxes, fontsize=FONT, color=INK, wrap=True
    )
