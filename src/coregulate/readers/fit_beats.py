"""When the beats of a FIT file were: its intervals carry no times, but stand between records that do.

Of five files of watches that kept intervals for 10 minutes to 14 hours, the sum of the intervals followed the records
to within 0.6 s an hour, wherever none was lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from coregulate.core import FloatArray

_AROUND = 31  # prior: beats whose median tells a lasting jump from a record that came late
_JUMP_S = 3.0  # prior: what a break of that many seconds is worth; smaller ones stay within the error


class Laid(NamedTuple):
    """When each interval ended (Unix), in how many pieces it was laid, and 95 % of how far the records lie off."""

    ends_unix_s: FloatArray
    n_pieces: int
    error_s: float


def lay_beats(rr_s: FloatArray, before: Sequence[int], records_unix_s: Sequence[float]) -> Laid | None:
    """Lay intervals in time by the records around them.

    Parameters
    ----------
    rr_s : array, shape (beats,)
        Intervals in the file's order.
    before : sequence of int, one for each interval
        How many records came before it.
    records_unix_s : sequence of float
        The records' times in the file's order.

    Returns
    -------
    Laid or None
        None without records, or where none came before.
    """
    records = np.asarray(records_unix_s, dtype=np.float64)
    at = np.asarray(before) - 1
    if not len(records) or not len(rr_s) or at.max() < 0:
        return None
    earlier = records[np.maximum(at, 0)]
    later = records[np.minimum(at + 1, len(records) - 1)]
    ends = np.cumsum(rr_s)
    usual = float(np.median(np.diff(records))) if len(records) > 1 else 1.0
    # A record that comes long after the last one tells that the watch was stopped: not when the beats between were.
    between = earlier + np.where(later - earlier <= max(3 * usual, _JUMP_S), later - earlier, usual) / 2
    off = between - ends
    laid = ends.copy()
    residuals = []
    pieces = _pieces(off)
    for piece in pieces:
        offset = float(np.median(off[piece]))
        laid[piece] += offset
        residuals.append(np.abs(off[piece] - offset))
    error = float(np.quantile(np.concatenate(residuals), 0.95))
    return Laid(np.maximum.accumulate(laid), len(pieces), error)


def _pieces(off: FloatArray) -> list[slice]:
    """Cut where the distance between intervals and records jumps and stays."""
    from scipy.ndimage import median_filter

    level = median_filter(off, size=_AROUND, mode="nearest")
    cuts = [0]
    for k, here in enumerate(level):
        if abs(here - level[cuts[-1]]) > _JUMP_S:
            cuts.append(k)
    return [slice(a, b) for a, b in zip(cuts, [*cuts[1:], len(off)], strict=True)]
