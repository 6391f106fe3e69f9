"""Couples' dials (shipped with the R package rties): does the partner's last value predict the next?"""

from __future__ import annotations

import numpy as np
import pytest

from coregulate.circuits import predict_next
from coregulate.core import InputError


def test_partners_past_helps_more_often_than_a_strangers(data_dir):
    file = data_dir / "couples" / "rties_dial.csv.gz"
    if not file.is_file():
        pytest.skip("the couples' dials are not in the folder of recordings")
    import pandas as pd

    table = pd.read_csv(file).sort_values("time", kind="stable")
    pairs = [
        tuple(rows.loc[rows["female"] == sex, "dial"].to_numpy(float) for sex in (0, 1))
        for _, rows in table.groupby("couple")
    ]
    assert len(pairs) == 80

    def share(shift):
        """Share of couples whose held-out log score the past of the partner ``shift`` couples on improves."""
        gains = []
        for k, pair in enumerate(pairs):
            other = pairs[(k + shift) % len(pairs)]
            n = [min(len(pair[own]), len(other[1 - own])) for own in (0, 1)]
            gains.append(sum(predict_next(pair[o][: n[o]], other[1 - o][: n[o]]).gain for o in (0, 1)))
        return np.mean(np.array(gains) > 0)

    strangers = [share(k) for k in (1, 3, 5, 7)]
    assert share(0) == pytest.approx(0.35, abs=0.01)  # printed in docs/circuits.md
    assert share(0) > 1.5 * max(strangers)


def test_a_partner_who_leads_is_found():
    rng = np.random.default_rng(0)
    partner = rng.standard_t(3, 600)
    own = np.r_[0.0, 0.6 * partner[:-1]] + 0.5 * rng.standard_t(3, 600)
    assert predict_next(own, partner).gain > 0.1
    assert predict_next(rng.permutation(own), partner).gain < 0.01
    own[200:260] = np.nan
    assert predict_next(own, partner).n < 540
    with pytest.raises(InputError, match="their past"):
        predict_next(own[:50], partner[:50])
