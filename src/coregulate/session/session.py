"""A session that is open: two people, their streams on one clock."""

from __future__ import annotations

import dataclasses
import filecmp
import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from coregulate.core import (
    Clock,
    ConsentError,
    CoregulateError,
    Data,
    Events,
    InputError,
    Label,
    Notice,
    Person,
    Pictures,
    Samples,
    Segment,
    Signal,
    Sound,
    Stream,
    Track,
)
from coregulate.readers import read

from .between import LONGEST_S
from .cutting import cut, outside, refuse_years, too_long
from .found import in_its_folder
from .owned import OwnedStream
from .person_file import PersonFile, read_person_file
from .pieces import joined
from .plan import FILE_NAME, CorrectionPlan, SegmentPlan, SessionPlan, StreamPlan, read_plan


class InputFile(NamedTuple):
    """A file that an analysis rests on."""

    path: str
    sha256: str
    n_bytes: int


@dataclass(frozen=True)
class Session:
    """Two people and what was recorded of them; files are read when ``streams`` is first asked for.

    ``held`` are streams that are in memory, by what the plan calls their path.
    """

    folder: Path
    plan: SessionPlan
    held: Mapping[str, Sequence[Stream]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The session's name."""
        return self.plan.name

    @property
    def people(self) -> tuple[Person, ...]:
        """The people the session is about, without others in the room."""
        return tuple(p.person for p in self.plan.people if p.role != "other")

    def name_of(self, person: str) -> str:
        """Return a person's name."""
        return next((p.name for p in self.plan.people if p.id == person), person)

    @property
    def segments(self) -> tuple[SegmentPlan, ...]:
        """Marked stretches, in session time."""
        by = self._zero_s
        return tuple(
            dataclasses.replace(s, start_s=s.start_s - by, end_s=s.end_s - by) for s in self.plan.segments
        )

    @property
    def corrections(self) -> tuple[CorrectionPlan, ...]:
        """People's own words on stretches, in session time."""
        by = self._zero_s
        return tuple(
            dataclasses.replace(c, start_s=c.start_s - by, end_s=c.end_s - by) for c in self.plan.corrections
        )

    def learned(self) -> dict[str, PersonFile]:
        """Read what was learned of each person, where ``session.toml`` names a file."""
        return {p.id: read_person_file(self.folder / p.learned) for p in self.plan.people if p.learned}

    def require_consent(self) -> None:
        """Raise ConsentError unless everybody in the session has agreed."""
        missing = [p.name for p in self.plan.people if p.consent not in ("given", "elsewhere")]
        if missing:
            raise ConsentError(
                f"{' and '.join(missing)} has not agreed to this analysis"
                if len(missing) == 1
                else f"{' and '.join(missing)} have not agreed to this analysis",
                "Ask, and run 'coregulate init --force' when both say yes",
                self.folder / FILE_NAME,
            )

    @cached_property
    def _read(self) -> tuple[tuple[OwnedStream, ...], tuple[Notice, ...]]:
        streams: list[OwnedStream] = []
        notices: list[Notice] = [*self.plan.assumptions, *_same_for_both(self.plan, self.folder)]
        cache: dict[tuple[str, ...], list[Stream] | CoregulateError] = {}
        for wanted in (s for s in self.plan.streams if s.use):
            try:
                streams.append(self._one(wanted, cache))
            except CoregulateError as error:
                # One bad stream of six is said, and the rest is analysed.
                notices.append(Notice("stream_unreadable", wanted.path, str(error)))
        if not streams:
            why = f": {notices[-1].text}" if notices else ""
            raise InputError(
                f"No stream of this session can be used{why}",
                "Mend the files; or give a stream there a known kind and use = true (docs/formats.md lists the "
                "kinds), or measure any two columns with 'coregulate couple'",
                self.folder / FILE_NAME,
            )
        spans = [s.data.span for s in streams if s.kind != "markers"]
        refuse_years(spans, self.plan.start_unix_s, self.folder / FILE_NAME)
        streams = joined(streams)
        seen = {(n.code, n.where, n.text) for n in notices}
        for stream in streams:
            for notice in (in_its_folder(n, stream.path, stream.part) for n in stream.notices):
                if (notice.code, notice.where, notice.text) not in seen:
                    seen.add((notice.code, notice.where, notice.text))
                    notices.append(notice)
        return tuple(streams), tuple(notices)

    @cached_property
    def _zero_s(self) -> float:
        """Earliest sample by the plan's clock: time zero, also after somebody edited the offsets."""
        starts = [
            s.data.span.start_s for s in self._read[0] if s.kind != "markers" and s.data.span.duration_s > 0
        ]
        earliest = min(starts, default=0.0)
        return earliest if abs(earliest) > 1e-6 else 0.0

    @cached_property
    def streams(self) -> tuple[OwnedStream, ...]:
        """All streams that could be read, in session time."""
        by = self._zero_s
        return tuple(s._replace(data=shifted(s.data, -by)) for s in self._read[0]) if by else self._read[0]

    @property
    def zero_unix_s(self) -> float | None:
        """Unix time of the session's zero; None where no file carries a clock."""
        return None if self.plan.start_unix_s is None else self.plan.start_unix_s + self._zero_s

    @property
    def notices(self) -> tuple[Notice, ...]:
        """Assumptions of ``session.toml`` and what the readers noticed."""
        return self._read[1]

    @cached_property
    def span(self) -> Segment:
        """Union of the streams' spans (markers apart)."""
        spans = [s.data.span for s in self.streams if s.kind != "markers" and s.data.span.duration_s > 0]
        if not spans:
            raise InputError("The streams of this session hold no samples", "Check the files", self.folder)
        return Segment(min(s.start_s for s in spans), max(s.end_s for s in spans))

    @property
    def duration_s(self) -> float:
        """Length of the union of the streams."""
        return self.span.duration_s

    def inputs(self) -> tuple[InputFile, ...]:
        """Every file the session names, with its hash (folders and record parts are walked)."""
        if self.held:
            return tuple(held_input(path, streams) for path, streams in sorted(self.held.items()))
        paths = {self.folder / p.learned for p in self.plan.people if (self.folder / p.learned).is_file()}
        for stream in self.plan.streams:
            path = self.folder / stream.path
            if path.is_dir():
                paths.update(p for p in path.rglob("*") if p.is_file())
            elif path.suffix == ".hea":
                paths.update(path.parent.glob(f"{path.stem}.*"))
            elif path.is_file():
                paths.add(path)
        return tuple(
            InputFile(_relative(p, self.folder), _sha256(p), p.stat().st_size) for p in sorted(paths)
        )

    def _one(
        self, wanted: StreamPlan, cache: dict[tuple[str, ...], list[Stream] | CoregulateError]
    ) -> OwnedStream:
        found = self._find(wanted, self._streams_of(wanted, cache))
        if self.plan.between is not None and outside(found, self.plan.between, by_s=LONGEST_S):
            raise InputError(
                f"It is of another day than {self.plan.between}",
                f"Set use = false, or change between in {FILE_NAME}", wanted.path,
            )  # fmt: skip
        if too_long(found):
            found = cut(found, self.plan.between, wanted.path)
        offset_s = wanted.offset_s
        if wanted.clock == "unix":
            if found.origin_unix_s is None or self.plan.start_unix_s is None:
                raise InputError(
                    "It carries no clock, and session.toml says it does", 'Set clock = "aligned"', wanted.path
                )
            offset_s += found.origin_unix_s - self.plan.start_unix_s
        sure = math.nan if wanted.uncertainty_s is None else wanted.uncertainty_s
        clock = Clock(wanted.clock, offset_s, wanted.drift_ppm, sure)
        return OwnedStream(
            wanted.person, wanted.kind, on_clock(found.data, clock), wanted.path, wanted.part, clock,
            found.timing, wanted.range, tuple(found.notices), wanted.who,
            wanted.one_room,
        )  # fmt: skip

    def _streams_of(
        self, wanted: StreamPlan, cache: dict[tuple[str, ...], list[Stream] | CoregulateError]
    ) -> list[Stream]:
        hints: dict[str, object] = {}
        if wanted.rate_hz is not None:
            hints["rate_hz"] = wanted.rate_hz
        if wanted.where:
            hints["where"] = dict(wanted.where)
        if wanted.path in self.held:
            return list(self.held[wanted.path])
        key = (wanted.path, str(sorted(hints.items(), key=str)))
        if key not in cache:
            try:
                cache[key] = read(self.folder / wanted.path, hints)
            except CoregulateError as error:
                cache[key] = error
        result = cache[key]
        if isinstance(result, CoregulateError):
            raise result
        return result

    def _find(self, wanted: StreamPlan, found: Sequence[Stream]) -> Stream:
        of_part = [s for s in found if s.part == wanted.part]
        exact = [s for s in of_part if s.kind == wanted.kind]
        if exact:
            return exact[0]
        if of_part:
            # session.toml outranks the reader's reading of what a column is.
            return dataclasses.replace(of_part[0], kind=wanted.kind)
        raise InputError(
            f"It holds no {wanted.kind} '{wanted.part}'",
            f"It holds {', '.join(f'{s.kind} {s.part!r}' for s in found) or 'nothing'}; mend session.toml",
            wanted.path,
        )


def open_session(folder: str | Path) -> Session:
    """Open a session's folder.

    Parameters
    ----------
    folder : path-like
        A folder with ``session.toml`` (``coregulate init`` writes it).

    Returns
    -------
    Session

    Raises
    ------
    InputError
        Without ``session.toml``, or without any stream that can be read.
    FormatError
        Where ``session.toml`` is not valid.
    """
    path = Path(folder)
    if not path.exists():
        raise InputError("There is no such folder", "Check its name", path)
    if path.name == FILE_NAME and path.is_file():
        path = path.parent
    if not path.is_dir():
        raise InputError(
            "This is not a folder", f"Run 'coregulate init {path}' to make a session of it", path
        )
    return Session(path, read_plan(path))


def on_clock(data: Data, clock: Clock) -> Data:
    """Return data on the session's clock: stretched by the clock's drift, then moved by its offset.

    Sound and pictures stay on disk as they are: the stretch goes with them to where they are read.
    """
    stretch = 1.0 + clock.drift_ppm * 1e-6
    if stretch == 1.0:
        return shifted(data, clock.offset_s)
    if isinstance(data, Signal):
        data = dataclasses.replace(data, start_s=data.start_s * stretch, rate_hz=data.rate_hz / stretch)
    elif isinstance(data, Samples | Events):
        data = dataclasses.replace(data, times_s=np.asarray(data.times_s) * stretch)
    elif isinstance(data, Track):
        labels = (Label(x.start_s * stretch, x.end_s * stretch, x.text) for x in data.labels)
        data = Track(tuple(labels), data.name)
    else:
        data = dataclasses.replace(
            data, start_s=data.start_s * stretch, duration_s=data.duration_s * stretch, stretch=stretch
        )
    return shifted(data, clock.offset_s)


def shifted(data: Data, by_s: float) -> Data:
    """Return the same data with ``by_s`` added to every time."""
    if isinstance(data, Signal | Sound | Pictures):
        return dataclasses.replace(data, start_s=data.start_s + by_s)
    if isinstance(data, Samples | Events):
        return dataclasses.replace(data, times_s=np.asarray(data.times_s) + by_s)
    return Track(tuple(Label(x.start_s + by_s, x.end_s + by_s, x.text) for x in data.labels), data.name)


def held_input(path: str, streams: Sequence[Stream]) -> InputFile:
    """Return the hash of streams that are in memory, in place of a file's."""
    digest, size = hashlib.sha256(), 0
    for stream in streams:
        digest.update(f"{stream.kind} {stream.part} {stream.origin_unix_s}".encode())
        data = stream.data
        parts = [str(data).encode()] if isinstance(data, Track | Sound | Pictures) else [
            np.ascontiguousarray(x).tobytes() for x in (data.times_s, data.values)
        ]  # fmt: skip
        for raw in parts:
            digest.update(raw)
            size += len(raw)
    return InputFile(path, digest.hexdigest(), size)


def _same_for_both(plan: SessionPlan, folder: Path) -> list[Notice]:
    """Say where both people are given the same file, or two files with the same bytes."""
    owners: dict[tuple[str, str, str, str], dict[str, str]] = {}
    for s in plan.streams:
        if s.use and s.person:
            first = _first_alike(folder, s.path, [path for path, *_ in owners])
            owners.setdefault((first, s.kind, s.part, str(sorted(s.where.items()))), {})[s.person] = s.path
    return [
        Notice(
            "same_for_both",
            " and ".join(dict.fromkeys(paths.values())),
            f"The same {kind} is given for {' and '.join(sorted(paths))}: what moves together in it says nothing.",
        )
        for (_, kind, _, _), paths in owners.items()
        if len(paths) > 1
    ]


def _first_alike(folder: Path, path: str, before: Sequence[str]) -> str:
    """Return the first of the files before that holds the same bytes, or the file itself."""
    here = folder / path
    if not here.is_file():
        return path
    for other in dict.fromkeys(before):
        there = folder / other
        if other == path or (there.is_file() and filecmp.cmp(here, there, shallow=False)):
            return other
    return path


def _relative(path: Path, folder: Path) -> str:
    try:
        return path.relative_to(folder).as_posix()
    except ValueError:
        return path.name


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()
