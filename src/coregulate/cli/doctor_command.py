"""``coregulate doctor``: versions and what this machine has."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Any

from coregulate.analysis import dumps
from coregulate.models import known_models, models_folder

from .console import result

_EXTRAS = {
    "video": ("ai-edge-litert",),
    "formats": ("pyxdf", "bioread", "fastavro", "fitdecode", "openpyxl"),
}


def doctor(*, as_json: bool) -> None:
    """Print versions and what this machine has."""
    facts = _facts()
    if as_json:
        result(dumps(facts))
        return
    for key, value in facts.items():
        if isinstance(value, dict):
            result(f"{key}:")
            result("\n".join(f"  {name:20} {text}" for name, text in value.items()))
        else:
            result(f"{key}: {value}")


def _facts() -> dict[str, Any]:
    names = sorted(
        {
            r.split(">")[0].split("<")[0].split("=")[0].split("[")[0].strip()
            for r in requires("coregulate") or []
            if "extra ==" not in r
        }
    )
    return {
        "coregulate": version("coregulate"),
        "python": sys.version.split()[0],
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "free disk here (GB)": round(shutil.disk_usage(".").free / 1e9, 1),
        "packages": {name: _version(name) for name in names},
        **{
            f"extra '{extra}'": {n: _version(n, f"not installed: python make.py {extra}") for n in names_of}
            for extra, names_of in _EXTRAS.items()
        },
        "models": {
            m.name: "here" if (models_folder() / m.file).is_file() else "not yet: fetched when first needed"
            for m in known_models().values()
        },
        "devices": "none in this version: recordings are read from files",
    }


def _version(name: str, missing: str = "MISSING: install again with 'python make.py demo'") -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return missing
