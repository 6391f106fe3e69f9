"""Beats of a FIT file are laid by the records that they stand between."""

from __future__ import annotations

import numpy as np
import pytest

from coregulate.readers import read
from coregulate.readers.fit_beats import lay_beats

BEGAN = 1_700_000_000.0


def recorded(rng, *, every_s=1.0, paused=(), lost=()):
    """Return the truth (when each kept interval ended), the intervals, the records before each, and the records."""
    rr = 0.8 + 0.06 * np.sin(np.arange(2000) / 9) + rng.normal(0, 0.02, 2000)
    ends = BEGAN + 0.37 + np.cumsum(rr)
    records = np.floor(np.arange(BEGAN, ends[-1] + 2, every_s))
    gone = [(BEGAN + a, BEGAN + b) for a, b in paused]
    records = np.array([t for t in records if not any(a < t < b for a, b in gone)])
    keep = np.array(
        [not any(a < t < b for a, b in (*gone, *((BEGAN + a, BEGAN + b) for a, b in lost))) for t in ends]
    )
    return ends[keep], rr[keep], np.searchsorted(records, ends[keep], side="right"), records


@pytest.mark.parametrize(
    ("how", "n_pieces", "within_s"),
    [
        ({}, 1, 0.1),
        ({"every_s": 4.0}, 1, 0.6),
        ({"paused": [(300, 420)]}, 2, 0.3),
        ({"lost": [(300, 312), (900, 940)]}, 3, 0.3),
    ],
)
def test_beats_lie_where_they_were(how, n_pieces, within_s):
    truth, rr, before, records = recorded(np.random.default_rng(4), **how)
    laid = lay_beats(rr, before, records)
    assert laid.n_pieces == n_pieces
    near_a_cut = np.abs(np.diff(truth, prepend=truth[0] - 1)) > 3
    for k in np.flatnonzero(near_a_cut):
        near_a_cut[max(0, k - 3) : k + 3] = True
    assert np.max(np.abs(laid.ends_unix_s - truth)[~near_a_cut]) < within_s
    assert laid.error_s < 2.5
    assert np.all(np.diff(laid.ends_unix_s) >= 0)


def test_beats_without_a_record_have_no_time():
    assert lay_beats(np.full(5, 0.8), [0] * 5, []) is None
    assert lay_beats(np.full(5, 0.8), [0] * 5, [BEGAN]) is None


def test_a_file_that_keeps_intervals_gives_them_a_clock(tmp_path):
    from written_files import START, fit

    rate, rr = read(fit(tmp_path))
    assert (rate.kind, rr.kind, rr.timing, rr.origin_unix_s) == ("heart_rate", "rr", "stamps", START)
    np.testing.assert_allclose(rr.data.times_s, np.arange(6) + 0.5, atol=0.1)
    assert "95 %" in rr.notices[0].text
