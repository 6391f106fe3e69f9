"""CPU seconds of single pieces of work, each beside the most it may take: ``make bench`` fails over it.

The bounds leave room for slow machines; the tests of these pieces look at what comes out.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from coregulate.circuits import forward, forward_backward, infer_circuits, stationary, transition_matrix
from coregulate.core import CircuitSettings, Signal, SignalSettings
from coregulate.cues import load_cuebook
from coregulate.signals import measure_breathing, measure_heart, measure_skin
from coregulate.simulate import simulate_session

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "circuits"))

import conftest as sim


class Row(NamedTuple):
    """One piece of work, what it took and what it may take, s of a core."""

    work: str
    took_s: float
    bound_s: float


def rows() -> list[Row]:
    """Do each piece once; what is compiled or imported at the first call is not counted, but for the simulation."""
    return [
        Row("simulating 24 min of two people with their sound", _seconds(_simulated), 20.0),
        Row("an hour of one person's ECG (500 Hz), breathing (50), skin (32)", _second_time(_sensors), 10.0),
        Row("circuits of an hour of two people with 15 cues", _second_time(_circuits()), 5.0),
        Row("forward and backward through an hour of two people, one by one", _second_time(_chains), 0.1),
    ]


def table(measured: list[Row]) -> str:
    """Return the rows as Markdown."""
    head = ["| piece | CPU-s | at most |", "| --- | --- | --- |"]
    return "\n".join([*head, *(f"| {r.work} | {r.took_s:.3g} | {r.bound_s:g} |" for r in measured)])


def _simulated() -> None:
    with tempfile.TemporaryDirectory() as folder:
        simulate_session(folder)


def _sensors() -> None:
    seconds = 3600
    beat = np.exp(-((np.arange(400) - 100) ** 2) / 50)
    times = np.arange(seconds * 50) / 50
    settings = SignalSettings()
    breathing = measure_breathing(Signal(np.sin(1.5 * times), 50.0), settings=settings)
    ecg = Signal(np.tile(beat, seconds * 500 // 400), 500.0)
    measure_heart(ecg, "ecg", settings=settings, breathing=breathing.signals["respiration_rate"])
    measure_skin(Signal(2 + 0.1 * np.sin(np.arange(seconds * 32) / 100), 32.0), settings=settings)


def _circuits() -> Callable[[], object]:
    rng = np.random.default_rng(5)
    two = {p: sim.draw_z(sim.draw_states(3600, rng), sim.PHONE, rng) for p in "ab"}
    cues = sim.dataset({p: dict(list(z.items())[:15]) for p, z in two.items()}, 3600)
    book = load_cuebook()
    return lambda: infer_circuits(cues, {}, book=book, settings=CircuitSettings())


def _chains() -> None:
    moves = transition_matrix(safe_bout_s=180.0, unsafe_bout_s=40.0, state_s=20.0)
    start = stationary(moves)
    loglik = np.random.default_rng(2).normal(scale=3.0, size=(3600, 5))
    for _ in "ab":
        forward(loglik, moves, start)
        forward_backward(loglik, moves, start)


def _second_time(work: Callable[[], object]) -> float:
    work()
    return _seconds(work)


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


if __name__ == "__main__":
    measured = rows()
    print(table(measured))
    sys.exit(any(row.took_s > row.bound_s for row in measured))
