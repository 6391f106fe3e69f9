"""``session.toml``: who, which streams, one clock, what was assumed, what is marked, who agreed."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from coregulate.core import FormatError, InputError, Notice, Person, StoreError

from .between import LONGEST_S, Between, between_from

FILE_NAME = "session.toml"
FORMAT = 1
CLOCKS = ("unix", "tied", "aligned", "none")
MAX_DRIFT_PPM = 10_000.0  # prior: a hundredth; no clock is worse
REFERENCES = ("rest", "calm_talk")


@dataclass(frozen=True)
class PersonPlan:
    """A person and whether they agreed.

    ``consent`` is ``given``, ``elsewhere`` (recorded outside this folder) or ``no``.
    ``history``: what they say of themselves, such as ``startles easily``; ``learned``:
    the file with what was learned of them, relative to the folder.
    """

    id: str
    name: str
    role: str = "partner"
    consent: str = "no"
    history: tuple[str, ...] = ()
    learned: str = ""

    @property
    def person(self) -> Person:
        """The value that the other rooms see."""
        return Person(self.id, self.name, self.role)


@dataclass(frozen=True)
class StreamPlan:
    """One stream: where it is, whose it is, which clock it is on.

    ``person`` is an id, or ``""`` where both share it (one microphone for two).
    ``clock`` is ``unix`` (the file's own), ``tied`` (measured against another file), ``aligned`` (assumed, or
    known to you) or ``none`` (nothing is known: no coupling with the other is told). Session time is the file's
    time plus ``offset_s``, stretched by ``drift_ppm``; ``uncertainty_s`` is what a measured tie may be off by.
    ``who`` names the people in a recording of both:
    ``left`` and ``right`` in a video, ``first`` and ``second`` to speak in a sound.
    ``one_room``: both sit in one room before one camera (true), or it is a call (false); None: nobody said.
    """

    person: str
    kind: str
    path: str
    part: str = ""
    clock: str = "aligned"
    offset_s: float = 0.0
    use: bool = True
    rate_hz: float | None = None
    range: tuple[float, float] | None = None
    where: Mapping[str, str] = field(default_factory=dict)
    who: Mapping[str, str] = field(default_factory=dict)
    one_room: bool | None = None
    drift_ppm: float = 0.0
    uncertainty_s: float | None = None


@dataclass(frozen=True)
class SegmentPlan:
    """A marked stretch; with ``baseline`` it is the person's reference (``rest`` or ``calm_talk``)."""

    name: str
    start_s: float
    end_s: float
    person: str = ""
    baseline: str = ""


@dataclass(frozen=True)
class CorrectionPlan:
    """A person's own word on a stretch: what it ``was``, or at least what it ``was_not``."""

    person: str
    start_s: float
    end_s: float
    was: str = ""
    was_not: str = ""


@dataclass(frozen=True)
class SessionPlan:
    """All of ``session.toml``.

    ``between``: when the session was, where a stream spans days more and is cut to it.
    """

    name: str
    people: tuple[PersonPlan, ...]
    streams: tuple[StreamPlan, ...]
    segments: tuple[SegmentPlan, ...] = ()
    assumptions: tuple[Notice, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    start_unix_s: float | None = None
    corrections: tuple[CorrectionPlan, ...] = ()
    between: Between | None = None


def read_plan(folder: Path) -> SessionPlan:
    """Read ``session.toml`` of a folder.

    Raises
    ------
    InputError
        Where there is none (the cure is ``coregulate init``).
    FormatError
        Where it cannot be read, or a key or value is not known.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        raise InputError(
            f"There is no {FILE_NAME} in this folder", f"Run 'coregulate init {folder}' first", folder
        )
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FormatError(
            f"This is not valid TOML ({error})", "Mend that line, or run 'coregulate init --force'", path
        ) from error
    return plan_from(raw, path)


def write_plan(plan: SessionPlan, folder: Path) -> Path:
    """Write ``session.toml`` aside, then put it in place; the earlier one stays whole on failure."""
    import tomli_w

    path = folder / FILE_NAME
    aside = path.with_suffix(".toml.new")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        text = _HEAD + tomli_w.dumps(_plain(plan)) + "".join(map(correction_text, plan.corrections))
        aside.write_text(text, encoding="utf-8")
        aside.replace(path)
    except OSError as error:
        raise StoreError(
            f"{FILE_NAME} cannot be written ({error.strerror})",
            "Choose a folder that can be written with --out",
            path,
        ) from error
    return path


_HEAD = """\
# What Coregulate takes this session to be. Edit it freely; 'coregulate inspect' shows the effect.
# Times are seconds from the session's start. A segment with baseline = "rest" or "calm_talk" is
# a stretch in which that person (or both, without person) was at rest, or talked calmly.
"""


def _plain(plan: SessionPlan) -> dict[str, Any]:
    raw: dict[str, Any] = {"format": FORMAT, "name": plan.name}
    if plan.start_unix_s is not None:
        raw["start_unix_s"] = plan.start_unix_s
    if plan.between is not None:
        raw["between"] = list(plan.between)
    # Role and consent are always written out: they are there to be read and changed.
    raw["people"] = [
        {"role": person.role, "consent": person.consent} | _without_defaults(person) for person in plan.people
    ]
    raw["streams"] = [_without_defaults(stream) for stream in plan.streams]
    raw["segments"] = [_without_defaults(segment) for segment in plan.segments]
    raw["assumptions"] = [dataclasses.asdict(assumption) for assumption in plan.assumptions]
    raw["settings"] = dict(plan.settings)
    return raw


def _without_defaults(value: Any) -> dict[str, Any]:
    kept = {}
    for f in dataclasses.fields(value):
        item = getattr(value, f.name)
        is_default = f.default is not dataclasses.MISSING and item == f.default
        if not is_default and item not in ({}, None):
            kept[f.name] = (
                list(item) if isinstance(item, tuple) else dict(item) if isinstance(item, Mapping) else item
            )
    return kept


def plan_from(raw: dict[str, Any], path: Path) -> SessionPlan:
    """Read a plan from a parsed table; FormatError names what is not valid in it."""
    if raw.get("format") != FORMAT:
        raise FormatError(
            f"The format is {raw.get('format')!r}, not {FORMAT}", "Run 'coregulate init --force'", path
        )
    known = {f.name for f in dataclasses.fields(SessionPlan)} | {"format"}
    unknown = sorted(set(raw) - known)
    if unknown:
        raise FormatError(
            f"The key '{unknown[0]}' is not known", f"Keys are {', '.join(sorted(known))}", path
        )
    between = between_from(raw.get("between"), path)
    plan = SessionPlan(
        name=str(raw.get("name", path.parent.name)),
        people=tuple(_build(PersonPlan, item, path) for item in raw.get("people", [])),
        streams=tuple(_build(StreamPlan, item, path) for item in raw.get("streams", [])),
        segments=tuple(_build(SegmentPlan, item, path) for item in raw.get("segments", [])),
        assumptions=tuple(_build(Notice, item, path) for item in raw.get("assumptions", [])),
        settings=_flat(raw.get("settings", {})),
        start_unix_s=_start(raw.get("start_unix_s"), between),
        corrections=tuple(_build(CorrectionPlan, item, path) for item in raw.get("corrections", [])),
        between=between,
    )
    _check(plan, path)
    return plan


def _start(unix_s: float | None, between: Between | None) -> float | None:
    """Return when the session's zero is: not where a watch began years ago, but where the session is said to begin."""
    if unix_s is None or between is None:
        return unix_s
    zero = between.start.timestamp()
    return unix_s if abs(unix_s - zero) <= LONGEST_S else zero


def _build(kind: Any, item: dict[str, Any], path: Path) -> Any:
    names = [f.name for f in dataclasses.fields(kind)]
    unknown = sorted(set(item) - set(names))
    if unknown:
        raise FormatError(f"The key '{unknown[0]}' is not known there", f"Keys are {', '.join(names)}", path)
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in item.items()}
    try:
        return kind(**values)
    except TypeError as error:
        raise FormatError(f"A part of it is incomplete ({error})", "Add what is missing", path) from error


def _flat(settings: Mapping[str, Any]) -> dict[str, Any]:
    """``{"story": {"off_track_s": 5}}`` as ``{"story.off_track_s": 5}``; flat keys stay."""
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping):
            flat.update({f"{key}.{inner}": v for inner, v in value.items()})
        else:
            flat[key] = value
    return flat


def _check(plan: SessionPlan, path: Path) -> None:
    ids = [person.id for person in plan.people]
    if len(set(ids)) != len(ids):
        raise FormatError(f"Two people have the same id: {', '.join(ids)}", "Give each their own", path)
    for stream in plan.streams:
        _check_stream(stream, ids, path)
    for correction in plan.corrections:
        _check_correction(correction, ids, path)
    for segment in plan.segments:
        _check_segment(segment, ids, path)


def _check_person(person: str, ids: list[str], said: str, path: Path) -> None:
    """Refuse what is said of a person who is not in the session; of nobody is fine."""
    if person and person not in ids:
        raise FormatError(f"{said}, who is not in people", f"People are {', '.join(ids)}", path)


def _check_stream(stream: StreamPlan, ids: list[str], path: Path) -> None:
    _check_person(stream.person, ids, f"A stream belongs to '{stream.person}'", path)
    strangers = sorted(set(stream.who.values()) - set(ids))
    if strangers:
        raise FormatError(
            f"'{strangers[0]}' in who of {stream.path} is not in people",
            f"People are {', '.join(ids)}",
            path,
        )
    if stream.clock not in CLOCKS:
        raise FormatError(f"A clock is '{stream.clock}'", f"It must be one of {', '.join(CLOCKS)}", path)
    if not abs(stream.drift_ppm) <= MAX_DRIFT_PPM:
        raise FormatError(
            f"A drift is {stream.drift_ppm} ppm", f"It must lie within {MAX_DRIFT_PPM:g} either way", path
        )


def _check_segment(segment: SegmentPlan, ids: list[str], path: Path) -> None:
    if not segment.end_s > segment.start_s:
        raise FormatError(
            f"The segment '{segment.name}' ends at {segment.end_s} s and starts at {segment.start_s} s",
            "Let it end after its start",
            path,
        )
    _check_person(segment.person, ids, f"The segment '{segment.name}' belongs to '{segment.person}'", path)
    if segment.baseline and segment.baseline not in REFERENCES:
        raise FormatError(
            f"The baseline of '{segment.name}' is '{segment.baseline}'",
            f"It must be one of {', '.join(REFERENCES)}",
            path,
        )


def _check_correction(correction: CorrectionPlan, ids: list[str], path: Path) -> None:
    where = f"The correction at {correction.start_s} s"
    if correction.person not in ids:
        raise FormatError(
            f"{where} is of '{correction.person}', who is not in people", f"People are {', '.join(ids)}", path
        )
    if not correction.end_s > correction.start_s:
        raise FormatError(f"{where} ends at {correction.end_s} s", "Let it end after its start", path)
    if not (correction.was or correction.was_not):
        raise FormatError(f"{where} says nothing", "Say what it was, or was_not", path)


def correction_text(correction: CorrectionPlan) -> str:
    """One table of its own, so that the next can be written below it."""
    import tomli_w

    return "\n[[corrections]]\n" + tomli_w.dumps(_without_defaults(correction))
