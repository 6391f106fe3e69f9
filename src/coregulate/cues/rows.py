"""Cue tracks on their way into a dataset: one row for each cue and person."""

from __future__ import annotations

import numpy as np

from coregulate.core import FloatArray, Signal

from .grid import on_grid

#: Values of each cue by person, each of shape (n,) at 10 Hz.
Rows = dict[str, dict[str, FloatArray]]


def put(rows: Rows, name: str, pid: str, values: FloatArray) -> None:
    """Lay one person's track of a cue among the rows."""
    rows.setdefault(name, {})[pid] = values


def quality_of(quality: Signal | None, values: FloatArray, n: int) -> FloatArray:
    """Quality of each step of a cue, 0 to 1: 0 where it was not seen, 1 where nobody says how well."""
    known = np.isfinite(values)
    if quality is None:
        return known.astype(float)
    return np.where(known, np.clip(np.nan_to_num(on_grid(quality, n)), 0.0, 1.0), 0.0)
