"""The commands of this project, the same on every system: ``python make.py demo|video|formats|test|lint|bench|parity|docs|lock``.

Needs nothing but Python 3.11 or newer: the first call makes ``.venv`` from the
locked requirements.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
OLDEST, NEWEST = (3, 11), (3, 13)


def run(*command: str | Path) -> None:
    """Run a command in the project's folder and stop at its failure."""
    code = subprocess.call([str(part) for part in command], cwd=ROOT)
    if code:
        sys.exit(code)


def suitable_python() -> str:
    """Return an interpreter from 3.11 to 3.13: this one, or one that is on the path."""
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return sys.executable
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found and subprocess.call([found, "-c", "import venv"], stderr=subprocess.DEVNULL) == 0:
            return found
    sys.exit(
        f"Coregulate needs Python 3.11 to 3.13; this is {sys.version.split()[0]}. Install one and run again."
    )


def environment(lock: str) -> None:
    """Make ``.venv`` hold what the lock says, once for each content of the lock."""
    path = ROOT / "requirements" / f"{lock}.lock"
    sources = path.read_bytes() + (ROOT / "pyproject.toml").read_bytes()
    stamp, digest = VENV / f".{lock}", hashlib.sha256(sources).hexdigest()
    if stamp.is_file() and stamp.read_text() == f"{lock} {digest}\n":
        return
    # An environment for developing holds all that the default one does.
    if lock == "default" and (VENV / ".dev").is_file():
        return
    if not PYTHON.exists():
        print("making .venv", file=sys.stderr)
        run(suitable_python(), "-m", "venv", VENV)
    print(f"installing requirements/{lock}.lock into .venv", file=sys.stderr)
    # Python compiles what is imported; compiling everything now would add 180 MB.
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check"]
    run(*pip, "--require-hashes", "-r", path)
    run(*pip, "--no-deps", "--no-build-isolation", "-e", ".")
    stamp.write_text(f"{lock} {digest}\n")


def demo() -> None:
    """Simulate two people's talk, analyse it and say where the report is."""
    environment("default")
    command = [PYTHON, "-m", "coregulate"]
    folder = ROOT / "demo"
    run(*command, "simulate", folder, "--force")
    run(*command, "init", folder, "--yes", "--force", "--quiet")
    run(*command, "analyze", folder, "--report", folder / "report.html")


def video() -> None:
    """Add to .venv what reads faces in video and tells two voices on one microphone apart."""
    environment("video")


def formats() -> None:
    """Add to .venv what reads the formats beyond the common ones (docs/formats.md names them)."""
    environment("formats")


def test() -> None:
    """Run the suite."""
    environment("dev")
    # Tests have no network: what they need of the model store is fetched before them.
    run(PYTHON, "-m", "coregulate", "models", "fetch", "--quiet")
    # A file of tests a core; each on one thread, or their products would wait for each other.
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))
    cores = ["--numprocesses", "auto", "--maxprocesses", "4", "--dist", "loadfile"]
    run(PYTHON, "-m", "pytest", *cores, *sys.argv[2:])


def lint() -> None:
    """Check style, types, rooms and docstrings."""
    environment("dev")
    run(PYTHON, "-m", "ruff", "check", ".")
    run(PYTHON, "-m", "ruff", "format", "--check", ".")
    run(PYTHON, "-m", "mypy")
    run(BIN / "lint-imports")


def bench() -> None:
    """Print the table of speeds."""
    environment("dev")
    run(PYTHON, "-m", "benchmarks", *sys.argv[2:])


def parity() -> None:
    """Run the bond's measures beside the formulas of R packages and of other Python packages."""
    environment("dev")
    run(PYTHON, "-m", "benchmarks.parity", *sys.argv[2:])


def docs() -> None:
    """Write the pages of docs/ that are made from the code."""
    environment("dev")
    run(PYTHON, "docs/generate.py")


def lock() -> None:
    """Resolve the requirements anew (needs ``uv``)."""
    resolve = [
        "uv",
        "pip",
        "compile",
        "--quiet",
        "--universal",
        "--generate-hashes",
        "--python-version",
        "3.11",
    ]
    source = ["pyproject.toml", "requirements/build.in"]
    extras: dict[str, list[str]] = {
        "default": [],
        "video": ["--extra", "video", "-c", "requirements/default.lock"],
        "formats": ["--extra", "formats", "-c", "requirements/default.lock"],
        "dev": ["--extra", "dev"],
    }
    for name, extra in extras.items():
        run(*resolve, *extra, *source, "-o", f"requirements/{name}.lock")
    pure = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    pure += ["--platform", "any", "--implementation", "py", "--abi", "none", "--python-version", "3.11"]
    for name in extras:
        keep_pure(ROOT / "requirements" / f"{name}.lock", "fonttools", pure)


def keep_pure(path: Path, package: str, download: list[str]) -> None:
    """Leave a package only the hash of its wheel without machine code, so that pip takes that one.

    fonttools is 24 MB compiled and 5 MB in Python alone, which is fast enough for a figure's letters.
    """
    text = path.read_text()
    pinned = re.search(rf"^({package}==\S+).*\n((?: +--hash=.*\n)+)", text, re.MULTILINE)
    if pinned is None:
        sys.exit(f"{path.name} does not pin {package}: take keep_pure out of make.py.")
    with tempfile.TemporaryDirectory() as folder:
        run(*download, "-d", folder, pinned[1])
        (wheel,) = Path(folder).iterdir()
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    path.write_text(text[: pinned.start(2)] + f"    --hash=sha256:{digest}\n" + text[pinned.end(2) :])


TASKS = {task.__name__: task for task in (demo, video, formats, test, lint, bench, parity, docs, lock)}

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in TASKS:
        sys.exit(f"{__doc__}\n" + "\n".join(f"  {name:6} {task.__doc__}" for name, task in TASKS.items()))
    TASKS[sys.argv[1]]()
