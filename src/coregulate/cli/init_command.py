"""``coregulate init``: look at the files, propose, ask, write ``session.toml``."""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from coregulate.core import CoregulateError, InputError
from coregulate.session import (
    FILE_NAME,
    Proposal,
    SegmentPlan,
    SessionPlan,
    dyads_of,
    files_of,
    propose_by,
    propose_session,
    read_plan,
    whole_sessions,
    with_own_words,
    write_plan,
)

from .console import result, say, table, typed

MOST_UNUSED = 8  # prior: more rows of what is not used hide what is


def init(
    source: Path, *, by: str, out: Path | None, people: Mapping[str, str], segments: tuple[str, ...], yes: bool, force: bool, quiet: bool,
    still: Path | None = None,
) -> list[Path]:  # fmt: skip
    """Write ``session.toml`` for a folder, a file, or each group of a table; return the sessions' folders."""
    if by:
        base = out or Path(source.name.split(".")[0])
        return _many(
            {f"{by}-{_safe(value)}": p for value, p in propose_by(source, by, base, people=people)},
            base,
            yes,
            force,
            quiet,
            segments,
        )
    target = out or (source if source.is_dir() else Path(source.name.split(".")[0]))
    if (target / FILE_NAME).exists() and not force:
        result((target / FILE_NAME).read_text(encoding="utf-8"))
        say(
            f"This session is set up already; it is kept. 'coregulate init --force {typed(source)}' proposes it anew.",
            quiet=quiet,
        )
        return [target]
    several = _several(source, target, people, yes)
    if several:
        return _many(several, target, yes, force, quiet, segments)
    proposal = propose_session(source, target, people=people, name=source.resolve().stem)
    asked = _asked_who(proposal, target, people, yes, still, quiet)
    if asked != people:
        proposal = propose_session(source, target, people=asked, name=source.resolve().stem)
    _show(proposal, quiet)
    return [_write(proposal, target, yes, segments, quiet)]


def _asked_who(
    proposal: Proposal, folder: Path, people: Mapping[str, str], yes: bool, still: Path | None, quiet: bool
) -> Mapping[str, str]:
    """Show a still with both faces and ask who is who, where a video of both does not say."""
    unsaid = {n.where for n in proposal.plan.assumptions if n.code == "assumed_who"}
    film = next((s for s in proposal.plan.streams if s.kind == "video" and s.path in unsaid), None)
    asking = not yes and sys.stdin.isatty()
    if film is None or (still is None and (not asking or {"left", "right"} & set(people.values()))):
        return people
    picture = still or folder / "who-is-who.png"
    try:
        if not _draw_still(folder / film.path, picture):
            say(f"- {film.path}: no picture of its first minute shows two faces.", quiet=quiet)
            return people
    except CoregulateError as missing:
        say(f"- {film.path}: {missing}", quiet=quiet)
        return people
    say(f"A still with both faces: {picture}", quiet=quiet)
    if not asking:
        return people
    import click

    names = [
        click.prompt(f"Who is on the {place}?", default=person.name, err=True)
        for place, person in zip(("left", "right"), proposal.plan.people[:2], strict=True)
    ]
    if still is None:
        picture.unlink()  # a picture of people stays only where it was asked for
    return {**people, names[0]: "left", names[1]: "right"}


def _draw_still(film: Path, picture: Path) -> bool:
    from coregulate.figures import marked_faces
    from coregulate.perception import first_still
    from coregulate.readers import video_frames

    found = first_still(video_frames(film, 2.0))
    if found is None:
        return False
    picture.parent.mkdir(parents=True, exist_ok=True)
    marked_faces(*found).figure.savefig(picture, dpi=150, bbox_inches="tight")
    return True


def _several(source: Path, target: Path, people: Mapping[str, str], yes: bool) -> dict[str, Proposal]:
    """Propose several sessions where a folder holds several: files of two people each, or a data set of pairs."""
    each = _one_each(source)
    if each and (yes or _agreed(f"{len(each)} files here hold two people each: make a session of each?")):
        return {_safe(p.name.split(".")[0]): propose_session(p, target / "any", people=people) for p in each}
    pairs = dyads_of(source) if source.is_dir() else {}
    if pairs and (yes or _agreed(f"{len(pairs)} talks of two subjects are here: make a session of each?")):
        return {
            name: propose_session(source, target / "any", people=people, name=name, files=files)
            for name, files in pairs.items()
        }
    return {}


def _one_each(source: Path) -> list[Path]:
    """Files of a folder, where there are several and each is a session of its own."""
    if not source.is_dir():
        return []
    files = files_of(source)
    return whole_sessions(files) if len(files) > 1 and all(f.is_file() for f in files) else []


def _many(
    proposals: Mapping[str, Proposal],
    base: Path,
    yes: bool,
    force: bool,
    quiet: bool,
    segments: tuple[str, ...],
) -> list[Path]:
    folders = []
    first = next(iter(proposals.values()))
    _show(first, quiet)
    say(f"and {len(proposals) - 1} more sessions like this one", quiet=quiet or len(proposals) < 2)
    consent = _consent(first.plan, yes)
    for name, proposal in proposals.items():
        folder = base / name
        if (folder / FILE_NAME).exists() and not force:
            say(f"{folder}: set up already, kept", quiet=quiet)
        else:
            write_plan(_with_segments(_agreeing(proposal.plan, consent), segments), folder)
        folders.append(folder)
    say(f"wrote {len(folders)} sessions under {base}", quiet=quiet)
    say(f"next: coregulate analyze {typed(base)} --report {typed(base / 'reports')}", quiet=quiet)
    return folders


def _write(proposal: Proposal, folder: Path, yes: bool, segments: tuple[str, ...], quiet: bool) -> Path:
    plan = _with_segments(proposal.plan, segments)
    plan = _agreeing(plan, _consent(plan, yes))
    plan = _with_own_words(plan, folder, quiet)
    path = write_plan(plan, folder)
    say(f"wrote {path}", quiet=quiet)
    _say_what_lacks(plan, folder, quiet)
    return folder


def _with_own_words(plan: SessionPlan, folder: Path, quiet: bool) -> SessionPlan:
    """Keep what people said of themselves where a session is proposed anew."""
    if not (folder / FILE_NAME).is_file():
        return plan
    try:
        return with_own_words(plan, read_plan(folder))
    except CoregulateError as damaged:
        say(f"- {FILE_NAME}: corrections and history there could not be kept. {damaged}", quiet=quiet)
        return plan


def _show(proposal: Proposal, quiet: bool) -> None:
    names = {p.id: p.name for p in proposal.plan.people}
    rows = []
    both = list(zip(proposal.found, proposal.plan.streams, strict=True))
    unused = [pair for pair in both if not pair[1].use]
    for found, plan in [pair for pair in both if pair[1].use] + unused[:MOST_UNUSED]:
        data = found.stream.data
        rate = getattr(data, "rate_hz", None)
        where = " ".join(f"{k}={v}" for k, v in plan.where.items())
        rows.append(
            [
                " ".join(x for x in (found.path, plan.part, where) if x), plan.kind, f"{rate:g} Hz" if rate else "-", _length(data.span.duration_s),
                plan.clock, names.get(plan.person, "both" if plan.use else "nobody") + ("" if plan.use else " (not used)"),
            ]
        )  # fmt: skip
    say(table(rows, ["file", "kind", "rate", "length", "clock", "whose"]), quiet=quiet)
    if len(unused) > MOST_UNUSED:
        say(f"and {len(unused) - MOST_UNUSED} more that are not used", quiet=quiet)
    for notice in dict.fromkeys((*proposal.plan.assumptions, *proposal.problems)):
        say(f"- {notice.where}: {notice.text}", quiet=quiet)
    for segment in proposal.plan.segments:
        baseline = f", a baseline ({segment.baseline})" if segment.baseline else ""
        say(
            f"- marked: {segment.name} from {segment.start_s:g} to {segment.end_s:g} s{baseline}", quiet=quiet
        )


def _say_what_lacks(plan: SessionPlan, folder: Path, quiet: bool) -> None:
    """Say what would keep an analysis from telling more, and what to do now."""
    used = [s for s in plan.streams if s.use]
    if not used:
        say(f"Nothing here can be used as it is. {_why_unused(plan)}", quiet=quiet)
        return
    here = {s.person for s in used} - {""}
    if here and all(s.person for s in used) and len(here) < 2:
        names = " and ".join(p.name for p in plan.people if p.id in here)
        say(f"Only {names} was recorded: what needs both cannot be told.", quiet=quiet)
    if not any(s.baseline for s in plan.segments):
        say(
            "No baseline is marked: only codes and ratings tell the level, the rest tells changes. Mark a calm "
            'stretch with --segment "calm=0-120:calm_talk" --force.',
            quiet=quiet,
        )
    say(f"next: coregulate analyze {typed(folder)} --report {typed(folder / 'report.html')}", quiet=quiet)


def _why_unused(plan: SessionPlan) -> str:
    kinds = {s.kind for s in plan.streams}
    why = []
    if "heart_rate" in kinds:
        why.append("A device's heart rate is an average: its beats, ECG or pulse are needed.")
    if "other" in kinds:
        why.append(
            f"Columns of no known kind can be given one, with use = true, in {FILE_NAME} (docs/formats.md lists "
            "the kinds); 'coregulate couple' measures any two columns as they are."
        )
    return " ".join(why) or "docs/formats.md lists what can."


def _length(seconds: float) -> str:
    if seconds >= 2 * 86400:
        return f"{seconds / 86400:.0f} days"
    return f"{seconds / 60:.1f} min" if seconds >= 120 else f"{seconds:.1f} s"


def _consent(plan: SessionPlan, yes: bool) -> str:
    if yes:
        return "elsewhere"
    names = " and ".join(p.name for p in plan.people)
    return "given" if _agreed(f"Have {names} agreed to this analysis?") else "no"


def _agreed(question: str) -> bool:
    import click

    if not sys.stdin.isatty():
        raise InputError(
            f"'{question}' needs an answer, and nobody is at this terminal",
            "Answer with --yes (consent is then noted as recorded elsewhere)",
        )
    return click.confirm(question, err=True)


def _agreeing(plan: SessionPlan, consent: str) -> SessionPlan:
    return dataclasses.replace(
        plan, people=tuple(dataclasses.replace(p, consent=consent) for p in plan.people)
    )


def _with_segments(plan: SessionPlan, asked: tuple[str, ...]) -> SessionPlan:
    ids = {p.name.casefold(): p.id for p in plan.people} | {p.id: p.id for p in plan.people}
    added = []
    for text in asked:
        match = re.fullmatch(r"([^=]+)=([\d.]+)-([\d.]+)(?::(rest|calm_talk))?(?:@(.+))?", text)
        if not match:
            raise InputError(
                f"The segment '{text}' cannot be read",
                'Write it as NAME=START-END[:rest|:calm_talk][@PERSON], in seconds: "baseline=0-120:rest@alex"',
            )
        person = match[5] or ""
        if person and person.casefold() not in ids:
            raise InputError(
                f"The segment '{text}' names '{person}'", f"People are {', '.join(p.id for p in plan.people)}"
            )
        added.append(
            SegmentPlan(
                match[1], float(match[2]), float(match[3]), ids.get(person.casefold(), ""), match[4] or ""
            )
        )
    return dataclasses.replace(plan, segments=(*plan.segments, *added))


def _safe(name: str) -> str:
    return re.sub(r"[^\w.-]+", "_", name).strip("._") or "session"
