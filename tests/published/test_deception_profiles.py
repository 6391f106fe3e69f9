"""The lag profiles of 46 pairs' head movements say what Duran & Fusaroli 2017 (10.1371/journal.pone.0178140) say.

The recordings themselves are not public: what is read here are the published profiles of windowed lagged
cross-correlation (10 s windows, lags up to 5 s), of real pairs and of pairs that never met.
"""

from __future__ import annotations

import numpy as np
import pytest

from coregulate.bond import benjamini_hochberg
from coregulate.bond.suite.measure import lag_lead

WINDOWED, VIRTUAL, HEAD = 3, 4, 1  # codes of the file (its authors' R script)
DISAGREE, AGREE = 1, 2


@pytest.fixture(scope="module")
def heads(data_dir):
    file = data_dir / "discussion" / "coordination_deception" / "synchronyMovementRapp.csv"
    if not file.exists():
        pytest.skip("no profiles of head movements here")
    import pandas as pd

    table = pd.read_csv(file)
    return table[(table["bodypartA"] == HEAD) & (table["bodypartB"] == HEAD)]


@pytest.fixture(scope="module")
def profiles(heads):
    """Lags (s), and each pair's mean profile, real and virtual (46, 61)."""
    names = list(heads.columns[-61:])
    pairs = [
        heads[heads["analysis"] == kind].groupby("dyad")[names].mean().to_numpy()
        for kind in (WINDOWED, VIRTUAL)
    ]
    return np.array(names, dtype=float) / 1000, *pairs


def test_real_pairs_move_together_at_once_and_strangers_do_not(profiles):
    from scipy.stats import ttest_rel

    lags_s, real, virtual = profiles
    assert real.shape == virtual.shape == (46, 61)
    assert lags_s[real.mean(axis=0).argmax()] == 0
    # The paper: highly synchronised within a second, and only there.
    q = benjamini_hochberg(ttest_rel(real, virtual).pvalue)
    more = (q < 0.05) & (real.mean(axis=0) > virtual.mean(axis=0))
    assert more[np.abs(lags_s) < 0.9].all()
    assert not more[np.abs(lags_s) > 1.01].any()
    near = np.abs(lags_s) < 0.2
    own, strangers = (x[:, near].mean(axis=1) for x in (real, virtual))
    gain = own - strangers
    assert gain.mean() / gain.std(ddof=1) == pytest.approx(0.95, abs=0.005)  # Cohen's d of the pairs' gain
    assert (own[:, None] > strangers).mean() == pytest.approx(0.846, abs=0.001)


def test_nobody_leads(profiles):
    from scipy.stats import ttest_1samp

    lead = lag_lead(profiles[1], 30)
    assert ttest_1samp(lead, 0).pvalue > 0.3
    assert np.mean(lead > 0) == 0.5


def test_deception_raises_it_where_they_disagree(heads):
    from scipy.stats import ttest_ind, ttest_rel

    windowed = heads[heads["analysis"] == WINDOWED]
    near = windowed.iloc[:, -32:-29].mean(axis=1)
    both = windowed.assign(z=near).pivot(index=["dyad", "ConvoArgument"], columns="ConvoVeracity", values="z")
    rise = {}
    for argument, n in ((DISAGREE, 22), (AGREE, 24)):
        rows = both.xs(argument, level="ConvoArgument")
        assert len(rows) == n
        rise[argument] = rows[1] - rows[0]
    # The paper: a peak in deceptive disagreement.
    assert both.groupby("ConvoArgument").mean().stack().idxmax() == (DISAGREE, 1)
    assert ttest_rel(rise[DISAGREE], 0 * rise[DISAGREE]).pvalue < 0.01
    assert ttest_rel(rise[AGREE], 0 * rise[AGREE]).pvalue > 0.9
    assert ttest_ind(rise[DISAGREE], rise[AGREE]).pvalue < 0.05
