"""One hour of two people (ECG 500 Hz, breathing 50 Hz, EDA 32 Hz, two 16 kHz voices), and four hours of them."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple


class Run(NamedTuple):
    """How long an analysis took, and how much memory at the most."""

    hours: float
    seconds: float
    peak_mb: float

    @property
    def times_real_time(self) -> float:
        """Seconds of recording for each second of analysis."""
        return self.hours * 3600 / self.seconds


def make_hour(folder: Path, hours: float) -> None:
    """Write a session at the rates that the budget names."""
    from coregulate.simulate import simulate_session

    simulate_session(folder, seed=1, minutes=60 * hours, ecg_rate_hz=500)


def analyse(hours: float) -> Run:
    """Analyse a simulated session in a process of its own."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "hour"
        make_hour(folder, hours)
        command = [sys.executable, "-m", "coregulate"]
        subprocess.run(
            [*command, "init", str(folder), "--yes", "--quiet"], check=True, stdout=subprocess.DEVNULL
        )
        began = time.perf_counter()
        subprocess.run([*command, "analyze", str(folder), "--quiet"], check=True, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return Run(hours, seconds, peak)


def startup() -> float:
    """Seconds of ``coregulate --help``, the best of five."""
    best = float("inf")
    for _ in range(5):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "coregulate", "--help"], check=True, stdout=subprocess.DEVNULL)
        best = min(best, time.perf_counter() - began)
    return best


def table(hours: tuple[float, ...] = (1.0, 4.0)) -> str:
    """The rows of the benchmark."""
    lines = ["| what | seconds | times real time | peak MB |", "| --- | --- | --- | --- |"]
    runs = [analyse(h) for h in hours]
    lines += [
        f"| analyze, {r.hours:g} h of two people | {r.seconds:.1f} | {r.times_real_time:.0f} | {r.peak_mb:.0f} |"
        for r in runs
    ]
    if len(runs) > 1:
        lines.append(
            f"| {runs[-1].hours:g} h over {runs[0].hours:g} h | {runs[-1].seconds / runs[0].seconds:.2f} times | | |"
        )
    lines.append(f"| coregulate --help | {startup():.2f} | | |")
    return "\n".join(lines)
