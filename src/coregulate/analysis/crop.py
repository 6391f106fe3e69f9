"""Keep only a stretch of a stream; its times stay session time."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from coregulate.core import Events, Label, Pictures, Samples, Segment, Signal, Sound, Track
from coregulate.session import OwnedStream


def cropped(stream: OwnedStream, start_s: float, end_s: float) -> OwnedStream:
    """Return the stream with nothing before ``start_s`` or from ``end_s`` on.

    Sound and pictures keep their start (they are read by their own time), and only end earlier:
    what is before ``start_s`` is silenced by leaving it out of the speech track.
    """
    data = stream.data
    if start_s <= data.span.start_s and end_s >= data.span.end_s:
        return stream
    if isinstance(data, Signal):
        first = max(0, math.ceil((start_s - data.start_s) * data.rate_hz - 1e-9))
        last = (
            len(data.values)
            if math.isinf(end_s)
            else max(first, math.ceil((end_s - data.start_s) * data.rate_hz - 1e-9))
        )
        kept = dataclasses.replace(
            data, values=data.values[first:last], start_s=data.start_s + first / data.rate_hz
        )
        return stream._replace(data=kept)
    if isinstance(data, Samples | Events):
        inside = (np.asarray(data.times_s) >= start_s) & (np.asarray(data.times_s) < end_s)
        values = data.values[inside] if len(data.values) == len(inside) else data.values
        return stream._replace(data=dataclasses.replace(data, times_s=data.times_s[inside], values=values))
    if isinstance(data, Sound | Pictures):
        return stream._replace(
            data=dataclasses.replace(data, duration_s=max(0.0, min(end_s, data.span.end_s) - data.start_s))
        )
    return stream._replace(data=cropped_track(data, Segment(start_s, end_s)))


def cropped_track(track: Track, span: Segment) -> Track:
    """Return the labels' parts within a span; a label without length stays where it lies inside."""
    inside = (
        x for x in track.labels
        if (x.start_s < span.end_s and x.end_s > span.start_s) or span.start_s <= x.start_s == x.end_s < span.end_s
    )  # fmt: skip
    labels = (Label(max(x.start_s, span.start_s), min(x.end_s, span.end_s), x.text) for x in inside)
    return Track(tuple(labels), track.name)
