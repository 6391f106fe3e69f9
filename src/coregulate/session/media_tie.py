"""An annotation lies with the recording that it was made on, where that lies in the session too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from coregulate.core import Notice

from .found import Found, Placed


def media_of(found: Sequence[Found]) -> dict[int, tuple[int, float]]:
    """Return, for each stream that names its recording: which stream that is, and its time at the stream's zero (s)."""
    media = {
        PurePosixPath(f.path).name.casefold(): k
        for k, f in reversed(list(enumerate(found)))
        if f.stream.kind in ("audio", "video")
    }
    at: dict[int, tuple[int, float]] = {}
    for k, f in enumerate(found):
        for name, origin_s in f.stream.attrs.get("media", {}).items():
            if name.casefold() in media:
                at.setdefault(k, (media[name.casefold()], origin_s))
    return at


def beside_media(
    found: Sequence[Found], placed: Sequence[Placed], media: Mapping[int, tuple[int, float]],
    start_unix_s: float | None, notices: list[Notice],
) -> list[Placed]:  # fmt: skip
    """Lay each stream that nothing else ties where its recording lies."""
    laid = list(placed)
    for k, (of, origin_s) in media.items():
        film, at = found[of].stream, placed[of]
        if placed[k].clock != "aligned":
            continue
        begins = at.offset_s + (
            0.0 if at.clock != "unix" else (film.origin_unix_s or 0.0) - (start_unix_s or 0.0)
        )
        offset = begins + origin_s * (1 + at.drift_ppm * 1e-6)
        clock = "tied" if at.clock == "unix" else at.clock
        laid[k] = Placed(clock, round(offset, 6), at.drift_ppm, at.uncertainty_s)
        text = f"It was made on {found[of].path}: its second 0 is second {origin_s:g} of that, and it lies beside it."
        notices.append(Notice("clock_of_media", found[k].path, text))
    return laid
