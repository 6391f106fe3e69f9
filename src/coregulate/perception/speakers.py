"""Who speaks when, from one microphone for each person."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray, InputError, Label, Sound, Track

from . import praat, spectrum
from .blocks import Block, condense, fit, n_frames, read_blocks
from .crosstalk import Other, Path, without_others

SAMPLE_RATE_HZ = 8000.0  # the bands end below 4 kHz: half the work of 16 kHz
# All (prior), set on one minute of one recorded conversation and on mixtures made from others;
# the result there moves by a few per cent between neighbouring values.
EDGES_HZ = np.array(
    [100, 200, 300, 400, 510, 630, 770, 920, 1080, 1270, 1480, 1720, 2000, 2320, 2700, 3150, 3700.0]
)
EXCESS_DB = 3.0  # mean over bands above floor and leak that counts as sound
EXCESS_CLIP_DB = 30.0  # one loud band must not decide
LEAK_MARGIN_DB = 2.0  # above the usual leak
LEAK_PERCENTILE = 70.0  # of what is left of the other's voice, band by band
FLOOR_UNDER_NOISE_DB = 1.5  # measured: the 10th percentile of steady noise lies so much under its mean
# The leak is learned where the one leads clearest: the best part of the range from the other's lead to theirs.
CLEAREST = 0.3
LEAD_DB = 3.0  # and at least so much
ECHO_S = 0.2  # after the other: what is heard for so long may be the room
LOUDER_DB = 6.0  # where nobody is known to lead, the other is this much louder here
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
    bands rise above the microphone's own noise floor (10th
    percentile within 15 s) and above what is left of the other: the usual share of
    their power in each band while they lead, against their level now or
    just before, so that the louder and the earlier one wins. Sound counts as speech near
    voicing; breath and handling noise do not. Laughter does.
    On the one minute of two telephone-like tracks it was set on: see the tests.
    """
    _distinct(sounds)
    if not sounds:
        return {}
    start_s = min(sound.start_s for sound in sounds.values())
    alone = len(sounds) == 1
    passes = _passes(len(sounds) if alone else 2 * len(sounds), progress)
    heard = {person: _hear(sound, start_s, next(passes), voicing=alone) for person, sound in sounds.items()}
    if not alone:
        # again, each without what the others' voices leave in it
        heard = {
            person: _hear(
                sound, start_s, next(passes), _others(person, sounds, heard, start_s), heard[person].floor
            )
            for person, sound in sounds.items()
        }
    tracks = {}
    for person, mine in heard.items():
        bar = mine.floor.copy()
        for other, theirs in heard.items():
            if other != person:
                n = min(len(bar), len(theirs.levels))
                bar[:n] = np.fmax(bar[:n], _leak(mine, theirs, n))
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
    person: str, sounds: Mapping[str, Sound], heard: Mapping[str, _Heard], start_s: float
) -> list[Other]:
    """List each other's sound, and where that other is heard and this person is not."""
    return [
        Other(sounds[other], start_s, _dominant(heard[other], heard[person])[0], _RATE)
        for other in sounds
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
) -> _Heard:
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
    return _Heard(levels, floor if least is None else np.fmax(floor, least), voiced)


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
    only, both_lead = _dominant(theirs, mine, echo_s=ECHO_S)
    if only.sum() < _RATE:  # the other never speaks for a second: nothing to learn, nothing to remove
        return np.full((n, mine.levels.shape[1]), np.nan, dtype=np.float32)
    noise = _power(mine.floor[:n][only] + FLOOR_UNDER_NOISE_DB)
    share = np.maximum(_power(mine.levels[:n][only]) - noise, 0.0) / _power(theirs.levels[:n][only])
    usual = 10.0 * np.log10(np.percentile(share, LEAK_PERCENTILE, axis=0) + 1e-12)
    known = np.nan_to_num(theirs.levels[:n], nan=-200.0)
    # where one voice only is known the room may ring for longer: there is no overlap to be lost by it
    recent = _recent(known, LEAK_BEFORE_S if both_lead else ECHO_S, LEAK_AFTER_S)
    return np.asarray(recent + usual + LEAK_MARGIN_DB, dtype=np.float32)


def _power(level_db: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.asarray(10.0 ** (level_db.astype(np.float64) / 10.0))


def _dominant(one: _Heard, other: _Heard, *, echo_s: float = 0.0) -> tuple[NDArray[np.bool_], bool]:
    """Frames in which the one clearly speaks and the other does not; and whether each leads at times.

    Where each leads at times, counted from the own floor, the lead tells, whatever the gains. Else
    there may be one voice only: then the louder microphone is the nearer one.
    """
    n = min(len(one.levels), len(other.levels))
    over = [(x.levels[:n] - x.floor[:n]).mean(axis=1) for x in (one, other)]
    heard = np.isfinite(over[0]) & np.isfinite(over[1])
    above, below = (np.where(heard, x, 0.0) for x in over)
    most = np.maximum(above, below)
    sound = most[most > EXCESS_DB]
    if len(sound) < _RATE:
        return np.zeros(n, dtype=bool), False
    loud = np.asarray(most >= np.median(sound))
    lead, lag = above - _recent(below, echo_s), below - _recent(above, echo_s)
    high, low = np.percentile(lead[loud], 95), -np.percentile(lag[loud], 95)
    if low < -LEAD_DB and high > LEAD_DB:
        return np.asarray(loud & (lead > max(LEAD_DB, high - CLEAREST * (high - low)))), True
    louder = np.nan_to_num((one.levels[:n] - other.levels[:n]).mean(axis=1))
    return np.asarray(loud & (above >= below) & (louder > LOUDER_DB)), False


def _recent(values: NDArray[np.floating], before_s: float, after_s: float = 0.0) -> NDArray[np.floating]:
    """Highest value from so long before each frame to so long after it."""
    from scipy.ndimage import maximum_filter1d

    before, after = round(before_s * _RATE), round(after_s * _RATE)
    size, shift = before + after + 1, (before - after) // 2
    return np.asarray(maximum_filter1d(values, size, axis=0, origin=shift, mode="nearest"))


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
