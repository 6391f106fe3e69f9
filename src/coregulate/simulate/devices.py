"""Files as devices write them: a column of Unix times and a column of values; sound without a clock."""

from __future__ import annotations

import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray

#: Unix time of the first sample of every simulated session (2026-01-13, 18:30 UTC).
START_UNIX_S = 1768329000
# Rows written at once: a long recording is never one text.
_ROWS = 100_000


def write_column(path: Path, name: str, values: FloatArray, *, rate_hz: float, decimals: int) -> None:
    """Write ``timestamp,<name>`` with a Unix time for each sample, to the millisecond.

    Parameters
    ----------
    path : Path
    name : str
    values : ndarray, shape (n,)
    rate_hz : float
    decimals : int
        Of the values; 0 writes whole numbers.
    """
    row = "%d.%03d,%d\n" if decimals == 0 else f"%d.%03d,%.{decimals}f\n"
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(f"timestamp,{name}\n")
        for first in range(0, len(values), _ROWS):
            ms = np.round(np.arange(first, min(first + _ROWS, len(values))) * (1000 / rate_hz))
            seconds, parts = np.divmod(ms.astype(np.int64), 1000)
            rounded = np.round(np.asarray(values[first : first + _ROWS]), decimals)
            column = rounded.astype(np.int64).tolist() if decimals == 0 else rounded.tolist()
            rows = zip((seconds + START_UNIX_S).tolist(), parts.tolist(), column, strict=True)
            file.write("".join([row % r for r in rows]))


@contextmanager
def sound_file(path: Path, *, rate_hz: float) -> Iterator[Callable[[NDArray[np.int16]], None]]:
    """Open a mono 16-bit WAV file; gives what writes the next samples into it."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(round(rate_hz))
        yield lambda samples: file.writeframes(samples.astype("<i2").tobytes())


def write_markers(path: Path, markers: list[tuple[float, str, str]]) -> None:
    """Write the recorder's marks: Unix time, type, content."""
    rows = [
        f"{START_UNIX_S + t:.3f},{kind},{content}\n"
        for t, kind, content in sorted(markers, key=lambda m: m[0])
    ]
    path.write_text("Timestamp,Type,Content\n" + "".join(rows), encoding="utf-8", newline="\n")
