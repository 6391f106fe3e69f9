"""Who speaks when within ten seconds, overlap included: pyannote's segmentation-3.0, in numpy.

The network is that of Bredin & Laurent (2021, arXiv:2104.04045) with the classes of Plaquet & Bredin
(2023, arXiv:2310.13025): sinc filters, two convolutions, four bidirectional LSTM layers of 128, two linear
layers, seven classes. Its weights are MIT-licensed.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coregulate.core import StoreError
from coregulate.models import model_path
from coregulate.models.torch_file import read_torch

from .recurrent import Gates, both_ways, gates_of

# All as the weights were trained.
SAMPLE_RATE_HZ = 16000.0
CHUNK = 160000  # samples: 10 s
FRAME_STEP = 270  # samples between two answers
FIRST_FRAME = 495  # samples: the middle of what the first answer has seen
# Which of at most three speakers, in the order of their first word, each class means.
CLASSES = ((), (0,), (1,), (2,), (0, 1), (0, 2), (1, 2))

_KERNEL, _STRIDE, _POOL = 251, 10, 3
_FRAMES = 960  # measured: of the filters at a time; whole pools
_LOWEST_HZ = _NARROWEST_HZ = 50.0
_EPS = 1e-5  # PyTorch's own
_LAYERS = 4

Values = NDArray[np.float32]
Weights = Mapping[str, Values]


class Network(NamedTuple):
    """Weights made ready."""

    filters: Values  # (251, 80)
    lstm: tuple[tuple[Gates, Gates], ...]  # each layer forward and backward
    rest: Weights


@lru_cache(maxsize=1)
def load_segmentation() -> Network:
    """Read the network from the model store, fetched where it is not here yet.

    Raises
    ------
    StoreError
        Where it cannot be fetched or is not what it should be.
    """
    path = model_path("speaker_segmentation")
    try:
        return make_segmentation(read_torch(path)["state_dict"])
    except (KeyError, TypeError, ValueError, IndexError) as failure:
        raise StoreError(
            f"The segmentation network lacks {failure}", "Delete it, so that it is fetched again", path
        ) from None


def make_segmentation(weights: Mapping[str, Any]) -> Network:
    """Arrange PyTorch's weights: filters from their edges, gates of each direction.

    Parameters
    ----------
    weights : mapping of str to ndarray
        Named as in pyannote.audio's ``PyanNet``.

    Returns
    -------
    Network
    """
    prefix = "sincnet.conv1d.0.filterbank."
    edges = (weights[prefix + "low_hz_"][:, 0], weights[prefix + "band_hz_"][:, 0])
    filters = sinc_filters(*edges, weights[prefix + "n_"][0], weights[prefix + "window_"])
    lstm = tuple(
        (gates_of(weights, f"l{k}"), gates_of(weights, f"l{k}_reverse")) for k in range(_LAYERS)
    )  # fmt: skip
    return Network(np.ascontiguousarray(filters.T), lstm, weights)


def sinc_filters(low_hz: Values, band_hz: Values, phase: Values, window: Values) -> Values:
    """Band-pass filters from their learned edges (Ravanelli & Bengio 2018), even ones and then odd ones.

    Parameters
    ----------
    low_hz, band_hz : ndarray, shape (n,)
        Learned offsets of each band's lower edge and width.
    phase, window : ndarray, shape (k,)
        2 pi t of the samples before the middle, s; the half window on them.

    Returns
    -------
    ndarray of float32, shape (2 n, 2 k + 1)
    """
    low = _LOWEST_HZ + np.abs(low_hz.astype(np.float64))[:, None]
    high = np.clip(low + _NARROWEST_HZ + np.abs(band_hz)[:, None], _LOWEST_HZ, SAMPLE_RATE_HZ / 2)
    band = high - low
    even = (np.sin(high * phase) - np.sin(low * phase)) / (phase / 2) * window
    odd = (np.cos(low * phase) - np.cos(high * phase)) / (phase / 2) * window
    both = [
        np.hstack([even, 2 * band, even[:, ::-1]]),
        np.hstack([odd, np.zeros_like(band), -odd[:, ::-1]]),
    ]
    return np.asarray(np.vstack([x / (2 * band) for x in both]), dtype=np.float32)


def speaker_classes(network: Network, chunks: Values) -> Values:
    """Probability of each class in chunks of ten seconds.

    Parameters
    ----------
    network : Network
    chunks : ndarray of float32, shape (n, 160000)
        At 16 kHz; any level.

    Returns
    -------
    ndarray of float32, shape (n, 589, 7)
        Frame k is centred on sample 495 + 270 k; classes as in :data:`CLASSES`. Speakers are numbered
        anew in each chunk.

    Notes
    -----
    About 2.8 GFLOP a chunk. Agrees with PyTorch's on the same weights within 4e-5.
    """
    heard = np.stack([_filtered(network, chunk) for chunk in chunks], axis=1)
    for forward, backward in network.lstm:
        heard = both_ways(forward, backward, heard)
    heard = heard.transpose(1, 0, 2)
    for k in (0, 1):
        heard = _leaky(heard @ network.rest[f"linear.{k}.weight"].T + network.rest[f"linear.{k}.bias"])
    logits = heard @ network.rest["classifier.weight"].T + network.rest["classifier.bias"]
    powers = np.exp(logits - logits.max(axis=2, keepdims=True))
    return np.asarray(powers / powers.sum(axis=2, keepdims=True))


def _filtered(network: Network, samples: Values) -> Values:
    """Front end: the loudness of 80 bands, then two convolutions, each pooled and normalized; (589, 60)."""
    rest = network.rest
    level = _normalized(samples[:, None], rest, "sincnet.wav_norm1d")[:, 0]
    frames = np.lib.stride_tricks.sliding_window_view(level, _KERNEL)[::_STRIDE]
    # copied, since a matrix of overlapping rows misses the fast product; some at a time stay in the nearest memory
    parts = (frames[k : k + _FRAMES].copy() for k in range(0, len(frames), _FRAMES))
    loud = np.concatenate([_pooled(np.abs(part @ network.filters)) for part in parts])
    heard = _leaky(_normalized(loud, rest, "sincnet.norm1d.0"))
    for k in (1, 2):
        taps = np.ascontiguousarray(rest[f"sincnet.conv1d.{k}.weight"].transpose(2, 1, 0))
        n = len(heard) - len(taps) + 1
        convolved = heard[:n] @ taps[0]
        for j in range(1, len(taps)):
            convolved += heard[j : j + n] @ taps[j]
        pooled = _pooled(convolved + rest[f"sincnet.conv1d.{k}.bias"])
        heard = _leaky(_normalized(pooled, rest, f"sincnet.norm1d.{k}"))
    return heard


def _normalized(values: Values, weights: Weights, name: str) -> Values:
    """Each channel over the chunk: mean 0 and variance 1, then the learned scale and shift."""
    mean, spread = values.mean(axis=0), np.sqrt(values.var(axis=0) + _EPS)
    return np.asarray((values - mean) * (weights[name + ".weight"] / spread) + weights[name + ".bias"])


def _pooled(values: Values) -> Values:
    n = len(values) // _POOL
    return np.asarray(values[: n * _POOL].reshape(n, _POOL, -1).max(axis=1))


def _leaky(values: Values) -> Values:
    return np.asarray(np.maximum(values, np.float32(0.01) * values))
