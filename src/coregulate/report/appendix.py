"""The researcher's tables: everything that the words rest on."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from coregulate.core import Estimate
from coregulate.writers import words

from .numbers import DASH, Table, cell, interval, number, p_value, percent, table

if TYPE_CHECKING:
    from coregulate.analysis import Analysis


def stream_table(analysis: Analysis) -> Table:
    """Streams with rate, unit, span, quality and clock."""
    names = words.person_names(analysis.summary["people"])
    rows = [
        (
            names.get(s.get("person"), s.get("person")),
            s.get("kind"),
            f"{s.get('path', '')}{' · ' + s['part'] if s.get('part') else ''}",
            s.get("rate_hz"),
            s.get("unit"),
            interval(s.get("start_s"), s.get("end_s")),
            s.get("quality"),
            s.get("clock"),
            s.get("used"),
        )
        for s in analysis.summary.get("streams", ())
    ]
    head = ("Person", "Kind", "File", "Rate (Hz)", "Unit", "Span (s)", "Quality", "Clock", "Used")
    return table("Streams", head, rows)


def baseline_table(analysis: Analysis) -> Table:
    """List what each person's cues are measured against."""
    names = words.person_names(analysis.summary["people"])
    stated = analysis.summary.get("baselines") or {}
    rows = []
    for pid, name in names.items():
        found, supported = stated.get(pid) or {}, analysis.circuits.supported.get(pid)
        trusted = found.get("trusted") if found else None
        level = None if supported is None else bool(supported.level_known)
        cues = analysis.summary.get("cues", {}).get(pid, ())
        rows.append((name, found.get("reference"), trusted, level, ", ".join(cues)))
    return table("Baseline of each person", ("Person", "Baseline", "Marked", "Level known", "Cues"), rows)


def split_table(analysis: Analysis, pid: str, name: str) -> Table:
    """List d' of each pair of states of one person, and whether the two are told apart."""
    supported = analysis.circuits.supported.get(pid)
    d_prime, rows = supported.d_prime if supported else {}, []
    for pair, value in sorted(d_prime.items(), key=lambda item: -_sortable(item[1])):
        a, _, b = pair.partition("|")
        told = words.tells(supported, a, b)
        rows.append((f"{words.state_words(a)} or {words.state_words(b)}", value, told))
    return table(f"{name}: pairs of states", ("Pair", "d′", "Told apart"), rows)


def model_table(analysis: Analysis) -> Table:
    """Information gained, multiplier of means, rating lag, and weights of cues, by person."""
    names, circuits = words.person_names(analysis.summary["people"]), analysis.circuits
    rows: list[tuple[Any, ...]] = []
    for pid, name in names.items():
        s = circuits.supported.get(pid)
        rows += [
            (name, "information, safe or not", s.information_safe if s else None),
            (name, "information, mobilized or not", s.information_mobilized if s else None),
            (name, "safe or not is told", s.safe if s else None),
            (name, "mobilized or not is told", s.mobilized if s else None),
            (name, "episodes are told", s.episodes if s else None),
            (name, "kappa", circuits.kappa.get(pid)),
            (name, "lag of own rating (s)", circuits.rating_lag_s.get(pid)),
        ]
        if late := circuits.tap_lag_s.get(pid):
            rows.append((name, "lag of own taps (s), 95 % interval", _estimate(late)))
    return table("The state model", ("Person", "What", "Value"), rows)


def moves_table(analysis: Analysis) -> Table:
    """How long each person's bouts lasted, and whether the other's cues went with their moves to safety."""
    circuits = analysis.circuits
    rows: list[tuple[Any, ...]] = []
    for pid, name in words.person_names(analysis.summary["people"]).items():
        if bouts := circuits.bouts.get(pid):
            rows += [
                (name, "a safe bout lasts (s)", _estimate(bouts.safe_bout_s)),
                (name, "an unsafe bout lasts (s)", _estimate(bouts.unsafe_bout_s)),
                (name, "a state lasts (s)", _estimate(bouts.state_s)),
            ]
        if partner := circuits.partner.get(pid):
            rows += [
                (name, "the other's cues: likelihood ratio", partner.likelihood_ratio),
                (name, "the other's cues: p, against shuffled cues", p_value(partner.p)),
                *(
                    (name, f"shift of the log odds of safety by the other's {c}", _estimate(w))
                    for c, w in partner.weights.items()
                ),
            ]
    return table("How states follow each other, with 95 % intervals", ("Person", "What", "Value"), rows)


def lambda_table(analysis: Analysis) -> Table:
    """Weight (lambda) and fitted offset of each cue of each person."""
    names, circuits = words.person_names(analysis.summary["people"]), analysis.circuits
    cues = list(dict.fromkeys(c for values in circuits.lambdas.values() for c in values))
    head, rows = ["Cue"], []
    for name in names.values():
        head += [f"{name}: lambda", f"{name}: offset"]
    for cue in cues:
        both = ((circuits.lambdas.get(p, {}).get(cue), circuits.offsets.get(p, {}).get(cue)) for p in names)
        rows.append((cue, *(value for pair in both for value in pair)))
    return table("Weight of each cue after tempering", head, rows)


def personal_tables(analysis: Analysis) -> Iterator[Table]:
    """Tell what people said of themselves and what it changed; nothing where nobody said anything."""
    names, rows = words.person_names(analysis.summary["people"]), []
    for pid, own in analysis.summary.get("personal", {}).items():
        name, learned = names.get(pid, pid), own["learned"]
        if own["history"]:
            rows.append((name, "history", ", ".join(own["history"])))
            without = own["states_without_history"] or {}
            with_it = analysis.summary["states"].get(pid, {})
            for state in (s for s in without if s != "not_known"):
                both = f"{percent(with_it.get(state))}, {percent(without[state])} without"
                rows.append((name, f"{words.state_words(state)}, with the history", both))
        if own["corrections"]:
            rows.append((name, "own corrections and taps", own["corrections"]))
        if own["learned_before"]:
            rows.append((name, "learned in earlier sessions", "used"))
        if learned:
            told = f"{number(learned['score_before'])} to {number(learned['score_after'])} nats a second"
            rows += [
                (name, "fitted to own word", "used" if learned["used"] else f"not used: {learned['reason']}"),
                (name, "time with own word", words.duration_words(learned["labelled_s"])),
                (name, "log-likelihood of held-out own word", told),
            ]
    if rows:
        yield table("What people said of themselves", ("Person", "What", "Value"), rows)


def sensitivity_tables(analysis: Analysis) -> Iterator[Table]:
    """Tell what each prior halved or doubled moves; nothing where it was not asked for."""
    found = analysis.summary.get("sensitivity")
    if found is None:
        return
    rows = [(c["what"], c["change"], c["moved"], percent(c["switched"]), c["episodes"]) for c in found]
    head = ("Prior", "Change", "Mean move of P(safe)", "Seconds that change sides", "Episodes then")
    told = len(analysis.story.episodes)
    yield table(f"How much the result rests on each prior (as analysed: {told} episodes)", head, rows)


def state_tables(analysis: Analysis) -> Iterator[Table]:
    """Mean probabilities, for the session and each marked segment."""
    yield _states_of("The whole session", analysis.summary.get("states", {}), analysis)
    for segment in analysis.summary.get("segments", ()):
        span = f"{words.clock_words(segment['start_s'])} to {words.clock_words(segment['end_s'])}"
        yield _states_of(f"{segment['name']}, {span}", segment.get("states", {}), analysis)


def _states_of(caption: str, states: Mapping[str, Mapping[str, Any]], analysis: Analysis) -> Table:
    rows = []
    for pid, name in words.person_names(analysis.summary["people"]).items():
        for state, value in states.get(pid, {}).items():
            what = "not known (share of time)" if state == "not_known" else words.state_words(state)
            rows.append((name, what, state, percent(value)))
    return table(caption, ("Person", "In words", "State", "Mean probability"), rows)


def word_table(analysis: Analysis) -> Table:
    """List the numbers behind the word on the bond."""
    word, names = analysis.bond.word, list(words.person_names(analysis.summary["people"]).values())
    pair = [*names, "first", "second"][:2]
    rows = [
        ("word", word.verdict),
        ("reason", word.reason),
        ("p, any link (p_any)", p_value(word.p_any)),
        (f"p, {pair[1]} to {pair[0]} (p12)", p_value(word.p12)),
        (f"p, {pair[0]} to {pair[1]} (p21)", p_value(word.p21)),
        ("margin over a shared signal (log-likelihood)", word.rival_margin),
        ("stability gain H, 95 % interval", _estimate(word.gain)),
        *((f"gain of {n}", _estimate(g)) for n, g in zip(pair, word.gain_each, strict=False)),
        *((f"damping ratio of {n} alone", d) for n, d in zip(pair, word.damping, strict=False)),
        *(
            (f"share of variance of {n} from the other", _estimate(s))
            for n, s in zip(pair, word.share, strict=False)
        ),
        ("each hears the other late by (s)", word.late_s),
        ("stability gain without that delay", word.gain_at_once),
        ("time in common", words.duration_words(word.common_s)),
        ("observed", percent(word.observed)),
        ("more minutes that would likely tell", word.more_minutes),
        *((f"fitted {key}", value) for key, value in word.parameters.items()),
    ]
    return table("The word", ("What", "Value"), rows)


def coupling_table(analysis: Analysis) -> Table:
    """Every coupling that was measured, the primary one first."""
    names = words.person_names(analysis.summary["people"])
    rows = [
        (
            "exploratory" if c.get("exploratory") else "primary",
            c["measure"],
            f"{names.get(c['a'], c['a'])}: {c['a_cue']}",
            f"{names.get(c['b'], c['b'])}: {c['b_cue']}",
            c.get("value"),
            c.get("effect_size"),
            p_value(c.get("p")),
            p_value(c.get("q")),
            c.get("lag_s"),
        )
        for c in analysis.summary.get("bond", {}).get("coupling", ())
    ]
    head = ("", "Measure", "One", "Other", "Value", "Effect size", "p", "q", "Lag (s)")
    return table("Couplings; a lag above 0: the first leads", head, rows)


def influence_table(analysis: Analysis) -> Table:
    """Whose cue moved whom, all that was tested, smallest p first."""
    names = words.person_names(analysis.summary["people"])
    rows = [
        (
            f"{names.get(i.person, i.person)}: {i.cue}",
            f"{names.get(i.other, i.other)}, toward {i.toward}",
            _estimate(i.hazard_ratio),
            p_value(i.hazard_ratio.p),
            p_value(i.q),
            i.n_cues,
            i.n_moves,
        )
        for i in analysis.bond.influence
    ]
    head = ("After", "moved", "Hazard ratio", "p", "q", "Cues", "Moves")
    return table("Influence: moves within 20 s after a cue, against matched seconds without", head, rows)


def moments_table(analysis: Analysis) -> Table:
    """Who calmed whom: the share of each kind of moment, beside what chance does."""
    names = list(words.person_names(analysis.summary["people"]).values())
    first, second = [*names, "the first", "the second"][:2]
    rows = [
        (
            kind.replace("the first", first).replace("the second", second),
            percent(found["share"]),
            percent(found["chance"]),
            p_value(found["p"]),
        )
        for kind, found in analysis.summary.get("bond", {}).get("moments", {}).items()
    ]
    head = ("Moments", "Share of time", "By chance", "p")
    return table("Who calms whom, within 20 s; chance: one of the two shifted in time", head, rows)


def story_table(analysis: Analysis) -> Table:
    """Recovery, and the moments of change."""
    story, names = analysis.story, words.person_names(analysis.summary["people"])
    rows: list[tuple[Any, ...]] = [
        ("Median time back on track (s), Kaplan-Meier", "", _estimate(story.recovery)),
    ]
    rows += [
        (f"Change at {words.clock_words(t)}", names.get(pid, pid), f"{direction}, {number(float(size))}")
        for t, pid, direction, size in story.moments_of_change
    ]
    rows += [
        ("Racing heart", names.get(pid, pid), f"{words.clock_words(start)} to {words.clock_words(end)}")
        for pid, start, end in story.flooding
    ]
    return table("The story in numbers", ("What", "Of", "Value"), rows)


def warning_table(analysis: Analysis) -> Table:
    """List what went wrong, or was assumed, without stopping."""
    rows = [(w["code"], w["where"], w["text"]) for w in analysis.summary.get("warnings", ())]
    return table("Notices", ("Code", "Where", "What"), rows)


def flat_table(caption: str, values: Mapping[str, Any]) -> Table:
    """List a nested mapping as dotted keys and values."""
    return table(caption, ("Name", "Value"), list(_flat(values)))


def input_table(analysis: Analysis) -> Table:
    """Input files with their size and hash."""
    rows = [(i["path"], i.get("bytes"), i.get("sha256")) for i in analysis.summary.get("inputs", ())]
    return table("Inputs", ("File", "Bytes", "SHA-256"), rows)


def _flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", cell(value)


def _estimate(found: Estimate) -> str:
    if not math.isfinite(found.value):
        return DASH
    span = interval(found.low, found.high)
    return number(found.value) if span == DASH else f"{number(found.value)} ({span})"


def _sortable(value: float) -> float:
    return value if math.isfinite(value) else -1.0
