"""What other packages gave for the same arrays; ``make parity`` runs them anew where they are installed."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.parity import pair
from benchmarks.python_peers import driven, maps, walks

from coregulate.bond import SuiteSettings, lagged_correlation, segment_synchrony
from coregulate.bond.suite.conditioning import smoothed
from coregulate.bond.suite.cross_mapping import neighbours, skill
from coregulate.bond.suite.granger import granger
from coregulate.bond.suite.morlet import morlet
from coregulate.bond.suite.phase import locking_profiles
from coregulate.bond.suite.transfer import quantile_codes, transfer
from coregulate.bond.suite.warping import warp
from coregulate.bond.suite.wavelet import wavelet_coherence

# HyPyP 0.6.2 at 8 scales an octave, smoothing our coefficients by its own method, with the window that
# makes its kernel the paper's (docs/bond.md): coherence at (frequency, second), and its PLV of scale 8.
WAVELET = SuiteSettings(low_hz=0.022, high_hz=0.25, per_octave=8, omega0=2 * np.pi)
COHERENCE = {
    (0, 300): 0.6580397503978139,
    (0, 100): 0.07860156731328446,
    (8, 250): 0.04117623581946716,
    (16, 400): 0.2055807073932697,
    (28, 300): 0.7804066145361073,
}
LOCKING = 0.18882343160197815
# pycwt 0.5.0b0, Morlet 6: mean power outside the cone at 0.25, 0.0743 and 0.0221 Hz.
POWER = (0.016376642343569, 0.12061152504321, 1.9860947133131)

# Base R's cor over rMEA's windows: 30 s signed, 60 s absolute, each every 10 s, lags up to 5 s.
MOTION = {
    "200": (-0.0033753719190703, 0.11495043354504),
    "201": (0.021085921107259, 0.13218071252678),
    "202": (0.078910276483176, 0.21401775809125),
    "203": (0.012542015074759, 0.11285563290545),
    "204": (0.036613924816112, 0.13698180790611),
    "205": (0.055209157014163, 0.12702211931069),
    "206": (-0.025187058563988, 0.14680234993425),
    "207": (0.023283415170428, 0.13570518263435),
    "208": (0.016176798365523, 0.11679144965759),
    "209": (-0.023563448623391, 0.12183366740461),
}
# Base R's ccf over SUSY's segments of 50: means of z, of pseudo-pairs' z, of their sizes; effect sizes.
SEGMENTS = (
    0.083111318235159964,
    -0.0031898132307971393,
    0.18937120046465339,
    0.13684423725548750,
    6.8222769504224559,
    4.4225642130522843,
)


def test_granger_is_that_of_statsmodels():
    x, y = driven()
    assert granger(x, y, 1)[1] == pytest.approx(0.1953900714624097, rel=1e-8)
    assert granger(x, y, 3)[1] == pytest.approx(0.203288929077586, rel=1e-8)
    # From its Wald test with cov_type="HC3".
    assert granger(x, y, 1, robust=True)[1] == pytest.approx(0.19916502660439686, rel=1e-8)
    assert granger(x, y, 3, robust=True)[1] == pytest.approx(0.20621641858493156, rel=1e-8)


def test_transfer_entropy_is_that_of_pyinform_with_millers_correction():
    one, two = (quantile_codes(v, 3) for v in driven())
    # All 27, 9, 9 and 3 cells are occupied: 8 + 8 - 2 - 26 over twice the count of 499.
    assert transfer(one, two, 1, 3) == pytest.approx(0.06520569158020384 - 12 / 998, rel=1e-8)


def test_warping_is_that_of_dtw_python():
    assert warp(*driven(), 10)[0] == pytest.approx(0.3457587262981791, rel=1e-8)


def test_cross_mapping_is_that_of_pyedm():
    x, y = maps()
    assert skill(*neighbours(y, 3, 1, 1), x, 0) == pytest.approx(0.8829471336105778, rel=1e-8)


def test_coherence_and_locking_are_those_of_hypyp():
    a, b = walks()
    found = wavelet_coherence(a, b, rate_hz=1.0, settings=WAVELET)
    for at, theirs in COHERENCE.items():
        assert found.usable[at]
        assert found.coherence[at] == pytest.approx(theirs, rel=1e-8)
    assert np.abs(locking_profiles(a, b[None], 1.0, WAVELET)[0, 8]) == pytest.approx(LOCKING, rel=1e-8)


def test_wavelets_are_those_of_pycwt():
    at_hz = 0.25 * 2.0 ** (-np.array([0, 14, 28]) / 8)
    found = morlet(walks()[0], 1.0, at_hz, 6.0)
    clear = found.clear_s > np.sqrt(2) * found.scales_s[:, None]
    power = [float((np.abs(w[seen]) ** 2).mean()) for w, seen in zip(found.w, clear, strict=True)]
    assert power == pytest.approx(POWER, rel=1e-8)


@pytest.mark.parametrize("dyad", MOTION)
def test_windows_of_motion_energy_are_those_of_r(data_dir, dyad):
    file = data_dir / "therapy" / "motion_energy" / f"{dyad}_01.txt"
    if not file.exists():
        pytest.skip("no therapy motion energy here")
    x = [smoothed(v, 25.0, 0.5) for v in np.loadtxt(file, skiprows=1).T]
    z = [lagged_correlation(*x, rate_hz=25.0, window_s=s, step_s=10, max_lag_s=5).z for s in (30, 60)]
    # Some hold windows in which hardly anything moved (1 in 10,000 of the rest): they count too.
    assert np.nanmean(z[0]) == pytest.approx(MOTION[dyad][0], abs=1e-8)
    assert np.nanmean(np.abs(z[1])) == pytest.approx(MOTION[dyad][1], abs=1e-8)


def test_segments_are_those_of_susy():
    found = segment_synchrony(*(pair()[name] for name in "ab"), rate_hz=1.0, segment_s=50, max_lag_s=10)
    assert [float(np.mean(part)) for part in found[2:]] == pytest.approx(SEGMENTS, rel=1e-8)


def test_a_gap_is_left_out_as_in_r():
    c, d = (pair()[name] for name in "cd")
    z = lagged_correlation(c, d, rate_hz=1.0, window_s=40, step_s=10, max_lag_s=5).z
    assert z.mean() == pytest.approx(0.15806367045946837, rel=1e-8)  # R's cor of complete observations
