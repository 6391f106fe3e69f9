"""Three minutes of 1280x720 at 30 pictures a second with two faces and their voices, read at 10 a second; scaled to an hour.

Decoding, detection and points are shown apart in CPU time, which other work on the machine changes
less than the time on the clock. The whole analysis, sound included, runs in a process of its own; what it takes to load
and start (some 6 s) is scaled with the rest, so an hour takes less than its row says.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .hour import ANALYSE

SECONDS, RATE_HZ, READ_HZ = 180, 30, 10


def film(path: Path, voices: np.ndarray, voice_hz: int) -> None:
    """Two faces 220 pixels high (the public-domain photograph of scikit-image and its mirror image) that sway, and one sound track."""
    import av
    from skimage import data
    from skimage.transform import resize

    photo = (resize(data.astronaut()[:400], (620, 790)) * 255).astype(np.uint8)[:, 75:715]
    still = np.full((720, 1280, 3), 90, np.uint8)
    still[60:680, :640], still[60:680, 640:] = photo, photo[:, ::-1]
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=RATE_HZ)
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        sound = out.add_stream("aac", rate=voice_hz, layout="mono")
        rng = np.random.default_rng(0)  # a camera's noise: without it a still film decodes twice as fast
        noise = [rng.normal(0, 3, still.shape).round().astype(np.int16) for _ in range(7)]
        for k in range(SECONDS * RATE_HZ):
            sway = round(12 * np.sin(2 * np.pi * k / RATE_HZ / 5))
            picture = np.roll(still, (sway // 2, sway), (0, 1)) + noise[k % 7]
            frame = av.VideoFrame.from_ndarray(np.clip(picture, 0, 255).astype(np.uint8), format="rgb24")
            out.mux(stream.encode(frame))
            heard = voices[k * voice_hz // RATE_HZ : (k + 1) * voice_hz // RATE_HZ]
            block = av.AudioFrame.from_ndarray(heard[None].astype(np.float32), format="fltp", layout="mono")
            block.sample_rate, block.pts = voice_hz, k * voice_hz // RATE_HZ
            block.time_base = Fraction(1, voice_hz)
            out.mux(sound.encode(block))
        out.mux(stream.encode())
        out.mux(sound.encode())


def two_voices(folder: Path) -> tuple[np.ndarray, int]:
    """The simulated voices of a couple on one microphone, full scale 1, and their rate."""
    from coregulate.simulate import simulate_session

    simulate_session(folder, seed=1, minutes=max(3, SECONDS / 60), channels=("voice",))
    mixed, rate_hz = np.zeros(0), 0
    for path in sorted(folder.rglob("*.wav")):
        with wave.open(str(path)) as file:
            rate_hz = file.getframerate()
            own = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
        mixed = own if not len(mixed) else mixed + own[: len(mixed)]
    return mixed, rate_hz


class Whole(NamedTuple):
    """What the analysis of a film with its sound took."""

    clock_s: float
    cpu_s: float
    peak_mb: float


def analysis(folder: Path) -> Whole:
    """Analyse the film in a folder, from the file to the stored result, with all that is compiled compiled before."""
    subprocess.run([sys.executable, "-m", "coregulate", "init", str(folder), "--yes", "--quiet"], check=True)
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", ANALYSE, str(folder)], check=True, capture_output=True, text=True
        )
    return Whole(*(float(x) for x in done.stdout.split()))


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
    from coregulate.core import Sound
    from coregulate.perception import Chest, Motion, Skin, hear_voices, watch_faces
    from coregulate.perception.faces.detect import Detector
    from coregulate.perception.faces.landmarks import Landmarker, region_of_detection
    from coregulate.readers import video_frames

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "talk").mkdir()
        path = folder / "talk" / "two.mp4"
        voices, voice_hz = two_voices(folder / "voices")
        film(path, voices, voice_hz)
        _, rgb = next(iter(video_frames(path, READ_HZ)))
        detector, landmarker = Detector(), Landmarker()
        found = detector(rgb)
        region = region_of_detection(found[0])
        landmarker(rgb, region)
        look, quick = cost(lambda: detector(rgb), 10), cost(lambda: detector(rgb, 1), 20)
        face = cost(lambda: landmarker(rgb, region), 100)
        decode = cost(lambda: [None for _ in video_frames(path, READ_HZ)])
        watch_faces([(0.0, rgb)], onlookers=(Motion(), Skin(), Chest()))  # compiled, before it is timed
        pictures = cost(
            lambda: watch_faces(video_frames(path, READ_HZ), onlookers=(Motion(), Skin(), Chest()))
        )
        heard = cost(lambda: hear_voices(Sound(str(path), float(voice_hz), float(SECONDS))))
        whole = analysis(folder / "talk")
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
            f"| an hour: all of the picture, movement, skin and chest too (CPU) | {pictures.cpu_s * hour:.0f} s, {pictures.cpu_s * hour / 2:.0f} s on each of two cores |",
            f"| the same on the clock | {pictures.clock_s * hour:.0f} s, {SECONDS / pictures.clock_s:.1f} times real time |",
            f"| an hour: two voices on one microphone, heard for themselves (CPU) | {heard.cpu_s * hour:.0f} s, {heard.clock_s * hour:.0f} s on the clock |",
            f"| an hour: the whole analysis, two voices on one sound track included (CPU) | {whole.cpu_s * hour:.0f} s, {whole.cpu_s * hour / 2:.0f} s on each of two cores |",
            f"| the same on the clock | {whole.clock_s * hour:.0f} s |",
            f"| one face, decoding left out, on one thread | {one_face():.0f} pictures a second |",
            f"| peak memory of the analysis | {whole.peak_mb:.0f} MB |",
        ]
    )
