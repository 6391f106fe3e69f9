"""What the header of an XDF stream says: its name, rate, and the label, unit and kind of each channel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from .channels import channel_kind

TYPES = {  # what LSL's registry of content types calls our kinds (sccn/xdf wiki, "Meta-Data")
    "ecg": "ecg", "ekg": "ecg", "ppg": "ppg", "bvp": "ppg", "gsr": "eda", "eda": "eda", "rr": "rr", "ibi": "rr",
    "hr": "heart_rate", "respiration": "respiration", "resp": "respiration", "acc": "acceleration",
    "accelerometer": "acceleration", "rating": "rating",
}  # fmt: skip


class Named(NamedTuple):
    """One channel of a stream."""

    label: str
    unit: str
    kind: str


def said(stream: Mapping[str, Any], key: str) -> str:
    """Return what a stream's header says under a key; ``""`` where it says nothing."""
    value = (stream["info"].get(key) or [""])[0]
    return str(value or "")


def name_of(stream: Mapping[str, Any]) -> str:
    """Return a stream's name, or its type where it has none."""
    return said(stream, "name") or said(stream, "type") or "stream"


def is_text(stream: Mapping[str, Any]) -> bool:
    """Whether a stream holds marks in words."""
    return said(stream, "channel_format") == "string"


def kind_of_stream(stream: Mapping[str, Any]) -> str:
    """Return the kind that a stream's type or name tells."""
    return TYPES.get(said(stream, "type").casefold()) or channel_kind(name_of(stream))


def nominal_hz(stream: Mapping[str, Any]) -> float:
    """Return the declared rate, 0 where there is none."""
    try:
        rate = float(said(stream, "nominal_srate") or 0)
    except ValueError:
        return 0.0
    return rate if np.isfinite(rate) and rate > 0 else 0.0


def channels_of(stream: Mapping[str, Any], n: int) -> list[Named]:
    """Return label, unit and kind of each of ``n`` channels, from the stream's description and type."""
    kind = TYPES.get(said(stream, "type").casefold(), "")
    labels = _labels(stream, n)
    named = []
    for k, (label, unit) in enumerate(labels):
        own = channel_kind(label, unit)
        what = own if own != "other" else kind if len(labels) == 1 or kind == "acceleration" else ""
        if kind and not what:  # an ECG stream of several unnamed channels: the first is used
            what = kind if k == 0 else "other"
        full = f"{name_of(stream)} {label}".strip()
        named.append(Named(full, unit, what or channel_kind(full)))
    return named


def is_one_sensor(stream: Mapping[str, Any], named: list[Named]) -> bool:
    """Whether the channels are the three axes of one accelerometer."""
    return (
        TYPES.get(said(stream, "type").casefold()) == "acceleration"
        and len(named) == 3
        and all(c.kind == "acceleration" for c in named)
    )


def _labels(stream: Mapping[str, Any], n: int) -> list[tuple[str, str]]:
    """Return (label, unit) of each channel from the stream's description; numbers where it has none."""
    try:
        listed = stream["info"]["desc"][0]["channels"][0]["channel"]
        labels = [(said({"info": c}, "label"), said({"info": c}, "unit")) for c in listed]
    except (KeyError, IndexError, TypeError, AttributeError):
        labels = []
    if len(labels) != n:
        labels = [("", "")] if n == 1 else [(f"{k + 1}", "") for k in range(n)]
    return labels
