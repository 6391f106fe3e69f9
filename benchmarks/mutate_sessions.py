"""Damage real files and run the command on a session that holds one beside good ones: a result, or a two-line error.

    python benchmarks/mutate_sessions.py [--data FOLDER] [--count 3000] [--analyze 10] [--seed 0] [--only READER]

Each session is two people's dials and a damaged file in the folder of one of them. ``init --yes`` and
``inspect`` run on each, ``analyze`` on one of ``--analyze``; all in a process that is forked for a batch, within 120 s
of the processor and 4 GB a session. An end is a result, or exit code 2 with two lines on stderr, the second with a cure and the
file. Anything else is worse; its folder is kept for looking at.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import multiprocessing
import shutil
import signal
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
from mutate_files import BIDS_JSON, confined, corpus

LIMIT_S = 120
LIMIT_BYTES = 4 << 30
BATCH = 20


def main() -> None:
    """Run batch after batch and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path)
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--analyze", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="")
    asked = parser.parse_args()
    keep = Path(tempfile.mkdtemp(prefix="mutated-sessions-"))
    totals: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        files = {r: f for r, f in corpus(asked.data, Path(folder)).items() if asked.only in ("", r)}
        _warm()
        rounds = max(1, round(asked.count / BATCH / len(files)))
        for k in range(rounds):
            for reader, of_kind in sorted(files.items()):
                log = keep / f"{reader}.{k}.log"
                work = multiprocessing.get_context("fork").Process(
                    target=_batch, args=(of_kind, asked.seed + k, log, asked.analyze)
                )
                work.start()
                work.join()
                ends = log.read_text().splitlines()
                totals.update(e for e in ends if e != "begun")
                if lost := ends.count("begun") - sum(e.startswith("init") for e in ends):
                    totals["process died"] += lost
                print(
                    f"{reader:15s} {json.dumps(dict(Counter(e for e in ends if e != 'begun')))}", flush=True
                )
    print(f"all {json.dumps(dict(sorted(totals.items())))}; odd ones in {keep}")


def _warm() -> None:
    """Import what the command imports once, before a process is forked for each batch."""
    import coregulate.analysis
    import coregulate.cli  # noqa: F401


def _batch(files: list[tuple[str, bytes]], seed: int, to: Path, every: int) -> None:
    from test_fuzz import damage  # in the tests' folder, which mutate_files has put on the path

    confined(LIMIT_BYTES)
    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder, to.open("a", buffering=1) as log:
        for k in range(BATCH):
            name, raw = files[int(rng.integers(len(files)))]
            talk = Path(folder) / str(k)
            path = talk / "ann" / name
            _dials(talk, rng)
            path.write_bytes(damage(raw, rng))
            if name.endswith("_physio.tsv.gz"):
                path.with_name(name.replace(".tsv.gz", ".json")).write_text(BIDS_JSON)
            log.write("begun\n")
            ends = _session(talk, analyze=(seed * BATCH + k) % every == 0)
            log.write("\n".join(ends) + "\n")
            if not all(e.endswith(("result", "error")) for e in ends):
                shutil.copytree(talk, f"{to}.{seed}.{k}")
            shutil.rmtree(talk)


def _dials(talk: Path, rng: np.random.Generator) -> None:
    for who in ("ann", "bo"):
        values = np.clip(50 + np.cumsum(rng.normal(0, 2, 180)), 0, 100)
        (talk / who).mkdir(parents=True)
        rows = "".join(f"{t},{v:.1f}\n" for t, v in enumerate(values))
        (talk / who / "dial.csv").write_text("time_s,felt_safe\n" + rows)


def _session(talk: Path, *, analyze: bool) -> list[str]:
    """Return how each command ended, up to the first that did not give a result."""
    ends = []
    for command in ["init", "inspect", *(["analyze"] if analyze else [])]:
        extra = ["--yes"] if command == "init" else []
        ends.append(f"{command} {_end([command, str(talk), '--quiet', *extra])}")
        if not ends[-1].endswith("result"):
            break
    return ends


def _end(arguments: list[str]) -> str:
    from coregulate.cli import main as command

    out, err = io.StringIO(), io.StringIO()
    signal.setitimer(signal.ITIMER_PROF, LIMIT_S)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            command(arguments)
    except SystemExit as left:
        if left.code == 0:
            return "result"
        lines = err.getvalue().strip().splitlines()
        named = len(lines) == 2 and "File: " in lines[1] and lines[1].split("File: ")[0].strip()
        return "error" if left.code == 2 and named else f"poor error {left.code}: {err.getvalue()[:200]!r}"
    except TimeoutError:
        return "too long"
    except BaseException as error:
        return f"other {type(error).__name__}: {' '.join(str(error).split())[:120]}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return "no exit"


if __name__ == "__main__":
    main()
