"""Who spoke when, two people on one microphone, from voice alone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray, InputError, Label, Sound, Track

from .heard import Heard, hear_voices
from .voiceprint import FRAME_RATE_HZ

VOICE_WEIGHT = 0.6  # of the sound of the voice against the network's own opinion; see docs/perception.md
LEAST = 1e-3  # prior: no state is impossible
SHORTEST_S = 0.1  # prior: shorter is no word, and a shorter pause is a plosive


class Voices(NamedTuple):
    """Who spoke when, and how sure each label is (0.5 a guess, 1 sure), in the order of the labels."""

    track: Track
    confidence: FloatArray


def diarize(sound: Sound, *, n_speakers: int = 2, rng_seed: int = 0) -> Track:
    """Find who speaks when on one microphone that two people share.

    Parameters
    ----------
    sound : Sound
        At least a few seconds of each; any rate.
    n_speakers : int
        1 or 2.
    rng_seed : int
        Of the clustering's starts.

    Returns
    -------
    Track
        Labels ``A`` and ``B``, in the order of first speech, in session time; both at once where both
        speak.

    Raises
    ------
    InputError
        For any other number of speakers.
    StoreError
        Where the networks cannot be fetched.

    Notes
    -----
    See :func:`tell_voices`.
    """
    return tell_voices(sound, n_speakers=n_speakers, rng_seed=rng_seed).track


def tell_voices(sound: Sound, *, n_speakers: int = 2, rng_seed: int = 0) -> Voices:
    """Find who speaks when, with the confidence of each label.

    Parameters
    ----------
    sound : Sound
    n_speakers : int
        1 or 2.
    rng_seed : int

    Returns
    -------
    Voices

    Raises
    ------
    InputError, StoreError
        As :func:`diarize`.
    """
    if n_speakers not in (1, 2):
        raise InputError(f"{n_speakers} speakers were asked for", "Ask for 1 or 2", sound.path)
    heard = hear_voices(sound, rng_seed=rng_seed)
    return voices_of(heard if n_speakers == 2 else as_one(heard))


def as_one(heard: Heard) -> Heard:
    """Take all speech for one person's."""
    states = np.zeros_like(heard.states)
    states[:, 0], states[:, 1] = heard.states[:, 0], heard.states[:, 1:].sum(axis=1)
    return heard._replace(states=states, odds=np.zeros_like(heard.odds))


def voices_of(heard: Heard) -> Voices:
    """Turn what was heard into labels ``A`` and ``B``, in the order of first speech.

    Parameters
    ----------
    heard : Heard

    Returns
    -------
    Voices
        Confidence is the mean probability that the voice is there: an order, not calibrated.

    Notes
    -----
    Failure modes: a word much shorter than the window can go to the other; two voices that are alike,
    or one that changes much, can be split the wrong way. Error rates are in docs/perception.md.
    """
    state = voice_evidence(heard).argmax(axis=1)
    spans = sorted((a, b, k) for k in (0, 1) for a, b in turns((state == 1 + k) | (state == 3)))
    first = spans[0][2] if spans else 0
    labels = tuple(
        Label(
            heard.start_s + a / FRAME_RATE_HZ, heard.start_s + b / FRAME_RATE_HZ, "A" if k == first else "B"
        )
        for a, b, k in spans
    )
    sure = [float(heard.states[a:b, [1 + k, 3]].sum(axis=1).mean()) for a, b, k in spans]
    return Voices(Track(labels, "speech"), np.array(sure))


def voice_evidence(heard: Heard) -> FloatArray:
    """Log evidence of nobody, the one, the other and both in each 10 ms, nats; shape (n, 4)."""
    evidence = np.log(heard.states + LEAST)
    evidence[:, 1] += VOICE_WEIGHT * heard.odds / 2
    evidence[:, 2] -= VOICE_WEIGHT * heard.odds / 2
    return np.asarray(evidence)


def turns(speaking: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First frame and the one after the last of each turn, short pauses filled and short sounds dropped."""
    spoken = speaking.copy()
    for value in (False, True):
        for start, end in _runs(spoken == value):
            if end - start < SHORTEST_S * FRAME_RATE_HZ and (value or (start > 0 and end < len(spoken))):
                spoken[start:end] = not value
    return _runs(spoken)


def _runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
