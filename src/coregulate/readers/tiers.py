"""Tiers of labels, as annotation programs keep them, become streams: what kind, and whose."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from coregulate.core import FormatError, Label, Notice, Stream, Track

from .channels import with_notices
from .columns import words_of

_WORDS = frozenset(["word", "words", "token", "tokens"])
# fmt: off
_SPEECH = frozenset([
    "speech", "spch", "speaker", "speaking", "turn", "turns", "utterance", "utterances", "vocalization",
    "vocalisation", "vocalizations", "voc", "talk", "talking", "ipu", "ipus", "transcript", "transcription",
    "sentence", "sentences", "phrase", "phrases", "subtitle", "subtitles", "vad"
])
#: Tiers that describe speech from within: they say nothing of who does what when.
_WITHIN = frozenset([
    "phone", "phones", "phoneme", "phonemes", "syllable", "syllables", "syl", "morpheme", "morphemes", "pos",
    "gloss", "translation", "lemma", "ipa", "phonetic", "tones", "tobi"
])
_NOTES = frozenset(["note", "notes", "comment", "comments", "marker", "markers", "event", "events", "trigger", "triggers"])
_FILLERS = frozenset([
    "tier", "default", "annotation", "annotations", "codes", "code", "behavior", "behaviour", "maxnames",
    "behaviors", "behaviours", "label", "labels", "text"
])
# fmt: on
_SILENT = frozenset(["", "#", "sil", "<sil>", "sp", "spn", "silence", "<p>", "<eps>", "xxx"])
_FREE_TEXT = 0.5  # prior: codes repeat; where over half of 20 or more labels differ, it is what was said


class Tier(NamedTuple):
    """A named row of labels; ``owner`` where the file itself names a participant, ``kind`` where it says.

    ``parent`` is the tier that this one divides or describes further: it is of the same person.
    """

    name: str
    labels: Sequence[Label]
    owner: str = ""
    kind: str = ""
    parent: str = ""


def streams_of_tiers(
    tiers: Sequence[Tier], path: Path, *, origin_unix_s: float | None = None, notices: Sequence[Notice] = ()
) -> list[Stream]:
    """Turn tiers into streams; empty ones are left out.

    Raises
    ------
    FormatError
        Where no tier holds a label.
    """
    full = [(t, tuple(sorted(x for x in t.labels if not _is_silent(x, t)))) for t in tiers]
    full = [(t, labels) for t, labels in full if labels]
    if not full:
        raise FormatError(
            "It holds no label with a time", "Export it again, with the tiers that are coded", path
        )
    kinds = [t.kind or tier_kind(t.name, labels) for t, labels in full]
    owners = _owners([t for t, _ in full])
    taken: dict[str, int] = {}
    streams = []
    for (tier, labels), kind, owner in zip(full, kinds, owners, strict=True):
        taken[tier.name] = taken.get(tier.name, 0) + 1
        part = tier.name if taken[tier.name] == 1 else f"{tier.name} #{taken[tier.name]}"
        streams.append(Stream(kind, Track(labels, owner), str(path), part, origin_unix_s, owner, "stamps"))
    return with_notices(streams, notices)


def _is_silent(label: Label, tier: Tier) -> bool:
    text = label.text.strip().casefold()
    return text in _SILENT and not (text == "xxx" and tier.kind)


def tier_kind(name: str, labels: Sequence[Label]) -> str:
    """Return the kind of a tier by its name, else by whether its labels repeat.

    Examples
    --------
    >>> tier_kind("Alex - words", ()), tier_kind("K-Spch", ()), tier_kind("SPAFF", ()), tier_kind("phones", ())
    ('words', 'speech', 'codes', 'other')
    """
    words = {w.casefold() for w in words_of(name)}
    for kind, named in (("words", _WORDS), ("other", _WITHIN), ("speech", _SPEECH), ("markers", _NOTES)):
        if words & named:
            return kind
    texts = [x.text.strip().casefold() for x in labels]
    return "speech" if len(texts) >= 20 and len(set(texts)) > _FREE_TEXT * len(texts) else "codes"


def _owners(tiers: Sequence[Tier]) -> list[str]:
    """Return each tier's owner: its participant, else what its name says where that tells two people apart."""
    if any(t.owner for t in tiers):
        return [t.owner for t in tiers]
    above = {t.name: t.parent for t in tiers}
    rest = [_rest(_root(t.name, above)) for t in tiers]
    people = {r.casefold() for r in rest if r}
    what: dict[frozenset[str], set[str]] = {}
    for r, t in zip(rest, tiers, strict=True):
        if r:
            what.setdefault(_without(_root(t.name, above), r), set()).add(r.casefold())
    twins = {r for kind, names in what.items() if kind and len(names) >= 2 for r in names}
    known = people if len(people) == 2 else twins
    return [r if r.casefold() in known else "" for r in rest]


def _root(name: str, above: dict[str, str]) -> str:
    for _ in range(50):  # a longer chain is a circle
        if not above.get(name):
            return name
        name = above[name]
    return name


def _without(name: str, rest: str) -> frozenset[str]:
    return frozenset(w.casefold() for w in words_of(name)) - {w.casefold() for w in rest.split()}


def _rest(name: str) -> str:
    drop = _WORDS | _SPEECH | _WITHIN | _NOTES | _FILLERS
    words = [w for w in words_of(name) if w.casefold() not in drop and not w.isdigit()]
    return " ".join(words)


_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,3}):(\d{1,2}(?:[.,]\d+)?)$")


def seconds_of(text: str) -> float:
    """Return a time written as ``h:mm:ss.mmm``, ``mm:ss.mmm`` or seconds; NaN where it is none.

    Examples
    --------
    >>> seconds_of("00:01:02.500"), seconds_of("1:02,5"), seconds_of("62.5"), seconds_of("x")
    (62.5, 62.5, 62.5, nan)
    """
    text = text.strip()
    match = _CLOCK.match(text)
    if match:
        return 3600 * float(match[1] or 0) + 60 * float(match[2]) + float(match[3].replace(",", "."))
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return float("nan")
    return value if "_" not in text and abs(value) < 1e12 else float("nan")
