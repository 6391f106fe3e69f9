"""Write an analysis to a folder and read it again.

    analysis.json   the object that ``--json`` prints (schema.json in this room)
    signals.nc      physical units, each on its own rate; beats and other events
    cues.nc         normalised cues, 0.1 s
    states.nc       probabilities, 1 s, with the flags of what is supported
    evidence.nc     the ledger
    detail.json     bond, story and the rest of the circuits, with arrays in detail.npz

Time in NetCDF is plain seconds from the session's start. The engine is h5netcdf.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from coregulate.circuits import Circuits
from coregulate.core import Signal, StoreError

from .codec import decode, encode
from .result import Analysis

ENGINE: Literal["h5netcdf"] = "h5netcdf"
FILES = ("analysis.json", "signals.nc", "cues.nc", "states.nc", "evidence.nc", "detail.json", "detail.npz")


def save_analysis(analysis: Analysis, folder: Path) -> Path:
    """Write aside, then put in place: an interrupted save leaves the earlier analysis whole.

    Raises
    ------
    StoreError
        Where the folder cannot be written or the disk is full.
    """
    aside = folder.with_name(folder.name + ".new")
    try:
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        _write(analysis, aside)
        _put_in_place(aside, folder)
    except OSError as error:
        raise StoreError(
            f"The analysis cannot be written ({error.strerror or error})",
            "Free some space or choose another folder with --out; what was there before is untouched",
            folder,
        ) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return folder


def load_analysis(folder: str | Path) -> Analysis:
    """Read an analysis that :meth:`Analysis.save` wrote.

    Raises
    ------
    StoreError
        Where a file is missing or damaged.
    """
    path = Path(folder)
    try:
        return _read(path)
    except FileNotFoundError as error:
        if not (path / "analysis.json").exists():
            raise StoreError(
                "There is no analysis here", "Run 'coregulate analyze' first, or check the name", path
            ) from None
        raise StoreError(
            "This is not a whole analysis", "Run 'coregulate analyze' again", error.filename or path
        ) from error
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise StoreError(
            f"The analysis cannot be read ({error})", "Run 'coregulate analyze' again", path
        ) from error


def stored_key(folder: Path) -> str | None:
    """Return the key of what an analysis in a folder was computed from; None where there is none."""
    try:
        key = json.loads((folder / "analysis.json").read_text(encoding="utf-8"))["key"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return str(key) if all((folder / name).is_file() for name in FILES) else None


def _write(analysis: Analysis, folder: Path) -> None:
    # NaN is not JSON: what is not known is null.
    (folder / "analysis.json").write_text(dumps(analysis.summary), encoding="utf-8")
    _netcdf(_signals(analysis), folder / "signals.nc")
    _netcdf(_plain_time(analysis.cues), folder / "cues.nc")
    _netcdf(_states(analysis.circuits), folder / "states.nc")
    _netcdf(_plain_time(analysis.circuits.evidence.to_dataset(name="evidence")), folder / "evidence.nc")
    arrays: dict[str, NDArray[Any]] = {}
    empty = xr.DataArray()
    rest = analysis.circuits._replace(states=empty, filtered=empty, evidence=empty)
    detail = {
        "session": analysis.session, "circuits": rest, "bond": analysis.bond, "story": analysis.story,
        "signals": analysis.signals, "events": analysis.events, "tracks": analysis.tracks, "notices": analysis.notices,
        "personal": analysis.personal,
    }  # fmt: skip
    (folder / "detail.json").write_text(json.dumps(encode(detail, arrays)), encoding="utf-8")
    np.savez_compressed(folder / "detail.npz", **arrays)  # type: ignore[arg-type]


def _read(folder: Path) -> Analysis:
    summary = json.loads((folder / "analysis.json").read_text(encoding="utf-8"))
    with np.load(folder / "detail.npz", allow_pickle=False) as arrays:
        detail = decode(json.loads((folder / "detail.json").read_text(encoding="utf-8")), arrays)
    states = _open(folder / "states.nc")
    circuits: Circuits = detail["circuits"]._replace(
        states=states["states"],
        filtered=states["filtered"],
        evidence=_open(folder / "evidence.nc")["evidence"],
    )
    return Analysis(
        detail["session"], detail["signals"], detail["events"], detail["tracks"], _open(folder / "cues.nc"),
        circuits, detail["bond"], detail["story"], summary, tuple(detail["notices"]),
        detail["personal"],
    )  # fmt: skip


def dumps(value: Any) -> str:
    """JSON with null for what is not known."""
    return json.dumps(_jsonable(value), indent=2, ensure_ascii=False, allow_nan=False)


def _jsonable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _jsonable(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


def _open(path: Path) -> xr.Dataset:
    with xr.open_dataset(path, engine=ENGINE) as dataset:
        return dataset.load()


def _netcdf(dataset: xr.Dataset, path: Path) -> None:
    encoding: dict[Hashable, Any] = {
        name: {"zlib": True, "complevel": 1} for name in dataset.data_vars if dataset[name].dtype.kind == "f"
    }
    # Made in memory: where a disk is full in the middle of a file, HDF5 ends the whole process.
    path.write_bytes(dataset.to_netcdf(engine=ENGINE, encoding=encoding))


def _plain_time(dataset: xr.Dataset) -> xr.Dataset:
    """Describe time without a ``units`` attribute, which xarray would read as a date."""
    dataset = dataset.copy()
    for name in dataset.coords:
        if str(name).startswith("time"):
            dataset[name].attrs = {"long_name": "seconds from the session's start"}
    return dataset


def _states(circuits: Circuits) -> xr.Dataset:
    people = [str(p) for p in circuits.states.person.values]
    supported = circuits.supported
    pairs = sorted({pair for pid in people for pair in supported[pid].splits})
    dataset = xr.Dataset({"states": circuits.states, "filtered": circuits.filtered})
    for question in ("safe", "mobilized", "level_known", "episodes", "absolute"):
        dataset[f"supported_{question}"] = (
            "person",
            [int(getattr(supported[pid], question)) for pid in people],
        )
    dataset["supported_split"] = (
        ("person", "pair"),
        [[int(supported[pid].splits.get(pair, False)) for pair in pairs] for pid in people],
    )
    dataset["d_prime"] = (
        ("person", "pair"),
        [[float(supported[pid].d_prime.get(pair, np.nan)) for pair in pairs] for pid in people],
    )
    return _plain_time(dataset.assign_coords(pair=pairs))


def _signals(analysis: Analysis) -> xr.Dataset:
    """One variable a signal (person, time at its own rate) and one an event series (person, number)."""
    people = [p.id for p in analysis.session.people]
    variables: dict[str, Any] = {}
    coords: dict[str, Any] = {"person": people}
    for name in sorted({n for pid in people for n in analysis.signals.get(pid, {})}):
        own = {pid: analysis.signals[pid][name] for pid in people if name in analysis.signals[pid]}
        rate_hz = next(iter(own.values())).rate_hz
        start_s = np.floor(min(s.start_s for s in own.values()) * rate_hz) / rate_hz
        n = int(np.ceil(max((s.span.end_s - start_s) for s in own.values()) * rate_hz - 1e-9))
        time = start_s + np.arange(n) / rate_hz
        dim = f"time_{name}"
        rows = [_on_grid(own[pid], time) if pid in own else np.full(n, np.nan) for pid in people]
        attrs = {"units": next(iter(own.values())).unit, "rate_hz": rate_hz}
        variables[name] = (("person", dim), np.array(rows), attrs)
        coords[dim] = time
    for name in sorted({n for pid in people for n in analysis.events.get(pid, {})}):
        series = {pid: analysis.events[pid][name] for pid in people if name in analysis.events[pid]}
        most = max(len(e.times_s) for e in series.values())
        times, values = (np.full((len(people), most), np.nan) for _ in range(2))
        for k, pid in enumerate(people):
            if pid in series:
                event = series[pid]
                times[k, : len(event.times_s)] = event.times_s
                values[k, : len(event.values)] = event.values
        variables[name] = (
            ("person", f"number_{name}"),
            times,
            {"long_name": "seconds from the session's start"},
        )
        if np.isfinite(values).any():
            variables[f"{name}_value"] = (
                ("person", f"number_{name}"),
                values,
                {"units": next(iter(series.values())).unit},
            )
    return _plain_time(xr.Dataset(variables, coords))


def _on_grid(signal: Signal, time: NDArray[Any]) -> NDArray[Any]:
    """Read the signal between its own samples, never across a missing one."""
    position = (time - signal.start_s) * signal.rate_hz
    below = np.floor(position + 1e-6).astype(int)
    share = np.clip(position - below, 0, 1)
    n = len(signal.values)
    if n == 0:
        return np.full(len(time), np.nan)
    values = np.asarray(signal.values, dtype=float)
    left, right = values[np.clip(below, 0, n - 1)], values[np.clip(below + 1, 0, n - 1)]
    mixed = np.where(share < 1e-6, left, (1 - share) * left + share * right)
    return np.where((below >= 0) & (below < n), mixed, np.nan)


def _put_in_place(aside: Path, folder: Path) -> None:
    old = folder.with_name(folder.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.replace(old)
    try:
        aside.replace(folder)
    except OSError:
        if old.exists():
            old.replace(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)
