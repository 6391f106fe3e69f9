"""Folders as video calls leave them."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from coregulate.core import FormatError, Pictures, Sound, Stream
from coregulate.readers import read
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


def films(monkeypatch, folder: Path, names: dict[str, float]) -> list:
    """Propose a session of videos of some lengths, with a sound in each, without writing any."""

    def reading(path: Path) -> list[Stream]:
        length = names[path.name]
        seen = Pictures(str(path), 25.0, length, 1280, 720)
        return [
            Stream("audio", Sound(str(path), 48000.0, length), str(path)),
            Stream("video", seen, str(path)),
        ]

    for name in names:
        (folder / name).write_bytes(b"film")
    monkeypatch.setattr(
        "coregulate.session.folder.recognise", lambda path: "audio" if path.is_file() else None
    )
    monkeypatch.setattr("coregulate.session.folder.read", reading)
    return propose_session(folder, folder).plan


@pytest.mark.parametrize(
    ("names", "used"),
    [
        ({"zoom_0.mp4": 60.0, "zoom_1.mp4": 900.0}, "zoom_1.mp4"),
        ({"video1234567890.mp4": 900.0}, "video1234567890.mp4"),
        (
            {
                f"GMT20260105-150000_Recording_{v}1280x720.mp4": 900.0
                for v in ("as_", "avo_", "", "gallery_", "gvo_")
            },
            "GMT20260105-150000_Recording_gvo_1280x720.mp4",
        ),
    ],
)
def test_one_film_of_a_call_is_used_and_shows_both(monkeypatch, tmp_path, names, used):
    plan = films(monkeypatch, tmp_path, names)
    assert {(s.person, s.kind, s.path) for s in plan.streams if s.use} == {
        ("", "audio", used),
        ("", "video", used),
    }
    assert ("films_left_out" in {n.code for n in plan.assumptions}) == (len(names) > 1)


def test_two_cameras_are_one_each_as_before(monkeypatch, tmp_path):
    plan = films(monkeypatch, tmp_path, {"alex.mp4": 60.0, "kim.mp4": 61.0})
    assert {(s.person, s.use) for s in plan.streams} == {("alex", True), ("kim", True)}


def test_a_word_transcript_says_what_to_download(tmp_path):
    (tmp_path / "Meeting.docx").write_bytes(b"PK\x03\x04" + bytes(60))
    with pytest.raises(FormatError, match=r"\.vtt"):
        read(tmp_path / "Meeting.docx")
