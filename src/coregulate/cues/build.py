"""Cue tracks of both people on one 0.1 s grid, in physical units, with quality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import xarray as xr

from coregulate.core import CueSettings, FloatArray, Label, Notice, Signal, Track

from .book import Cue, Cuebook
from .grid import RATE_HZ, active, grid_length, moving, on_grid
from .turns import silences, turn_cues
from .units import median, own_spread, semitones, unit_factor

Tracks = Mapping[str, Mapping[str, Track]]
Signals = Mapping[str, Mapping[str, Signal]]
# prior: pitch variability needs this many voiced tenths of a second in its window
LEAST_VOICED = 10
MOMENT_S = 1.0  # prior: a code or touch without length counts for a second
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
    rows: dict[str, dict[str, FloatArray]] = {}
    notices: list[Notice] = []
    for pid in people:
        own = measured.get(pid, {})
        for cue in book.of_kind("graded"):
            if cue.signal in own:
                values = _track(
                    cue, _voiced(own) if cue.name == "intensity" else own[cue.signal], tracks.get(pid, {}), n
                )
                if values is None:
                    notices.append(_foreign_unit(pid, cue, own[cue.signal].unit))
                    continue
                _put(rows, cue.name, pid, values)
                _put(
                    rows,
                    f"{cue.name}_quality",
                    pid,
                    _quality(quality.get(pid, {}).get(cue.signal), values, n),
                )
    _add_turns(rows, people, tracks, n, settings, book)
    notices += _add_labels(rows, people, tracks, book, n)
    _add_touch(rows, people, measured, quality, tracks, book, n)
    for pid in people:
        if pid in ratings:
            _put(rows, "felt_safe", pid, np.clip(on_grid(ratings[pid], n), 0.0, 1.0))
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


def _quality(quality: Signal | None, values: FloatArray, n: int) -> FloatArray:
    known = np.isfinite(values)
    if quality is None:
        return known.astype(float)
    return np.where(known, np.clip(np.nan_to_num(on_grid(quality, n)), 0.0, 1.0), 0.0)


def _add_turns(
    rows: dict[str, dict[str, FloatArray]], people: Sequence[str], tracks: Tracks, n: int, settings: CueSettings,
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
            _put(rows, name, pid, values)
            if name in book.cues:
                _put(rows, f"{name}_quality", pid, np.isfinite(values).astype(float))
        _put(rows, "silence", pid, quiet)


def _add_labels(
    rows: dict[str, dict[str, FloatArray]], people: Sequence[str], tracks: Tracks, book: Cuebook, n: int
) -> list[Notice]:
    unknown: dict[str, int] = {}
    coded = [pid for pid in people if tracks.get(pid, {}).get("codes")]
    used: dict[str, dict[str, Track]] = {}
    for pid in coded:
        by_code: dict[str, list[Label]] = {}
        for label in tracks[pid]["codes"].labels:
            cue = book.code(label.text)
            if cue is None and not label.text.strip():
                continue
            if cue is None:
                unknown[label.text] = unknown.get(label.text, 0) + 1
            elif cue.kind == "code":
                by_code.setdefault(cue.name, []).append(_with_length(label))
        for name, labels in by_code.items():
            used.setdefault(name, {})[pid] = Track(tuple(labels))
    for pid in coded:
        whole = active(_lengthened(tracks[pid]["codes"]), n) > 0
        for name, tracks_of in used.items():
            shown = active(tracks_of[pid], n) if pid in tracks_of else np.zeros(n)
            _put(rows, name, pid, np.where(whole, (shown >= 0.5).astype(float), np.nan))
    return [
        Notice(
            "unknown_code",
            text,
            f"The code '{text}' ({count} times) is not in the cuebook: it says nothing here.",
        )
        for text, count in unknown.items()
    ]


def _add_touch(
    rows: dict[str, dict[str, FloatArray]], people: Sequence[str], measured: Signals, quality: Signals,
    tracks: Tracks, book: Cuebook, n: int,
) -> None:  # fmt: skip
    """Touch is one of two people: a coder's word of either outranks what a video shows of both."""
    said = {pid: coded for pid in people if (coded := _coded_touch(tracks.get(pid, {}), book)) is not None}
    for pid in people:
        coded = said.get(pid, next(iter(said.values()), None))
        seen = measured.get(pid, {}).get("touch")
        if coded is not None:
            values = (active(_lengthened(coded), n) >= 0.5).astype(float)
            _put(rows, "touch", pid, values)
            _put(rows, "touch_quality", pid, np.ones(n))
        elif seen is not None:
            values = on_grid(seen, n)
            _put(rows, "touch", pid, values)
            _put(rows, "touch_quality", pid, _quality(quality.get(pid, {}).get("touch"), values, n))


def _coded_touch(tracks: Mapping[str, Track], book: Cuebook) -> Track | None:
    """Return a tier of touch, or the labels of touch among a coder's others; None where there is neither."""
    if "touch" in tracks:
        return tracks["touch"]
    labels = tracks["codes"].labels if "codes" in tracks else ()
    found = tuple(x for x in labels if (cue := book.code(x.text)) is not None and cue.kind == "touch")
    return Track(found) if found else None


def _with_length(label: Label) -> Label:
    return (
        label if label.end_s > label.start_s else Label(label.start_s, label.start_s + MOMENT_S, label.text)
    )


def _lengthened(track: Track) -> Track:
    return Track(tuple(_with_length(label) for label in track.labels), track.name)


def _put(rows: dict[str, dict[str, FloatArray]], name: str, pid: str, values: FloatArray) -> None:
    rows.setdefault(name, {})[pid] = values


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
