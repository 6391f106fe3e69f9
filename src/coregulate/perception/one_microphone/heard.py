"""Two voices on one microphone: at each moment nobody, the one, the other or both, by voice alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from coregulate.core import FloatArray, Sound
from coregulate.readers import read_sound

from .clusters import two_centres
from .segmentation import (
    CHUNK,
    CLASSES,
    FIRST_FRAME,
    FRAME_STEP,
    SAMPLE_RATE_HZ,
    load_segmentation,
    speaker_classes,
)
from .voiceprint import FRAME_RATE_HZ, HOP, N_MELS, N_NUMBERS, load_voiceprint, mel_frames, voiceprints
from .voiceprint import WINDOW as MEL_WINDOW

CHUNK_STEP = 40000  # samples: each moment is seen in four chunks of 10 s; see docs/perception.md
WINDOW_FRAMES = 148  # 1.5 s, as 3D-Speaker's own chain has it
WINDOW_STEP = 75  # 0.75 s, the same
CLEAN_SPEECH = 0.5  # prior: a window with less speech says nothing of a voice
CLEAN_OVERLAP = 0.3  # prior: nor one that is more often both, for the centres
EVIDENCE_SCALE = 3.0  # prior: log odds at one standard deviation of the margin, nats
EVIDENCE_CLIP = 8.0  # nats (prior): one window must not decide
EDGE_WEIGHT = 0.05  # prior: a chunk knows least where it begins and ends
BOTH_THERE_S = 0.17  # prior: less than ten frames is no second speaker
# One voice or two, with a margin between: see docs/perception.md for what these were set on.
ONE_SECOND, TWO_SECOND = 0.05, 0.18
ONE_LIKENESS, TWO_LIKENESS = 0.5, 0.42
LEAST_WINDOWS = 16  # 12 s of clean speech (prior): with less, how many there are is not known
_BATCH = 16  # chunks: memory, 47.5 s of sound
_MOST_CORES = 4  # prior: each holds a batch in memory
_CHUNKS_SHARE = 0.4  # measured: of the work
_WINDOWS = 6  # measured: fewer cost the products more, more leave the nearest memory
_BLOCK = 6000  # frames: one minute
_LOCAL = np.array([[k in speakers for k in range(3)] for speakers in CLASSES], dtype=np.float32)

Values = NDArray[np.float32]


class Heard(NamedTuple):
    """What a recording says each 10 ms; the voices are called the one and the other, in no order."""

    states: FloatArray  # (n, 4): probability of nobody, the one, the other, both
    odds: FloatArray  # (n,): log odds of the one voice against the other, nats, from the sound of the voice
    likeness: float  # mean cosine between windows of the one and of the other; NaN where too little is heard
    second: float  # share of speech that is a chunk's second speaker's
    start_s: float

    @property
    def n_voices(self) -> int | None:
        """1 or 2 where both networks agree on it, None where it is not known."""
        if self.second < ONE_SECOND and self.likeness > ONE_LIKENESS:
            return 1
        return 2 if self.second > TWO_SECOND and self.likeness < TWO_LIKENESS else None


class _Cores(NamedTuple):
    """So many cores to work on, and whom to tell of the share done."""

    n: int
    progress: Callable[[float], None]

    def __call__(
        self, work: Callable[[NDArray[np.intp]], Values], parts: Sequence[NDArray[np.intp]]
    ) -> list[Values]:
        """Do each part on a core of its own: many threads for one small product mostly wait for each other.

        An interruption waits for the parts that are begun, no longer.
        """
        done = []
        with threadpool_limits(1, "blas"), ThreadPoolExecutor(self.n) as threads:
            coming = [threads.submit(work, part) for part in parts]
            try:
                for part in coming:
                    done.append(part.result())
                    self.progress(len(done) / len(parts))
            except BaseException:
                threads.shutdown(wait=False, cancel_futures=True)
                raise
        return done


def hear_voices(
    sound: Sound,
    *,
    rng_seed: int = 0,
    cores: int | None = None,
    progress: Callable[[float], None] = lambda share: None,
) -> Heard:
    """Hear out two voices on one microphone.

    Parameters
    ----------
    sound : Sound
        Any rate.
    rng_seed : int
        Of the clustering's starts.
    cores : int, optional
        Work on so many at a time; by default on all, at most four. The numbers are the same.
    progress : callable, optional
        Called from this thread with the share done, about once a minute of sound; an exception of its own ends the work.

    Returns
    -------
    Heard

    Raises
    ------
    StoreError
        Where the networks cannot be fetched.

    Notes
    -----
    One network tells apart the speakers of each ten seconds, overlap included, but not whether they are
    those of the next ten. Another says of each 1.5 s what its voice sounds like: two centres are
    learned from this recording, and each chunk's speakers are named after the centre that they are nearer to.
    """
    n = int(sound.duration_s * FRAME_RATE_HZ + 1e-6)
    cores = min(cores or os.cpu_count() or 1, _MOST_CORES)
    starts, classes = _chunks(sound, _Cores(cores, lambda share: progress(_CHUNKS_SHARE * share)))
    several = np.stack([classes[..., 0], classes[..., 1:4].sum(axis=2), classes[..., 4:].sum(axis=2)], axis=2)
    alone = _spread(starts, several, n)
    later = _Cores(cores, lambda share: progress(_CHUNKS_SHARE + (1.0 - _CHUNKS_SHARE) * share))
    at, prints = _prints(sound, alone[:, 1:].sum(axis=1) > 0.5, later)
    known, likeness = _odds(prints, _share(alone.argmax(axis=1) == 2, at), np.random.default_rng(rng_seed))
    odds = np.interp(np.arange(n), at, known) if len(at) else np.zeros(n)
    frames = starts[:, None] + FIRST_FRAME + FRAME_STEP * np.arange(classes.shape[1])
    near = odds[np.clip(frames // HOP, 0, max(n - 1, 0))] if n else np.zeros(frames.shape)
    named = np.stack([_named(*pair) for pair in zip(classes, near, strict=True)])
    active = np.sort((classes @ _LOCAL).sum(axis=1), axis=1)
    second = float(active[:, -2].sum() / max(active.sum(), 1e-9))
    return Heard(_spread(starts, named, n), odds, likeness, second, sound.start_s)


def _chunks(sound: Sound, cores: _Cores) -> tuple[NDArray[np.intp], Values]:
    """Start of each chunk, in samples, and the probability of each class in its frames."""
    network = load_segmentation()
    n = int(sound.duration_s * SAMPLE_RATE_HZ + 1e-6)
    starts = np.append(np.arange(0, max(n - CHUNK, 0), CHUNK_STEP), max(n - CHUNK, 0)).astype(np.intp)

    def told(some: NDArray[np.intp]) -> Values:
        samples = _samples(sound, int(some[0]), int(some[-1]) + CHUNK)
        return speaker_classes(network, samples, some - some[0])

    return starts, np.concatenate(cores(told, np.split(starts, range(_BATCH, len(starts), _BATCH))))


def _samples(sound: Sound, low: int, high: int) -> Values:
    """Read samples `low` to `high` at 16 kHz, silence beyond the end."""
    end = min(high, int(sound.duration_s * SAMPLE_RATE_HZ))
    read = read_sound(sound, low / SAMPLE_RATE_HZ, max(end, low) / SAMPLE_RATE_HZ, rate_hz=SAMPLE_RATE_HZ)
    read = np.asarray(read[: high - low], dtype=np.float32)
    return np.pad(read, (0, high - low - len(read)))


def _spread(starts: NDArray[np.intp], values: NDArray[np.floating], n: int) -> FloatArray:
    """Mean over the chunks of what each says of a 10 ms frame, less where the chunk begins or ends."""
    total, weights = np.zeros((n, values.shape[2])), np.zeros(n)
    for k, start in enumerate(starts):
        frames = np.arange(-(-start // HOP), min(n, (start + CHUNK) // HOP))
        at = frames * HOP + HOP // 2 - start
        inside = np.full(len(at), CHUNK / 2)
        if k > 0:
            inside = np.minimum(inside, at)
        if k < len(starts) - 1:
            inside = np.minimum(inside, CHUNK - at)
        weight = inside / (CHUNK / 2) + EDGE_WEIGHT
        nearest = np.clip(np.round((at - FIRST_FRAME) / FRAME_STEP).astype(int), 0, values.shape[1] - 1)
        total[frames] += weight[:, None] * values[k][nearest]
        weights[frames] += weight
    return np.asarray(total / np.maximum(weights, 1e-9)[:, None])


def _prints(sound: Sound, speech: NDArray[np.bool_], cores: _Cores) -> tuple[NDArray[np.intp], Values]:
    """Embed each window with speech: (frame of its middle, embedding)."""
    network = load_voiceprint()
    starts: NDArray[np.intp] = np.arange(0, len(speech) - WINDOW_FRAMES - 2, WINDOW_STEP)
    starts = starts[_share(speech, starts + WINDOW_FRAMES // 2) >= CLEAN_SPEECH]

    def embedded(some: NDArray[np.intp]) -> Values:
        return np.concatenate([voiceprints(network, windows) for windows in _windows(sound, some)])

    blocks = [starts[starts // _BLOCK == k] for k in np.unique(starts // _BLOCK)]
    found = [np.empty((0, N_NUMBERS), dtype=np.float32), *cores(embedded, blocks)]
    return starts + WINDOW_FRAMES // 2, np.concatenate(found)


def _windows(sound: Sound, starts: NDArray[np.intp]) -> Iterator[Values]:
    low, high = int(starts[0]), int(starts[-1]) + WINDOW_FRAMES
    mels = mel_frames(_samples(sound, low * HOP, high * HOP + MEL_WINDOW))
    for first in range(0, len(starts), _WINDOWS):
        frames = starts[first : first + _WINDOWS, None] - low + np.arange(WINDOW_FRAMES)
        yield mels[frames].reshape(len(frames), WINDOW_FRAMES, N_MELS)


def _share(mask: NDArray[np.bool_], middles: NDArray[np.intp]) -> FloatArray:
    """Share of the window around each frame that is true."""
    counted = np.concatenate([[0], np.cumsum(mask)])
    half = WINDOW_FRAMES // 2
    low, high = (np.clip(middles + k, 0, len(mask)) for k in (-half, half))
    return np.asarray((counted[high] - counted[low]) / WINDOW_FRAMES)


def _odds(prints: Values, both: FloatArray, rng: np.random.Generator) -> tuple[FloatArray, float]:
    """Log odds of the one voice in each window, and how alike the windows of either side are."""
    clean = both < CLEAN_OVERLAP
    if clean.sum() < 4:
        return np.zeros(len(prints)), float("nan")
    centres = two_centres(prints[clean], rng)
    margin = (prints @ (centres[0] - centres[1])).astype(np.float64)
    scaled = EVIDENCE_SCALE * margin / max(float(margin[clean].std()), 1e-9)
    sides = [prints[clean & (margin > 0)], prints[clean & (margin <= 0)]]
    enough = clean.sum() >= LEAST_WINDOWS and min(map(len, sides)) > 0
    likeness = float(sides[0].mean(axis=0) @ sides[1].mean(axis=0)) if enough else float("nan")
    return np.clip(scaled, -EVIDENCE_CLIP, EVIDENCE_CLIP), likeness


def _named(classes: Values, odds: FloatArray) -> FloatArray:
    """Probability of nobody, the one, the other and both in a chunk's frames, from its own speakers.

    The two who are there most are two people; a third is whom the voice says.
    """
    active = (classes @ _LOCAL).sum(axis=0)
    votes = (classes[:, 1:4] * odds[:, None]).sum(axis=0)
    other = votes < 0
    first, second = np.argsort(-active, kind="stable")[:2]
    if active[second] * FRAME_STEP / SAMPLE_RATE_HZ > BOTH_THERE_S:
        other[first], other[second] = votes[first] < votes[second], votes[first] >= votes[second]
    states = np.zeros((len(classes), 4))
    for k, speakers in enumerate(CLASSES):
        who = {int(other[j]) for j in speakers}
        states[:, 0 if not who else 3 if len(who) == 2 else 1 + who.pop()] += classes[:, k]
    return states
