"""The cuebook: one table that names every cue, and what it argues for."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

from coregulate.core import InputError, Segment

#: The five states, in the order in which every table lists them.
STATES: tuple[str, ...] = ("social", "play", "still", "fight_flight", "shutdown")

#: Share of each state in a baseline of this name (the common origin of z).
REFERENCES: Mapping[str, Mapping[str, float]] = {
    "rest": {"still": 1.0},
    "calm_talk": {"social": 0.5, "still": 0.5},
    "population": {"social": 0.5, "still": 0.5},  # a population is measured in calm talk
}


@dataclass(frozen=True)
class Cue:
    """One row of the cuebook.

    Parameters
    ----------
    name, label, unit : str
    channel : str
        heart, skin, breathing, voice, turns, face, motion, touch, codes or rating.
    kind : str
        ``graded`` (z against the person's own baseline), ``code``, ``touch`` or ``rating``.
    signal : str
        Name of the measured signal it comes from.
    window_s : float
        How much of the past one value rests on.
    means : mapping of state to float
        Graded: expected z in the state. Code: log odds per coded second. Touch: weight in
        ``P = logistic(intercept + mean)``. Rating: 1 for the states that count as safe.
    scales : mapping of state to float
        Scale of the state's density, in z.
    population_mean, population_sd : float
        Location and within-person spread in calm talk, in `unit`; NaN where nothing is normalised.
    population_source : str
    scale_floor : float
        Smallest spread that is believed, in `unit`.
    tau : float
        Spread between people of the location, in units of the spread within.
    lag_s : float
        How long after a state the cue is expected to show it.
    intercept : float
        Of touch only.
    aliases : tuple of str
        Other names of a code, or of touch.
    source : str
        Who says what it argues for; ``(prior)`` where nobody does.
    """

    name: str
    label: str
    unit: str
    channel: str
    kind: str
    signal: str
    window_s: float
    means: Mapping[str, float]
    scales: Mapping[str, float]
    population_mean: float
    population_sd: float
    population_source: str
    scale_floor: float
    tau: float
    lag_s: float
    source: str
    intercept: float = 0.0
    aliases: tuple[str, ...] = ()

    @property
    def argues(self) -> bool:
        """Whether it speaks for some state rather than another; what does not is shown and weighs nothing."""
        return len(set(self.means.values())) > 1 or len(set(self.scales.values())) > 1

    def reference_mean(self, reference: str) -> float:
        """Return the expected z of the named baseline: sum over states of its share times the state's mean."""
        return sum(share * self.means[state] for state, share in REFERENCES[reference].items())


@dataclass(frozen=True)
class Cuebook:
    """All cues by name, codes among them as ``code_<name>``."""

    cues: Mapping[str, Cue]

    def code(self, text: str) -> Cue | None:
        """Return the code, or touch, that a coder's label names, by any name; None where the table lacks it.

        Examples
        --------
        >>> load_cuebook().code("Elaboration and clarification-seeking").name
        'code_elaboration'
        """
        return self._code_names().get(plain(text))

    def of_kind(self, kind: str) -> tuple[Cue, ...]:
        """Cues of one kind, in the table's order."""
        return tuple(cue for cue in self.cues.values() if cue.kind == kind)

    def _code_names(self) -> dict[str, Cue]:
        return {
            plain(name): cue
            for cue in (*self.of_kind("code"), *self.of_kind("touch"))
            for name in (cue.name.removeprefix("code_"), *cue.aliases)
        }


class Baseline(NamedTuple):
    """What a person's z is measured from.

    Parameters
    ----------
    reference : str
        ``rest``, ``calm_talk`` or ``population``.
    segments : tuple of Segment
        Where in the session it was recorded; empty for ``population``.
    trusted : bool
        True where somebody marked it; False where nothing says what the person was like then.
    """

    reference: str = "population"
    segments: tuple[Segment, ...] = ()
    trusted: bool = False


def plain(text: str) -> str:
    """Fold a code's name for comparison: no case, and ``- _ / &`` are spaces.

    Examples
    --------
    >>> plain("Open-ended  Questions")
    'open ended questions'
    """
    return " ".join(re.sub(r"[\W_]+", " ", text.casefold()).split())


@cache
def load_cuebook() -> Cuebook:
    """Return the cuebook that is shipped with the package.

    Examples
    --------
    >>> load_cuebook().cues["heart_period"].means["fight_flight"]
    -1.0
    """
    text = resources.files(__package__).joinpath("cuebook.toml").read_text("utf-8")
    return parse_cuebook(tomllib.loads(text))


def parse_cuebook(table: Mapping[str, Any]) -> Cuebook:
    """Read a cuebook from a parsed TOML table.

    Raises
    ------
    InputError
        For other states, an unknown channel, or a row that lacks a number.
    """
    if tuple(table["states"]) != STATES:
        raise InputError(
            f"The cuebook's states are {', '.join(table['states'])}", f"They must be {', '.join(STATES)}"
        )
    cues: dict[str, Cue] = {}
    lag_s = table.get("lag_s", {})  # without it, every cue shows its state at once
    for name, row in table["cue"].items():
        cues[name] = _graded(name, row, table["tau"], lag_s)
    for name, row in table.get("code", {}).items():
        cues[f"code_{name}"] = _code(name, row, table["tau"], lag_s)
    return Cuebook(cues)


def _graded(name: str, row: Mapping[str, Any], tau: Mapping[str, float], lag_s: Mapping[str, float]) -> Cue:
    nan = float("nan")
    try:
        kind = row.get("kind", "graded")
        nowhere: dict[str, Any] = {"mean": nan, "sd": nan, "source": ""}
        population = row["population"] if kind == "graded" else nowhere
        return Cue(
            name=name,
            label=row["label"],
            unit=row["unit"],
            channel=row["channel"],
            kind=kind,
            signal=row.get("signal", name),
            window_s=float(row["window_s"]),
            means=dict(zip(STATES, map(float, row["means"]), strict=True)),
            scales=dict(zip(STATES, map(float, row.get("scales", [1.0] * len(STATES))), strict=True)),
            population_mean=float(population["mean"]),
            population_sd=float(population["sd"]),
            population_source=population["source"],
            scale_floor=float(row["scale_floor"]) if kind == "graded" else nan,
            tau=float(tau[row["channel"]]),
            lag_s=float(lag_s.get(row["channel"], 0.0)),
            source=row["source"],
            intercept=float(row.get("intercept", 0.0)),
            aliases=tuple(row.get("aliases", ())),
        )
    except (KeyError, ValueError) as error:
        raise InputError(
            f"The cuebook's row '{name}' is not whole: {error}", "See the head of cuebook.toml"
        ) from None


def _code(name: str, row: Mapping[str, Any], tau: Mapping[str, float], lag_s: Mapping[str, float]) -> Cue:
    odds = row["log_odds"]
    if unknown := set(odds) - set(STATES):
        raise InputError(
            f"The code '{name}' argues for {', '.join(sorted(unknown))}", f"States are {', '.join(STATES)}"
        )
    nan = float("nan")
    return Cue(
        name=f"code_{name}",
        label=row.get("label", name.replace("_", " ").capitalize()),
        unit="0 or 1",
        channel="codes",
        kind="code",
        signal="codes",
        window_s=0.0,
        means={state: float(odds.get(state, 0.0)) for state in STATES},
        scales=dict.fromkeys(STATES, 1.0),
        population_mean=nan,
        population_sd=nan,
        population_source="",
        scale_floor=nan,
        tau=float(tau["codes"]),
        lag_s=float(lag_s.get("codes", 0.0)),
        source=row.get("source", "(prior)"),
        aliases=tuple(row.get("aliases", ())),
    )
