"""Sound in any container that PyAV decodes; it stays on disk and is read in blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FormatError, InputError, Notice, Pictures, Sound, Stream

from .reader import Reader
from .text import head_of
from .video import video_facts

#: Suffixes that promise sound or video.
# fmt: off
SUFFIXES = frozenset([
    ".wav", ".wave", ".mp3", ".m4a", ".aac", ".flac", ".ogg", ".oga", ".opus", ".aif", ".aiff", ".wma",
    ".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".3gp", ".caf"
])
# fmt: on
_SETTLE_S = 0.1  # prior: read this much earlier, so that the resampler and the decoder have settled
_OPTIONS = {"protocol_whitelist": "file"}  # nothing that a container points to is ever fetched
# A minute of WAV takes a fifth of the time in packets of this size instead of 4,096 bytes, and one of them tells what it holds.
_OF_WAV = {"max_size": "65536", "probesize": "65536"}
MAX_CHANNELS = 8  # prior


def sniff(path: Path) -> bool:
    """Whether the first bytes are those of a sound or video container."""
    raw = head_of(path).raw[:64]
    if raw[:4] in (b"RIFF", b"RF64") and raw[8:12] in (b"WAVE", b"AVI "):
        return True
    if raw[:4] in (b"fLaC", b"OggS", b"\x1a\x45\xdf\xa3", b"caff", b"\x30\x26\xb2\x75") or raw[:3] == b"ID3":
        return True
    if raw[:4] == b"FORM" and raw[8:12] in (b"AIFF", b"AIFC"):
        return True
    if raw[4:8] in (b"ftyp", b"moov", b"mdat", b"wide") or raw[:4] == b"\x00\x00\x01\xba":
        return True
    return len(raw) > 2 and raw[0] == 0xFF and raw[1] in (0xFB, 0xF3, 0xF2, 0xFA, 0xF1, 0xF9)


def read(path: Path, hints: Mapping[str, Any]) -> list[Stream]:
    """Return one Sound for each channel of the first sound track, and the Pictures where there are any.

    Raises
    ------
    FormatError
        Where nothing can be decoded.
    """
    facts = _facts(path)
    if facts.n_channels == 0 and facts.has_pictures:
        return [_pictures(path, None, facts.begun)]
    if facts.rate_hz <= 0 or facts.n_channels < 1 or facts.duration_s <= 0:
        raise FormatError("It holds no sound that lasts", "Record or export it again", path)
    notices = list(facts.notices)
    if facts.n_channels > MAX_CHANNELS:
        text = f"It has {facts.n_channels} channels: the first {MAX_CHANNELS} are read."
        notices.append(Notice("channels_left_out", path.name, text))
    streams = [
        Stream(
            "audio",
            Sound(str(path), facts.rate_hz, facts.duration_s, facts.n_channels, k, 0.0, part),
            str(path),
            part,
            None,
            "",
            "rate",
            tuple(notices) if k == 0 else (),
            dict(facts.begun),
        )
        for k, part in enumerate(_channel_names(facts.n_channels))
    ]
    return [*streams, _pictures(path, facts.start_s, facts.begun)] if facts.has_pictures else streams


class _Facts(NamedTuple):
    """What a container says of itself; no channels where it has no sound track."""

    has_pictures: bool
    begun: Mapping[str, float]
    rate_hz: float = 0.0
    n_channels: int = 0
    start_s: float = 0.0
    duration_s: float = 0.0
    notices: tuple[Notice, ...] = ()


def _facts(path: Path) -> _Facts:
    """Open a file, and its sound track as far as the first block.

    Raises
    ------
    FormatError
        Where it cannot be decoded, or holds neither sound nor pictures.
    """
    import av

    try:
        with av.open(str(path), options=_OPTIONS) as container:
            has_pictures = bool(container.streams.video) and not _is_cover(container.streams.video[0])
            begun = _begun(container.metadata)
            if container.streams.audio:
                return _of_sound(container, path)._replace(has_pictures=has_pictures, begun=begun)
    except (av.error.FFmpegError, ValueError, OverflowError, MemoryError, EOFError) as error:
        raise FormatError(
            f"Its sound cannot be decoded ({_short(error)})",
            "Check that the file is whole, or convert it to wav",
            path,
        ) from None
    if not has_pictures:
        raise FormatError("It holds neither sound nor pictures", "Check that it is whole", path)
    return _Facts(has_pictures, begun)


def _of_sound(container: Any, path: Path) -> _Facts:
    notices: list[Notice] = []
    if len(container.streams.audio) > 1:
        notices.append(Notice("tracks_left_out", path.name, "Only the first of its sound tracks is read."))
    track = container.streams.audio[0]
    start_s = float((track.start_time or 0) * track.time_base)
    duration_s = _duration(track, container, path, notices)
    _first_frame(container, track)
    return _Facts(
        False, {}, float(track.rate or 0), int(track.channels or 0), start_s, duration_s, tuple(notices)
    )


def _channel_names(n: int) -> list[str]:
    return {1: [""], 2: ["left", "right"]}.get(n, [f"channel {k + 1}" for k in range(min(n, MAX_CHANNELS))])


def _begun(metadata: Mapping[str, str]) -> dict[str, float]:
    """Return when a phone or camera says that it began, as the attribute ``begun_unix_s``; nothing where it does not.

    Programs that cut or send a film write when they did so: it is a hint, and no clock.
    """
    for key in ("com.apple.quicktime.creationdate", "creation_time"):  # the first has the phone's zone
        try:
            moment = datetime.fromisoformat(metadata.get(key, ""))
        except ValueError:
            continue
        if moment.tzinfo is not None and moment.year > 1980:  # cameras without a clock write 1904 or 1970
            return {"begun_unix_s": moment.timestamp()}
    return {}


def _pictures(path: Path, sound_start_s: float | None, begun: Mapping[str, float]) -> Stream:
    """Return the pictures on the clock of the sound, whose start is the file's zero (their own without sound)."""
    facts = video_facts(path)
    later_s = 0.0 if sound_start_s is None else facts.start_s - sound_start_s
    pictures = Pictures(str(path), facts.rate_hz, facts.duration_s, facts.width, facts.height, later_s)
    return Stream("video", pictures, str(path), "", None, "", "rate", attrs=dict(begun))


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:100] or type(error).__name__


def _is_cover(video: Any) -> bool:
    """Whether a video track is the cover picture of a song."""
    try:
        return bool(video.disposition & type(video.disposition).attached_pic)
    except (AttributeError, TypeError):
        return False


def _duration(track: Any, container: Any, path: Path, notices: list[Notice]) -> float:
    if track.duration is not None and track.time_base is not None:
        declared = float(track.duration * track.time_base)
    elif container.duration is not None:
        declared = container.duration / 1e6
    else:
        declared = 0.0
    if declared <= 0:
        ends = [
            float((p.pts + (p.duration or 0)) * p.time_base)
            for p in container.demux(track)
            if p.pts is not None
        ]
        container.seek(0)
        return max(ends, default=0.0)
    codec = str(track.codec_context.name)
    if codec.startswith("pcm_") and track.codec_context.bit_rate:
        held = path.stat().st_size * 8 / float(track.codec_context.bit_rate)
        if held < 0.98 * declared:
            notices.append(
                Notice(
                    "cut_short",
                    path.name,
                    f"Its header declares {declared:.1f} s, the file holds {held:.1f} s.",
                )
            )
            return held
    return declared


def _first_frame(container: Any, track: Any) -> None:
    for _ in container.decode(track):
        return
    raise ValueError("not one block of sound")


def read_sound(sound: Sound, start_s: float, stop_s: float, *, rate_hz: float) -> NDArray[np.float32]:
    """Read a stretch of one channel, resampled.

    Parameters
    ----------
    sound : Sound
    start_s, stop_s : float
        Session seconds from the sound's own start (``sound.start_s`` plays no part); cut to the sound.
    rate_hz : float
        Whole number of samples a second, at least 1000.

    Returns
    -------
    ndarray of float32, shape (n,)
        n = (stop - start) * rate_hz, full scale is 1; shorter only where the file ends before it says.

    Raises
    ------
    InputError
        For a rate that is no whole number, or a stretch that ends before it starts.
    FormatError
        Where the file cannot be decoded.

    Notes
    -----
    Decodes block by block: memory is that of the result. Seeking is as exact
    as the container's times; raw PCM is exact to the sample.
    """
    if not (np.isfinite(rate_hz) and rate_hz >= 1000 and float(rate_hz).is_integer()):
        raise InputError(
            f"The rate asked for is {rate_hz} Hz", "Ask for a whole number of at least 1000", sound.path
        )
    if not (np.isfinite(start_s) and np.isfinite(stop_s) and start_s <= stop_s):
        raise InputError(
            f"The stretch asked for is {start_s} to {stop_s} s", "It must end after it starts", sound.path
        )
    start_s, stop_s = max(start_s, 0.0), min(stop_s, sound.duration_s)
    n = max(round((stop_s - start_s) * rate_hz), 0)
    result = np.zeros(n, dtype=np.float32)
    filled = 0
    if n == 0:
        return result
    import av

    from_s = start_s / sound.stretch
    try:
        for time_s, block in _blocks(sound, from_s, from_s + stop_s - start_s, int(rate_hz)):
            at = round((time_s - from_s) * rate_hz)
            begin, end = max(at, 0), min(at + len(block), n)
            if end > begin:
                result[begin:end] = block[begin - at : end - at]
                filled = max(filled, end)
    except (av.error.FFmpegError, ValueError, OSError) as error:
        raise FormatError(
            f"Its sound cannot be decoded ({_short(error)})", "Check that the file is whole", sound.path
        ) from None
    return result[:filled]


def _blocks(
    sound: Sound, start_s: float, stop_s: float, rate_hz: int
) -> Iterator[tuple[float, NDArray[np.float32]]]:
    """Yield (time of first sample, samples) at the new rate, from just before start to just after stop."""
    import av

    with av.open(sound.path, options=_options(sound.path)) as container:
        if not container.streams.audio:
            raise ValueError("no sound track")
        track = container.streams.audio[0]
        zero_s = float((track.start_time or 0) * track.time_base)
        if start_s > _SETTLE_S:
            container.seek(int((start_s - _SETTLE_S + zero_s) / track.time_base), stream=track, backward=True)
        resampler = av.AudioResampler(format="fltp", rate=rate_hz)
        origin: float | None = None
        n_out = 0
        for frame in container.decode(track):
            if frame.pts is not None:
                now = float(frame.pts * frame.time_base) - zero_s
                if now > stop_s + _SETTLE_S:
                    break
                if now + frame.samples / frame.sample_rate < start_s - _SETTLE_S:
                    continue
                origin = now if origin is None else origin
            frame.pts = None
            for block in _channel(resampler.resample(frame), sound.channel):
                yield (origin or 0.0) + n_out / rate_hz, block
                n_out += len(block)
        for block in _channel(resampler.resample(None), sound.channel):
            yield (origin or 0.0) + n_out / rate_hz, block
            n_out += len(block)


def _options(path: str) -> dict[str, str]:
    with open(path, "rb") as file:
        head = file.read(12)
    return _OPTIONS | _OF_WAV if (head[:4], head[8:]) == (b"RIFF", b"WAVE") else _OPTIONS


def _channel(frames: Iterable[Any], channel: int) -> Iterator[NDArray[np.float32]]:
    """Yield the samples of one channel, or of the last where there are fewer."""
    for frame in frames:
        samples = frame.to_ndarray()
        yield samples[min(channel, len(samples) - 1)]


READER = Reader("audio", sniff, read)
