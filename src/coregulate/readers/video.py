"""Pictures of a video in any container that PyAV decodes, one after the other, never all at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FormatError, InputError

_OPTIONS = {"protocol_whitelist": "file"}  # nothing that a container points to is ever fetched
_EARLY = 0.25  # prior: a frame up to this share of the step early is taken rather than the next
_SAME_S = 1e-6  # times of the same picture differ by rounding only
_KEPT = 0.5  # prior: share of frames assumed left when those that nothing refers to are skipped
_SPARE = 1.5  # prior: so many times the wanted rate must be left to skip frames; else picks are uneven
_ONE_THREAD_PX = 1920 * 1080  # up to here one thread decodes; more of them cost a third more work in all
_PROBE = 48  # prior: frames looked at to learn whether skipping leaves enough
_BACK_S = 2.0  # prior: searched so far before a time: what follows a key frame may lean on what was before it
_UNREADABLE = "Check that the file is whole, or convert it to mp4"

Frame = tuple[float, NDArray[np.uint8]]


@dataclass(frozen=True)
class VideoFacts:
    """What a video says of itself before its pictures are decoded.

    Parameters
    ----------
    path : str
    duration_s : float
        From the first picture to the end; NaN where the container does not say.
    rate_hz : float
        Average pictures a second; NaN where the container does not say.
    width, height : int
        Pixels as shown, that is after the rotation that the file asks for.
    start_s : float
        Time of the first picture on the container's own clock (where its sound may start too).
    rotation_deg : int
        Turn that the pictures get, counter-clockwise: 0, 90, 180 or 270.
    """

    path: str
    duration_s: float
    rate_hz: float
    width: int
    height: int
    start_s: float
    rotation_deg: int = 0


def video_facts(path: str | PathLike[str]) -> VideoFacts:
    """Return what a video says of itself; decodes one picture to be sure there is one.

    Raises
    ------
    FormatError
        Where the file is empty, cut short before the first picture, not a video, or sound only.

    Notes
    -----
    A cover picture of a song is not a video.
    """
    with _opened(Path(path)) as (container, stream):
        first = next(container.decode(stream), None)
        if first is None:
            raise _no_pictures(path)
        start_s = _time(first, stream) or 0.0
        turn = _turn(first)
        size = (first.height, first.width) if turn % 180 else (first.width, first.height)
        rate_hz = float(stream.average_rate or stream.guessed_rate or np.nan)
        return VideoFacts(str(path), _duration(stream, container), rate_hz, *size, start_s, turn)


def video_frames(path: str | PathLike[str], rate_hz: float, *, after_s: float = -np.inf) -> Iterator[Frame]:
    """Yield pictures at about a rate, each with its own time, until the file ends.

    Parameters
    ----------
    path : path-like
    rate_hz : float
        Pictures a second wanted; where the video has fewer, all of them come.
    after_s : float
        Only pictures later than this, on the container's own clock, and the same as come without
        it. What lies before is not read where the file can be searched.

    Yields
    ------
    time_s : float
        Presentation time on the container's own clock, seconds.
    rgb : ndarray of uint8, shape (height, width, 3)

    Raises
    ------
    InputError
        For a rate that is not above 0.
    FormatError
        Where nothing can be decoded. A file that breaks off later just ends there.

    Notes
    -----
    Each picture is the first not more than a quarter of a step before its place on a grid of
    ``1 / rate_hz`` from the first picture on; the time given is the picture's, not the grid's. Frames that nothing
    refers to are not decoded where enough others are left (H.264 with B-frames: about 40 %
    less work). Memory: the decoder's few frames.
    """
    if not (np.isfinite(rate_hz) and rate_hz > 0):
        raise InputError(f"Pictures are asked for at {rate_hz} a second", "Give a rate above 0")
    skip = _may_skip(path, rate_hz)
    goes_on = np.isfinite(after_s)
    first_s = video_facts(path).start_s if goes_on else None
    place = -1
    with _opened(Path(path)) as (container, stream):
        from av.video.reformatter import VideoReformatter

        if skip:
            stream.codec_context.skip_frame = "NONREF"
        if goes_on:
            _search(container, stream, after_s)
        colours = VideoReformatter()  # one for all: each frame's own would lay out its tables anew
        for frame in _decoded(container, stream):
            time_s = _time(frame, stream)
            if time_s is None:
                continue
            first_s = time_s if first_s is None else first_s
            before, place = place, max(place, int((time_s - first_s) * rate_hz + _EARLY))
            if place > before and time_s > after_s + _SAME_S:
                yield time_s, _upright(frame, colours)
    if first_s is None:
        raise _no_pictures(path)


class _opened:
    """A container and its first real video stream; decoder errors become a FormatError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.container: Any = None

    def __enter__(self) -> tuple[Any, Any]:
        import av

        if not self.path.is_file():
            raise FormatError("There is no such video", "Check its name and place", self.path)
        try:
            self.container = av.open(str(self.path), options=_OPTIONS)
        except (av.error.FFmpegError, ValueError, OSError) as error:
            raise self._unreadable(error) from None
        streams = [s for s in self.container.streams.video if not _is_cover(s)]
        if not streams or not streams[0].codec_context:
            self.container.close()
            raise FormatError("It holds no moving pictures", "Give a video, or use it as sound", self.path)
        context = streams[0].codec_context
        context.thread_type = "AUTO"
        if context.width * context.height <= _ONE_THREAD_PX:
            context.thread_count = 1
        return self.container, streams[0]

    def __exit__(self, kind: object, error: BaseException | None, _trace: object) -> None:
        import av

        self.container.close()
        if isinstance(error, av.error.FFmpegError):
            raise self._unreadable(error) from None

    def _unreadable(self, error: BaseException) -> FormatError:
        short = " ".join(str(error).split())[:100] or type(error).__name__
        return FormatError(f"Its pictures cannot be decoded ({short})", _UNREADABLE, self.path)


def _decoded(container: Any, stream: Any) -> Iterator[Any]:
    """Frames until the end; what breaks after the first picture ends the recording there."""
    import av

    some = False
    try:
        for frame in container.decode(stream):
            some = True
            yield frame
    except av.error.FFmpegError:
        if not some:
            raise


def _search(container: Any, stream: Any, time_s: float) -> None:
    """Go to a key frame well before a time; where none can be found so, to the start of the file."""
    import av

    try:
        container.seek(int((time_s - _BACK_S) / stream.time_base), stream=stream)
        found = next(container.decode(stream), None)
        found_s = None if found is None else _time(found, stream)
        if found_s is not None and found_s <= time_s:
            container.seek(int((time_s - _BACK_S) / stream.time_base), stream=stream)
            return
    except av.error.FFmpegError:
        pass
    container.seek(0)


def _may_skip(path: str | PathLike[str], rate_hz: float) -> bool:
    """Whether the frames that others refer to are enough for the rate, seen at the start of the file."""
    with _opened(Path(path)) as (container, stream):
        average = float(stream.average_rate or 0.0)
        if average * _KEPT < rate_hz * _SPARE:
            return False
        stream.codec_context.skip_frame = "NONREF"
        times = []
        for frame in _decoded(container, stream):
            times.append(_time(frame, stream))
            if len(times) == _PROBE:
                break
    known = np.array([t for t in times if t is not None])
    return len(known) > 2 and bool(np.max(np.diff(known)) * rate_hz * _SPARE <= 1.0 + 1e-6)


def _time(frame: Any, stream: Any) -> float | None:
    if frame.pts is None:
        return None
    return float(frame.pts * (frame.time_base or stream.time_base))


def _turn(frame: Any) -> int:
    """Quarter turns that the file asks for, in degrees counter-clockwise."""
    return int(round((getattr(frame, "rotation", 0) or 0) / 90.0) * 90) % 360


def _upright(frame: Any, colours: Any) -> NDArray[np.uint8]:
    # a thread more for one picture costs more than it saves, and other work waits for the cores
    rgb: NDArray[np.uint8] = colours.reformat(frame, format="rgb24", threads=1).to_ndarray()
    turn = _turn(frame)
    return np.ascontiguousarray(np.rot90(rgb, turn // 90)) if turn else rgb


def _duration(stream: Any, container: Any) -> float:
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return container.duration / 1e6 if container.duration else float("nan")


def _is_cover(stream: Any) -> bool:
    """Whether a video track is the cover picture of a song."""
    try:
        return bool(stream.disposition & type(stream.disposition).attached_pic)
    except (AttributeError, TypeError):
        return False


def _no_pictures(path: str | PathLike[str]) -> FormatError:
    return FormatError("No picture of it can be decoded", _UNREADABLE, path)
