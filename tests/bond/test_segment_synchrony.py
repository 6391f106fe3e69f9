"""Segments that keep SUSY's laws, and say what they cannot do."""

from __future__ import annotations

import numpy as np
import pytest

from coregulate.bond import inertia_coordination, local_oscillator, segment_synchrony
from coregulate.core import SignalError


def pair(n=600, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(n + 3)
    return x[3:] + 0.5 * rng.standard_normal(n), x[:-3] + 0.5 * rng.standard_normal(n)


def test_the_lag_is_that_of_the_one_who_leads_and_swaps():
    a, b = pair()
    found, back = (segment_synchrony(*p, rate_hz=2.0, segment_s=30, max_lag_s=4) for p in ((a, b), (b, a)))
    assert found.lags_s[found.z.argmax()] == 1.5
    assert back.z == pytest.approx(found.z[::-1], abs=1e-12)
    assert back.pseudo_z == pytest.approx(found.pseudo_z[::-1], abs=1e-12)
    assert found.effect_size > 2
    assert (found.size >= np.abs(found.z) - 1e-12).all()


def test_segments_with_gaps_and_still_ones_are_left_out():
    a, b = pair()
    gap, still = a.copy(), b.copy()
    gap[70] = np.nan
    still[180:240] = 4.0
    found = segment_synchrony(gap, still, rate_hz=1.0, segment_s=60, max_lag_s=5)
    rest = np.ones(600, dtype=bool)
    rest[60:120] = rest[180:240] = False
    plain = segment_synchrony(a[rest], b[rest], rate_hz=1.0, segment_s=60, max_lag_s=5)
    assert found.n_segments == plain.n_segments == 8
    assert found.z == pytest.approx(plain.z, abs=1e-12)
    assert found.effect_size == pytest.approx(plain.effect_size, abs=1e-9)


def test_what_cannot_be_is_said():
    a, b = pair(100)
    with pytest.raises(SignalError, match="shorter than two lags"):
        segment_synchrony(a, b, rate_hz=1.0, segment_s=10, max_lag_s=6)
    with pytest.raises(SignalError, match="1 segments"):
        segment_synchrony(a, b, rate_hz=1.0, segment_s=60, max_lag_s=5)
    with pytest.raises(SignalError, match="0 segments"):
        segment_synchrony(a, np.ones(100), rate_hz=1.0, segment_s=20, max_lag_s=5)


def test_a_partner_who_is_oneself_tells_nothing_more():
    x = np.cumsum(np.random.default_rng(1).standard_normal(300))
    both = local_oscillator(x, x)
    assert both.r2_coupled == both.r2_uncoupled
    assert np.isnan([both.terms[0][2:], both.terms[1][2:]]).all()
    told = inertia_coordination(x, x, lag=-1)
    assert told.r2_both == told.r2_inertia
    assert np.isnan(told.coordination).all()
