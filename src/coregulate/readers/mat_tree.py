"""What a MATLAB .mat of any version holds, as names and values: SciPy up to version 7, h5py from 7.3 on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from coregulate.core import FormatError

from .channels import MAX_VALUES
from .mat_sizes import check_sizes
from .text import head_of

MAX_DEPTH = 6


def mat_tree(path: Path) -> Mapping[str, Any]:
    """Return a file's variables by name: arrays, texts, lists of texts, and structures (see `fields_of`).

    Raises
    ------
    FormatError
        For a version that is not read, and where an array claims more than the file holds.
    """
    raw = head_of(path).raw
    if raw[:8] == b"\x89HDF\r\n\x1a\n" or b"MATLAB 7.3" in raw[:20]:
        import h5py

        with h5py.File(path, "r") as file:
            return _from_hdf(file, file, 0)
    if raw[126:128] in (b"IM", b"MI"):  # version 5 to 7; version 4 tells no sizes
        check_sizes(path)
    from scipy.io import loadmat

    # MATLAB's own encoding: SciPy's default, which its stubs know alone, loses letters beyond ASCII.
    letters: dict[str, Any] = {} if raw[:6] != b"MATLAB" else {"uint16_codec": "utf-16"}  # version 4 has none
    try:
        whole = loadmat(
            str(path),
            squeeze_me=True,
            struct_as_record=False,
            verify_compressed_data_integrity=True,
            **letters,
        )
    except NotImplementedError:
        raise FormatError("It is a .mat of a version that is not read", "Save it with -v7", path) from None
    return {k: v for k, v in whole.items() if not k.startswith("__")}


def _from_hdf(group: Any, file: Any, depth: int) -> dict[str, Any]:
    import h5py

    tree: dict[str, Any] = {}
    for name, item in group.items():
        if name.startswith("#") or depth > MAX_DEPTH:
            continue
        if isinstance(item, h5py.Group):
            tree[name] = _from_hdf(item, file, depth + 1)
        elif item.attrs.get("MATLAB_class") == b"char":
            tree[name] = "".join(chr(c) for c in np.asarray(item).ravel(order="F")[:10_000])
        elif item.dtype == h5py.ref_dtype:  # a cell array: its parts lie elsewhere in the file
            parts = [file[ref] for ref in np.asarray(item).ravel(order="F")[:2000]]
            tree[name] = [_text_of(p) if p.attrs.get("MATLAB_class") == b"char" else None for p in parts]
        elif item.dtype.kind in "fiu" and item.size <= MAX_VALUES:
            tree[name] = np.squeeze(np.asarray(item, dtype=np.float64).T)
    return tree


def _text_of(item: Any) -> str:
    return "".join(chr(c) for c in np.asarray(item).ravel(order="F")[:1000])


def fields_of(value: Any) -> Mapping[str, Any] | None:
    """Return a structure's fields by name, or None where the value is none."""
    if isinstance(value, Mapping):
        return value
    names = getattr(value, "_fieldnames", None)
    return {n: getattr(value, n) for n in names} if names else None


def texts_of(value: Any) -> list[str]:
    """Return a text, or a list of texts, as a list; anything else as none."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, np.ndarray | list | tuple):
        return [str(x).strip() for x in np.ravel(np.asarray(value, dtype=object))]
    return []
