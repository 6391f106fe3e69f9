"""What a voice sounds like as 256 numbers: the GE2E speaker encoder, in numpy.

The network is that of Wan, Wang, Papir & Lopez Moreno (2018, arXiv:1710.10467), the weights and
the way into them those of Resemblyzer 0.1.4: power in 40 mel bands (not its logarithm), three LSTM
layers of 256, a linear layer, ReLU, length one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coregulate.core import StoreError
from coregulate.models import model_path
from coregulate.models.torch_file import read_torch

# All as the weights were trained: resemblyzer/hparams.py.
SAMPLE_RATE_HZ = 16000.0
WINDOW = 400  # samples: 25 ms
HOP = 160  # samples: 10 ms
FRAME_RATE_HZ = 100.0
N_MELS = 40
PARTIAL_FRAMES = 160  # 1.6 s
LEVEL_DB = -30.0  # of full scale: what each recording is raised to

N_EMBEDDING = 256
_BATCH = 192  # measured: larger batches gain nothing

Mels = NDArray[np.float32]


class Encoder(NamedTuple):
    """Weights made ready: one matrix a layer for input and state together, and the last, linear one."""

    layers: tuple[tuple[NDArray[np.float32], NDArray[np.float32]], ...]
    linear: tuple[NDArray[np.float32], NDArray[np.float32]]


def load_encoder() -> Encoder:
    """Read the encoder from the model store, fetched where it is not here yet.

    Raises
    ------
    StoreError
        Where it cannot be fetched or is not what it should be.
    """
    path = model_path("speaker_encoder")
    try:
        return make_encoder(read_torch(path)["model_state"])
    except (KeyError, TypeError, ValueError, IndexError) as failure:
        raise StoreError(
            f"The speaker encoder lacks {failure}", "Delete it, so that it is fetched again", path
        ) from None


def make_encoder(weights: Mapping[str, Any]) -> Encoder:
    """Arrange the weights of PyTorch's ``nn.LSTM`` and ``nn.Linear``.

    Parameters
    ----------
    weights : mapping of str to ndarray
        ``lstm.weight_ih_l0``, ``lstm.weight_hh_l0``, ... of shape (4 * units, inputs), gates in
        the order input, forget, cell, output; ``linear.weight``, ``linear.bias``.

    Returns
    -------
    Encoder
        A gate's weights are halved, because sigmoid(x) = (1 + tanh(x / 2)) / 2: then one tanh
        does for all four gates.
    """
    layers: list[tuple[NDArray[np.float32], NDArray[np.float32]]] = []
    while f"lstm.weight_ih_l{len(layers)}" in weights:
        k = len(layers)
        both = np.hstack([weights[f"lstm.weight_ih_l{k}"], weights[f"lstm.weight_hh_l{k}"]])
        bias = weights[f"lstm.bias_ih_l{k}"] + weights[f"lstm.bias_hh_l{k}"]
        scale = np.repeat(np.array([0.5, 0.5, 1.0, 0.5], dtype=np.float32), len(bias) // 4)
        layers.append((np.ascontiguousarray((both * scale[:, None]).T), bias * scale))
    linear = (np.ascontiguousarray(weights["linear.weight"].T), np.asarray(weights["linear.bias"]))
    return Encoder(tuple(layers), linear)


def mel_filters(
    *, n_mels: int = N_MELS, n_fft: int = WINDOW, rate_hz: float = SAMPLE_RATE_HZ
) -> NDArray[np.float64]:
    """Triangles on Slaney's mel scale, each of area one.

    Parameters
    ----------
    n_mels, n_fft : int
    rate_hz : float

    Returns
    -------
    ndarray, shape (n_mels, n_fft // 2 + 1)
        Weights of the power spectrum, 1/Hz.

    Notes
    -----
    The scale is linear (3/200 mel a hertz) to 1 kHz and logarithmic above (27 mels for a factor
    of 6.4), as in Slaney's Auditory Toolbox and, by default, in librosa.
    """
    linear_top_hz, per_hz, per_octave = 1000.0, 3.0 / 200.0, 27.0 / np.log(6.4)
    top = linear_top_hz * per_hz + per_octave * np.log(rate_hz / 2 / linear_top_hz)
    mels = np.linspace(0.0, top, n_mels + 2)
    above = linear_top_hz * np.exp((mels - linear_top_hz * per_hz) / per_octave)
    edges_hz = np.where(mels < linear_top_hz * per_hz, mels / per_hz, above)
    bins_hz = np.arange(n_fft // 2 + 1) * rate_hz / n_fft
    low, centre, high = edges_hz[:-2, None], edges_hz[1:-1, None], edges_hz[2:, None]
    rise, fall = (bins_hz - low) / (centre - low), (high - bins_hz) / (high - centre)
    return np.asarray(np.maximum(0.0, np.minimum(rise, fall)) * 2.0 / (high - low))


def mel_frames(samples: NDArray[np.float32]) -> Mels:
    """Power in 40 mel bands each 10 ms.

    Parameters
    ----------
    samples : ndarray, shape (n,)
        At 16 kHz, full scale 1.

    Returns
    -------
    ndarray of float32, shape (1 + n // 160, 40)
        Frame k is centred on sample 160 k; outside the samples there is silence.
    """
    from scipy.fft import rfft
    from scipy.signal.windows import hann

    padded = np.pad(np.asarray(samples, dtype=np.float32), WINDOW // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    spectrum = rfft(frames * hann(WINDOW, sym=False).astype(np.float32), axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    return np.asarray(power @ mel_filters().astype(np.float32).T, dtype=np.float32)


def embed(encoder: Encoder, mels: Mels, starts: NDArray[np.intp], *, n: int = PARTIAL_FRAMES) -> Mels:
    """Embed windows of a series of mel frames.

    Parameters
    ----------
    encoder : Encoder
    mels : ndarray, shape (n_frames, 40)
        Of sound whose level is that of training (see :func:`level_gain`).
    starts : ndarray of int, shape (n_windows,)
        First frame of each window, at most n_frames - n.
    n : int
        Frames in a window.

    Returns
    -------
    ndarray of float32, shape (n_windows, 256)
        Each of length 1; the product of two is their cosine similarity, 0 to 1.

    Notes
    -----
    About 0.5 GFLOP for a window of 1.6 s.
    """
    found = np.empty((len(starts), len(encoder.linear[1])), dtype=np.float32)
    for first in range(0, len(starts), _BATCH):
        batch = starts[first : first + _BATCH]
        hidden = _lstm(encoder, mels, batch, n)
        found[first : first + len(batch)] = np.maximum(hidden @ encoder.linear[0] + encoder.linear[1], 0.0)
    length = np.linalg.norm(found, axis=1, keepdims=True)
    return np.asarray(found / np.maximum(length, 1e-12), dtype=np.float32)


def level_gain(samples: NDArray[np.float32]) -> float:
    """Factor of amplitude that raises speech to the level of training; never below 1."""
    power = float(np.mean(np.square(samples, dtype=np.float64))) if len(samples) else 0.0
    return max(1.0, float(10.0 ** (LEVEL_DB / 20.0) / np.sqrt(power))) if power > 0 else 1.0


def _lstm(encoder: Encoder, mels: Mels, starts: NDArray[np.intp], n: int) -> NDArray[np.float32]:
    """Return the last layer's state after the last frame, shape (n_windows, units)."""
    sizes = [len(bias) // 4 for _, bias in encoder.layers]
    cells = [np.zeros((len(starts), size), dtype=np.float32) for size in sizes]
    states: list[NDArray[np.float32]] = [np.zeros_like(cell) for cell in cells]
    for k in range(n):
        given = mels[starts + k]
        for layer, (matrix, bias) in enumerate(encoder.layers):
            gates = np.concatenate([given, states[layer]], axis=1) @ matrix
            gates += bias
            given = states[layer] = _step(np.tanh(gates, out=gates), cells[layer])
    return states[-1]


def _step(gates: NDArray[np.float32], cell: NDArray[np.float32]) -> NDArray[np.float32]:
    """Advance the cell in place and return the new state; gates come as tanh(x / 2) but the third."""
    enter, keep, new, leave = np.split(gates, 4, axis=1)
    cell *= keep + 1.0
    cell += (enter + 1.0) * new
    cell *= 0.5
    return np.asarray((leave + 1.0) * np.tanh(cell) * np.float32(0.5))
