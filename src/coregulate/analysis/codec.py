"""Named tuples, dataclasses and arrays as JSON beside one ``.npz``: no pickle, only the types named here."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from coregulate import bond, circuits, core, story

from .result import SessionFacts

_ROOMS = (core, circuits, bond, story)
_TYPES: dict[str, Any] = {
    name: value for room in _ROOMS for name in room.__all__ if isinstance(value := getattr(room, name), type)
} | {"SessionFacts": SessionFacts}
_NOT_A_NUMBER = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def encode(value: Any, arrays: dict[str, NDArray[Any]]) -> Any:
    """Return ``value`` as JSON; arrays go into ``arrays`` under a number.

    Raises
    ------
    TypeError
        For a type that is not in a room's door.
    """
    if isinstance(value, np.ndarray):
        key = f"a{len(arrays)}"
        arrays[key] = value
        return {"array": key}
    if isinstance(value, xr.DataArray):
        return None  # the arrays of the circuits lie in files of their own
    if isinstance(value, np.generic):
        return encode(value.item(), arrays)
    if isinstance(value, float) and not math.isfinite(value):
        return {"number": str(value)}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {"dict": [[encode(k, arrays), encode(v, arrays)] for k, v in value.items()]}
    fields = _fields(value)
    if fields is not None:
        name = type(value).__name__
        if name not in _TYPES:
            raise TypeError(f"'{name}' is not in the door of its room")
        return {"type": name, "fields": {k: encode(v, arrays) for k, v in fields.items()}}
    if isinstance(value, list | tuple):
        return {"tuple" if isinstance(value, tuple) else "list": [encode(v, arrays) for v in value]}
    raise TypeError(f"A {type(value).__name__} cannot be stored")


def decode(value: Any, arrays: Mapping[str, NDArray[Any]]) -> Any:
    """Undo :func:`encode`."""
    if not isinstance(value, dict):
        return value
    (tag, content), *_ = value.items()
    match tag:
        case "array":
            return arrays[content]
        case "number":
            return _NOT_A_NUMBER[content]
        case "dict":
            return {decode(k, arrays): decode(v, arrays) for k, v in content}
        case "tuple":
            return tuple(decode(v, arrays) for v in content)
        case "list":
            return [decode(v, arrays) for v in content]
        case "type":
            return _TYPES[content](**{k: decode(v, arrays) for k, v in value["fields"].items()})
    raise ValueError(f"'{tag}' is not known")


def _fields(value: Any) -> dict[str, Any] | None:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return dict(zip(value._fields, value, strict=True))
    return None
