"""The suite gives the numbers of packages that nobody here wrote."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from coregulate.bond.suite.recurrence import recurrence
from coregulate.bond.suite.transfer import quantile_codes

# multiSyncPy 0.1.2 (Hudson et al. 2022, 10.3758/s13428-022-01855-2), its own test of its recurrence
# quantities: five Kuramoto oscillators, radius 0.5, each scaled to SD 1, all line lengths in the mean.
KURAMOTO = (0.019321321321321323, 0.9725417055227438, 11.300936768149883, 999)
KURAMOTO_WINDOWS = (0.07423423, 0.06954955, 0.05225225, 0.03675676, 0.02486486)

# rMEA on its example recordings: moving average 0.5 s, window 30 s, increment 10 s, lag 5 s, signed. All ten
# recordings go through the same function in test_suite_peers.py; here two go through the command.
GRAND = {"202": 0.078910}


def kuramoto():
    """The series of that test: drift toward the mean phase, noise 0.5, steps of 0.01, seed 42."""
    drawn = np.random.RandomState(42)
    phase = 0.4 * np.pi * np.arange(5)
    own = 1.0 + 0.5 * np.arange(5)
    rows = np.empty((1000, 5))
    for row in rows:
        row[:] = phase
        pull = np.hypot(np.linalg.norm(np.cos(phase)), np.linalg.norm(np.sin(phase)))
        drift = own + 0.5 * pull * np.sin(phase.mean() - phase)
        phase = phase + 0.01 * drift + 0.5 * drawn.normal(0, 0.1, 5)
    return np.sin(rows).T


def scaled(x):
    return (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)


def test_multisyncpy_recurrence():
    x = scaled(kuramoto())
    every, long = recurrence(x, radius=0.5, line_samples=1), recurrence(x, radius=0.5)
    got = (every.rate, long.determinism, every.mean_line, every.longest_line)
    assert got == pytest.approx(KURAMOTO, rel=1e-8)


def test_multisyncpy_recurrence_in_windows():
    x = kuramoto()
    got = [recurrence(scaled(x[:, k : k + 75]), radius=0.5).rate for k in range(0, 125, 25)]
    assert got == pytest.approx(KURAMOTO_WINDOWS, abs=1e-8)


def test_multisyncpy_terciles():
    """Its test of symbolic entropy: the entropy of the patterns that the terciles of all five make."""
    codes = np.stack([quantile_codes(x, 3) for x in kuramoto()])
    share = np.unique(codes, axis=1, return_counts=True)[1] / codes.shape[1]
    assert -np.sum(share * np.log(share)) == pytest.approx(3.714899711057103, rel=1e-8)


@pytest.mark.parametrize("dyad", GRAND)
def test_rmea_from_the_command(data_dir, dyad):
    file = data_dir / "therapy" / "motion_energy" / f"{dyad}_01.txt"
    if not file.exists():
        pytest.skip("no therapy motion energy here")
    found = rmea(file, "window_s=30", "aggregate=signed")
    assert len(found["profile"]["values"]) == 251
    assert np.mean(found["profile"]["values"]) == pytest.approx(GRAND[dyad], abs=1e-6)


@pytest.mark.parametrize("dyad", ["204"])
def test_rmea_at_60_s_absolute_is_the_plain_loop(data_dir, dyad):
    file = data_dir / "therapy" / "motion_energy" / f"{dyad}_01.txt"
    if not file.exists():
        pytest.skip("no therapy motion energy here")
    found = rmea(file, "window_s=60", "aggregate=absolute")
    a, b = (np.convolve(x, np.ones(12))[5:][: len(x)] for x in np.loadtxt(file, skiprows=1).T)
    z = []
    for lag in (-125, -40, 0, 77, 125):
        for start in range(0, len(a) - 1500 - 125 + 1, 250):
            one, two = a[start + max(-lag, 0) :][:1500], b[start + max(lag, 0) :][:1500]
            z.append(abs(np.arctanh(np.corrcoef(one, two)[0, 1])))
    at = [found["profile"]["values"][125 + lag] for lag in (-125, -40, 0, 77, 125)]
    assert at == pytest.approx(np.reshape(z, (5, -1)).mean(axis=1), abs=1e-9)


def rmea(file, *settings):
    changes = ["smooth_s=0.5", "step_s=10", "max_lag_s=5", *settings]
    command = [
        sys.executable,
        "-m",
        "coregulate",
        "couple",
        str(file),
        "--a",
        "pat",
        "--b",
        "th",
        "--rate",
        "25",
    ]
    for change in changes:
        command += ["--set", change]
    done = subprocess.run(
        [*command, "--surrogates", "50", "--json", "--quiet"], capture_output=True, check=True
    )
    return json.loads(done.stdout)["results"][0]
