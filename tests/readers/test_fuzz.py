"""Whatever a file holds, reading it ends in streams or in a CoregulateError with a cure."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from written_files import WRITTEN

from coregulate.core import CoregulateError, Stream
from coregulate.readers import read, recognise

_FORMATS = [
    "stamped_csv",
    "semicolon_csv",
    "long_gz",
    "motion",
    "rr",
    "movesense_ecg",
    "annotations",
    "e4_zip",
    "e4_eda",
    "wfdb",
    "wav",
    "rttm",
    "words",
    "codes",
]
_CHUNKS = (
    b"",
    b"\x00",
    b"\xff\xfe",
    b"\n",
    b"\r",
    b'"',
    b",",
    b";",
    b"nan",
    b"-1e309",
    b"9" * 400,
    b"\x1f\x8b",
    b"inf",
    b"0x10",
    b"1e3091700000000",
)


def damage(raw: bytes, rng: np.random.Generator) -> bytes:
    """Cut, flip, insert, repeat or swap parts of a file."""
    data = bytearray(raw)
    for _ in range(int(rng.integers(1, 5))):
        at = int(rng.integers(0, len(data) + 1))
        to = min(len(data), at + int(rng.integers(0, 200)))
        what = int(rng.integers(0, 6))
        if what == 0:
            del data[at:]
        elif what == 1:
            del data[at:to]
        elif what == 2:
            data[at:at] = _CHUNKS[int(rng.integers(len(_CHUNKS)))]
        elif what == 3 and at < len(data):
            data[at] = int(rng.integers(256))
        elif what == 4:
            data[at:at] = data[at:to] * 3
        else:
            data[at:to] = bytes(rng.integers(0, 256, to - at, dtype=np.uint8))
    return bytes(data)


def ends_well(path: Path) -> None:
    recognise(path)
    streams, problem = [], None
    try:
        streams = read(path)
    except CoregulateError as error:
        problem = error
    if problem is None:
        assert streams
        assert all(isinstance(s, Stream) for s in streams)
    else:
        assert problem.problem
        assert problem.cure
        assert problem.path


@pytest.mark.parametrize("name", _FORMATS)
def test_damaged_files(name, tmp_path, makers):
    rng = np.random.default_rng(7)
    path = makers[name][0](tmp_path)
    raw = path.read_bytes()
    for _ in range(40):
        path.write_bytes(damage(raw, rng))
        ends_well(path)
    if name == "wfdb":  # damage its signal file too
        path.write_bytes(raw)
        data = path.with_suffix(".dat")
        whole = data.read_bytes()
        for _ in range(20):
            data.write_bytes(damage(whole, rng))
            path.with_suffix(".atr").write_bytes(bytes(rng.integers(0, 256, 64, dtype=np.uint8)))
            ends_well(path)


@pytest.mark.parametrize(
    "name", sorted(set(WRITTEN) - {"polar_ecg"})
)  # a large text, and polar_flow has its reader
def test_damaged_files_of_devices(name, tmp_path):
    rng = np.random.default_rng(11)
    path = WRITTEN[name][0](tmp_path)
    raw = path.read_bytes()
    for _ in range(20):
        path.write_bytes(damage(raw, rng))
        ends_well(path)


@given(
    raw=st.binary(max_size=2000),
    suffix=st.sampled_from(
        [
            ".csv",
            ".txt",
            ".wav",
            ".zip",
            ".hea",
            ".gz",
            ".rttm",
            "",
            ".edf",
            ".xdf",
            ".acq",
            ".mat",
            ".eaf",
            ".vtt",
        ]
    ),
)
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_bytes(raw, suffix):
    folder = Path(tempfile.mkdtemp())
    try:
        path = folder / f"x{suffix}"
        path.write_bytes(raw)
        ends_well(path)
    finally:
        shutil.rmtree(folder)


_FIELD = st.sampled_from(
    [
        "1",
        "-2.5",
        "3,5",
        "nan",
        "inf",
        "",
        "time",
        "ecg",
        '"a"',
        '"',
        "2020-01-01T00:00:00",
        "99999999999999999999",
        "x",
    ]
)


@given(
    rows=st.lists(st.lists(_FIELD, min_size=1, max_size=5), min_size=1, max_size=12),
    delimiter=st.sampled_from([",", ";", "\t", " "]),
    ends=st.sampled_from(["\n", "\r", "\r\n"]),
)
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_table(rows, delimiter, ends):
    folder = Path(tempfile.mkdtemp())
    try:
        path = folder / "x.csv"
        path.write_bytes(ends.join(delimiter.join(r) for r in rows).encode())
        ends_well(path)
    finally:
        shutil.rmtree(folder)
