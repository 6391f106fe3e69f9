"""A film of two who talk: two faces whose mouths follow who is annotated as speaking, over that very sound."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from face_scenes import Bent, other_person, portrait
from lip_scenes import Turns
from PIL import Image

from coregulate.perception.faces.detect import Detector
from coregulate.perception.faces.landmarks import Landmarker, region_of_detection

RATE_HZ = 10
SIDE = 400
N_OPENINGS = 9
WIDEST = 0.16  # of the distance between the outer eye corners


def film_of(path: Path, sound: Path, turns: tuple[Turns, Turns], seconds: int, *, seed: int) -> None:
    """Write the film: the first who speaks on the left.

    While somebody speaks the mouth opens with the sound's envelope, a fifth either way; it moves as
    wide in a tenth of that person's silence, to the sound of the other.
    """
    rng = np.random.default_rng(seed)
    loud = envelope(sound, seconds)
    mouths = [openings(loud, said, rng) for said in turns]
    faces = [shapes(picture) for picture in (portrait(), other_person())]
    with av.open(str(path), "w") as out, av.open(str(sound)) as talk:
        pictures = out.add_stream("mpeg4", rate=RATE_HZ)
        pictures.width, pictures.height, pictures.pix_fmt = 2 * SIDE, SIDE, "yuv420p"
        pictures.bit_rate = 4_000_000
        track = out.add_stream("aac", rate=16000)
        for pair in np.transpose(mouths):
            beside = np.concatenate([shape[k] for shape, k in zip(faces, pair, strict=True)], axis=1)
            out.mux(pictures.encode(av.VideoFrame.from_ndarray(beside, format="rgb24")))
        out.mux(pictures.encode())
        for block in talk.decode(audio=0):
            block.pts = None
            out.mux(track.encode(block))
        out.mux(track.encode())


def shapes(picture: np.ndarray) -> list[np.ndarray]:
    """The face with its mouth from shut to wide."""
    face = Landmarker()(picture, region_of_detection(Detector()(picture)[0]))
    bent = Bent(picture, face.points)
    bends = [Image.fromarray(bent.jaw(down)) for down in np.linspace(0.0, WIDEST, N_OPENINGS)]
    return [np.asarray(x.resize((SIDE, SIDE), Image.Resampling.LANCZOS)) for x in bends]


def envelope(sound: Path, seconds: int) -> np.ndarray:
    """Loudness a picture, 0 to 1."""
    with av.open(str(sound)) as talk:
        samples = np.concatenate([x.to_ndarray()[0] for x in talk.decode(audio=0)]).astype(float)
    each = samples[: seconds * 16000].reshape(seconds * RATE_HZ, -1)
    level = np.sqrt((each**2).mean(axis=1))
    return np.clip(level / np.percentile(level, 90), 0.0, 1.0)


def openings(loud: np.ndarray, said: Turns, rng: np.random.Generator) -> np.ndarray:
    """Which of the shapes is shown in each picture."""
    times_s = (np.arange(len(loud)) + 0.5) / RATE_HZ
    moving = np.any([(times_s >= a) & (times_s < b) for a, b in said], axis=0)
    silent = np.flatnonzero(~moving)
    while moving[silent].mean() < 0.1:
        first = rng.choice(silent)
        moving[first : first + rng.integers(4, 16)] = True
    varied = loud * rng.uniform(0.8, 1.2, len(loud)) * rng.choice([0.4, 1.0], len(loud))
    return np.round(np.where(moving, np.clip(varied, 0.0, 1.0), 0.0) * (N_OPENINGS - 1)).astype(int)
