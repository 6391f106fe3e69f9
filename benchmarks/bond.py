"""How fast the bond is: ``python -m benchmarks.bond``, part of ``make bench``.

One run, one thread, CPU seconds (the least of some calls), beside the fastest peer that is
installed and beside the floor: the operations that cannot be left out, at what one costs on this machine.
``make parity`` prints what R takes for its couples and recordings.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numba import njit

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "bond"))

from oscillator_pairs import random_truth, simulate

from coregulate.bond import (
    DEFAULT,
    MEASURES,
    SuiteSettings,
    couple,
    lagged_correlation,
    local_oscillator,
    word,
)
from coregulate.bond.suite.recurrence import recurrence
from coregulate.core import BondSettings


class Row(NamedTuple):
    """One piece of work: CPU seconds here, of a peer (NaN where none runs), and of the floor."""

    work: str
    here_s: float
    peer: str
    peer_s: float
    floor: str
    floor_s: float


def seconds(work: Callable[[], object]) -> float:
    """Least CPU time of up to five calls after the first (which compiles), or as many as half a second holds."""
    work()
    taken: list[float] = []
    while len(taken) < 5 and sum(taken) < 0.5:
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return min(taken)


@njit(cache=True, fastmath=True)
def _products(x: np.ndarray, y: np.ndarray, times: int) -> float:
    total = 0.0
    for lag in range(times):
        for t in range(x.shape[0] - times):
            total += x[t] * y[t + lag]
    return total


@njit(cache=True, fastmath=True)
def _distances(x: np.ndarray, y: np.ndarray, times: int) -> int:
    near = 0
    for lag in range(times):
        for t in range(x.shape[0] - times):
            one, two = x[t] - x[t + lag], y[t] - y[t + lag]
            near += one * one + two * two < 0.16
    return near


class Costs(NamedTuple):
    """Seconds of one product and sum, logarithm, squared distance in a plane, and step of a transform."""

    product: float
    log: float
    distance: float
    transform: float


def costs() -> Costs:
    """Measure what one operation costs here, in a loop that does nothing else."""
    from scipy.fft import fft

    x, y = np.random.default_rng(0).random((2, 36_000))
    block = np.ones((56, 2700), dtype=np.complex64)
    n_steps = block.size * np.log2(block.shape[1])
    return Costs(
        seconds(lambda: _products(x, y, 1000)) / (1000 * 35_000),
        seconds(lambda: [np.log(x) for _ in range(50)]) / (50 * 36_000),
        seconds(lambda: _distances(x, y, 1000)) / (1000 * 35_000),
        seconds(lambda: [fft(block, axis=1) for _ in range(10)]) / (10 * n_steps),
    )


def windows(cost: Costs) -> Iterator[Row]:
    a, b = np.random.default_rng(0).standard_normal((2, 36_000)).cumsum(axis=1)
    n_lags, n_windows = 201, 3561

    def loop() -> None:
        """One lag of 201 (the middle one)."""
        for start in range(0, 35_601, 10):
            np.corrcoef(a[start : start + 300], b[start : start + 300])

    here = seconds(lambda: lagged_correlation(a, b, rate_hz=10.0, window_s=30, step_s=1, max_lag_s=10))
    floor = n_lags * (36_000 * cost.product + n_windows * cost.log)
    text = "7.2 million products, 0.7 million logarithms"
    yield Row("windowed correlation, 1 h at 10 Hz", here, "numpy loop", n_lags * seconds(loop), text, floor)
    here = seconds(lambda: couple(a, b, rate_hz=10.0, settings=SuiteSettings(course=0)))
    floor = 36_000 * (36_000 * cost.product + n_windows * cost.log)
    yield Row(
        "the same, 1,000 surrogates", here, "", np.nan, "1.3 billion products, 0.13 billion logarithms", floor
    )


def recurrences(cost: Costs) -> Iterator[Row]:
    x = np.random.default_rng(0).standard_normal((2, 6000))
    peer_s = np.nan
    if importlib.util.find_spec("multiSyncPy"):
        from multiSyncPy import synchrony_metrics as peer

        peer_s = seconds(lambda: peer.rqa_metrics(peer.recurrence_matrix(x, radius=0.4)))
    here = seconds(lambda: recurrence(x, radius=0.4))
    yield Row(
        "MdRQA, 6,000 points", here, "multiSyncPy", peer_s, "18 million distances", 18e6 * cost.distance
    )
    here, peak_mb, more_mb = (float(part) for part in _alone("long_recurrence").split())
    yield Row(
        f"MdRQA, 36,000 points, {more_mb:.0f} MB more, {peak_mb:.0f} in all",
        here,
        "",
        np.nan,
        "648 million distances",
        648e6 * cost.distance,
    )


def _alone(function: str) -> str:
    """Run a function of this file in a process of its own, so that the memory is its own."""
    code = f"from benchmarks.bond import {function}; {function}()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent.parent,
    )
    return done.stdout


def long_recurrence() -> None:
    """Print CPU seconds of 36,000 points, the process's peak of memory (MB) and what of it they added."""
    x = np.random.default_rng(0).standard_normal((2, 36_000))
    recurrence(x[:, :100], radius=0.4)
    before, began = _peak_mb(), time.process_time()
    recurrence(x, radius=0.4)
    print(time.process_time() - began, _peak_mb(), _peak_mb() - before)


def _peak_mb() -> float:
    """Peak of this process alone (Linux); what ``resource`` gives begins with that of whoever started it."""
    status = Path("/proc/self/status")
    lines_of = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines_of if line.startswith("VmHWM")), np.nan)


def coherence(cost: Costs) -> Iterator[Row]:
    x = np.random.default_rng(0).standard_normal((2, 2400)).cumsum(axis=1)
    settings = SuiteSettings(surrogates=200, at_most_hz=4.0, course=0)
    here = seconds(lambda: couple(*x, rate_hz=4.0, measures=["wavelet coherence"], settings=settings))
    peer_s = np.nan
    if importlib.util.find_spec("hypyp"):
        from hypyp.wavelet.implementations.pywavelets_wavelet import ComplexMorletWavelet
        from hypyp.wavelet.pair_signals import PairSignals

        wavelet = ComplexMorletWavelet(period_range=(4, 100), disable_caching=True)
        peer_s = 201 * seconds(lambda: wavelet.wtc(PairSignals(np.arange(2400) / 4, *x)))
    # Smoothing over time is a transform forth and one back for each scale.
    floor = 201 * 2 * 56 * 2700 * np.log2(2700) * cost.transform
    text = "22,500 transforms of 2,700"
    yield Row(
        "wavelet coherence, 10 min at 4 Hz, 200 surrogates", here, "HyPyP, 201 pairs", peer_s, text, floor
    )


def pairs(cost: Costs) -> Iterator[Row]:
    rng = np.random.default_rng(0)
    dials = rng.standard_normal((80, 2, 430)).cumsum(axis=2)
    here = seconds(lambda: [local_oscillator(*pair) for pair in dials])
    # 6 settings, 2 people: derivatives of up to 5 points, then normal equations of 4 and 2 terms.
    floor = 80 * 6 * 2 * 430 * (3 * 4 + 10 + 4) * cost.product
    yield Row("80 couples' oscillators", here, "", np.nan, "11 million products", floor)
    motion = rng.standard_normal((20, 2, 15_000)).cumsum(axis=2)
    here = seconds(
        lambda: [
            lagged_correlation(*pair, rate_hz=25.0, window_s=30, step_s=10, max_lag_s=5) for pair in motion
        ]
    )
    floor = 20 * 251 * (15_000 * cost.product + 57 * cost.log)
    yield Row("20 dyads, 10 min at 25 Hz, rMEA's settings", here, "", np.nan, "75 million products", floor)
    hour = simulate(random_truth(rng, 0.8, 1), 3600, rng)
    here = seconds(lambda: word(*hour, rate_hz=1.0, settings=BondSettings()))
    yield Row("the word, an hour", here, "", np.nan, "an optimisation: no floor", np.nan)


def suite() -> Iterator[Row]:
    hour = np.random.default_rng(0).standard_normal((2, 3600)).cumsum(axis=1)
    here = seconds(lambda: couple(*hour, rate_hz=1.0))
    yield Row(
        f"the default set, 1 h at 1 Hz, 1,000 surrogates ({', '.join(DEFAULT)})", here, "", np.nan, "", np.nan
    )
    total = 0.0
    for measure in MEASURES:
        if measure in ("code recurrence", "vocal entrainment"):
            continue
        began = time.process_time()
        couple(*hour, rate_hz=1.0, measures=[measure])
        here = time.process_time() - began
        total += here
        yield Row(f"  {measure}", here, "", np.nan, "", np.nan)
    yield Row("all that take two series", total, "", np.nan, "", np.nan)


def lines() -> Iterator[str]:
    """Give the table, a line at a time."""
    cost = costs()
    yield f"{'CPU seconds, one thread':58s} {'here':>8s} {'peer':>8s} {'times':>6s} {'floor':>8s} {'over it':>7s}"
    parts = (windows(cost), recurrences(cost), coherence(cost), pairs(cost), suite())
    for row in (row for part in parts for row in part):
        peer = f"{row.peer_s:8.2f} {row.peer_s / row.here_s:5.0f}x" if row.peer_s > 0 else f"{'':15s}"
        floor = f"{row.floor_s:8.3f} {row.here_s / row.floor_s:6.1f}x" if row.floor_s > 0 else ""
        said = "; ".join(part for part in (row.peer if row.peer_s > 0 else "", row.floor) if part)
        yield f"{row.work:58s} {row.here_s:8.3f} {peer} {floor}  {said}".rstrip()


if __name__ == "__main__":
    for line in lines():
        print(line, flush=True)
