"""Recordings that were paused and resumed: the pieces of one sensor become one stream with gaps."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coregulate.core import Data, Events, Notice, Samples, Segment, Signal, Track

from .owned import OwnedStream

SLACK_S = 1.0  # prior: a device that goes on in a new file may repeat the last moment
_JOINED = (Signal, Samples, Events, Track)


def joined(streams: Sequence[OwnedStream]) -> list[OwnedStream]:
    """Join streams of one person and kind that lie in different files and follow each other.

    Streams that overlap (two sensors at once), sound and video stay as they are.
    """
    groups: dict[tuple[str, str, str, int], list[OwnedStream]] = {}
    for k, stream in enumerate(streams):
        own = 0 if stream.person and isinstance(stream.data, _JOINED) and stream.kind != "markers" else k + 1
        groups.setdefault((stream.person, stream.kind, _shape(stream.data), own), []).append(stream)
    return [s for members in groups.values() for s in (_one(members) if _follow(members) else members)]


def _shape(data: Data) -> str:
    kind = "series" if isinstance(data, Signal | Samples) else type(data).__name__
    unit = getattr(data, "unit", "")
    values = getattr(data, "values", None)
    return f"{kind} {unit} {values.shape[1:] if values is not None else ''}"


def _follow(members: Sequence[OwnedStream]) -> bool:
    if len(members) < 2 or len({m.path for m in members}) < len(members):
        return False
    spans = sorted((m.data.span for m in members), key=lambda s: s.start_s)
    return all(b.start_s >= a.end_s - SLACK_S for a, b in itertools.pairwise(spans))


def _one(members: Sequence[OwnedStream]) -> list[OwnedStream]:
    ordered = sorted(members, key=lambda m: m.data.span.start_s)
    first = ordered[0]
    spans = [m.data.span for m in ordered]
    gaps = [b.start_s - a.end_s for a, b in itertools.pairwise(spans)]
    text = (
        f"{len(ordered)} pieces ({', '.join(m.path for m in ordered[:4])}) are joined; "
        f"{sum(max(g, 0.0) for g in gaps):.1f} s between them are missing."
    )
    notices = (*(n for m in ordered for n in m.notices), Notice("pieces_joined", first.path, text))
    return [
        first._replace(
            data=_concatenated([m.data for m in ordered], spans),
            timing="stamps",
            notices=notices,
            pieces=tuple(m.path for m in ordered),
        )
    ]


def _concatenated(pieces: Sequence[Data], spans: Sequence[Segment]) -> Data:
    """Put pieces one after another; what a later one repeats of an earlier one is left out."""
    if isinstance(pieces[0], Track):
        labels = tuple(x for p in pieces if isinstance(p, Track) for x in p.labels)
        return Track(tuple(sorted(labels)), pieces[0].name)
    times: list[NDArray[Any]] = []
    values: list[NDArray[Any]] = []
    until = -np.inf
    for piece, span in zip(pieces, spans, strict=True):
        assert isinstance(piece, Signal | Samples | Events)  # what is joined has values
        keep = np.asarray(piece.times_s) > until
        times.append(np.asarray(piece.times_s)[keep])
        values.append(np.asarray(piece.values)[keep])
        until = max(until, span.end_s - 1e-9)
    when, what = np.concatenate(times), np.concatenate(values)
    if isinstance(pieces[0], Events):
        return dataclasses.replace(pieces[0], times_s=when, values=what)
    rates = {p.rate_hz for p in pieces if isinstance(p, Signal | Samples)}
    rate = rates.pop() if len(rates) == 1 else None
    head = pieces[0]
    assert isinstance(head, Signal | Samples)
    return Samples(when, what, rate, head.unit, head.name)
