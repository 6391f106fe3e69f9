"""Which of two microphones leads, and how much of the other's voice is left in one's own."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray

from .blocks import without_short
from .praat import FRAME_RATE_HZ

# All (prior) where nothing else is said, set together with those of `speakers`.
EXCESS_DB = 3.0  # mean over bands above floor and leak that counts as sound
EXCESS_CLIP_DB = 30.0  # one loud band must not decide
LEAK_MARGIN_DB = 2.0  # above the usual leak
LEAK_PERCENTILE = 70.0  # of what is left of the other's voice, band by band
FLOOR_UNDER_NOISE_DB = 1.5  # measured: the 10th percentile of steady noise lies so much under its mean
APART = 2.8  # measured: in some 200 mixtures one voice comes to 2.6 at most, two to 3.0 at least
LEAST_SPREAD_DB = 0.3  # so that a voice that hardly varies is not cut in two
# The leak is learned where the one leads clearest: the best part of the range from the other's lead to theirs.
CLEAREST = 0.3
ECHO_S = 0.2  # after the other: what is heard for so long may be the room
# Where one voice only is known, the nearer microphone is where it is mostly this much louder and stands out of the noise
# no less: learned from are the moments in which it is clearly louder there, or all but a fifth. Else only the former.
LOUDER_DB, ALIKE_DB = 2.0, 1.0
CLEARLY_DB, LEAST_LED = 6.0, 20.0
LEAK_BEFORE_S, LEAK_AFTER_S = 0.04, 0.01  # the earlier wins: a leak and its echo arrive late
RINGS_S = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7)  # until the room rings by 60 dB less; 0.05 is as good as none
PAUSE_S = 0.5  # a pause within a turn is shorter
PAUSES_LEFT = 0.1  # in no more of such pauses somebody else says something


class Heard(NamedTuple):
    """A microphone in 10 ms frames: levels and noise floor, shape (frames, bands), dB, NaN where there is no sound."""

    levels: NDArray[np.float32]
    floor: NDArray[np.float32]
    voiced: NDArray[np.bool_]


def each_leads(one: Heard, other: Heard) -> bool:
    """Tell whether each of two speaks at times: the difference between their microphones takes two values."""
    loud, difference = _loud(one, other)
    return bool(loud.sum() >= FRAME_RATE_HZ) and _two_groups(difference[loud])[1] > APART


def leads_alone(one: Heard, other: Heard, *, each: bool, echo_s: float = 0.0) -> NDArray[np.bool_]:
    """Frames in which the one clearly speaks and the other does not, for so long.

    Parameters
    ----------
    one, other : Heard
    each : bool
        Whether each leads at times: then the one leads in the group of higher differences, whatever
        the gains. Else there may be one voice only, and the louder microphone is the nearer one.
    echo_s : float
        How long the other has to have been silent before.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    loud, difference = _loud(one, other)
    if loud.sum() < FRAME_RATE_HZ:
        return np.zeros(len(loud), dtype=bool)
    if not each:
        return _nearer(one, other, loud, difference)
    middle, _ = _two_groups(difference[loud])
    mine, theirs = _level(one, len(loud)), _level(other, len(loud))
    lead, lag = mine - _recent(theirs, echo_s), theirs - _recent(mine, echo_s)
    most, least = np.percentile(lead[loud], 95), -np.percentile(lag[loud], 95)
    return np.asarray(loud & (difference > middle) & (lead > most - CLEAREST * (most - least)))


def _nearer(one: Heard, other: Heard, loud: NDArray[np.bool_], difference: FloatArray) -> NDArray[np.bool_]:
    """Frames in which one voice that is known to be alone is heard clearest, if the one's microphone is the nearer."""
    n = len(loud)
    above = _over(one)[:n] - _over(other)[:n]
    if np.median(difference[loud]) <= LOUDER_DB or np.median(above[loud]) <= -ALIKE_DB:
        return np.asarray(loud & (above >= 0) & (difference > CLEARLY_DB))
    clear_db = min(CLEARLY_DB, float(np.percentile(difference[loud], LEAST_LED)))
    return np.asarray(loud & (difference > clear_db))


def left_of(theirs: Heard, mine: Heard, *, each: bool) -> NDArray[np.float32]:
    """Level that the other's voice can be expected to have in one's own microphone, plus a margin.

    Parameters
    ----------
    theirs, mine : Heard
    each : bool
        Whether each leads at times.

    Returns
    -------
    ndarray of float32, shape (n, bands)
        dB; NaN where the other never leads for a second.
    """
    only = leads_alone(theirs, mine, each=each, echo_s=ECHO_S)
    n = len(only)
    if only.sum() < FRAME_RATE_HZ:
        return np.full((n, mine.levels.shape[1]), np.nan, dtype=np.float32)
    noise = _power(mine.floor[:n][only] + FLOOR_UNDER_NOISE_DB)
    share = np.maximum(_power(mine.levels[:n][only]) - noise, 0.0) / _power(theirs.levels[:n][only])
    usual = 10.0 * np.log10(np.percentile(share, LEAK_PERCENTILE, axis=0) + 1e-12) + LEAK_MARGIN_DB
    known = np.nan_to_num(theirs.levels[:n], nan=-200.0)
    # where one voice only is known the room may ring for longer: there is no overlap to be lost by it
    recent = _recent(known, LEAK_BEFORE_S if each else ECHO_S, LEAK_AFTER_S)
    return _ringing(recent + usual.astype(np.float32), mine, only)


def _ringing(leak: NDArray[np.float32], mine: Heard, only: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Let a leak fade as slowly as the room does: as little as explains the pauses of the other's turns."""
    n = len(leak)
    pauses = ~only & ~without_short(~only, round(PAUSE_S * FRAME_RATE_HZ))
    if not pauses.any():
        return leak
    levels, floor = mine.levels[:n][pauses], mine.floor[:n][pauses]
    for ring_s in RINGS_S:
        fades = np.column_stack([_fading(band, ring_s) for band in leak.T])
        excess = np.clip(levels - np.fmax(floor, fades[pauses]), 0.0, EXCESS_CLIP_DB).mean(axis=1)
        if np.mean(excess > EXCESS_DB) < PAUSES_LEFT:
            break
    return fades


def _fading(level_db: NDArray[np.float32], ring_s: float) -> NDArray[np.float32]:
    """Level that never falls faster than by 60 dB in so long, shape (n,)."""
    fall_db = 60.0 / ring_s / FRAME_RATE_HZ * np.arange(len(level_db))
    return np.asarray(np.maximum.accumulate(level_db + fall_db) - fall_db, dtype=np.float32)


def _power(level_db: NDArray[np.float32]) -> FloatArray:
    return np.asarray(10.0 ** (level_db.astype(np.float64) / 10.0))


def _over(one: Heard) -> FloatArray:
    return np.asarray((one.levels - one.floor).mean(axis=1))


def _level(one: Heard, n: int) -> FloatArray:
    return np.asarray(np.nan_to_num(one.levels[:n].mean(axis=1, dtype=np.float64), nan=-200.0))


def _loud(one: Heard, other: Heard) -> tuple[NDArray[np.bool_], FloatArray]:
    """Return the louder half of the frames with sound in either, and how much louder the one is, dB."""
    n = min(len(one.levels), len(other.levels))
    over = np.maximum(_over(one)[:n], _over(other)[:n])  # NaN where one has no sound
    loud = np.nan_to_num(over) > EXCESS_DB
    if loud.any():
        loud &= over >= np.median(over[loud])
    return loud, _level(one, n) - _level(other, n)


def _two_groups(values: FloatArray) -> tuple[float, float]:
    """Cut a sample where its parts vary least (Otsu): the middle between them, and how far they are apart.

    That is counted in their spread, by medians: one group that is cut in two comes to 2 to 3.
    """
    x = np.sort(values)
    k = np.arange(1, len(x))
    below = np.cumsum(x)[:-1] / k
    above = (x.sum() - below * k) / (len(x) - k)
    cut = 1 + int(np.argmax(k * (len(x) - k) * (above - below) ** 2))
    middles = [float(np.median(part)) for part in (x[:cut], x[cut:])]
    spreads = [
        1.4826 * np.median(np.abs(part - m)) for part, m in zip((x[:cut], x[cut:]), middles, strict=True)
    ]
    apart = middles[1] - middles[0]
    return sum(middles) / 2, apart / (float(np.hypot(*spreads)) / np.sqrt(2.0) + LEAST_SPREAD_DB)


def _recent(values: NDArray[np.floating], before_s: float, after_s: float = 0.0) -> NDArray[np.floating]:
    """Highest value from so long before each frame to so long after it."""
    from scipy.ndimage import maximum_filter1d

    before, after = round(before_s * FRAME_RATE_HZ), round(after_s * FRAME_RATE_HZ)
    size, shift = before + after + 1, (before - after) // 2
    return np.asarray(maximum_filter1d(values, size, axis=0, origin=shift, mode="nearest"))
