"""What was read of videos, and heard of a microphone: put aside, so that an analysis that broke off goes on from there.

One file a video or sound, ``<key>.npz``, in a folder that goes away once the analysis is stored. It holds
cue tracks, points of faces, what tells people apart and when which voice is heard; no picture, no sound.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coregulate.core import StoreError

from .versions import version_of

_FORM = 2  # of what is put aside; another one is not taken up
Stored = Mapping[str, NDArray[Any]]


class Aside:
    """What was read of one video, or heard of one sound, so far.

    Parameters
    ----------
    folder : path-like
    recording : path-like
        Its name, size and time of change are part of the key.
    depends_on : object
        All else that what is read depends on, as JSON can write it: stretch, rate, how many people.
    """

    def __init__(self, folder: Path, recording: str | Path, depends_on: object) -> None:
        facts = os.stat(recording)
        parts = [
            version_of("coregulate"),
            _FORM,
            os.path.abspath(recording),
            facts.st_size,
            facts.st_mtime_ns,
            depends_on,
        ]
        key = hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:24]
        self.path = folder / f"{key}.npz"

    def load(self) -> Stored | None:
        """Return what was put aside; None where there is nothing, or nothing whole."""
        try:
            with self.path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                return dict(arrays)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None

    def keep(self, stored: Stored) -> None:
        """Write beside, then put in place: an interruption here leaves what was kept before.

        Raises
        ------
        StoreError
            Where the folder cannot be written.
        """
        beside = self.path.with_suffix(".part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with beside.open("wb") as out:
                np.savez(out, **stored)  # type: ignore[arg-type]
            beside.replace(self.path)
        except OSError as error:
            raise StoreError(
                f"What was read of a recording cannot be put aside ({error.strerror or error})",
                "Free some space or choose another folder with --out",
                self.path,
            ) from error
