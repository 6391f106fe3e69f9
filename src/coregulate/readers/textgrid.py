"""Praat TextGrid, long and short, as Praat itself reads it: free-standing numbers and quoted texts in order."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from coregulate.core import FormatError, Label, Notice, Stream

from .reader import Reader
from .text import head_of, read_text
from .tiers import Tier, streams_of_tiers

# A text in quotes (a quote in it is doubled), a flag, or a number that stands free; the rest are remarks.
_TOKEN = re.compile(
    r'"((?:[^"]|"")*)"|<(\w+)>|(?<![^\s])([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?=[\s,;]|$)'
)
_COMMENT = re.compile(r"^[^\"\n]*?!.*$", re.MULTILINE)


def sniff(path: Path) -> bool:
    """Whether the first lines say ooTextFile and TextGrid."""
    lines = head_of(path).lines[:6]
    text = " ".join(lines)
    return "ooTextFile" in text and "TextGrid" in text


def read(path: Path, hints: Mapping[str, Any]) -> list[Stream]:
    """Read each tier; intervals without a text are silence and left out.

    Raises
    ------
    FormatError
        Where no tier can be read.
    """
    text, _ = read_text(path)
    tokens = _tokens(text)
    tiers: list[Tier] = []
    notices: list[Notice] = []
    try:
        for expected in ("ooTextFile", "TextGrid"):
            if expected not in str(next(tokens)):
                raise FormatError("Its first lines are no TextGrid's", "Save it again with Praat", path)
        float(next(tokens)), float(next(tokens)), next(tokens)
        for _ in range(int(float(next(tokens)))):
            tiers.append(_tier(tokens))
    except (StopIteration, RuntimeError, ValueError, OverflowError):
        notices.append(
            Notice("cut_short", path.name, "It is damaged or cut short: the tiers before are read.")
        )
    except _Unfinished as cut:
        tiers.append(cut.tier)
        notices.append(
            Notice(
                "cut_short",
                path.name,
                f"The tier '{cut.tier.name}' is damaged or cut short: what comes before is read.",
            )
        )
    return streams_of_tiers(tiers, path, notices=notices)


class _Unfinished(Exception):
    def __init__(self, tier: Tier) -> None:
        self.tier = tier


def _tokens(text: str) -> Iterator[str]:
    for match in _TOKEN.finditer(_COMMENT.sub("", text)):
        if match[1] is not None:
            yield match[1].replace('""', '"')
        else:
            yield match[2] if match[2] is not None else match[3]


def _tier(tokens: Iterator[str]) -> Tier:
    kind, name = next(tokens), next(tokens).strip().strip('"')
    float(next(tokens)), float(next(tokens))
    points = kind == "TextTier"
    labels: list[Label] = []
    try:
        for _ in range(int(float(next(tokens)))):
            start = float(next(tokens))
            end = start if points else float(next(tokens))
            text = " ".join(next(tokens).split())
            if math.isfinite(start) and math.isfinite(end) and 0 <= end - start < 1e9:
                labels.append(Label(start, end, text))
    except (StopIteration, ValueError, OverflowError):
        raise _Unfinished(Tier(name, labels)) from None
    return Tier(name, labels)


READER = Reader("textgrid", sniff, read)
