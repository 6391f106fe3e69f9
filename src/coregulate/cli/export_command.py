"""``coregulate export``: tables, RTTM, ELAN and BIDS."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from coregulate.analysis import Analysis, load_analysis
from coregulate.core import InputError
from coregulate.session import FILE_NAME, Session, open_session
from coregulate.writers import export_tracks, summary_table, write_bids, write_elan, write_table
from coregulate.writers.bids import media_of
from coregulate.writers.rttm import turns_rttm

from . import console


def export(folders: Sequence[Path], *, kind: str, tracks: bool, out: Path | None, quiet: bool) -> None:
    """Write what is asked for; one analysis for RTTM, ELAN and BIDS, any number for a table."""
    if kind in _ALONE:
        if len(folders) != 1 or tracks:
            raise InputError(f"{kind.upper()} holds one talk", "Name one analysis, without --tracks")
        _ALONE[kind](folders[0], out, quiet)
        return
    loaded = [_analysis(p) for p in folders]
    made = (export_tracks if tracks else summary_table)(loaded)
    if out is None:
        if kind == "parquet":
            raise InputError("Parquet is not text", "Name a file with --out")
        console.result(made.to_csv(index=False).rstrip("\n"))
        return
    suffix = ".parquet" if kind == "parquet" else ".csv"
    path = write_table(made, out if out.suffix == suffix else out.with_name(out.name + suffix))
    console.say(f"wrote {path}: {len(made)} rows, {len(made.columns)} columns", quiet=quiet)


def _analysis(folder: Path) -> Analysis:
    return load_analysis(folder / "analysis" if (folder / "analysis").is_dir() else folder)


def _session(folder: Path) -> Session | None:
    place = next((p for p in (folder, folder.parent) if (p / FILE_NAME).is_file()), None)
    return None if place is None else open_session(place)


def _rttm(folder: Path, out: Path | None, quiet: bool) -> None:
    turns = turns_rttm(_analysis(folder))
    if not turns:
        raise InputError("Nobody's speech is known in this analysis", "Add sound or an annotation")
    if out is None:
        console.result(turns.rstrip("\n"))
    else:
        out.write_text(turns, encoding="utf-8")
        console.say(f"wrote {out}: {turns.count(chr(10))} turns", quiet=quiet)


def _elan(folder: Path, out: Path | None, quiet: bool) -> None:
    if out is None:
        raise InputError("An ELAN file is no text to read", "Name a file with --out")
    session = _session(folder)
    media = media_of(session.streams) if session is not None else {}
    path = write_elan(
        _analysis(folder), out if out.suffix == ".eaf" else out.with_name(out.name + ".eaf"), media=media
    )
    console.say(f"wrote {path}", quiet=quiet)


def _bids(folder: Path, out: Path | None, quiet: bool) -> None:
    if out is None:
        raise InputError("BIDS is a folder", "Name a new one with --out")
    session = _session(folder)
    if session is None:
        raise InputError(f"There is no {FILE_NAME} beside this analysis", "Name the session's folder", folder)
    stored = (folder / "analysis").is_dir() or folder.name == "analysis"
    path = write_bids(session, out, analysis=_analysis(folder) if stored else None)
    console.say(
        f"wrote {path}; it can be analysed again: coregulate analyze {console.typed(path)}", quiet=quiet
    )


_ALONE = {"rttm": _rttm, "elan": _elan, "bids": _bids}
