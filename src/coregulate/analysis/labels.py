"""What people say of themselves and coders of them: codes, and ratings on one scale."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from coregulate.core import CoregulateError, FloatArray, Notice, Samples, Signal, Track
from coregulate.session import OwnedStream

from .bodies import Bodies
from .taps import tapped

# prior: a rating is carried over a gap of this length, as heart beats are
RATING_GAP_S = 5.0


def take_labels(people: Sequence[str], streams: Sequence[OwnedStream], bodies: Bodies) -> None:
    """Take each person's codes and rating, and note whose streams hold tapped moments."""
    for stream in streams:
        if stream.person not in people:
            continue
        if any(tapped([stream], stream.person)):
            bodies.use(stream, "corrections")
        if stream.kind == "codes" and isinstance(stream.data, Track):
            bodies.tracks[stream.person]["codes"] = stream.data
            bodies.use(stream, "codes")
        elif stream.kind == "rating" and isinstance(stream.data, Signal | Samples):
            low, high = stream.range or (0.0, 1.0)
            rating, outside = _rating(stream.data, low, high)
            bodies.ratings[stream.person] = rating
            bodies.use(stream, "felt_safe")
            if outside:
                where = f"{stream.person}: {stream.path}"
                text = f"{outside} ratings lie outside {low:g} to {high:g}; they count as its ends."
                bodies.notices.append(Notice("rating_out_of_range", where, text))


def _rating(data: Signal | Samples, low: float, high: float) -> tuple[Signal, int]:
    """Position in the declared range, 0 to 1, on a regular grid; and how many values lay outside."""
    if not high > low:
        raise CoregulateError(
            f"The range of a rating is {low:g} to {high:g}", "Give the lower end first, in session.toml"
        )
    if isinstance(data, Samples):
        data = _regular(data)
    position = (np.asarray(data.values, dtype=float) - low) / (high - low)
    outside = int(np.sum((position < -1e-9) | (position > 1 + 1e-9)))
    return dataclasses.replace(data, values=np.clip(position, 0, 1), unit="1", name="felt_safe"), outside


def _regular(data: Samples) -> Signal:
    """One value a second from stamped ratings; a gap stays one."""
    times: FloatArray = np.asarray(data.times_s, dtype=np.float64)
    values: FloatArray = np.asarray(data.values, dtype=np.float64)
    keep = np.isfinite(times) & np.isfinite(values)
    times, values = times[keep], values[keep]
    if len(times) == 0:
        return Signal(np.empty(0), 1.0, 0.0, data.unit, data.name)
    start = float(np.floor(times[0]))
    grid: FloatArray = np.arange(int(np.floor(times[-1] - start)) + 1, dtype=np.float64) + (start + 0.5)
    after = np.clip(np.searchsorted(times, grid), 1, max(len(times) - 1, 1))
    gap = times[np.minimum(after, len(times) - 1)] - times[after - 1]
    filled: FloatArray = np.where(gap <= RATING_GAP_S, np.interp(grid, times, values), np.nan)
    return Signal(filled, 1.0, start, data.unit, data.name)
