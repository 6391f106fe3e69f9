"""A session as a BIDS data set: each person a subject, their streams as physio and events, what was inferred as derivatives.

The folder is a session of Coregulate too (``session.toml`` names its files, which ``.bidsignore`` hides from
validators), so that it can be analysed again, with the same result. Sound and video are not copied.
"""

from __future__ import annotations

import dataclasses
import gzip
import io
import json
import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from coregulate.analysis import Analysis, version_of
from coregulate.core import Events, Pictures, Samples, Signal, Sound, StoreError, Track
from coregulate.session import OwnedStream, Session, StreamPlan, write_plan

from .tables import export_tracks

_UNITS = {"us": "uS", "mv": "mV", "uv": "uV", "v": "V", "degc": "degC", "1/min": "bpm"}
BIDS_VERSION = "1.10.0"


def write_bids(session: Session, folder: Path, *, analysis: Analysis | None = None) -> Path:
    """Write a session's streams, on its one clock, and what an analysis made of them.

    Parameters
    ----------
    session : Session
    folder : Path
        New or empty.
    analysis : Analysis, optional
        Its probabilities and cues, a second each, go below ``derivatives/coregulate``.

    Returns
    -------
    Path

    Raises
    ------
    StoreError
        Where the folder holds something already, or cannot be written.
    """
    try:
        if folder.exists() and any(folder.iterdir()):
            raise StoreError("This folder holds something already", "Choose an empty one", folder)
        folder.mkdir(parents=True, exist_ok=True)
        _about(session, folder)
        zero = session.zero_unix_s
        plans = [_stream(stream, k, folder, zero) for k, stream in enumerate(session.streams)]
        people = {p.id for p in session.people}
        plan = dataclasses.replace(
            session.plan, streams=tuple(p for p in plans if p is not None), start_unix_s=zero,
            people=tuple(p for p in session.plan.people if p.id in people or p.role == "other"),
            segments=session.segments,
        )  # fmt: skip
        write_plan(plan, folder)
        if analysis is not None:
            _derivatives(analysis, folder / "derivatives" / "coregulate")
    except OSError as error:
        raise StoreError(
            f"The data set cannot be written ({error.strerror})", "Choose another place with --out", folder
        ) from error
    return folder


def _about(session: Session, folder: Path) -> None:
    about = {"Name": session.name, "BIDSVersion": BIDS_VERSION, "DatasetType": "raw",
             "GeneratedBy": [{"Name": "coregulate", "Version": version_of("coregulate")}]}  # fmt: skip
    (folder / "dataset_description.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    (folder / "README").write_text(
        "Two people's recordings on one clock, written by coregulate.\n", encoding="utf-8"
    )
    (folder / ".bidsignore").write_text("session.toml\n", encoding="utf-8")
    rows = "\n".join(f"sub-{_label(p.id)}" for p in session.people)
    (folder / "participants.tsv").write_text(f"participant_id\n{rows}\n", encoding="utf-8")


def _label(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "", text) or "x"


def _stream(stream: OwnedStream, k: int, folder: Path, zero: float | None) -> StreamPlan | None:
    data = stream.data
    plan = StreamPlan(
        stream.person,
        stream.kind,
        "",
        "",
        "aligned",
        0.0,
        True,
        None,
        stream.range,
        {},
        dict(stream.who),
        stream.one_room,
    )
    untied = stream.clock.source == "none"  # stays so: coupling that was refused is not told after an export
    if isinstance(data, Sound | Pictures):
        beside = Path(os.path.relpath(Path(data.path).resolve(), folder.resolve())).as_posix()
        return dataclasses.replace(
            plan, path=beside, part=stream.part, clock="none" if untied else "aligned",
            offset_s=data.start_s - _own_start(data) * data.stretch, drift_ppm=(data.stretch - 1) * 1e6,
        )  # fmt: skip
    subject = f"sub-{_label(stream.person)}" if stream.person else "sub-both"
    place = folder / subject / "beh"
    place.mkdir(parents=True, exist_ok=True)
    stem = place / f"{subject}_task-talk_recording-{_label(stream.kind)}{k}"
    if isinstance(data, Signal | Samples):
        path = _physio(data, stream.kind, stem)
    else:
        path = _events(data, stream.kind, stem)
    if zero is not None:
        _scan(folder / subject / f"{subject}_scans.tsv", path.relative_to(folder / subject), zero)
    clock = "none" if untied else "aligned" if zero is None else "unix"
    return dataclasses.replace(plan, path=path.relative_to(folder).as_posix(), part=stream.kind, clock=clock)


def _own_start(data: Sound | Pictures) -> float:
    """Return where a recording starts on its own file's clock: a sound at 0, pictures after their sound."""
    from coregulate.readers import read

    kind = Sound if isinstance(data, Sound) else Pictures
    return next((s.data.start_s for s in read(Path(data.path)) if isinstance(s.data, kind)), 0.0)


def _physio(data: Signal | Samples, kind: str, stem: Path) -> Path:
    values = np.asarray(data.values, dtype=np.float64)
    names = [kind] if values.ndim == 1 else [f"{kind}_{axis}" for axis in "xyz"[: values.shape[1]]]
    about: dict[str, Any] = {name: {"Units": _UNITS.get(data.unit, data.unit or "n/a")} for name in names}
    columns = dict(zip(names, values.reshape(len(values), -1).T, strict=True))
    rate = data.rate_hz
    if isinstance(data, Samples):
        steps = np.diff(data.times_s)
        rate = rate or (1.0 / float(np.median(steps[steps > 0])) if np.any(steps > 0) else 1.0)
        columns = {"timestamp": np.asarray(data.times_s), **columns}
        about["timestamp"] = {
            "Units": "s",
            "Description": "from the same zero as StartTime; this sensor loses samples",
        }
        names = list(columns)
        if data.rate_hz:
            about["CoregulateDeclaredHz"] = data.rate_hz
    about |= {"SamplingFrequency": rate, "Columns": names, "CoregulateKind": kind,
              "StartTime": data.start_s if isinstance(data, Signal) else 0.0}  # fmt: skip
    _json(stem.with_name(stem.name + "_physio.json"), about)
    return _table(stem.with_name(stem.name + "_physio.tsv.gz"), columns, header=False)


def _events(data: Events | Track, kind: str, stem: Path) -> Path:
    about: dict[str, Any] = {"CoregulateKind": kind}
    if isinstance(data, Track):
        columns: dict[str, Any] = {
            "onset": [x.start_s for x in data.labels], "duration": [x.end_s - x.start_s for x in data.labels],
            "trial_type": [" ".join(x.text.split()) or "n/a" for x in data.labels],
        }  # fmt: skip
    else:
        about["value"] = {"Units": data.unit or "n/a"}
        columns = {"onset": data.times_s, "duration": np.zeros(len(data.times_s))}
        if len(data.values) == len(data.times_s):
            columns["value"] = data.values
    _json(stem.with_name(stem.name + "_events.json"), about)
    return _table(stem.with_name(stem.name + "_events.tsv"), columns, header=True)


def _table(path: Path, columns: dict[str, Any], *, header: bool) -> Path:
    import pandas as pd

    text = io.StringIO()
    pd.DataFrame(columns).to_csv(text, sep="\t", index=False, header=header, na_rep="n/a")
    raw = text.getvalue().encode()
    path.write_bytes(gzip.compress(raw, mtime=0) if path.suffix == ".gz" else raw)
    return path


def _json(path: Path, about: dict[str, Any]) -> None:
    path.write_text(json.dumps(about, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _scan(path: Path, file: Path, zero: float) -> None:
    if not path.exists():
        path.write_text("filename\tacq_time\n", encoding="utf-8")
    with path.open("a", encoding="utf-8") as lines:
        lines.write(
            f"{file.as_posix()}\t{datetime.fromtimestamp(zero, UTC).isoformat(timespec='microseconds')}\n"
        )


def _derivatives(analysis: Analysis, folder: Path) -> None:
    folder.mkdir(parents=True)
    about = {"Name": f"{analysis.session.name}: states and cues", "BIDSVersion": BIDS_VERSION, "DatasetType": "derivative",
             "GeneratedBy": [{"Name": "coregulate", "Version": version_of("coregulate")}]}  # fmt: skip
    _json(folder / "dataset_description.json", about)
    table = export_tracks([analysis])
    for person in analysis.session.people:
        subject = f"sub-{_label(person.id)}"
        place = folder / subject / "beh"
        place.mkdir(parents=True)
        own = (
            table[table["person"] == person.id]
            .drop(columns=["session", "person", "time_s"])
            .dropna(axis=1, how="all")
        )
        stem = f"{subject}_task-talk_desc-coregulate"
        columns: dict[str, Any] = {"SamplingFrequency": 1.0, "StartTime": 0.0, "Columns": list(own.columns)}
        _json(place / f"{stem}_physio.json", columns)
        _table(place / f"{stem}_physio.tsv.gz", {c: own[c].to_numpy() for c in own.columns}, header=False)


def media_of(streams: Sequence[OwnedStream]) -> dict[Path, float]:
    """Return the recordings of sound and pictures that a session names, and when each starts in session time."""
    return {
        Path(s.data.path): s.data.start_s for s in reversed(streams) if isinstance(s.data, Sound | Pictures)
    }
