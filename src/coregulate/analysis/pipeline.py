"""``analyze()``: the only place that strings the rooms together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from coregulate.bond import Bond, measure_bond, measure_influence, split_moments
from coregulate.circuits import Circuits, infer_circuits
from coregulate.core import Notice, Segment, Settings, Signal
from coregulate.cues import Baseline, Cuebook, build_cues, coded_affect, load_cuebook, normalise
from coregulate.session import OwnedStream, Session
from coregulate.signals import flooding
from coregulate.story import Story, cue_rises, tell_story

from .bodies import Bodies
from .crop import cropped
from .measure import measure_bodies
from .personal import personal_notices, personal_of, personal_summary, without_history
from .progress import Progress, part
from .result import Analysis, SessionFacts
from .sensitivity import sensitivity
from .summary import SAFE, analysis_key, summarise
from .tied import tied, untied

#: Signals that the bond is looked for in, in order of preference (the first that both have long enough is primary).
BOND_SERIES = ("heart_period", "felt_safe", "coded_affect", "skin_conductance", "f0", "motion_energy")


def analyze(
    session: Session,
    *,
    settings: Settings | None = None,
    start_s: float = 0.0,
    end_s: float = float("inf"),
    progress: Progress | None = None,
    unfinished: str | Path | None = None,
) -> Analysis:
    """Run the whole pipeline on one session.

    Parameters
    ----------
    session : Session
        An open session; both people must have agreed.
    settings : Settings, optional
        By default those of ``session.toml`` over the defaults.
    start_s, end_s : float
        Analyse only this stretch, in session time; times in the result stay session time.
    progress : callable, optional
        Called with the share done (0 to 1) and what is done now.
    unfinished : path-like, optional
        Folder in which what was read of a video is put aside meanwhile (cue tracks, no picture), so
        that an analysis that was broken off goes on from there; remove it when the result is stored.

    Returns
    -------
    Analysis
        The same numbers for the same input, settings, seed and version.

    Raises
    ------
    ConsentError
        Where a person has not agreed.
    InputError
        Where nothing of the session can be used.
    """
    session.require_consent()
    settings = settings or Settings().changed(session.plan.settings, str(session.folder / "session.toml"))
    rng = np.random.default_rng(settings.seed)
    people = [p.id for p in session.people]
    book = load_cuebook()
    bar = progress or (lambda share, what: None)
    # Pictures take minutes an hour, what follows them seconds: the bar's time left is to be honest.
    measured = 0.95 if any(s.kind == "video" for s in session.streams) else 0.65
    tell = part(bar, measured, 1.0)

    bar(0.0, "reading files")
    streams = [cropped(s, start_s, end_s) for s in session.streams]
    personal = personal_of(session, book, streams)
    span = Segment(max(start_s, 0.0), min(end_s, session.duration_s))
    aside = None if unfinished is None else Path(unfinished)
    bodies = measure_bodies(
        session, streams, span, settings=settings, tell=part(bar, 0.0, measured), unfinished=aside
    )

    tell(0.0, "cues")
    baselines = {pid: _baseline(session, pid) for pid in people}
    raw, cue_notices = build_cues(
        people, bodies.signals, bodies.quality, bodies.tracks, bodies.ratings,
        duration_s=span.end_s, settings=settings.cues, book=book,
    )  # fmt: skip
    cues = normalise(raw, baselines, book=book)

    tell(0.15, "circuits")
    circuits = infer_circuits(
        cues, baselines, book=book, settings=settings.circuits, rng=rng, personal=personal
    )
    plain = without_history(personal, cues, baselines, book=book, settings=settings.circuits)

    tell(0.4, "bond")
    bond = _bond(people, bodies, raw, book, settings, rng, streams)
    bond = _with_states(bond, people[:2], circuits)

    tell(0.9, "story")
    story = _story(people, bodies, cues, circuits, baselines, settings)

    notices = _collected(session, bodies, cue_notices, circuits, bond, story)
    notices.extend(personal_notices(session, personal, circuits, plain, span))
    analysis = Analysis(
        _facts(session, span, streams), bodies.signals, bodies.events, bodies.tracks,
        cues, circuits, bond, story, {}, tuple(notices), personal,
    )  # fmt: skip
    analysis.summary.update(
        summarise(
            session, analysis, span=span, streams=streams, bodies=bodies, baselines=baselines, settings=settings,
            key=analysis_key(session, settings, start_s, end_s),
            personal=personal_summary(personal, circuits, plain, span),
        )
    )  # fmt: skip
    if settings.circuits.sensitivity:
        changes = sensitivity(analysis, progress=lambda share: tell(0.95 + 0.05 * share, "sensitivity"))
        analysis.summary["sensitivity"] = [change._asdict() for change in changes]
    tell(1.0, "done")
    return analysis


def _facts(session: Session, span: Segment, streams: Sequence[OwnedStream]) -> SessionFacts:
    overlap = overlap_s([p.id for p in session.people], streams)
    return SessionFacts(session.name, session.people, span.duration_s, overlap, session.plan.start_unix_s)


def _baseline(session: Session, person: str) -> Baseline:
    """Return a marked segment, which is trusted; without one the level is not known."""
    marked = [s for s in session.segments if s.baseline and s.person in ("", person)]
    if not marked:
        return Baseline("population", (), trusted=False)
    reference = marked[0].baseline
    stretches = tuple(Segment(s.start_s, s.end_s) for s in marked if s.baseline == reference)
    return Baseline(reference, stretches, trusted=True)


def _bond(
    people: Sequence[str],
    bodies: Bodies,
    raw: xr.Dataset,
    book: Cuebook,
    settings: Settings,
    rng: np.random.Generator,
    streams: Sequence[OwnedStream],
) -> Bond:
    affect = coded_affect(raw, book=book)
    series: dict[str, Mapping[str, Signal]] = {}
    for name in BOND_SERIES:
        if name == "felt_safe":
            found = dict(bodies.ratings)
        elif name == "coded_affect":
            found = dict(affect)
        else:
            found = {pid: bodies.signals[pid][name] for pid in people if name in bodies.signals[pid]}
        if found and tied(name, people, streams, bodies):
            series[name] = found
        elif found:
            bodies.notices.append(untied(name))
    return measure_bond((people[0], people[1]), series, settings=settings.bond, rng=rng)


def _with_states(bond: Bond, people: Sequence[str], circuits: Circuits) -> Bond:
    """Add whose cue moves whom and who calms whom, where the recording tells safe from unsafe."""
    rises = cue_rises(circuits.evidence, step_s=1.0)
    safe = {
        pid: circuits.states.sel(person=pid, state=list(SAFE)).sum("state", skipna=False).values
        for pid in people
        if circuits.supported[pid].safe and circuits.supported[pid].level_known
    }
    moments = split_moments(*(safe[pid] for pid in people), rate_hz=1.0) if len(safe) == 2 else None
    return bond._replace(
        influence=measure_influence({pid: rises[pid] for pid in people}, safe), moments=moments
    )


def _story(
    people: Sequence[str], bodies: Bodies, cues: xr.Dataset, circuits: Circuits, baselines: Mapping[str, Baseline],
    settings: Settings,
) -> Story:  # fmt: skip
    codes = {pid: bodies.tracks[pid]["codes"] for pid in people if "codes" in bodies.tracks[pid]}
    flooded = tuple(
        (pid, stretch.start_s, stretch.end_s)
        for pid in people
        if baselines[pid].trusted and "heart_period" in bodies.signals[pid]
        for stretch in flooding(
            bodies.signals[pid]["heart_period"], baselines[pid].segments, settings=settings.signals
        )
    )
    return tell_story(
        circuits.states, circuits.evidence, circuits.supported, cues, codes,
        baselines_trusted={pid: b.trusted for pid, b in baselines.items()}, flooding=flooded, settings=settings.story,
    )  # fmt: skip


def overlap_s(people: Sequence[str], streams: Sequence[OwnedStream]) -> float:
    """Seconds in which the spans of both people's streams overlap (what is shared belongs to both)."""
    spans = []
    for pid in people[:2]:
        own = [
            s.data.span
            for s in streams
            if s.person in (pid, "") and s.kind != "markers" and s.data.span.duration_s > 0
        ]
        if not own:
            return 0.0
        spans.append(Segment(min(s.start_s for s in own), max(s.end_s for s in own)))
    return max(0.0, min(s.end_s for s in spans) - max(s.start_s for s in spans))


def _collected(
    session: Session,
    bodies: Bodies,
    cue_notices: Sequence[Notice],
    circuits: Circuits,
    bond: Bond,
    story: Story,
) -> list[Notice]:
    nobody = [
        Notice("no_streams", p.id, f"Nothing was recorded of {p.name}: what needs both cannot be told.")
        for p in session.people
        if not (bodies.signals[p.id] or bodies.tracks[p.id] or p.id in bodies.ratings)
    ]
    together = (
        [
            Notice(
                "shared_input",
                "bond",
                "What both do at once (talk, move, the same task) drives both bodies: moving together is not yet moving each other.",
            )
        ]
        if bond.couplings
        else []
    )
    # Circuits and story both say where no level is known: once is enough.
    said = {n.where for n in circuits.notices if n.code in ("level-not-known", "no-channel")}
    everything = [
        *session.notices,
        *nobody,
        *bodies.notices,
        *cue_notices,
        *circuits.notices,
        *bond.notices,
        *together,
        *(n for n in story.notices if n.code != "level-not-known" or n.where not in said),
    ]
    return list(dict.fromkeys(everything))
