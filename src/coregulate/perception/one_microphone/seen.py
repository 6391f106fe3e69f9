"""Who spoke when, two people on one microphone and in one picture, from voice and lips together."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray, InputError, Label, Track

from .clusters import best_path
from .heard import Heard
from .speakers import turns, voice_evidence
from .voiceprint import FRAME_RATE_HZ

MOVEMENT_S = 0.5  # the mouth's movement is averaged over this; see docs/perception.md
LIPS_WEIGHT = 0.2  # of log odds, for each 10 ms: neighbours say the same
SWITCH_COST = 1.0  # nats; measured: 0 to 3 make no difference
N_ROUNDS = 4
LIPS_CLIP = 6.0  # nats (prior): one picture must not decide
LAGS_S = np.arange(-6, 7) * 0.05  # prior: pictures and sound of one file are seldom further apart
LEAST_FRAMES = 100  # 1 s (prior): of each kind, to learn a face's own movement from
LEAST_SPREAD = 0.2  # of the logarithm (prior)

Bools = NDArray[np.bool_]


def tell_seen_voices(heard: Heard, times_s: FloatArray, jaw: Mapping[str, FloatArray]) -> Track:
    """Find who speaks when on one microphone, from the voices and the mouths of two faces.

    Parameters
    ----------
    heard : Heard
        From :func:`hear_voices`.
    times_s : ndarray, shape (n,)
        Of the pictures, in session time, ascending; ten a second are enough.
    jaw : dict of face to ndarray, shape (n,)
        Opening of the mouth of two faces, any unit; NaN where not seen.

    Returns
    -------
    Track
        Labels read the face's name, in session time; both faces at once where both speak.

    Raises
    ------
    InputError
        Where there are not two faces, or fewer than two pictures.

    Notes
    -----
    The states are nobody, the one, the other and both, each with what the voices say of it
    (:func:`~.speakers.voice_evidence`). The evidence of a mouth is how far its movement is like this face's
    own while speaking, learned from this recording. The pictures' lag behind the sound is the one at which mouths
    and voices agree best. Which voice is whose follows from the same agreement: it is taken however weak
    it is, so ask :func:`~coregulate.perception.voices_of_faces` whether it is clear. A face that is not
    seen says nothing, and the voice decides.
    Failure mode: where the voices were split the wrong way, lips mend little.
    """
    if len(jaw) != 2 or len(times_s) < 2:
        raise InputError(
            f"{len(jaw)} faces in {len(times_s)} pictures were given",
            "Give two faces in two pictures or more",
        )
    voices, n = voice_evidence(heard), len(heard.states)
    moved = [_movement(times_s - heard.start_s, values, n) for values in jaw.values()]
    lips = [_first_odds(x) for x in moved]
    leads = voices[:, 1] - voices[:, 2]
    speech = heard.states[:, 1:].sum(axis=1) > 0.5
    lag = _lag(lips[0] - lips[1], leads, speech)
    moved = [_later(x, -lag, np.nan) for x in moved]
    lips = [_later(x, -lag, 0.0) for x in lips]
    if float(((lips[0] - lips[1]) * leads)[speech].sum()) < 0:
        voices = voices[:, [0, 2, 1, 3]]
    active: NDArray[np.bool_] = np.zeros((2, n), dtype=bool)
    for _ in range(N_ROUNDS):
        active = _path(voices, lips)
        lips = [_own_odds(x, on, old) for x, on, old in zip(moved, active, lips, strict=True)]
    spans = sorted((a, b, face) for face, on in zip(jaw, active, strict=True) for a, b in turns(on))
    return Track(
        tuple(
            Label(heard.start_s + a / FRAME_RATE_HZ, heard.start_s + b / FRAME_RATE_HZ, f)
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


def _path(voices: FloatArray, lips: list[FloatArray]) -> Bools:
    """Which of the two speaks in each frame, shape (2, n)."""
    first, second = (LIPS_WEIGHT * x for x in lips)
    nothing = np.zeros(len(first))
    state = best_path(
        voices + np.stack([nothing, first, second, first + second], axis=1), switch_cost=SWITCH_COST
    )
    return np.array([(state == 1) | (state == 3), (state == 2) | (state == 3)])
