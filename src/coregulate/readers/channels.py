"""Channels with a name, a unit and a rate, as devices' files hold them, become streams."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from coregulate.core import Events, FloatArray, FormatError, Label, Notice, Samples, Signal, Stream, Track

from .clock import regular_or_samples
from .columns import axes, in_unit, is_conductance, kind_of, owner_of, unit_named

MAX_OTHER = 20_000_000  # prior: samples of channels without a use that are kept; 160 MB
MAX_VALUES = 120_000_000  # prior: samples in all; 1 GB as float64 (as float32, half)
_SHARED = frozenset(["rate_contradicted", "gaps"])
_LAST_NUMBER = re.compile(r"(?:^|[^\d])([12])\W*$")
LARGE = 40_000_000  # prior: from so many samples on, values are kept as float32
#: Kinds that the analysis can use, or shows as a reference.
USED = frozenset(
    ["ecg", "ppg", "rr", "beats", "heart_rate", "eda", "respiration", "acceleration", "temperature", "rating",
     "motion_energy"]
)  # fmt: skip


class Channel(NamedTuple):
    """One channel: ``rate_hz``, or a time for each value; ``kind`` and ``owner`` where the file itself says."""

    label: str
    values: FloatArray
    rate_hz: float | None = None
    unit: str = ""
    start_s: float = 0.0
    times_s: FloatArray | None = None
    kind: str = ""
    owner: str = ""
    notices: tuple[Notice, ...] = ()


def channel_kind(label: str, unit: str = "") -> str:
    """Return the kind of a channel by its label: ``hr`` in milliseconds is none, ``resp rate`` neither."""
    kind = kind_of(label)
    if kind == "ecg" and unit_named(unit) == "1/min":
        return "heart_rate"
    return kind


def streams_of(
    channels: Sequence[Channel], path: Path, *, origin_unix_s: float | None = None, timing: str = "rate",
    notices: Sequence[Notice] = (),
) -> list[Stream]:  # fmt: skip
    """Turn a file's channels into streams.

    Parameters
    ----------
    channels : sequence of Channel
    path : Path
    origin_unix_s : float or None
        Unix time of the channels' time 0.
    timing : str
        What ``core.Stream`` says of it, for channels with a rate; a time for each value is ``stamps``.
    notices : sequence of Notice
        About the file as a whole; they go on the first stream.

    Returns
    -------
    list of Stream
        Axes of one accelerometer joined; owners only where the labels tell two people apart.

    Raises
    ------
    FormatError
        Where no channel holds a number.
    """
    joined = _joined(channels)
    owners = channel_owners([c.label for c in joined], [_kind(c) for c in joined])
    parts = _parts([c.label for c in joined])
    streams: list[Stream] = []
    empty: list[str] = []
    said: set[tuple[str, str]] = set()
    for channel, owner, part in zip(joined, owners, parts, strict=True):
        stream = _stream(channel, part, channel.owner or owner, path, origin_unix_s, timing)
        if stream is None:
            empty.append(part)
        else:
            # What holds for every channel of a device is said once.
            fresh = tuple(n for n in stream.notices if n.code not in _SHARED or (n.code, n.text) not in said)
            said |= {(n.code, n.text) for n in fresh}
            streams.append(dataclasses.replace(stream, notices=fresh))
    if not streams:
        raise FormatError(
            "None of its channels holds a number that changes", "Check that the right file was given", path
        )
    told = list(notices)
    if empty:
        shown = ", ".join(empty[:12])
        told.append(Notice("left_out", path.name, f"Channels without any change or number: {shown}."))
    return with_notices(streams, told)


def with_notices(streams: list[Stream], notices: Sequence[Notice]) -> list[Stream]:
    """Put notices about the file as a whole on its first stream."""
    if notices:
        streams[0] = dataclasses.replace(streams[0], notices=(*notices, *streams[0].notices))
    return streams


def marker_stream(
    marks: Sequence[tuple[float, float, str]], path: Path, part: str, *, origin_unix_s: float | None = None
) -> Stream:
    """Return a file's own marks (start, end in seconds, text) as one stream of kind ``markers``."""
    labels = tuple(sorted(Label(float(a), float(max(a, b)), text) for a, b, text in marks))
    return Stream("markers", Track(labels, part), str(path), part, origin_unix_s, "", "stamps")


def channel_owners(labels: Sequence[str], kinds: Sequence[str]) -> list[str]:
    """Return each channel's owner, or ``""``: only where two people have a channel of the same kind.

    ``ECG A, ECG B, EDA A`` are A's and B's; ``ECG, Resp wrist`` are nobody's, because ``wrist`` may be a place.
    """
    said = [owner_of(label) if kind != "other" else "" for label, kind in zip(labels, kinds, strict=True)]
    both = {(kind, owner.casefold()) for kind, owner in zip(kinds, said, strict=True) if owner}
    twins = {kind for kind, n in Counter(kind for kind, _ in both).items() if n >= 2}
    people = {owner for kind, owner in both if kind in twins}
    if people:
        return [owner if owner.casefold() in people else "" for owner in said]
    return _numbered(labels, kinds)


def _numbered(labels: Sequence[str], kinds: Sequence[str]) -> list[str]:
    """Return ``1`` and ``2`` where two or more kinds come as a pair so numbered (one pair may be two leads)."""
    numbers = [_LAST_NUMBER.search(label) for label in labels]
    ends = [m[1] if m and kind != "other" else "" for m, kind in zip(numbers, kinds, strict=True)]
    pairs: dict[str, list[str]] = {}
    for kind, end in zip(kinds, ends, strict=True):
        if kind != "other":
            pairs.setdefault(kind, []).append(end)
    paired = len(pairs) >= 2 and all(sorted(p) == ["1", "2"] for p in pairs.values())
    return ends if paired else [""] * len(labels)


def _kind(channel: Channel) -> str:
    return channel.kind or channel_kind(channel.label, channel.unit)


def _joined(channels: Sequence[Channel]) -> list[Channel]:
    """Join the axes of an accelerometer, which devices write as channels of their own."""
    moving = [c for c in channels if _kind(c) == "acceleration" and c.values.ndim == 1]
    groups = {tuple(m): key for key, m in axes([c.label for c in moving]).items() if len(m) > 1}
    by_label = {c.label: c for c in moving}
    joined: list[Channel] = []
    done: set[str] = set()
    for channel in channels:
        members = next((m for m in groups if channel.label in m and channel in moving), None)
        if members is None:
            joined.append(channel)
        elif channel.label not in done:
            parts = [by_label[m] for m in members]
            done.update(members)
            if len({(len(p.values), p.rate_hz) for p in parts}) == 1:
                joined.append(
                    parts[0]._replace(
                        label=groups[members], values=np.column_stack([p.values for p in parts])
                    )
                )
            else:
                joined.extend(parts)
    return joined


def _parts(labels: Sequence[str]) -> list[str]:
    """Return names that differ: a label that comes twice gets its number."""
    count: Counter[str] = Counter()
    parts = []
    for label in labels:
        count[label] += 1
        parts.append(label if count[label] == 1 else f"{label} #{count[label]}")
    return parts


def _stream(
    channel: Channel, part: str, owner: str, path: Path, origin: float | None, timing: str
) -> Stream | None:
    kind, where = _kind(channel), f"{path.name}: {part}"
    values = channel.values
    notices = list(channel.notices)
    known = np.isfinite(values)
    if not known.any():
        return None
    n_bad = int(known.size - np.count_nonzero(known))
    if n_bad and np.isinf(values).any():
        values = np.where(known, values, np.nan)
        notices.append(Notice("not_finite", where, "Values that are infinite are read as missing."))
    if float(np.nanmax(values)) == float(np.nanmin(values)) and kind not in ("rr", "heart_rate"):
        if kind == "other":
            return None
        notices.append(
            Notice("constant", where, f"Every value is {float(np.nanmax(values)):g}: a sensor that hung?")
        )
    stated = unit_named(channel.unit)
    values, unit, assumed = in_unit(values, kind, stated)
    if assumed:
        notices.append(Notice("assumed_unit", where, assumed))
    attrs: dict[str, Any] = {}
    if kind == "eda" and not is_conductance(unit):
        notices.append(Notice("unit_unusable", where, unusable(channel.unit)))
        kind, attrs = "other", {"looks_like": "eda"}
    if kind == "rating":
        attrs["observed_range"] = (float(np.nanmin(values)), float(np.nanmax(values)))
    data, timing, more = _data(channel, kind, values, unit, part, timing, where)
    return Stream(kind, data, str(path), part, origin, owner, timing, (*notices, *more), attrs)


def unusable(unit: str) -> str:
    """Say why skin conductance in another unit than a conductance is not used."""
    return (
        f"The skin conductance is written in '{unit}', which is no conductance, so it is not used: "
        f"export it in microsiemens."
    )


def _data(
    channel: Channel, kind: str, values: FloatArray, unit: str, part: str, timing: str, where: str
) -> tuple[Signal | Samples | Events, str, list[Notice]]:
    if kind in ("rr", "beats") and channel.times_s is not None:
        keep = np.isfinite(channel.times_s) & np.isfinite(values)
        return Events(channel.times_s[keep], values[keep], unit, part), "stamps", []
    if channel.times_s is not None:
        data, told = regular_or_samples(
            channel.times_s, values, rate_hz=channel.rate_hz, unit=unit, name=part, where=where
        )
        return data, "stamps", told
    assert channel.rate_hz is not None  # a channel has a rate or times
    return Signal(values, channel.rate_hz, channel.start_s, unit, part), timing, []
