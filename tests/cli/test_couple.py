"""``coregulate couple`` on tables as people have them."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from coregulate.cli.main import cli, main
from coregulate.core import InputError


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


def test_a_group_that_cannot_be_used_does_not_cost_the_others(table, capsys):
    frame = pd.read_csv(table)
    row = frame.iloc[:1].assign(pair="alone")
    still = frame[frame["pair"] == "P0"].assign(pair="still", seconds=3.0)
    text = frame.iloc[:300].assign(pair="empty", her=np.nan)
    pd.concat([row, frame, still, text]).to_csv(table, index=False)
    out = run(capsys, table, "--a", "her", "--b", "him", "--time", "seconds", "--by", "pair", "--json")
    said = json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert [r["group"] for r in said["results"]] == ["P0", "P1", "P2", "empty"]
    assert [r["p"] is None for r in said["results"]] == [False, False, False, True]
    assert said["n_tests"] == 3
    left_out = [n for n in said["notices"] if "left out" in n]
    assert [n.split("'")[1] for n in left_out] == ["alone", "still"]


def test_columns_of_yes_and_no(tmp_path, capsys):
    """Each of two pairs answers the other's last row, the second pair with a row missing."""
    rng = np.random.default_rng(3)
    stress = (rng.random((2, 60)) < 0.5).astype(float)
    frames = [
        pd.DataFrame({"pair": k + 2, "stress": s, "coping": np.roll(s, 1)}) for k, s in enumerate(stress)
    ]
    path = tmp_path / "sequences.csv"
    pd.concat([frames[0], frames[1].iloc[:50]]).to_csv(path, index=False)
    arguments = [path, "--a", "stress", "--b", "coping", "--rate", "0.1", "--by", "pair"]
    out = run(capsys, *arguments, "--measures", "actor_partner", "--json")
    stressed, copes = json.loads(out)["actor_partner"]
    assert (stressed["behaviour"], copes["behaviour"]) == ("stress", "coping")
    assert (copes["rate_after"], copes["rate_without"]) == (1.0, 0.0)
    assert copes["partner"]["low"] > 0
    assert abs(stressed["partner"]["value"]) < 1
    assert np.sum(copes["table"]) == 59 + 49
    assert json.loads(out)["results"] == []
    both = run(capsys, *arguments, "--measures", "actor_partner", "--measures", "code recurrence")
    assert "code recurrence" in both
    assert "interaction" in both
    with pytest.raises(InputError, match="more than 0 and 1"):
        run(capsys, path, "--a", "pair", "--b", "coping", "--rate", "1", "--measures", "actor partner")


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
        (
            ["--a", "talk", "--b", "talk", "--rate", "2", "--measures", "actor-partner", "--gate", "talk"],
            "--gate",
        ),
    ],
)
def test_what_cannot_be_done_is_said(table, capsys, arguments, said):
    with pytest.raises(SystemExit) as stop:
        main(["couple", str(table), *arguments, "--quiet"])
    assert stop.value.code == 2
    assert said in capsys.readouterr().err


def test_columns_of_words_and_lags_too_long_are_said(table, capsys):
    arguments = [table, "--a", "state", "--b", "state", "--rate", "2", "--json"]
    said = json.loads(run(capsys, *arguments, "--measures", "code recurrence"))
    assert any("'state' holds words" in text for text in said["notices"])
    with pytest.raises(InputError, match="max_lag_s"):
        run(capsys, table, "--a", "her", "--b", "him", "--rate", "2", "--set", "max_lag_s=5000")


def test_a_table_with_a_header_only(tmp_path, capsys):
    path = tmp_path / "empty.csv"
    path.write_text("her,him\n")
    with pytest.raises(InputError, match="no rows"):
        run(capsys, path, "--a", "her", "--b", "him", "--rate", "1")
