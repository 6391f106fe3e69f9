"""The whole pipeline on real recordings that nobody here made, through init's own proposal."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest

from coregulate.analysis import Analysis, analyze
from coregulate.core import Settings
from coregulate.session import SegmentPlan, open_session, propose_by, propose_session, write_plan
from coregulate.writers import terminal_summary

QUICK = Settings().changed({"bond.surrogates": 100})
WORDS = ("co-regulating", "co-dysregulating")


def run(folder: Path, *segments: SegmentPlan, source: Path | None = None) -> Analysis:
    plan = propose_session(source or folder, folder).plan
    people = tuple(dataclasses.replace(p, consent="elsewhere") for p in plan.people)
    write_plan(dataclasses.replace(plan, people=people, segments=(*plan.segments, *segments)), folder)
    return analyze(open_session(folder), settings=QUICK)


def copied(data_dir: Path, tmp_path: Path, *names: str) -> Path:
    for name in names:
        source = data_dir / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / source.name)
    return tmp_path


def test_two_movesense_sensors_and_a_pause(data_dir: Path, tmp_path: Path) -> None:
    analysis = run(Path(shutil.copytree(data_dir / "dyad_ecg", tmp_path / "dyad")))
    facts = analysis.summary
    assert facts["bond"]["verdict"] == "undetermined"
    assert facts["bond"]["reason"] == "too short"
    assert facts["bond"]["common_s"] == pytest.approx(569, abs=15)
    for pid in analysis.signals:
        heart = analysis.signals[pid]["heart_period"]
        paused = (heart.times_s > 30) & (heart.times_s < 170)
        assert not np.isfinite(heart.values[paused]).any()
    assert not facts["episodes"]


def test_a_coded_conflict_is_mostly_off_track(data_dir: Path, tmp_path: Path) -> None:
    analysis = run(copied(data_dir, tmp_path, "conflict/low-satisfaction-dyad.txt"))
    off = sum(e.end_s - e.start_s for e in analysis.story.episodes)
    assert off > 0.5 * analysis.session.duration_s
    minutes = [minute for minute, _ in analysis.story.minutes]
    # Counted from 1, the sixth minute is the worst and the seventh in the calmer half.
    assert minutes[-1] == 5
    withdrawn = {(w.person, round(w.start_s), round(w.end_s)) for w in analysis.story.withdrawals}
    assert withdrawn == {("a", 367, 374), ("a", 586, 595)}
    p = analysis.states.sel(person="a", state="shutdown").values
    assert max(p[367:374].max(), p[586:595].max()) == pytest.approx(np.nanmax(p))


def test_two_voices_with_word_times(data_dir: Path, tmp_path: Path) -> None:
    analysis = run(Path(shutil.copytree(data_dir / "conversation" / "two_tracks", tmp_path / "two")))
    spoken = {pid: sum(x.end_s - x.start_s for x in t["speech"].labels) for pid, t in analysis.tracks.items()}
    assert spoken["a"] == pytest.approx(32.05, rel=0.1)
    assert spoken["b"] == pytest.approx(11.40, rel=0.1)
    assert "f0" in analysis.summary["cues"]["a"]


def test_one_microphone_with_a_speaker_annotation(data_dir: Path, tmp_path: Path) -> None:
    analysis = run(copied(data_dir, tmp_path, "conversation/sample.wav", "conversation/sample.rttm"))
    assert all("f0" in names for names in analysis.summary["cues"].values())


def test_therapy_and_discussion_motion_energy(data_dir: Path, tmp_path: Path) -> None:
    for name in ("therapy/motion_energy/200_01.txt", "discussion/motion_energy/MEA_video16.txt"):
        folder = tmp_path / Path(name).stem
        folder.mkdir()
        analysis = run(folder, source=data_dir / name)
        assert analysis.summary["bond"]["primary"]["cue"] == "motion_energy"
        assert any(w["code"] == "assumed_rate" for w in analysis.summary["warnings"])
        assert analysis.summary["bond"]["verdict"] not in WORDS
        assert not analysis.summary["supported"][next(iter(analysis.signals))]["level_known"]


def test_couples_dials_support_safety_and_nothing_finer(data_dir: Path, tmp_path: Path) -> None:
    proposals = propose_by(data_dir / "couples" / "rties_dial.csv.gz", "couple", tmp_path)
    assert len(proposals) == 80
    plan = proposals[0][1].plan
    folder = tmp_path / "couple"
    folder.mkdir()
    people = tuple(dataclasses.replace(p, consent="elsewhere") for p in plan.people)
    write_plan(dataclasses.replace(plan, people=people), folder)
    shutil.copy(data_dir / "couples" / "rties_dial.csv.gz", tmp_path / "rties_dial.csv.gz")
    written = (folder / "session.toml").read_text()
    for stream in plan.streams:
        written = written.replace(stream.path, "../rties_dial.csv.gz")
    (folder / "session.toml").write_text(written)
    analysis = analyze(open_session(folder), settings=QUICK)
    for pid, means in analysis.summary["states"].items():
        assert 0 < means["safe"] < 1
        assert not np.isfinite(means["mobilized"])
        assert {frozenset(g) for g in analysis.summary["supported"][pid]["told_apart"]} == {
            frozenset(("social", "play", "still")),
            frozenset(("fight_flight", "shutdown")),
        }


@pytest.fixture(scope="module")
def stress(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(data_dir, tmp_path_factory.mktemp("stress"), "stress/S02", "stress/S03")


def test_strangers_in_the_same_task(stress: Path) -> None:
    analysis = run(stress)
    facts = analysis.summary
    assert facts["bond"]["verdict"] not in WORDS
    assert facts["bond"]["reason"]
    assert any(w["code"] == "shared_input" for w in facts["warnings"])
    assert not any(s["level_known"] for s in facts["supported"].values())
    assert any("level is not known" in text for text in facts["not_known"])
    # Both wristbands write an IBI.csv: which is meant is said, and people go by their names.
    told = terminal_summary(analysis)
    assert "S02 IBI.csv: " in told
    assert "S03 IBI.csv: " in told
    assert "  - S02: heart: " in told


def test_the_interview_moves_them_more_than_the_rest_after_it(stress: Path) -> None:
    # From the clock log of the recordings, in seconds from each one's first sample.
    phases = {
        "s02": {"baseline": (0, 546), "interview": (1206, 1866), "relax": (1866, 2166)},
        "s03": {"baseline": (0, 348), "interview": (1068, 1608), "relax": (1608, 1908)},
    }
    segments = [
        SegmentPlan(name, start, end, pid, "rest" if name == "baseline" else "")
        for pid, own in phases.items()
        for name, (start, end) in own.items()
    ]
    analysis = run(stress, *segments)
    moved = {
        (s["name"], s["person"]): s["states"][s["person"]]["mobilized"] for s in analysis.summary["segments"]
    }
    for pid in phases:
        assert moved["interview", pid] > moved["relax", pid]


def test_strangers_who_never_met(data_dir: Path, tmp_path: Path) -> None:
    names = ["formats/empatica_e4/sample_e4_data.zip", *(f"heart/100.{x}" for x in ("hea", "dat", "atr"))]
    analysis = run(copied(data_dir, tmp_path, *names))
    assert analysis.summary["bond"]["verdict"] not in WORDS
    assert any(w["code"] == "assumed_aligned" for w in analysis.summary["warnings"])
