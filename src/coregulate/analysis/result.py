"""The result of an analysis."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xarray as xr

from coregulate.bond import Bond
from coregulate.circuits import Circuits, Personal
from coregulate.core import Events, Notice, Person, Signal, Track
from coregulate.story import Story

if TYPE_CHECKING:
    from .why import Why


@dataclass(frozen=True)
class SessionFacts:
    """What an analysis keeps of its session."""

    name: str
    people: tuple[Person, ...]
    duration_s: float
    overlap_s: float
    start_unix_s: float | None

    def name_of(self, person: str) -> str:
        """Return a person's name."""
        return next((p.name for p in self.people if p.id == person), person)


@dataclass(frozen=True)
class Analysis:
    """What two people's recordings tell.

    Attributes
    ----------
    session : SessionFacts
    signals : dict
        ``{person: {name: Signal}}`` in physical units on their own rates.
    events : dict
        ``{person: {name: Events}}``: beats, breaths, skin conductance responses.
    tracks : dict
        ``{person: {name: Track}}``: speech, codes.
    cues : xarray.Dataset
        Dimensions (person, time), 0.1 s; one variable a cue, normalised; NaN is not observed.
    circuits : Circuits
    bond : Bond
    story : Story
    summary : dict
        The object of ``analysis.json``.
    notices : tuple of Notice
    personal : mapping of person to Personal
        What was told of each person beyond the recording.
    """

    session: SessionFacts
    signals: dict[str, dict[str, Signal]]
    events: dict[str, dict[str, Events]]
    tracks: dict[str, dict[str, Track]]
    cues: xr.Dataset
    circuits: Circuits
    bond: Bond
    story: Story
    summary: dict[str, Any]
    notices: tuple[Notice, ...] = field(default=())
    personal: Mapping[str, Personal] = field(default_factory=dict)

    @property
    def states(self) -> xr.DataArray:
        """Probabilities (person, time, state) that sum to 1, each second; NaN where not known."""
        return self.circuits.states

    @property
    def filtered(self) -> xr.DataArray:
        """The same as far as each moment's past tells."""
        return self.circuits.filtered

    def why(self, person: str, time: float) -> Why:
        """Say why a person reads as they do at a time (s): a sentence, and the evidence of that second as a table."""
        from .why import explain

        return explain(self, person=person, time_s=time)

    def save(self, folder: str | Path) -> Path:
        """Write the analysis to a folder; what was there stays whole until the new one is complete."""
        from .store import save_analysis

        return save_analysis(self, Path(folder))

    def _repr_html_(self) -> str:
        facts = self.summary
        rows = [
            ("Session", f"{self.session.name}, {self.session.duration_s / 60:.1f} min"),
            ("People", ", ".join(p.name for p in self.session.people)),
            (
                "Cues",
                "; ".join(
                    f"{self.session.name_of(pid)}: {len(names)}" for pid, names in facts["cues"].items()
                ),
            ),
            ("Bond", f"{facts['bond']['verdict']} ({facts['bond']['reason']})"),
            ("Off track", f"{len(facts['episodes'])} times"),
            ("Not known", "; ".join(facts["not_known"]) or "-"),
        ]
        body = "".join(
            f"<tr><th style='text-align:left'>{html.escape(k)}</th><td>{html.escape(v)}</td></tr>"
            for k, v in rows
        )
        return f"<table>{body}</table>"
