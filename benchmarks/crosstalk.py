"""Two microphones that hear each other: what is told against the clean tracks' own answer.

Usage: ``python -m benchmarks.crosstalk [talk ...]``, talks: recorded, two-voices, actor-first,
actor-second, two-languages; all where none is named. ``COREGULATE_DATA`` names the folder of recordings.

A row is seconds told of the first, of the second and of both at once, and the diarization error (missed,
false and confused speech over all speech, frames of 10 ms, no collar). ``alone`` has the second
person silent: the seconds wrongly told of them.
"""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.signal import fftconvolve

from coregulate.core import Sound
from coregulate.perception import who_speaks
from coregulate.perception.blocks import runs

RATE_HZ = 16000
FOLDER = Path(os.environ.get("COREGULATE_DATA", Path(__file__).parents[2] / "shared" / "data"))
ROOM_M, MOUTHS_M = (5.0, 4.0, 2.7), ((1.5, 1.9, 1.2), (3.0, 2.2, 1.25))
AWAY_M = {"worn": 0.25, "table": 0.6}  # from one's own mouth towards the other
HISS = 2e-4
Tracks = list[np.ndarray]


def read(path: Path) -> np.ndarray:
    """Samples between -1 and 1."""
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float) / 32768


def recorded() -> Tracks:
    """Return the recorded conversation on two tracks."""
    tracks = [read(FOLDER / f"conversation/two_tracks/test-{who}.wav")[: 58 * RATE_HZ] for who in "AB"]
    n = min(len(x) for x in tracks)
    return [x[:n] for x in tracks]


def first_alone() -> Tracks:
    """Return the stretches of the recorded conversation in which only the first speaks."""
    (samples, _), said = recorded(), np.zeros((2, 5800), dtype=bool)
    for mask, who in zip(said, "AB", strict=True):
        for line in (FOLDER / f"conversation/two_tracks/test-{who}.words").read_text("utf-8").splitlines():
            start_s, end_s, word = line.split(maxsplit=2)
            mask[round(100 * float(start_s)) : round(100 * float(end_s))] |= word.strip() != "#"
    stretches = zip(*runs(said[0] & ~said[1]), strict=True)
    return [samples[160 * a : 160 * b] for a, b in stretches if b - a > 30]


def voices() -> list[Tracks]:
    """Return the stretches of the shared recording in which one of its two people speaks alone."""
    samples = read(FOLDER / "conversation/sample.wav")
    rows = [line.split() for line in (FOLDER / "conversation/sample.rttm").read_text().splitlines()]
    said = np.zeros((2, len(samples)), dtype=bool)
    names = sorted({row[7] for row in rows})
    for row in rows:
        start_s, length_s = float(row[3]), float(row[4])
        said[names.index(row[7]), int(start_s * RATE_HZ) : int((start_s + length_s) * RATE_HZ)] = True
    alone = said & ~said[::-1]
    return [
        [samples[a:b] for a, b in zip(*runs(mask), strict=True) if b - a > 0.3 * RATE_HZ] for mask in alone
    ]


def acted() -> Tracks:
    """Return the clips of one actor."""
    moods = ("Neutral", "Angry", "Sad", "Happy")
    return [read(p) for mood in moods for p in sorted((FOLDER / "emotional_speech" / mood).glob("*.wav"))]


def in_turns(first: Tracks, second: Tracks, seed: int, seconds: int = 60) -> Tracks:
    """Lay pieces of two people out in turns that overlap by up to 1.2 s or leave up to half a second."""
    rng = np.random.default_rng(seed)
    pieces = [itertools.cycle(first), itertools.cycle(second)]
    tracks = [np.zeros(seconds * RATE_HZ) for _ in pieces]
    at_s, who = 0.5, 0
    while at_s < seconds - 1:
        for _ in range(rng.integers(1, 3)):
            start = int(at_s * RATE_HZ)
            piece = next(pieces[who])[: max(0, len(tracks[who]) - start)]
            fade = np.minimum(1.0, np.minimum(np.arange(len(piece)), np.arange(len(piece))[::-1]) / 160)
            tracks[who][start : start + len(piece)] += piece * fade
            at_s += len(piece) / RATE_HZ + rng.uniform(0.05, 0.4)
        at_s, who = max(0.1, at_s + rng.uniform(-1.2, 0.5)), 1 - who
    loud = [0.06 * x / np.sqrt(np.mean(x[np.abs(x) > 1e-4] ** 2)) for x in tracks]
    return [
        loud[0] + HISS * rng.standard_normal(len(loud[0])),
        loud[1] / 2 + HISS * rng.standard_normal(len(loud[1])),
    ]


TALKS = {
    "recorded": recorded,
    "two-voices": lambda: in_turns(*voices(), seed=1),
    "actor-first": lambda: in_turns(acted(), voices()[0], seed=2),
    "actor-second": lambda: in_turns(voices()[1], acted()[::-1], seed=3),
    "two-languages": lambda: in_turns(first_alone(), voices()[1], seed=4),
}


def tail(ring_s: float, delay_ms: float, direct_db: float, seed: int) -> np.ndarray:
    """A direct sound and noise that fades by 60 dB in so long; their energies are so far apart."""
    rng = np.random.default_rng(seed)
    n, first = int(1.2 * ring_s * RATE_HZ), int(delay_ms * RATE_HZ / 1000)
    ring = rng.standard_normal(n) * 10 ** (-3 * np.arange(n) / RATE_HZ / ring_s)
    out = np.zeros(first + n)
    out[first] = 1.0
    out[first + 8 :] += (10 ** (-direct_db / 20) * ring / np.linalg.norm(ring))[: n - 8]
    return out


def shoebox(mouth: tuple[float, ...], microphone: tuple[float, ...], bounce: float) -> np.ndarray:
    """Half a second of the way from a mouth to a microphone by image sources (Allen & Berkley 1979)."""
    size, source, n = np.array(ROOM_M), np.array(mouth), RATE_HZ // 2
    orders = [np.arange(-k, k + 1) for k in np.ceil(0.5 * 343.0 / (2 * size)).astype(int)]
    cells = np.stack(np.meshgrid(*orders, indexing="ij"), -1).reshape(-1, 3)
    out = np.zeros(n)
    for flip in itertools.product((0, 1), repeat=3):
        images = (1 - 2 * np.array(flip)) * source + 2 * cells * size
        away_m = np.linalg.norm(images - microphone, axis=1)
        walls = np.abs(cells - flip).sum(axis=1) + np.abs(cells).sum(axis=1)
        at = away_m / 343.0 * RATE_HZ
        near = at < n - 2
        whole = at[near].astype(int)
        level = bounce ** walls[near] / away_m[near]
        np.add.at(out, whole, level * (1 - (at[near] - whole)))
        np.add.at(out, whole + 1, level * (at[near] - whole))
    return out


def in_a_room(tracks: Tracks, bounce: float, place: str) -> Tracks:
    """Both voices in both microphones, each as loud in its own as it was."""
    microphones = [
        tuple(np.array(mouth) + side * np.array([AWAY_M[place], 0.05, 0]) - [0, 0, 0.2])
        for side, mouth in zip((1, -1), MOUTHS_M, strict=True)
    ]
    ways = [[shoebox(mouth, m, bounce) for mouth in MOUTHS_M] for m in microphones]
    gains = [1 / np.abs(ways[k][k]).max() for k in (0, 1)]
    n = len(tracks[0])
    return [
        sum(fftconvolve(x, g * w)[:n] for x, g, w in zip(tracks, gains, way, strict=True)) for way in ways
    ]


def leaking(
    tracks: Tracks,
    leak_db: float,
    delay_ms: float = 5,
    *,
    into: tuple[int, ...] = (0, 1),
    ring_s: float | None = None,
) -> Tracks:
    """Each voice in the other's microphone too, at so much of its energy."""
    out = []
    for k, (own, other) in enumerate(zip(tracks, tracks[::-1], strict=True)):
        leak = np.roll(other, round(delay_ms * RATE_HZ / 1000))
        if ring_s is not None:
            way = tail(ring_s, delay_ms, 0, 11 + k)
            leak = fftconvolve(other, way / np.linalg.norm(way))[: len(other)]
            own = fftconvolve(own, tail(ring_s, 0, 12, 21 + k))[: len(own)]
        out.append(own + (k in into) * 10 ** (leak_db / 20) * leak)
    return out


def noisy(tracks: Tracks, sd: float) -> Tracks:
    """White noise of so much of full scale in each."""
    rng = np.random.default_rng(1)
    return [x + sd * rng.standard_normal(len(x)) for x in tracks]


def conditions(tracks: Tracks) -> Iterator[tuple[str, Tracks]]:
    """Yield each condition's name and both microphones, one at a time."""
    for leak_db, delay_ms in itertools.product((-20, -12, -6), (1, 10)):
        yield f"{leak_db} dB both ways, {delay_ms} ms", leaking(tracks, leak_db, delay_ms)
    yield "-6 dB, second into first", leaking(tracks, -6, into=(0,))
    yield "-6 dB, first into second", leaking(tracks, -6, into=(1,))
    first, second = leaking(tracks, -12)
    yield "-12 dB, the first at a fifth", [0.2 * first, second]
    first, second = leaking(tracks, -6)
    yield "-6 dB, the second at a fifth", [first, 0.2 * second]
    for sd in (0.003, 0.01):
        yield f"noise {sd}", noisy(tracks, sd)
        for leak_db in (-12, -6):
            yield f"{leak_db} dB, noise {sd}", noisy(leaking(tracks, leak_db), sd)
    for ring_s, leak_db in itertools.product((0.25, 0.5), (-12, -6)):
        yield f"{leak_db} dB, rings {ring_s} s", leaking(tracks, leak_db, ring_s=ring_s)
    yield "-6 dB, rings 0.25 s, noise 0.003", noisy(leaking(tracks, -6, ring_s=0.25), 0.003)
    for bounce, place in itertools.product((0.6, 0.8), AWAY_M):
        yield f"room, walls give back {bounce}, {place}", in_a_room(tracks, bounce, place)


def told(tracks: Tracks, folder: str) -> np.ndarray:
    """Return who speaks by our ears, shape (2, frames)."""
    sounds = {}
    for who, samples in zip("AB", tracks, strict=True):
        path = Path(folder) / f"{who}.wav"
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
            file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
        sounds[who] = Sound(str(path), float(RATE_HZ), len(samples) / RATE_HZ)
    out = np.zeros((2, len(tracks[0]) // 160), dtype=bool)
    for row, track in zip(out, who_speaks(sounds).values(), strict=True):
        for label in track.labels:
            row[round(100 * label.start_s) : round(100 * label.end_s)] = True
    return out


def error_rate(real: np.ndarray, found: np.ndarray) -> float:
    """Diarization error where each voice is known to be whose."""
    most = np.maximum(real.sum(axis=0), found.sum(axis=0))
    return float((most - (real & found).sum(axis=0)).sum() / real.sum())


def rows(name: str) -> Iterator[str]:
    """Yield the table of one talk."""
    tracks, rates = TALKS[name](), []
    with tempfile.TemporaryDirectory() as folder:
        real = told(tracks, folder)
        seconds = [real[0].sum(), real[1].sum(), (real[0] & real[1]).sum()]
        yield f"{name}: clean {seconds[0] / 100:.2f} {seconds[1] / 100:.2f} {seconds[2] / 100:.2f}"
        rng = np.random.default_rng(3)
        lonely = dict(conditions([tracks[0], HISS * rng.standard_normal(len(tracks[0]))]))
        for condition, microphones in conditions(tracks):
            found = told(microphones, folder)
            now = [found[0].sum(), found[1].sum(), (found[0] & found[1]).sum()]
            off = "".join("!" if abs(a / b - 1) > 0.1 else "." for a, b in zip(now, seconds, strict=True))
            rates.append(100 * error_rate(real, found))
            wrong = told(lonely[condition], folder)[1].sum() / 100 if name != "recorded" else np.nan
            yield (
                f"  {condition:36s} {now[0] / 100:6.2f} {now[1] / 100:6.2f} {now[2] / 100:6.2f} {off}"
                f"  error {rates[-1]:5.1f} %  alone {wrong:5.2f} s"
            )
    yield f"  mean error {np.mean(rates):.2f} %, most {np.max(rates):.1f} %"


if __name__ == "__main__":
    for talk in sys.argv[1:] or TALKS:
        for row in rows(talk):
            print(row, flush=True)
