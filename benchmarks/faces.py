"""One minute of 1280x720 at 30 pictures a second with two faces, read at 10 a second; scaled to an hour.

Decoding, detection and points are shown apart in CPU time, which other work on the machine changes
less than the time on the clock.
"""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

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


class Cost(NamedTuple):
    """Seconds of CPU, of all threads, and on the clock."""

    cpu_s: float
    clock_s: float


def cost(work: Callable[[], object], n: int = 1) -> Cost:
    """What one of n calls costs."""
    began = time.process_time(), time.perf_counter()
    for _ in range(n):
        work()
    return Cost((time.process_time() - began[0]) / n, (time.perf_counter() - began[1]) / n)


def one_face() -> float:
    """Pictures a second of CPU with one face in them, followed and its cues read, decoding left out."""
    from skimage import data

    from coregulate.perception import watch_faces

    room = np.full((720, 1280, 3), 90, np.uint8)
    room[160:560, 384:896] = data.astronaut()[:400]
    moved = [np.roll(room, k, axis=1) for k in range(7)]
    pictures = [(k / READ_HZ, moved[k % 7]) for k in range(20 * READ_HZ)]
    return len(pictures) / cost(lambda: watch_faces(pictures)).cpu_s


def table() -> str:
    """The rows of the benchmark; decoding, one look of the detector and one face's points are shown apart."""
    from coregulate.perception import Chest, Motion, Skin, watch_faces
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
        look, quick = cost(lambda: detector(rgb), 10), cost(lambda: detector(rgb, 1), 20)
        face = cost(lambda: landmarker(rgb, region), 100)
        decode = cost(lambda: [None for _ in video_frames(path, READ_HZ)])
        watch_faces([(0.0, rgb)], onlookers=(Motion(), Skin(), Chest()))  # compiled, before it is timed
        whole = cost(lambda: watch_faces(video_frames(path, READ_HZ), onlookers=(Motion(), Skin(), Chest())))
    hour = 3600 / SECONDS
    return "\n".join(
        [
            "| faces, 1280x720, two of them | |",
            "| --- | --- |",
            f"| faces found by the detector | {len(found)} |",
            f"| one look of the detector, a quick one, one face's points (CPU) | {1e3 * look.cpu_s:.1f}, {1e3 * quick.cpu_s:.1f}, {1e3 * face.cpu_s:.1f} ms |",
            f"| an hour: decoding (CPU) | {decode.cpu_s * hour:.0f} s |",
            f"| an hour: detection, a quick look a second (CPU) | {3600 * quick.cpu_s:.0f} s |",
            f"| an hour: points of two faces (CPU) | {2 * 3600 * READ_HZ * face.cpu_s:.0f} s |",
            f"| an hour: all of it, movement, skin and chest too (CPU) | {whole.cpu_s * hour:.0f} s, {whole.cpu_s * hour / 2:.0f} s on each of two cores |",
            f"| the same on the clock | {whole.clock_s * hour:.0f} s, {SECONDS / whole.clock_s:.1f} times real time |",
            f"| one face, decoding left out, on one thread | {one_face():.0f} pictures a second |",
            f"| peak memory | {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB |",
        ]
    )
