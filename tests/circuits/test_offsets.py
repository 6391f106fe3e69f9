"""A marked baseline is short: what it leaves open is learned with the states, where they can be told without it."""

from __future__ import annotations

import numpy as np

from coregulate.circuits import infer_circuits
from coregulate.core import CircuitSettings, Segment
from coregulate.cues import Baseline, load_cuebook

BOOK, SETTINGS = load_cuebook(), CircuitSettings()
MARKED = Baseline("calm_talk", (Segment(0.0, 180.0),), True)
KNOWN = Baseline("calm_talk", (), True)
N = 1800


def infer(z, sim, baseline):
    return infer_circuits(sim.dataset({"a": z}, N), {"a": baseline}, book=BOOK, settings=SETTINGS)


def talk(sim, rng, channels, fight=False):
    path = np.full(N, 3) if fight else sim.states(N, rng)
    path[:180] = np.where(np.arange(180) // 20 % 2 == 0, 0, 2)
    return path, sim.z(path, channels, rng, within=0.3, memory=sim.bodies)


def test_a_baseline_that_is_off_is_mended(sim):
    rng = np.random.default_rng(6)
    scores, left = [], []
    for _ in range(2):
        path, z = talk(sim, rng, sim.phone)
        off = {name: 0.4 * rng.standard_normal() for name in z}
        moved = {name: values + off[name] for name, values in z.items()}
        found = {b: infer(moved, sim, b) for b in (KNOWN, MARKED)}
        scores.append([np.log(f.states.values[0][np.arange(N), path]).mean() for f in found.values()])
        offsets = found[MARKED].offsets["a"]
        left.append(np.std([off[name] - offsets[name] for name in off]) / np.std(list(off.values())))
        assert set(found[KNOWN].offsets["a"].values()) == {0.0}
    before, after = np.mean(scores, axis=0)
    assert after > before + 0.03  # nats a second
    assert np.mean(left) < 0.4


def test_an_hour_of_fight_is_not_taken_for_an_error_of_the_baseline(sim):
    rng = np.random.default_rng(7)
    for channels in (("face",), sim.phone):
        _, z = talk(sim, rng, channels, fight=True)
        safe = infer(z, sim, MARKED).states.values[0, :, :3].sum(axis=1)
        assert safe[:170].mean() > 0.7
        assert safe[200:].mean() < 0.1
    for channels in (("voice",), ("heart",), ("heart", "skin")):
        _, z = talk(sim, rng, channels, fight=True)
        assert set(infer(z, sim, MARKED).offsets["a"].values()) == {0.0}
