"""The command as a stranger meets it: exit codes, two-line errors, stdout for results only."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import numpy as np
import pytest

from coregulate.cli import main


def run(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "coregulate", *(str(a) for a in arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=cwd, stdin=subprocess.DEVNULL, check=False
    )


@pytest.fixture
def ratings(tmp_path: Path) -> Path:
    """Two people's dials, 12 minutes at 1 Hz."""
    rng = np.random.default_rng(3)
    folder = tmp_path / "talk"
    folder.mkdir()
    for name in ("ann", "bo"):
        values = np.clip(50 + np.cumsum(rng.normal(0, 2, 720)), 0, 100)
        rows = "\n".join(f"{t},{v:.1f}" for t, v in enumerate(values))
        (folder / f"{name}_dial.csv").write_text(f"time_s,felt_safe\n{rows}\n")
    return folder


def test_version_and_help() -> None:
    assert run("--version").stdout.startswith("coregulate 0.")
    shown = run("--help")
    assert shown.returncode == 0
    for command in ("init", "analyze", "inspect", "export", "simulate", "doctor"):
        assert command in shown.stdout


def test_analyze_without_init_says_so_in_two_lines(tmp_path: Path) -> None:
    failed = run("analyze", tmp_path)
    assert failed.returncode == 2
    assert failed.stdout == ""
    lines = failed.stderr.strip().splitlines()
    assert len(lines) == 2
    assert "coregulate init" in lines[1]


def test_a_missing_folder_is_an_input_error(tmp_path: Path) -> None:
    failed = run("analyze", tmp_path / "nowhere")
    assert failed.returncode == 2
    assert "nowhere" in failed.stderr
    assert "Traceback" not in failed.stderr


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [(("models", "fetch", "nobody"), "There is no model 'nobody'"), (("simulate", "talk", "--minutes", 1), "1 min")],
)  # fmt: skip
def test_what_is_refused_before_it_begins_draws_no_bar(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    arguments: tuple[object, ...], problem: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert called(*arguments) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert problem in lines[0]


def test_without_consent_the_exit_code_is_3(ratings: Path) -> None:
    assert run("init", ratings, "--yes").returncode == 0
    plan = ratings / "session.toml"
    plan.write_text(plan.read_text().replace('consent = "elsewhere"', 'consent = "no"'))
    failed = run("analyze", ratings)
    assert failed.returncode == 3
    assert "agreed" in failed.stderr


def test_init_asks_and_will_not_guess_without_a_terminal(ratings: Path) -> None:
    failed = run("init", ratings)
    assert failed.returncode == 2
    assert "--yes" in failed.stderr


def test_an_existing_session_toml_is_shown_and_kept(ratings: Path) -> None:
    run("init", ratings, "--yes")
    plan = ratings / "session.toml"
    plan.write_text(plan.read_text() + "# mine\n")
    again = run("init", ratings, "--yes")
    assert again.returncode == 0
    assert "# mine" in again.stdout
    assert "# mine" in plan.read_text()
    run("init", ratings, "--yes", "--force")
    assert "# mine" not in plan.read_text()


def test_from_files_to_json_report_and_table(ratings: Path, tmp_path: Path) -> None:
    assert run("init", ratings, "--yes", "--quiet").stderr == ""
    done = run(
        "analyze",
        ratings,
        "--json",
        "--quiet",
        "--report",
        tmp_path / "r.html",
        "--set",
        "bond.surrogates=100",
    )
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["session"]["duration_s"] == pytest.approx(720, abs=2)
    assert facts["bond"]["verdict"] in ("co-regulating", "co-dysregulating", "undetermined", "independent")
    assert facts["bond"]["primary"]["cue"] == "felt_safe"
    assert "<html" in (tmp_path / "r.html").read_text(encoding="utf-8")
    again = run("analyze", ratings, "--set", "bond.surrogates=100")
    assert "nothing has changed" in again.stderr
    (ratings / "analysis" / "detail.json").write_text("{")
    anew = run("analyze", ratings, "--set", "bond.surrogates=100")
    assert anew.returncode == 0, anew.stderr
    assert "computed anew" in anew.stderr
    table = run("export", ratings)
    assert table.returncode == 0, table.stderr
    assert len(table.stdout.strip().splitlines()) == 3
    silent = run("export", ratings, "--rttm")
    assert silent.returncode == 2
    assert "speech" in silent.stderr
    tracks = run("export", ratings, "--tracks", "--parquet", "--out", tmp_path / "tracks")
    assert tracks.returncode == 0, tracks.stderr
    assert (tmp_path / "tracks.parquet").stat().st_size > 1000


def test_inspect_names_people_and_says_which_streams_go_on_in_more_files(ratings: Path) -> None:
    lines = (ratings / "ann_dial.csv").read_text().splitlines()
    (ratings / "ann_dial.csv").unlink()
    (ratings / "ann").mkdir()
    (ratings / "bo").mkdir()
    (ratings / "bo_dial.csv").rename(ratings / "bo" / "dial.csv")
    for name, part in (("ann/dial1.csv", lines[1:300]), ("ann/dial2.csv", lines[400:])):
        (ratings / name).write_text("\n".join([lines[0], *part]) + "\n")
    run("init", ratings, "--yes")
    shown = run("inspect", ratings, "--quiet")
    assert shown.returncode == 0, shown.stderr
    row = next(x for x in shown.stdout.splitlines() if x.startswith("Ann"))
    assert "ann/dial1.csv and 1 more" in row


def test_inspect_says_what_cannot_be_computed_and_why(ratings: Path) -> None:
    run("init", ratings, "--yes")
    shown = run("inspect", ratings, "--quiet")
    assert shown.returncode == 0, shown.stderr
    assert "no heart period (needs a heart sensor" in shown.stdout


@pytest.mark.parametrize("argument", ["bond.windows=3", "bond.window_s", "bond.window_s=soon"])
def test_a_wrong_setting_is_named(ratings: Path, argument: str) -> None:
    run("init", ratings, "--yes")
    failed = run("analyze", ratings, "--set", argument)
    assert failed.returncode == 2
    assert argument.split("=")[0] in failed.stderr


def test_one_broken_session_of_two_leaves_the_other(ratings: Path, tmp_path: Path) -> None:
    run("init", ratings, "--yes")
    done = run("analyze", tmp_path / "missing", ratings, "--quiet", "--set", "bond.surrogates=50")
    assert done.returncode == 2
    assert "missing" in done.stderr
    assert (ratings / "analysis" / "analysis.json").is_file()


def test_one_persons_dial_alone_is_analysed(tmp_path: Path) -> None:
    rows = "\n".join(f"{t},{50 + 30 * np.sin(t / 60):.1f}" for t in range(720))
    (tmp_path / "ann_dial.csv").write_text(f"time_s,felt_safe\n{rows}\n")
    assert run("init", tmp_path, "--yes").returncode == 0
    done = run("analyze", tmp_path, "--json", "--quiet")
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["bond"]["verdict"] == "undetermined"
    assert any(w["code"] == "no_streams" for w in facts["warnings"])


def test_doctor_prints_json() -> None:
    facts = json.loads(run("doctor", "--json").stdout)
    assert facts["packages"]["numpy"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_ctrl_c_leaves_with_130_and_what_was_stored_stays(tmp_path: Path) -> None:
    import os
    import pty

    folder = tmp_path / "talk"
    folder.mkdir()
    rng = np.random.default_rng(3)
    for name in ("ann", "bo"):
        values = 50 + 40 * np.sin(np.cumsum(rng.normal(0, 0.02, 36_000)))
        rows = "\n".join(f"{t},{v:.1f}" for t, v in enumerate(values))
        (folder / f"{name}_dial.csv").write_text(f"time_s,felt_safe\n{rows}\n")
    assert run("init", folder, "--yes").returncode == 0
    assert run("analyze", folder, "--to", "600").returncode == 0
    before = (folder / "analysis" / "analysis.json").read_bytes()
    master, slave = pty.openpty()
    # Ten hours take many seconds: it is interrupted at work, not after it.
    command = [sys.executable, "-m", "coregulate", "analyze", folder]
    with subprocess.Popen(command, stderr=slave, stdout=subprocess.DEVNULL, stdin=slave) as process:
        os.close(slave)  # so that reading ends with the process, whatever it does
        seen = b""
        while b"circuits" not in seen:
            seen += os.read(master, 4096)
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(OSError):  # the terminal ends with its last writer
            while more := os.read(master, 4096):
                seen += more
        assert process.wait(timeout=120) == 130, seen.decode(errors="replace")
    os.close(master)
    assert (folder / "analysis" / "analysis.json").read_bytes() == before


def test_an_interruption_that_came_out_as_another_error_is_still_one(monkeypatch: pytest.MonkeyPatch) -> None:
    # Compiled code that is interrupted may say SystemError; nothing here can be made to do it on demand.
    def interrupted(*_: object, **__: object) -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise SystemError("returned a result with an exception set") from None

    def broken(*_: object, **__: object) -> None:
        raise SystemError("not interrupted")

    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(click.Group, "main", interrupted)
    with pytest.raises(SystemExit) as left:
        main([])
    assert left.value.code == 130
    monkeypatch.setattr(click.Group, "main", broken)
    with pytest.raises(SystemError, match="not interrupted"):
        main([])
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interruption_that_somebody_swallowed_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    # As a callback out of compiled code does: it prints the exception and goes on.
    went_on = []

    def deaf(*_: object, **__: object) -> None:
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        time.sleep(30)
        went_on.append(True)

    monkeypatch.setattr(click.Group, "main", deaf)
    with pytest.raises(SystemExit) as left:
        main([])
    assert left.value.code == 130
    assert not went_on


def called(*arguments: object) -> int:
    """Run the command in this process and return its exit code."""
    with pytest.raises(SystemExit) as left:
        main([str(a) for a in arguments])
    return int(left.value.code or 0)


def test_a_person_asks_why_answers_back_and_is_learned_from(
    ratings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called("init", ratings, "--yes") == 0
    correct = ("correct", ratings, "--person", "Ann", "--from", 60, "--to", 90, "--was")
    assert called(*correct, "unsafe") == 0
    assert "[[corrections]]" in (ratings / "session.toml").read_text()
    assert called("init", ratings, "--yes", "--force") == 0
    assert called(*correct, "safe") == 0
    assert (ratings / "session.toml").read_text().count("[[corrections]]") == 2
    assert called(*correct, "unsafe") == 0  # the later word counts
    assert called(*correct, "rage") == 2
    assert "fight_flight" in capsys.readouterr().err
    assert called("analyze", ratings, "--set", "bond.surrogates=20") == 0
    capsys.readouterr()
    assert called("why", ratings, "--person", "ann", "--at", "1:10") == 0
    why = capsys.readouterr().out
    assert why.startswith("At 1:10 Ann reads as activated or withdrawn")
    assert "own correction" in why
    assert called("why", ratings, "--person", "ann", "--at", 70, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["person"] == "ann"
    assert told["rows"][0]["nats"]["social"] < 0
    # A dial alone: there is no cue to learn from it.
    assert called("learn", ratings, "--person", "ann", "--out", ratings / "ann.toml") == 2
    assert "Nothing was learned of ann" in capsys.readouterr().err
    assert not (ratings / "ann.toml").exists()
    assert called("learn", ratings, "--out", ratings / "x.toml") == 2
