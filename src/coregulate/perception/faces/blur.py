"""A video for reviewing in which nobody can be recognised: faces as coarse squares."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray, InputError

from .follow import Known
from .watch import Frame, watch_faces

SQUARES = (
    4  # prior: across a face and its margin; at 6 the detector still took 7 of 300 for a face (score .50)
)
MARGIN = 0.35  # prior: of the face's size, around it; hair and chin belong to it
UNSEEN_S = 3.0  # prior: for so long after a face is lost it may still be there, so all is coarse
_CLOCK = Fraction(1, 1000)


def blur_faces(
    frames: Iterable[Frame],
    out: str | PathLike[str],
    *,
    rate_hz: float,
    sound: str | PathLike[str] | None = None,
    progress: Callable[[float], None] | None = None,
) -> None:
    """Write a video in which the faces are coarse squares.

    Parameters
    ----------
    frames : iterable of (time_s, rgb)
    out : path-like
        A .mp4 that does not exist yet.
    rate_hz : float
        Pictures a second, about.
    sound : path-like, optional
        File, on the clock of the pictures, whose first sound is copied as it is; by default there is none.
    progress : callable, optional
        Called with the time of each picture, seconds.

    Raises
    ------
    InputError
        Where there is such a file already, it is no .mp4, or its sound does not fit into one.
    MissingExtraError, StoreError
        As ``watch_faces``.

    Notes
    -----
    Where a face was seen within the last 3 s and is not found now, and where none is found at
    all, the whole picture becomes coarse: rather too little is shown than a face. A face that
    the detector never finds (under 50 pixels, or seen from behind a shoulder) stays as it is when
    others are found: look at the result before it leaves your hands. A voice tells who it is as well as a face.
    """
    target = Path(out)
    if target.suffix.lower() != ".mp4":
        raise InputError("The review video is written as .mp4", "Name it so", target)
    if target.exists():
        raise InputError("There is a file of that name", "Give another, or move it away", target)
    aside = target.with_name(f"{target.stem}.part.mp4")
    try:
        with contextlib.closing(_Blurred(aside, rate_hz, sound)) as blurred:
            watch_faces(frames, onlookers=(blurred,), progress=progress)
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)


class _Blurred:
    """Onlooker that writes what it is shown, faces made coarse."""

    def __init__(self, path: Path, rate_hz: float, sound: str | PathLike[str] | None) -> None:
        import av

        self._container: Any = av.open(str(path), "w")
        try:
            self._sound = None if sound is None else _Sound(sound, self._container)
        except InputError:
            self._container.close()
            raise
        self._rate_hz = rate_hz
        self._stream: Any = None
        self._first_s = 0.0
        self._seen_s: dict[int, float] = {}

    def see(self, time_s: float, rgb: NDArray[np.uint8], people: Sequence[Known]) -> None:
        """Write one picture."""
        import av

        picture = rgb[: rgb.shape[0] // 2 * 2, : rgb.shape[1] // 2 * 2].copy()
        boxes = {k.number: k.face.box for k in people if k.face is not None}
        lost = any(time_s - seen <= UNSEEN_S for n, seen in self._seen_s.items() if n not in boxes)
        self._seen_s.update(dict.fromkeys(boxes, time_s))
        if lost or not boxes:
            coarse(picture, np.array([0.0, 0.0, picture.shape[1], picture.shape[0]]), margin=0.0, squares=24)
        for box in boxes.values():
            coarse(picture, box)
        if self._stream is None:
            self._stream = self._container.add_stream("libx264", rate=round(self._rate_hz))
            self._stream.height, self._stream.width = picture.shape[:2]
            self._stream.pix_fmt, self._stream.codec_context.time_base = "yuv420p", _CLOCK
            self._first_s = time_s
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.time_base, frame.pts = _CLOCK, round((time_s - self._first_s) / float(_CLOCK))
        self._container.mux(self._stream.encode(frame))
        if self._sound is not None:
            self._sound.copy(self._first_s, time_s)

    def aside(self) -> dict[str, NDArray[Any]]:
        """Nothing: a video is written in one go."""
        return {}

    def take_up(self, stored: Mapping[str, NDArray[Any]]) -> None:
        """Go on as before."""

    def close(self) -> None:
        """Write what the encoder still holds."""
        if self._stream is not None:
            self._container.mux(self._stream.encode())
            if self._sound is not None:
                self._sound.copy(self._first_s, float("inf"))
        if self._sound is not None:
            self._sound.close()
        self._container.close()


class _Sound:
    """The packets of a file's first sound, copied as they are into a container that is being written."""

    def __init__(self, path: str | PathLike[str], container: Any) -> None:
        import av

        self._container = container
        self._source: Any = av.open(str(path), options={"protocol_whitelist": "file"})
        stream = next(iter(self._source.streams.audio), None)
        if stream is None:
            raise InputError("It has no sound to copy", "Leave the sound out", path)
        try:
            self._out = container.add_stream_from_template(stream)
        except (ValueError, av.error.FFmpegError):
            name = stream.codec_context.name
            raise InputError(
                f"Its sound ({name}) does not fit into .mp4", "Leave the sound out", path
            ) from None
        self._packets = self._source.demux(stream)
        self._next: Any = next(self._packets, None)

    def copy(self, first_s: float, until_s: float) -> None:
        """Copy what sounds before a time; `first_s` becomes 0, and what is before it is left out."""
        while (packet := self._next) is not None:
            if packet.pts is not None and packet.dts is not None:
                if float(packet.pts * packet.time_base) >= until_s:
                    return
                later = round(first_s / packet.time_base)
                packet.pts, packet.dts = packet.pts - later, packet.dts - later
                if packet.pts >= 0:
                    packet.stream = self._out
                    self._container.mux(packet)
            self._next = next(self._packets, None)

    def close(self) -> None:
        """Let go of the file."""
        self._source.close()


def coarse(
    picture: NDArray[np.uint8], box: FloatArray, *, margin: float = MARGIN, squares: int = SQUARES
) -> None:
    """Make a part of a picture coarse, in place: each square its mean.

    Parameters
    ----------
    picture : ndarray of uint8, shape (height, width, 3)
    box : ndarray, shape (4,)
        Left, top, right, bottom in pixels.
    margin : float
        Around it, of its size.
    squares : int
        Across the longer side.
    """
    size = box[2:] - box[:2]
    low = np.floor(np.clip(box[:2] - margin * size, 0, picture.shape[1::-1])).astype(int)
    high = np.ceil(np.clip(box[2:] + margin * size, 0, picture.shape[1::-1])).astype(int)
    side = max(2, int(np.ceil(max(high - low) / squares)))
    for top in range(low[1], high[1], side):
        for left in range(low[0], high[0], side):
            part = picture[top : min(top + side, high[1]), left : min(left + side, high[0])]
            part[:] = part.mean(axis=(0, 1)).astype(np.uint8)
