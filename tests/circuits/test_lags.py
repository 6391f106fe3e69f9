"""Each cue is read as late as it shows the state."""

from __future__ import annotations

import numpy as np

from coregulate.circuits import infer_circuits
from coregulate.circuits.gather import gather
from coregulate.circuits.rows import read_ahead
from coregulate.core import CircuitSettings
from coregulate.cues import Baseline, load_cuebook

BOOK = load_cuebook()
SETTINGS = CircuitSettings()
CALM = Baseline("calm_talk", (), True)


def test_reading_ahead_lays_a_cue_on_its_state(sim):
    cues = sim.dataset({"a": {"nod": np.arange(8.0) / 2, "f0": np.arange(8.0) / 4}}, 8)
    rows = gather(cues, "a", CALM, book=BOOK)
    lags = np.array([3.0 if name == "nod" else 0.0 for name in rows.names])
    found = read_ahead(rows, lags)
    nod, f0 = rows.names.index("nod"), rows.names.index("f0")
    np.testing.assert_allclose(found.z[:5, nod], np.arange(3, 8) / 2)
    np.testing.assert_array_equal(found.quality[:, nod], [1] * 5 + [0] * 3)
    np.testing.assert_array_equal(found.z[:, f0], rows.z[:, f0])
    assert read_ahead(rows, np.full(2, 99.0)).quality.sum() == 0  # longer than the recording


def test_lags_of_single_cues_are_told_apart(sim):
    """One cue late, one early, the others as the cuebook expects."""
    rng = np.random.default_rng(8)
    path = sim.states(3600, rng)
    z = sim.z(path, sim.phone, rng, independent=True)
    late = {name: {"brow_lowerer": 8, "motion_energy": 3}.get(name, 5) for name in z}
    z = {name: np.r_[np.full(late[name], v[0]), v[: -late[name]]] for name, v in z.items()}
    found = infer_circuits(sim.dataset({"a": z}, 3600), {"a": CALM}, book=BOOK, settings=SETTINGS)
    lags = found.lags_s["a"]
    assert abs(lags["brow_lowerer"] - lags["lip_corner_puller"] - 3) <= 1
    assert abs(lags["lip_corner_puller"] - lags["motion_energy"] - 2) <= 1
    guess = found.states.sel(person="a").values.argmax(axis=1)
    agree = [np.mean(guess[60 + k : 3500 + k] == path[60:3500]) for k in range(-6, 7)]
    assert abs(int(np.argmax(agree)) - 6) <= 1  # on the state's own second, not 5 s late
