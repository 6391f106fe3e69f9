"""The values that pass between rooms: frozen, read-only, in seconds from the session's start.

Missing is NaN, never zero. A person is named by their id, never by a position.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import SignalError

FloatArray = NDArray[np.float64]


def _frozen(values: ArrayLike) -> FloatArray:
    """Return a read-only float64 copy (float32 stays as it is: audio and tracks are large)."""
    array = np.array(values, dtype=getattr(values, "dtype", np.float64) if _is_f32(values) else np.float64)
    array.setflags(write=False)
    return array


def _is_f32(values: object) -> bool:
    return isinstance(values, np.ndarray) and values.dtype == np.float32


class Segment(NamedTuple):
    """A half-open stretch of time, ``start_s <= t < end_s``."""

    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s


@dataclass(frozen=True, eq=False)
class Signal:
    """A regular series: sample ``i`` is at ``start_s + i / rate_hz``.

    Parameters
    ----------
    values : array_like, shape (n,) or (n, channels)
    rate_hz : float
        Samples a second, above 0.
    start_s : float
    unit, name : str
    """

    values: FloatArray
    rate_hz: float
    start_s: float = 0.0
    unit: str = ""
    name: str = ""

    def __post_init__(self) -> None:
        if not (np.isfinite(self.rate_hz) and self.rate_hz > 0):
            raise SignalError(f"The rate of '{self.name}' is {self.rate_hz} Hz", "Give a rate above 0")
        object.__setattr__(self, "values", _frozen(self.values))

    @property
    def times_s(self) -> FloatArray:
        """Time of each sample, shape (n,)."""
        return self.start_s + np.arange(len(self.values)) / self.rate_hz

    @property
    def span(self) -> Segment:
        """From the first sample to one sample interval after the last."""
        return Segment(self.start_s, self.start_s + len(self.values) / self.rate_hz)


@dataclass(frozen=True, eq=False)
class Samples:
    """A series with its own time for each sample; ``rate_hz`` is what was declared, if anything was.

    A sensor that loses samples is read this way: time comes from the stamps,
    never from count / rate.
    """

    times_s: FloatArray
    values: FloatArray
    rate_hz: float | None = None
    unit: str = ""
    name: str = ""

    def __post_init__(self) -> None:
        if len(self.times_s) != len(self.values):
            raise SignalError(
                f"'{self.name}' has {len(self.times_s)} times for {len(self.values)} values",
                "Give one time for each value",
            )
        object.__setattr__(self, "times_s", _frozen(self.times_s))
        object.__setattr__(self, "values", _frozen(self.values))

    @property
    def span(self) -> Segment:
        """From the first to the last sample (empty: 0 to 0)."""
        if len(self.times_s) == 0:
            return Segment(0.0, 0.0)
        return Segment(float(self.times_s[0]), float(self.times_s[-1]))


@dataclass(frozen=True, eq=False)
class Events:
    """Things that happen at moments (beats, breaths, tapped moments); values may be empty."""

    times_s: FloatArray
    values: FloatArray = field(default_factory=lambda: np.empty(0))
    unit: str = ""
    name: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "times_s", _frozen(self.times_s))
        object.__setattr__(self, "values", _frozen(self.values))

    @property
    def span(self) -> Segment:
        """From the first to the last event (empty: 0 to 0)."""
        if len(self.times_s) == 0:
            return Segment(0.0, 0.0)
        return Segment(float(self.times_s[0]), float(self.times_s[-1]))


class Label(NamedTuple):
    """One labelled stretch of a track."""

    start_s: float
    end_s: float
    text: str


@dataclass(frozen=True)
class Track:
    """Labelled stretches: speech turns, words, a coder's codes, annotation."""

    labels: tuple[Label, ...]
    name: str = ""

    @property
    def span(self) -> Segment:
        """From the first start to the last end (empty: 0 to 0)."""
        if not self.labels:
            return Segment(0.0, 0.0)
        return Segment(min(x.start_s for x in self.labels), max(x.end_s for x in self.labels))


@dataclass(frozen=True)
class Sound:
    """A sound track on disk; it is read in blocks, because an hour does not belong in memory.

    A second of the file lasts ``stretch`` seconds of the session (its clock's drift); ``duration_s`` is the
    session's.
    """

    path: str
    rate_hz: float
    duration_s: float
    n_channels: int = 1
    channel: int = 0
    start_s: float = 0.0
    name: str = ""
    stretch: float = 1.0

    @property
    def span(self) -> Segment:
        """From the first sample to the end."""
        return Segment(self.start_s, self.start_s + self.duration_s)


@dataclass(frozen=True)
class Pictures:
    """A video's pictures on disk; they are read one by one, because no frame outlives its reading.

    ``stretch`` and ``duration_s`` as those of :class:`Sound`.
    """

    path: str
    rate_hz: float
    duration_s: float
    width: int
    height: int
    start_s: float = 0.0
    name: str = ""
    stretch: float = 1.0

    @property
    def span(self) -> Segment:
        """From the first picture to the end."""
        return Segment(self.start_s, self.start_s + self.duration_s)


@dataclass(frozen=True)
class Clock:
    """What ties a stream to the session's time.

    ``source`` is ``unix`` (the file carries it), ``relative`` (the file counts
    from its own start) or ``none`` (the file has no time at all).
    """

    source: str
    offset_s: float = 0.0
    drift_ppm: float = 0.0
    uncertainty_s: float = float("nan")


@dataclass(frozen=True)
class Person:
    """One of the people in a session."""

    id: str
    name: str
    role: str = "partner"


@dataclass(frozen=True)
class Estimate:
    """A number that is reported, and how sure it is. NaN where not known."""

    value: float
    low: float = float("nan")
    high: float = float("nan")
    level: float = 0.95
    p: float = float("nan")
    n_effective: float = float("nan")
    method: str = ""


@dataclass(frozen=True)
class Notice:
    """What went wrong, or was assumed, without stopping."""

    code: str
    where: str
    text: str

    def told(self, names: Mapping[str, str]) -> str:
        """Return it as a line for people, a person's id read as the name.

        Examples
        --------
        >>> Notice("gaps", "a: heart", "2 beats are missing.").told({"a": "Alex"})
        'Alex: heart: 2 beats are missing.'
        """
        first, colon, rest = self.where.partition(":")
        return f"{names.get(first, first)}{colon}{rest}: {self.text}"


Data = Signal | Samples | Events | Track | Sound | Pictures


@dataclass(frozen=True)
class Stream:
    """One thing that a file records, as a reader found it, before anybody says whose it is.

    Parameters
    ----------
    kind : str
        One of :data:`KINDS`.
    data : Signal, Samples, Events, Track, Sound or Pictures
        Times count from ``origin_unix_s`` where the file has a clock, else from
        the file's own zero.
    path : str
        The file it came from.
    part : str
        What within the file: a column, a channel, a speaker's label, ``""``.
    origin_unix_s : float, optional
        Unix time of the data's time 0; None where the file carries no clock.
    owner_hint : str
        What the file itself says about whose it is (a column name, a speaker), or ``""``.
    timing : str
        ``stamps`` (a time for each sample), ``rate`` (a declared rate),
        ``intervals`` (successive intervals) or ``assumed`` (a rate nobody declared).
    notices : sequence of Notice
    """

    kind: str
    data: Data
    path: str
    part: str = ""
    origin_unix_s: float | None = None
    owner_hint: str = ""
    timing: str = "rate"
    notices: Sequence[Notice] = ()
    attrs: dict[str, Any] = field(default_factory=dict)


#: Kind of stream: what it is, in words.
KINDS: dict[str, str] = {
    "ecg": "electrocardiogram",
    "ppg": "blood volume pulse",
    "rr": "intervals between beats without times (a reference: never laid across a pause)",
    "beats": "times of corrected beats (outrank detected ones)",
    "heart_rate": "heart rate as the device averaged it (a reference)",
    "eda": "skin conductance",
    "respiration": "breathing",
    "acceleration": "acceleration of the body, one column an axis",
    "temperature": "skin temperature",
    "motion_energy": "motion energy from video",
    "audio": "sound",
    "video": "pictures of one person or of both",
    "speech": "who speaks when",
    "words": "words with times",
    "codes": "a coder's behaviour codes",
    "rating": "the person's own rating",
    "markers": "tags and annotations of the recording",
    "other": "something that is kept but not used",
}
