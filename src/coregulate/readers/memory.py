"""Recordings that are in memory already: a pandas table, or an MNE ``Raw``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from coregulate.core import FloatArray, InputError, Stream

from .channels import Channel, marker_stream, streams_of
from .columns import unit_of

if TYPE_CHECKING:
    import pandas as pd

# What MNE's channel types are here, and the unit in which MNE keeps them.
_TYPES = {
    "ecg": ("ecg", "v"),
    "gsr": ("eda", "siemens"),
    "resp": ("respiration", ""),
    "temperature": ("temperature", "degc"),
}


def streams_from_frame(frame: pd.DataFrame, label: str, *, rate_hz: float | None = None) -> list[Stream]:
    """Turn a table's columns of numbers into streams, their kinds told by their names.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a sample. Its index is the time: dates with or without a zone (UTC then), or seconds.
    label : str
        What errors and notices call it.
    rate_hz : float, optional
        Samples a second, where the index only counts rows.

    Returns
    -------
    list of Stream

    Raises
    ------
    InputError
        Without a column of numbers, or without a time.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"ECG": np.sin(np.arange(500) / 8)}, index=np.arange(500) / 100)
    >>> [(s.kind, s.data.rate_hz) for s in streams_from_frame(frame, "Alex")]
    [('ecg', 100.0)]
    """
    import pandas as pd

    numbers = [
        c
        for c in frame.columns
        if pd.api.types.is_numeric_dtype(frame[c]) and not pd.api.types.is_bool_dtype(frame[c])
    ]
    if not numbers or len(frame) == 0:
        raise InputError(f"The table of {label} has no column of numbers", "Give one column a signal")
    times, origin = _index(frame.index, rate_hz, label)
    channels = [
        Channel(str(c), np.asarray(frame[c], dtype=np.float64), rate_hz, unit_of(str(c)), times_s=times)
        for c in numbers
    ]
    return streams_of(channels, Path(label), origin_unix_s=origin)


def _index(index: pd.Index, rate_hz: float | None, label: str) -> tuple[FloatArray | None, float | None]:
    import pandas as pd

    if isinstance(index, pd.DatetimeIndex):
        moments = index.tz_localize("UTC") if index.tz is None else index.tz_convert("UTC")
        seconds = moments.as_unit("ns").asi8 / 1e9
        origin = float(np.floor(seconds[0]))
        times: FloatArray = np.asarray(seconds - origin, dtype=np.float64)
    elif rate_hz is not None:
        if not (np.isfinite(rate_hz) and rate_hz > 0):
            raise InputError(f"The rate of {label} is {rate_hz}", "rate_hz is a number above 0")
        return None, None
    elif pd.api.types.is_numeric_dtype(index) and not isinstance(index, pd.RangeIndex):
        times, origin = np.asarray(index, dtype=np.float64), None
    else:
        raise InputError(
            f"The table of {label} has no time", "Give it an index of dates or seconds, or rate_hz"
        )
    if not np.isfinite(times).all() or np.any(np.diff(times) < 0):
        raise InputError(f"The times of {label} go backwards or are missing", "Sort the table by its index")
    return times, origin


def streams_from_raw(raw: Any, label: str) -> list[Stream]:
    """Turn an MNE ``Raw`` into streams: by the channels' types where MNE has one, else by their names.

    Parameters
    ----------
    raw : mne.io.BaseRaw
    label : str
        What errors and notices call it.

    Returns
    -------
    list of Stream
        Annotations become ``markers``; brain channels are left out.

    Raises
    ------
    InputError
        Where no channel can be used.
    """
    rate, date = float(raw.info["sfreq"]), raw.info["meas_date"]
    origin = None if date is None else float(date.timestamp())
    channels = []
    for name, kind in zip(raw.ch_names, raw.get_channel_types(), strict=True):
        if kind in _TYPES or kind in ("misc", "bio"):
            known, unit = _TYPES.get(kind, ("", unit_of(name)))
            channels.append(
                Channel(name, raw.get_data(picks=[name])[0], rate, unit, float(raw.first_time), kind=known)
            )
    if not channels:
        raise InputError(
            f"{label} holds no channel of heart, skin, breathing or movement",
            "Set their types (ecg, gsr, resp, misc)",
        )
    streams = streams_of(channels, Path(label), origin_unix_s=origin)
    since = 0.0 if raw.annotations.orig_time is not None else float(raw.first_time)
    marks = [
        (a["onset"] + since, a["onset"] + since + a["duration"], str(a["description"]))
        for a in raw.annotations
    ]
    return (
        [*streams, marker_stream(marks, Path(label), "annotations", origin_unix_s=origin)]
        if marks
        else streams
    )
