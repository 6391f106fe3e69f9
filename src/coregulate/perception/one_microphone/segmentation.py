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

from .filters import Filters, filtered, filters_of
from .recurrent import Gates, both_ways, gates_of

# All as the weights were trained.
SAMPLE_RATE_HZ = 16000.0
CHUNK = 160000  # samples: 10 s
FRAME_STEP = 270  # samples between two answers
FIRST_FRAME = 495  # samples: the middle of what the first answer has seen
# Which of at most three speakers, in the order of their first word, each class means.
CLASSES = ((), (0,), (1,), (2,), (0, 1), (0, 2), (1, 2))

_LAYERS = 4

Values = NDArray[np.float32]
Weights = Mapping[str, Values]


class Network(NamedTuple):
    """Weights made ready."""

    filters: Filters
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
    lstm = tuple(
        (gates_of(weights, f"l{k}"), gates_of(weights, f"l{k}_reverse")) for k in range(_LAYERS)
    )  # fmt: skip
    return Network(filters_of(weights), lstm, weights)


def speaker_classes(network: Network, samples: Values, starts: NDArray[np.intp]) -> Values:
    """Probability of each class in chunks of ten seconds.

    Parameters
    ----------
    network : Network
    samples : ndarray of float32, shape (m,)
        At 16 kHz; any level.
    starts : ndarray of int, shape (n,)
        First sample of each chunk, at least ten seconds before the end.

    Returns
    -------
    ndarray of float32, shape (n, 589, 7)
        Frame k is centred on sample 495 + 270 k; classes as in :data:`CLASSES`. Speakers are numbered
        anew in each chunk.

    Notes
    -----
    About 2.3 GFLOP a chunk. Agrees with itself in double precision within 1.1e-5 (six chunks of two recordings).
    """
    heard = filtered(network.filters, samples, starts, CHUNK)
    for forward, backward in network.lstm:
        heard = both_ways(forward, backward, heard)
    heard = heard.transpose(1, 0, 2)
    for k in (0, 1):
        heard = _leaky(heard @ network.rest[f"linear.{k}.weight"].T + network.rest[f"linear.{k}.bias"])
    logits = heard @ network.rest["classifier.weight"].T + network.rest["classifier.bias"]
    powers = np.exp(logits - logits.max(axis=2, keepdims=True))
    return np.asarray(powers / powers.sum(axis=2, keepdims=True))


def _leaky(values: Values) -> Values:
    return np.asarray(np.maximum(values, np.float32(0.01) * values))
