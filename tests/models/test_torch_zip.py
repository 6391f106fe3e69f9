"""The zip form of a checkpoint, written here as PyTorch lays it out, without PyTorch."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from coregulate.core import StoreError
from coregulate.models.torch_file import read_torch

# A dictionary with one tensor: storage '0' of 6 floats, offset 1, shape (2, 2), strides (2, 1), in pickle's
# own words, because the classes that it names are not installed.
INDEX = (
    b"(dp0\nVweight\nctorch._utils\n_rebuild_tensor_v2\n"
    b"((Vstorage\nctorch\nFloatStorage\nV0\nVcpu\nI6\ntQI1\n(I2\nI2\nt(I2\nI1\ntI00\nNtRs."
)
VALUES = np.arange(6, dtype="<f4")


def archive(path: Path, *, index: bytes = INDEX, values: bytes = VALUES.tobytes(), order: bytes = b"little"):
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("model/data.pkl", index)
        out.writestr("model/byteorder", order)
        out.writestr("model/data/0", values)
    return path


def test_a_zip_holds_its_tensor(tmp_path: Path) -> None:
    found = read_torch(archive(tmp_path / "m.pt"))["weight"]
    np.testing.assert_array_equal(found, [[1, 2], [3, 4]])
    assert not found.flags.writeable


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"order": b"big"}, "big-endian"),
        ({"values": VALUES[:4].tobytes()}, "beyond its values"),
        ({"index": pickle.dumps(print)}, "builtins.print"),
        ({"index": INDEX.replace(b"Vstorage", b"Vanother")}, "another"),
    ],
)
def test_a_strange_zip_is_refused(tmp_path: Path, change, why) -> None:
    with pytest.raises(StoreError, match=why):
        read_torch(archive(tmp_path / "m.pt", **change))


def test_a_zip_without_an_index_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "m.pt", "w") as out:
        out.writestr("model/readme", b"")
    with pytest.raises(StoreError, match="could not be read"):
        read_torch(tmp_path / "m.pt")
