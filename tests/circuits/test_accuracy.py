"""How well truth is recovered from cues drawn from the table, at a reduced size."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import rankdata

from coregulate.circuits import forward_backward, infer_circuits, stationary, transition_matrix
from coregulate.circuits.gather import rows_from_seconds
from coregulate.circuits.rows import Parameters, session_loglik
from coregulate.core import CircuitSettings
from coregulate.cues import Baseline, load_cuebook

BOOK = load_cuebook()
SETTINGS = CircuitSettings()
CALM = Baseline("calm_talk", (), True)


def auc(truth, score):
    ranks, n = rankdata(score), truth.sum()
    return (ranks[truth].sum() - n * (n + 1) / 2) / (n * (~truth).sum())


def calibration_error(truth, p):
    box = np.clip((p * 10).astype(int), 0, 9)
    boxes = [(truth[box == k].mean() - p[box == k].mean(), (box == k).mean()) for k in np.unique(box)]
    return sum(abs(gap) * share for gap, share in boxes)


def unmarked(cues):
    """Lay the session's median where the population is expected, as without a marked baseline."""
    moved = {n: v - v.median("time") + BOOK.cues[n].reference_mean("population") for n, v in cues.items()}
    return cues.assign(moved).clip(-5, 5)


# Channels, how many times slower than 20 s, share of the table's effects: least macro-F1, least AUC of P(safe),
# largest calibration error of P(safe), largest of P(mobilized).
FLOORS = {
    ("all", 1.0, 1.0): (0.74, 0.95, 0.05, 0.10),
    ("phone", 1.0, 1.0): (0.73, 0.95, 0.05, 0.10),
    ("face", 1.0, 1.0): (0.57, 0.95, 0.05, 0.10),
    ("voice", 1.0, 1.0): (0.38, 0.72, 0.10, 0.10),
    ("heart", 1.0, 1.0): (0.20, 0.60, 0.10, 0.10),
    ("all", 3.0, 1.0): (0.88, 0.95, 0.10, 0.10),
    ("voice", 3.0, 1.0): (0.55, 0.72, 0.10, 0.10),
    ("all", 1.0, 0.5): (0.50, 0.80, 0.05, 0.10),
}


@pytest.mark.parametrize(("name", "slower", "effect"), FLOORS)
def test_late_cues_and_noise_that_is_remembered(sim, macro_f1, name, slower, effect):
    channels = {"all": sim.all, "phone": sim.phone}.get(name, (name,))
    rng = np.random.default_rng(1)
    paths = {p: sim.states(3600, rng, slower) for p in "abcd"}
    noise = {"effect": effect, "within": 0.3, "memory": sim.bodies}
    cues = sim.dataset({p: sim.z(q, channels, rng, **noise) for p, q in paths.items()}, 3600)
    # Measured from a calm talk and moved to the table's origin, as the cues room does.
    origin = {n: v + (1.0 - effect) * BOOK.cues[n].reference_mean("calm_talk") for n, v in cues.items()}
    settings = CircuitSettings(safe_bout_s=180 * slower, unsafe_bout_s=40 * slower, state_s=20 * slower)
    found = infer_circuits(cues.assign(origin), dict.fromkeys(paths, CALM), book=BOOK, settings=settings)
    p = found.states.values.reshape(-1, 5)
    known = np.isfinite(p[:, 0])
    truth, p = np.concatenate(list(paths.values()))[known], p[known]
    safe, mobilized = p[:, :3].sum(axis=1), p[:, [1, 3]].sum(axis=1)
    least_f1, least_auc, most_error, most_mobilized = FLOORS[name, slower, effect]
    assert macro_f1(truth, p.argmax(axis=1)) > least_f1
    assert auc(truth < 3, safe) > least_auc
    assert auc(np.isin(truth, (1, 3)), mobilized) > 0.6
    assert calibration_error(truth < 3, safe) < most_error
    assert calibration_error(np.isin(truth, (1, 3)), mobilized) < most_mobilized
    for told in found.supported.values():
        assert told.episodes == (name not in ("heart", "voice"))


@pytest.mark.parametrize(("name", "least"), [("all", 0.96), ("heart", 0.65), ("voice", 0.66)])
def test_an_oracle_with_independent_noise(sim, macro_f1, name, least):
    """Twenty hours: heart reaches .66, so the floor needs them."""
    channels = sim.all if name == "all" else (name,)
    rng = np.random.default_rng(2)
    path = sim.states(72_000, rng)
    rows = rows_from_seconds(sim.z(path, channels, rng, independent=True), {}, len(path), CALM, book=BOOK)
    knows = Parameters(np.ones(len(rows.names)), np.empty(0), 1.0, np.zeros(len(rows.names)))
    moves = transition_matrix(safe_bout_s=180.0, unsafe_bout_s=40.0, state_s=20.0)
    found = forward_backward(session_loglik(rows, knows, SETTINGS), moves, stationary(moves))
    assert macro_f1(path, found.smoothed.argmax(axis=1)) > least


def test_half_the_effect_is_noticed(sim):
    rng = np.random.default_rng(4)
    cues = sim.dataset({"a": sim.z(sim.states(3600, rng), sim.phone, rng, effect=0.5)}, 3600)
    # Measured from a calm talk and moved to the table's origin, as the cues room does.
    moved = {n: v + 0.5 * BOOK.cues[n].reference_mean("calm_talk") for n, v in cues.items()}
    found = infer_circuits(cues.assign(moved), {"a": CALM}, book=BOOK, settings=SETTINGS)
    assert 0.35 < found.kappa["a"] < 0.65


def test_unmarked_sessions(sim):
    rng = np.random.default_rng(0)
    n = 1800
    opening = sim.states(n, rng)
    opening[:420] = 3
    z = {"opens": opening, "fight": np.full(n, 3)}
    cues = unmarked(sim.dataset({p: sim.z(q, sim.phone, rng) for p, q in z.items()}, n))
    found = infer_circuits(cues, {}, book=BOOK, settings=SETTINGS)
    safe = found.states.sel(person="opens").values[:, :3].sum(axis=1)
    assert safe[:420].mean() < 0.1  # not called safe on trust
    assert safe[420:][opening[420:] < 3].mean() > 0.85
    assert found.supported["opens"].level_known
    assert not found.supported["fight"].level_known
    assert not found.supported["fight"].episodes
    assert "level-not-known" in [x.code for x in found.notices if x.where == "fight"]


@pytest.mark.parametrize("trusted", [True, False])
def test_voice_alone_carries_no_episode_and_no_unmarked_level(sim, trusted):
    rng = np.random.default_rng(103)
    n = 1200
    z = {"a": sim.states(n, rng), "b": np.where(np.arange(n) // 40 % 3 < 2, 3, 4)}
    cues = sim.dataset({p: sim.z(q, ("voice",), rng, independent=True) for p, q in z.items()}, n)
    bases = dict.fromkeys(z, Baseline("calm_talk", (), trusted))
    found = infer_circuits(cues if trusted else unmarked(cues), bases, book=BOOK, settings=SETTINGS)
    for told in found.supported.values():
        assert told.splits["social|shutdown"]  # plenty to tell states apart, and still
        assert told.level_known == trusted
        assert not told.episodes
