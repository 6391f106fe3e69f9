"""One hour of two people (ECG 500 Hz, breathing 50 Hz, EDA 32 Hz, two 16 kHz voices), and four hours of them."""

from __future__ import annotations

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
    core_s: float
    peak_mb: float

    @property
    def times_real_time(self) -> float:
        """Seconds of recording for each second of analysis."""
        return self.hours * 3600 / self.seconds


# Each step in a process of its own: a child that is forked from a large parent would count its memory.
MAKE = """
import sys
from coregulate.simulate import simulate_session
simulate_session(sys.argv[1], seed=1, minutes=60 * float(sys.argv[2]), channels=("ecg", "respiration", "eda", "voice"),
    ecg_rate_hz=500, respiration_rate_hz=50, eda_rate_hz=32)
"""
ANALYSE = """
import resource, sys, time
from coregulate.analysis import analyze
from coregulate.session import open_session
began = time.perf_counter()
analyze(open_session(sys.argv[1])).save(sys.argv[1] + "/analysis")
print(time.perf_counter() - began, time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def analyse(hours: float) -> Run:
    """Analyse a simulated session, files to stored result."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = str(Path(temporary) / "hour")
        subprocess.run([sys.executable, "-c", MAKE, folder, str(hours)], check=True)
        subprocess.run([sys.executable, "-m", "coregulate", "init", folder, "--yes", "--quiet"], check=True)
        done = subprocess.run(
            [sys.executable, "-c", ANALYSE, folder], check=True, capture_output=True, text=True
        )
    return Run(hours, *(float(x) for x in done.stdout.split()))


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
    lines = [
        "| what | seconds | core-seconds | times real time | peak MB |",
        "| --- | --- | --- | --- | --- |",
    ]
    runs = [analyse(h) for h in hours]
    lines += [
        f"| analyze, {r.hours:g} h of two people | {r.seconds:.1f} | {r.core_s:.1f} | {r.times_real_time:.0f} | {r.peak_mb:.0f} |"
        for r in runs
    ]
    if len(runs) > 1:
        lines.append(
            f"| {runs[-1].hours:g} h over {runs[0].hours:g} h | {runs[-1].seconds / runs[0].seconds:.2f} times "
            f"| {runs[-1].core_s / runs[0].core_s:.2f} times | | |"
        )
    lines.append(f"| coregulate --help | {startup():.2f} | | | |")
    return "\n".join(lines)
