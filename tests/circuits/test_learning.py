"""Learning one person's, and many people's, way of showing: persons drawn from the priors, truth known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from coregulate.circuits import (
    HISTORY,
    Correction,
    Personal,
    forward_backward,
    frozen,
    infer_circuits,
    learn_group,
    learn_person,
    material,
    stationary,
    transition_matrix,
    with_history,
)
from coregulate.circuits.fit import fit_person
from coregulate.circuits.gather import gather
from coregulate.circuits.personal import answer, check_personal, shifted, with_corrections
from coregulate.circuits.rows import session_loglik
from coregulate.core import CircuitSettings, InputError
from coregulate.cues import STATES, Baseline, load_cuebook

BOOK = load_cuebook()
SETTINGS = CircuitSettings()
CALM = Baseline("calm_talk", (), True)
MOVES = transition_matrix(safe_bout_s=180.0, unsafe_bout_s=40.0, state_s=20.0)
CHAIN = {"moves": MOVES, "start": stationary(MOVES), "settings": SETTINGS}
N = 1500


def draw_shifts(rng, channels, sd):
    cues = [c.name for c in BOOK.of_kind("graded") if c.channel in channels]
    return {name: dict(zip(STATES, rng.normal(0.0, sd, 5), strict=True)) for name in cues}


def draw(sim, path, shifts, rng):
    """Cues of somebody whose means differ by ``shifts`` (5 s late, as the cues are)."""
    seen = np.r_[np.full(5, path[0]), path[:-5]]
    z = sim.z(path, sim.phone, rng)
    return {name: v + np.array([shifts[name][s] for s in STATES])[seen] for name, v in z.items()}


def draw_dial(path, rng):
    """A hand that follows safety within about 4 s, with a slow error of its own."""
    aim = lfilter([0.3], [1, -0.7], np.where(path < 3, 1.5, -1.5))
    x = aim + lfilter([0.1], [1, -0.98], rng.normal(size=len(path)))
    return 1 / (1 + np.exp(-np.r_[np.full(2, x[0]), x[:-2]]))


def rows_of(sim, z):
    return gather(sim.dataset({"a": z}, N), "a", CALM, book=BOOK, rating_lag_s=4)


def material_of(sim, z):
    rows = rows_of(sim, z)
    return material(rows, fit_person(rows, trusted=True, **CHAIN)[0])


def state_score(rows, path):
    """Log score of the true states, and accuracy, on a session without anybody's word."""
    fitted, _ = fit_person(rows, trusted=True, **CHAIN)
    p = forward_backward(session_loglik(rows, fitted, SETTINGS), MOVES, CHAIN["start"]).smoothed
    return np.log(np.clip(p[np.arange(N), path], 1e-6, 1)).mean(), (p.argmax(axis=1) == path).mean()


def test_a_persons_dial_improves_their_next_session(sim):
    """Persons drawn with 0.5 z: state log score and accuracy of a session that was never seen."""
    gains = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        shifts = draw_shifts(rng, sim.phone, 0.5)
        path, later = sim.states(N, rng), sim.states(N, rng)
        z = draw(sim, path, shifts, rng) | {"felt_safe": draw_dial(path, rng)}
        learned = learn_person([material_of(sim, z)], **CHAIN)
        assert learned.used
        assert learned.score_after > learned.score_before
        rows = rows_of(sim, draw(sim, later, shifts, rng))
        gains.append(np.subtract(state_score(shifted(rows, learned.shifts), later), state_score(rows, later)))
    score, accuracy = np.mean(gains, axis=0)
    assert score > 0.05
    assert accuracy > 0.05


def test_corrections_alone_are_enough_to_learn_from(sim):
    """Every stretch of 25 s or more of somebody 0.5 z from the table, called by its true name."""
    rng = np.random.default_rng(4)
    shifts = draw_shifts(rng, sim.phone, 0.5)
    path, later = sim.states(N, rng), sim.states(N, rng)
    edges = np.flatnonzero(np.diff(path)) + 1
    runs = [(a, b) for a, b in zip(np.r_[0, edges], np.r_[edges, N], strict=True) if b - a >= 25]
    words = [Correction(float(a), float(b), was=STATES[path[a]]) for a, b in runs]
    rows = with_corrections(rows_of(sim, draw(sim, path, shifts, rng)), words)
    learned = learn_person([material(rows, fit_person(rows, trusted=True, **CHAIN)[0])], **CHAIN)
    assert learned.used
    assert learned.labelled_s == sum(b - a for a, b in runs)
    new = rows_of(sim, draw(sim, later, shifts, rng))
    score, accuracy = np.subtract(state_score(shifted(new, learned.shifts), later), state_score(new, later))
    assert score > 0.1
    assert accuracy > 0.05


def test_a_word_that_goes_with_nothing_is_mostly_refused(sim):
    """A hand that moves at random: what does not help is not used, and nothing is changed by it."""
    used = []
    for seed in range(6):
        rng = np.random.default_rng(50 + seed)
        path, other = sim.states(N, rng), sim.states(N, rng)
        z = sim.z(path, sim.phone, rng) | {"felt_safe": draw_dial(other, rng)}
        learned = learn_person([material_of(sim, z)], **CHAIN)
        used.append(learned.used)
        assert learned.used or (not learned.shifts and learned.reason)
    assert sum(used) <= 2


def test_under_two_minutes_nothing_is_learned(sim):
    rng = np.random.default_rng(0)
    path = sim.states(N, rng)
    dial = draw_dial(path, rng)
    dial[100:] = np.nan
    found = infer_circuits(
        sim.dataset({"a": sim.z(path, ("face",), rng) | {"felt_safe": dial}}, N),
        {"a": CALM}, book=BOOK, settings=SETTINGS,
    )  # fmt: skip
    assert not found.learned["a"].used
    assert not found.shifts["a"]
    assert "not-adapted" in [n.code for n in found.notices]


def test_a_new_person_starts_from_the_group_and_moves_to_their_own(sim):
    """A group 0.25 z from the table, persons 0.25 z from it; truth of a session of somebody new."""
    rng = np.random.default_rng(7)
    group = draw_shifts(rng, sim.phone, 0.25)

    def somebody():
        own = draw_shifts(rng, sim.phone, 0.25)
        return {c: {s: group[c][s] + own[c][s] for s in STATES} for c in group}

    people = {}
    for k in range(10):
        path = sim.states(N, rng)
        z = draw(sim, path, somebody(), rng)
        if k % 2:  # half of them rated themselves
            z["felt_safe"] = draw_dial(path, rng)
        people[str(k)] = [material_of(sim, z)]
    found = learn_group(people, **CHAIN)
    error = np.array([[found.shifts[c][s] - group[c][s] for s in STATES] for c in group])
    size = np.array([[group[c][s] for s in STATES] for c in group])
    assert np.sqrt(np.mean(error**2)) < 0.6 * np.sqrt(np.mean(size**2))
    gains = []
    for _ in range(3):
        shifts, path, later = somebody(), sim.states(N, rng), sim.states(N, rng)
        first = rows_of(sim, draw(sim, path, shifts, rng) | {"felt_safe": draw_dial(path, rng)})
        started = shifted(first, found.shifts)
        one = material(started, fit_person(started, trusted=True, **CHAIN)[0])
        own = learn_person([one], **CHAIN)
        rows = rows_of(sim, draw(sim, later, shifts, rng))
        table, pooled = state_score(rows, later), state_score(shifted(rows, found.shifts), later)
        both = state_score(shifted(shifted(rows, found.shifts), own.shifts), later)
        gains.append([np.subtract(pooled, table), np.subtract(both, pooled)])
    (from_group, _), (from_own, _) = np.mean(gains, axis=0)
    assert from_group > 0.02
    assert from_own > 0.0


def test_that_was_not_anger_that_was_laughing(sim):
    """A correction wins where it stands, and shows in the ledger like any cue."""
    rng = np.random.default_rng(1)
    path = np.where((np.arange(900) % 300) < 40, 3, 0)
    cues = sim.dataset({"a": sim.z(path, sim.phone, rng)}, 900)
    was = Personal(corrections=(Correction(300.0, 340.0, was="play"), Correction(0.0, 8.0, was="social")))
    plain = infer_circuits(cues, {"a": CALM}, book=BOOK, settings=SETTINGS)
    told = infer_circuits(cues, {"a": CALM}, book=BOOK, settings=SETTINGS, personal={"a": was})
    inside = dict(person="a", time=slice(310, 339))
    assert plain.states.sel(**inside).mean("time").idxmax("state") == "fight_flight"
    assert told.states.sel(**inside).mean("time").idxmax("state") == "play"
    assert told.evidence.sel(cue="correction", state="play", **inside).min() > 0
    assert np.isnan(told.evidence.sel(person="a", cue="correction").values[400]).all()
    # From 580 s on the next fight comes near: how soon it is told depends on the weights, which were fitted anew.
    elsewhere = dict(person="a", time=slice(400, 580))
    np.testing.assert_allclose(told.states.sel(**elsewhere), plain.states.sel(**elsewhere), atol=0.15)


@pytest.mark.parametrize(
    ("correction", "states"),
    [
        (Correction(0, 1, was="safe"), (0, 1, 2)),
        (Correction(0, 1, was="play", was_not="fight_flight"), (1,)),
        (Correction(0, 1, was_not="shutdown"), (0, 1, 2, 3)),
    ],
)
def test_what_a_correction_leaves_possible(correction, states):
    assert answer(correction) == states


@pytest.mark.parametrize(
    "own",
    [
        Personal(corrections=(Correction(0, 1, was="anger"),)),
        Personal(corrections=(Correction(0, 1, was="play", was_not="rage"),)),
        Personal(history=("is difficult",)),
        Personal(shifts={"heart_peroid": {"social": 0.1}}),
        Personal(shifts={"rsa": {"calm": 0.1}}),
        Personal(shifts={"rsa": {"social": float("nan")}}),
    ],
)
def test_what_is_not_known_of_a_person_is_said_with_the_file(own):
    with pytest.raises(InputError, match=r"session\.toml"):
        check_personal(own, BOOK, "session.toml")


@pytest.mark.parametrize("phrase", HISTORY)
def test_a_history_changes_its_own_moves_and_nothing_else(phrase):
    moves = with_history(MOVES, [phrase.upper()])
    np.testing.assert_allclose(moves.sum(axis=1), 1.0)
    assert (moves > 0).sum() == (MOVES > 0).sum()
    changed = {(int(a), int(b)) for a, b in np.argwhere(~np.isclose(moves, MOVES)) if a != b}
    leaning = HISTORY[phrase]
    allowed = {(a, b) for a in leaning.origin for b in leaning.target if a != b and MOVES[a, b] > 0}
    assert changed == allowed


def test_a_history_shows_where_the_cues_say_little_and_yields_where_they_say_much(sim):
    rng = np.random.default_rng(2)
    path = sim.states(N, rng)
    easily = {"a": Personal(history=("startles easily",))}
    moved = {}
    for name, channels in (("little", ("heart",)), ("much", sim.phone)):
        cues = sim.dataset({"a": sim.z(path, channels, rng)}, N)
        plain, with_it = (
            infer_circuits(cues, {"a": CALM}, book=BOOK, settings=SETTINGS, personal=own).states.sel(
                person="a", state="fight_flight"
            )
            for own in ({}, easily)
        )
        moved[name] = float((with_it - plain).mean())
    assert moved["little"] > moved["much"] > 0


def test_live_knows_the_person_too(sim):
    rng = np.random.default_rng(3)
    shifts = draw_shifts(rng, ("face",), 0.5)
    cues = sim.dataset({"a": sim.z(sim.states(300, rng), ("face",), rng)}, 300)
    own = Personal(shifts=shifts, history=("settles slowly",))
    found = infer_circuits(cues, {"a": CALM}, book=BOOK, settings=SETTINGS, personal={"a": own})
    from coregulate.circuits import OnlineFilter

    live = OnlineFilter(frozen(found, "a", CALM, history=own.history), book=BOOK, settings=SETTINGS)
    one = cues.sel(person="a")
    first = live.push({str(n): one[n].values for n in one.data_vars}, one["time"].values)
    filtered = np.concatenate([first.filtered, live.finish().filtered])
    np.testing.assert_allclose(filtered, found.filtered.sel(person="a").values, atol=1e-9)
