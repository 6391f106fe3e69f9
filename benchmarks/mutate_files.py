"""Damage real files ten thousand times and read each: how many gave streams, an error in plain words, or worse.

    python benchmarks/mutate_files.py [--data FOLDER] [--count 10000] [--seed 0]

Each file is read in a process of its own batch, within 20 s of the processor and 3 GB; what kills the process, takes longer or
raises anything but a CoregulateError counts as worse, and its bytes are kept for looking at.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import signal
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "readers"))

LIMIT_S = 20
LIMIT_BYTES = 3 << 30
LARGEST = 3 << 20
BATCH = 100
BIDS_JSON = '{"SamplingFrequency": 100, "StartTime": 0, "Columns": ["cardiac_A", "cardiac_B", "respiratory_A", "respiratory_B"]}'


def corpus(data: Path | None, folder: Path) -> dict[str, list[tuple[str, bytes]]]:
    """Return the bytes of whole files by reader: recordings where there are any, and files of each format."""
    from written_files import WRITTEN

    from conftest import MAKERS
    from coregulate.readers import recognise

    found: dict[str, list[tuple[str, bytes]]] = {}
    for k, (name, (make, reader)) in enumerate({**MAKERS, **WRITTEN}.items()):
        place = folder / str(k)
        place.mkdir()
        path = make(place)
        if path.is_file() and name != "bids_dyad":  # its JSON would not fit: the other one's does
            kept = path.name if reader == "bids" else f"{name}{''.join(path.suffixes[-2:])}"
            found.setdefault(reader, []).append((kept, path.read_bytes()))
    for path in sorted((data or folder / "none").rglob("*")):
        if path.is_file() and path.stat().st_size <= LARGEST and "MANIFEST" not in path.name:
            reader = recognise(path)
            if reader and len(found.setdefault(reader, [])) < 12:
                found[reader].append((path.name, path.read_bytes()))
    return found


def confined(most_bytes: int) -> None:
    """Let what takes too long of the processor end, and the system refuse this process more memory than that."""

    def late(*_: object) -> None:
        raise TimeoutError

    warnings.simplefilter("ignore")
    signal.signal(signal.SIGPROF, late)
    resource.setrlimit(resource.RLIMIT_AS, (most_bytes, most_bytes))


def _one(path: Path) -> str:
    from coregulate.core import CoregulateError
    from coregulate.readers import read, recognise

    signal.setitimer(signal.ITIMER_PROF, LIMIT_S)
    try:
        recognise(path)
        streams = read(path)
        return "streams" if streams else "nothing"
    except CoregulateError as error:
        return "error" if error.problem and error.cure and len(str(error).splitlines()) <= 2 else "poor error"
    except TimeoutError:
        return "too long"
    except BaseException as error:
        return f"other: {type(error).__name__}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _batch(files: list[tuple[str, bytes]], seed: int, to: str, data: Path | None) -> None:
    from test_fuzz import damage

    confined(LIMIT_BYTES)
    rng = np.random.default_rng(seed)
    headers = sorted(data.rglob("*.hea")) if data else []
    beside = {h.name: [p for p in h.parent.glob(f"{h.stem}.*") if p != h] for h in headers}
    with tempfile.TemporaryDirectory() as folder, open(to, "a", buffering=1) as log:
        for k in range(BATCH):
            name, raw = files[int(rng.integers(len(files)))]
            path = Path(folder) / f"{k}" / name
            path.parent.mkdir()
            path.write_bytes(damage(raw, rng))
            for other in beside.get(name, []):  # a record's signal file, whole
                (path.parent / other.name).write_bytes(other.read_bytes())
            if name.endswith("_physio.tsv.gz"):  # and what describes a table
                path.with_name(name.replace(".tsv.gz", ".json")).write_text(BIDS_JSON)
            log.write("begun\n")
            end = _one(path)
            log.write(end + "\n")
            if end not in ("streams", "error"):
                Path(f"{to}.{seed}.{k}.{name}").write_bytes(path.read_bytes())
            path.unlink()


def main() -> None:
    """Run all batches and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="")
    asked = parser.parse_args()
    totals: dict[str, Counter[str]] = {}
    keep = Path(tempfile.mkdtemp(prefix="mutated-"))
    with tempfile.TemporaryDirectory() as folder:
        files = {r: f for r, f in corpus(asked.data, Path(folder)).items() if asked.only in ("", r)}
        batches = max(1, round(asked.count / BATCH / len(files)))
        for reader, of_kind in sorted(files.items()):
            for batch in range(batches):
                log = keep / f"{reader}.log"
                work = multiprocessing.get_context("fork").Process(
                    target=_batch, args=(of_kind, asked.seed + batch, str(log), asked.data)
                )
                work.start()
                work.join(10 * LIMIT_S * BATCH)  # by the clock, where one hangs and computes nothing
                if work.is_alive():
                    work.kill()
            lines = log.read_text().splitlines()
            ends = Counter(line for line in lines if line != "begun")
            lost = lines.count("begun") - sum(ends.values())
            totals[reader] = ends + Counter({"process died": lost} if lost else {})
            print(f"{reader:15s} {json.dumps(dict(totals[reader]))}", flush=True)
    together = sum(totals.values(), Counter())
    print(f"{'all':15s} {json.dumps(dict(together))}  of {sum(together.values())}; odd ones in {keep}")


if __name__ == "__main__":
    main()
