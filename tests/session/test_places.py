"""A recording of both: who is on the left, who speaks first, asked or assumed."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from coregulate.core import FormatError, InputError
from coregulate.session import open_session, propose_session, write_plan


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Two seconds of grey pictures with a hum."""
    folder = tmp_path / "talk"
    folder.mkdir()
    with av.open(str(folder / "talk.mp4"), "w") as out:
        pictures = out.add_stream("mpeg4", rate=10)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        sound = out.add_stream("aac", rate=16000)
        for _ in range(20):
            grey = np.full((48, 64, 3), 128, np.uint8)
            out.mux(pictures.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        out.mux(pictures.encode())
        hum = (0.1 * np.sin(np.arange(32000) * 0.05)).astype(np.float32)[None]
        frame = av.AudioFrame.from_ndarray(hum, format="fltp", layout="mono")
        frame.rate = 16000
        out.mux(sound.encode(frame))
        out.mux(sound.encode())
    return folder


def test_one_video_is_of_both_and_who_is_who_is_assumed_aloud(film: Path) -> None:
    plan = propose_session(film, film).plan
    assert {s.kind: dict(s.who) for s in plan.streams} == {
        "audio": {"first": "a", "second": "b"},
        "video": {"left": "a", "right": "b"},
    }
    assert [n.code for n in plan.assumptions].count("assumed_who") == 2
    write_plan(plan, film)
    assert {s.kind: dict(s.who) for s in open_session(film).plan.streams}["video"]["right"] == "b"


def test_asked_is_not_assumed(film: Path) -> None:
    plan = propose_session(film, film, people={"Sam": "right", "Alex": "left"}).plan
    video = next(s for s in plan.streams if s.kind == "video")
    names = {p.id: p.name for p in plan.people}
    assert {place: names[owner] for place, owner in video.who.items()} == {"left": "Alex", "right": "Sam"}
    assert not [n for n in plan.assumptions if n.code == "assumed_who" and "face" in n.text]


def test_whose_voice_comes_first_is_not_assumed_where_it_is_said_who_speaks(film: Path) -> None:
    turns = "".join(f"SPEAKER talk 1 {k}.0 0.9 <NA> <NA> {who} <NA> <NA>\n" for k, who in enumerate("PA"))
    (film / "talk.rttm").write_text(turns)
    plan = propose_session(film, film).plan
    assumed = [n.text for n in plan.assumptions if n.code == "assumed_who"]
    assert len(assumed) == 1
    assert "face on the left" in assumed[0]


def test_a_place_that_no_recording_has_is_refused(film: Path) -> None:
    with pytest.raises(InputError, match="Nobody here is called 'upstairs'"):
        propose_session(film, film, people={"Sam": "upstairs"})


def test_a_stranger_in_who_is_refused(film: Path) -> None:
    path = write_plan(propose_session(film, film).plan, film)
    path.write_text(path.read_text().replace('left = "a"', 'left = "zoe"'))
    with pytest.raises(FormatError, match="'zoe' in who"):
        open_session(film)
