"""Fuzz each reader with atheris (libFuzzer), guided by which lines of the readers a file reaches.

    pip install atheris
    python benchmarks/fuzz_readers.py KEEP [--seconds 600] [--data FOLDER] [--only READER ...] [--anew]

Seeds are the files of `mutate_files.py`. What ends in anything but streams or a CoregulateError of two lines,
takes over 60 s or 2 GiB stops that reader's run, and KEEP holds the file. Seconds are the processor's, those of the
start included, so that a busy machine changes nothing (a file that hangs is ended after 600 s by the clock). A reader
whose log in KEEP has them is passed over, so the work can go on later; what a run learned is the next one's seeds.
"""

from __future__ import annotations

import argparse
import gzip
import re
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

LIMIT_S, HANGS_S, LIMIT_MB, LARGEST = 60, 600, 2048, 1 << 18
_USED = "processor time"


def fuzz(reader: str, name: str, libfuzzer: list[str]) -> None:
    """Read what libFuzzer makes, in this process, until it stops or something goes wrong."""
    import atheris

    with atheris.instrument_imports(include=["coregulate.readers"]):
        from coregulate.core import CoregulateError
        from coregulate.readers import read, recognise
    import pandas  # noqa: F401  (imported now, so that its seconds are not a file's)
    from mutate_files import BIDS_JSON

    warnings.simplefilter("ignore")
    place = Path(tempfile.mkdtemp(prefix=f"fuzz-{reader}-", dir="/dev/shm"))
    path = place / name
    if reader == "bids":
        path.with_name(name.replace(".tsv.gz", ".json")).write_text(BIDS_JSON)

    def one(raw: bytes) -> None:
        path.write_bytes(gzip.compress(raw, 1) if path.suffix == ".gz" else raw)
        begun_s = time.process_time()
        recognise(path)
        try:
            assert read(path), "neither streams nor an error"
        except CoregulateError as error:
            if not (error.problem and error.cure) or len(str(error).splitlines()) > 2:
                raise RuntimeError(f"a poor error: {error!r}") from None
        if time.process_time() - begun_s > LIMIT_S:
            raise RuntimeError(f"it took over {LIMIT_S} s")

    for seed in Path(libfuzzer[-1]).iterdir():  # what readers import takes its seconds now, not from a file's
        one(seed.read_bytes())
    atheris.Setup([sys.argv[0], *libfuzzer], one)
    atheris.Fuzz()


def run(reader: str, files: list[tuple[str, bytes]], keep: Path, seconds: int) -> int:
    """Fuzz a reader in a process of its own for that long by the clock; return how it left."""
    seeds = keep / reader
    seeds.mkdir(parents=True, exist_ok=True)
    for k, (name, packed) in enumerate(files):
        raw = gzip.decompress(packed) if name.endswith(".gz") else packed
        if len(raw) <= LARGEST:
            (seeds / f"seed{k}").write_bytes(raw)
    log = keep / f"{reader}.log"
    options = [f"-max_total_time={seconds}", f"-timeout={HANGS_S}", f"-rss_limit_mb={LIMIT_MB}",
               f"-max_len={LARGEST}", f"-artifact_prefix={keep}/{reader}-", "-print_final_stats=1", str(seeds)]  # fmt: skip
    with log.open("ab") as out:
        command = [sys.executable, __file__, "--inside", reader, files[0][0], *options]
        before = _processor_s()
        left = subprocess.run(command, stdout=out, stderr=out, check=False).returncode
        out.write(f"\n{_USED} {_processor_s() - before:.0f} s\n".encode())
    return left


def _processor_s() -> float:
    """Return what all processes that this one started, and that have ended, have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def summary(path: Path) -> tuple[int, int, str]:
    """Return files and processor seconds of all runs in a log, and what was wrong, if anything."""
    log = path.read_text(errors="replace") if path.exists() else ""
    runs, used = re.findall(r"Done (\d+) runs in", log), re.findall(rf"{_USED} (\d+) s", log)
    wrong = re.findall(r"(?:ERROR: libFuzzer: |Uncaught Python exception: ===\s*)(.+)", log)
    return sum(map(int, runs)), sum(map(int, used)), "; ".join(wrong)


def main() -> None:
    """Fuzz reader after reader and print a line for each."""
    if sys.argv[1:2] == ["--inside"]:
        fuzz(sys.argv[2], sys.argv[3], sys.argv[4:])
        return
    from mutate_files import corpus

    parser = argparse.ArgumentParser()
    parser.add_argument("keep", type=Path)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--anew", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = corpus(asked.data, Path(folder))
    for reader in asked.only or sorted(files):
        log = asked.keep / f"{reader}.log"
        if asked.anew:
            log.unlink(missing_ok=True)
        while (short := asked.seconds - summary(log)[1]) > 0:
            if run(reader, files[reader], asked.keep, max(short, 20)):
                break
        runs, seconds, wrong = summary(log)
        print(f"{reader:15s} {runs:9d} files {seconds:5d} s  {wrong or 'nothing'}", flush=True)


if __name__ == "__main__":
    main()
