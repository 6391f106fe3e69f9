"""What ties the clocks of a session's files: sound that two heard, marks that two have, movement that two felt."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from coregulate.core import Samples, Signal, Sound, Stream, Track
from coregulate.readers import ClockFit

from .marks_tie import tie_marks
from .moved_tie import tie_movement
from .sound_tie import tie_sounds

SAME_S = 0.02  # prior: what was found to begin together within this does begin together
UNIX_WITHIN_S = 30.0  # prior: how far two devices' Unix clocks may be apart (set by hand, or by a phone)
SAME_PPM = 5.0  # prior: 36 ms in two hours


class Tie(NamedTuple):
    """A file laid on another's clock: session time is ``offset_s`` plus its own, stretched by ``drift_ppm``."""

    offset_s: float
    drift_ppm: float
    error_s: float
    to: str
    by: str
    fit: ClockFit
    moved: bool

    def words(self) -> str:
        """Say what was measured, in one sentence."""
        fit = self.fit
        drift = (
            f"drift {fit.drift_ppm:.1f} ppm ({fit.drift_low_ppm:.1f} to {fit.drift_high_ppm:.1f})"
            if fit.drift_high_ppm > fit.drift_low_ppm
            else "drift not measured"
        )
        what = "" if self.moved else " It begins with it, as assumed; nothing was changed."
        sure = (
            f"offset {fit.offset_s:.3f} s ({fit.low_s:.3f} to {fit.high_s:.3f})"
            if fit.high_s >= fit.low_s
            else f"offset {fit.offset_s:.3f} s"
        )
        return (
            f"Tied to {self.to} by {self.by}: {sure}, {drift}, residual {1e3 * fit.residual_s:.1f} ms, "
            f"{fit.n} moments.{what}"
        )


def find_ties(
    streams: Sequence[tuple[str, Stream]], base_s: Sequence[float], on_unix: Sequence[bool]
) -> dict[str, Tie]:
    """Return, for each file that could be tied to another, where it lies.

    Parameters
    ----------
    streams : sequence of (path, Stream)
    base_s : sequence of float
        What is added to each stream's times where nothing is measured.
    on_unix : sequence of bool
        Whether the stream's file carries Unix times.

    Returns
    -------
    dict
        By path. Files without Unix times are tied to one that has them where there is one, else to the
        longest; two devices with Unix times are compared by movement alone, a few seconds around.
    """
    files: dict[str, list[int]] = {}
    for k, (path, _) in enumerate(streams):
        files.setdefault(path, []).append(k)
    tied: dict[str, Tie] = {}
    settled = _anchors(files, streams, on_unix)
    waiting = [p for p in files if p not in settled]
    for path in list(waiting):
        for anchor in settled:
            tie = _tie(
                files[path], files[anchor], streams, base_s, tied.get(anchor), anchor, on_unix[files[path][0]]
            )
            if tie is not None:
                tied[path] = tie
                settled.append(path)
                break
    return tied


def _anchors(
    files: Mapping[str, Sequence[int]], streams: Sequence[tuple[str, Stream]], on_unix: Sequence[bool]
) -> list[str]:
    """Return the files that others are tied to: those on Unix time (of several accelerometers the first), else the longest."""
    unix = [p for p, members in files.items() if any(on_unix[k] for k in members)]
    moving = [p for p in unix if _of(files[p], streams, "acceleration") is not None]
    if unix:
        return [p for p in unix if p not in moving[1:]]
    lengths = {p: max(streams[k][1].data.span.duration_s for k in members) for p, members in files.items()}
    return [max(lengths, key=lambda p: lengths[p])] if lengths else []


def _of(members: Sequence[int], streams: Sequence[tuple[str, Stream]], kind: str) -> int | None:
    return next((k for k in members if streams[k][1].kind == kind), None)


def _tie(
    theirs: Sequence[int], ours: Sequence[int], streams: Sequence[tuple[str, Stream]], base_s: Sequence[float],
    ours_tied: Tie | None, anchor: str, unix: bool,
) -> Tie | None:  # fmt: skip
    for kind, by, measure in _WAYS:
        a, b = _of(theirs, streams, kind), _of(ours, streams, kind)
        if a is None or b is None or (unix and kind != "acceleration"):
            continue
        fit = measure(streams[a][1], streams[b][1], base_s[a] - base_s[b] if unix else None)
        if fit is None:
            continue
        return _laid(fit, streams[a][1], base_s[a], base_s[b], ours_tied, anchor, by, unix)
    return None


def _laid(
    fit: ClockFit,
    stream: Stream,
    base_a: float,
    base_b: float,
    ours_tied: Tie | None,
    anchor: str,
    by: str,
    unix: bool,
) -> Tie:
    stretch = 1 + (ours_tied.drift_ppm * 1e-6 if ours_tied else 0.0)
    zero = fit.offset_s - fit.drift_ppm * 1e-6 * fit.zero_s
    offset = zero * stretch + (ours_tied.offset_s if ours_tied else base_b)
    drift = ((1 + fit.drift_ppm * 1e-6) * stretch - 1) * 1e6
    span = stream.data.span
    error = max(fit.error_s(span.start_s), fit.error_s(span.end_s))
    same = abs(offset - base_a) < SAME_S and abs(drift) < SAME_PPM
    if same:
        return Tie(base_a, 0.0, error, anchor, by, fit, False)
    return Tie(offset, drift, error, anchor, by, fit, True)


def _sounds(theirs: Stream, ours: Stream, apart_s: float | None) -> ClockFit | None:
    if not isinstance(theirs.data, Sound) or not isinstance(ours.data, Sound):
        return None
    return tie_sounds(theirs.data, ours.data)


def _marks(theirs: Stream, ours: Stream, apart_s: float | None) -> ClockFit | None:
    if not isinstance(theirs.data, Track) or not isinstance(ours.data, Track):
        return None
    return tie_marks(theirs.data, ours.data)


def _movement(theirs: Stream, ours: Stream, apart_s: float | None) -> ClockFit | None:
    if not isinstance(theirs.data, Signal | Samples) or not isinstance(ours.data, Signal | Samples):
        return None
    if apart_s is None:
        return tie_movement(theirs.data, ours.data)
    return tie_movement(theirs.data, ours.data, apart_s=apart_s, within_s=UNIX_WITHIN_S)


_Way = Callable[[Stream, Stream, float | None], ClockFit | None]
_WAYS: tuple[tuple[str, str, _Way], ...] = (
    ("audio", "the sound that both recorded", _sounds),
    ("acceleration", "movements that both felt", _movement),
    ("markers", "marks of the same words", _marks),
)
