"""ELAN: the annotation file (.eaf) and the tab-delimited text that it exports."""

from __future__ import annotations

import csv
import dataclasses
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from coregulate.core import Label, Notice, Stream

from .dialect import is_number
from .markup import walk
from .reader import Reader
from .text import head_of, read_text
from .tiers import Tier, seconds_of, streams_of_tiers

_BEGIN, _END = "begin time", "end time"


def sniff(path: Path) -> bool:
    """Whether it is an ELAN document, or rows of tier, participant, begin, end, duration and annotation."""
    lines = head_of(path).lines
    if any("<ANNOTATION_DOCUMENT" in line for line in lines[:5]):
        return True
    rows = _rows("\n".join(lines[:30]))
    if rows and _columns(rows[0]):
        return True
    found = [_headless(r) for r in rows]
    texts = sum(
        not is_number(r[0]) and not is_number(r[at[2] + 1]) for r, at in zip(rows, found, strict=True) if at
    )
    # Two rows could be chance; the same three columns each time, between two texts, are not.
    return len(rows) >= 2 and len(set(found) - {None}) == 1 and texts >= 0.9 * len(rows)


def read(path: Path, hints: Mapping[str, Any]) -> list[Stream]:
    """Read one stream for each tier that has annotations.

    Raises
    ------
    FormatError
        For a damaged document, or one without annotations.
    """
    if any("<ANNOTATION_DOCUMENT" in line for line in head_of(path).lines[:5]):
        return _document(path)
    return _export(path)


class _Document:
    """What the elements of an .eaf tell, in the order in which they come."""

    def __init__(self) -> None:
        self.slots: dict[str, float] = {}
        self.tiers: dict[
            str, list[tuple[str, str, str, str]]
        ] = {}  # id, first slot, last slot or parent, text
        self.owners: dict[str, str] = {}
        self.parents: dict[str, str] = {}
        self.media: dict[str, float] = {}  # file name, and its second at the document's zero
        self.unit_s = 1e-3
        self.tier = ""
        self.annotation = ("", "", "")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "HEADER" and "TIME_UNITS" in attributes:
            self.unit_s = {"NTSC-frames": 1001 / 30000, "PAL-frames": 1 / 25}.get(
                attributes["TIME_UNITS"], 1e-3
            )
        elif name == "MEDIA_DESCRIPTOR":
            self.media.setdefault(*_medium(attributes))
        elif name == "TIME_SLOT" and attributes.get("TIME_VALUE", "").lstrip("-").isdigit():
            self.slots[attributes.get("TIME_SLOT_ID", "")] = float(attributes["TIME_VALUE"])
        elif name == "TIER":
            self.tier = attributes.get("TIER_ID", "")
            self.tiers.setdefault(self.tier, [])
            self.owners[self.tier] = attributes.get("PARTICIPANT", "").strip()
            self.parents[self.tier] = attributes.get("PARENT_REF", "")
        elif name == "ALIGNABLE_ANNOTATION":
            self.annotation = tuple(
                attributes.get(k, "") for k in ("ANNOTATION_ID", "TIME_SLOT_REF1", "TIME_SLOT_REF2")
            )  # type: ignore[assignment]
        elif name == "REF_ANNOTATION":
            self.annotation = (attributes.get("ANNOTATION_ID", ""), "", attributes.get("ANNOTATION_REF", ""))

    def end(self, name: str, text: str) -> None:
        if name == "ANNOTATION_VALUE" and self.tier in self.tiers:
            self.tiers[self.tier].append((*self.annotation, " ".join(text.split())))


def _medium(attributes: Mapping[str, str]) -> tuple[str, float]:
    """Return a recording's file name and which of its seconds is the document's 0.

    ELAN's players add TIME_ORIGIN (ms) to the document's time and look there in the file (its source,
    ``setMediaTime``).
    """
    url = unquote(attributes.get("MEDIA_URL", "") or attributes.get("RELATIVE_MEDIA_URL", ""))
    origin = attributes.get("TIME_ORIGIN", "")
    return url.replace("\\", "/").rpartition("/")[2], int(origin) / 1000 if origin.lstrip(
        "-"
    ).isdecimal() else 0.0


def _document(path: Path) -> list[Stream]:
    told = _Document()
    with path.open("rb") as file:
        whole = walk(file, path, start=told.start, end=told.end)
    notices = (
        []
        if whole
        else [Notice("cut_short", path.name, "It is damaged or cut short: what comes before is read.")]
    )
    slots = _filled(told.slots, told.tiers)
    spans: dict[str, tuple[float, float]] = {}
    for rows in told.tiers.values():
        for key, first, last, _ in rows:
            if first in slots and last in slots:
                spans[key] = (slots[first] * told.unit_s, slots[last] * told.unit_s)
    parents = {key: last for rows in told.tiers.values() for key, first, last, _ in rows if not first}
    tiers, lost = [], 0
    for name, rows in told.tiers.items():
        labels = []
        for key, _, _, text in rows:
            span = _span(key, spans, parents)
            if span is None or span[1] < span[0]:
                lost += 1
            else:
                labels.append(Label(*span, text))
        tiers.append(Tier(name, labels, told.owners.get(name, ""), parent=told.parents.get(name, "")))
    if lost:
        notices.append(Notice("rows_left_out", path.name, f"{lost} annotations have no time: left out."))
    streams = streams_of_tiers(tiers, path, notices=notices)
    media = {name: origin for name, origin in told.media.items() if name}
    return [dataclasses.replace(s, attrs={**s.attrs, "media": media}) for s in streams] if media else streams


def _filled(
    slots: dict[str, float], tiers: Mapping[str, Sequence[tuple[str, str, str, str]]]
) -> dict[str, float]:
    """Give each slot without a time (annotations that share their parent's) an even part between its neighbours."""
    filled = dict(slots)
    for rows in tiers.values():
        chain: list[str] = []
        for _, first, last, _ in rows:
            if not first:
                continue
            if chain and chain[-1] != first:
                _spread(chain, filled)
                chain = []
            chain = chain or [first]
            chain.append(last)
            if last in slots:
                _spread(chain, filled)
                chain = []
    return filled


def _spread(chain: Sequence[str], slots: dict[str, float]) -> None:
    if chain[0] in slots and chain[-1] in slots:
        begin, end = slots[chain[0]], slots[chain[-1]]
        for k, slot in enumerate(chain):
            slots.setdefault(slot, begin + (end - begin) * k / (len(chain) - 1))


def _span(
    key: str, spans: Mapping[str, tuple[float, float]], parents: Mapping[str, str]
) -> tuple[float, float] | None:
    for _ in range(50):  # a chain of parents longer than this is a circle
        if key in spans:
            return spans[key]
        if key not in parents:
            return None
        key = parents[key]
    return None


def _rows(text: str) -> list[list[str]]:
    delimiter = max("\t;,", key=lambda d: text.count(d))
    try:
        rows = [[f.strip() for f in row] for row in csv.reader(io.StringIO(text), delimiter=delimiter)]
    except csv.Error:
        return []
    return [r for r in rows if any(r)]


def _columns(names: Sequence[str]) -> dict[str, int]:
    """Return where begin, end, tier, participant and annotation are in a header, or nothing."""
    keys = [n.casefold() for n in names]
    found = {}
    for what in (_BEGIN, _END):
        fits = [k for k, name in enumerate(keys) if name.startswith(what)]
        best = [k for k in fits if "ss.msec" in keys[k] or name_is_plain(keys[k], what)] or fits
        if not best:
            return {}
        found[what] = best[0]
    for what in ("tier", "participant", "annotation"):
        if what in keys:
            found[what] = keys.index(what)
    return found


def name_is_plain(name: str, what: str) -> bool:
    """Whether a column's name says no more than what it is."""
    return name == what


def _headless(row: Sequence[str]) -> tuple[int, int, int] | None:
    """Return the columns of begin, end and duration in a row: a third time that is the second less the first."""
    times = [(k, seconds_of(field)) for k, field in enumerate(row[1:], 1)]
    known = [(k, t) for k, t in times if math.isfinite(t)]
    for (i, begin), (j, end), (m, length) in zip(known, known[1:], known[2:], strict=False):
        if m - i == 2 and abs(end - begin - length) < 0.0015 and end > begin and m < len(row) - 1:
            return i, j, m
    return None


def _export(path: Path) -> list[Stream]:
    rows = _rows(read_text(path)[0])
    named = _columns(rows[0])
    tiers: dict[tuple[str, str], list[Label]] = {}
    lost = 0
    for row in rows[1:] if named else rows:
        cells = _cells(row, named, rows[0])
        if cells is None:
            lost += 1
            continue
        begin, end, owner, found = cells
        for name, text in found:
            tiers.setdefault((name, owner), []).append(Label(begin, end, text))
    notices = [Notice("rows_left_out", path.name, f"{lost} rows cannot be read: left out.")] if lost else []
    made = [Tier(name, labels, owner) for (name, owner), labels in tiers.items()]
    if not named:
        # The tier that spans the whole recording is ELAN's own, not a coder's.
        last = max((x.end_s for t in made for x in t.labels), default=0.0)
        made = [
            t for t in made if not (t.name == "default" and len(t.labels) == 1 and t.labels[0].end_s >= last)
        ] or made
    return streams_of_tiers(made, path, notices=notices)


def _cells(
    row: Sequence[str], named: Mapping[str, int], header: Sequence[str]
) -> tuple[float, float, str, list[tuple[str, str]]] | None:
    if not named:
        at = _headless(row)
        if at is None:
            return None
        owner = row[1] if at[0] > 1 else ""
        return seconds_of(row[at[0]]), seconds_of(row[at[1]]), owner, [(row[0], row[at[2] + 1])]
    if len(row) <= max(named.values()):
        return None
    begin, end = (_in_seconds(row[named[w]], header[named[w]]) for w in (_BEGIN, _END))
    if not (math.isfinite(begin) and math.isfinite(end) and end >= begin):
        return None
    owner = row[named["participant"]] if "participant" in named else ""
    if "annotation" in named:
        return (
            begin,
            end,
            owner,
            [(row[named["tier"]] if "tier" in named else "annotation", row[named["annotation"]])],
        )
    # One column for each tier: all columns that are no times.
    other = [
        k
        for k, n in enumerate(header)
        if k < len(row) and not n.casefold().startswith((_BEGIN, _END, "duration", "participant"))
    ]
    return begin, end, owner, [(header[k], row[k]) for k in other if row[k]]


def _in_seconds(text: str, name: str) -> float:
    value = seconds_of(text)
    return value / 1000 if name.casefold().endswith("- msec") else value


READER = Reader("elan", sniff, read)
