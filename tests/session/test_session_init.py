"""What init proposes for real folders, and what open_session makes of session.toml."""

from __future__ import annotations

import shutil
import wave
from pathlib import Path

import numpy as np
import pytest

from coregulate.core import ConsentError, FormatError, InputError
from coregulate.session import (
    PersonPlan,
    SessionPlan,
    open_session,
    propose_session,
    read_plan,
    whole_sessions,
    write_plan,
)


def write_two(folder: Path, *, unix: tuple[float | None, float | None] = (1.7e9, 1.7e9)) -> Path:
    """Two people's breathing at 25 Hz for 20 s, with or without clocks."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, start in zip(("ann", "bo"), unix, strict=True):
        write_breathing(folder / f"{name}_breathing.csv", start or 0)
    return folder


def write_breathing(path: Path, start: float = 1.7e9) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [f"{start + k / 25:.3f},{np.sin(k / 25):.5f}" for k in range(500)]
    path.write_text("timestamp,respiration\n" + "\n".join(rows))


def agreed(plan: SessionPlan) -> SessionPlan:
    people = tuple(PersonPlan(p.id, p.name, p.role, "given") for p in plan.people)
    return SessionPlan(
        plan.name, people, plan.streams, plan.segments, plan.assumptions, {}, plan.start_unix_s
    )


def test_names_in_files_tell_the_two_people(tmp_path: Path) -> None:
    folder = write_two(tmp_path)
    plan = propose_session(folder, folder).plan
    assert [p.name for p in plan.people] == ["Ann", "Bo"]
    assert {s.path: s.person for s in plan.streams} == {"ann_breathing.csv": "ann", "bo_breathing.csv": "bo"}


def test_names_tell_the_two_people_also_where_session_toml_lies_elsewhere(tmp_path: Path) -> None:
    source = write_two(tmp_path / "talk")
    plan = propose_session(source, tmp_path / "elsewhere").plan
    assert {s.path: s.person for s in plan.streams} == {
        "../talk/ann_breathing.csv": "ann",
        "../talk/bo_breathing.csv": "bo",
    }


def test_overlapping_unix_clocks_are_kept_and_time_zero_is_the_earliest_sample(tmp_path: Path) -> None:
    folder = write_two(tmp_path, unix=(1.7e9, 1.7e9 + 4.8))
    plan = propose_session(folder, folder).plan
    assert {s.clock for s in plan.streams} == {"unix"}
    assert plan.start_unix_s == pytest.approx(1.7e9)
    write_plan(agreed(plan), folder)
    session = open_session(folder)
    starts = {s.person: s.data.span.start_s for s in session.streams}
    assert starts["ann"] == pytest.approx(0, abs=1e-3)
    assert starts["bo"] == pytest.approx(4.8, abs=1e-3)
    assert session.duration_s == pytest.approx(20 + 4.8, abs=0.1)


def test_clocks_that_do_not_overlap_are_aligned_and_said(tmp_path: Path) -> None:
    folder = write_two(tmp_path, unix=(1.7e9, 1.7e9 + 9000))
    plan = propose_session(folder, folder).plan
    assert {s.clock for s in plan.streams} == {"aligned"}
    assert [a.code for a in plan.assumptions] == ["assumed_aligned"]
    write_plan(agreed(plan), folder)
    assert all(abs(s.data.span.start_s) < 1e-3 for s in open_session(folder).streams)


def test_the_plan_survives_writing_and_reading(tmp_path: Path) -> None:
    plan = propose_session(write_two(tmp_path), tmp_path).plan
    write_plan(plan, tmp_path)
    assert read_plan(tmp_path) == plan


def test_who_is_who_can_be_said(tmp_path: Path) -> None:
    plan = propose_session(write_two(tmp_path), tmp_path, people={"Zoë Ångström": "bo"}).plan
    assert plan.people[0].name == "Zoë Ångström"
    assert next(s for s in plan.streams if s.path.startswith("bo")).person == plan.people[0].id
    with pytest.raises(InputError, match="Nobody here is called 'carl'"):
        propose_session(tmp_path, tmp_path, people={"C": "carl"})


def test_without_consent_nothing_runs(tmp_path: Path) -> None:
    write_plan(propose_session(write_two(tmp_path), tmp_path).plan, tmp_path)
    with pytest.raises(ConsentError, match="have not agreed"):
        open_session(tmp_path).require_consent()


def test_a_folder_without_session_toml_names_the_cure(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="coregulate init"):
        open_session(tmp_path)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("colour = 1", "'colour' is not known"),
        ("format = 7", "format is 7"),
        ("name = ", "not valid TOML"),
        ('[[streams]]\nperson = "x"\nkind = "ecg"\npath = "a"', "not in people"),
        ('[[segments]]\nname = "n"\nstart_s = 5\nend_s = 1', "ends at 1"),
    ],
)
def test_a_broken_session_toml_is_named_with_its_cure(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "session.toml").write_text(line if "format" in line else f"format = 1\n{line}")
    with pytest.raises(FormatError, match=message):
        read_plan(tmp_path)


def test_one_unreadable_stream_of_two_is_a_notice(tmp_path: Path) -> None:
    write_plan(agreed(propose_session(write_two(tmp_path), tmp_path).plan), tmp_path)
    (tmp_path / "bo_breathing.csv").write_bytes(b"")
    session = open_session(tmp_path)
    assert [s.person for s in session.streams] == ["ann"]
    assert any(n.code == "stream_unreadable" and "bo_breathing" in n.where for n in session.notices)


def test_the_same_file_for_both_is_a_notice(tmp_path: Path) -> None:
    plan = agreed(propose_session(write_two(tmp_path), tmp_path).plan)
    first = plan.streams[0]
    second = type(first)("bo", first.kind, first.path, first.part, first.clock, first.offset_s)
    write_plan(SessionPlan(plan.name, plan.people, (first, second), start_unix_s=plan.start_unix_s), tmp_path)
    assert any(n.code == "same_for_both" for n in open_session(tmp_path).notices)


def test_a_copy_of_the_others_file_is_a_notice(tmp_path: Path) -> None:
    folder = write_two(tmp_path, unix=(1.7e9, 1.7e9 + 4.8))
    write_plan(agreed(propose_session(folder, folder).plan), folder)
    assert open_session(folder).notices == ()
    (folder / "bo_breathing.csv").unlink()
    shutil.copy(folder / "ann_breathing.csv", folder / "bo_breathing.csv")
    (notice,) = [n for n in open_session(folder).notices if n.code == "same_for_both"]
    assert notice.where == "ann_breathing.csv and bo_breathing.csv"


@pytest.mark.parametrize("content", [b"", bytes(range(256)) * 8])
def test_a_file_that_cannot_be_read_is_named_in_each_analysis(tmp_path: Path, content: bytes) -> None:
    folder = write_two(tmp_path)
    (folder / "bo_breathing.csv").write_bytes(content)
    write_plan(agreed(propose_session(folder, folder).plan), folder)
    assert [n.where for n in open_session(folder).notices] == ["bo_breathing.csv"]


@pytest.fixture
def copied(data_dir: Path, tmp_path: Path):
    def copy(*names: str) -> Path:
        for name in names:
            source = data_dir / name
            if source.is_dir():
                shutil.copytree(source, tmp_path / source.name)
            else:
                shutil.copy(source, tmp_path / source.name)
        return tmp_path

    return copy


def test_two_movesense_sensors_need_no_editing(data_dir: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(data_dir / "dyad_ecg", tmp_path / "dyad")
    plan = propose_session(folder, folder).plan
    used = [s for s in plan.streams if s.use and s.kind == "ecg"]
    assert sorted(s.person for s in used) == ["234130000540", "234130000594"]
    assert {s.clock for s in used} == {"unix"}
    assert not plan.assumptions
    video = next(s for s in plan.segments if s.name == "VideoAnnotation")
    assert video.start_s == pytest.approx(190.497, abs=0.01)
    assert video.end_s == pytest.approx(734.487, abs=0.01)


def test_coded_talk_has_a_person_for_each_letter(copied) -> None:
    folder = copied("conflict/low-satisfaction-dyad.txt")
    plan = propose_session(folder, folder).plan
    assert {(s.person, s.kind) for s in plan.streams} == {("p", "codes"), ("a", "codes")}


def test_strangers_are_aligned_by_assumption(copied) -> None:
    folder = copied("stress/S02", "stress/S03")
    plan = propose_session(folder, folder).plan
    assert [p.name for p in plan.people] == ["S02", "S03"]
    assert any(a.code == "assumed_aligned" and "do not overlap" in a.text for a in plan.assumptions)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(12, 91, (0, 100)), (0.1, 0.9, (0, 1)), (1, 9, (1, 9)), (-40, 60, (-40, 60))],
)
def test_both_ratings_share_one_proposed_range(
    tmp_path: Path, low: float, high: float, expected: tuple
) -> None:
    for name, values in (
        ("ann", np.linspace(low, (low + high) / 2, 60)),
        ("bo", np.linspace((low + high) / 2, high, 60)),
    ):
        rows = "\n".join(f"{t},{v:.4f}" for t, v in enumerate(values))
        (tmp_path / f"{name}_dial.csv").write_text(f"time_s,felt_safe\n{rows}\n")
    plan = propose_session(tmp_path, tmp_path).plan
    assert {s.range for s in plan.streams} == {tuple(map(float, expected))}
    assert any(a.code == "assumed_range" for a in plan.assumptions)


def test_a_nameless_file_beside_one_person_is_the_other_ones(tmp_path: Path) -> None:
    write_breathing(tmp_path / "alice" / "belt.csv")
    write_breathing(tmp_path / "p100.csv")
    assert [p.name for p in propose_session(tmp_path, tmp_path).plan.people] == ["Alice", "p100"]


def test_a_file_named_after_its_kind_is_not_taken_for_a_person(tmp_path: Path) -> None:
    write_breathing(tmp_path / "alice" / "belt.csv")
    write_breathing(tmp_path / "breathing.csv")
    assert [p.name for p in propose_session(tmp_path, tmp_path).plan.people] == ["Alice", "Person B"]


def test_files_of_two_people_are_a_session_each_only_where_they_hold_the_same(tmp_path: Path) -> None:
    for name in ("monday", "tuesday"):
        rows = "".join(f"{k}\tP Neutral\tA Anger\n" for k in range(90))
        (tmp_path / f"{name}.txt").write_text(rows)
    both = [tmp_path / "monday.txt", tmp_path / "tuesday.txt"]
    assert whole_sessions(both) == both
    (tmp_path / "speech.rttm").write_text(
        "SPEAKER t 1 0.0 9.0 <NA> <NA> P <NA> <NA>\nSPEAKER t 1 9.0 9.0 <NA> <NA> A <NA> <NA>\n"
    )
    # Codes and speech of the same two are one session.
    assert whole_sessions([both[0], tmp_path / "speech.rttm"]) == []
    (tmp_path / "notes.csv").write_text("time,remark_count\n" + "".join(f"{t},{t % 3}\n" for t in range(90)))
    assert whole_sessions([*both, tmp_path / "notes.csv"]) == both


@pytest.mark.parametrize("unix", [True, False])
def test_an_elan_file_lies_beside_the_sound_that_it_was_made_on(tmp_path: Path, unix: bool) -> None:
    """ELAN looks for its time t at t + TIME_ORIGIN in a recording, as its players' source says."""
    pympi = pytest.importorskip("pympi")
    folder = write_two(tmp_path, unix=(1.7e9, 1.7e9 + 4.8) if unix else (None, None))
    with wave.open(str(folder / "room.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(np.random.default_rng(0).integers(-999, 999, 160_000, dtype=np.int16).tobytes())
    talk = pympi.Elan.Eaf()
    talk.add_linked_file("file:///C:/films/room.wav", mimetype="audio/x-wav", time_origin=2500)
    talk.add_tier("ann codes")
    talk.add_annotation("ann codes", 1000, 3000, "joy")
    talk.to_file(str(folder / "talk.eaf"))
    plan = propose_session(folder, folder).plan
    at = {s.path: s.offset_s for s in plan.streams if s.kind in ("codes", "audio")}
    assert at["talk.eaf"] == pytest.approx(at["room.wav"] + 2.5)
    told = next(a for a in plan.assumptions if a.code == "clock_of_media")
    assert "second 0 is second 2.5 of" in told.text
    assert not any("talk.eaf" in a.where for a in plan.assumptions if a.code == "assumed_aligned")


def test_a_stream_whose_damaged_times_span_years_is_left_out_and_named(tmp_path: Path) -> None:
    folder = write_two(tmp_path)
    with (folder / "bo_breathing.csv").open("a") as file:
        file.write("\n1900000000.0,0.5")
    write_plan(agreed(propose_session(folder, folder).plan), folder)
    session = open_session(folder)
    assert session.duration_s < 21
    told = next(n for n in session.notices if n.code == "stream_unreadable")
    assert told.where == "bo_breathing.csv"
    assert "no session is longer than two" in told.text


def write_clocked(path: Path, start_s: int, *, on: str = "") -> None:
    """Breathing at one sample a second, each with the time of day, and the date where one is given."""
    times = [start_s + k for k in range(300)]
    waves = [f"{np.sin(t):.4f}".replace(".", ",") for t in times]
    rows = [
        f"{on}{t // 3600:02d}:{t // 60 % 60:02d}:{t % 60:02d};{w}" for t, w in zip(times, waves, strict=True)
    ]
    path.write_text("Zeit;Atmung\n" + "\n".join(rows))


def test_times_of_day_lie_by_the_clock_on_the_wall(tmp_path: Path) -> None:
    write_clocked(tmp_path / "ann.csv", 14 * 3600)
    write_clocked(tmp_path / "bo.csv", 14 * 3600 + 40)
    plan = propose_session(tmp_path, tmp_path).plan
    assert any("the same day" in a.text for a in plan.assumptions)
    write_plan(agreed(plan), tmp_path)
    spans = {s.person: s.data.span for s in open_session(tmp_path).streams}
    assert (spans["ann"].start_s, spans["bo"].start_s) == (0, 40)


def test_times_of_day_beside_a_file_that_counts_from_its_begin_start_with_it(tmp_path: Path) -> None:
    write_clocked(tmp_path / "ann.csv", 14 * 3600)
    write_breathing(tmp_path / "bo.csv", 0)
    write_plan(agreed(propose_session(tmp_path, tmp_path).plan), tmp_path)
    assert [s.data.span.start_s for s in open_session(tmp_path).streams] == [0, 0]


def test_times_of_day_with_their_date_meet_unix_times(tmp_path: Path) -> None:
    write_clocked(tmp_path / "ann.csv", 22 * 3600 + 13 * 60 + 30, on="14.11.2023 ")
    write_breathing(tmp_path / "bo.csv")  # 1.7e9: 22:13:20 of that day
    write_plan(agreed(propose_session(tmp_path, tmp_path).plan), tmp_path)
    assert {s.person: s.data.span.start_s for s in open_session(tmp_path).streams} == {"ann": 10, "bo": 0}


@pytest.mark.parametrize(
    ("names", "owners"),
    [
        (["Kim_teil1", "Kim_teil2", "Alex_1"], ["kim", "kim", "alex"]),
        (["1730658600_A0123 Lea", "1730658600_A0456 Tom"], ["lea", "tom"]),
        (["couple 7/Jörg Messung", "couple 7/Käthe Messung"], ["jörg", "käthe"]),
        (["ann_ecg", "ann_eda", "bo_ecg", "bo_eda"], ["ann", "ann", "bo", "bo"]),
        (["ann/chest", "bo/chest"], ["ann", "bo"]),
        (["P01_talk", "P02_talk"], ["p01", "p02"]),
        (["2024-11-03/rr_P01", "2024-11-03/rr_P02"], ["p01", "p02"]),
        (["Polar/Anna/rr", "Polar/Ben/rr"], ["anna", "ben"]),
    ],
)
def test_names_tell_who_among_pieces_numbers_and_folders(
    tmp_path: Path, names: list[str], owners: list[str]
) -> None:
    for k, name in enumerate(names):
        write_breathing(tmp_path / f"{name}.csv", 1.7e9 + 100 * (name == "Kim_teil2") + k / 7)
    plan = propose_session(tmp_path, tmp_path).plan
    assert [dict((s.path, s.person) for s in plan.streams)[f"{name}.csv"] for name in names] == owners


def test_a_range_in_the_header_is_declared(tmp_path: Path) -> None:
    for who in ("ann", "bo"):
        (tmp_path / f"{who}.csv").write_text(
            "time_s,felt safe (0-10)\n" + "".join(f"{t},{3 + t % 4}\n" for t in range(90))
        )
    plan = propose_session(tmp_path, tmp_path).plan
    assert [s.range for s in plan.streams] == [(0, 10), (0, 10)]
    assert not any(a.code == "assumed_range" for a in plan.assumptions)


def test_what_is_not_a_recording_says_why_and_what_the_system_keeps_is_passed_over(tmp_path: Path) -> None:
    write_two(tmp_path)
    (tmp_path / "Thumbs.db").write_bytes(b"\x00\x01")
    (tmp_path / "old.xls").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600))
    told = {p.where: p.text for p in propose_session(tmp_path, tmp_path).problems}
    assert told.keys() == {"old.xls"}
    assert "Save a table as .xlsx" in told["old.xls"]


@pytest.mark.parametrize(
    ("by_s", "moved"), [(3605, True), (3605 - 2 * 3600, True), (20 * 3600, False), (1800, False)]
)
def test_a_clock_of_another_zone_meets_the_other_one(tmp_path: Path, by_s: int, moved: bool) -> None:
    write_breathing(tmp_path / "ann.csv", 1_700_000_000)  # 22:13:20 of 14 November
    day = 14 if 80_000 + by_s < 86400 else 15
    write_clocked(tmp_path / "bo.csv", (80_000 + by_s) % 86400, on=f"{day}.11.2023 ")
    plan = propose_session(tmp_path, tmp_path).plan
    assert any(a.code == "assumed_other_zone" for a in plan.assumptions) == moved
    write_plan(agreed(plan), tmp_path)
    spans = {s.person: s.data.span.start_s for s in open_session(tmp_path).streams}
    assert spans == ({"ann": 0, "bo": 5} if moved else {"ann": 0, "bo": 0})


@pytest.mark.parametrize(
    ("begun", "at_s"), [("2023-11-14T22:13:25Z", 5.0), ("2024-02-01T10:00:00Z", 0.0), ("", 0.0)]
)
def test_a_film_lies_where_its_file_says_that_it_began(tmp_path: Path, begun: str, at_s: float) -> None:
    import av

    write_two(tmp_path)
    with av.open(str(tmp_path / "IMG_0412.mov"), "w") as film:
        if begun:
            film.metadata["creation_time"] = begun
        track = film.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000 * 12), np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        film.mux([*track.encode(frame), *track.encode(None)])
    plan = propose_session(tmp_path, tmp_path).plan
    (sound,) = [s for s in plan.streams if s.kind == "audio"]
    assert (sound.clock, sound.offset_s) == ("aligned", at_s)
    codes = {a.code for a in plan.assumptions if a.where.startswith("IMG_0412")}
    assert ("assumed_begun" in codes, "assumed_aligned" in codes) == (at_s > 0, at_s == 0)
