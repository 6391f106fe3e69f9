"""XDF (Lab Streaming Layer): all streams of a recording on one clock, by pyxdf.

pyxdf applies the clock offsets that were measured during the recording, keeps apart what lies before
and after a clock that started anew, and takes the jitter out of regular streams. A declared rate is
never trusted: the stamps are.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray, FormatError, Notice, Stream

from .channels import (
    MAX_OTHER,
    USED,
    Channel,
    channel_kind,
    marker_stream,
    streams_of,
    with_notices,
)
from .columns import owner_of, words_of
from .reader import Reader, optional
from .text import head_of

_MAX_NUMBERS = 40_000_000  # prior: pyxdf holds each twice, as float64: 640 MB
_TYPES = {  # what LSL's registry of content types calls our kinds (sccn/xdf wiki, "Meta-Data")
    "ecg": "ecg", "ekg": "ecg", "ppg": "ppg", "bvp": "ppg", "gsr": "eda", "eda": "eda", "rr": "rr", "ibi": "rr",
    "hr": "heart_rate", "respiration": "respiration", "resp": "respiration", "acc": "acceleration",
    "accelerometer": "acceleration", "rating": "rating",
}  # fmt: skip


def sniff(path: Path) -> bool:
    """Whether the first bytes, unpacked if gzip, are XDF's."""
    return head_of(path).raw[:4] == b"XDF:"


def read(path: Path, hints: Mapping[str, Any]) -> list[Stream]:
    """Read every stream that has samples; markers as ``markers``.

    Raises
    ------
    MissingExtraError
        Without pyxdf.
    FormatError
        Where nothing can be read.
    """
    pyxdf = optional("pyxdf", "pyxdf", path)
    notices: list[Notice] = []
    with _quiet() as said:
        try:
            raw, _ = pyxdf.load_xdf(
                str(path), select_streams=_chosen(pyxdf, path, notices), on_chunk=_counted()
            )
        except _TooMuch:
            raise FormatError(
                "It holds more samples than can be read at once", "Cut it into parts", path
            ) from None
    if any("corrupt" in text or "Error reading" in text or "zero-length" in text for text in said):
        notices.append(
            Notice("cut_short", path.name, "Parts of it are damaged or cut off: what is whole is read.")
        )
    full = [s for s in raw if len(s["time_stamps"])]
    if not full:
        raise FormatError(
            "None of its streams holds a sample", "Check that the recorder saw the devices", path
        )
    if len(full) < len(raw):
        empty = ", ".join(_name(s) for s in raw if not len(s["time_stamps"]))
        notices.append(Notice("left_out", path.name, f"Streams without a sample: {empty[:200]}."))
    zero = min(float(np.min(s["time_stamps"])) for s in full)
    return _streams(full, zero, path, notices)


@contextmanager
def _quiet() -> Iterator[list[str]]:
    """Collect what pyxdf logs instead of printing it."""
    said: list[str] = []
    logger = logging.getLogger("pyxdf")
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    before = (logger.propagate, logger.level)
    logger.addHandler(handler)
    logger.propagate = False
    logger.setLevel(logging.WARNING)
    try:
        yield said
    finally:
        logger.removeHandler(handler)
        logger.propagate, level = before
        logger.setLevel(level)


class _TooMuch(BaseException):
    """Raised out of pyxdf, which takes any Exception for a damaged part and goes on."""


def _counted() -> Callable[..., tuple[Any, Any, Any]]:
    total = 0

    def keep(values: Any, stamps: Any, info: Any, _stream: int) -> tuple[Any, Any, Any]:
        nonlocal total
        total += np.size(values) + np.size(stamps)
        if total > _MAX_NUMBERS:
            raise _TooMuch
        return values, stamps, info

    return keep


def _chosen(pyxdf: Any, path: Path, notices: list[Notice]) -> list[int] | None:
    """Return the ids of the streams that are read of a large file: those with a use; None: all of a small one."""
    if path.stat().st_size <= 8 * MAX_OTHER:
        return None
    chosen, left = [], []
    for info in pyxdf.resolve_streams(str(path)):
        kind = _TYPES.get(str(info.get("type", "")).casefold()) or channel_kind(str(info.get("name", "")))
        if info.get("channel_format") == "string" or kind in USED:
            chosen.append(int(info["stream_id"]))
        else:
            left.append(str(info.get("name")))
    if left:
        text = f"Streams without a use here are not read, because the file is large: {', '.join(left)[:200]}."
        notices.append(Notice("left_out", path.name, text))
    if not chosen:
        raise FormatError(
            "It is large and holds no stream with a use here", "Name its streams (ECG, EDA, ...)", path
        )
    return chosen


def _first(info: Mapping[str, Any], key: str) -> str:
    value = (info.get(key) or [""])[0]
    return str(value or "")


def _name(stream: Mapping[str, Any]) -> str:
    return _first(stream["info"], "name") or _first(stream["info"], "type") or "stream"


def _streams(
    full: Sequence[Mapping[str, Any]], zero: float, path: Path, notices: list[Notice]
) -> list[Stream]:
    people = _people(full)
    channels: list[Channel] = []
    markers: list[Stream] = []
    for stream, owner in zip(full, people, strict=True):
        times = np.asarray(stream["time_stamps"], dtype=np.float64) - zero
        keep = np.argsort(times[np.isfinite(times)], kind="stable")
        keep = np.flatnonzero(np.isfinite(times))[keep]
        told = _resets(stream, times, path)
        if _first(stream["info"], "channel_format") == "string":
            rows = stream["time_series"]
            marks = [
                (times[k], times[k], "; ".join(str(x) for x in rows[k] if str(x)))
                for k in keep
                if k < len(rows)
            ]
            marks = [m for m in marks if m[2]]
            if marks:
                markers.extend(with_notices([marker_stream(marks, path, _name(stream))], told))
        else:
            channels.extend(_channels(stream, times, keep, owner, told))
    # One clock for all of them: the recorder's. Its zero is the first sample of any stream.
    streams = streams_of(channels, path, notices=notices) if channels else with_notices(markers, notices)
    if not streams:
        raise FormatError("Its streams hold neither numbers nor marks", "Record it again", path)
    return [*streams, *markers] if channels else streams


def _channels(
    stream: Mapping[str, Any], times: FloatArray, keep: NDArray[np.intp], owner: str, told: Sequence[Notice]
) -> list[Channel]:
    values = np.asarray(stream["time_series"], dtype=np.float64)
    values = values.reshape(len(times), -1)[keep]
    rate = _nominal(stream)
    kind = _TYPES.get(_first(stream["info"], "type").casefold(), "")
    labels = _labels(stream, values.shape[1])
    result = []
    for k, (label, unit) in enumerate(labels):
        own = channel_kind(label, unit)
        name = f"{_name(stream)} {label}".strip()
        what = (
            own if own != "other" else kind if kind and (len(labels) == 1 or kind == "acceleration") else ""
        )
        if kind and not what:  # an ECG stream of several unnamed channels: the first is used
            what = kind if k == 0 else "other"
        result.append(
            Channel(name, values[:, k], rate or None, unit, times_s=times[keep], kind=what or channel_kind(name),
                    owner=owner, notices=tuple(told) if k == 0 else ())
        )  # fmt: skip
    if kind == "acceleration" and len(labels) == 3 and all(c.kind == "acceleration" for c in result):
        return [result[0]._replace(label=_name(stream), values=values)]
    return result


def _nominal(stream: Mapping[str, Any]) -> float:
    try:
        rate = float(_first(stream["info"], "nominal_srate") or 0)
    except ValueError:
        return 0.0
    return rate if np.isfinite(rate) and rate > 0 else 0.0


def _labels(stream: Mapping[str, Any], n: int) -> list[tuple[str, str]]:
    """Return (label, unit) of each channel from the stream's description; numbers where it has none."""
    try:
        listed = stream["info"]["desc"][0]["channels"][0]["channel"]
        labels = [(_first(c, "label"), _first(c, "unit")) for c in listed]
    except (KeyError, IndexError, TypeError):
        labels = []
    if len(labels) != n:
        labels = [("", "")] if n == 1 else [(f"{k + 1}", "") for k in range(n)]
    return labels


def _resets(stream: Mapping[str, Any], times: FloatArray, path: Path) -> list[Notice]:
    told = []
    where = f"{path.name}: {_name(stream)}"
    pieces = stream["info"].get("clock_segments") or []
    if len(pieces) > 1:
        text = f"Its clock started anew {len(pieces) - 1} times; each piece is tied to the recorder's clock by itself."
        told.append(Notice("clock_reset", where, text))
    if not stream.get("clock_times"):
        told.append(
            Notice(
                "clock_untied", where, "No clock offsets were recorded: its own stamps are used as they are."
            )
        )
    if np.any(np.diff(times) < 0):
        told.append(
            Notice(
                "times_back", where, "Time runs backwards in places: the samples are put in order of time."
            )
        )
    return told


def _people(full: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return each stream's owner: what its name says besides its kind, where that tells two streams apart."""
    names = [_name(s) for s in full]
    shared = (
        set.intersection(*({w.casefold() for w in words_of(n)} for n in names)) if len(names) > 1 else set()
    )
    said = []
    for stream, name in zip(full, names, strict=True):
        kind = _TYPES.get(_first(stream["info"], "type").casefold()) or channel_kind(name)
        words = [w for w in (owner_of(name) or _unkinded(name)).split() if w.casefold() not in shared]
        said.append(" ".join(words) if kind in USED else "")
    twins = Counter(s.casefold() for s in said if s)
    return said if len(twins) >= 2 else [""] * len(said)


def _unkinded(name: str) -> str:
    words = [
        w
        for w in words_of(name)
        if w.casefold() not in _TYPES and w.casefold() not in ("stream", "lsl", "data")
    ]
    return " ".join(words)


READER = Reader("xdf", sniff, read)
