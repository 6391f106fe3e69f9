"""An analysis as an ELAN file: states, speech and episodes as tiers, to check against the video."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

import numpy as np
from numpy.typing import NDArray

from coregulate.analysis import Analysis
from coregulate.core import FloatArray, Label, StoreError

from .phrases import state_words

CLEAR = 0.5  # prior: under it no state is more likely than all others together
_TYPE = "coregulate"
_NO_MEDIA: Mapping[Path, float] = MappingProxyType({})


def write_elan(analysis: Analysis, path: Path, *, media: Mapping[Path, float] = _NO_MEDIA) -> Path:
    """Write the tiers of an analysis.

    Parameters
    ----------
    analysis : Analysis
    path : Path
        Ends in ``.eaf``.
    media : mapping of Path to float
        Recordings that ELAN should play along, and when each starts in session time (s).

    Returns
    -------
    Path

    Raises
    ------
    StoreError
        Where the file cannot be written.

    Notes
    -----
    A person's state tier names only what the analysis can tell apart, where it is more likely than not;
    without a level there is none. Times are in whole milliseconds from the start of the recording that starts
    last (ELAN plays none before its own start), else from the session's; what lies before is left out. A
    clock's drift is not in the file: ELAN knows none.
    """
    zero_s = max(media.values(), default=0.0)
    root = _document()
    _play(SubElement(root, "HEADER", MEDIA_FILE="", TIME_UNITS="milliseconds"), media, zero_s, path)
    order = SubElement(root, "TIME_ORDER")
    for name, person, labels in tiers_of(analysis):
        tier = SubElement(root, "TIER", LINGUISTIC_TYPE_REF=_TYPE, TIER_ID=name)
        if person:
            tier.set("PARTICIPANT", person)
        for label in (x for x in labels if x.end_s >= zero_s):
            _annotate(tier, order, label, zero_s)
    SubElement(root, "LINGUISTIC_TYPE", LINGUISTIC_TYPE_ID=_TYPE, TIME_ALIGNABLE="true")
    return _written(root, path)


def _document() -> Element:
    root = Element(
        "ANNOTATION_DOCUMENT",
        AUTHOR="coregulate",
        DATE="1970-01-01T00:00:00+00:00",
        FORMAT="3.0",
        VERSION="3.0",
    )
    root.set("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance")
    root.set("xsi:noNamespaceSchemaLocation", "http://www.mpi.nl/tools/elan/EAFv3.0.xsd")
    return root


def _play(header: Element, media: Mapping[Path, float], zero_s: float, path: Path) -> None:
    """Name the recordings that ELAN plays along, and how far each is into itself at the file's time 0."""
    for file, start_s in media.items():
        relative = Path(os.path.relpath(file.resolve(), path.resolve().parent)).as_posix()
        SubElement(header, "MEDIA_DESCRIPTOR", MEDIA_URL=file.resolve().as_uri(), MIME_TYPE=_mime(file),
                   TIME_ORIGIN=str(round(1000 * (zero_s - start_s))), RELATIVE_MEDIA_URL=relative)  # fmt: skip


def _annotate(tier: Element, order: Element, label: Label, zero_s: float) -> None:
    """Add a label to a tier, and its start and end to the order of times."""
    first, last = len(order) + 1, len(order) + 2
    for slot, when in ((first, label.start_s), (last, label.end_s)):
        value = str(round(1000 * max(when - zero_s, 0.0)))
        SubElement(order, "TIME_SLOT", TIME_SLOT_ID=f"ts{slot}", TIME_VALUE=value)
    one = SubElement(SubElement(tier, "ANNOTATION"), "ALIGNABLE_ANNOTATION", ANNOTATION_ID=f"a{last // 2}",
                     TIME_SLOT_REF1=f"ts{first}", TIME_SLOT_REF2=f"ts{last}")  # fmt: skip
    SubElement(one, "ANNOTATION_VALUE").text = label.text


def tiers_of(analysis: Analysis) -> Iterator[tuple[str, str, Sequence[Label]]]:
    """Yield (tier, participant, labels): each person's states, speech and codes, then the episodes of both."""
    for person in analysis.session.people:
        states = _states(analysis, person.id)
        if states:
            yield f"{person.name} state", person.name, states
        for kind in ("speech", "codes"):
            track = analysis.tracks.get(person.id, {}).get(kind)
            if track is not None and track.labels:
                yield f"{person.name} {kind}", person.name, sorted(track.labels)
    episodes = analysis.story.episodes
    if episodes:
        yield "off track", "", [Label(e.start_s, e.end_s, e.kind.replace("_", " ")) for e in episodes]
        turns = [e.turn_s for e in episodes if np.isfinite(e.turn_s)]
        if turns:
            yield "turns", "", [Label(t, t + 1.0, "the turn back") for t in turns]


def _states(analysis: Analysis, person: str) -> list[Label]:
    supported = analysis.circuits.supported[person]
    if len(supported.groups) < 2 or not supported.level_known:
        return []
    states = analysis.states.sel(person=person)
    shares = np.array([sum(states.sel(state=s).values for s in group) for group in supported.groups])
    known = np.isfinite(shares).all(axis=0)
    top = np.where(
        known & (np.nanmax(np.where(known, shares, 0.0), axis=0) >= CLEAR),
        np.argmax(np.where(known, shares, 0.0), axis=0),
        -1,
    )
    return _runs(top, states.time.values, [state_words(group) for group in supported.groups])


def _runs(top: NDArray[np.intp], time_s: FloatArray, words: Sequence[str]) -> list[Label]:
    if len(top) == 0:
        return []
    breaks = np.flatnonzero(np.diff(top)) + 1
    step = float(np.median(np.diff(time_s))) if len(time_s) > 1 else 1.0
    labels = []
    for begin, end in zip(np.r_[0, breaks], np.r_[breaks, len(top)], strict=True):
        if top[begin] >= 0:
            labels.append(Label(float(time_s[begin]), float(time_s[end - 1]) + step, words[int(top[begin])]))
    return labels


def _mime(path: Path) -> str:
    return {".wav": "audio/x-wav", ".mp4": "video/mp4", ".mov": "video/quicktime"}.get(
        path.suffix.casefold(), "unknown"
    )


def _written(root: Element, path: Path) -> Path:
    indent(root)
    aside = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        ElementTree(root).write(aside, encoding="UTF-8", xml_declaration=True)
        aside.replace(path)
    except OSError as error:
        raise StoreError(
            f"The file cannot be written ({error.strerror})", "Choose another place with --out", path
        ) from error
    finally:
        aside.unlink(missing_ok=True)
    return path
