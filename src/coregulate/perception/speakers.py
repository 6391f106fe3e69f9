"""Who speaks when, from one microphone for each person."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray, InputError, Label, Sound, Track

from . import praat, spectrum
from .blocks import Block, condense, fit, n_frames, read_blocks, runs, without_short
from .crosstalk import Other, Path, without_others
from .leaks import EXCESS_CLIP_DB, EXCESS_DB, Heard, each_leads, leads_alone, left_of

SAMPLE_RATE_HZ = 8000.0  # the bands end below 4 kHz: half the work of 16 kHz
# All (prior) where nothing else is said, set on one minute of one recorded conversation and on
# mixtures made from others; the result there moves by a few per cent between neighbouring values.
EDGES_HZ = np.array(
    [100, 200, 300, 400, 510, 630, 770, 920, 1080, 1270, 1480, 1720, 2000, 2320, 2700, 3150, 3700.0]
)
NOISE_DB = 2.2  # measured: 98 % of steady noise stays under it
SOFT = 0.2  # near voicing: where speech itself stands out by little, this share of its middle is enough
FLOOR_SPAN_S = 15  # the floor is looked for this far to both sides
FLOOR_PERCENTILE = 10.0
DYNAMIC_DB = 45.0  # nothing this far under the person's loudest second-best counts
VOICED_REACH_S = 0.12  # sound this near to voicing is speech; breath further off is not
FILL_S = 0.20  # hangover: shorter pauses are bridged (the shortest marked pause there is 0.22 s)
SHORTEST_S = 0.08
HANG_S = 0.02

_RATE = praat.FRAME_RATE_HZ


def who_speaks(
    sounds: Mapping[str, Sound], *, progress: Callable[[float], None] = lambda share: None
) -> Mapping[str, Track]:
    """Find when each person speaks, each having a microphone, without taking one for the other.

    Parameters
    ----------
    sounds : mapping of person to Sound
        One a person. Where they share one microphone, this cannot be told: bring an
        annotation of who speaks.
    progress : callable, optional
        Called with the share done, once a minute of sound; an exception of its own ends the work.

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
    First each other's voice is taken out of the microphone, by the path it takes there, learned
    where only the other speaks, a minute at a time (:mod:`.crosstalk`). Then a frame counts as sound where its
    bands rise above the microphone's own noise floor (10th percentile within 15 s) and above what is
    left of the other (:mod:`.leaks`): the usual share of their power in each band while they lead,
    against their level now or just before, fading as slowly as the room rings, so that the louder and
    the earlier one wins. Sound counts as speech near voicing; breath and handling noise do not.
    Laughter does. How well: docs/perception.md, made by ``python -m benchmarks.crosstalk``.
    """
    _distinct(sounds)
    if not sounds:
        return {}
    start_s = min(sound.start_s for sound in sounds.values())
    alone = len(sounds) == 1
    passes = _passes(len(sounds) if alone else 2 * len(sounds), progress)
    heard = {person: _hear(sound, start_s, next(passes), voicing=alone) for person, sound in sounds.items()}
    pairs = {frozenset((a, b)): each_leads(heard[a], heard[b]) for a, b in combinations(heard, 2)}
    if not alone:
        # again, each without what the others' voices leave in it
        heard = {
            person: _hear(
                sound, start_s, next(passes), _others(person, sounds, heard, pairs), heard[person].floor
            )
            for person, sound in sounds.items()
        }
    tracks = {}
    for person, mine in heard.items():
        bar = mine.floor.copy()
        for other in heard.keys() - {person}:
            left = left_of(heard[other], mine, each=pairs[frozenset((person, other))])
            bar[: len(left)] = np.fmax(bar[: len(left)], left)
        tracks[person] = _as_track(_speech(mine, bar), start_s)
    return tracks


def _passes(n: int, progress: Callable[[float], None]) -> Iterator[Callable[[float], None]]:
    """Yield for each of n passes what tells the share done of all from the share done of it."""
    for k in range(n):
        yield lambda share, k=k: progress((k + share) / n)  # type: ignore[misc]


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


def _others(
    person: str,
    sounds: Mapping[str, Sound],
    heard: Mapping[str, Heard],
    pairs: Mapping[frozenset[str], bool],
) -> list[Other]:
    """List each other's sound, and where that other is heard and this person is not."""
    start_s = min(sound.start_s for sound in sounds.values())
    return [
        Other(
            sound,
            start_s,
            leads_alone(heard[other], heard[person], each=pairs[frozenset((person, other))]),
            _RATE,
        )
        for other, sound in sounds.items()
        if other != person
    ]


def _hear(
    sound: Sound,
    start_s: float,
    progress: Callable[[float], None],
    others: Sequence[Other] = (),
    least: NDArray[np.float32] | None = None,
    *,
    voicing: bool = True,
) -> Heard:
    offset = round((sound.start_s - start_s) * _RATE)
    n = n_frames(sound)
    levels = np.full((offset + n, len(EDGES_HZ) - 1), np.nan, dtype=np.float32)
    voiced = np.zeros(offset + n, dtype=bool)
    paths: list[Path | None] = [None] * len(others)
    for block in read_blocks(sound, rate_hz=SAMPLE_RATE_HZ):
        first_s = start_s + (offset + block.first - block.skip) / _RATE
        samples, paths = without_others(block.samples, first_s, others, paths, rate_hz=SAMPLE_RATE_HZ)
        block = block._replace(samples=samples)
        here = slice(offset + block.first, offset + block.last)
        found = spectrum.band_levels(block.samples, EDGES_HZ, rate_hz=SAMPLE_RATE_HZ)
        levels[here] = fit(found, block)
        if voicing:
            voiced[here] = fit(_voiced(block, found), block) > 0
        progress(block.last / n)
    from scipy.ndimage import uniform_filter1d

    levels[offset:] = uniform_filter1d(levels[offset:], 5, axis=0, mode="nearest")
    floor = _floor(levels)
    # what is left of the others must not become the loudest there is
    return Heard(levels, floor if least is None else np.fmax(floor, least), voiced)


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


def _speech(mine: Heard, bar: NDArray[np.float32]) -> NDArray[np.bool_]:
    from scipy.ndimage import maximum_filter1d

    excess = np.nan_to_num(np.clip(mine.levels - bar, 0.0, EXCESS_CLIP_DB).mean(axis=1))
    core = without_short(without_short(excess > EXCESS_DB, 3) & mine.voiced, 3)
    soft_db = np.clip(SOFT * np.median(excess[core]), NOISE_DB, EXCESS_DB) if core.any() else EXCESS_DB
    near = maximum_filter1d(core, 2 * round(VOICED_REACH_S * _RATE) + 1, mode="constant", cval=0)
    filled = ~without_short(~((excess > soft_db) & near), round(FILL_S * _RATE) + 1)
    kept = without_short(filled, round(SHORTEST_S * _RATE))
    return np.asarray(maximum_filter1d(kept, 2 * round(HANG_S * _RATE) + 1, mode="constant", cval=0))


def _as_track(mask: NDArray[np.bool_], start_s: float) -> Track:
    labels = tuple(
        Label(start_s + a / _RATE, start_s + b / _RATE, "speech") for a, b in zip(*runs(mask), strict=True)
    )
    return Track(labels, "speech")
