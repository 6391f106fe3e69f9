"""Who speaks and who looks in ten therapy sessions: the pooled two-state chain, found elsewhere too."""

from __future__ import annotations

import numpy as np
import pytest

from coregulate.circuits import fit_categorical


def test_two_states_of_speaking_and_looking(data_dir):
    """``nonverbal`` of the R package mHMMbayes; the target is the maximum likelihood of the pooled chain."""
    file = data_dir / "therapy" / "nonverbal.csv"
    if not file.is_file():
        pytest.skip("the therapy sessions are not in the folder of recordings")
    table = np.loadtxt(file, delimiter=",", skiprows=1, dtype=np.int64)
    sessions = [table[table[:, 0] == k, 1:] - 1 for k in np.unique(table[:, 0])]
    assert len(sessions) == 10
    fit = fit_categorical(sessions, n_states=2, rng=np.random.default_rng(0), n_starts=10)
    assert fit.loglik == pytest.approx(-17492.04, abs=0.01)
    order = np.argsort(-np.diag(fit.moves))
    moves = fit.moves[np.ix_(order, order)]
    np.testing.assert_allclose(moves, [[0.949, 0.051], [0.064, 0.936]], atol=0.0005)
    for rows in (fit.start[None], fit.moves, *fit.emissions):
        np.testing.assert_allclose(rows.sum(axis=1), 1.0)
