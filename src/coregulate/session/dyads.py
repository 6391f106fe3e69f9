"""A BIDS data set of many pairs: which files are one session of which two subjects.

The BIDS FAQ on hyperscanning (bids.neuroimaging.io) shows two ways: both subjects have a session of
the same name (``ses-dyadic1``), or their files carry the pair's name (``acq-dyad001``), in each session anew.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from .folder import files_of

_SUBJECT = re.compile(r"(?:^|_)sub-([a-zA-Z0-9]+)")
_SESSION = re.compile(r"_ses-([a-zA-Z0-9]+)")
_PAIR = re.compile(r"_acq-((?:dyad|pair|couple|duo)[a-zA-Z0-9]*)")
_TIMED_AS_ONE = re.compile(r"_(?:task|run)-([a-zA-Z0-9]+)")


def dyads_of(folder: Path) -> dict[str, list[Path]]:
    """Return the files of each session of two subjects, by a name; nothing unless there are several.

    Notes
    -----
    Tasks and runs of a pair are sessions of their own unless a list of scans gives their times.
    """
    if not (folder / "dataset_description.json").is_file():
        return {}
    groups: dict[str, list[Path]] = {}
    for path in files_of(folder):
        groups.setdefault(_name(path, folder), []).append(path)
    groups.pop("", None)
    whole = {name: paths for name, paths in groups.items() if len(_subjects(paths)) == 2}
    return whole if len(whole) > 1 else {}


def _name(path: Path, folder: Path) -> str:
    if not _SUBJECT.search(path.name):
        return ""
    pair, session = _PAIR.search(path.name), _SESSION.search(path.name)
    parts = [m[1] for m in (pair, session) if m]
    subject = folder / f"sub-{_SUBJECT.findall(path.name)[0]}"
    if not any(subject.rglob("*_scans.tsv")):
        parts += _TIMED_AS_ONE.findall(path.name)
    return "-".join(parts)


def _subjects(paths: Sequence[Path]) -> set[str]:
    return {m[1] for p in paths if (m := _SUBJECT.search(p.name))}
