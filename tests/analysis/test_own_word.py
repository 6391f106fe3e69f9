"""Why, corrections, histories, learning and sensitivity, on whole sessions."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest

from coregulate.analysis import (
    Analysis,
    analyze,
    learn_of_group,
    learn_of_person,
    load_analysis,
    sensitivity,
)
from coregulate.core import FormatError, InputError, Settings
from coregulate.cues import STATES
from coregulate.session import (
    CorrectionPlan,
    Session,
    add_correction,
    open_session,
    propose_session,
    read_person_file,
    write_person_file,
    write_plan,
)

QUICK = Settings().changed({"bond.surrogates": 20})


@pytest.fixture
def small(session: Session, tmp_path: Path) -> Session:
    """The simulated talk with hearts and dials only."""
    for stream in session.plan.streams:
        if stream.path.endswith(("ecg.csv", "felt_safe.csv")):
            shutil.copy(session.folder / stream.path, tmp_path / stream.path)
    streams = tuple(s for s in session.plan.streams if s.path.endswith(("ecg.csv", "felt_safe.csv")))
    write_plan(dataclasses.replace(session.plan, streams=streams), tmp_path)
    return open_session(tmp_path)


def edited(session: Session, **changes) -> Session:
    """Let the first person of a session say something more."""
    first, *others = session.plan.people
    plan = dataclasses.replace(session.plan, people=(dataclasses.replace(first, **changes), *others))
    write_plan(plan, session.folder)
    return open_session(session.folder)


def test_why_adds_up_to_what_the_model_used(analysis: Analysis) -> None:
    pid = analysis.session.people[0].id
    for second in (0, 100, 560, 900):
        why = analysis.why(pid, second + 0.5)
        used = analysis.circuits.evidence.sel(person=pid, time=second).sum("cue").values
        summed = [sum(row.nats[s] for row in why.rows) for s in STATES]
        np.testing.assert_allclose(summed, used, atol=1e-5)
        np.testing.assert_allclose([why.total[s] for s in STATES], used, atol=1e-5)
        odds = np.array([why.before[s] + why.total[s] + why.after[s] for s in STATES])
        np.testing.assert_allclose(odds, [why.odds[s] for s in STATES], atol=1e-9)
        # Log odds against the others' average differ from log probabilities by one factor and one constant.
        p = np.exp(odds * 4 / 5)
        np.testing.assert_allclose(
            p / p.sum(), analysis.states.sel(person=pid, time=second).values, atol=1e-9
        )


def test_why_is_a_sentence_with_a_reason_and_never_finer_than_the_channels(analysis: Analysis) -> None:
    person = analysis.session.people[0]
    why = analysis.why(person.name, 560)
    assert why.sentence.startswith(f"At 9:20 {person.name} reads as ")
    assert "in the 20 s around" in why.sentence
    assert why.told in analysis.circuits.supported[person.id].groups
    assert str(why).count("\n") == 2 * len(why.rows) + 7
    with pytest.raises(InputError, match="nobody called 'Kim'"):
        analysis.why("Kim", 10)
    with pytest.raises(InputError, match="not in the session"):
        analysis.why(person.id, 1e6)


def test_why_says_that_it_does_not_know(analysis: Analysis) -> None:
    pid = analysis.session.people[0].id
    unmarked = analysis.circuits.supported[pid]._replace(level_known=False)
    circuits = analysis.circuits._replace(supported={**analysis.circuits.supported, pid: unmarked})
    why = dataclasses.replace(analysis, circuits=circuits).why(pid, 560)
    assert "it is not known" in why.sentence
    assert why.told == ()


def test_a_correction_is_added_to_the_file_and_wins(small: Session) -> None:
    pid = small.people[0].id
    file = small.folder / "session.toml"
    file.write_text(file.read_text() + "\n# a note of ours\n")
    for start_s, was in ((300.0, "unsafe"), (900.0, "shutdown")):
        add_correction(CorrectionPlan(pid, start_s, start_s + 40.0, was), small.folder)
    assert "# a note of ours" in file.read_text()
    found = analyze(open_session(small.folder), settings=QUICK, end_s=1100)
    states = found.states.sel(person=pid)
    assert states.sel(time=slice(305, 335), state=["fight_flight", "shutdown"]).sum("state").mean() > 0.6
    assert found.summary["personal"][pid]["corrections"] == 2
    assert [n.where for n in found.notices if n.code == "corrected"] == [pid]
    with pytest.raises(InputError, match="names 'rage'"):
        analyze(_with_word(small.folder, CorrectionPlan(pid, 1.0, 2.0, "rage")), settings=QUICK)
    with pytest.raises(FormatError, match="says nothing"):
        add_correction(CorrectionPlan(pid, 1.0, 2.0), small.folder)
    with pytest.raises(FormatError, match="not in people"):
        add_correction(CorrectionPlan("kim", 1.0, 2.0, "play"), small.folder)


def _with_word(folder: Path, correction: CorrectionPlan) -> Session:
    add_correction(correction, folder)
    return open_session(folder)


def test_a_history_is_shown_beside_the_result_without_it_and_taking_it_out_takes_it_back(
    small: Session,
) -> None:
    pid = small.people[0].id
    plain = analyze(small, settings=QUICK, end_s=600)
    told = analyze(edited(small, history=("Goes quiet early",)), settings=QUICK, end_s=600)
    beside = told.summary["personal"][pid]
    assert beside["states_without_history"] == pytest.approx(plain.summary["states"][pid])
    assert told.summary["states"][pid]["safe"] < plain.summary["states"][pid]["safe"]
    assert any(n.code == "history" and "without" in n.text for n in told.notices)
    again = analyze(edited(small, history=()), settings=QUICK, end_s=600)
    np.testing.assert_array_equal(again.states.values, plain.states.values)
    with pytest.raises(InputError, match=r"settles slowly.*session\.toml"):
        analyze(edited(small, history=("is difficult",)), settings=QUICK)


def test_what_was_learned_is_kept_used_and_forgotten(
    analysis: Analysis, small: Session, tmp_path: Path
) -> None:
    person = small.people[0]
    kept = load_analysis(analysis.save(tmp_path / "kept"))
    assert kept.circuits.learned == analysis.circuits.learned
    # The simulated show as the table says: somebody whose heart is quick while they feel safe.
    quick = kept.cues.assign(heart_period=kept.cues.heart_period - 1.5 * (kept.cues.felt_safe > 0.5))
    learned = learn_of_person([dataclasses.replace(kept, cues=quick)], person.name)
    assert learned.score_after > learned.score_before
    assert learned.labelled_s > 600
    file = write_person_file(learned, small.folder / "alex.toml")
    again = read_person_file(file)
    assert again.shift["heart_period"] == pytest.approx(learned.shift["heart_period"], abs=1e-4)
    plain = analyze(small, settings=QUICK, end_s=600)
    known = analyze(edited(small, learned="alex.toml"), settings=QUICK, end_s=600)
    assert known.summary["personal"][person.id]["learned_before"]
    assert known.summary["key"] != plain.summary["key"]
    assert any(i["path"] == "alex.toml" for i in known.summary["inputs"])
    assert np.nanmax(np.abs((known.states - plain.states).sel(person=person.id))) > 0.01
    file.unlink()
    with pytest.raises(InputError, match="take 'learned' out"):
        analyze(small.__class__(small.folder, open_session(small.folder).plan), settings=QUICK)


def test_a_group_is_learned_from_analyses(analysis: Analysis) -> None:
    group = learn_of_group([analysis])
    assert group.name == "group of 2"
    assert np.abs([x for by in group.shift.values() for x in by.values()]).max() < 1.0
    with pytest.raises(InputError, match="nobody called 'Kim'"):
        learn_of_person([analysis], "Kim")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("format = 2", "format 2"),
        ('format = 1\nname = "A"\nscore = 1', "key 'score'"),
        ('format = 1\nname = "A"\nshift = 3', "not whole"),
        ("format = ", "TOML"),
    ],
)
def test_a_damaged_persons_file_is_said(tmp_path: Path, text: str, what: str) -> None:
    file = tmp_path / "alex.toml"
    file.write_text(text)
    with pytest.raises(FormatError, match=what):
        read_person_file(file)


def test_sensitivity_finds_what_the_result_rests_on(small: Session) -> None:
    settings = QUICK.changed({"circuits.sensitivity": 1})
    found = analyze(small, settings=settings, end_s=600)
    rows = found.summary["sensitivity"]
    assert rows == [c._asdict() for c in sensitivity(found)]
    by = {(r["what"], r["change"]): r["moved"] for r in rows}
    assert ("means of heart_period", "doubled") in by
    assert by[("channel rating", "left out")] > by[("circuits.kappa_log_sd", "halved")] >= 0
    moved = [r["moved"] for r in rows]
    assert moved == sorted(moved, reverse=True)


def test_tapped_moments_are_a_persons_word_on_the_seconds_before(session: Session, tmp_path: Path) -> None:
    """Marks in a person's own file, found as init finds them; the other person's are not theirs."""
    for name in ("alex_ecg.csv", "sam_ecg.csv", "markers.csv"):
        shutil.copy(session.folder / name, tmp_path / name)
    start = float((tmp_path / "alex_ecg.csv").read_text().splitlines()[1].split(",")[0])
    taps = [(t, "not safe") for t in range(300, 340, 4)] + [(800, "that was play"), (820, "button")]
    rows = "".join(f"{start + t:.3f},{text}\n" for t, text in taps)
    (tmp_path / "alex_taps.csv").write_text("timestamp,event\n" + rows)
    plan = propose_session(tmp_path, tmp_path).plan
    people = tuple(dataclasses.replace(p, consent="elsewhere") for p in plan.people)
    write_plan(dataclasses.replace(plan, people=people), tmp_path)
    found = analyze(open_session(tmp_path), settings=QUICK, end_s=1100)
    alex, sam = (found.personal[p] for p in ("alex", "sam"))
    assert [t.time_s for t in alex.taps[:2]] == [300.0, 304.0]
    assert [t.was_not for t in alex.taps] == ["safe"] * 10 + [""]
    assert alex.taps[-1].was == "play"
    assert sam.taps == sam.corrections == ()
    late = found.summary["personal"]["alex"]["tap_lag_s"]
    assert 0.0 <= late["low"] < late["value"] < late["high"] <= 8.0
    assert found.summary["personal"]["sam"]["tap_lag_s"] is None
    kept = load_analysis(found.save(tmp_path / "kept")).circuits
    assert kept.tap_lag_s["alex"].value == late["value"]
    states = found.states.sel(person="alex")
    assert states.sel(time=slice(300, 335), state=["fight_flight", "shutdown"]).sum("state").mean() > 0.9
    assert states.sel(time=slice(797, 800), state="play").mean() > 0.6
    (stream,) = [s for s in found.summary["streams"] if s["path"] == "alex_taps.csv"]
    assert stream["used"] == "corrections"
