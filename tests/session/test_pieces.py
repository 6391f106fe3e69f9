"""A recording that was paused, a sensor that came late, a battery that died."""

from __future__ import annotations

import numpy as np
import pytest

from coregulate.core import Samples
from coregulate.session import open_session, propose_session, write_plan

START = 1_700_000_000.0


def write(path, start, n, seed=0):
    t = START + start + np.arange(n) / 100
    v = np.sin(2 * np.pi * 1.2 * (t - START)) + 0.01 * np.random.default_rng(seed).normal(size=n)
    path.write_text("timestamp,ecg\n" + "\n".join(f"{a:.3f},{b:.4f}" for a, b in zip(t, v, strict=True)))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "alex").mkdir()
    (tmp_path / "kim").mkdir()
    write(tmp_path / "alex" / "ecg_1.csv", 0.0, 3000)
    write(tmp_path / "alex" / "ecg_2.csv", 45.0, 3000)  # paused for 15 s
    write(tmp_path / "kim" / "ecg.csv", 20.0, 2000)  # late, and it ends early
    return tmp_path


def test_pieces_of_a_paused_recording_are_one_stream_with_a_gap(folder):
    write_plan(propose_session(folder, folder).plan, folder)
    session = open_session(folder)
    alex, kim = session.streams
    assert isinstance(alex.data, Samples)
    assert len(alex.data.times_s) == 6000
    assert float(np.diff(alex.data.times_s).max()) == pytest.approx(15.01)
    assert (alex.person, alex.data.span.end_s) == ("alex", pytest.approx(74.99))
    assert kim.data.span.start_s == pytest.approx(20.0)
    assert "pieces_joined" in {n.code for n in session.notices}


def test_two_sensors_at_once_stay_two(folder):
    write(folder / "alex" / "ecg_2.csv", 10.0, 3000)
    write_plan(propose_session(folder, folder).plan, folder)
    assert len(open_session(folder).streams) == 3


def test_a_drifting_clock_stretches_time(folder):
    import dataclasses

    plan = propose_session(folder, folder).plan
    streams = [dataclasses.replace(s, drift_ppm=1000.0) if s.person == "kim" else s for s in plan.streams]
    write_plan(dataclasses.replace(plan, streams=tuple(streams)), folder)
    kim = open_session(folder).streams[-1]
    assert kim.clock.drift_ppm == 1000.0
    assert kim.data.span.duration_s == pytest.approx(20.0 * 1.001)
