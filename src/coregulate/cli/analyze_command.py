"""``coregulate analyze``: sessions in, analyses and reports out."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coregulate.analysis import (
    Analysis,
    Pooled,
    analysis_key,
    analyze,
    dumps,
    load_analysis,
    pool_sessions,
    pooled_summary,
    stored_key,
)
from coregulate.core import CoregulateError, InputError, Settings, StoreError
from coregulate.report import write_report
from coregulate.session import FILE_NAME, open_session
from coregulate.writers import pooled_words, terminal_summary

from .blur_command import blur_video
from .console import error, progress, result, say


def analyze_folders(
    folders: tuple[Path, ...], *, out: Path | None, report: Path | None, blur: Path | None, start_s: float, end_s: float,
    changes: Mapping[str, str], as_json: bool, quiet: bool,
) -> int:  # fmt: skip
    """Analyse each session; one that fails is said and the rest goes on. Returns the exit code."""
    sessions = [s for folder in folders for s in _sessions_in(folder)]
    if end_s <= start_s:
        raise InputError(
            f"--from {start_s:g} is not before --to {end_s:g}", "Give a stretch that begins before it ends"
        )
    many = len(sessions) > 1
    found: list[Analysis] = []
    code = 0
    for folder in sessions:
        target = folder / "analysis" if out is None else out / folder.name if many else out
        try:
            analysis = _one(folder, target, start_s, end_s, changes, quiet)
            page = report and write_report(analysis, report / f"{folder.name}.html" if many else report)
            if blur is not None:
                _blurred(folder, blur / folder.name if many else blur, quiet)
        except CoregulateError as failure:
            if not many:
                raise
            error(failure)
            code = max(code, failure.exit_code)
            continue
        found.append(analysis)
        if not as_json:
            _print(analysis, target, page)
    bonds = [(analysis.session, analysis.bond) for analysis in found]
    pooled = pool_sessions(bonds, settings=Settings().changed(changes).bond)
    if as_json:
        objects = _with_pooled([analysis.summary for analysis in found], pooled)
        result(dumps(objects if many else objects[0]))
        return code
    for together in pooled:
        result(f"\n{pooled_words(together, bonds[together.at[0]][0])}")
    return code


def _print(analysis: Analysis, target: Path, page: Path | None) -> None:
    result(terminal_summary(analysis))
    result(f"\nData: {target}")
    if page:
        result(f"Report: {page.resolve()}")


def _with_pooled(objects: list[dict[str, Any]], pooled: list[Pooled]) -> list[dict[str, Any]]:
    """Add to each session's object what it and the other sessions of the two give together."""
    objects = list(objects)
    for found in pooled:
        for k in found.at:
            objects[k] = {**objects[k], "bond": {**objects[k]["bond"], "pooled": pooled_summary(found)}}
    return objects


def _blurred(folder: Path, target: Path, quiet: bool) -> None:
    """Write each video of a session without faces; one that is there already stays."""
    target.mkdir(parents=True, exist_ok=True)
    streams = open_session(folder).plan.streams
    for path in dict.fromkeys(folder / s.path for s in streams if s.use and s.kind == "video"):
        out = target / f"{path.stem}-blurred.mp4"
        if out.exists():
            say(f"{out} is there already", quiet=quiet)
        else:
            say(f"Review video: {blur_video(path, out=out, sound=False, quiet=quiet)}", quiet=quiet)


def _sessions_in(folder: Path) -> list[Path]:
    """Return the folder itself, or the sessions below it where it holds several."""
    if folder.is_dir() and not (folder / FILE_NAME).exists():
        below = sorted(p.parent for p in folder.glob(f"*/{FILE_NAME}"))
        if below:
            return below
    return [folder.parent if folder.name == FILE_NAME else folder]


def _one(
    folder: Path, target: Path, start_s: float, end_s: float, changes: Mapping[str, str], quiet: bool
) -> Analysis:
    session = open_session(folder)
    session.require_consent()
    settings = Settings().changed(session.plan.settings, str(folder / FILE_NAME)).changed(changes)
    if stored_key(target) == analysis_key(session, settings, start_s, end_s):
        try:
            stored = load_analysis(target)
        except StoreError as damaged:
            say(f"{session.name}: computed anew. {damaged}", quiet=quiet)
        else:
            say(f"{session.name}: nothing has changed, taken from {target}", quiet=quiet)
            return stored
    unfinished = target.with_name(f"{target.name}.unfinished")
    if unfinished.is_dir():
        say(f"{session.name}: goes on with what was read before it broke off", quiet=quiet)
    with progress(session.name, quiet=quiet) as tell:
        analysis = analyze(
            session, settings=settings, start_s=start_s, end_s=end_s, progress=tell, unfinished=unfinished
        )
        analysis.save(target)
    shutil.rmtree(unfinished, ignore_errors=True)
    return analysis
