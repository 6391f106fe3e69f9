"""``coregulate couple`` on tables as people have them."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from coregulate.cli.main import cli, main


def run(capsys, *arguments):
    cli.main(["couple", *map(str, arguments), "--quiet", "--surrogates", "60"], standalone_mode=False)
    return capsys.readouterr().out


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(0)
    frames = []
    for group in range(3):
        x = np.convolve(rng.standard_normal(420), np.ones(12), "valid")
        frames.append(
            pd.DataFrame(
                {
                    "pair": f"P{group}",
                    "seconds": np.arange(400) * 0.5,
                    "her": x[6:406] + 0.3 * rng.standard_normal(400),
                    "him": x[:400] + 0.3 * rng.standard_normal(400),
                    "talk": (np.arange(400) % 80 < 20).astype(int),
                    "state": rng.choice(["calm", "tense", "away"], 400),
                }
            ).drop(index=range(100, 110))
        )
    path = tmp_path / "long.csv"
    pd.concat(frames).to_csv(path, index=False)
    return path


def test_each_group_of_a_long_table(table, capsys):
    out = run(capsys, table, "--a", "her", "--b", "him", "--time", "seconds", "--by", "pair", "--json")
    said = json.loads(out)
    assert [r["group"] for r in said["results"]] == ["P0", "P1", "P2"]
    assert said["n_tests"] == 3
    first = said["results"][0]
    assert (first["leads"], first["lag_s"], first["rate_hz"]) == ("first", 3.0, 2.0)
    assert first["common_s"] == 195.0
    assert first["q"] >= first["p"]
    assert said["settings"]["surrogates"] == 60
    again = json.loads(
        run(capsys, table, "--a", "her", "--b", "him", "--time", "seconds", "--by", "pair", "--json")
    )
    assert again == said


def test_measures_settings_and_gates(table, capsys):
    arguments = [table, "--a", "her", "--b", "him", "--rate", "2", "--gate", "talk", "--set", "window_s=20"]
    out = run(capsys, *arguments, "--measures", "lagged-correlation", "--measures", "granger")
    assert "lagged correlation" in out
    assert "granger" in out
    assert "2 tests were corrected together" in out
    assert "% of the samples were taken out of both" in out
    codes = json.loads(
        run(
            capsys,
            table,
            "--a",
            "state",
            "--b",
            "state",
            "--rate",
            "2",
            "--measures",
            "code recurrence",
            "--json",
        )
    )
    assert codes["results"][0]["value"] == 1.0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--a", "her", "--b", "him"], "rate is not known"),
        (["--a", "her", "--b", "nobody", "--rate", "2"], "no column 'nobody'"),
        (["--a", "her", "--b", "him", "--rate", "2", "--set", "windows=3"], "no setting 'windows'"),
        (["--a", "her", "--b", "him", "--rate", "2", "--measures", "magic"], "no measure 'magic'"),
        (["--a", "her", "--b", "him", "--rate", "2", "--strangers"], "only one group"),
        (["--a", "her", "--b", "him", "--rate", "-1"], "rate is -1"),
        (["--a", "her", "--b", "him", "--time", "talk"], "same time"),
    ],
)
def test_what_cannot_be_done_is_said(table, capsys, arguments, said):
    with pytest.raises(SystemExit) as stop:
        main(["couple", str(table), *arguments, "--quiet"])
    assert stop.value.code == 2
    assert said in capsys.readouterr().err
