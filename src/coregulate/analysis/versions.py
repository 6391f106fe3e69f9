"""Versions of what an analysis was made with."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def version_of(package: str) -> str:
    """Return the version of an installed package, or that it is not."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
