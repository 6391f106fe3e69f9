"""State tracks made to order, and a stand-in for what the channels support."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace

import numpy as np
import xarray as xr

from coregulate.core import StorySettings, Track
from coregulate.story import Story, tell_story

STATES = ("social", "play", "still", "fight_flight", "shutdown")
EACH = tuple((s,) for s in STATES)
SETTINGS = StorySettings()


def able(**changes):
    """Supported of a person of whom everything may be told, but for what is changed."""
    facts = {"level_known": True, "absolute": False, "episodes": True, "groups": EACH}
    return SimpleNamespace(**(facts | changes))


def person_states(safe, shut=0.0):
    """Probabilities, shape (n, 5); `shut` is the share of shutdown in what is not safe."""
    safe = np.asarray(safe, float)
    off = 1 - safe
    return np.stack([0.6 * safe, 0.1 * safe, 0.3 * safe, off * (1 - shut), off * shut], axis=1)


def states_of(people: Mapping[str, np.ndarray], start_s: float = 0.0) -> xr.DataArray:
    values = np.stack(list(people.values()))
    time = start_s + np.arange(values.shape[1], dtype=float)
    return xr.DataArray(
        values, {"person": list(people), "time": time, "state": list(STATES)}, ("person", "time", "state")
    )


def ledger(states: xr.DataArray, rises: Mapping[tuple[str, str], np.ndarray] | None = None) -> xr.DataArray:
    """Evidence whose safe-unsafe log odds are as given, per person and cue."""
    rises = rises or {}
    cues = sorted({cue for _, cue in rises}) or ["lip_corner_puller"]
    people = [str(p) for p in states.person.values]
    out = np.zeros((len(people), states.sizes["time"], len(cues), 5))
    for (person, cue), odds in rises.items():
        # l = (o, o, o, 0, 0); each entry against the mean of the other four.
        l_ = np.asarray(odds, float)[:, None] * np.array([1, 1, 1, 0, 0.0])
        out[people.index(person), :, cues.index(cue)] = l_ - (l_.sum(1, keepdims=True) - l_) / 4
    return xr.DataArray(
        out, {"person": people, "time": states.time.values, "cue": cues, "state": list(STATES)},
        ("person", "time", "cue", "state"),
    )  # fmt: skip


def no_cues(states: xr.DataArray) -> xr.Dataset:
    return xr.Dataset(coords={"person": states.person.values, "time": states.time.values})


def told(
    people: Mapping[str, np.ndarray],
    *,
    start_s: float = 0.0,
    supported=None,
    rises=None,
    codes: Mapping[str, Track] | None = None,
    cues=None,
    flooding=(),
) -> Story:
    states = states_of(people, start_s)
    return tell_story(
        states, ledger(states, rises), supported or {p: able() for p in people},
        no_cues(states) if cues is None else cues, codes or {},
        baselines_trusted=dict.fromkeys(people, False), flooding=flooding, settings=SETTINGS,
    )  # fmt: skip


def levels(*pieces: tuple[float, int]) -> np.ndarray:
    """P(safe) as levels of so many seconds."""
    return np.concatenate([np.full(n, level) for level, n in pieces])
