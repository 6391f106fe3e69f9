"""One face against mediapipe 0.10.21 on the same pictures: how far apart the points are, and how fast each is.

Not installed with the project (its newer wheels send telemetry). Name the Python of an environment
that has it in ``COREGULATE_MEDIAPIPE``; without it the row says so.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

PICTURES = 200
_PEER = """
import sys, time, numpy as np, mediapipe as mp
from mediapipe.tasks.python import BaseOptions, vision
pictures, model, out = np.load(sys.argv[1]), sys.argv[2], sys.argv[3]
options = vision.FaceLandmarkerOptions(
    base_options=BaseOptions(model_asset_path=model), running_mode=vision.RunningMode.VIDEO)
height, width = pictures.shape[1:3]
rows, used = [], 0.0
with vision.FaceLandmarker.create_from_options(options) as fit:
    for k, rgb in enumerate(pictures):
        image = mp.Image(image_format=mp.ImageFormat.SRGB, data=np.ascontiguousarray(rgb))
        began = time.process_time()
        found = fit.detect_for_video(image, 100 * k).face_landmarks
        used += time.process_time() - began
        rows.append([[p.x * width, p.y * height] for p in found[0]] if found else np.full((478, 2), np.nan))
np.savez(out, points=np.array(rows), cpu_s=used)
"""


def rows() -> list[str]:
    """Rows of the table: median distance in eye distances, and CPU milliseconds a picture of each."""
    python = os.environ.get("COREGULATE_MEDIAPIPE")
    if not python:
        return ["| mediapipe 0.10.21 | not measured: `COREGULATE_MEDIAPIPE` names no Python that has it |"]
    out = []
    for name, pictures in _clips().items():
        theirs, their_ms = _theirs(python, pictures)
        ours, our_ms = _ours(pictures)
        if not np.isfinite(theirs).any():
            continue  # a clip without a face
        eyes = np.linalg.norm(theirs[:, 33] - theirs[:, 263], axis=1)
        off = np.linalg.norm(ours - theirs, axis=2).mean(axis=1) / eyes
        out.append(
            f"| {name}, {len(pictures)} pictures: points from mediapipe's | {100 * np.nanmedian(off):.2f} % of the eye distance "
            f"(in {np.isfinite(off).mean():.0%} of them both see a face) |"
        )
        out.append(
            f"| the same: CPU a picture, ours and mediapipe's | {our_ms:.1f} and {their_ms:.1f} ms, {their_ms / our_ms:.1f} times |"
        )
    return out


def _clips() -> dict[str, np.ndarray]:
    """Real clips where they are; else nothing is compared."""
    from coregulate.readers import video_frames

    folder = Path(os.environ.get("COREGULATE_DATA", Path(__file__).parents[2] / "shared" / "data")) / "faces"
    clips = {}
    for path in sorted(folder.glob("*.mp4")):
        pictures = [rgb for _, (_, rgb) in zip(range(PICTURES), video_frames(path, 10), strict=False)]
        clips[path.stem] = np.stack(pictures)
    return clips


def _theirs(python: str, pictures: np.ndarray) -> tuple[np.ndarray, float]:
    from coregulate.models import model_path

    with tempfile.TemporaryDirectory() as folder:
        given, out = Path(folder) / "pictures.npy", Path(folder) / "points.npz"
        np.save(given, pictures)
        subprocess.run(
            [python, "-c", _PEER, str(given), str(model_path("face_landmarker")), str(out)],
            check=True,
            capture_output=True,
        )
        found = np.load(out)
        return found["points"], 1e3 * float(found["cpu_s"]) / len(pictures)


def _ours(pictures: np.ndarray) -> tuple[np.ndarray, float]:
    from coregulate.perception.faces.follow import Follower

    follower = Follower()
    points, began = [], 0.0
    for k, rgb in enumerate(pictures):
        if k == 1:
            began = time.process_time()  # the first compiles
        people = follower.step(k / 10, rgb)
        seen = max(people, key=lambda p: float(np.ptp(p.face.points[:, 1])), default=None)
        points.append(seen.face.points[:, :2] if seen else np.full((478, 2), np.nan))
    return np.array(points), 1e3 * (time.process_time() - began) / (len(pictures) - 1)


if __name__ == "__main__":
    print("\n".join(rows()))
