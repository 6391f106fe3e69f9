"""Published lag profiles of 46 pairs (Duran & Fusaroli 2017, 10.1371/journal.pone.0178140): real against virtual."""

from __future__ import annotations

import numpy as np
import pytest

from coregulate.bond import benjamini_hochberg

HEAD, LEGS = 1, 3  # as the table numbers the parts of the body
REAL, VIRTUAL = 3, 4  # windowed lagged correlations


@pytest.fixture(scope="module")
def profiles(data_dir):
    file = data_dir / "discussion" / "coordination_deception" / "synchronyMovementRapp.csv"
    if not file.exists():
        pytest.skip("no published lag profiles here")
    import pandas as pd

    table = pd.read_csv(file)
    lags = [c for c in table.columns if c.lstrip("-").replace(".", "").isdigit()]
    index = table.set_index(["analysis", "bodypartA", "dyad", "ConvoArgument"]).sort_index()[lags]
    return np.array([float(c) / 1000 for c in lags]), index


def of(index, analysis, part):
    return index.loc[(analysis, part)]


def test_real_pairs_move_together_at_once_and_virtual_ones_do_not(profiles):
    from scipy.stats import ttest_rel

    lags, index = profiles
    assert index.index.get_level_values("dyad").nunique() == 46
    found = {}
    for part in (HEAD, LEGS):
        real, virtual = (of(index, kind, part).groupby("dyad").mean().to_numpy() for kind in (REAL, VIRTUAL))
        found[part] = benjamini_hochberg(ttest_rel(real, virtual).pvalue)
    for part in (HEAD, LEGS):
        together = lags[found[part] < 0.05]
        assert abs(together[np.argmin(np.abs(together))]) < 0.2  # the link is there at lag 0
        mean = of(index, REAL, part).to_numpy().mean(axis=0)
        assert abs(lags[np.argmax(mean)]) <= 0.2


def test_legs_move_together_more_in_agreement_than_in_conflict(profiles):
    lags, index = profiles
    by = of(index, REAL, LEGS).groupby("ConvoArgument").mean().to_numpy()
    now = int(np.argmin(np.abs(lags)))
    assert by[0, now] == pytest.approx(0.2051, abs=5e-4)
    assert by[1, now] == pytest.approx(0.2738, abs=5e-4)
