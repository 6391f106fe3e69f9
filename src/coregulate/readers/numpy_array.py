"""NumPy arrays on disk (.npy): numbers without a name, a unit or a rate, unless the user says them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from coregulate.core import Events, FormatError, Notice, Stream

from .channels import MAX_VALUES, Channel, channel_kind, streams_of
from .columns import looks_like_rr
from .reader import Reader
from .text import head_of

_FEW = 1000  # prior: a list of intervals this smooth is told by its values alone


def sniff(path: Path) -> bool:
    """Whether the first bytes are NumPy's."""
    return head_of(path).raw[:6] == b"\x93NUMPY"


def read(path: Path, hints: Mapping[str, Any]) -> list[Stream]:
    """Read one stream a column; kind from the hint, else the file's name; intervals told by their values.

    Raises
    ------
    FormatError
        For arrays of objects (they could run code), other shapes, or nothing to use.
    """
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError, SyntaxError) as error:
        raise FormatError(
            f"The array cannot be read ({str(error)[:100]})", "Save it again, as numbers", path
        ) from None
    if array.dtype.kind not in "fiu" or array.ndim not in (1, 2) or array.size == 0:
        raise FormatError(
            f"It holds {array.dtype} of shape {array.shape}", "Save one or two dimensions of numbers", path
        )
    if array.size > MAX_VALUES:
        raise FormatError("It holds more samples than can be read at once", "Cut it into parts", path)
    values = np.array(array, dtype=np.float64)
    values = values.T if values.ndim == 2 and values.shape[0] < values.shape[1] else values
    rate = hints.get("rate_hz")
    kind = str(hints.get("kind") or channel_kind(path.stem))
    if values.ndim == 1 and rate is None and kind in ("other", "rr") and looks_like_rr(values):
        kept = values[np.isfinite(values)] * (1.0 if np.nanmedian(values) > 10 else 1000.0)
        return [
            Stream(
                "rr", Events(np.cumsum(kept) / 1000.0, kept, "ms", "rr"), str(path), "", None, "", "intervals"
            )
        ]
    if rate is None:
        note = Notice(
            "no_time", path.name, f"It looks like {kind}, but there is no rate: give rate_hz to use it."
        )
        attrs = {"looks_like": kind} if kind != "other" else {}
        data = Events(np.empty(0), values.ravel(), "", path.stem)
        return [Stream("other", data, str(path), path.stem, None, "", "assumed", (note,), attrs)]
    columns = [values] if values.ndim == 1 or kind == "acceleration" else list(values.T)
    unit = str(hints.get("unit") or "")
    return streams_of([Channel(path.stem, c, float(rate), unit, kind=kind) for c in columns], path)


READER = Reader("numpy", sniff, read)
