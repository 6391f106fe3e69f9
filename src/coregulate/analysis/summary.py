"""The object of ``analysis.json``: what a machine reads, and what the words and the report are made from."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from coregulate.bond import Bond, Moments
from coregulate.circuits import Bouts, Circuits, Partner, Supported
from coregulate.core import Estimate, FloatArray, Pictures, Samples, Segment, Settings, Signal, Sound
from coregulate.cues import STATES, Baseline
from coregulate.session import OwnedStream, SegmentPlan, Session
from coregulate.story import Episode, Story

from .bodies import Bodies
from .result import Analysis, SessionFacts
from .versions import version_of

SAFE = ("social", "play", "still")
MOBILIZED = ("play", "fight_flight")
_GROUP_NAMES = {
    frozenset(SAFE): "safe",
    frozenset(("fight_flight", "shutdown")): "unsafe",
    frozenset(MOBILIZED): "mobilized",
}
_PACKAGES = (
    "numpy",
    "scipy",
    "numba",
    "xarray",
    "neurokit2",
    "praat-parselmouth",
    "av",
    "wfdb",
    "ruptures",
)


def analysis_key(session: Session, settings: Settings, start_s: float, end_s: float) -> str:
    """Hash of all that an analysis depends on: version, plan, files, settings and stretch."""
    parts = [
        version_of("coregulate"), repr(session.plan), [list(f) for f in session.inputs()], settings.as_dict(), start_s, str(end_s),
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def summarise(
    session: Session, analysis: Analysis, *, span: Segment, streams: Sequence[OwnedStream], bodies: Bodies,
    baselines: Mapping[str, Baseline], settings: Settings, key: str, personal: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """Return the object of ``analysis.json`` for what was found; what is not known is NaN (null in the file)."""
    facts, circuits, story = analysis.session, analysis.circuits, analysis.story
    people = [p.id for p in facts.people]
    return {
        "format": 1,
        "session": {
            "name": facts.name, "duration_s": facts.duration_s, "overlap_s": facts.overlap_s, "start_unix_s": facts.start_unix_s,
            "analysed_s": [span.start_s, span.end_s],
        },
        "people": [{"id": p.id, "name": p.name, "role": p.role} for p in facts.people],
        "streams": [describe_stream(s, bodies) for s in streams],
        "baselines": {pid: _baseline(b) for pid, b in baselines.items()},
        "cues": {pid: _observed(analysis.cues, pid) for pid in people},
        "states": {pid: state_means(circuits, pid, span) for pid in people},
        "segments": [_segment(s, people, circuits) for s in session.segments],
        "supported": {pid: _supported(circuits.supported[pid]) for pid in people},
        "personal": dict(personal),
        "bouts": {pid: _bouts(b) for pid, b in circuits.bouts.items()},
        "partner": {pid: _partner(p) for pid, p in circuits.partner.items()},
        "sensitivity": None,
        "bond": _bond(analysis.bond),
        "episodes": [_episode(e) for e in story.episodes],
        "not_known": _not_known(facts, circuits, analysis.bond, story),
        "warnings": [{"code": n.code, "where": n.where, "text": n.text} for n in analysis.notices],
        "versions": {"coregulate": version_of("coregulate"), "python": platform.python_version(), **{p: version_of(p) for p in _PACKAGES}},
        "parameters": settings.as_dict(),
        "inputs": [{"path": f.path, "sha256": f.sha256, "bytes": f.n_bytes} for f in session.inputs()],
        "key": key,
        "files": {
            "signals": "signals.nc", "cues": "cues.nc", "states": "states.nc", "evidence": "evidence.nc", "detail": "detail.json",
        },
    }  # fmt: skip


def group_name(group: Sequence[str]) -> str:
    """Name of a set of states that cannot be told apart: ``safe``, ``unsafe``, ``mobilized`` or ``social+still``."""
    return _GROUP_NAMES.get(frozenset(group), "+".join(s for s in STATES if s in group))


def state_means(circuits: Circuits, person: str, stretch: Segment) -> dict[str, float]:
    """Mean probabilities over the known seconds of a stretch, unsupported splits summed, and the share not known.

    Where the level is not known there are no means: everything is not known.
    """
    supported = circuits.supported[person]
    states = circuits.states.sel(person=person)
    time = states.time.values
    inside = states.values[(time >= stretch.start_s) & (time < stretch.end_s)]
    known = inside[np.isfinite(inside).all(axis=1)]
    has_level = supported.level_known and len(known) > 0
    means = (
        dict(zip(STATES, known.mean(axis=0), strict=True)) if len(known) else dict.fromkeys(STATES, np.nan)
    )
    result: dict[str, float] = {}
    if len(supported.groups) > 1:
        for group in supported.groups:
            result[group_name(group)] = float(sum(means[s] for s in group))
    for question, members in (("safe", SAFE), ("mobilized", MOBILIZED)):
        result[question] = float(sum(means[s] for s in members)) if getattr(supported, question) else np.nan
    if not has_level:
        result = dict.fromkeys(result, np.nan)
    result["not_known"] = 1.0 - len(known) / len(inside) if has_level and len(inside) else 1.0
    return result


def describe_stream(stream: OwnedStream, bodies: Bodies) -> dict[str, Any]:
    """One row of ``streams``: whose, what, where, when, how good, what it gave."""
    data = stream.data
    span = data.span
    name = bodies.used.get((stream.path, stream.kind, stream.part))
    quality = bodies.quality.get(stream.person, {}).get(name or "")
    return {
        "person": stream.person or None, "kind": stream.kind, "path": stream.path, "part": stream.part,
        "rate_hz": data.rate_hz if isinstance(data, Signal | Samples | Sound | Pictures) else None,
        "unit": data.unit if isinstance(data, Signal | Samples) else None,
        "start_s": span.start_s, "end_s": span.end_s,
        "quality": _mean(quality.values) if quality is not None else np.nan,
        "clock": stream.clock.source, "timing": stream.timing, "used": name,
    }  # fmt: skip


def _mean(values: FloatArray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else float("nan")


def _baseline(baseline: Baseline) -> dict[str, Any]:
    return {
        "reference": baseline.reference,
        "trusted": baseline.trusted,
        "segments": [list(s) for s in baseline.segments],
    }


def _segment(segment: SegmentPlan, people: Sequence[str], circuits: Circuits) -> dict[str, Any]:
    stretch = Segment(segment.start_s, segment.end_s)
    whose = [pid for pid in people if segment.person in ("", pid)]
    return {
        "name": segment.name, "person": segment.person or None, "start_s": segment.start_s, "end_s": segment.end_s,
        "baseline": segment.baseline or None, "states": {pid: state_means(circuits, pid, stretch) for pid in whose},
    }  # fmt: skip


def _observed(cues: xr.Dataset, person: str) -> list[str]:
    return [
        str(name) for name in cues.data_vars
        if not str(name).endswith("_quality") and bool(np.isfinite(cues[name].sel(person=person).values).any())
    ]  # fmt: skip


def _supported(supported: Supported) -> dict[str, Any]:
    return {
        "safe": bool(supported.safe), "mobilized": bool(supported.mobilized), "level_known": bool(supported.level_known),
        "absolute": bool(supported.absolute), "episodes": bool(supported.episodes),
        "information_safe": float(supported.information_safe), "information_mobilized": float(supported.information_mobilized),
        "told_apart": [list(group) for group in supported.groups],
        "d_prime": {pair: float(value) for pair, value in supported.d_prime.items()},
    }  # fmt: skip


def _bouts(bouts: Bouts) -> dict[str, Any]:
    return {name: interval(getattr(bouts, name)) for name in ("safe_bout_s", "unsafe_bout_s", "state_s")}


def _partner(partner: Partner) -> dict[str, Any]:
    return {
        "likelihood_ratio": partner.likelihood_ratio,
        "p": partner.p,
        "weights": {channel: interval(w) for channel, w in partner.weights.items()},
    }


def interval(estimate: Estimate) -> dict[str, float]:
    """Return an estimate with its interval as ``analysis.json`` has it."""
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high}


def _bond(bond: Bond) -> dict[str, Any]:
    word = bond.word
    return {
        "verdict": word.verdict,
        "reason": word.reason,
        "primary": dict(bond.primary) if bond.primary else None,
        "stability_gain": {"value": word.gain.value, "low": word.gain.low, "high": word.gain.high},
        "common_s": word.common_s,
        "observed": word.observed,
        "p_any": word.p_any,
        "p12": word.p12,
        "p21": word.p21,
        "rival_margin": word.rival_margin,
        "more_minutes": word.more_minutes,
        "late_s": word.late_s,
        "gain_at_once": word.gain_at_once,
        "coupling": [
            {
                "measure": c.measure, "a": c.a, "a_cue": c.a_cue, "b": c.b, "b_cue": c.b_cue, "value": c.value,
                "effect_size": c.effect_size, "p": c.p, "q": c.q, "lag_s": c.lag_s, "exploratory": bool(c.exploratory),
            }
            for c in bond.couplings
        ],
        "influence": [
            {
                "person": i.person, "cue": i.cue, "other": i.other, "toward": i.toward,
                "hazard_ratio": {"value": i.hazard_ratio.value, "low": i.hazard_ratio.low, "high": i.hazard_ratio.high},
                "p": i.hazard_ratio.p, "q": i.q, "n_cues": i.n_cues, "n_moves": i.n_moves,
            }
            for i in bond.influence
        ],
        "moments": _moments(bond.moments) if bond.moments else {},
    }  # fmt: skip


def _moments(moments: Moments) -> dict[str, Any]:
    return {
        kind: {"share": share, "chance": moments.chance[kind], "p": moments.p[kind]}
        for kind, share in moments.share.items()
    }


def _episode(episode: Episode) -> dict[str, Any]:
    return {
        "start_s": episode.start_s, "end_s": episode.end_s, "kind": episode.kind, "turn_s": episode.turn_s,
        "repair_by": episode.repair_by or None, "recovered": bool(episode.recovered),
        "phases": [list(p) for p in episode.phases],
        "coded_withdrawal": [list(w) for w in episode.coded_withdrawal],
    }  # fmt: skip


def _not_known(facts: SessionFacts, circuits: Circuits, bond: Bond, story: Story) -> list[str]:
    said: list[str] = []
    for person in facts.people:
        supported = circuits.supported[person.id]
        states = circuits.states.sel(person=person.id).values
        if not np.isfinite(states).any():
            said.append(f"{person.name}: nothing was observed that tells a state")
        elif not supported.level_known:
            said.append(
                f"{person.name}: the level is not known (no baseline is marked); only changes can be told"
            )
        else:
            if not supported.safe:
                said.append(f"{person.name}: safe or not cannot be told from these channels")
            if not supported.mobilized:
                said.append(f"{person.name}: mobilized or not cannot be told from these channels")
            merged = [group for group in supported.groups if len(group) > 1]
            said.extend(
                f"{person.name}: {', '.join(group)} cannot be told apart"
                for group in merged
                if len(supported.groups) > 1
            )
    if bond.word.verdict == "undetermined":
        said.append(f"How the two steady each other is not determined: {bond.word.reason}")
    said.extend(text for text in story.not_known if text not in said)
    return said
