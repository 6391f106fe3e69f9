"""The video reader: times, rate, rotation, and files that are none."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from coregulate.core import FormatError, InputError
from coregulate.readers import video as reader
from coregulate.readers.video import video_facts, video_frames


def write_video(path, n=60, rate=30, size=(128, 96), codec="mpeg4", step=1, options=None, slow=False):
    """A video whose brightness counts its frames (`slow`: every third); returns the path."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=rate, options=options or {})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.codec_context.time_base = Fraction(1, rate)
        for k in range(n):
            frame = av.VideoFrame.from_ndarray(
                np.full((size[1], size[0], 3), k // 3 if slow else 4 * k, np.uint8), format="rgb24"
            )
            frame.pts = k * step
            for packet in stream.encode(frame):
                out.mux(packet)
        for packet in stream.encode():
            out.mux(packet)
    return path


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    return write_video(tmp_path_factory.mktemp("video") / "two_seconds.mp4")


def test_facts(video):
    facts = video_facts(video)
    assert (facts.width, facts.height, facts.start_s, facts.rotation_deg) == (128, 96, 0.0, 0)
    assert facts.duration_s == pytest.approx(2.0, abs=0.05)
    assert facts.rate_hz == pytest.approx(30.0)


@pytest.mark.parametrize("rate_hz", [2.0, 7.0, 10.0, 30.0, 100.0])
def test_frames_come_at_about_the_rate_with_their_own_times(video, rate_hz):
    times, level = zip(*((t, rgb.mean()) for t, rgb in video_frames(video, rate_hz)), strict=True)
    assert len(times) == pytest.approx(2 * min(rate_hz, 30.0), abs=1)
    assert np.all(np.diff(times) > 0)
    assert np.max(np.diff(times)) <= 1 / min(rate_hz, 30.0) + 1 / 30 + 1e-6
    # the brightness counts the frames, so each picture is the one of its time
    assert np.allclose(np.array(level) / 4, np.array(times) * 30, atol=2.0)  # the encoder lags a level or two


def test_shape_and_kind(video):
    _, rgb = next(iter(video_frames(video, 5)))
    assert rgb.shape == (96, 128, 3)
    assert rgb.dtype == np.uint8


def test_what_is_no_video_says_so(tmp_path, video):
    whole = video.read_bytes()
    cases = {"empty.mp4": b"", "text.mp4": b"not a video at all\n" * 50, "cut.mp4": whole[: len(whole) // 3]}
    for name, data in cases.items():
        path = tmp_path / name
        path.write_bytes(data)
        for ask in (video_facts, lambda p: list(video_frames(p, 10))):
            with pytest.raises(FormatError) as caught:
                ask(path)
            assert caught.value.path == str(path)
            assert caught.value.cure
    with pytest.raises(FormatError, match="no such video"):
        video_facts(tmp_path / "absent.mp4")


def test_sound_alone_is_no_video(tmp_path):
    import wave

    path = tmp_path / "sound.wav"
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(bytes(16000))
    with pytest.raises(FormatError, match="no moving pictures"):
        video_facts(path)


@pytest.mark.parametrize("rate_hz", [0.0, -1.0, float("nan")])
def test_a_rate_must_be_above_zero(video, rate_hz):
    with pytest.raises(InputError):
        next(video_frames(video, rate_hz))


@pytest.mark.parametrize(("codec", "container"), [("mpeg4", "mp4"), ("mpeg4", "mkv"), ("libx264", "mp4")])
@pytest.mark.parametrize("rate_hz", [7.0, 10.0])
def test_going_on_gives_the_same_pictures_and_reads_fewer(tmp_path, monkeypatch, codec, container, rate_hz):
    path = write_video(tmp_path / f"long.{container}", n=360, codec=codec, options={"g": "30"}, slow=True)
    whole = list(video_frames(path, rate_hz))
    decoded = []
    ours = reader._decoded
    monkeypatch.setattr(reader, "_decoded", lambda *a: (decoded.append(1) or f for f in ours(*a)))
    after_s = whole[-20][0]
    rest = list(video_frames(path, rate_hz, after_s=after_s))
    assert [t for t, _ in rest] == [t for t, _ in whole[-19:]]
    for (_, one), (_, other) in zip(rest, whole[-19:], strict=True):
        assert np.array_equal(one, other)
    assert len(decoded) < 270  # 48 of them to learn what may be skipped
    assert list(video_frames(path, rate_hz, after_s=whole[-1][0])) == []


def test_going_on_in_a_file_with_one_key_frame_reads_it_from_its_start(tmp_path):
    path = write_video(tmp_path / "one_key.mp4", n=120, options={"g": "1000"}, slow=True)
    whole = list(video_frames(path, 10))
    rest = list(video_frames(path, 10, after_s=whole[-6][0]))
    assert [t for t, _ in rest] == [t for t, _ in whole[-5:]]
    assert all(np.array_equal(one[1], other[1]) for one, other in zip(rest, whole[-5:], strict=True))
