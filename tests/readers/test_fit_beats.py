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


def test_beats_that_a_strap_sent_later_are_read_by_their_own_times(tmp_path):
    """Two definitions of 'hr' (132): a time with what the strap's counter was then; eight beats by its last 12 bits."""
    import struct

    from written_files import START, _crc

    ticks = 1_024_000 + np.round(np.cumsum(0.8 + 0.01 * np.arange(8)) * 1024).astype(int)  # 1000 s at START
    pairs = [(int(a) & 0xFFF, int(b) & 0xFFF) for a, b in ticks.reshape(4, 2)]
    packed = b"".join(bytes([a & 0xFF, a >> 8 | (b & 0xF) << 4, b >> 4]) for a, b in pairs)
    body = struct.pack("<BBBHB", 0x40, 0, 0, 132, 4) + bytes(
        [253, 4, 0x86, 0, 2, 0x84, 6, 1, 0x02, 9, 4, 0x86]
    )
    body += struct.pack("<BIHBI", 0, int(START) - 631_065_600, 0, 70, 1_024_000)
    body += struct.pack("<BBBHB", 0x41, 0, 0, 132, 2) + bytes([6, 8, 0x02, 10, 12, 0x0D])
    body += bytes([1, *range(71, 79)]) + packed
    head = struct.pack("<BBHI4sH", 14, 0x20, 2100, len(body), b".FIT", 0)
    path = tmp_path / "swim.fit"
    path.write_bytes(head + body + struct.pack("<H", _crc(head + body)))
    rate, rr = read(path)
    assert rate.data.values.tolist() == list(range(71, 79))
    np.testing.assert_allclose(rr.origin_unix_s + rr.data.times_s, START + ticks[1:] / 1024 - 1000, atol=2e-3)
    np.testing.assert_allclose(rr.data.values, np.diff(ticks) / 1.024, atol=0.1)
