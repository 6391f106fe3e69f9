"""How late somebody taps, told by what the other channels say."""

from __future__ import annotations

import numpy as np
import pytest

from coregulate.circuits import Personal, Tap, infer_circuits, stationary, transition_matrix
from coregulate.circuits.gather import gather
from coregulate.circuits.moments import EXPECTED_LAG_S, estimate_tap_lag
from coregulate.core import CircuitSettings
from coregulate.cues import Baseline, load_cuebook

BOOK = load_cuebook()
SETTINGS = CircuitSettings()
CALM = Baseline("calm_talk", (), True)
MOVES = transition_matrix(safe_bout_s=180.0, unsafe_bout_s=40.0, state_s=20.0)
CHAIN = {"moves": MOVES, "start": stationary(MOVES), "settings": SETTINGS}
N = 3600


def draw_taps(path, lag_s, rng, every_s=15):
    """A word on safety every 15 s or so, a second more or less late, one in twenty wrong."""
    at = np.flatnonzero(rng.random(len(path)) < 1 / every_s)
    at = at[at > 8]
    felt = (path[at - lag_s - rng.integers(-1, 2, len(at))] < 3) ^ (rng.random(len(at)) < 0.05)
    return tuple(Tap(float(t), was="safe" if ok else "unsafe") for t, ok in zip(at, felt, strict=True))


def estimates(sim, channels, lag_s, seeds, **taps):
    found = []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        path = sim.states(N, rng)
        z = sim.z(path, channels, rng, within=0.3, memory=sim.bodies)
        rows = gather(sim.dataset({"a": z}, N), "a", CALM, book=BOOK)
        found.append(estimate_tap_lag(rows, draw_taps(path, lag_s, rng, **taps), trusted=True, **CHAIN))
    return found


@pytest.mark.parametrize("lag_s", [2, 4, 6])
def test_the_lag_is_found_and_its_interval_holds_it(sim, lag_s):
    found = estimates(sim, sim.phone, lag_s, 3)
    assert abs(np.mean([e.value for e in found]) - lag_s) < 1.25
    assert all(e.low <= lag_s <= e.high for e in found)


def test_where_nothing_tells_the_prior_stays(sim):
    """A heart alone, and three taps: as late as people who rate are, and wide open."""
    for found in (
        *estimates(sim, ("heart",), 6, 1, every_s=200),
        *estimates(sim, sim.phone, 6, 1, every_s=1200),
    ):
        assert abs(found.value - EXPECTED_LAG_S) < 1.25
        assert found.high - found.low >= 5.0


def test_a_tap_is_taken_to_the_moment_it_is_late_for(sim):
    """Nothing but taps: each speaks of the two seconds around the moment, and of nothing else."""
    cues = sim.dataset({"a": sim.z(np.zeros(300, dtype=int), ("heart",), np.random.default_rng(0))}, 300)
    own = Personal(taps=(Tap(100.0, was="unsafe"), Tap(1e6, was="unsafe"), Tap(200.0, was_not="safe")))
    found = infer_circuits(cues, {"a": CALM}, book=BOOK, settings=SETTINGS, personal={"a": own})
    late = found.tap_lag_s["a"].value
    said = np.flatnonzero(np.isfinite(found.evidence.sel(person="a", cue="correction").values[:, 0]))
    around = {int(t - late) + k for t in (100, 200) for k in range(-2, 3)}
    assert set(said) <= around | {min(around) - 1, max(around) + 1}
    assert len(said) in (10, 12)
    assert infer_circuits(cues, {"a": CALM}, book=BOOK, settings=SETTINGS).tap_lag_s == {}
