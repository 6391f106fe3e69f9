"""Why the model says what it says of one person at one moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from coregulate.circuits import Supported
from coregulate.core import FloatArray, InputError, Person
from coregulate.cues import STATES, load_cuebook

if TYPE_CHECKING:
    from .result import Analysis

# The smallest probability that is taken a logarithm of.
_LEAST = 1e-300
#: What people see of a state.
STATE_WORDS = {
    "social": "engaged", "play": "lively", "still": "at rest", "fight_flight": "activated", "shutdown": "withdrawn",
}  # fmt: skip
_AT_EASE = ("social", "play", "still")
# How far around the moment a sentence looks, in s: a state lasts about 20 (prior).
_AROUND_S = 10
# Cues that a sentence names.
_NAMED = 3


class WhyRow(NamedTuple):
    """One cue: its value (z, or as recorded; NaN where there is none), and what it says for each state.

    ``nats``: in this second; ``around``: summed over 20 s, 10 before and 10 after.
    """

    what: str
    value: float
    nats: Mapping[str, float]
    around: Mapping[str, float]


class Why(NamedTuple):
    """An answer in a sentence and as a table.

    ``rows``: one a cue, those that say most around the moment first; ``total``: their sum, exactly what the model used in this
    second; ``before`` and ``after``: what the seconds before and after add; ``odds``: the
    three together, the log odds of each state against the average of the others;
    ``probability`` of each state. Nats throughout.
    """

    person: str
    time_s: float
    sentence: str
    told: tuple[str, ...]
    rows: tuple[WhyRow, ...]
    total: Mapping[str, float]
    before: Mapping[str, float]
    after: Mapping[str, float]
    odds: Mapping[str, float]
    probability: Mapping[str, float]

    def __str__(self) -> str:
        return self.sentence + "\n\n" + self.table()

    def table(self) -> str:
        """Return the table as aligned text."""
        head = "".join(f"{STATE_WORDS[s]:>11}" for s in STATES)
        lines = [f"{'evidence in nats':40}{'value':>8}{head}"]
        for row in self.rows:
            value = f"{row.value:8.2f}" if np.isfinite(row.value) else " " * 8
            lines.append(f"{row.what:40}{value}{_numbers(row.nats)}")
            lines.append(f"{'    in the 20 s around':48}{_numbers(row.around)}")
        for what, nats in (
            ("this second in all", self.total),
            ("the seconds before", self.before),
            ("the seconds after", self.after),
            ("log odds", self.odds),
        ):
            lines.append(f"{what:48}{_numbers(nats)}")
        lines.append(f"{'probability':48}{_numbers(self.probability)}")
        return "\n".join(lines)


def explain(analysis: Analysis, *, person: str, time_s: float) -> Why:
    """Read one second of the evidence ledger.

    Parameters
    ----------
    analysis : Analysis
    person : str
        Their id or name.
    time_s : float
        Seconds from the session's start.

    Returns
    -------
    Why

    Raises
    ------
    InputError
        For somebody, or a time, that is not in the session.
    """
    who = _person(analysis, person, time_s)
    second = int(time_s)
    circuits = analysis.circuits
    smoothed, filtered = (
        x.sel(person=who.id).isel(time=second).values for x in (circuits.states, circuits.filtered)
    )
    ledger = circuits.evidence.sel(person=who.id).values
    rows = _rows(analysis, who.id, ledger, second)
    total = np.nan_to_num(ledger[second].astype(np.float64)).sum(axis=0)
    odds, so_far = (_against_others(np.log(np.maximum(p, _LEAST))) for p in (smoothed, filtered))
    sentence, told = _sentence(who, second, smoothed, circuits.supported[who.id], rows)
    return Why(
        who.id, float(second), sentence, told, rows,
        _by_state(total), _by_state(so_far - total), _by_state(odds - so_far), _by_state(odds), _by_state(smoothed),
    )  # fmt: skip


def _rows(analysis: Analysis, person: str, ledger: FloatArray, second: int) -> tuple[WhyRow, ...]:
    """Return a row for each cue that says something near a second, the most first; ``ledger`` is (time, cue, state)."""
    here = np.nan_to_num(ledger[second].astype(np.float64))
    near = ledger[max(second - _AROUND_S, 0) : second + _AROUND_S]
    around = np.nan_to_num(near).astype(np.float64).sum(axis=0)
    rows = [
        WhyRow(_label(cue), _value(analysis, person, cue, second), _by_state(here[k]), _by_state(around[k]))
        for k, cue in enumerate(analysis.circuits.evidence.cue.values.tolist())
        if np.any(around[k])
    ]
    return tuple(sorted(rows, key=lambda row: -max(map(abs, row.around.values()))))


def _sentence(
    who: Person, second: int, smoothed: FloatArray, supported: Supported, rows: Sequence[WhyRow]
) -> tuple[str, tuple[str, ...]]:
    """Say how a person reads and why, and which states those are; none where it is not known."""

    def chance(group: Sequence[str]) -> float:
        return float(sum(smoothed[STATES.index(s)] for s in group))

    when = f"{second // 60}:{second % 60:02d}"
    if unknown := _not_known(supported, known=bool(np.isfinite(smoothed).all())):
        return f"At {when} it is not known how {who.name} was: {unknown}.", ()
    told = max(supported.groups, key=chance)
    return f"At {when} {who.name} reads as {_words(told)} ({chance(told):.0%}){_reasons(rows, told)}.", told


def _person(analysis: Analysis, person: str, time_s: float) -> Person:
    people = analysis.session.people
    found = [p for p in people if person == p.id] or [p for p in people if person == p.name]
    if not found:
        raise InputError(
            f"There is nobody called '{person}'", f"People are {', '.join(p.id for p in people)}"
        )
    length = analysis.circuits.states.sizes["time"]
    if not 0 <= time_s < length:
        raise InputError(f"{time_s:g} s is not in the session", f"It has {length} s")
    return found[0]


def _label(cue: str) -> str:
    known = load_cuebook().cues.get(cue)
    return known.label if known else f"Own {cue}"


def _value(analysis: Analysis, person: str, cue: str, second: int) -> float:
    """Mean of the cue over a second, read as late as the model read it."""
    if cue not in analysis.cues:
        return float("nan")
    circuits = analysis.circuits
    lag_s = circuits.rating_lag_s[person] if cue == "felt_safe" else circuits.lags_s[person].get(cue, 0.0)
    time = analysis.cues.time.values - second - lag_s
    values = analysis.cues[cue].sel(person=person).values[(time > -1e-6) & (time < 1.0 - 1e-6)]
    seen = values[np.isfinite(values)]
    return float(seen.mean()) if len(seen) else float("nan")


def _not_known(supported: Supported, *, known: bool) -> str:
    """Why nothing may be told of a moment; empty where something may."""
    if not known:
        return "no cue was observed near that moment"
    if not supported.level_known:
        return "no baseline is marked, only changes can be told"
    if len(supported.groups) < 2:
        return "these channels do not tell the states apart"
    return ""


def _reasons(rows: Sequence[WhyRow], told: tuple[str, ...]) -> str:
    pro, con = _leading(rows, told, +1), _leading(rows, told, -1)
    text = "; nothing near that moment argues for it, what came before and after does"
    if pro:
        text = f"; what argues for it in the 20 s around: {', '.join(pro)}"
    return text + (f"; against it: {', '.join(con)}" if con else "")


def _leading(rows: Sequence[WhyRow], told: tuple[str, ...], sign: int) -> list[str]:
    """Cues that argue most for (or against) the told states' average against the others'."""
    rest = [s for s in STATES if s not in told]
    weigh = [
        (
            sign
            * (float(np.mean([row.around[s] for s in told])) - float(np.mean([row.around[s] for s in rest]))),
            row.what,
        )
        for row in rows
    ]
    # Under a tenth of a nat in 20 s a cue says nothing worth a sentence (prior).
    return [what[:1].lower() + what[1:] for nats, what in sorted(weigh, reverse=True)[:_NAMED] if nats > 0.1]


def _words(told: tuple[str, ...]) -> str:
    if set(told) == set(_AT_EASE):
        return "at ease"
    return " or ".join(STATE_WORDS[s] for s in told)


def _against_others(values: FloatArray) -> FloatArray:
    out: FloatArray = (len(STATES) * values - values.sum()) / (len(STATES) - 1)
    return out


def _by_state(values: FloatArray) -> dict[str, float]:
    return dict(zip(STATES, map(float, values), strict=True))


def _numbers(nats: Mapping[str, float]) -> str:
    return "".join(f"{nats[s]:11.2f}" for s in STATES)
