"""Where nothing ties two clocks, how they move each other is not computed, and the reason is said."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from coregulate.analysis import analyze, inspect_session
from coregulate.core import Settings
from coregulate.session import open_session, propose_session, write_plan


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("alex", "kim"):
        dial = np.clip(50 + np.cumsum(rng.normal(size=900)), 0, 100)
        rows = "\n".join(f"{k},{v:.2f}" for k, v in enumerate(dial))
        (tmp_path / f"{name}_dial.csv").write_text("time_s,felt_safe\n" + rows)
    return tmp_path


def opened(folder, clock):
    plan = propose_session(folder, folder).plan
    people = tuple(dataclasses.replace(p, consent="given") for p in plan.people)
    streams = tuple(dataclasses.replace(s, clock=clock) for s in plan.streams)
    write_plan(dataclasses.replace(plan, people=people, streams=streams), folder)
    return open_session(folder)


def test_no_tie_no_coupling(folder):
    settings = Settings().changed({"bond.surrogates": 50})
    analysis = analyze(opened(folder, "none"), settings=settings)
    assert not analysis.bond.couplings
    assert [n.where for n in analysis.notices if n.code == "clocks_untied"] == ["felt_safe"]
    assert any(
        "nothing ties the two clocks" in line for line in inspect_session(opened(folder, "none"))["cannot"]
    )


def test_an_assumption_that_is_written_down_is_a_tie(folder):
    facts = inspect_session(opened(folder, "aligned"))
    assert any("how both move each other: own rating" in line for line in facts["can"])
    assert not any("nothing ties" in line for line in facts["cannot"])


def test_inspect_says_in_which_share_of_the_session_each_thing_is_known(tmp_path):
    for name, n in (("ann", 400), ("bo", 100)):
        rows = "".join(f"{1_700_000_000 + k},{50 + 20 * np.sin(k / 30):.1f}\n" for k in range(n))
        (tmp_path / f"{name}_dial.csv").write_text(f"timestamp,felt_safe\n{rows}")
    write_plan(propose_session(tmp_path, tmp_path).plan, tmp_path)
    can = inspect_session(open_session(tmp_path))["can"]
    assert can[:2] == ["Ann: own rating (100% of the session)", "Bo: own rating (25% of the session)"]


def test_inspect_says_what_each_stream_gives_and_how_good_it_was(tmp_path):
    seconds = np.arange(3000) / 10
    for name in ("ann", "bo"):
        rows = "".join(f"{t:.1f},{np.sin(2 * np.pi * t / 4):.4f}\n" for t in seconds)
        (tmp_path / f"{name}.csv").write_text("time_s,respiration\n" + rows)
    write_plan(propose_session(tmp_path, tmp_path).plan, tmp_path)
    streams = inspect_session(open_session(tmp_path))["streams"]
    assert [s["used"] for s in streams] == ["respiration_rate", "respiration_rate"]
    assert all(s["quality"] > 0.9 for s in streams)
