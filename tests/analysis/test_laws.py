"""Laws of the whole pipeline: who is named first, when the clock began and what is missing change nothing else."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from coregulate.analysis import Analysis, analyze
from coregulate.core import Settings
from coregulate.session import Session

SHORT = Settings().changed({"bond.surrogates": 50})


def short(session: Session, start_s: float = 0.0, end_s: float = 660.0) -> Analysis:
    return analyze(session, settings=SHORT, start_s=start_s, end_s=end_s)


@pytest.fixture(scope="module")
def straight(session: Session) -> Analysis:
    return short(session)


def test_swapping_the_two_people_swaps_the_result(session: Session, straight: Analysis) -> None:
    plan = dataclasses.replace(session.plan, people=session.plan.people[::-1])
    swapped = short(Session(session.folder, plan))
    for pid in straight.signals:
        for cue in straight.cues.data_vars:
            if "person" in straight.cues[cue].dims:
                np.testing.assert_array_equal(
                    straight.cues[cue].sel(person=pid), swapped.cues[cue].sel(person=pid), err_msg=str(cue)
                )
        np.testing.assert_allclose(straight.states.sel(person=pid), swapped.states.sel(person=pid), atol=1e-6)
    assert straight.bond.word.verdict == swapped.bond.word.verdict
    there = {(c.measure, c.a_cue): c for c in straight.bond.couplings}
    back = {(c.measure, c.b_cue): c for c in swapped.bond.couplings}
    assert there.keys() == back.keys()
    for key, coupling in there.items():
        assert coupling.value == pytest.approx(back[key].value, abs=1e-9, nan_ok=True)
        assert coupling.lag_s == pytest.approx(-back[key].lag_s, nan_ok=True)
    assert [(e.start_s, e.end_s, e.turn_s, e.repair_by) for e in straight.story.episodes] == [
        (e.start_s, e.end_s, e.turn_s, e.repair_by) for e in swapped.story.episodes
    ]


def test_a_clock_that_is_set_otherwise_changes_nothing(session: Session, straight: Analysis) -> None:
    plan = dataclasses.replace(
        session.plan,
        streams=tuple(dataclasses.replace(s, offset_s=s.offset_s + 50.0) for s in session.plan.streams),
        segments=tuple(
            dataclasses.replace(s, start_s=s.start_s + 50.0, end_s=s.end_s + 50.0)
            for s in session.plan.segments
        ),
    )
    shifted = short(Session(session.folder, plan))
    np.testing.assert_allclose(straight.states, shifted.states, atol=1e-4)
    assert len(straight.story.episodes) == len(shifted.story.episodes)
    for one, other in zip(straight.story.episodes, shifted.story.episodes, strict=True):
        assert (one.start_s, one.end_s) == (other.start_s, other.end_s)


@pytest.mark.parametrize("kind", ["ecg", "respiration", "eda", "audio", "rating", "markers"])
def test_dropping_a_channel_never_raises(session: Session, kind: str) -> None:
    kept = tuple(s for s in session.plan.streams if s.kind != kind)
    assert len(kept) < len(session.plan.streams), {s.kind for s in session.plan.streams}
    analysis = short(Session(session.folder, dataclasses.replace(session.plan, streams=kept)), end_s=200.0)
    assert set(analysis.signals) == {"alex", "sam"}
