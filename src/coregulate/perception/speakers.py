"""Who speaks when, from one microphone for each person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray, InputError, Label, Sound, Track

from . import praat, spectrum
from .blocks import Block, condense, fit, n_frames, read_blocks

SAMPLE_RATE_HZ = 8000.0  # the bands end below 4 kHz: half the work of 16 kHz
# All (prior), set on one minute of one recorded conversation and on mixtures made from others;
# the result there moves by a few per cent between neighbouring values.
EDGES_HZ = np.array(
    [100, 200, 300, 400, 510, 630, 770, 920, 1080, 1270, 1480, 1720, 2000, 2320, 2700, 3150, 3700.0]
)
EXCESS_DB = 3.0  # mean over bands above floor and leak that counts as sound
EXCESS_CLIP_DB = 30.0  # one loud band must not decide
LEAK_MARGIN_DB = 2.0  # above the usual leak
LOUDER_DB = 6.0  # frames from which the leak is learned: the other is this much louder here
LOUD_DB = 20.0  # and this much above their own floor
FLOOR_SPAN_S = 15  # the floor is looked for this far to both sides
FLOOR_PERCENTILE = 10.0
DYNAMIC_DB = 45.0  # nothing this far under the person's loudest second-best counts
VOICED_REACH_S = 0.12  # sound this near to voicing is speech; breath further off is not
LEAK_BEFORE_S, LEAK_AFTER_S = 0.04, 0.01  # the earlier wins: a leak and its echo arrive late
FILL_S = 0.20  # hangover: shorter pauses are bridged (the shortest marked pause there is 0.22 s)
SHORTEST_S = 0.08
HANG_S = 0.02

_RATE = praat.FRAME_RATE_HZ


class _Heard(NamedTuple):
    levels: NDArray[np.float32]  # (frames, bands), dB; NaN where the sound does not reach
    floor: NDArray[np.float32]
    voiced: NDArray[np.bool_]


def who_speaks(sounds: Mapping[str, Sound]) -> Mapping[str, Track]:
    """Find when each person speaks, each having a microphone, without taking one for the other.

    Parameters
    ----------
    sounds : mapping of person to Sound
        One a person. Where they share one microphone, this cannot be told: bring an
        annotation of who speaks.

    Returns
    -------
    mapping of person to Track
        Labels read ``speech``, in session time. Both may speak at once.

    Raises
    ------
    InputError
        When two people have the same channel of the same file.

    Notes
    -----
    A frame counts as sound where its bands rise above the microphone's own noise floor (10th
    percentile within 15 s) and above what leaks in from the other: the usual difference of
    level in each band while the other is clearly louder, against the other's level now or
    just before, so that the louder and the earlier one wins. Sound counts as speech near
    voicing; breath and handling noise do not. Laughter does.
    On the one minute of two telephone-like tracks it was set on: see the tests.
    """
    _distinct(sounds)
    if not sounds:
        return {}
    start_s = min(sound.start_s for sound in sounds.values())
    heard = {person: _hear(sound, start_s) for person, sound in sounds.items()}
    tracks = {}
    for person, mine in heard.items():
        bar = mine.floor.copy()
        for other, theirs in heard.items():
            if other != person:
                n = min(len(bar), len(theirs.levels))
                bar[:n] = np.fmax(bar[:n], _leak(mine, theirs, n))
        tracks[person] = _as_track(_speech(mine, bar), start_s)
    return tracks


def _distinct(sounds: Mapping[str, Sound]) -> None:
    seen: dict[tuple[str, int], str] = {}
    for person, sound in sounds.items():
        key = (sound.path, sound.channel)
        if key in seen:
            raise InputError(
                f"'{seen[key]}' and '{person}' share one microphone, so who speaks cannot be told from loudness",
                "Give an annotation of who speaks (RTTM, ELAN, TextGrid), or one channel for each person",
                sound.path,
            )
        seen[key] = person


def _hear(sound: Sound, start_s: float) -> _Heard:
    offset = round((sound.start_s - start_s) * _RATE)
    n = n_frames(sound)
    levels = np.full((offset + n, len(EDGES_HZ) - 1), np.nan, dtype=np.float32)
    voiced = np.zeros(offset + n, dtype=bool)
    for block in read_blocks(sound, rate_hz=SAMPLE_RATE_HZ):
        here = slice(offset + block.first, offset + block.last)
        found = spectrum.band_levels(block.samples, EDGES_HZ, rate_hz=SAMPLE_RATE_HZ)
        levels[here] = fit(found, block)
        voiced[here] = fit(_voiced(block, found), block) > 0
    from scipy.ndimage import uniform_filter1d

    levels[offset:] = uniform_filter1d(levels[offset:], 5, axis=0, mode="nearest")
    return _Heard(levels, _floor(levels), voiced)


def _voiced(block: Block, levels: NDArray[np.float32]) -> FloatArray:
    """Return 1 for each voiced frame that is loud enough for speech; the rest is not worth the time."""
    quiet = np.percentile(levels, FLOOR_PERCENTILE / 2, axis=0) if len(levels) else 0.0
    loud = np.clip(levels - quiet, 0.0, EXCESS_CLIP_DB).mean(axis=1) > EXCESS_DB
    cut = condense(block.samples, loud, rate_hz=SAMPLE_RATE_HZ)
    # Voicing lasts longer than 20 ms: each second frame answers for its neighbour too.
    found = np.isfinite(praat.pitch(cut.samples, rate_hz=SAMPLE_RATE_HZ, every=2).f0_hz)
    found[1:] |= found[:-1].copy()
    return cut.spread(found.astype(np.float64), len(levels))


def _floor(levels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Noise floor of each band, one a second, never far under the loudest speech."""
    second = round(_RATE)
    n_seconds = -(-len(levels) // second)
    floors = np.full((n_seconds, levels.shape[1]), np.nan, dtype=np.float32)
    # every fifth frame: the levels are smoothed over five
    thin = levels[::5]
    known = np.isfinite(thin[:, 0])
    per = second // 5
    for k in range(n_seconds):
        near = slice(max(0, k - FLOOR_SPAN_S) * per, (k + FLOOR_SPAN_S + 1) * per)
        part = thin[near][known[near]]
        if len(part):
            at = int(len(part) * FLOOR_PERCENTILE / 100.0)
            floors[k] = np.partition(part, at, axis=0)[at]
    if known.any():
        loudest = np.percentile(thin[known], 99, axis=0)
        floors = np.fmax(floors, (loudest - DYNAMIC_DB).astype(np.float32))
    return np.repeat(floors, second, axis=0)[: len(levels)]


def _leak(mine: _Heard, theirs: _Heard, n: int) -> NDArray[np.float32]:
    """Level that the other's voice can be expected to have in this microphone, plus a margin."""
    from scipy.ndimage import maximum_filter1d

    difference = mine.levels[:n] - theirs.levels[:n]
    loud = (theirs.levels[:n] - theirs.floor[:n]).mean(axis=1) > LOUD_DB
    only = loud & (difference.mean(axis=1) < -LOUDER_DB)
    if only.sum() < _RATE:  # the other never speaks for a second: nothing to learn, nothing to remove
        return np.full(difference.shape, np.nan, dtype=np.float32)
    usual = np.median(difference[only], axis=0)
    before, after = round(LEAK_BEFORE_S * _RATE), round(LEAK_AFTER_S * _RATE)
    size = before + after + 1
    known = np.nan_to_num(theirs.levels[:n], nan=-200.0)
    recent = maximum_filter1d(known, size, axis=0, origin=(before - after) // 2, mode="nearest")
    return np.asarray(recent + usual + np.float32(LEAK_MARGIN_DB), dtype=np.float32)


def _speech(mine: _Heard, bar: NDArray[np.float32]) -> NDArray[np.bool_]:
    from scipy.ndimage import maximum_filter1d

    excess = np.clip(mine.levels - bar, 0.0, EXCESS_CLIP_DB).mean(axis=1)
    sound = _without_short(np.nan_to_num(excess) > EXCESS_DB, 3)
    core = _without_short(sound & mine.voiced, 3)
    near = maximum_filter1d(core, 2 * round(VOICED_REACH_S * _RATE) + 1, mode="constant", cval=0)
    filled = ~_without_short(~(sound & near), round(FILL_S * _RATE) + 1)
    kept = _without_short(filled, round(SHORTEST_S * _RATE))
    return np.asarray(maximum_filter1d(kept, 2 * round(HANG_S * _RATE) + 1, mode="constant", cval=0))


def _runs(mask: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return edges[::2], edges[1::2]


def _without_short(mask: NDArray[np.bool_], shortest: int) -> NDArray[np.bool_]:
    """Drop runs of fewer than `shortest` frames."""
    starts, ends = _runs(mask)
    keep = ends - starts >= shortest
    change = np.zeros(len(mask) + 1, dtype=np.int8)
    change[starts[keep]] += 1
    change[ends[keep]] -= 1
    return np.cumsum(change[:-1]) > 0


def _as_track(mask: NDArray[np.bool_], start_s: float) -> Track:
    labels = tuple(
        Label(start_s + a / _RATE, start_s + b / _RATE, "speech") for a, b in zip(*_runs(mask), strict=True)
    )
    return Track(labels, "speech")
