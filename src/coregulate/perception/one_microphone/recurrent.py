"""Long short-term memory: layers that read a sequence forward or backward, compiled."""

from __future__ import annotations

from collections.abc import Mapping
from math import factorial, log
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

_FRAMES = 16  # measured: of the gates' given part at a time, so that it is still near when its turn comes
_POWERS = tuple(np.float32(log(2.0) ** k / factorial(k)) for k in range(8))  # Taylor's, of 2 ** x
_DOUBLED = np.float32(2.0 / log(2.0))
_FARTHEST = np.float32(60.0)  # tanh is 1 long before 2 ** 60

Values = NDArray[np.float32]


class Gates(NamedTuple):
    """One direction of a layer, its gates halved but the third: then one tanh does for all four."""

    given: Values
    state: Values
    bias: Values


def gates_of(weights: Mapping[str, Any], name: str) -> Gates:
    """Arrange PyTorch's weights of a layer and direction, such as ``l0_reverse``."""
    bias = weights[f"lstm.bias_ih_{name}"] + weights[f"lstm.bias_hh_{name}"]
    # sigmoid(x) = (1 + tanh(x / 2)) / 2
    scale = np.repeat(np.array([0.5, 0.5, 1.0, 0.5], dtype=np.float32), len(bias) // 4)
    given, state = ((weights[f"lstm.weight_{k}_{name}"] * scale[:, None]).T for k in ("ih", "hh"))
    return Gates(np.ascontiguousarray(given), np.ascontiguousarray(state), bias * scale)


def both_ways(forward: Gates, backward: Gates, given: Values) -> Values:
    """One layer: (frames, n, inputs) to (frames, n, 2 * units), the forward units first."""
    units = len(forward.state)
    out = np.empty((*given.shape[:2], 2 * units), dtype=np.float32)
    _read(forward, given, out, 0)
    _read(backward, given[::-1], out[::-1], units)
    return out


def _read(gates: Gates, given: Values, out: Values, first: int) -> None:
    """Read a sequence in its order, writing the units' outputs from channel `first` on."""
    n, units = given.shape[1], len(gates.state)
    state, cell = np.zeros((n, units), dtype=np.float32), np.zeros((n, units), dtype=np.float32)
    for low in range(0, len(given), _FRAMES):
        # one product for many frames: in one for each the matrix is arranged anew every time
        some = given[low : low + _FRAMES]
        entering = (some.reshape(len(some) * n, -1) @ gates.given).reshape(len(some), n, 4 * units)
        told = np.empty((len(some), n, units), dtype=np.float32)
        _step(entering, gates.state, gates.bias, state, cell, told)
        out[low : low + _FRAMES, :, first : first + units] = told


@numba.njit(cache=True, nogil=True, fastmath=True, error_model="numpy", inline="always")  # type: ignore[untyped-decorator]
def _tanh(x: np.float32) -> Any:  # pragma: no cover - compiled
    """Unlike the library's it becomes vector instructions."""
    z = min(max(x * _DOUBLED, -_FARTHEST), _FARTHEST)
    whole = np.floor(z + np.float32(0.5))
    f = z - whole
    _, a, b, c, d, e, g, h = _POWERS
    part = f * (a + f * (b + f * (c + f * (d + f * (e + f * (g + f * h))))))
    # two to a whole power: the exponent of a number's own bits
    two = np.int32((np.int32(whole) + np.int32(127)) << np.int32(23)).view(np.float32)
    power = two * part + (two - np.float32(1.0))  # e ** 2x - 1, exact near 0
    return power / (power + np.float32(2.0))


@numba.njit(cache=True, nogil=True, fastmath=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _step(
    entering: Values, weights: Values, bias: Values, state: Values, cell: Values, out: Values
) -> None:  # pragma: no cover - compiled
    """Go through frames one by one: gates from what enters and the state, then cell, state and output."""
    n, units = state.shape
    half, one = np.float32(0.5), np.float32(1.0)
    for t in range(len(entering)):
        gates = entering[t]
        _multiply(state, weights, gates)
        for k in range(n):
            gate, c, s, to = gates[k], cell[k], state[k], out[t, k]
            for u in range(4 * units):
                gate[u] = _tanh(gate[u] + bias[u])
            for u in range(units):
                c[u] = half * (c[u] * (gate[units + u] + one) + (gate[u] + one) * gate[2 * units + u])
                s[u] = half * (gate[3 * units + u] + one) * _tanh(c[u])
            for u in range(units):
                to[u] = s[u]


@numba.njit(cache=True, nogil=True, fastmath=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _multiply(state: Values, weights: Values, out: Values) -> None:  # pragma: no cover - compiled
    """Add state @ weights: few rows, for which the library's product arranges the weights anew each time."""
    n, units = state.shape
    for r in range(0, n - 3, 4):
        s0, s1, s2, s3 = state[r], state[r + 1], state[r + 2], state[r + 3]
        o0, o1, o2, o3 = out[r], out[r + 1], out[r + 2], out[r + 3]
        for k in range(0, units - 3, 4):
            w0, w1, w2, w3 = weights[k], weights[k + 1], weights[k + 2], weights[k + 3]
            # four by four: each weight that is read serves four rows
            a0, a1, a2, a3 = s0[k], s0[k + 1], s0[k + 2], s0[k + 3]
            b0, b1, b2, b3 = s1[k], s1[k + 1], s1[k + 2], s1[k + 3]
            c0, c1, c2, c3 = s2[k], s2[k + 1], s2[k + 2], s2[k + 3]
            d0, d1, d2, d3 = s3[k], s3[k + 1], s3[k + 2], s3[k + 3]
            for j in range(weights.shape[1]):
                o0[j] += a0 * w0[j] + a1 * w1[j] + a2 * w2[j] + a3 * w3[j]
                o1[j] += b0 * w0[j] + b1 * w1[j] + b2 * w2[j] + b3 * w3[j]
                o2[j] += c0 * w0[j] + c1 * w1[j] + c2 * w2[j] + c3 * w3[j]
                o3[j] += d0 * w0[j] + d1 * w1[j] + d2 * w2[j] + d3 * w3[j]
    whole_rows, whole_units = n - n % 4, units - units % 4
    for r in range(n):
        for k in range(whole_units if r < whole_rows else 0, units):
            for j in range(weights.shape[1]):
                out[r, j] += state[r, k] * weights[k, j]
