"""An analysis as a screen of plain text."""

from __future__ import annotations

from coregulate.analysis import Analysis, Pooled, SessionFacts

from .phrases import clock_words, duration_words
from .words import episode_answers, not_known_words, observations, person_names, thing_to_try, verdict_words

_SAID_ABOVE = ("level-not-known", "faces_not_read")  # among what is not known


def terminal_summary(analysis: Analysis) -> str:
    """Return what an analysis tells, for a terminal: observations, episodes, bond, what is not known."""
    people = person_names(analysis.session.people)
    lines = [
        f"{analysis.session.name}: {' and '.join(people.values())}, {duration_words(analysis.session.duration_s)}",
        "",
    ]
    lines.extend(f"  {k}. {text}" for k, text in enumerate(observations(analysis), 1))
    title, how = thing_to_try(analysis)
    lines.extend(["", f"To try: {title} {how}"])
    for episode in analysis.story.episodes:
        lines.extend(["", f"{clock_words(episode.start_s)} to {clock_words(episode.end_s)}"])
        # When it was stands in the line above.
        lines.extend(f"  {question}: {answer}" for question, answer in episode_answers(episode, people)[1:])
    lines.extend(["", f"Together: {verdict_words(analysis.bond.word)}"])
    unknown = not_known_words(analysis)
    if unknown:
        lines.extend(["", "Not known:", *(f"  - {text}" for text in unknown)])
    noticed = [n.told(people) for n in analysis.notices if n.code not in _SAID_ABOVE]
    if noticed:
        lines.extend(["", "Assumed and noticed:", *(f"  - {text}" for text in noticed)])
    return "\n".join(lines)


def pooled_words(pooled: Pooled, facts: SessionFacts) -> str:
    """Return the word for several sessions; ``facts`` of one of them know the names."""
    one, two = (facts.name_of(p) for p in pooled.people)
    where = f"{len(pooled.at)} sessions, {duration_words(pooled.word.common_s)} in common"
    return (
        f"If {one} and {two} are the same two people in all of them ({where}): {verdict_words(pooled.word)}"
    )
