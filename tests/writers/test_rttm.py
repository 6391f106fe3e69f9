"""Turns go out as RTTM and come back through the reader."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from coregulate.core import Label, Track
from coregulate.readers import rttm as reader
from coregulate.writers.rttm import turns_rttm


def analysis(**speech):
    tracks = {pid: {"speech": Track(tuple(labels), "speech")} for pid, labels in speech.items()}
    return SimpleNamespace(session=SimpleNamespace(name="our talk"), tracks={**tracks, "silent": {}})


def test_turns_come_back(tmp_path: Path) -> None:
    said = {
        "sam": [Label(0.5, 2.0, "speech"), Label(7.1234, 8.0, "speech")],
        "alex": [Label(1.75, 3.25, "speech")],
    }
    path = tmp_path / "talk.rttm"
    path.write_text(turns_rttm(analysis(**said)), encoding="utf-8")
    assert path.read_text().splitlines()[1] == "SPEAKER our_talk 1 1.750 1.500 <NA> <NA> alex <NA> <NA>"
    assert reader.sniff(path)
    back = {stream.data.name: stream.data for stream in reader.read(path, {})}
    assert list(back) == ["sam", "alex"]
    for pid, labels in said.items():
        for found, told in zip(back[pid].labels, labels, strict=True):
            assert found[:2] == pytest.approx(told[:2], abs=0.0015)


def test_nobody_spoke() -> None:
    assert turns_rttm(analysis()) == ""
