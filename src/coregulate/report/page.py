"""The whole page: for the couple, for a coach, for a researcher."""

from __future__ import annotations

import contextlib
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from coregulate.core import StoreError
from coregulate.writers import words

from . import appendix, drawing
from .numbers import day
from .references import CRITICISM, REFERENCES

if TYPE_CHECKING:
    from coregulate.analysis import Analysis


def write_report(analysis: Analysis, path: str | Path) -> Path:
    """Write the report as one HTML file that needs no network and no other file.

    Parameters
    ----------
    analysis : Analysis
    path : path-like
        The file to write; its folder is made. What was there stays whole until the new one is complete.

    Returns
    -------
    Path

    Raises
    ------
    StoreError
        Where the file cannot be written.
    """
    target = Path(path)
    text = render_report(analysis)
    half = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        half.write_text(text, encoding="utf-8", newline="\n")
        half.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            half.unlink()
        problem = f"The report could not be written ({error.strerror or error})"
        raise StoreError(problem, "Choose a folder that you may write to", target) from None
    return target


def render_report(analysis: Analysis) -> str:
    """Return the report as HTML; the same analysis gives the same text.

    Parameters
    ----------
    analysis : Analysis

    Returns
    -------
    str
        A complete HTML document with its style and its figures (SVG) inside; no script.

    Notes
    -----
    Cost: about a second for half an hour of two people, most of it drawing.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["breakable"] = _breakable
    return environment.get_template("report.html").render(
        head=_head(analysis), couple=_couple(analysis), coach=_coach(analysis), appendix=_appendix(analysis)
    )


def _breakable(text: str) -> Markup:
    """Escape, and let long names with underscores break across lines."""
    return escape(text).replace("_", Markup("_<wbr>"))


def _head(analysis: Analysis) -> dict[str, str]:
    facts = analysis.summary["session"]
    names = words.person_names(analysis.summary["people"]).values()
    return {
        "title": str(facts["name"]).strip() or "A talk",
        "people": words.join_words(names),
        "day": day(facts.get("start_unix_s")),
        "length": words.duration_words(facts["duration_s"]),
    }


def _couple(analysis: Analysis) -> dict[str, Any]:
    what, why = words.thing_to_try(analysis)
    return {
        "observations": words.observations(analysis),
        "what": what,
        "why": why,
        "normal": words.MISMATCH_IS_NORMAL,
        "not_a_diagnosis": words.NOT_A_DIAGNOSIS,
    }


def _coach(analysis: Analysis) -> dict[str, Any]:
    names = words.person_names(analysis.summary["people"])
    labels = {str(c): str(v.attrs.get("long_name", "")) for c, v in analysis.cues.data_vars.items()}
    episodes = [
        words.episode_answers(
            episode,
            names,
            labels=labels,
            extra=[f"{text}." for text in words.heart_sentences(analysis, episode.start_s, episode.end_s)],
        )
        for episode in analysis.story.episodes
    ]
    return {
        "states": drawing.draw_states(analysis),
        "cues": drawing.draw_cues(analysis),
        "bond": drawing.draw_bond(analysis),
        "verdict": words.verdict_words(analysis.bond.word),
        "episodes": episodes,
        "no_episodes": _no_episodes(analysis),
        "changes": _changes(analysis, names),
        "flooding": _flooding(analysis, names),
        "recovery": _recovery(analysis),
        "not_known": words.not_known_words(analysis),
    }


def _no_episodes(analysis: Analysis) -> str:
    supported = analysis.circuits.supported.values()
    if supported and all(s.episodes for s in supported):
        return "No stretch off track was found."
    if supported and not all(s.level_known for s in supported):
        return "Stretches off track are not told, because how much at ease each was is not known."
    return "Stretches off track are not told: these channels alone would show some that were not there."


def _changes(analysis: Analysis, names: dict[str, str]) -> list[str]:
    found = sorted(analysis.story.moments_of_change, key=lambda m: -abs(m[3]))[:6]
    return [words.capital(words.change_sentence(m, names)) for m in sorted(found, key=lambda m: m[0])]


def _flooding(analysis: Analysis, names: dict[str, str]) -> list[str]:
    return [
        f"{names.get(pid, pid)}’s heart raced from {words.clock_words(start)} to {words.clock_words(end)}: "
        "a moment for a break."
        for pid, start, end in analysis.story.flooding
    ]


def _recovery(analysis: Analysis) -> str:
    median = analysis.story.recovery.value
    if not math.isfinite(median) or len(analysis.story.episodes) < 2:
        return ""
    most = words.duration_words(median)
    return f"Half of the ways back took up to {most}; one that the recording cut off counts as still open."


def _appendix(analysis: Analysis) -> dict[str, Any]:
    names, summary = words.person_names(analysis.summary["people"]), analysis.summary
    return {
        "recording": [appendix.stream_table(analysis), appendix.warning_table(analysis)],
        "baselines": [appendix.baseline_table(analysis)],
        "model": [
            appendix.model_table(analysis),
            appendix.moves_table(analysis),
            appendix.lambda_table(analysis),
            *appendix.personal_tables(analysis),
            *appendix.sensitivity_tables(analysis),
        ],
        "splits": [appendix.split_table(analysis, pid, name) for pid, name in names.items()],
        "states": list(appendix.state_tables(analysis)),
        "bond": [
            appendix.word_table(analysis),
            appendix.coupling_table(analysis),
            appendix.influence_table(analysis),
            appendix.moments_table(analysis),
        ],
        "lags": drawing.draw_lags(analysis),
        "story": [appendix.story_table(analysis)],
        "made_with": [
            appendix.flat_table("Parameters", summary.get("parameters", {})),
            appendix.flat_table("Versions", summary.get("versions", {})),
            appendix.input_table(analysis),
        ],
        "references": REFERENCES,
        "criticism": CRITICISM,
    }
