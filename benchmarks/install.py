"""What the default install takes on disk: every package that ``coregulate`` without extras brings, and pip."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

# A file takes whole blocks of the disk, a folder one.
BLOCK_BYTES = 4096


def default_packages() -> dict[str, Distribution]:
    """Return all that an install without extras needs, by name (pip comes with the environment)."""
    found: dict[str, Distribution] = {}
    open_ends = ["coregulate", "pip"]
    while open_ends:
        name = canonicalize_name(open_ends.pop())
        if name in found:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:  # pip, in an environment made without it
            continue
        open_ends += _needed(found[name])
    return found


def _needed(package: Distribution) -> Iterator[str]:
    for text in package.requires or ():
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield requirement.name


def size_mb(package: Distribution) -> float:
    """Return what a package's files take on disk, without what Python compiles when it runs."""
    files = [Path(str(package.locate_file(file))) for file in package.files or ()]
    files = [f for f in files if f.suffix != ".pyc" and f.is_file()]
    blocks = sum(-(-f.stat().st_size // BLOCK_BYTES) for f in files) + len({f.parent for f in files})
    return blocks * BLOCK_BYTES / 2**20


def row() -> str:
    """The row of the benchmark."""
    sizes = {name: size_mb(package) for name, package in default_packages().items()}
    largest = sorted(sizes, key=sizes.__getitem__)[:-4:-1]
    shown = ", ".join(f"{name} {sizes[name]:.0f}" for name in largest)
    return f"default install: {sum(sizes.values()):.0f} MB in {len(sizes)} packages ({shown})"
