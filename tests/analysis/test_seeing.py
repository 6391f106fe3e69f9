"""Pictures in session time, and whose face is whose."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from coregulate.analysis import seeing
from coregulate.analysis.seeing import _about_the_room, _body, _in_session_time
from coregulate.analysis.seen import Seen
from coregulate.core import Clock, Pictures, Segment, StoreError
from coregulate.perception import FACE_CUES, FaceTracks
from coregulate.perception.faces.rhythm import Kept
from coregulate.session import OwnedStream

PICTURES = Pictures("none", 10.0, 2.0, 64, 48)


def stream(person: str = "", who: dict[str, str] | None = None) -> OwnedStream:
    return OwnedStream(
        person, "video", PICTURES, "talk.mp4", "", Clock("aligned"), "rate", None, (), who or {}
    )


def tracks(*labels: str, hidden: str = "") -> FaceTracks:
    times = np.arange(20) / 10 + 3
    seen = {label: np.full(20, np.nan if label == hidden else 1.0) for label in labels}
    return FaceTracks(
        times, labels, {k: dict.fromkeys(FACE_CUES, v) for k, v in seen.items()}, seen,
        {k: np.repeat(v[:, None], 4, axis=1) for k, v in seen.items()}, seen,
        {label: (k,) for k, label in enumerate(labels)},
    )  # fmt: skip


def test_left_and_right_are_who_the_plan_says() -> None:
    seen = Seen(stream(who={"left": "sam", "right": "alex"}), tracks("left", "right", "other"))
    assert seen.owners() == {"left": "sam", "right": "alex"}
    cues, quality = seen.signals("left")
    assert cues["jaw_drop"].start_s == 3.0
    assert len(cues["jaw_drop"].values) == len(quality["jaw_drop"].values) == 20


def test_one_face_where_two_are_expected_is_nobodys() -> None:
    assert Seen(stream(who={"left": "sam", "right": "alex"}), tracks("face")).owners() == {}
    hidden = Seen(stream(who={"left": "sam", "right": "alex"}), tracks("left", "right", hidden="right"))
    assert hidden.owners() == {}
    assert Seen(stream("sam"), tracks("face")).owners() == {"face": "sam"}


def test_the_first_picture_is_at_the_streams_start_whatever_its_clock(tmp_path: Path) -> None:
    path = tmp_path / "late.mkv"
    with av.open(str(path), "w") as out:
        pictures = out.add_stream("mpeg4", rate=10)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        for k in range(20):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 9 * k, np.uint8), format="rgb24")
            frame.pts = 50 + k  # five seconds on the container's clock
            out.mux(pictures.encode(frame))
        out.mux(pictures.encode())
    film = Pictures(str(path), 10.0, 2.0, 64, 48, start_s=1.0)
    times = [time_s for time_s, _ in _in_session_time(film, Segment(1.45, 2.45))]
    assert times == pytest.approx(np.arange(1.5, 2.41, 0.1), abs=0.01)
    slow = Pictures(str(path), 10.0, 4.0, 64, 48, start_s=1.0, stretch=2.0)  # a clock at half speed
    times = [time_s for time_s, _ in _in_session_time(slow, Segment(1.9, 4.5))]
    assert times == pytest.approx(np.arange(2.0, 4.41, 0.2), abs=0.01)


def test_who_looks_at_whom_is_read_in_one_room_only() -> None:
    plan = stream(who={"left": "sam", "right": "alex"})
    seen = tracks("left", "right")
    assert "gaze_toward_partner" not in Seen(plan, seen).signals("left")[0]
    there = plan._replace(one_room=True)
    assert "gaze_toward_partner" in Seen(there, seen).signals("left")[0]


def test_nearness_and_touch_are_of_two_in_one_room(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = stream(who={"left": "sam", "right": "alex"})
    seen = tracks("left", "right")
    seen.boxes["left"][:], seen.boxes["right"][:] = (0, 0, 75, 100), (150, 0, 225, 100)
    assert not {"head_distance", "touch"} & set(Seen(plan, seen).bodily("left"))
    there = plan._replace(one_room=True)
    for label in ("left", "right"):
        apart, quality = Seen(there, seen).bodily(label)["head_distance"]
        np.testing.assert_allclose(apart.values, 2.0)
        assert apart.unit == "head widths"
        np.testing.assert_allclose(quality.values, 1.0)

    def missing() -> None:
        raise StoreError("The model is not here", "Connect once")

    monkeypatch.setattr(seeing, "Touch", missing)
    for wanted, codes in (
        (there, ["touch_not_read"]),
        (plan, []),
        (stream("sam")._replace(one_room=True), []),
    ):
        body, notices = _body(wanted)
        assert body.touch is None
        assert [n.code for n in notices] == codes


def test_what_the_picture_shows_counts_where_nobody_said_and_a_border_is_told() -> None:
    plan = stream(who={"left": "sam", "right": "alex"})
    seen = Seen(plan, tracks("left", "right"))
    codes = {None: "gaze_not_read", True: "one_room_assumed", False: "gaze_not_read"}
    for share, looks in ((0.6, None), (0.1, True), (0.9, False)):
        seen.body.layout._kept = {1: Kept(1)}
        seen.body.layout._kept[1].put(0.0, (share,))
        assert seen.seen_as_one_room is looks
        assert ("gaze_toward_partner" in seen.signals("left")[0]) is bool(looks)
        assert [n.code for n in _about_the_room(seen, "talk.mp4")] == [codes[looks]]
    said = Seen(plan._replace(one_room=True), seen.tracks, seen.body)
    assert "gaze_toward_partner" in said.signals("left")[0]
    assert [n.code for n in _about_the_room(said, "talk.mp4")] == ["looks_like_a_call"]
    denied = Seen(plan._replace(one_room=False), seen.tracks, seen.body)
    assert not denied.one_room
    assert _about_the_room(denied, "talk.mp4") == []
