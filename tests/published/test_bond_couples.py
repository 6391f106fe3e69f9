"""Couples whose figures others printed: rties' oscillators and inertia, DySeq's answers to stress."""

from __future__ import annotations

import numpy as np
import pytest

from coregulate.bond import actor_partner, inertia_coordination, local_oscillator
from coregulate.bond.prepare import detrended


@pytest.fixture(scope="module")
def couples(data_dir):
    file = data_dir / "couples" / "rties_dial.csv.gz"
    if not file.exists():
        pytest.skip("no couples' dials here")
    import pandas as pd

    table = pd.read_csv(file).sort_values("time", kind="stable")
    pairs = {}
    for couple, rows in table.groupby("couple"):
        # rties' order: the one who is scored 0 (men) first.
        pairs[couple] = tuple(rows.loc[rows["female"] == sex, "dial"].to_numpy(float) for sex in (0, 1))
    return pairs


def joined(pair):
    """A pair as rties takes it: trends out, then whatever lies on both sides of a gap joined."""
    flat = [detrended(x) for x in pair]
    seen = np.isfinite(flat).all(axis=0)
    return tuple(x[seen] for x in flat)


def test_the_local_oscillators_of_80_couples(couples):
    found = {couple: local_oscillator(*pair) for couple, pair in couples.items()}
    terms = [*found[2].terms[0], *found[2].terms[1]]
    printed = [-0.02339, 0.00181, -0.00061, 0.00592, -0.02711, 0.00531, -0.00045, 0.01094]
    assert terms == pytest.approx(printed, abs=5.1e-6)
    # In one couple both dials are the same: the partner tells nothing more (R's lm leaves such terms out).
    same = [couple for couple, (a, b) in couples.items() if np.array_equal(a, b, equal_nan=True)]
    assert same == [19]
    assert found[19].r2_coupled == found[19].r2_uncoupled
    assert np.isnan([*found[19].terms[0][2:], *found[19].terms[1][2:]]).all()


@pytest.mark.parametrize(("ready", "r2_by", "period_by"), [(joined, 5e-5, 5e-3), (tuple, 1e-4, 0.01)])
def test_the_means_of_80_couples_are_those_printed(couples, ready, r2_by, period_by):
    """To the last digit where gaps are joined as rties joins them; nearly so where they stay gaps."""
    found = [local_oscillator(*ready(pair)) for pair in couples.values()]
    uncoupled = np.array([f.r2_uncoupled for f in found])
    coupled = np.array([f.r2_coupled for f in found])
    # Printed in rties' vignette on coupled oscillators, four digits each.
    assert np.mean(uncoupled) == pytest.approx(0.3887, abs=r2_by)
    assert np.mean(coupled) == pytest.approx(0.4230, abs=r2_by)
    assert np.mean(coupled - uncoupled) == pytest.approx(0.0343, abs=r2_by)
    assert np.min(coupled - uncoupled) == pytest.approx(-0.0027, abs=5e-5)
    assert np.max(coupled - uncoupled) == pytest.approx(0.1916, abs=5e-5)
    assert np.mean([f.period for f in found], axis=0) == pytest.approx([50.19, 51.98], abs=period_by)


def test_inertia_and_coordination_of_80_couples(couples):
    found = [inertia_coordination(*pair) for pair in couples.values()]
    for name, printed in (("r2_inertia", 0.473), ("r2_coordination", 0.136), ("r2_both", 0.496)):
        assert np.mean([getattr(f, name) for f in found]) == pytest.approx(printed, abs=5e-4)


# DySeq's model (a saturated log-linear one of each couple's table, half a case in each cell, averaged and
# tested by t) in base R's loglin and t.test: effect, lower end of its interval, p.
HE_COPES = {
    "intercept": (0.245584782392270, 0.094693771471436, 0.0018404125958179),
    "actor": (0.790813678838229, 0.673307417067355, 3.5229898286515e-20),
    "partner": (0.698884422254691, 0.568976509134095, 6.8869992737389e-16),
    "interaction": (0.036216309204981, -0.067881799242921, 0.48946530549384),
}
SHE_SHOWS_STRESS = {
    "intercept": (0.276326007025050, 0.111625186290707, 0.0013576075044334),
    "actor": (1.045865572542721, 0.918439402375890, 2.0301250092264e-24),
    "partner": (0.521128117596249, 0.385665080827420, 1.2558886227378e-10),
    "interaction": (0.100640462983893, -0.009296725190551, 0.072079730135255),
}


def test_the_effects_of_stress_and_coping_are_dyseqs(coping_couples):
    stress, coping = coping_couples
    for found, theirs in (
        (actor_partner(coping, stress), HE_COPES),
        (actor_partner(stress, coping), SHE_SHOWS_STRESS),
    ):
        for name, (effect, low, p) in theirs.items():
            mine = getattr(found, name)
            assert (mine.value, mine.low) == pytest.approx((effect, low), abs=1e-12)
            assert mine.p == pytest.approx(p, rel=1e-8)


@pytest.fixture(scope="module")
def coping_couples(data_dir):
    file = data_dir / "couples" / "couples_cope.csv"
    if not file.exists():
        pytest.skip("no coping couples here")
    import pandas as pd

    table = pd.read_csv(file)
    return tuple(table.filter(like=code).to_numpy(float) for code in ("IKCB", "DCCB"))


def test_he_copes_after_her_stress(coping_couples):
    stress, coping = coping_couples
    assert stress.shape == (64, 48)
    found = actor_partner(coping, stress)
    assert found.rate_after == pytest.approx(0.810, abs=5e-4)
    assert found.rate_without == pytest.approx(0.268, abs=5e-4)
    assert found.partner.low > 0
    assert found.partner.p < 1e-6
