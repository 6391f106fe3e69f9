"""The default install stays small."""

from __future__ import annotations

import importlib.metadata
import tomllib
from pathlib import Path

from benchmarks.install import default_packages, size_mb

ROOT = Path(__file__).parent.parent


def test_the_default_install_is_under_700_mb():
    packages = default_packages()
    named = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert len(packages) > len(named)
    sizes = {name: size_mb(package) for name, package in packages.items()}
    # What builds the package and the environment's own scripts come to 5 MB.
    assert 300 < sum(sizes.values()) < 695, sorted(sizes.items(), key=lambda item: -item[1])[:10]


def test_what_only_developers_need_is_not_in_it():
    packages = default_packages()
    assert {"numpy", "numba", "neurokit2", "pip"} <= set(packages)
    assert not {"lifelines", "pytest", "aiohttp", "torch", "ai-edge-litert"} & set(packages)
    assert importlib.metadata.version("coregulate") == packages["coregulate"].version
