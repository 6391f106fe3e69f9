"""An analysis that was interrupted in a video goes on from there, and ends with the same numbers."""

from __future__ import annotations

import json
import wave
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from coregulate.analysis import load_analysis, seeing
from coregulate.analysis.hearing import listen
from coregulate.analysis.unfinished import Aside
from coregulate.cli.main import main
from coregulate.core import Clock, CoregulateError, Segment, Sound, StoreError
from coregulate.models import model_path
from coregulate.readers import video_frames
from coregulate.session import OwnedStream

SECONDS = 7


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session of one film: a photograph and its darker mirror image, side by side, swaying."""
    av = pytest.importorskip("av", reason="the extra 'video' is not installed")
    pytest.importorskip("ai_edge_litert", reason="the extra 'video' is not installed")
    photo = pytest.importorskip("skimage.data").astronaut()[:300, 60:460]
    try:
        model_path("face_landmarker")
        model_path("face_detector_far")
    except CoregulateError as missing:
        pytest.skip(str(missing))
    still = np.concatenate([photo, photo[:, ::-1] // 3 * 2], axis=1)
    folder = tmp_path_factory.mktemp("talk")
    with av.open(str(folder / "talk.mp4"), "w") as out:
        stream = out.add_stream("mpeg4", rate=10, options={"g": "10"})
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 800, 300, "yuv420p", 4_000_000
        for k in range(10 * SECONDS):
            shown = np.roll(still, round(6 * np.sin(k / 5)), axis=1)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(shown, format="rgb24")))
        out.mux(stream.encode())
    assert run("init", str(folder), "--yes", "--quiet", "--person", "Alex=left", "--person", "Sam=right") == 0
    return folder


def run(*arguments: str) -> object:
    with pytest.raises(SystemExit) as left:
        main(list(arguments))
    return left.value.code


def test_interrupted_and_gone_on_with(talk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coregulate.perception.faces.watch.LEG_S", 2.0)
    came: list[int] = []

    def counted(*arguments: object, **more: object) -> object:
        came.append(0)
        for picture in video_frames(*arguments, **more):  # type: ignore[arg-type]
            came[-1] += 1
            yield picture

    def stopped(*arguments: object, **more: object) -> object:
        yield from islice(counted(*arguments, **more), 50)  # type: ignore[call-overload]
        raise KeyboardInterrupt

    whole, broken = tmp_path / "whole", tmp_path / "broken"
    monkeypatch.setattr(seeing, "video_frames", counted)
    assert run("analyze", str(talk), "--quiet", "--out", str(whole)) == 0
    monkeypatch.setattr(seeing, "video_frames", stopped)
    assert run("analyze", str(talk), "--quiet", "--out", str(broken)) == 130
    aside = tmp_path / "broken.unfinished"
    assert [p.suffix for p in aside.iterdir()] == [".npz"]
    assert not broken.exists()
    monkeypatch.setattr(seeing, "video_frames", counted)
    assert run("analyze", str(talk), "--quiet", "--out", str(broken), "--blur", str(tmp_path / "review")) == 0
    assert (tmp_path / "review" / "talk-blurred.mp4").is_file()
    assert came == [10 * SECONDS, 50, 10 * (SECONDS - 4)]
    assert not aside.exists()
    one, other = load_analysis(whole), load_analysis(broken)
    assert set(one.signals["alex"]) >= {"jaw_drop", "motion_energy"}
    for person, signals in one.signals.items():
        for name, signal in signals.items():
            np.testing.assert_array_equal(signal.values, other.signals[person][name].values, err_msg=name)
    summaries = [json.loads((p / "analysis.json").read_text()) for p in (whole, broken)]
    assert summaries[0] == summaries[1]


def test_voices_told_apart_are_not_heard_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times = np.arange(16000 * 12) / 16000
    samples = 0.2 * np.sin(2 * np.pi * 220 * times) * (np.sin(2 * np.pi * 3 * times) > 0)
    path = tmp_path / "talk.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes((32767 * samples).astype("<i2").tobytes())
    sound = Sound(str(path), 16000.0, 12.0, start_s=5.0)
    stream = OwnedStream("", "audio", sound, path.name, "", Clock("aligned"), "rate", None, ())
    came: list[float] = []
    asked = (["sam", "alex"], [stream], (), Segment(0.0, 20.0))
    first = listen(*asked, seed=0, progress=came.append, unfinished=tmp_path / "unfinished")
    if first.two is None:
        pytest.skip(first.notices[0].text)
    assert came == sorted(came)
    assert came[-1] <= 1.0
    monkeypatch.delattr("coregulate.analysis.hearing.hear_voices")
    again = listen(*asked, seed=0, unfinished=tmp_path / "unfinished").two
    assert again is not None
    for one, other in zip(first.two, again, strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(NameError):  # another seed is another clustering
        listen(*asked, seed=1, unfinished=tmp_path / "unfinished")


def test_what_is_not_whole_or_of_another_video_is_not_taken(tmp_path: Path) -> None:
    video = tmp_path / "talk.mp4"
    video.write_bytes(b"one")
    aside = Aside(tmp_path / "unfinished", video, (0.0, 10.0))
    assert aside.load() is None
    aside.keep({"times_s": np.arange(3.0)})
    assert list(aside.load() or ()) == ["times_s"]
    assert Aside(tmp_path / "unfinished", video, (0.0, 9.0)).load() is None
    whole = aside.path.read_bytes()
    aside.path.write_bytes(whole[: len(whole) // 2])
    assert aside.load() is None
    video.write_bytes(b"other")
    assert Aside(tmp_path / "unfinished", video, (0.0, 10.0)).path != aside.path
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StoreError, match="put aside"):
        Aside(tmp_path / "file", video, ()).keep({"times_s": np.arange(3.0)})
