"""What recorded video calls leave behind: views of one talk, pieces of it, a mix beside a track for each speaker."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from coregulate.core import Notice

from .plan import PersonPlan, StreamPlan

# Zoom's cloud names a view by two or three letters (gvo: gallery, avo: the one who speaks, as: shared screen), its
# local recordings by a number: each time the recording was stopped a new one begins.
_VIEW = re.compile(
    r"(?P<call>.+?)(?:_(?P<view>gvo|gallery|avo|as|ss|speaker|active_speaker))?(?:_\d{3,4}x\d{3,4})$"
)
_PIECE = re.compile(r"(?P<call>zoom|video|double_click_to_convert)_?(?P<piece>\d{1,2})$")
_BEST = ("gvo", "gallery", "", "avo", "speaker", "active_speaker", "ss", "as")


def films_of_one_call(paths: Iterable[str]) -> bool:
    """Whether several videos are views or pieces of one call, so that each may show both people."""
    calls = {_call(p) for p in paths}
    return len(calls) == 1 and "" not in calls


def _call(path: str) -> str:
    stem = PurePosixPath(path).stem
    match = _VIEW.match(stem) or _PIECE.match(stem)
    return match["call"] if match else ""


def one_film(
    streams: Sequence[StreamPlan], lengths_s: Sequence[float], assumptions: list[Notice]
) -> list[StreamPlan]:
    """Use one of a call's films: of several views the gallery, of several pieces the longest."""
    films = {s.path: n for s, n in zip(streams, lengths_s, strict=True) if s.kind == "video" and not s.person}
    if len(films) < 2 or not films_of_one_call(films):
        return list(streams)
    best = min(films, key=lambda path: (_rank(path), -films[path], path))
    left = sorted(set(films) - {best})
    pieces = _PIECE.match(PurePosixPath(best).stem)
    text = (
        f"These are pieces of one call, and nothing says how long the pauses were: the longest, {best}, is used. "
        f"Make a session of each for the rest."
        if pieces
        else f"These show the same call as {best}, which is used."
    )
    assumptions.append(Notice("films_left_out", ", ".join(left[:4]), text))
    return [dataclasses.replace(s, use=False) if s.path in left else s for s in streams]


def _rank(path: str) -> int:
    match = _VIEW.match(PurePosixPath(path).stem)
    return _BEST.index(match["view"] or "") if match else 0


def without_mixed_sound(
    streams: Sequence[StreamPlan], people: Sequence[PersonPlan], assumptions: list[Notice]
) -> list[StreamPlan]:
    """Leave out a sound of both where each has one of their own: a call's mix beside a track for each speaker."""
    own = {s.person for s in streams if s.kind == "audio" and s.use}
    if not {p.id for p in people[:2]} <= own or "" not in own:
        return list(streams)
    mixed = [s.path for s in streams if s.kind == "audio" and not s.person]
    text = "Each of the two has a sound of their own: what holds both is not used for who speaks."
    assumptions.append(Notice("mixed_left_out", ", ".join(sorted(set(mixed))[:4]), text))
    return [dataclasses.replace(s, use=False) if s.kind == "audio" and not s.person else s for s in streams]
