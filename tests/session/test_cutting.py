"""A watch keeps years: what lies within the session is cut out of its export, or it is said how to."""

from __future__ import annotations

import dataclasses
import re
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from coregulate.core import FormatError, InputError
from coregulate.session import FILE_NAME, SessionPlan, open_session, propose_session, read_plan, write_plan

TALK = datetime(2024, 5, 1, 19, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def watch(path: Path, seed: int, *, years: int = 3, talk: bool = True) -> Path:
    """An Apple Health export: a heart rate a day, and in the talk beats of ten minutes."""
    rng = np.random.default_rng(seed)
    stamp = "%Y-%m-%d %H:%M:%S +0000"
    days = [TALK + DAY * k for k in range(-365 * years, 40) if talk or k]
    records = [
        f'<Record type="HKQuantityTypeIdentifierHeartRate" sourceName="Watch" value="{rng.integers(55, 90)}" '
        f'startDate="{day:{stamp}}" endDate="{day:{stamp}}"/>'
        for day in days
    ]
    for day in (days[0], TALK, days[-1]) if talk else (days[0], days[-1]):
        for minute in range(10):
            begin = day + timedelta(minutes=minute)
            beats = "".join(
                f'<InstantaneousBeatsPerMinute bpm="{60 + rng.integers(-5, 6)}" time="{begin:%I:%M}:{s:02d},00 {begin:%p}"/>'
                for s in range(60)
            )
            records.append(
                f'<Record type="HKQuantityTypeIdentifierHeartRateVariabilitySDNN" startDate="{begin:{stamp}}" '
                f'value="40"><HeartRateVariabilityMetadataList>{beats}</HeartRateVariabilityMetadataList></Record>'
            )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"<?xml version='1.0'?><HealthData locale='en'>{''.join(records)}</HealthData>")
    return path


def breathing(path: Path, *, clock: bool = True) -> None:
    start = TALK.timestamp() + 60 if clock else 0.0
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [f"{start + k / 5:.3f},{np.sin(k / 5):.5f}" for k in range(1500)]
    path.write_text("timestamp,respiration\n" + "\n".join(rows))


def proposed(folder: Path) -> SessionPlan:
    plan = propose_session(folder, folder).plan
    people = tuple(dataclasses.replace(p, consent="given") for p in plan.people)
    write_plan(dataclasses.replace(plan, people=people), folder)
    return read_plan(folder)


def test_three_years_of_a_watch_are_cut_to_the_other_recordings(tmp_path):
    watch(tmp_path / "ann" / "export.xml", 1)
    breathing(tmp_path / "ann" / "breath.csv")
    breathing(tmp_path / "bo" / "breath.csv")
    plan = proposed(tmp_path)
    assert plan.between is not None
    assert plan.between.start == TALK + timedelta(seconds=60)
    assert plan.between.duration_s == 300
    session = open_session(tmp_path)
    assert session.duration_s == pytest.approx(300, abs=0.3)
    (beats,) = (s for s in session.streams if s.kind == "rr")
    assert beats.person == "ann"
    # Beats at whole seconds from 0 to 300 of the talk's second minute on, and their lengths as the watch has them.
    np.testing.assert_allclose(beats.data.times_s, np.arange(len(beats.data.times_s)), atol=1e-6)
    assert len(beats.data.times_s) in (300, 301)
    assert set(np.round(60_000 / np.asarray(beats.data.values))) <= set(range(55, 66))
    (told,) = (n for n in session.notices if n.code == "cut_to_session")
    assert told.where == "ann/export.xml"
    assert "2024-05-01 19:01:00+00:00 to 2024-05-01 19:06:00+00:00" in told.text
    assert session.zero_unix_s == pytest.approx(TALK.timestamp() + 60)


@pytest.mark.parametrize("clock", [True, False])
def test_two_watches_alone_say_which_line_to_write_and_that_line_is_enough(tmp_path, clock):
    """Also beside a recording without a clock, which tells nothing of when it was."""
    watch(tmp_path / "ann" / "export.xml", 1)
    if clock:
        watch(tmp_path / "bo" / "export.xml", 2)
    else:
        breathing(tmp_path / "bo" / "breath.csv", clock=False)
    plan = proposed(tmp_path)
    assert plan.between is None
    if clock:
        with pytest.raises(InputError, match="no other recording says when") as refused:
            _ = open_session(tmp_path).streams
        said = str(refused.value)
    else:
        said = next(n.text for n in open_session(tmp_path).notices if n.code == "stream_unreadable")
    line = re.search(r"between = \[.*?\]", said)
    assert line is not None
    # As it is said: the last hour that the watch holds, 39 days later, with its ten minutes of beats.
    text = (tmp_path / FILE_NAME).read_text()
    (tmp_path / FILE_NAME).write_text(f"{line[0]}\n{text}")
    session = open_session(tmp_path)
    beats = [s for s in session.streams if s.kind == "rr"]
    assert len(beats) == (2 if clock else 1)
    assert all(len(s.data.times_s) >= 590 for s in beats)
    assert session.duration_s < 3601
    # And as somebody would write it who knows when they talked, in their own zone.
    mine = "between = [2024-05-01T21:02:00+02:00, 2024-05-01T21:05:00+02:00]"
    (tmp_path / FILE_NAME).write_text(f"{mine}\n{text}")
    session = open_session(tmp_path)
    beats = [s for s in session.streams if s.kind == "rr"]
    assert {len(s.data.times_s) for s in beats} == {181}
    assert all(s.data.times_s[0] == pytest.approx(0, abs=1e-6) for s in beats)
    if clock:
        assert session.zero_unix_s == pytest.approx(TALK.timestamp() + 120)


def test_a_watch_that_was_not_worn_is_named_and_the_rest_goes_on(tmp_path):
    watch(tmp_path / "ann" / "export.xml", 1, talk=False)
    breathing(tmp_path / "ann" / "breath.csv")
    breathing(tmp_path / "bo" / "breath.csv")
    plan = proposed(tmp_path)
    assert {s.path for s in plan.streams} == {"ann/breath.csv", "bo/breath.csv"}
    assert any(
        n.where == "ann/export.xml beats" and "nothing of it lies in the session" in n.text
        for n in plan.assumptions
    )
    assert len(open_session(tmp_path).streams) == 2


def test_recordings_of_other_days_in_one_export_stay_out_of_the_session(tmp_path):
    """An export keeps every ECG that the watch ever took, each a file of its own in the zip."""
    breathing(tmp_path / "ann" / "breath.csv")
    breathing(tmp_path / "bo" / "breath.csv")
    ecg = (
        "Name,X\nRecorded Date,{day:%Y-%m-%d %H:%M:%S} +0000\nSample Rate,128 hertz\n\nUnit,µV\n\n"
        + "\n".join(f"{300 * np.sin(k / 9):.3f}" for k in range(3840))
    )
    days = (TALK - 400 * DAY, TALK - 3 * DAY, TALK + timedelta(seconds=90))
    with zipfile.ZipFile(tmp_path / "ann" / "export.zip", "w") as packed:
        packed.writestr("apple_health_export/export.xml", "<HealthData locale='en'></HealthData>")
        for day in days:
            packed.writestr(
                f"apple_health_export/electrocardiograms/ecg_{day:%Y-%m-%d}.csv", ecg.format(day=day)
            )
    plan = proposed(tmp_path)
    assert [s.part for s in plan.streams if s.kind == "ecg"] == ["ecg_2024-05-01"]
    assert [n.where for n in plan.assumptions if n.code == "not_in_session"] == ["ann/export.zip"]
    assert open_session(tmp_path).duration_s == pytest.approx(300, abs=0.3)
    # Alone, nothing says which of the days is meant: refused with the line that does.
    for name in ("ann", "bo"):
        (tmp_path / name / "breath.csv").unlink()
    (tmp_path / "bo").rmdir()
    plan = proposed(tmp_path)
    assert len([s for s in plan.streams if s.kind == "ecg"]) == 3
    with pytest.raises(InputError, match=r"span 400 days.*between = \[2024-05-01"):
        _ = open_session(tmp_path).streams
    line = "between = [2024-05-01T19:00:00Z, 2024-05-01T19:05:00Z]\n"
    (tmp_path / FILE_NAME).write_text(line + (tmp_path / FILE_NAME).read_text())
    (one,) = open_session(tmp_path).streams
    assert (one.part, len(one.data.values)) == ("ecg_2024-05-01", 3840)


def test_one_stamp_of_another_year_costs_that_row_alone(tmp_path):
    breathing(tmp_path / "ann_breathing.csv")
    breathing(tmp_path / "bo_breathing.csv")
    with (tmp_path / "bo_breathing.csv").open("a") as file:
        file.write("\n1900000000.0,0.5")
    proposed(tmp_path)
    session = open_session(tmp_path)
    assert {len(s.data.times_s) for s in session.streams} == {1500}
    assert session.duration_s < 301


def test_the_real_export_with_years_put_in_is_cut_too(tmp_path, data_dir):
    """The file holds one heart rate, of 2018-09-10 02:28:55 -0700: its own element, three years later and earlier."""
    text = (data_dir / "formats" / "apple_health" / "export.xml").read_text()
    (element,) = re.findall(r"<Record type=\"HKQuantityTypeIdentifierHeartRate\".*?</Record>", text, re.S)
    others = "".join(element.replace('Date="2018', f'Date="{year}') for year in (2015, 2021))
    (tmp_path / "ann").mkdir()
    (tmp_path / "ann" / "export.xml").write_text(text.replace(element, element + others))
    for who in ("ann", "bo"):
        (tmp_path / who).mkdir(exist_ok=True)
        rows = [f"{1536571735 - 30 + k / 5:.3f},{np.sin(k / 5):.5f}" for k in range(600)]
        (tmp_path / who / "breath.csv").write_text("timestamp,respiration\n" + "\n".join(rows))
    found = propose_session(tmp_path, tmp_path).found
    (rate,) = (f.stream for f in found if f.stream.kind == "heart_rate")
    assert rate.data.values.tolist() == [72.0]
    assert rate.origin_unix_s + rate.data.times_s[0] == 1536571735


@pytest.mark.parametrize("said", ['"2024"', "[2024-05-01T19:00:00Z]", "[2024-05-01T19:00:00, 2024-05-01T20:00:00]",
                                  "[2024-05-01T20:00:00Z, 2024-05-01T19:00:00Z]", "[2021-05-01T19:00:00Z, 2024-05-01T19:00:00Z]"])  # fmt: skip
def test_what_is_no_time_of_a_session_is_refused_in_plain_words(tmp_path, said):
    breathing(tmp_path / "ann_breathing.csv")
    breathing(tmp_path / "bo_breathing.csv")
    proposed(tmp_path)
    text = (tmp_path / FILE_NAME).read_text()
    (tmp_path / FILE_NAME).write_text(f"between = {said}\n{text}")
    with pytest.raises(FormatError, match="two times with a zone") as refused:
        open_session(tmp_path)
    assert "between = [2025-" in refused.value.cure
