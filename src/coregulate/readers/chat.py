"""CHAT (.cha): transcripts of CLAN, whose utterances end with their times in milliseconds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from coregulate.core import FormatError, Label, Notice, Stream

from .reader import Reader
from .text import head_of, read_lines
from .tiers import Tier, streams_of_tiers

_TIMES = re.compile(r'\x15(?:%(?:snd|mov):"[^"]*"_)?(\d{1,12})_(\d{1,12})\x15')
_SAID = re.compile(r"\*(\w{1,8}):\s*(.*)", re.DOTALL)


def sniff(path: Path) -> bool:
    """Whether it begins as CHAT does, with ``@UTF8`` or ``@Begin``."""
    lines = [line for line in head_of(path).lines[:8] if line.strip()]
    return any(line.split()[0] == "@Begin" for line in lines[:4])


def read(path: Path, hints: Mapping[str, Any]) -> list[Stream]:
    """Read a stream of ``speech`` for each speaker; what has no times is left out.

    Raises
    ------
    FormatError
        Where no utterance has a time.
    """
    lines = list(_joined(read_lines(path)))
    names = _names(lines)
    speech: dict[str, list[Label]] = {}
    bad = 0
    for line in lines:
        said = _SAID.match(line)
        times = _TIMES.findall(line) if said else []
        if said and times:
            start, end = int(times[0][0]) / 1000.0, int(times[-1][1]) / 1000.0
            text = " ".join(_TIMES.sub("", said[2]).split())
            speech.setdefault(names.get(said[1], said[1]), []).append(Label(start, max(start, end), text))
        elif said:
            bad += 1
    if not speech:
        raise FormatError("None of its utterances has a time", "Link it to the recording in CLAN", path)
    text = f"{bad} utterances have no times: left out."
    notices = [Notice("rows_left_out", path.name, text)] if bad else []
    return streams_of_tiers(
        [Tier(who, labels, who, "speech") for who, labels in speech.items()], path, notices=notices
    )


def _joined(lines: Sequence[str]) -> Iterator[str]:
    """Yield lines with those that go on below them, which begin with a tab."""
    held = ""
    for line in lines:
        if line.startswith("\t"):
            held += " " + line.strip()
            continue
        if held:
            yield held
        held = line
    if held:
        yield held


def _names(lines: Sequence[str]) -> dict[str, str]:
    """Return the names of speakers by their codes, where ``@Participants`` gives one beside the role."""
    line = next((x for x in lines if x.startswith("@Participants:")), ":")
    fields = [field.split() for field in line.partition(":")[2].split(",")]
    named = {f[0]: f[1].replace("_", " ") for f in fields if len(f) >= 3}
    return named if len(set(named.values())) == len(named) else {}


READER = Reader("chat", sniff, read)
