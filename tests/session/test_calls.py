"""Folders as video calls leave them."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from coregulate.session import propose_session


def sound(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(
            (8000 * np.random.default_rng(seed).normal(size=40_000))
            .clip(-32000, 32000)
            .astype("<i2")
            .tobytes()
        )


def test_zoom_keeps_a_file_for_each_speaker(tmp_path):
    sound(tmp_path / "Audio Record" / "audioAlexSmith11234567890.wav", 1)
    sound(tmp_path / "Audio Record" / "audioKim21234567890.wav", 2)
    sound(tmp_path / "audio1234567890.wav", 3)
    (tmp_path / "meeting.transcript.vtt").write_text(
        "WEBVTT\n\n1\n00:00:00.500 --> 00:00:01.500\nAlex Smith: Hi\n\n2\n00:00:02.000 --> 00:00:03.000\nKim: Hello\n"
    )
    plan = propose_session(tmp_path, tmp_path).plan
    assert [p.name for p in plan.people] == ["Alex Smith", "Kim"]
    used = {(s.person, s.kind, s.use) for s in plan.streams}
    assert used == {("alex-smith", "audio", True), ("kim", "audio", True), ("", "audio", False),
                    ("alex-smith", "speech", True), ("kim", "speech", True)}  # fmt: skip
    assert "mixed_left_out" in {n.code for n in plan.assumptions}
