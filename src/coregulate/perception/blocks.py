"""Reading a long sound in blocks that overlap, on a grid of 10 ms frames."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coregulate.core import Sound, Track
from coregulate.readers import read_sound

from .praat import FRAME_RATE_HZ

BLOCK_S = 60.0  # prior: memory stays small, and Praat's costs per call do not count
OVERLAP_S = 0.5  # prior: longer than any window used here
MARGIN_S = 0.15  # prior: what is kept around wanted frames; the longest window is 64 ms


class Block(NamedTuple):
    """Samples of a stretch of a sound with some more on both sides.

    Frames ``first`` to ``last`` (of the whole sound) are those that the block answers
    for; they are frames ``skip`` to ``skip + last - first`` of the samples.
    """

    samples: NDArray[np.float32]
    first: int
    last: int
    skip: int


def n_frames(sound: Sound) -> int:
    """Return the number of 10 ms frames of a sound."""
    return int(np.floor(sound.duration_s * FRAME_RATE_HZ + 1e-6))


def read_blocks(sound: Sound, wanted: NDArray[np.bool_] | None = None, *, rate_hz: float) -> Iterator[Block]:
    """Yield the sound block by block; blocks without a wanted frame are not even read.

    Parameters
    ----------
    sound : Sound
    wanted : ndarray of bool, shape (n_frames,), optional
        Frames that are needed; each block shrinks to them.
    rate_hz : float
        Rate of the samples.
    """
    total = n_frames(sound)
    step = round(BLOCK_S * FRAME_RATE_HZ)
    extra = round(OVERLAP_S * FRAME_RATE_HZ)
    for start in range(0, total, step):
        first, last = start, min(start + step, total)
        if wanted is not None:
            needed = np.flatnonzero(wanted[first:last])
            if len(needed) == 0:
                continue
            first, last = start + int(needed[0]), start + int(needed[-1]) + 1
        low, high = max(0, first - extra), min(total, last + extra)
        samples = read_sound(sound, low / FRAME_RATE_HZ, high / FRAME_RATE_HZ, rate_hz=rate_hz)
        yield Block(samples, first, last, first - low)


def speaking(track: Track, *, start_s: float, n: int) -> NDArray[np.bool_]:
    """Return which of `n` frames from `start_s` on lie in a label of the track."""
    mask = np.zeros(n, dtype=bool)
    for label in track.labels:
        low = int(np.ceil((label.start_s - start_s) * FRAME_RATE_HZ - 1e-6))
        high = int(np.ceil((label.end_s - start_s) * FRAME_RATE_HZ - 1e-6))
        mask[max(0, low) : max(0, high)] = True
    return mask


def fit(values: NDArray[np.floating], block: Block) -> NDArray[np.floating]:
    """Cut per-frame values of a block's samples to the frames it answers for (NaN where they end early)."""
    n = block.last - block.first
    cut = values[block.skip : block.skip + n]
    if len(cut) == n:
        return cut
    padded = np.full((n, *values.shape[1:]), np.nan)
    padded[: len(cut)] = cut
    return padded


class Condensed(NamedTuple):
    """The wanted frames of a block, with margins, moved together: what is not wanted costs nothing.

    ``frames`` says which frame of the block each frame of the samples is.
    """

    samples: NDArray[np.float32]
    frames: NDArray[np.intp]

    def spread(self, values: NDArray[np.floating], n: int) -> NDArray[np.float64]:
        """Put per-frame values back among `n` frames, NaN between."""
        out = np.full(n, np.nan)
        out[self.frames[: len(values)]] = values[: len(self.frames)]
        return out


def condense(samples: NDArray[np.float32], wanted: NDArray[np.bool_], *, rate_hz: float) -> Condensed:
    """Keep the samples of wanted frames and of those within 0.15 s, more than any window here reaches.

    Parameters
    ----------
    samples : ndarray, shape (n_samples,)
    wanted : ndarray of bool, shape (n_frames,)
    rate_hz : float
        A whole number of samples a frame.
    """
    per = round(rate_hz / FRAME_RATE_HZ)
    n = min(len(wanted), len(samples) // per)
    margin = round(MARGIN_S * FRAME_RATE_HZ)
    count = np.concatenate([[0], np.cumsum(wanted[:n])])
    at = np.arange(n)
    frames = np.flatnonzero(count[np.minimum(at + margin + 1, n)] > count[np.maximum(at - margin, 0)])
    return Condensed(samples[: n * per].reshape(n, per)[frames].ravel(), frames)


def runs(mask: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the first frame of each run, and the one after its last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return edges[::2], edges[1::2]


def without_short(mask: NDArray[np.bool_], shortest: int) -> NDArray[np.bool_]:
    """Drop runs of fewer than `shortest` frames."""
    starts, ends = runs(mask)
    keep = ends - starts >= shortest
    change = np.zeros(len(mask) + 1, dtype=np.int8)
    change[starts[keep]] += 1
    change[ends[keep]] -= 1
    return np.cumsum(change[:-1]) > 0
