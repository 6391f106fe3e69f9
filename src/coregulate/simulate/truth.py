"""What is true of a simulated session, and the folder it is kept in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from coregulate.core import Events, FloatArray, Segment, Signal, Track

from .oscillators import Pair
from .scenario import TrueEpisode
from .states import StateArray


@dataclass(frozen=True, eq=False)
class Truth:
    """What is true of a simulated session; also kept in its folder ``truth/``.

    Parameters
    ----------
    folder : Path
    seed : int
    duration_s : float
    names : mapping of person id to name
    states : mapping of person id to ndarray of int, shape (n_s,)
        Index into ``coregulate.cues.STATES``, one a second.
    episodes : tuple of TrueEpisode
    baseline : Segment
        The calm talk at the start.
    sections : tuple of (start_s, end_s, name)
    pair : Pair
        The oscillation under the two heart periods: coupling, kappa, true gain.
    courses : mapping of person id to mapping of cue name to ndarray, shape (n_s,)
        What each body was told to show, in z.
    heart_period : mapping of person id to Signal (ms, 4 Hz)
    beats, breaths, scr : mapping of person id to Events
        SCR values are amplitudes in us.
    speech : mapping of person id to Track
    f0 : mapping of person id to Signal (hz, 100 Hz; NaN where nothing is voiced)
    """

    folder: Path
    seed: int
    duration_s: float
    names: Mapping[str, str]
    states: Mapping[str, StateArray]
    episodes: tuple[TrueEpisode, ...]
    baseline: Segment
    sections: tuple[tuple[float, float, str], ...]
    pair: Pair
    courses: Mapping[str, Mapping[str, FloatArray]]
    heart_period: Mapping[str, Signal]
    beats: Mapping[str, Events]
    breaths: Mapping[str, Events]
    scr: Mapping[str, Events]
    speech: Mapping[str, Track]
    f0: Mapping[str, Signal]

    @property
    def people(self) -> tuple[str, ...]:
        """Ids of the two."""
        return tuple(self.states)


def write_truth(truth: Truth) -> None:
    """Write ``truth/truth.json`` (words and states) and ``truth/truth.npz`` (series)."""
    folder = truth.folder / "truth"
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(_in_words(truth), indent=1, allow_nan=False)
    (folder / "truth.json").write_text(text + "\n", encoding="utf-8", newline="\n")
    np.savez_compressed(folder / "truth.npz", allow_pickle=False, **_in_numbers(truth))


def _in_words(truth: Truth) -> dict[str, Any]:
    from coregulate.cues import STATES

    pair = truth.pair
    return {
        "seed": truth.seed,
        "duration_s": truth.duration_s,
        "people": dict(truth.names),
        "state_names": list(STATES),
        "states": {pid: [int(x) for x in row] for pid, row in truth.states.items()},
        "sections": [list(x) for x in truth.sections],
        "baseline": {
            "start_s": truth.baseline.start_s,
            "end_s": truth.baseline.end_s,
            "reference": "calm_talk",
        },
        "episodes": [x._asdict() for x in truth.episodes],
        "coupling": {
            "kind": pair.coupling,
            "kappa": pair.kappa,
            "frequency_hz": pair.frequency_hz,
            "damping": pair.damping,
            "gain": pair.gain,
        },
        "speech": {pid: [[x.start_s, x.end_s] for x in track.labels] for pid, track in truth.speech.items()},
    }


def _in_numbers(truth: Truth) -> dict[str, Any]:
    arrays: dict[str, Any] = {"oscillation": truth.pair.values.astype(np.float32)}
    for pid in truth.people:
        arrays[f"{pid}_heart_period_ms"] = truth.heart_period[pid].values.astype(np.float32)
        arrays[f"{pid}_beats_s"] = truth.beats[pid].times_s
        arrays[f"{pid}_breaths_s"] = truth.breaths[pid].times_s
        arrays[f"{pid}_scr_s"] = truth.scr[pid].times_s
        arrays[f"{pid}_scr_us"] = truth.scr[pid].values
        arrays[f"{pid}_f0_hz"] = truth.f0[pid].values.astype(np.float32)
    return arrays
