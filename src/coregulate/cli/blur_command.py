"""``coregulate blur``: a review video without faces."""

from __future__ import annotations

from pathlib import Path

from coregulate.perception import blur_faces
from coregulate.readers import video_facts, video_frames

from . import console

_RATE_HZ = 10.0  # what faces are read at; more pictures would have faces found between two of them


def blur_video(video: Path, *, out: Path | None, sound: bool, quiet: bool) -> Path:
    """Write the blurred video beside the original, or where asked; return where it is."""
    facts = video_facts(video)
    target = out or video.with_name(f"{video.stem}-blurred.mp4")
    rate_hz = min(_RATE_HZ, facts.rate_hz) if facts.rate_hz > 0 else _RATE_HZ
    with console.progress(video.name, quiet=quiet) as tell:
        blur_faces(
            video_frames(video, rate_hz),
            target,
            rate_hz=rate_hz,
            sound=video if sound else None,
            progress=lambda at_s: tell(
                min(1.0, (at_s - facts.start_s) / facts.duration_s) if facts.duration_s > 0 else 0.0, "faces"
            ),
        )
    console.say("Look at it before you pass it on: a face that was never found is not blurred.", quiet=quiet)
    return target
