"""Cue tracks of both people on one 0.1 s grid, in physical units, with quality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import xarray as xr

from coregulate.core import CueSettings, FloatArray, Notice, Signal, Track

from .book import Cue, Cuebook
from .grid import RATE_HZ, active, grid_length, moving, on_grid
from .labels import Signals, Tracks, add_codes, add_touch
from .rows import Rows, put, quality_of
from .turns import silences, turn_cues
from .units import median, own_spread, semitones, unit_factor

# prior: pitch variability needs this many voiced tenths of a second in its window
LEAST_VOICED = 10
#: What describes the conversation and argues for nothing; normalise leaves it out.
CONTEXT = {"overlap": "Speaking together", "silence": "Long silence"}


def build_cues(
    people: Sequence[str], measured: Signals, quality: Signals, tracks: Tracks, ratings: Mapping[str, Signal], *,
    duration_s: float, settings: CueSettings, book: Cuebook,
) -> tuple[xr.Dataset, list[Notice]]:  # fmt: skip
    """Lay every cue of both people on the 0.1 s grid.

    Parameters
    ----------
    people : sequence of str
    measured, quality : mapping of person to mapping of name to Signal
        Physical units on their own rates; quality 0 to 1.
    tracks : mapping of person to mapping of name to Track
        ``speech``, ``codes`` and ``touch``.
    ratings : mapping of person to Signal
        Position in the declared range, 0 to 1.
    duration_s : float
    settings : CueSettings
    book : Cuebook

    Returns
    -------
    xarray.Dataset, list of Notice
        Dimensions (person, time); float32, one variable a cue and ``<cue>_quality``; NaN is not observed.
        Codes are ``code_<name>``, 0 or 1, NaN where that person is not coded. A code that the
        cuebook lacks is a notice and says nothing. ``overlap`` (the share of each step in which this
        person speaks together with another) and ``silence`` (1 in one longer than
        ``settings.silence_s``) have ``role`` "context" in attrs. A signal whose unit is not a
        unit of its cue is a notice and left out; a unit nobody declared is taken as the cuebook's.
    """
    n = grid_length(duration_s)
    rows: Rows = {}
    notices = _add_measured(rows, people, measured, quality, tracks, book, n)
    _add_turns(rows, people, tracks, n, settings, book)
    notices += add_codes(rows, people, tracks, book, n)
    add_touch(rows, people, measured, quality, tracks, book, n)
    for pid in people:
        if pid in ratings:
            put(rows, "felt_safe", pid, np.clip(on_grid(ratings[pid], n), 0.0, 1.0))
    return _dataset(rows, people, n, book), notices


def coded_affect(cues: xr.Dataset, *, book: Cuebook) -> dict[str, Signal]:
    """Return, per coded person, each second's log odds of safe that the codes argue for.

    Parameters
    ----------
    cues : xarray.Dataset
        As :func:`build_cues` gives them.
    book : Cuebook

    Returns
    -------
    dict of person to Signal
        1 Hz; NaN where not coded.
    """
    codes = [
        book.cues[str(name)]
        for name in cues.data_vars
        if str(name) in book.cues and book.cues[str(name)].kind == "code"
    ]
    result = {}
    for pid in (str(p) for p in cues.person.values):
        shown = {c.name: cues[c.name].sel(person=pid).values for c in codes}
        if not any(np.isfinite(v).any() for v in shown.values()):
            continue
        coded = np.any([np.isfinite(v) for v in shown.values()], axis=0)
        odds = np.sum([_odds_of_safe(c) * np.nan_to_num(shown[c.name]) for c in codes], axis=0)
        seconds = len(odds) // int(RATE_HZ) * int(RATE_HZ)
        per_second = np.where(coded, odds, np.nan)[:seconds].reshape(-1, int(RATE_HZ))
        result[pid] = Signal(_row_means(per_second), 1.0, 0.0, "log odds", "coded_affect")
    return result


def _odds_of_safe(code: Cue) -> float:
    safe = np.mean([code.means[s] for s in ("social", "play", "still")])
    return float(safe - np.mean([code.means[s] for s in ("fight_flight", "shutdown")]))


def _row_means(rows: FloatArray) -> FloatArray:
    seen = np.isfinite(rows)
    return np.where(seen.any(axis=1), np.nansum(rows, axis=1) / np.maximum(seen.sum(axis=1), 1), np.nan)


def _add_measured(
    rows: Rows, people: Sequence[str], measured: Signals, quality: Signals, tracks: Tracks, book: Cuebook, n: int
) -> list[Notice]:  # fmt: skip
    notices = []
    for pid in people:
        own = measured.get(pid, {})
        for cue in book.of_kind("graded"):
            if cue.signal not in own:
                continue
            signal = _voiced(own) if cue.name == "intensity" else own[cue.signal]
            values = _track(cue, signal, tracks.get(pid, {}), n)
            if values is None:
                notices.append(_foreign_unit(pid, cue, signal.unit))
                continue
            put(rows, cue.name, pid, values)
            put(rows, f"{cue.name}_quality", pid, quality_of(quality.get(pid, {}).get(cue.signal), values, n))
    return notices


def _track(cue: Cue, signal: Signal, tracks: Mapping[str, Track], n: int) -> FloatArray | None:
    """One cue in the cuebook's unit; None where the signal has a foreign one."""
    if cue.name == "motion_energy":
        return own_spread(on_grid(signal, n))
    if cue.signal == "f0":
        if unit_factor(signal.unit, "hz") is None and unit_factor(signal.unit, "st") is None:
            return None
        # Semitones before the mean of a step: the mean of a ratio's logarithm is the same in any unit.
        pitch = semitones(np.asarray(signal.values, dtype=np.float64), signal.unit)
        values = on_grid(Signal(pitch, signal.rate_hz, signal.start_s), n)
        return _spread(values, int(cue.window_s * RATE_HZ)) if cue.name == "f0_variability" else values
    factor = unit_factor(signal.unit, cue.unit)
    if factor is None:
        return None
    values = on_grid(signal, n) * factor
    if cue.name == "intensity":
        return values - median(values)
    if cue.name == "expiration_share" and "speech" in tracks:
        # Talking changes how long one breathes out: not read within half a second of own speech.
        half = int(RATE_HZ / 2)
        return np.where(moving(active(tracks["speech"], n), half, half) > 1e-9, np.nan, values)
    return values


def _voiced(own: Mapping[str, Signal]) -> Signal:
    """Loudness where the voice sounds, if its pitch is known: between syllables a microphone hears the room."""
    loud, pitch = own["intensity"], own.get("f0")
    if pitch is None or (pitch.rate_hz, pitch.start_s) != (loud.rate_hz, loud.start_s):
        return loud
    values = np.asarray(loud.values)
    n = min(len(values), len(pitch.values))
    sounding = np.where(np.isfinite(np.asarray(pitch.values)[:n]), values[:n], np.nan)
    return replace(loud, values=sounding)


def _foreign_unit(pid: str, cue: Cue, unit: str) -> Notice:
    text = f"Its unit is '{unit}', which is not a unit of {cue.label.lower()} ({cue.unit}): it is not used."
    return Notice("foreign_unit", f"{pid}: {cue.signal}", text)


def _spread(values: FloatArray, window: int) -> FloatArray:
    """Return the standard deviation in a window around each voiced step."""
    before, after = window // 2, window - window // 2 - 1
    seen = np.isfinite(values).astype(float)
    count = np.maximum(moving(seen, before, after), 1.0)
    mean = moving(values, before, after) / count
    variance = moving(values**2, before, after) / count - mean**2
    enough = (moving(seen, before, after) >= LEAST_VOICED) & (seen > 0)
    return np.where(enough, np.sqrt(np.maximum(variance, 0.0)), np.nan)


def _add_turns(
    rows: Rows, people: Sequence[str], tracks: Tracks, n: int, settings: CueSettings,
    book: Cuebook,
) -> None:  # fmt: skip
    spoken = {pid: tracks[pid]["speech"] for pid in people if "speech" in tracks.get(pid, {})}
    if len(spoken) < 2:
        return  # one person's speech alone tells nothing of turns
    quiet = silences(tuple(spoken.values()), n, longer_than_s=settings.silence_s)
    for pid, own in spoken.items():
        others = Track(
            tuple(label for other, track in spoken.items() if other != pid for label in track.labels)
        )
        for name, values in turn_cues(own, others, n)._asdict().items():
            put(rows, name, pid, values)
            if name in book.cues:
                put(rows, f"{name}_quality", pid, np.isfinite(values).astype(float))
        put(rows, "silence", pid, quiet)


def _dataset(
    rows: Mapping[str, Mapping[str, FloatArray]], people: Sequence[str], n: int, book: Cuebook
) -> xr.Dataset:
    variables = {}
    for name, own in rows.items():
        missing = np.zeros(n) if name.endswith("_quality") else np.full(n, np.nan)
        values = np.array([own.get(pid, missing) for pid in people], dtype=np.float32)
        attrs = _attrs(name, book)
        variables[name] = (("person", "time"), values, attrs)
    coords = {"person": list(people), "time": np.arange(n) / RATE_HZ}
    data = xr.Dataset(variables, coords)
    data["time"].attrs.update(units="s", long_name="seconds from the session's start")
    return data


def _attrs(name: str, book: Cuebook) -> dict[str, str | float]:
    if name in CONTEXT:
        return {"units": "1", "label": CONTEXT[name], "long_name": CONTEXT[name], "role": "context"}
    cue = book.cues.get(name)
    if cue is None:
        return {"units": "1"}
    return {
        "units": cue.unit, "channel": cue.channel, "kind": cue.kind, "label": cue.label, "long_name": cue.label,
        "window_s": cue.window_s, "source": cue.source,
    }  # fmt: skip
