"""What ``init`` proposes: it looks at the files and says what it recognised, whose, on which clock."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from coregulate.core import CoregulateError, InputError, Notice, Signal, Stream, Track
from coregulate.readers import groups, read

from .calls import one_film, without_mixed_sound
from .clocks import lay_on_one_clock
from .cutting import cut_long
from .folder import look, relative_to
from .found import Found, Placed, in_its_folder
from .owners import PERSONAL, choose_two, labels_of
from .places import PLACES, placed_in, who_is_where
from .plan import FILE_NAME, PersonPlan, SegmentPlan, SessionPlan, StreamPlan

_EDGE = re.compile(r"(.+?)[ _]?(start|begin|pause|stop|end|resume)(?:: (.*))?", re.IGNORECASE)
_PERSON_COLUMNS = ("person", "partner", "member", "participant", "subject", "role", "who")


class Proposal(NamedTuple):
    """A plan, what it rests on, and which files nothing could be made of."""

    plan: SessionPlan
    found: tuple[Found, ...]
    problems: tuple[Notice, ...]


def propose_session(
    source: Path, folder: Path, *, people: Mapping[str, str] | None = None, name: str = "",
    files: Sequence[Path] | None = None,
) -> Proposal:  # fmt: skip
    """Propose a session from a folder or one file.

    Parameters
    ----------
    source : Path
        A folder with recordings, a device's folder, or one file.
    folder : Path
        Where ``session.toml`` will lie; paths in it are relative to this.
    people : mapping of name to label, optional
        Who is who: ``{"Alex": "left"}``; a label is a column, speaker, folder or part of a file name.
    name : str, optional
        The session's name, by default the folder's.
    files : sequence of Path, optional
        Those of the folder that make up the session, by default all.

    Raises
    ------
    InputError
        Where nothing is recognised.
    """
    found, problems = look(source, folder, files)
    home = f"{relative_to(source, folder)}/" if source.is_dir() else ""
    return _propose(found, problems, source, people or {}, name or source.stem, home=home)


def propose_by(
    table: Path, by: str, folder: Path, *, people: Mapping[str, str] | None = None
) -> list[tuple[str, Proposal]]:
    """Propose one session for each value of a column of a long table.

    Returns
    -------
    list of (value, Proposal)
        In the order of first appearance. Ratings share the range that the whole table spans, as an assumption.
    """
    person_column = _person_column(table)
    members = groups(table, [by, person_column] if person_column else [by])
    sessions: dict[str, list[Found]] = {}
    problems: dict[str, list[Notice]] = {}
    relative = relative_to(table, folder / "any")
    for member in members:
        where = dict(zip([by, person_column] if person_column else [by], member, strict=True))
        value = member[0]
        try:
            for stream in read(table, {"where": where}):
                hint = f"{person_column} {member[1]}" if person_column else stream.owner_hint
                sessions.setdefault(value, []).append(Found(relative, "table", _hinted(stream, hint, where)))
        except CoregulateError as error:
            problems.setdefault(value, []).append(Notice("stream_unreadable", f"{by} {value}", str(error)))
    spans = _rating_span([f for found in sessions.values() for f in found])
    return [
        (
            value,
            _propose(
                found,
                problems.get(value, []),
                table,
                people or {},
                f"{table.name.split('.')[0]} {by} {value}",
                spans,
            ),
        )
        for value, found in sessions.items()
    ]


def propose_found(found: Sequence[Found], source: Path, *, name: str) -> Proposal:
    """Propose a session from streams that are there already."""
    return _propose(found, [], source, {}, name)


def _propose(
    found: Sequence[Found], problems: Sequence[Notice], source: Path, asked: Mapping[str, str], name: str,
    rating_span: tuple[float, float] | None = None, home: str = "",
) -> Proposal:  # fmt: skip
    # Folders below the one that was named tell people apart, not the way to it.
    labels = labels_of([(f.path.removeprefix(home), f.stream) for f in found])
    shared = [f.stream for f, label in zip(found, labels, strict=True) if not label]
    placed = placed_in(shared, asked, labels)
    by_label = {name: label for name, label in asked.items() if label.casefold() not in placed}
    labels = _one_word_per_person(labels, by_label)
    weights = [int(f.stream.kind in PERSONAL) for f in found]
    chosen = choose_two(labels, weights)
    people, owner = _people(chosen, by_label, list(placed.values()))
    assumptions: list[Notice] = []
    rows = [owner.get(label.casefold(), "") for label in labels]
    found, rows, between, told = cut_long(found, rows)
    start_unix_s, clocks = lay_on_one_clock(found, rows, people, assumptions)
    span = rating_span or _rating_span(found)
    streams = _stream_plans(found, rows, clocks, people, span, placed, assumptions)
    assumptions.extend(_assumed(found))
    assumptions.extend(n for n in told if n.code != "still_too_long")
    streams = one_film(streams, [f.stream.data.span.duration_s for f in found], assumptions)
    streams = without_mixed_sound(streams, people, assumptions)
    # A file that could not be read may have been meant: it is named again in each analysis.
    assumptions.extend(problems)
    segments = tuple(_segments(found, rows, clocks, start_unix_s))
    plan = SessionPlan(
        name, tuple(people), tuple(streams), segments, tuple(dict.fromkeys(assumptions)),
        start_unix_s=start_unix_s, between=between,
    )  # fmt: skip
    # What is still too long is said whenever it is read, until session.toml says what to cut it to.
    return Proposal(plan, tuple(found), (*problems, *(n for n in told if n.code == "still_too_long")))


def _assumed(found: Sequence[Found]) -> list[Notice]:
    """Return what the readers had to assume, each notice naming its file's folder."""
    return [
        in_its_folder(n, f.path, f.stream.part)
        for f in found
        for n in f.stream.notices
        if n.code.startswith("assumed")
    ]


def _stream_plans(
    found: Sequence[Found], rows: Sequence[str], clocks: Sequence[Placed], people: Sequence[PersonPlan],
    rating_span: tuple[float, float] | None, placed: Mapping[str, str], assumptions: list[Notice],
) -> list[StreamPlan]:  # fmt: skip
    """Return a line of the plan for each stream; what had to be assumed joins ``assumptions``."""
    kinds = [(f.stream.kind, person) for f, person in zip(found, rows, strict=True)]
    hearts = {person for kind, person in kinds if kind in ("ecg", "ppg", "beats")}
    speakers = {person for kind, person in kinds if kind in ("speech", "words")} - {""}
    plans = []
    for f, person, clock in zip(found, rows, clocks, strict=True):
        # Where it is said who speaks when, it does not matter whose voice comes first.
        heard = [] if f.stream.kind == "audio" and len(speakers) > 1 else assumptions
        plans.append(_stream_plan(f, person, clock, people, rating_span, person in hearts, placed, heard))
    return plans


def _one_word_per_person(labels: Sequence[str], asked: Mapping[str, str]) -> list[str]:
    unknown = [label for label in asked.values() if label.casefold() not in {x.casefold() for x in labels}]
    if unknown:
        known = ", ".join(f"'{x}'" for x in sorted({x for x in labels if x}))
        raise InputError(
            f"Nobody here is called '{unknown[0]}'",
            f"The files tell apart: {known or 'nobody'}",
        )
    return list(labels)


def _people(
    chosen: Sequence[str], asked: Mapping[str, str], others: Sequence[str] = ()
) -> tuple[list[PersonPlan], dict[str, str]]:
    """Return the people, by their labels, then those whom only a place in a shared recording names."""
    named = {label.casefold(): name for name, label in asked.items()}
    ordered = sorted(chosen, key=lambda label: label.casefold() not in named) if named else list(chosen)
    people: list[PersonPlan] = []
    owner: dict[str, str] = {}
    for k, label in enumerate(ordered):
        name = named.get(
            label.casefold(), label[:1].upper() + label[1:] if label.isalpha() and len(label) > 1 else label
        )
        person = PersonPlan(_slug(name, {p.id for p in people}), name, "partner" if k < 2 else "other")
        people.append(person)
        owner[label.casefold()] = person.id
    for name in others:
        if len(people) < 2 and name.casefold() not in {p.name.casefold() for p in people}:
            people.append(PersonPlan(_slug(name, {p.id for p in people}), name, "partner"))
    for default in ("A", "B")[len(people) :]:
        people.append(PersonPlan(_slug(default.lower(), {p.id for p in people}), f"Person {default}"))
    return people, owner


def _slug(name: str, taken: set[str]) -> str:
    base = re.sub(r"[^\w]+", "-", name.casefold()).strip("-") or "person"
    slug, k = base, 2
    while slug in taken:
        slug, k = f"{base}-{k}", k + 1
    return slug


def _stream_plan(
    f: Found, person: str, clock: Placed, people: Sequence[PersonPlan], rating_span: tuple[float, float] | None,
    has_heart: bool, placed: Mapping[str, str], assumptions: list[Notice],
) -> StreamPlan:  # fmt: skip
    stream = f.stream
    rate_hz = stream.data.rate_hz if stream.timing == "assumed" and isinstance(stream.data, Signal) else None
    span = _range(f, rating_span, assumptions) if stream.kind == "rating" else None
    use = _used(stream, has_heart)
    if stream.kind in PERSONAL and stream.kind != "audio" and not person and use:
        use = False
        told = f"Whose {stream.kind} '{stream.part}' is cannot be told, so it is not used: name the owner in {FILE_NAME}."
        assumptions.append(Notice("owner_unknown", f.path, told))
    both = not person and stream.kind in PLACES
    return StreamPlan(
        person,
        stream.kind,
        f.path,
        stream.part,
        clock.clock,
        clock.offset_s,
        use,
        rate_hz,
        span,
        dict(stream.attrs.get("where", {})),
        who_is_where(stream, f.path, people, placed, assumptions) if both else {},
        drift_ppm=round(clock.drift_ppm, 4),
        uncertainty_s=None if math.isnan(clock.uncertainty_s) else round(clock.uncertainty_s, 6),
    )


def _range(f: Found, shared: tuple[float, float] | None, assumptions: list[Notice]) -> tuple[float, float]:
    """Return a rating's range: what it declares, else what all ratings share, as an assumption."""
    declared: tuple[float, float] | None = f.stream.attrs.get("declared_range")
    if declared is not None:
        return declared
    low, high = shared or (0.0, 1.0)
    told = f"The range of the rating is not declared: it is assumed to be {low:g} to {high:g}."
    assumptions.append(Notice("assumed_range", f.path, told))
    return low, high


def _used(stream: Stream, has_heart: bool) -> bool:
    """Whether the analysis uses a stream: intervals without times, a device's average and a temperature are shown only."""
    if stream.kind in ("other", "temperature", "heart_rate"):
        return False
    return not (stream.kind == "rr" and stream.timing == "intervals" and has_heart)


def _segments(
    found: Sequence[Found],
    owners: Sequence[str],
    clocks: Sequence[Placed],
    start_unix_s: float | None,
) -> list[SegmentPlan]:
    segments: list[SegmentPlan] = []
    for f, person, clock in zip(found, owners, clocks, strict=True):
        if f.stream.kind != "markers" or not isinstance(f.stream.data, Track):
            continue
        base = clock.offset_s
        if clock.clock == "unix":
            base += (f.stream.origin_unix_s or 0.0) - (start_unix_s or 0.0)
        segments += _between_edges(f.stream.data, base, person)
    return segments


def _between_edges(marks: Track, base_s: float, person: str) -> Iterator[SegmentPlan]:
    """Yield what lies between marks such as ``baseline start`` and ``baseline stop``, or ``pause`` and ``resume``."""
    begun: dict[str, float] = {}
    for label in marks.labels:
        match = _EDGE.fullmatch(label.text.strip())
        if not match:
            continue
        edge, at_s = match[2].casefold(), label.start_s + base_s
        key = f"{match[1]}Pause" if edge in ("pause", "resume") else match[1]
        if edge in ("start", "begin", "pause"):
            begun[key] = at_s
        elif key in begun and at_s > begun[key] and key.casefold() != "recording":
            reference = _reference(f"{key} {match[3] or ''}")
            yield SegmentPlan(key, round(begun.pop(key), 3), round(at_s, 3), person, reference)


def _reference(name: str) -> str:
    word = name.casefold()
    if "calm" in word or ("baseline" in word and "talk" in word):
        return "calm_talk"
    return "rest" if "baseline" in word or word.strip() in ("rest", "resting") else ""


def _rating_span(found: Sequence[Found]) -> tuple[float, float] | None:
    """Return the range that all ratings share: 0 to 1 or 0 to 100 where it fits (prior), else what was used."""
    spans = [
        f.stream.attrs["observed_range"]
        for f in found
        if f.stream.kind == "rating" and "observed_range" in f.stream.attrs
    ]
    if not spans:
        return None
    low, high = float(min(s[0] for s in spans)), float(max(s[1] for s in spans))
    if low >= 0 and high <= 1:
        return 0.0, 1.0
    return (0.0, 100.0) if low >= 0 and 10 < high <= 100 else (low, high)


def _person_column(table: Path) -> str:
    for column in _PERSON_COLUMNS:
        try:
            groups(table, [column])
        except InputError:
            continue
        return column
    return ""


def _hinted(stream: Stream, hint: str, where: Mapping[str, str]) -> Stream:
    return dataclasses.replace(stream, owner_hint=hint, attrs={**stream.attrs, "where": dict(where)})
