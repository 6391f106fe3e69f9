"""Windowed cross-correlation gives rMEA's numbers (Kleinbub & Ramseyer, 10.1080/10503307.2020.1844334)."""

from __future__ import annotations

import numpy as np
import pytest

from coregulate.bond import lagged_correlation

# Grand averages of rMEA on its own example recordings: moving average 0.5 s, rescaled by SD,
# window 30 s, increment 10 s, lag 5 s, Fisher z, signed.
GRAND = {"200": -0.003375, "201": 0.021086, "202": 0.078910, "203": 0.012542}


def smoothed(x):
    """rMEA's moving mean at 25 Hz: 12.5 samples do not exist, so from 6 before to 5 after, over 12.5."""
    total = np.concatenate([[0.0], np.cumsum(x)])
    at = np.arange(len(x))
    out = (total[np.minimum(at + 6, len(x))] - total[np.maximum(at - 6, 0)]) / 12.5
    out[at + 6 > len(x)] = 0.0  # rMEA sets what reaches past the end to 0
    out[0:5] = [total[k + 6] / 12.5 for k in range(5)]
    return out


@pytest.mark.parametrize("dyad", GRAND)
def test_grand_average(data_dir, dyad):
    file = data_dir / "therapy" / "motion_energy" / f"{dyad}_01.txt"
    if not file.exists():
        pytest.skip("no therapy motion energy here")
    patient, therapist = (smoothed(x) for x in np.loadtxt(file, skiprows=1).T)
    found = lagged_correlation(patient, therapist, rate_hz=25.0, window_s=30, step_s=10, max_lag_s=5)
    assert found.z.shape == (57, 251)
    assert found.z.mean() == pytest.approx(GRAND[dyad], abs=1e-6)
