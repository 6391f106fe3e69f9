"""Sentences about one episode, one change, the bond, and what is not known; the rules stand in words.py."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .phrases import (
    clock_words,
    cue_words,
    duration_words,
    join_words,
    person_names,
    state_words,
    way_words,
)

if TYPE_CHECKING:
    from coregulate.analysis import Analysis
    from coregulate.bond import Word
    from coregulate.circuits import Supported
    from coregulate.story import Episode

MISMATCH_IS_NORMAL = (
    "Being out of step and finding the way back is normal. Infants and their mothers are mismatched "
    "more than 70 % of the time (Tronick & Cohn 1989); what people practise is the way back."
)
NOT_A_DIAGNOSIS = (
    "This is a model's reading of what could be observed. It is not a diagnosis and not a prediction, "
    "and your own memory of the moment outranks it."
)

_KIND = {
    "mutual activation": "both were activated",
    "one activated and one withdrawn": "one was activated while the other was withdrawn",
    "mutual withdrawal": "both were withdrawn",
    "both off track": "both were off track",
    "one alone": "one was off track while the other stayed at ease",
    "on the way back": "both were on the way back",
}
_SAFETY = {"toward safety": "toward ease", "away from safety": "away from ease"}
_VERDICT = {
    "co-regulating": "The two steadied each other: what moved one reached the other, and both came back "
    "to balance sooner than with the other held still.",
    "co-dysregulating": "The two carried each other further from balance: what moved one reached the other, "
    "and both came back later than with the other held still. This describes this talk, not the two people.",
    "independent": "The two moved on their own: no link was found, and this recording is long enough to say "
    "that if there is one it is small.",
    "undetermined": "Whether the two steadied each other is not known from this recording.",
}
_WHY = (  # part of the reason that the bond gives: the same in plain words
    ("too short", "There was too little time in common."),
    ("clocks", "The clocks of the two recordings are not tied to each other."),
    ("no pair", "There is no series that both people have for long enough."),
    ("one-way", "A link was seen in one direction only."),
    ("directions", "A link was seen, but not in which direction."),
    ("shared", "Something that reached both at once, such as the talk itself, explains it as well."),
    ("oscillat", "The series do not swing back and forth enough to show steadying."),
    ("wide", "The range of values that fit is too wide."),
    ("one is steadied", "One was steadied and the other was not."),
    ("how late", "It depends on how late each answers the other, and that is not clear enough."),
    ("too weak", "No link was found, but one too weak to see cannot be ruled out."),
)


def tells(supported: Supported | None, a: str, b: str) -> bool:
    """Whether this recording can tell two states of a person apart."""
    if supported is None:
        return False
    return bool(supported.splits.get(f"{a}|{b}", supported.splits.get(f"{b}|{a}", False)))


def kind_words(kind: str) -> str:
    """Say the kind of an episode or of a phase of one."""
    return _KIND.get(kind, kind)


def episode_answers(
    episode: Episode,
    people: Mapping[str, str],
    *,
    labels: Mapping[str, str] | None = None,
    extra: Sequence[str] = (),
) -> tuple[tuple[str, str], ...]:
    """One episode as questions and answers: when, what, the turn, what came before it, who, how long.

    Parameters
    ----------
    episode : Episode
    people : mapping of person id to name
    labels : mapping of cue to label, optional
        Names for cues that this page has no phrase for.
    extra : sequence of str
        More sentences about bodies in this stretch.

    Returns
    -------
    tuple of (question, answer)
    """
    what = [f"{capital(kind_words(episode.kind))}.", *_each(episode, people), *_phases(episode), *extra]
    for pid, start, end in episode.coded_withdrawal:
        when = f"from {clock_words(start)} to {clock_words(end)}"
        what.append(f"A coder marked withdrawal for {people.get(pid, pid)} {when}; that outranks the model.")
    length = duration_words(episode.end_s - episode.start_s)
    lasted = f"At least {length}: the recording ended before both were at ease again."
    if episode.recovered:
        lasted = f"{length}; then both stayed at ease."
    return (
        ("When", f"From {clock_words(episode.start_s)} to {clock_words(episode.end_s)}."),
        ("What", " ".join(what)),
        ("The turn", _turn(episode)),
        ("What came before", _before(episode, people, labels or {})),
        ("Who reached out", _reached_out(episode, people)),
        ("How long", lasted),
    )


def episode_sentences(episode: Episode, people: Mapping[str, str], **more: Any) -> tuple[str, ...]:
    """Say the answers of :func:`episode_answers` alone."""
    return tuple(answer for _, answer in episode_answers(episode, people, **more))


def _each(episode: Episode, people: Mapping[str, str]) -> list[str]:
    """Say whose body did what, where the kind leaves it open."""
    if episode.kind == "both off track":
        return ["Whether activated or withdrawn, this recording cannot tell."]
    if episode.kind not in ("one activated and one withdrawn", "one alone"):
        return []
    said = []
    for pid, name in people.items():
        mean = episode.who.get(pid, {})
        if episode.kind == "one alone":
            state = "was off track" if mean.get("below_s", 0.0) > 0 else "stayed at ease"
        else:
            activated = mean.get("fight_flight", 0.0) >= mean.get("shutdown", 0.0)
            state = f"was {state_words('fight_flight' if activated else 'shutdown')}"
        said.append(f"{name} {state}")
    # Where the means do not bear the kind out, the kind stands alone.
    return [f"{capital(join_words(said))}."] if len({text.split(" was ")[-1] for text in said}) > 1 else []


def _phases(episode: Episode) -> list[str]:
    if len({kind for _, _, kind in episode.phases}) < 2:
        return []
    then = (f"from {clock_words(start)} {kind_words(kind)}" for start, _, kind in episode.phases[:4])
    return [f"In turn: {'; '.join(then)}{'; and so on' if len(episode.phases) > 4 else ''}."]


def _before(episode: Episode, people: Mapping[str, str], labels: Mapping[str, str]) -> str:
    seen = []
    for cue in episode.before[:3]:
        phrase = cue_words(cue.cue, people.get(cue.person, cue.person), labels.get(cue.cue, ""))
        after = (
            f"{cue.n_nothing} of them with no turn after" if cue.n_nothing else "each time with a turn after"
        )
        counts = f"{cue.n_same} times in this talk, {after}"
        seen.append(f"{phrase} ({counts})" if cue.n_same > 1 else phrase)
    if not seen:
        return "Nothing that this recording could pick out."
    changed = "; ".join(seen)
    return f"In the seconds before the turn, these moved toward ease: {changed}. Before is not because."


def _turn(episode: Episode) -> str:
    if not math.isfinite(episode.turn_s):
        return "No single turning point stands out."
    return f"The turn toward ease came at {clock_words(episode.turn_s)}."


def _reached_out(episode: Episode, people: Mapping[str, str]) -> str:
    if not episode.repair_by:
        return "Not known: no first cue of ease could be picked out."
    name = people.get(episode.repair_by, episode.repair_by)
    return f"The first cue of ease before the turn came from {name}."


def verdict_words(word: Word) -> str:
    """Say the word on the bond, why it is not more, and what would help."""
    parts = [_VERDICT.get(word.verdict, _VERDICT["undetermined"])]
    if word.verdict not in ("co-regulating", "co-dysregulating", "independent"):
        parts.append(why_words(word.reason))
        parts.append(more_words(word.more_minutes))
    return " ".join(part for part in parts if part)


def why_words(reason: str) -> str:
    """Say in plain words why the bond gave no word."""
    found = next((text for part, text in _WHY if part in reason.lower()), "")
    return found or (f"{capital(reason.rstrip('.'))}." if reason else "")


def more_words(minutes: float) -> str:
    """Say how much more recording would likely be enough, or that nobody knows."""
    if not math.isfinite(minutes) or minutes <= 0:
        return "How much more recording would tell is not known; more talks of these two can be pooled."
    more = duration_words(60 * minutes)
    return f"About {more} more, in this talk or in others of these two, would likely tell."


def not_known_words(analysis: Analysis) -> tuple[str, ...]:
    """Say what this recording cannot tell, of pictures that were not read and person by person, and why; nothing twice."""
    unread = [
        f"What the pictures of {n.where} show. {n.text}"
        for n in analysis.notices
        if n.code == "faces_not_read"
    ]
    of: dict[str, list[str]] = {}
    for pid, name in person_names(analysis.summary["people"]).items():
        for text in _person_not_known(analysis.circuits.supported.get(pid)):
            of.setdefault(text, []).append(name)
    found = unread + [f"{join_words(names)}: {text}" for text, names in of.items()]
    if analysis.bond.word.verdict == "undetermined":
        found.append(f"Whether the two steadied each other. {why_words(analysis.bond.word.reason)}".strip())
    return tuple(found)


def _person_not_known(supported: Supported | None) -> list[str]:
    if supported is None:
        return ["no state at all, because no channel could be read."]
    if not supported.safe and not supported.mobilized:
        return ["at ease or not, moved or quiet: not told, because too few cues were observed."]
    if not supported.level_known:
        what = "how much at ease, how that changed, and stretches off track"
        if supported.changes:
            what = "how much at ease (only how it changed is shown), and stretches off track"
        return [f"{what}, because no rest or calm talk was marked to compare with."]
    found = []
    if not supported.episodes:
        found.append("stretches off track, because these channels alone would show some that were not there.")
    for group in supported.groups:
        if 1 < len(group) < 5:
            apart = join_words(state_words(state) for state in group)
            found.append(f"{apart} are not told apart here; they count as one.")
    return found


def change_sentence(moment: tuple[float, str, str, float], people: Mapping[str, str]) -> str:
    """Say a moment of change: ``at 12:40 Alex's body moved toward ease.``."""
    time_s, pid, direction, _ = moment
    name, at = people.get(pid, pid), f"at {clock_words(time_s)}"
    if direction in _SAFETY:
        return f"{at} {name}’s body moved {_SAFETY[direction]}."
    cue, _, way = direction.rpartition(" ")
    return f"{at} {way_words(cue, way, name)}."


def capital(text: str) -> str:
    """Begin with a capital letter."""
    return text[:1].upper() + text[1:]
