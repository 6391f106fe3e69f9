"""Who spoke when, two people on one microphone and in one picture, from voice and lips together."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray, InputError, Label, Sound, Track

from .clusters import best_path
from .encoder import FRAME_RATE_HZ
from .speakers import STEP_FRAMES, SWITCH_COST, hear_voices, runs

# Chosen among 150 settings, on simulated lips over two recorded talks; see docs/perception.md.
MOVEMENT_S = 0.5  # the mouth's movement is averaged over this
LIPS_WEIGHT = 0.03  # of log odds, for each 10 ms: neighbours say the same
BETWEEN = 0.7  # nats a window that one voice alone costs: an embedding in between speaks for both
OVERLAP_COST = 0.5  # nats a window: both at once is rarer than one
N_ROUNDS = 4
LIPS_CLIP = 6.0  # nats (prior): one picture must not decide
LAGS_S = np.arange(-6, 7) * 0.05  # prior: pictures and sound of one file are seldom further apart
LEAST_FRAMES = 100  # 1 s (prior): of each kind, to learn a face's own movement from
LEAST_SPREAD = 0.2  # of the logarithm (prior)

Bools = NDArray[np.bool_]


def tell_seen_voices(
    sound: Sound, times_s: FloatArray, jaw: Mapping[str, FloatArray], *, rng_seed: int = 0
) -> Track:
    """Find who speaks when on one microphone, from the voices and the mouths of two faces.

    Parameters
    ----------
    sound : Sound
    times_s : ndarray, shape (n,)
        Of the pictures, in session time, ascending; ten a second are enough.
    jaw : dict of face to ndarray, shape (n,)
        Opening of the mouth of two faces, any unit; NaN where not seen.
    rng_seed : int
        Of the voices' clustering.

    Returns
    -------
    Track
        Labels read the face's name, in session time; both faces at once where both speak.

    Raises
    ------
    InputError
        Where there are not two faces, or fewer than two pictures.
    MissingExtraError, StoreError
        As :func:`~coregulate.perception.diarize`.

    Notes
    -----
    Where there is speech, the states are the one, the other and both. A voice's evidence is its margin
    between the two centres; that of a mouth is how far its movement is like this face's own while
    speaking, learned from this recording. The pictures' lag behind the sound is the one at which mouths
    and voices agree best. Which voice is whose follows from the same agreement: it is taken however weak
    it is, so ask :func:`~coregulate.perception.voices_of_faces` whether it is clear. A face that is not
    seen says nothing, and the voice decides.
    Failure modes: a listener's mouth that moves can be taken for overlap; where the voices were
    split the wrong way, lips mend little.
    """
    if len(jaw) != 2 or len(times_s) < 2:
        raise InputError(
            f"{len(jaw)} faces in {len(times_s)} pictures were given",
            "Give two faces in two pictures or more",
            sound.path,
        )
    speech, odds = hear_voices(sound, rng_seed=rng_seed)
    if len(odds) and np.ptp(odds) == 0:
        odds = np.zeros(len(odds))  # one voice: the lips alone decide
    times = times_s - sound.start_s
    moved = [_movement(times, values, len(speech)) for values in jaw.values()]
    lips = [_first_odds(x) for x in moved]
    lag = _lag(lips[0] - lips[1], odds, speech) if odds.any() else 0
    moved = [_later(x, -lag, np.nan) for x in moved]
    lips = [_later(x, -lag, 0.0) for x in lips]
    if not speech.any():
        return Track((), "speech")
    if float(((lips[0] - lips[1]) * odds)[speech].sum()) < 0:
        odds = -odds
    active: NDArray[np.bool_] = np.zeros((2, len(speech)), dtype=bool)
    for _ in range(N_ROUNDS):
        active = _path(odds, lips, speech)
        lips = [_own_odds(x, on, old) for x, on, old in zip(moved, active, lips, strict=True)]
    spans = sorted((a, b, face) for face, on in zip(jaw, active, strict=True) for a, b in runs(on))
    return Track(
        tuple(
            Label(sound.start_s + a / FRAME_RATE_HZ, sound.start_s + b / FRAME_RATE_HZ, f)
            for a, b, f in spans
        ),
        "speech",
    )


def _movement(times_s: FloatArray, jaw: FloatArray, n: int) -> FloatArray:
    """Logarithm of the mean movement around each 10 ms frame; NaN where too little was seen."""
    moved = np.abs(np.gradient(jaw))
    seen = np.isfinite(moved)
    k = max(1, round(MOVEMENT_S / float(np.median(np.diff(times_s)))))
    count = np.convolve(seen, np.ones(k))[(k - 1) // 2 :][: len(seen)]
    total = np.convolve(np.where(seen, moved, 0.0), np.ones(k))[(k - 1) // 2 :][: len(seen)]
    level = np.where(count >= k / 2, np.log(total / np.maximum(count, 1) + 1e-9), np.nan)
    frames_s = (np.arange(n) + 0.5) / FRAME_RATE_HZ
    return np.asarray(np.interp(frames_s, times_s, level, left=np.nan, right=np.nan))


def _first_odds(movement: FloatArray) -> FloatArray:
    """Log odds of speaking before anything is known: two normal distributions of one spread."""
    known = movement[np.isfinite(movement)]
    if len(known) < 2 * LEAST_FRAMES:
        return np.zeros(len(movement))
    low, high = np.percentile(known, [20, 80])
    spread, share = max((high - low) / 3, LEAST_SPREAD), 0.5
    for _ in range(50):
        odds = ((known - low) ** 2 - (known - high) ** 2) / (2 * spread**2) + np.log(share / (1 - share))
        moving = 1 / (1 + np.exp(-np.clip(odds, -50, 50)))
        share = float(np.clip(moving.mean(), 0.05, 0.95))
        high = (moving * known).sum() / max(moving.sum(), 1e-9)
        low = ((1 - moving) * known).sum() / max((1 - moving).sum(), 1e-9)
        squares = moving * (known - high) ** 2 + (1 - moving) * (known - low) ** 2
        spread = max(float(np.sqrt(squares.mean())), LEAST_SPREAD)
    return _odds(movement, (high, spread), (low, spread))


def _own_odds(movement: FloatArray, speaking: Bools, before: FloatArray) -> FloatArray:
    """Log odds of speaking from this face's movement while it speaks and while it does not."""
    seen = np.isfinite(movement)
    on, off = movement[seen & speaking], movement[seen & ~speaking]
    if min(len(on), len(off)) < LEAST_FRAMES or on.mean() <= off.mean():
        return before
    spreads = [max(float(x.std()), LEAST_SPREAD) for x in (on, off)]
    return _odds(movement, (float(on.mean()), spreads[0]), (float(off.mean()), spreads[1]))


def _odds(movement: FloatArray, on: tuple[float, float], off: tuple[float, float]) -> FloatArray:
    like = [-((movement - mean) ** 2) / (2 * spread**2) - np.log(spread) for mean, spread in (on, off)]
    return np.asarray(np.nan_to_num(np.clip(like[0] - like[1], -LIPS_CLIP, LIPS_CLIP)))


def _lag(lips: FloatArray, odds: FloatArray, speech: Bools) -> int:
    """Frames by which the pictures come late: where mouths and voices agree or disagree most."""
    lags = np.round(LAGS_S * FRAME_RATE_HZ).astype(int)
    agreement = [abs(float((_later(lips, -lag, 0.0) * odds)[speech].sum())) for lag in lags]
    return int(lags[int(np.argmax(agreement))])


def _later(values: FloatArray, frames: int, fill: float) -> FloatArray:
    moved = np.roll(values, frames)
    if frames > 0:
        moved[:frames] = fill
    elif frames < 0:
        moved[frames:] = fill
    return moved


def _path(odds: FloatArray, lips: list[FloatArray], speech: Bools) -> Bools:
    """Which of the two speaks in each frame, shape (2, n)."""
    first, second = (LIPS_WEIGHT * x for x in lips)
    evidence = np.stack(
        [
            first + (odds / 2 - BETWEEN) / STEP_FRAMES,
            second - (odds / 2 + BETWEEN) / STEP_FRAMES,
            first + second - OVERLAP_COST / STEP_FRAMES,
        ],
        axis=1,
    )
    who = np.full(len(odds), -1)
    who[speech] = best_path(evidence[speech], switch_cost=SWITCH_COST)
    return np.array([(who == 0) | (who == 2), (who == 1) | (who == 2)])
