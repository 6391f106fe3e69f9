"""What a coder marked on the 0.1 s grid: codes, and touch, where their word outranks what a video shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from coregulate.core import Label, Notice, Signal, Track

from .book import Cuebook
from .grid import active, on_grid
from .rows import Rows, put, quality_of

Tracks = Mapping[str, Mapping[str, Track]]
Signals = Mapping[str, Mapping[str, Signal]]
MOMENT_S = 1.0  # prior: a code or touch without length counts for a second


def add_codes(rows: Rows, people: Sequence[str], tracks: Tracks, book: Cuebook, n: int) -> list[Notice]:
    """Add every code that anybody was given, 0 or 1, NaN where a person is not coded; unknown ones are noticed."""
    coded = {pid: tracks[pid]["codes"] for pid in people if tracks.get(pid, {}).get("codes")}
    shown = {pid: _by_code(track, book) for pid, track in coded.items()}
    names = dict.fromkeys(name for codes in shown.values() for name in codes)
    for pid, track in coded.items():
        whole = active(_lengthened(track), n) > 0
        for name in names:
            share = active(shown[pid][name], n) if name in shown[pid] else np.zeros(n)
            put(rows, name, pid, np.where(whole, (share >= 0.5).astype(float), np.nan))
    return _unknown(coded, book)


def _by_code(track: Track, book: Cuebook) -> dict[str, Track]:
    found: dict[str, list[Label]] = {}
    for label in track.labels:
        cue = book.code(label.text)
        if cue is not None and cue.kind == "code":
            found.setdefault(cue.name, []).append(_with_length(label))
    return {name: Track(tuple(labels)) for name, labels in found.items()}


def _unknown(coded: Mapping[str, Track], book: Cuebook) -> list[Notice]:
    texts = [label.text for track in coded.values() for label in track.labels]
    count = Counter(text for text in texts if text.strip() and book.code(text) is None)
    said = "The code '{}' ({} times) is not in the cuebook: it says nothing here."
    return [Notice("unknown_code", text, said.format(text, times)) for text, times in count.items()]


def add_touch(
    rows: Rows, people: Sequence[str], measured: Signals, quality: Signals,
    tracks: Tracks, book: Cuebook, n: int,
) -> None:  # fmt: skip
    """Touch is one of two people: a coder's word of either outranks what a video shows of both."""
    said = {pid: coded for pid in people if (coded := _coded_touch(tracks.get(pid, {}), book)) is not None}
    for pid in people:
        coded = said.get(pid, next(iter(said.values()), None))
        seen = measured.get(pid, {}).get("touch")
        if coded is not None:
            values = (active(_lengthened(coded), n) >= 0.5).astype(float)
            put(rows, "touch", pid, values)
            put(rows, "touch_quality", pid, np.ones(n))
        elif seen is not None:
            values = on_grid(seen, n)
            put(rows, "touch", pid, values)
            put(rows, "touch_quality", pid, quality_of(quality.get(pid, {}).get("touch"), values, n))


def _coded_touch(tracks: Mapping[str, Track], book: Cuebook) -> Track | None:
    """Return a tier of touch, or the labels of touch among a coder's others; None where there is neither."""
    if "touch" in tracks:
        return tracks["touch"]
    labels = tracks["codes"].labels if "codes" in tracks else ()
    found = tuple(x for x in labels if (cue := book.code(x.text)) is not None and cue.kind == "touch")
    return Track(found) if found else None


def _with_length(label: Label) -> Label:
    return (
        label if label.end_s > label.start_s else Label(label.start_s, label.start_s + MOMENT_S, label.text)
    )


def _lengthened(track: Track) -> Track:
    return Track(tuple(_with_length(label) for label in track.labels), track.name)
