"""Damaged lengths of a .mat ask for no memory; whatever SciPy reads passes."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import scipy.io

from coregulate.core import FormatError
from coregulate.readers import read
from coregulate.readers.mat_sizes import check_sizes


@pytest.mark.parametrize("packed", [False, True])
def test_what_claims_more_than_the_file_holds_is_refused(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "a.mat"
    cells = np.array([["x"], ["y"], ["z"]], dtype=object)
    scipy.io.savemat(path, {"labels": cells})
    check_sizes(path)
    raw = path.read_bytes()
    at = raw.rindex(struct.pack("<IIII", 5, 8, 3, 1)) + 8  # the dimensions of the cells
    raw = raw[:at] + struct.pack("<II", 0x14000001, 1) + raw[at + 8 :]
    if packed:
        small = zlib.compress(raw[128:])
        raw = raw[:128] + struct.pack("<II", 15, len(small)) + small
    path.write_bytes(raw)
    with pytest.raises(FormatError, match="claims more than it holds"):
        read(path)


def test_numbers_of_a_type_that_there_is_not_are_refused(tmp_path: Path) -> None:
    """SciPy looks such a type up beyond the end of its table: the process ended."""
    path = tmp_path / "a.mat"
    scipy.io.savemat(path, {"ecg": np.arange(200.0) + 0.5, "fs": 100.0})
    raw = path.read_bytes()
    path.write_bytes(raw.replace(struct.pack("<II", 9, 1600), struct.pack("<II", 4000, 1600)))
    with pytest.raises(FormatError, match="unknown type"):
        read(path)


def test_a_file_that_is_cut_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.mat"
    scipy.io.savemat(path, {"ecg": np.arange(200.0), "fs": 100.0})
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(FormatError):
        read(path)


def test_whatever_scipy_reads_of_its_own_files_passes() -> None:
    """MATLAB 5 to 7.4 on several machines wrote them: cells, structures, objects, sparse, of both byte orders."""
    folder = Path(scipy.io.__file__).parent / "matlab" / "tests" / "data"
    if not folder.is_dir():
        pytest.skip("this SciPy comes without the files of its tests")
    passed = 0
    for path in sorted(folder.glob("*.mat")):
        if path.read_bytes()[126:128] not in (b"IM", b"MI"):
            continue
        try:
            scipy.io.loadmat(path)
        except Exception:
            continue
        check_sizes(path)
        passed += 1
    assert passed > 50
