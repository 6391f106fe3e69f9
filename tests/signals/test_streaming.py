"""The law: pushed in any pieces, a live block gives the batch answer."""

from __future__ import annotations

import importlib.util
import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coregulate.core import Signal, SignalError, SignalSettings
from coregulate.signals import (
    Block,
    heart_period,
    heart_period_block,
    measure_movement,
    motion_energy_block,
    rmssd_block,
    rsa_block,
    rsa_sliding,
    sliding_rmssd,
    usual_movement,
)

_spec = importlib.util.spec_from_file_location("bodies", Path(__file__).with_name("bodies.py"))
assert _spec is not None
assert _spec.loader is not None
bodies = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(bodies)

cuts = st.lists(st.integers(0, 10_000), max_size=25)


def streamed(block: Block, values: np.ndarray, times: np.ndarray, cut: list[int]) -> np.ndarray:
    """Push pieces cut at these places; check on the way that the latency is kept."""
    edges = [0, *sorted({c % (len(times) + 1) for c in cut}), len(times)]
    pieces, given_ = [], 0
    for a, b in itertools.pairwise(edges):
        piece = block.push(values[a:b], times[a:b])
        assert piece.start_s == pytest.approx(times[0] * (given_ > 0 or b > 0) + given_ / piece.rate_hz)
        given_ += len(piece.values)
        if b > 0:
            due = int((times[b - 1] - times[0] - block.latency_s) * block.rate_hz)
            assert given_ >= due
        pieces.append(piece.values)
    return np.concatenate([*pieces, block.finish().values])


def heart_with_gap() -> tuple[np.ndarray, np.ndarray]:
    times, nn = bodies.beats_with_rsa(260)
    keep = (times < 90) | (times > 107)
    # two short gaps in a row: the farthest that interpolation looks ahead
    first = int(np.searchsorted(times, 180))
    nn[first : first + 9] = np.nan
    nn[first + 4] = 800.0
    nn[np.flatnonzero(keep & (times > 107))[0]] = np.nan
    return times[keep] + 5.3, nn[keep]


@settings(max_examples=25, deadline=None)
@given(cut=cuts)
def test_heart_period_streams(cut: list[int]) -> None:
    times, nn = heart_with_gap()
    live = streamed(heart_period_block(), nn, times, cut)
    batch = heart_period(times, nn, rate_hz=4, start_s=times[0], n=len(live))
    assert np.isnan(batch).any()
    assert np.allclose(live, batch, atol=1e-6, equal_nan=True)


@settings(max_examples=25, deadline=None)
@given(cut=cuts)
def test_rmssd_streams(cut: list[int]) -> None:
    times, nn = heart_with_gap()
    live = streamed(rmssd_block(), nn, times, cut)
    batch = sliding_rmssd(times, nn, start_s=times[0], n=len(live))
    assert np.isfinite(batch).any()
    assert np.allclose(live, batch, atol=1e-6, equal_nan=True)


@settings(max_examples=25, deadline=None)
@given(cut=cuts, gap=st.booleans())
def test_rsa_streams(cut: list[int], gap: bool) -> None:
    rng = np.random.default_rng(0)
    values = 800 + np.cumsum(rng.normal(size=1000)) + 30 * np.sin(np.arange(1000) / 2.5)
    times = 2.0 + np.arange(1000) / 4
    if gap:
        values[400:420] = np.nan
    live = streamed(rsa_block(), values, times, cut)
    assert np.isfinite(live).sum() > 60
    assert np.allclose(live, rsa_sliding(values, rate_hz=4), atol=1e-6, equal_nan=True)


def test_samples_that_never_came_are_a_gap() -> None:
    times = np.arange(1200) / 4
    values = 800 + 40 * np.sin(2 * np.pi * 0.25 * times)
    keep = (times < 140) | (times > 150)
    live = streamed(rsa_block(), values[keep], times[keep], [300, 650])
    values[~keep] = np.nan
    assert np.allclose(live, rsa_sliding(values, rate_hz=4), atol=1e-6, equal_nan=True)
    assert np.isnan(live[145])


@settings(max_examples=25, deadline=None)
@given(cut=cuts, acceleration=st.booleans(), rate=st.sampled_from([25.0, 32.0, 50.0]))
def test_motion_energy_streams(cut: list[int], acceleration: bool, rate: float) -> None:
    rng = np.random.default_rng(0)
    n = int(30 * rate)
    values = rng.gamma(0.5, 1.0, size=(n, 3) if acceleration else n)
    values[n // 2 : n // 2 + int(rate)] = np.nan
    kind = "acceleration" if acceleration else "motion_energy"
    signal = Signal(values, rate, 100.0, "g")
    batch = measure_movement(signal, kind, settings=SignalSettings()).signals
    scale = usual_movement(np.asarray(batch["motion_energy_raw"].values))
    block = motion_energy_block(rate_hz=rate, scale=scale, acceleration=acceleration)
    live = streamed(block, values, signal.times_s, cut)
    expected = batch["motion_energy"].values
    assert len(expected) - 10 <= len(live) <= len(expected)
    assert np.allclose(live, expected[: len(live)], atol=1e-6, equal_nan=True)


def test_a_push_backwards_is_refused() -> None:
    block = rmssd_block()
    block.push([800.0, 810.0], [1.0, 1.8])
    with pytest.raises(SignalError, match="backwards"):
        block.push([800.0], [0.5])


def test_memory_does_not_grow() -> None:
    block = heart_period_block()
    for k in range(3000):
        block.push([800.0], [0.8 * k])
    assert len(block._times) < 200
