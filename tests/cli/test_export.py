"""What the command exports, others and the command itself read again, with the same result."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import numpy as np
import pytest

from coregulate.cli import main
from coregulate.readers import read

START = 1_768_329_000


def called(*arguments: object) -> int:
    """Run the command in this process and return its exit code."""
    with pytest.raises(SystemExit) as left:
        main([str(a) for a in arguments])
    return int(left.value.code or 0)


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two dials and codes on Unix time, marks of a calm start, one microphone each that starts late."""
    folder, rng = tmp_path_factory.mktemp("exported") / "talk", np.random.default_rng(5)
    folder.mkdir()
    for name in ("ann", "bo"):
        dial = np.clip(50 + np.cumsum(rng.normal(0, 2, 420)), 0, 100)
        rows = "\n".join(f"{START + k},{v:.1f}" for k, v in enumerate(dial))
        (folder / f"{name}_dial.csv").write_text(f"timestamp,felt_safe\n{rows}\n")
        codes = (
            f"{START + 6 * k},{START + 6 * k + 5},{'Anger' if k % 9 == 3 else 'Neutral'}" for k in range(60)
        )
        (folder / f"{name}_codes.csv").write_text("start,end,code\n" + "\n".join(codes) + "\n")
        with wave.open(str(folder / f"{name}_voice.wav"), "wb") as sound:
            sound.setparams((1, 2, 8000, 0, "NONE", ""))
            sound.writeframes((3000 * rng.normal(size=4 * 8000)).astype("<i2").tobytes())
    marks = (
        f"Timestamp,Type,Content\n{START}.0,BaselineStart,calm talk\n{START + 60}.0,BaselineStop,calm talk\n"
    )
    (folder / "markers.csv").write_text(marks)
    assert called("init", folder, "--yes", "--quiet") == 0
    plan = folder / "session.toml"
    late = plan.read_text().replace('path = "bo_voice.wav"', 'path = "bo_voice.wav"\ndrift_ppm = 400.0')
    assert late.count("drift_ppm") == 1
    plan.write_text(late)
    return folder


def analysed(folder: Path, capsys: pytest.CaptureFixture[str]) -> dict:
    capsys.readouterr()
    assert called("analyze", folder, "--quiet", "--json", "--set", "bond.surrogates=20") == 0
    return json.loads(capsys.readouterr().out)


def test_a_bids_export_is_analysed_again_with_the_same_result(
    talk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = analysed(talk, capsys)
    assert [s["kind"] for s in first["streams"]].count("audio") == 2
    out = tmp_path / "bids"
    assert called("export", talk, "--bids", "--out", out) == 0
    assert f"coregulate analyze {out}" in capsys.readouterr().err
    again = analysed(out, capsys)
    assert not [n for n in again["warnings"] if n["code"] == "stream_unreadable"]
    for key in ("session", "people", "cues", "states", "segments", "bond", "episodes"):
        assert again[key] == first[key], key
    told = ("person", "kind", "start_s", "end_s", "quality", "used", "unit")
    assert [[s[k] for k in told] for s in again["streams"]] == [
        [s[k] for k in told] for s in first["streams"]
    ]
    assert called("export", talk, "--bids", "--out", out) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) <= 2


def test_elan_and_parquet_by_the_command_hold_what_the_analysis_says(
    talk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import pandas as pd

    facts = analysed(talk, capsys)
    assert called("export", talk, "--elan", "--out", tmp_path / "talk") == 0
    tiers = {s.part: s.data.labels for s in read(tmp_path / "talk.eaf")}
    assert len(tiers["Ann codes"]) == len(tiers["Bo codes"]) == 60
    assert "ann_voice.wav" in (tmp_path / "talk.eaf").read_text()
    assert called("export", talk, "--parquet", "--out", tmp_path / "talk") == 0
    rows = pd.read_parquet(tmp_path / "talk.parquet", engine="fastparquet").set_index("person")
    assert rows.loc["ann", "duration_s"] == facts["session"]["duration_s"]
    for state, share in facts["states"]["bo"].items():
        if state != "not_known":
            assert rows.loc["bo", f"p_{state}"] == pytest.approx(share, nan_ok=True)
    for kind in ("--elan", "--bids", "--parquet"):
        assert called("export", talk, kind) == 2
        assert "--out" in capsys.readouterr().err
