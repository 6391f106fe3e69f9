"""Sentences in plain words about bodies and moments, never a verdict on a person.

The rules of this page: the same sentence for both people; a strength first;
what happened, when and how long, never whose doing it was; a level is named only
where it is known, else only changes are; "not known" is an answer. All functions
return plain text: whoever prints it into HTML escapes it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from coregulate.cues import count_replies

from .phrases import (
    SAFE,
    clock_words,
    cue_words,
    duration_words,
    heart_words,
    join_words,
    person_names,
    series_words,
    share_words,
    state_words,
)
from .sentences import (
    MISMATCH_IS_NORMAL,
    NOT_A_DIAGNOSIS,
    capital,
    change_sentence,
    episode_answers,
    episode_sentences,
    kind_words,
    more_words,
    not_known_words,
    tells,
    verdict_words,
    why_words,
)

if TYPE_CHECKING:
    from coregulate.analysis import Analysis
    from coregulate.core import Signal

__all__ = [
    "MISMATCH_IS_NORMAL",
    "NOT_A_DIAGNOSIS",
    "SAFE",
    "both_at_ease",
    "capital",
    "change_sentence",
    "clock_words",
    "cue_words",
    "duration_words",
    "episode_answers",
    "episode_sentences",
    "heart_sentences",
    "heart_words",
    "join_words",
    "kind_words",
    "more_words",
    "not_known_words",
    "observations",
    "person_names",
    "series_words",
    "share_words",
    "state_words",
    "tells",
    "thing_to_try",
    "verdict_words",
    "why_words",
]

HEART_STEP = 3.0  # prior: smaller changes of heart rate (per minute) are not worth a sentence
HEART_DRIFT = 10.0  # prior: the same for a change from the first third of a talk to the last
LONG_ENOUGH_S = 600.0  # what the word on the bond asks for at least
CHANGES_FROM_S = 120.0  # the shortest recording in which a change of a cue can stand out


def observations(analysis: Analysis) -> tuple[str, str, str]:
    """Three sentences for the couple: a strength, what happened, and the two together."""
    return _strength(analysis), _happened(analysis), _together(analysis)


def thing_to_try(analysis: Analysis) -> tuple[str, str]:
    """One thing to try next, and why (with its source).

    Returns
    -------
    (what, why) : tuple of str
    """
    story = analysis.story
    back = [e for e in story.episodes if e.recovered and math.isfinite(e.turn_s)]
    withdrawn = any("withdraw" in e.kind or e.coded_withdrawal for e in story.episodes)
    if story.flooding:
        return (
            "When a heart races like this, take a break of at least 20 minutes, each doing something "
            "calming, and agree on when you will go on.",
            "Clinical custom (Gottman): a body needs about that long to settle.",
        )
    if withdrawn and not back:
        return (
            "When the other has gone quiet: soften your voice, slow down, breathe out longer, "
            "and ask for less for now.",
            "Clinical custom; both of you can do it.",
        )
    if back:
        best = min(back, key=lambda e: e.end_s - e.start_s)
        return (
            f"Keep what you did at {clock_words(best.turn_s)}: listen to that minute together and name it.",
            "It is where the way back began.",
        )
    if not _body_told(analysis):
        return _recording_to_make(analysis), "This recording alone could not tell how either body was doing."
    return (
        "Breathe together for five minutes, about six breaths a minute, with the breath out a little longer.",
        "Slow breathing near six a minute enlarges the heart's own rhythm (Lehrer & Gevirtz 2014).",
    )


def _body_told(analysis: Analysis) -> bool:
    """Whether it was told of either body how it did, not only that something about it changed."""
    return any(s.level_known and (s.safe or s.mobilized) for s in analysis.circuits.supported.values())


def _recording_to_make(analysis: Analysis) -> str:
    used = {str(s.get("kind")) for s in analysis.summary.get("streams", ()) if s.get("used")}
    todo = ["begin with two to five marked minutes of easy talk"]
    if float(analysis.summary["session"]["duration_s"]) < LONG_ENOUGH_S:
        todo.insert(0, "record ten minutes or more")
    here, absent = _recorded(analysis)
    if here and absent:
        todo.insert(0, "record both of you")
    if not used & {"audio", "speech"}:
        todo.append("give each of you a microphone")
    elif not used & {"ecg", "ppg", "rr"}:
        todo.append("wear a heart sensor each")
    return f"Next time, {join_words(todo)}."


def _strength(analysis: Analysis) -> str:
    back = [e for e in analysis.story.episodes if e.recovered]
    if back:
        best = min(back, key=lambda e: e.end_s - e.start_s)
        more = ", and not only once" if len(back) > 1 else ""
        length = duration_words(best.end_s - best.start_s)
        start = clock_words(best.start_s)
        return f"You found your way back{more}: off track at {start}, and {length} later both at ease again."
    share = both_at_ease(analysis)
    if share >= 0.4 and _level_known(analysis):
        return f"You were both at ease {share_words(share)}."
    if analysis.story.minutes:
        start_s = 60.0 * analysis.story.minutes[0][0]
        if any(e.start_s < start_s + 30.0 < e.end_s for e in analysis.story.episodes):
            return f"Even off track, one minute was easier for the two of you together: the one from {clock_words(start_s)}."
        return f"The minute from {clock_words(start_s)} was the easiest for the two of you together."
    ease = [m for m in analysis.story.moments_of_change if m[2] == "toward safety"]
    if ease:
        names = person_names(analysis.summary["people"])
        return capital(change_sentence(max(ease, key=lambda m: abs(m[3])), names))
    length = duration_words(analysis.summary["session"]["duration_s"])
    if spoken := _turns(analysis):
        return f"You spoke in turn: the word went from one to the other {spoken} times in {length}."
    here, absent = _recorded(analysis)
    if not here:
        return f"Neither of you could be read from this recording of {length}."
    if absent:
        return f"{capital(join_words(here))} gave {length} to this recording."
    return f"You both gave {length} to this recording."


def _recorded(analysis: Analysis) -> tuple[list[str], list[str]]:
    """Names of those of whom something was recorded, and of those of whom nothing was."""
    ids = {n.where for n in analysis.notices if n.code == "no_streams"}
    names = person_names(analysis.summary["people"])
    return [name for pid, name in names.items() if pid not in ids], [names[p] for p in names if p in ids]


def _turns(analysis: Analysis) -> int:
    """How often one answered the other; 0 where that was too seldom to be worth a sentence, or is not known."""
    speech = [found["speech"] for found in analysis.tracks.values() if "speech" in found]
    n = count_replies(*speech) if len(speech) == 2 else 0
    return n if n > 1 else 0


def _happened(analysis: Analysis) -> str:
    names = person_names(analysis.summary["people"])
    episodes, moments = analysis.story.episodes, analysis.story.moments_of_change
    if episodes:
        longest = max(episodes, key=lambda e: e.end_s - e.start_s)
        hearts = heart_sentences(analysis, longest.start_s, longest.end_s)
        body = f": {join_words(hearts)}" if hearts else ""
        when = f"From {clock_words(longest.start_s)}, for {duration_words(longest.end_s - longest.start_s)}"
        return f"{when}, {kind_words(longest.kind)}{body}."
    if moments:
        return f"The largest change: {change_sentence(max(moments, key=lambda m: abs(m[3])), names)}"
    supported = [analysis.circuits.supported.get(pid) for pid in names]
    if supported and all(s is not None and s.episodes for s in supported):
        return "No stretch off track was found in what could be read."
    if hearts := _hearts_over_the_talk(analysis):
        return f"From the first third to the last, {join_words(hearts)}."
    length = float(analysis.summary["session"]["duration_s"])
    if length < CHANGES_FROM_S:
        return f"How each body did is not known: {duration_words(length)} are too short for a change to stand out."
    if not any(s is not None and s.level_known for s in supported):
        return "How each body did is not known: no calm stretch was marked to compare with."
    return "How each body did from moment to moment is not known from this recording."


def _together(analysis: Analysis) -> str:
    bond = analysis.bond
    series = series_words(str((bond.primary or {}).get("cue", ""))) or "bodies"
    if bond.word.verdict == "co-regulating":
        return f"Your {series} steadied each other: both came back to balance sooner."
    if bond.word.verdict == "co-dysregulating":
        return f"In this talk your {series} carried each other along: both took longer to settle."
    reached = [e for e in analysis.story.episodes if e.repair_by and math.isfinite(e.turn_s)]
    if reached:
        names = person_names(analysis.summary["people"])
        first: dict[str, float] = {}
        for episode in reached:
            first.setdefault(episode.repair_by, episode.turn_s)
        who = join_words(f"{names.get(pid, pid)} at {clock_words(t)}" for pid, t in first.items())
        return f"Before the turn toward ease, a first step came from {who}."
    if bond.word.verdict == "independent":
        return f"Your {series} went their own ways in this talk; that is neither good nor bad."
    if bond.couplings and bond.couplings[0].q < 0.05:
        if any(n.code == "same_for_both" for n in analysis.notices):
            return "The same file is given for both of you: that it moves together says nothing."
        return f"Your {series} moved together more than chance alone would make them."
    here, absent = _recorded(analysis)
    if here and absent:
        return f"Nothing was recorded of {join_words(absent)}: whether you steadied each other needs both."
    more = bond.word.more_minutes
    likely = (
        f"; about {duration_words(60 * more)} more would likely tell"
        if math.isfinite(more) and more > 0
        else ""
    )
    return f"Whether the two of you steadied each other is not known from this one talk{likely}."


def both_at_ease(analysis: Analysis) -> float:
    """Share of the seconds known for both in which P(safe) of both is above 0.5; NaN where none is known."""
    names = [s for s in analysis.states["state"].values if s in SAFE]
    safe = analysis.states.sel(state=names).sum("state", skipna=False).transpose("person", "time").values
    known = np.isfinite(safe).all(axis=0)
    return float((safe[:, known] > 0.5).all(axis=0).mean()) if known.any() else math.nan


def heart_sentences(analysis: Analysis, start_s: float, end_s: float) -> list[str]:
    """For each person whose heart rate in a stretch differs from their reference: how, in words."""
    found = []
    for pid, name in person_names(analysis.summary["people"]).items():
        signal = analysis.signals.get(pid, {}).get("heart_period")
        if signal is None:
            continue
        stretches, reference = _reference(analysis, pid)
        change = _rate(signal, [(start_s, end_s)]) - _rate(signal, stretches)
        if math.isfinite(change) and abs(change) >= HEART_STEP:
            found.append(heart_words(name, change, reference))
    return found


def _hearts_over_the_talk(analysis: Analysis) -> list[str]:
    """For each person whose heart rate in the last third lies far from that in the first: how, in words."""
    third = float(analysis.summary["session"]["duration_s"]) / 3
    found = []
    for pid, name in person_names(analysis.summary["people"]).items():
        signal = analysis.signals.get(pid, {}).get("heart_period")
        if signal is None:
            continue
        change = _rate(signal, [(2 * third, 3 * third)]) - _rate(signal, [(0.0, third)])
        if math.isfinite(change) and abs(change) >= HEART_DRIFT:
            way = "sped up" if change > 0 else "slowed"
            found.append(f"{name}’s heart {way} by {round(abs(change))} a minute")
    return found


def _reference(analysis: Analysis, pid: str) -> tuple[list[tuple[float, float]], str]:
    """Return the stretches that a heart is compared with: marked rest, marked calm talk, or the talk."""
    found = (analysis.summary.get("baselines") or {}).get(pid) or {}
    kind = {"rest": "rest", "calm_talk": "calm talk"}.get(str(found.get("reference")))
    if kind and found.get("trusted") and found.get("segments"):
        return [(float(start), float(end)) for start, end in found["segments"]], kind
    return [(-math.inf, math.inf)], "middle of this talk"


def _rate(heart_period_ms: Signal, stretches: Sequence[tuple[float, float]]) -> float:
    times, values = heart_period_ms.times_s, heart_period_ms.values
    inside = np.any([(times >= start) & (times < end) for start, end in stretches], axis=0)
    known = values[inside & np.isfinite(values) & (values > 0)]
    return float(60000.0 / np.median(known)) if len(known) else math.nan


def _level_known(analysis: Analysis) -> bool:
    supported = [analysis.circuits.supported.get(p["id"]) for p in analysis.summary["people"]]
    return bool(supported) and all(s is not None and s.safe and s.level_known for s in supported)
