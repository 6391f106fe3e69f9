"""The whole recording: everybody's cues, picture by picture, in arrays that grow by blocks."""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray, InputError

from .follow import Follower, Known
from .landmarks import Face
from .measure import CUES, head_motion, measure, quality

_BLOCK = 1024  # rows by which the arrays grow
_AHEAD = 3  # pictures decoded beforehand: the decoder works on while faces are told apart
_GIVES_WAY = 5  # measured with the fits in two threads, on two cores: 11.2 ms a picture, 11.9 without either
_AT_ONCE = 64  # prior: faces whose cues are read in one go: 3 MB of points wait for it
_PASSING_S = 1.0  # prior: a new face while a known one is missing must last longer to be a third person
_BLINK_S = 0.4  # prior: blinks last 0.1 to 0.4 s
_EXTRA = ("quality", "confidence", "left", "top", "right", "bottom")
LEG_S = 120.0  # prior: what an interruption costs at most, some 15 s of work
OTHER = "other"
Stored = Mapping[str, NDArray[Any]]
Frame = tuple[float, NDArray[np.uint8]]


class Onlooker(Protocol):
    """Reads something else off the same pictures, while they are there: skin, chest, hands."""

    def see(self, time_s: float, rgb: NDArray[np.uint8], people: Sequence[Known]) -> None:
        """Take a picture and the people whose face is in it; keep nothing of the picture itself."""

    def aside(self) -> dict[str, NDArray[Any]]:
        """Return, as arrays without a picture, what it takes to go on later."""

    def take_up(self, stored: Stored) -> None:
        """Go on from what ``aside`` returned."""


@dataclass(frozen=True, eq=False)
class FaceTracks:
    """What the faces of a recording did.

    Parameters
    ----------
    times_s : ndarray, shape (n,)
    labels : tuple of str
        ``left`` and ``right`` by where they were first seen, ``face`` for a single one, then
        ``other`` where more people were seen.
    values : dict of label to dict of cue to ndarray, shape (n,)
        NaN where the face is not seen. Units: ``measure.CUES``.
    quality : dict of label to ndarray, shape (n,)
        0 (not seen, or not to be trusted) to 1.
    boxes : dict of label to ndarray, shape (n, 4)
        Left, top, right, bottom in pixels, NaN where not seen.
    identity : dict of label to ndarray, shape (n,)
        Confidence that this face is its label's, 0 to 1, renewed once a second; NaN where not
        seen. 0.5: looks cannot tell.
    numbers : dict of label to tuple of int
        ``Known.number`` of those behind a label, for what onlookers kept: one, of ``other`` several.
    """

    times_s: FloatArray
    labels: tuple[str, ...]
    values: dict[str, dict[str, FloatArray]]
    quality: dict[str, FloatArray]
    boxes: dict[str, FloatArray]
    identity: dict[str, FloatArray]
    numbers: dict[str, tuple[int, ...]]


class _Sight(NamedTuple):
    """One person's face in one picture."""

    row: int
    time_s: float
    confidence: float
    face: Face


class _Rows:
    """Rows of one person, NaN where nothing was put; read off the faces many at a time."""

    def __init__(self, table: NDArray[np.float32] | None = None) -> None:
        empty = np.full((0, len(CUES) + len(_EXTRA)), np.nan, dtype=np.float32)
        self._table: NDArray[np.float32] = empty if table is None else table
        self._before: list[_Sight] = []
        self._waiting: list[_Sight] = []

    def put(self, row: int, time_s: float, person: Known) -> None:
        """Take a person whose face is seen."""
        if person.face is not None:
            self._waiting.append(_Sight(row, time_s, person.confidence, person.face))
        if len(self._waiting) == _AT_ONCE:
            self._read()

    def whole(self) -> NDArray[np.float32]:
        """Return all rows so far."""
        self._read()
        return self._table

    def _read(self) -> None:
        if not self._waiting:
            return
        sights = self._before + self._waiting
        faces = Face(*(np.array(part) for part in zip(*(s.face for s in sights), strict=True)))
        cues = measure(faces)
        cues["head_motion"] = head_motion(faces, np.array([s.time_s for s in sights]))
        sure = np.array([s.confidence for s in sights])
        read = np.column_stack([*(cues[name] for name in CUES), quality(faces), sure, faces.box])
        rows = [s.row for s in self._waiting]
        if rows[-1] >= len(self._table):
            more = np.full((rows[-1] + _BLOCK - len(self._table), self._table.shape[1]), np.nan, np.float32)
            self._table = np.concatenate([self._table, more])
        self._table[rows] = read[len(self._before) :]
        self._before, self._waiting = self._waiting[-1:], []


class _Pass:
    """One way through a recording, in legs: what a leg begins with can be put aside."""

    def __init__(self, onlookers: Sequence[Onlooker]) -> None:
        self.follower, self.onlookers = Follower(), onlookers
        self.rows: dict[int, _Rows] = {}
        self.times: list[float] = []
        self._unread: tuple[int, float, NDArray[np.uint8], list[Known]] | None = None

    def take(self, time_s: float, rgb: NDArray[np.uint8]) -> None:
        """Follow the faces of a picture, and meanwhile read those of the picture before."""
        people = [replace(person) for person in self.follower.step(time_s, rgb, meanwhile=self.read)]
        self.read()
        self._unread = len(self.times), time_s, rgb, people
        self.times.append(float(time_s))

    def read(self) -> None:
        """Read what the people of the last picture do and show it to the onlookers, once."""
        if self._unread is None:
            return
        (row, time_s, rgb, people), self._unread = self._unread, None
        for person in people:
            self.rows.setdefault(person.number, _Rows()).put(row, time_s, person)
        for onlooker in self.onlookers:
            onlooker.see(time_s, rgb, people)

    def begins_leg(self, time_s: float) -> bool:
        """Whether a picture is the first of a later leg than the picture before it."""
        if self._unread is None:  # at the very start, or going on at a leg's own start
            return False
        first_s, last_s = self.times[0], self.times[-1]
        return (time_s - first_s) // LEG_S > (last_s - first_s) // LEG_S

    def aside(self) -> dict[str, NDArray[Any]]:
        """Return all that there is to read, and of everybody what tells them apart, as arrays by name."""
        self.read()
        parts = {
            "follow": self.follower.aside(),
            "rows": {str(number): own.whole()[: len(self.times)] for number, own in self.rows.items()},
            **{type(onlooker).__name__: onlooker.aside() for onlooker in self.onlookers},
        }
        return {"times_s": np.array(self.times)} | {
            f"{part}/{name}": values for part, own in parts.items() for name, values in own.items()
        }

    def take_up(self, stored: Stored) -> None:
        """Go on from what ``aside`` returned: every leg begins so, that of an unbroken run too."""

        def of(part: str) -> dict[str, NDArray[Any]]:
            return {k.removeprefix(part + "/"): v for k, v in stored.items() if k.startswith(part + "/")}

        self.times = [float(t) for t in stored["times_s"]]
        self.rows = {int(number): _Rows(table) for number, table in of("rows").items()}
        self.follower.take_up(of("follow"))
        for onlooker in self.onlookers:
            onlooker.take_up(of(type(onlooker).__name__))


def watch_faces(
    frames: Iterable[Frame],
    *,
    max_people: int = 2,
    onlookers: Sequence[Onlooker] = (),
    progress: Callable[[float], None] | None = None,
    begin: Stored | None = None,
    keep: Callable[[Stored], None] | None = None,
) -> FaceTracks:
    """Follow the faces of a recording and read what they do.

    Parameters
    ----------
    frames : iterable of (time_s, rgb)
        Times rise; pictures are uint8, shape (height, width, 3). 10 a second is what the
        figures were made with.
    max_people : int
        The people seen most get a label of their own, the rest is ``other``.
    onlookers : sequence of Onlooker
        Shown each picture after its faces.
    progress : callable, optional
        Called with the time of each picture, seconds.
    begin : mapping of str to ndarray, optional
        What `keep` was last given in an earlier run that broke off; `frames` are then those after
        ``begin["times_s"][-1]``. The result is that of an unbroken run.
    keep : callable, optional
        Called every two minutes of the recording, and at its end, with all that it takes to go on
        from there: tracks, points of faces and what tells people apart, as arrays by name. No picture
        is among them; the nearest to one are 12 x 12 light and dark places of each face.

    Returns
    -------
    FaceTracks
        No labels where no face was seen.

    Raises
    ------
    InputError
        Where times do not rise, or `max_people` is below 1.
    MissingExtraError
        Where ``ai-edge-litert`` is not installed.
    StoreError
        Where a model is not here and cannot be fetched.

    Notes
    -----
    One pass, five pictures in memory; about 80 bytes a picture and person stay. Nobody is known
    by name: ``left`` and ``right`` are places of the first sight, kept through changes of place.
    """
    if max_people < 1:
        raise InputError(f"At most {max_people} people are to be followed", "Ask for 1 or more")
    run = _Pass(onlookers)
    if begin is not None:
        run.take_up(begin)
    for time_s, rgb in _ahead(frames):
        if run.times and not time_s > run.times[-1]:
            raise InputError(
                f"A picture at {time_s} s follows one at {run.times[-1]} s", "Give them in order"
            )
        if run.begins_leg(time_s):
            stored = run.aside()
            run.take_up(stored)
            if keep is not None:
                keep(stored)
        run.take(time_s, rgb)
        if progress is not None:
            progress(time_s)
    run.read()
    if keep is not None:
        keep(run.aside())
    times_s, known = np.array(run.times), run.follower.known
    tables = {number: _whole(r.whole(), len(times_s)) for number, r in run.rows.items()}
    return _tracks(times_s, _told_apart(tables, known, times_s), known, max_people)


def _ahead(frames: Iterable[Frame]) -> Iterator[Frame]:
    """Take the next pictures from their file while the present one is read, on what is left of the cores."""
    coming = iter(frames)
    with ThreadPoolExecutor(1, initializer=_give_way) as pool:
        following = deque(pool.submit(next, coming, None) for _ in range(_AHEAD))
        while (frame := following.popleft().result()) is not None:
            following.append(pool.submit(next, coming, None))
            yield frame


def _give_way() -> None:
    """Let other threads go before this one, where the system lets one say so (Linux: a thread has its own niceness)."""
    if sys.platform == "linux":
        with suppress(OSError):
            own = threading.get_native_id()
            os.setpriority(os.PRIO_PROCESS, own, os.getpriority(os.PRIO_PROCESS, own) + _GIVES_WAY)


def _whole(table: NDArray[np.float32], n: int) -> NDArray[np.float64]:
    out = np.full((n, table.shape[1]), np.nan)
    m = min(n, len(table))
    out[:m] = table[:m]
    return out


def _told_apart(
    tables: dict[int, FloatArray], known: Sequence[Known], times_s: FloatArray
) -> dict[int, FloatArray]:
    """Give rows to whom they belong, and leave out who was seen too briefly to be more than a half hidden face."""
    out = dict(tables)
    step_s = float(np.median(np.diff(times_s))) if len(times_s) > 1 else 0.0
    for person in known:
        one = person
        while one.same_as is not None:
            one = known[one.same_as]
        if one is not person and person.number in out:
            rows, own = out.pop(person.number), out[one.number]
            own[:] = np.where(np.isnan(own[:, :1]), rows, own)
    passing = [n for n, rows in out.items() if known[n].doubtful and np.isfinite(rows[:, 0]).sum() * step_s < _PASSING_S]  # fmt: skip
    for number in passing:
        del out[number]
    return out


def _tracks(
    times_s: FloatArray, tables: dict[int, FloatArray], known: list[Known], max_people: int
) -> FaceTracks:
    seen = {number: int(np.isfinite(t[:, 0]).sum()) for number, t in tables.items()}
    most = sorted(seen, key=lambda number: -seen[number])[:max_people]
    most.sort(key=lambda number: known[number].first_x)
    named = {label: tables[number] for label, number in zip(_labels(len(most)), most, strict=True)}
    numbers = dict[str, tuple[int, ...]](
        (label, (number,)) for label, number in zip(named, most, strict=True)
    )
    rest = tuple(number for number in sorted(seen, key=lambda n: -seen[n]) if number not in most)
    if rest:
        numbers[OTHER] = rest
        named[OTHER] = _first_seen([tables[number] for number in rest])
    at = {name: k for k, name in enumerate((*CUES, *_EXTRA))}
    for table in named.values():
        table[:, at["blink"]] = brief(table[:, at["blink"]], times_s)
    return FaceTracks(
        times_s,
        tuple(named),
        {label: {cue: t[:, at[cue]] for cue in CUES} for label, t in named.items()},
        {label: np.nan_to_num(t[:, at["quality"]], nan=0.0) for label, t in named.items()},
        {label: t[:, at["left"] : at["bottom"] + 1] for label, t in named.items()},
        {label: t[:, at["confidence"]] for label, t in named.items()},
        numbers,
    )


def _labels(n: int) -> tuple[str, ...]:
    if n <= 1:
        return ("face",)[:n]
    return ("left", "right") if n == 2 else tuple(f"face {k + 1}" for k in range(n))


def brief(closed: FloatArray, times_s: FloatArray) -> FloatArray:
    """Keep the closures that are blinks: eyes shut for longer are resting or look down.

    Parameters
    ----------
    closed : ndarray, shape (n,)
        1 closed, 0 open, NaN not seen.
    times_s : ndarray, shape (n,)

    Examples
    --------
    >>> brief(np.array([0, 1, 0, 1, 1, 1.0]), np.array([0, 0.1, 0.2, 0.3, 0.6, 0.9])).tolist()
    [0.0, 1.0, 0.0, 0.0, 0.0, 0.0]
    """
    out = closed.copy()
    edges = np.flatnonzero(np.diff(np.concatenate([[False], closed == 1.0, [False]]).astype(int)))
    for first, end in edges.reshape(-1, 2):
        if times_s[end - 1] - times_s[first] > _BLINK_S:
            out[first:end] = 0.0
    return out


def _first_seen(tables: list[FloatArray]) -> FloatArray:
    """Of several people, in each row the one who is there."""
    out = tables[0].copy()
    for table in tables[1:]:
        gap = np.isnan(out[:, 0])
        out[gap] = table[gap]
    return out
