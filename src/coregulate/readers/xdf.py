"""XDF (Lab Streaming Layer): all streams of a recording on one clock, by pyxdf.

pyxdf applies the clock offsets that were measured during the recording, keeps apart what lies before
and after a clock that started anew, and takes the jitter out of regular streams. A declared rate is
never trusted: the stamps are.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray, FormatError, Notice, Stream

from . import xdf_large
from .channels import USED, Channel, marker_stream, streams_of, with_notices
from .columns import owner_of, words_of
from .reader import Reader, optional
from .text import head_of
from .xdf_chunks import Source, count, opened_whole
from .xdf_header import TYPES, channels_of, is_one_sensor, is_text, kind_of_stream, name_of, nominal_hz, said

Keep = slice | NDArray[np.intp]


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
    with _quiet() as said_by_pyxdf:
        raw, whole = _loaded(pyxdf, path, notices)
    if not whole or any(
        "corrupt" in text or "Error reading" in text or "zero-length" in text for text in said_by_pyxdf
    ):
        notices.append(
            Notice("cut_short", path.name, "Parts of it are damaged or cut off: what is whole is read.")
        )
    full = [s for s in raw if len(s["time_stamps"])]
    if not full:
        raise FormatError(
            "None of its streams holds a sample", "Check that the recorder saw the devices", path
        )
    if len(full) < len(raw):
        empty = ", ".join(name_of(s) for s in raw if not len(s["time_stamps"]))
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


def _loaded(pyxdf: Any, path: Path, notices: list[Notice]) -> tuple[list[dict[str, Any]], bool]:
    """Return all streams of a file that fits as it is; of a larger one what has a use, averaged where it must be.

    And whether no damage was met.
    """
    found, parts, damaged = count(path)
    if not found:
        raise FormatError("None of its streams is whole", "Copy it again", path)
    source = opened_whole(path, parts) if damaged else str(path)
    if xdf_large.fits(found):
        return _load(pyxdf, source, path), not damaged
    kept = xdf_large.plan(found, path, notices)
    raw = _load(
        pyxdf,
        source,
        path,
        on_chunk=xdf_large.averaging(kept),
        select_streams=list(kept),
        dejitter_timestamps=False,
    )
    xdf_large.straighten(raw)
    for stream in raw:
        plan = kept[stream["info"]["stream_id"]]
        stream.update(columns=plan.columns, together=plan.together)
    return raw, not damaged


def _load(pyxdf: Any, source: Source, path: Path, **options: Any) -> list[dict[str, Any]]:
    try:
        return list(pyxdf.load_xdf(source, **options)[0])
    except MemoryError:
        raise FormatError(
            "It holds more samples than can be read at once", "Cut it into parts", path
        ) from None


def _streams(
    full: Sequence[Mapping[str, Any]], zero: float, path: Path, notices: list[Notice]
) -> list[Stream]:
    people = _people(full)
    channels: list[Channel] = []
    markers: list[Stream] = []
    for stream, owner in zip(full, people, strict=True):
        times = np.asarray(stream["time_stamps"], dtype=np.float64) - zero
        keep = _in_order(times)
        told = _resets(stream, times, path)
        if is_text(stream):
            rows = stream["time_series"]
            marks = [
                (times[k], times[k], "; ".join(str(x) for x in rows[k] if str(x)))
                for k in np.arange(len(times))[keep]
                if k < len(rows)
            ]
            marks = [m for m in marks if m[2]]
            if marks:
                markers.extend(with_notices([marker_stream(marks, path, name_of(stream))], told))
        else:
            channels.extend(_channels(stream, times, keep, owner, told))
    # One clock for all of them: the recorder's. Its zero is the first sample of any stream.
    streams = streams_of(channels, path, notices=notices) if channels else with_notices(markers, notices)
    if not streams:
        raise FormatError("Its streams hold neither numbers nor marks", "Record it again", path)
    return [*streams, *markers] if channels else streams


def _in_order(times: FloatArray) -> Keep:
    """Return which samples are kept, in order of time: all as they are, without a copy, where they are so already."""
    known = np.isfinite(times)
    if known.all() and not np.any(np.diff(times) < 0):
        return slice(None)
    return np.flatnonzero(known)[np.argsort(times[known], kind="stable")]


def _channels(
    stream: Mapping[str, Any], times: FloatArray, keep: Keep, owner: str, told: Sequence[Notice]
) -> list[Channel]:
    series, columns = stream["time_series"], stream.get("columns")
    values: NDArray[Any] = np.asarray(series, dtype=np.float32 if columns else np.float64).reshape(
        len(times), -1
    )[keep]
    times, rate = times[keep], nominal_hz(stream) / stream.get("together", 1)
    if columns:
        every = channels_of(stream, int(said(stream, "channel_count")))
        named = [every[k] for k in columns]
    else:
        named = channels_of(stream, values.shape[1])
    result = [
        Channel(c.label, values[:, k], rate or None, c.unit, times_s=times, kind=c.kind, owner=owner,
                notices=tuple(told) if k == 0 else ())
        for k, c in enumerate(named)
    ]  # fmt: skip
    if is_one_sensor(stream, named):
        return [result[0]._replace(label=name_of(stream), values=values)]
    return result


def _resets(stream: Mapping[str, Any], times: FloatArray, path: Path) -> list[Notice]:
    told = []
    where = f"{path.name}: {name_of(stream)}"
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
    names = [name_of(s) for s in full]
    shared = (
        set.intersection(*({w.casefold() for w in words_of(n)} for n in names)) if len(names) > 1 else set()
    )
    said = []
    for stream, name in zip(full, names, strict=True):
        kind = kind_of_stream(stream)
        words = [w for w in (owner_of(name) or _unkinded(name)).split() if w.casefold() not in shared]
        said.append(" ".join(words) if kind in USED else "")
    twins = Counter(s.casefold() for s in said if s)
    return said if len(twins) >= 2 else [""] * len(said)


def _unkinded(name: str) -> str:
    words = [
        w
        for w in words_of(name)
        if w.casefold() not in TYPES and w.casefold() not in ("stream", "lsl", "data")
    ]
    return " ".join(words)


READER = Reader("xdf", sniff, read)
