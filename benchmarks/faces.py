"""One minute of 1280x720 at 30 pictures a second with two faces, read at 10 a second; scaled to an hour."""

from __future__ import annotations

import resource
import tempfile
import time
from pathlib import Path

import numpy as np

SECONDS, RATE_HZ, READ_HZ = 60, 30, 10


def film(path: Path) -> None:
    """Two faces 220 pixels high (the public-domain photograph of scikit-image and its mirror image) that sway."""
    import av
    from skimage import data
    from skimage.transform import resize

    photo = (resize(data.astronaut()[:400], (620, 790)) * 255).astype(np.uint8)[:, 75:715]
    still = np.full((720, 1280, 3), 90, np.uint8)
    still[60:680, :640], still[60:680, 640:] = photo, photo[:, ::-1]
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=RATE_HZ)
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        rng = np.random.default_rng(0)  # a camera's noise: without it a still film decodes twice as fast
        noise = [rng.normal(0, 3, still.shape).round().astype(np.int16) for _ in range(7)]
        for k in range(SECONDS * RATE_HZ):
            sway = round(12 * np.sin(2 * np.pi * k / RATE_HZ / 5))
            picture = np.roll(still, (sway // 2, sway), (0, 1)) + noise[k % 7]
            frame = av.VideoFrame.from_ndarray(np.clip(picture, 0, 255).astype(np.uint8), format="rgb24")
            out.mux(stream.encode(frame))
        out.mux(stream.encode())


def seconds(work: object) -> float:
    """Wall-clock seconds of a call."""
    began = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - began


def table() -> str:
    """The rows of the benchmark; decoding, one look of the detector and one face's points are shown apart."""
    from coregulate.perception import watch_faces
    from coregulate.perception.faces.detect import Detector
    from coregulate.perception.faces.landmarks import Landmarker, region_of_detection
    from coregulate.readers import video_frames

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "two.mp4"
        film(path)
        _, rgb = next(iter(video_frames(path, READ_HZ)))
        detector, landmarker = Detector(), Landmarker()
        found = detector(rgb)
        region = region_of_detection(found[0])
        landmarker(rgb, region)
        look = seconds(lambda: [detector(rgb) for _ in range(10)]) / 10
        face = seconds(lambda: [landmarker(rgb, region) for _ in range(100)]) / 100
        decode = seconds(lambda: [None for _ in video_frames(path, READ_HZ)])
        whole = seconds(lambda: watch_faces(video_frames(path, READ_HZ)))
    hour = 3600 / SECONDS
    return "\n".join(
        [
            "| faces, 1280x720, two of them | |",
            "| --- | --- |",
            f"| faces found by the detector | {len(found)} |",
            f"| one look of the detector | {1e3 * look:.1f} ms |",
            f"| one face's points | {1e3 * face:.1f} ms, {1 / face:.0f} faces a second |",
            f"| decoding an hour alone | {decode * hour:.0f} s |",
            f"| an hour, decoded and read | {whole * hour:.0f} s, {3600 / (whole * hour):.1f} times real time |",
            f"| peak memory | {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB |",
        ]
    )
