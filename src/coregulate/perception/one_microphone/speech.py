"""Where there is speech, by Silero's published voice activity network, run in NumPy."""

from __future__ import annotations

import json
import struct
from functools import lru_cache

import numba
import numpy as np
from numpy.typing import NDArray

from coregulate.core import Sound
from coregulate.models import model_path
from coregulate.readers import read_sound

from .cores import on_all_cores

SAMPLE_RATE_HZ = 16000.0  # what the network takes
CHUNK = 512  # samples: 32 ms, what the network takes
_BEFORE, _AFTER = 64, 64  # samples: each chunk is seen with the end of the one before and its own, mirrored
_WINDOW, _STEP = 256, 128  # samples of its short-time spectrum
_BLOCK = 2000  # chunks, 64 s (prior)
_WARM_UP = 62  # chunks, 2 s (prior): the network has heard this much before it counts

Values = NDArray[np.float32]


def speech_probability(sound: Sound) -> Values:
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
    StoreError
        Where the network's weights are not here and cannot be fetched.

    Notes
    -----
    Read in blocks of 64 s, each with 2 s before it: memory does not grow with length. All but
    the network's memory sees each chunk alone, so a block goes through it at once: 10 s an hour
    where the package that runs the same network chunk by chunk took 170. The weights are those that
    the maker offers as plain numbers; beside its ONNX file (trained once more) they correlate .997
    and differ in 0.3 % of the chunks on which side of one half they fall (one talk of 30 s).
    """
    weights = _weights()
    n = int(sound.duration_s * SAMPLE_RATE_HZ + 1e-6) // CHUNK

    def told(first: int) -> Values:
        return _of_block(sound, first, min(first + _BLOCK, n), weights)

    return np.concatenate([np.empty(0, np.float32), *on_all_cores(told, range(0, n, _BLOCK))])


def _of_block(sound: Sound, first: int, last: int, weights: dict[str, Values]) -> Values:
    """Probability of speech from one chunk to another, 0 where the sound ends before; the 2 s heard before do not count."""
    early, seconds = max(0, first - _WARM_UP), CHUNK / SAMPLE_RATE_HZ
    samples = read_sound(sound, early * seconds, last * seconds, rate_hz=SAMPLE_RATE_HZ)
    found = _probability(np.asarray(samples, dtype=np.float32), weights)[first - early :]
    return np.pad(found, (0, last - first - len(found)))


def _probability(samples: Values, weights: dict[str, Values]) -> Values:
    """Probability of speech of each whole chunk of a stretch of sound, from its silent start."""
    n = len(samples) // CHUNK
    if n == 0:
        return np.empty(0, dtype=np.float32)
    padded = np.concatenate([np.zeros(_BEFORE, np.float32), samples[: n * CHUNK]])
    chunks = np.lib.stride_tricks.sliding_window_view(padded, _BEFORE + CHUNK)[::CHUNK]
    chunks = np.pad(chunks, ((0, 0), (0, _AFTER)), mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(chunks, _WINDOW, axis=1)[:, ::_STEP]
    both = frames @ weights["stft_conv.weight"][:, 0].T
    real, imaginary = np.split(both, 2, axis=2)
    seen = np.sqrt(real**2 + imaginary**2)
    for layer, stride in ((1, 1), (2, 2), (3, 2), (4, 1)):
        seen = _convolved(seen, weights[f"conv{layer}.weight"], weights[f"conv{layer}.bias"], stride)
    gates = seen[:, 0] @ weights["lstm_cell.weight_ih"].T
    gates += weights["lstm_cell.bias_ih"] + weights["lstm_cell.bias_hh"]
    states = _remembered(gates, np.ascontiguousarray(weights["lstm_cell.weight_hh"].T))
    logit = np.maximum(states, 0) @ weights["final_conv.weight"][0, :, 0] + weights["final_conv.bias"][0]
    return np.asarray(1.0 / (1.0 + np.exp(-logit)), dtype=np.float32)


def _convolved(values: Values, kernel: Values, bias: Values, stride: int) -> Values:
    """Convolve frames, shape (n, frames, channels), with a kernel of three, zeros outside; then rectify."""
    padded = np.pad(values, ((0, 0), (1, 1), (0, 0)))
    three = np.lib.stride_tricks.sliding_window_view(padded, 3, axis=1)[:, ::stride]
    flat = three.reshape(*three.shape[:2], -1)
    return np.asarray(np.maximum(flat @ kernel.reshape(len(kernel), -1).T + bias, 0), dtype=np.float32)


@numba.njit(cache=True, nogil=True, fastmath=True)  # type: ignore[untyped-decorator,unused-ignore]
def _remembered(gates: Values, recurrent: Values) -> Values:  # pragma: no cover - compiled
    """States of a long short-term memory, shape (n, units); gates: enter, keep, new, leave."""
    n, units = gates.shape[0], recurrent.shape[0]
    out = np.zeros((n, units), dtype=np.float32)
    state, cell = np.zeros(units, dtype=np.float32), np.zeros(units, dtype=np.float32)
    one = np.float32(1.0)
    for k in range(n):
        gate = gates[k] + np.dot(state, recurrent)
        for j in range(units):
            enter, keep = one / (one + np.exp(-gate[j])), one / (one + np.exp(-gate[units + j]))
            leave = one / (one + np.exp(-gate[3 * units + j]))
            cell[j] = keep * cell[j] + enter * np.tanh(gate[2 * units + j])
            state[j] = leave * np.tanh(cell[j])
        out[k] = state
    return out


@lru_cache(maxsize=1)
def _weights() -> dict[str, Values]:
    """Arrays of the published file (safetensors: a length, a table in JSON, the numbers)."""
    content = model_path("voice_activity").read_bytes()
    (size,) = struct.unpack("<Q", content[:8])
    table = json.loads(content[8 : 8 + size])
    return {
        name: np.frombuffer(content, "<f4", int(np.prod(entry["shape"])), 8 + size + entry["data_offsets"][0])
        .reshape(entry["shape"])
        .astype(np.float32)
        for name, entry in table.items()
        if name != "__metadata__"
    }
