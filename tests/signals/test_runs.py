from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coregulate.core import Samples, Signal, SignalError
from coregulate.signals import binned_mean, contiguous_runs


def packets(n: int, *, true_hz: float, declared_hz: float, size: int = 16) -> np.ndarray:
    """Stamps of a radio: even at the declared rate within a packet, true from packet to packet."""
    index = np.arange(n)
    return (index // size) * size / true_hz + (index % size) / declared_hz


def test_true_rate_comes_from_the_stamps() -> None:
    times = packets(20_000, true_hz=198.95, declared_hz=200.0)
    (run,) = contiguous_runs(Samples(times, np.zeros(20_000), 200.0))
    assert run.rate_hz == pytest.approx(198.95, abs=0.002)


def test_lost_samples_split_and_keep_time() -> None:
    times = packets(40_000, true_hz=198.95, declared_hz=200.0)
    keep = np.ones(40_000, dtype=bool)
    keep[16_000:16_160] = False
    runs = contiguous_runs(Samples(times[keep], np.arange(40_000.0)[keep], 200.0))
    assert len(runs) == 2
    assert runs[1].start_s == pytest.approx(times[16_160], abs=0.003)
    assert runs[1].rate_hz == pytest.approx(198.95, abs=0.002)


def test_one_stamp_for_each_packet() -> None:
    times = np.repeat(np.arange(1000) * 0.08, 16)
    (run,) = contiguous_runs(Samples(times, np.zeros(16_000), None))
    assert run.rate_hz == pytest.approx(200.0, rel=1e-3)


def test_uneven_stamps_are_interpolated() -> None:
    # a clock that slowly turns: no straight line fits
    times = np.cumsum(0.05 * (1 + 0.3 * np.sin(np.arange(2000) / 200)))
    (run,) = contiguous_runs(Samples(times, times, 20.0))
    at = run.start_s + np.arange(len(run.values)) / run.rate_hz
    assert np.allclose(run.values, at, atol=1e-6)


def test_missing_values_split() -> None:
    values = np.ones((100, 3))
    values[40:50, 1] = np.nan
    runs = contiguous_runs(Signal(values, 10.0, 5.0))
    assert [len(r.values) for r in runs] == [40, 50]
    assert runs[1].start_s == pytest.approx(10.0)


def test_backward_stamps_are_refused() -> None:
    with pytest.raises(SignalError, match="backwards"):
        contiguous_runs(Samples(np.array([0.0, 1.0, 0.5, 2.0]), np.zeros(4), 1.0))


def test_nothing_in_nothing_out() -> None:
    assert contiguous_runs(Samples(np.empty(0), np.empty(0), 10.0)) == []
    assert contiguous_runs(Signal(np.full(5, np.nan), 10.0)) == []


@settings(max_examples=40, deadline=None)
@given(rate=st.floats(3.0, 300.0), shift=st.floats(-1e6, 1e6))
def test_binned_mean_keeps_a_line(rate: float, shift: float) -> None:
    """The mean of a line over a bin is the line at the bin's centre, whatever the rates."""
    n = int(rate * 20)
    line = Signal(np.arange(n) / rate, rate, shift)
    mean = binned_mean(contiguous_runs(line), rate_hz=2.0, start_s=shift, n=38)
    centres = np.arange(38) / 2
    inner = slice(1, 37)
    assert np.allclose(mean[inner], centres[inner], atol=0.5 / rate + 1e-6)


def test_binned_mean_leaves_gaps() -> None:
    values = np.ones(100)
    values[30:60] = np.nan
    mean = binned_mean(contiguous_runs(Signal(values, 10.0)), rate_hz=1.0, start_s=0.0, n=10)
    assert np.isnan(mean[4:6]).all()
    assert np.isfinite(mean[[0, 1, 2, 7, 8]]).all()
