"""How states follow each other: what was learned of it, and whether the partner's cues shift it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from coregulate.circuits import (
    expected_moves,
    fit_bouts,
    fit_partner,
    forward_backward,
    infer_circuits,
    stationary,
    transition_matrix,
)
from coregulate.circuits.bouts import person_bouts
from coregulate.circuits.coupled import recent, seen_cues, shifted_moves
from coregulate.circuits.fit import fit_person
from coregulate.circuits.gather import gather
from coregulate.circuits.rows import session_loglik
from coregulate.core import CircuitSettings
from coregulate.cues import Baseline, load_cuebook

BOOK = load_cuebook()
SETTINGS = CircuitSettings()
CALM = Baseline("calm_talk", (), True)
MOVES = transition_matrix(safe_bout_s=180.0, unsafe_bout_s=40.0, state_s=20.0)
START = stationary(MOVES)


def walk(moves, rng):
    """Draw states from one matrix for each step."""
    cumulative, state = moves.cumsum(axis=2), int(rng.choice(5, p=START))
    path = [state]
    for table, u in zip(cumulative[:-1], rng.random(len(moves) - 1), strict=True):
        state = min(int(np.searchsorted(table[state], u)), 4)
        path.append(state)
    return np.array(path)


def fitted(sim, z, n):
    rows = gather(sim.dataset({"a": z}, n), "a", CALM, book=BOOK)
    return rows, *fit_person(rows, trusted=True, moves=MOVES, start=START, settings=SETTINGS)


def test_moves_that_change_equal_enumeration():
    rng = np.random.default_rng(1)
    loglik = rng.normal(scale=2.0, size=(4, 5))
    moves = shifted_moves(MOVES, rng.normal(size=4), rng.normal(size=4))
    np.testing.assert_allclose(moves.sum(axis=2), 1.0)
    total, marginal, counts = 0.0, np.zeros((4, 5)), np.zeros((3, 5, 5))
    for path in itertools.product(range(5), repeat=4):
        weight = START[path[0]] * np.exp(loglik[range(4), path].sum())
        weight *= np.prod([moves[t, path[t], path[t + 1]] for t in range(3)])
        total += weight
        marginal[range(4), path] += weight
        counts[range(3), path[:-1], path[1:]] += weight
    found = forward_backward(loglik, moves[:3], START)
    np.testing.assert_allclose(found.smoothed, marginal / total, atol=1e-12)
    assert found.loglik == pytest.approx(np.log(total))
    np.testing.assert_allclose(expected_moves(found, moves[:3]), counts / total, atol=1e-12)
    still = np.broadcast_to(MOVES, (3, 5, 5))
    once = expected_moves(forward_backward(loglik, MOVES, START), MOVES)
    np.testing.assert_allclose(
        expected_moves(forward_backward(loglik, still, START), still).sum(axis=0), once
    )


def test_a_shift_is_one_of_log_odds():
    moves = shifted_moves(MOVES, np.array([0.7]), np.array([0.4]))[0]
    odds = lambda m, a, b: m[a, b].sum() / (1.0 - m[a, b].sum())  # noqa: E731
    for state, other, shift in ((3, slice(0, 3), 0.7), (4, slice(0, 3), 0.7), (1, slice(3, 5), -0.4)):
        assert np.log(odds(moves, state, other) / odds(MOVES, state, other)) == pytest.approx(shift)


def test_durations_are_recovered_and_their_intervals_cover(sim):
    """Forty hours of noise that forgets, each with its own interval."""
    truth = (120.0, 60.0, 15.0)
    moves = np.broadcast_to(
        transition_matrix(safe_bout_s=truth[0], unsafe_bout_s=truth[1], state_s=truth[2]), (3600, 5, 5)
    )
    rng = np.random.default_rng(2)
    logliks, covered = [], []
    for _ in range(40):
        path = walk(moves, rng)
        seen = np.eye(5)[path] * 1.5 + rng.normal(size=(3600, 5))
        logliks.append(1.5 * seen)  # of five normals, one of them 1.5 higher
        found = fit_bouts([logliks[-1]], settings=SETTINGS)
        each = (found.safe_bout_s, found.unsafe_bout_s, found.state_s)
        covered.append([e.low <= t <= e.high for e, t in zip(each, truth, strict=True)])
    assert np.mean(covered, axis=0).min() >= 0.85
    assert np.mean(covered) >= 0.9
    together = fit_bouts(logliks, settings=SETTINGS)
    for e, t in zip((together.safe_bout_s, together.unsafe_bout_s, together.state_s), truth, strict=True):
        assert e.low <= t <= e.high
        assert e.high / e.low < 1.3


def test_durations_under_noise_that_is_remembered(sim):
    covered = []
    rng = np.random.default_rng(3)
    for _ in range(6):
        rows, parameters, path = fitted(sim, sim.z(sim.states(3600, rng), sim.phone, rng, within=0.3), 3600)
        found = person_bouts(rows, parameters, path.smoothed, SETTINGS)
        each = (found.safe_bout_s, found.unsafe_bout_s, found.state_s)
        covered.append([e.low <= t <= e.high for e, t in zip(each, (180.0, 40.0, 20.0), strict=True)])
    assert np.mean(covered) >= 0.8


def test_nothing_seen_leaves_the_prior():
    found = fit_bouts([np.zeros((600, 5))], settings=SETTINGS)
    assert found.safe_bout_s.value == pytest.approx(180.0, rel=0.02)
    assert found.state_s.value == pytest.approx(20.0, rel=0.02)
    assert found.state_s.high / found.state_s.low > 3.0


def test_what_the_partner_saw_is_the_last_ten_seconds():
    odds = np.r_[np.zeros(20), np.ones(20), np.full(20, np.nan)][:, None]
    seen = recent(odds)
    assert seen[24] == pytest.approx(0.5)  # seconds 15 to 24
    assert seen[29] == 1.0
    assert seen[48] == 1.0
    assert np.isnan(seen[49:]).all()


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_the_partner_matters_only_where_they_do(sim, weight):
    settings = CircuitSettings(shuffles=30)
    n, rng = 3600, np.random.default_rng(11)
    covered, p = [], []
    for _ in range(3):
        rows, parameters, _ = fitted(sim, sim.z(sim.states(n, rng), ("face", "motion"), rng), n)
        seen = seen_cues(rows, parameters, SETTINGS)
        assert list(seen) == ["face", "motion"]
        shift = weight * seen["face"]
        moved = walk(shifted_moves(MOVES, shift, shift), rng)
        own, fit, _ = fitted(sim, sim.z(moved, sim.phone, rng), n)
        found = fit_partner(session_loglik(own, fit, SETTINGS), seen, moves=MOVES, settings=settings, rng=rng)
        for name, truth in (("face", weight), ("motion", 0.0)):
            covered.append(found.weights[name].low <= truth <= found.weights[name].high)
        p.append(found.p)
    assert sum(covered) >= 5
    if weight:
        assert max(p) < 0.05
    else:
        assert np.median(p) > 0.1


def test_two_people_are_compared_whatever_their_order(sim):
    rng = np.random.default_rng(4)
    cues = sim.dataset({p: sim.z(sim.states(900, rng), sim.phone, rng) for p in "ab"}, 900)
    bases = {"a": CALM, "b": CALM}
    settings = CircuitSettings(shuffles=9)
    kinds = {"book": BOOK, "settings": settings}
    found = infer_circuits(cues, bases, rng=np.random.default_rng(0), **kinds)
    swapped = infer_circuits(cues.isel(person=[1, 0]), bases, rng=np.random.default_rng(0), **kinds)
    assert found.partner == swapped.partner
    assert found.bouts == swapped.bouts
    assert set(found.partner["a"].weights) == set(sim.phone)
    assert 0 < found.partner["a"].p <= 1
    without = infer_circuits(cues, bases, **kinds)
    assert not without.partner
    assert not without.bouts
    np.testing.assert_array_equal(without.states, found.states)


def test_no_cue_to_see_is_no_answer():
    found = fit_partner(np.zeros((300, 5)), {}, moves=MOVES, settings=SETTINGS, rng=np.random.default_rng(0))
    assert not found.weights
    assert np.isnan(found.p)
