"""What ``init`` says at its end: what would keep an analysis from telling more, and what to do now."""

from __future__ import annotations

from pathlib import Path

import pytest

from coregulate.analysis import load_analysis
from coregulate.cli.main import cli
from coregulate.core import InputError, StoreError
from coregulate.session import open_session


def init(source: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> str:
    cli.main(["init", str(source), "--out", str(out), "--yes"], standalone_mode=False)
    return capsys.readouterr().err


def test_a_table_of_no_known_kind_says_what_can_be_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header = ",".join(f"item{k:02d}" for k in range(20))
    rows = "\n".join(",".join(str((k + i) % 7) for k in range(20)) for i in range(1, 60))
    table = tmp_path / "items.csv"
    table.write_text(f"{header}\n{rows}\n")
    said = init(table, tmp_path / "talk", capsys)
    assert "Nothing here can be used as it is." in said
    assert "coregulate couple" in said
    assert "item03" in said
    assert "item13" not in said
    assert "and 12 more that are not used" in said
    assert "next:" not in said
    with pytest.raises(InputError, match="No stream") as failed:
        _ = open_session(tmp_path / "talk").streams
    assert "coregulate couple" in failed.value.cure


def test_a_devices_average_is_told_from_beats(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "one.csv"
    table.write_text("time,heart_rate\n" + "\n".join(f"{i},{60 + i % 7}" for i in range(700)))
    said = init(table, tmp_path / "talk", capsys)
    assert "A device's heart rate is an average" in said


def test_one_person_alone_and_the_next_step_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "ann_dial.csv"
    table.write_text("time_s,felt_safe\n" + "\n".join(f"{i},{50 + i % 9}" for i in range(700)))
    said = init(table, tmp_path / "talk", capsys)
    assert "was recorded: what needs both cannot be told." in said
    assert f"next: coregulate analyze {tmp_path / 'talk'} --report" in said


def test_where_no_analysis_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="There is no analysis here"):
        load_analysis(tmp_path / "nowhere")
