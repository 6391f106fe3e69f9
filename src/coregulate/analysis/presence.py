"""When a stream was on: the share of each part of the session that it covers, for drawing."""

from __future__ import annotations

import numpy as np

from coregulate.core import Data, Events, FloatArray, Samples, Segment, Signal, Track

GAP_STEPS = 3.0  # prior: a step this many times the usual is a gap
EVENT_GAP_S = 5.0  # prior: so long without a beat or a breath is a gap


def presence(data: Data, span: Segment, n_parts: int) -> FloatArray:
    """Return how much of each part of a span a stream covers.

    Parameters
    ----------
    data : Signal, Samples, Events, Track, Sound or Pictures
    span : Segment
        Cut into ``n_parts`` parts of equal length.
    n_parts : int

    Returns
    -------
    ndarray, shape (n_parts,)
        0 (nothing) to 1 (all of it); missing values and gaps between stamps cover nothing. A track covers
        what lies between its first and its last label: nobody can see where a coder looked away.

    Examples
    --------
    >>> presence(Signal(np.ones(50), 10.0, start_s=5.0), Segment(0.0, 10.0), 4).tolist()
    [0.0, 0.0, 1.0, 1.0]
    """
    edges = np.linspace(span.start_s, span.end_s, n_parts + 1)
    starts, ends = _stretches(data)
    covered = np.zeros(n_parts)
    for k in range(n_parts):
        covered[k] = np.sum(np.clip(np.minimum(ends, edges[k + 1]) - np.maximum(starts, edges[k]), 0, None))
    width = span.duration_s / n_parts
    return np.clip(covered / width, 0, 1) if width > 0 else covered


def _stretches(data: Data) -> tuple[FloatArray, FloatArray]:
    if isinstance(data, Signal | Samples | Events) and len(data.times_s):
        times = np.asarray(data.times_s, dtype=np.float64)
        values = np.asarray(data.values)
        if len(values) == len(times):
            known = np.isfinite(values) if values.ndim == 1 else np.isfinite(values).all(axis=1)
            times = times[known]
        steps = np.diff(times)
        usual = float(np.median(steps)) if len(steps) else 0.0
        longest = max(EVENT_GAP_S, usual) if isinstance(data, Events) else GAP_STEPS * usual
        breaks = np.flatnonzero(steps > longest)
        if len(times) == 0:
            return np.empty(0), np.empty(0)
        return times[np.r_[0, breaks + 1]], times[np.r_[breaks, len(times) - 1]] + usual
    if isinstance(data, Track) and not data.labels:
        return np.empty(0), np.empty(0)
    return np.array([data.span.start_s]), np.array([data.span.end_s])
