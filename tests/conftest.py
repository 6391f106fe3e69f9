"""What all tests share: where the real recordings are, and no network."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of the real recordings; the test is skipped, saying why, when it is absent."""
    folder = Path(os.environ.get("COREGULATE_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real recordings here: set COREGULATE_DATA to their folder (looked in {folder})")
    return folder
