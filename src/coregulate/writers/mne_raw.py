"""A person's signals as an MNE ``Raw`` in memory, where MNE is installed."""

from __future__ import annotations

from typing import Any

import numpy as np

from coregulate.analysis import Analysis
from coregulate.core import FloatArray, InputError, MissingExtraError, Signal

RATE_HZ = 10.0  # the cues' grid; no signal of an analysis is faster


def to_mne(analysis: Analysis, person: str) -> Any:
    """Return a person's physical signals on one grid, with speech and episodes as annotations.

    Parameters
    ----------
    analysis : Analysis
    person : str
        The person's id.

    Returns
    -------
    mne.io.RawArray
        Channels of type ``misc`` in their own units, 10 Hz, from the session's zero; NaN is not observed.

    Raises
    ------
    MissingExtraError
        Without MNE, which is no dependency of any extra.
    InputError
        Where nothing was measured of the person.
    """
    try:
        import mne
    except ImportError:
        raise MissingExtraError(
            "An MNE Raw needs the package mne, which is not installed", "Run: pip install mne"
        ) from None
    signals = analysis.signals.get(person, {})
    if not signals:
        raise InputError(f"No signal was measured of '{person}'", f"People are {', '.join(analysis.signals)}")
    n = int(analysis.session.duration_s * RATE_HZ)
    data = np.array([_on_grid(s, n) for s in signals.values()])
    info = mne.create_info(list(signals), RATE_HZ, "misc")
    raw = mne.io.RawArray(data, info, verbose="error")
    speech = analysis.tracks.get(person, {}).get("speech")
    marks = [(x.start_s, x.end_s, "speech") for x in (speech.labels if speech else ())]
    marks += [(e.start_s, e.end_s, f"off track: {e.kind}") for e in analysis.story.episodes]
    if marks:
        starts = np.array([m[0] for m in marks])
        ends = np.array([m[1] for m in marks])
        raw.set_annotations(mne.Annotations(starts, ends - starts, [m[2] for m in marks]), verbose="error")
    return raw


def _on_grid(signal: Signal, n: int) -> FloatArray:
    """Return the value that holds at each tenth of a second; none is made up between two."""
    at = np.floor((np.arange(n) / RATE_HZ - signal.start_s) * signal.rate_hz + 1e-9).astype(int)
    values = np.asarray(signal.values, dtype=np.float64)
    inside = (at >= 0) & (at < len(values))
    return np.where(
        inside, values[np.clip(at, 0, max(len(values) - 1, 0))] if len(values) else np.nan, np.nan
    )
