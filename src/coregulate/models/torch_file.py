"""The tensors of a PyTorch checkpoint as numpy arrays, without PyTorch.

A checkpoint is a pickle, and a pickle may run anything. This reader knows the three things
that a file of plain tensors needs and refuses the rest, before any of it is called.
"""

from __future__ import annotations

import io
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coregulate.core import StoreError

# What torch.save writes before the data where the file is no zip archive.
_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_DTYPES = {
    "DoubleStorage": "<f8", "FloatStorage": "<f4", "HalfStorage": "<f2", "LongStorage": "<i8",
    "IntStorage": "<i4", "ShortStorage": "<i2", "CharStorage": "<i1", "ByteStorage": "<u1",
}  # fmt: skip


class _Storage(NamedTuple):
    """Flat values that are known by their name alone until they have been read."""

    key: str
    dtype: str
    n: int


class _Tensor(NamedTuple):
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_torch(path: Path) -> Any:
    """Read a checkpoint of tensors, lists, dictionaries and numbers.

    Parameters
    ----------
    path : Path
        What ``torch.save`` wrote, in the zip form or the one before it.

    Returns
    -------
    object
        The same nesting, each tensor a read-only ndarray of its shape.

    Raises
    ------
    StoreError
        Where the file is no such checkpoint, is damaged, or asks for any class that
        plain tensors do not need.

    Notes
    -----
    The layout is the one that PyTorch's ``torch/serialization.py`` writes. Costs the size of the file.

    Differences from PyTorch:

    - the device of a tensor is dropped;
    - big-endian files, sparse and quantized tensors are refused.
    """
    try:
        if zipfile.is_zipfile(path):
            return _read_zip(path)
        return _read_stream(path.read_bytes())
    except StoreError as refusal:
        raise StoreError(refusal.problem, refusal.cure, path) from None
    except Exception as failure:
        # A damaged pickle may fail in any way; each means the same to who asked.
        raise StoreError(
            f"The checkpoint could not be read ({type(failure).__name__}: {failure})",
            "Delete it, so that it is fetched again",
            path,
        ) from None


class _Unpickler(pickle.Unpickler):
    """Knows ordered dictionaries, storages and tensors; nothing else has a name here."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if module == "torch" and name in _DTYPES:
            return _DTYPES[name]
        raise StoreError(
            f"The checkpoint asks for '{module}.{name}', which is not read from a file",
            "Use a file of plain tensors",
        )

    def persistent_load(self, pid: Any) -> _Storage:
        kind, dtype, key, _device, n, *view = pid
        if kind != "storage" or any(view) or dtype not in _DTYPES.values():
            raise StoreError(f"The checkpoint refers to {kind!r}", "Use a file of plain tensors")
        return _Storage(str(key), str(dtype), int(n))


def _tensor(storage: _Storage, offset: int, shape: Any, strides: Any, *_: Any) -> _Tensor:
    return _Tensor(storage, int(offset), tuple(map(int, shape)), tuple(map(int, strides)))


def _read_zip(path: Path) -> Any:
    with zipfile.ZipFile(path) as archive:
        (index,) = (name for name in archive.namelist() if name.endswith("data.pkl"))
        folder = index[: -len("data.pkl")]
        if folder + "byteorder" in archive.namelist() and archive.read(folder + "byteorder") != b"little":
            raise StoreError("The checkpoint is big-endian", "Save it again on a little-endian machine")
        found = _Unpickler(io.BytesIO(archive.read(index))).load()
        return _filled(found, lambda s: np.frombuffer(archive.read(f"{folder}data/{s.key}"), s.dtype))


def _read_stream(data: bytes) -> Any:
    stream = io.BytesIO(data)
    if _Unpickler(stream).load() != _MAGIC or _Unpickler(stream).load() != _PROTOCOL:
        raise StoreError("It is no PyTorch checkpoint", "Delete it, so that it is fetched again")
    if not _Unpickler(stream).load().get("little_endian", False):
        raise StoreError("The checkpoint is big-endian", "Save it again on a little-endian machine")
    found = _Unpickler(stream).load()
    dtypes: dict[str, str] = {}
    _filled(found, lambda s: np.empty(s.n, dtypes.setdefault(s.key, s.dtype)))
    storages = {}
    for key in _Unpickler(stream).load():
        # Each storage is its length (8 bytes), then its values.
        n = int(np.frombuffer(data, "<i8", 1, stream.tell())[0])
        values = np.frombuffer(data, dtypes[key], n, stream.tell() + 8)
        stream.seek(8 + values.nbytes, io.SEEK_CUR)
        storages[key] = values
    return _filled(found, lambda s: storages[s.key])


def _filled(found: Any, values_of: Callable[[_Storage], NDArray[Any]]) -> Any:
    """Return the same nesting with an array for each tensor."""
    if isinstance(found, _Tensor):
        return _array(found, values_of(found.storage))
    if isinstance(found, dict):
        return {key: _filled(value, values_of) for key, value in found.items()}
    if isinstance(found, (list, tuple)):
        return type(found)(_filled(value, values_of) for value in found)
    return found


def _array(tensor: _Tensor, values: NDArray[Any]) -> NDArray[Any]:
    """Lay a tensor over its storage, never beyond it."""
    reach = sum((n - 1) * step for n, step in zip(tensor.shape, tensor.strides, strict=True))
    empty = 0 in tensor.shape
    if min((tensor.offset, *tensor.shape, *tensor.strides)) < 0 or (
        not empty and tensor.offset + reach >= len(values)
    ):
        raise StoreError("A tensor reaches beyond its values", "Delete the file, so that it is fetched again")
    steps = tuple(step * values.itemsize for step in tensor.strides)
    return np.lib.stride_tricks.as_strided(values[tensor.offset :], tensor.shape, steps, writeable=False)
