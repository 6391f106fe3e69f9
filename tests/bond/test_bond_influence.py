"""Influence, sequences and moments: found where they were put, silent where not, and swapped with the people."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from coregulate.bond import (
    MOMENT_KINDS,
    actor_partner,
    hazard_ratio,
    measure_influence,
    split_moments,
)
from coregulate.core import SignalError


def course(rng, n, cues=(), times=1.0):
    """P(safe) of a person who leaves each state with 1/60 a second; ``times`` sooner for safety after a cue."""
    after = np.zeros(n, bool)
    for cue in cues:
        after[int(cue) + 1 : int(cue) + 21] = True
    state = np.zeros(n)
    for t in range(1, n):
        chance = 1 / 60 * (times if after[t] and state[t - 1] == 0 else 1.0)
        state[t] = 1 - state[t - 1] if rng.random() < chance else state[t - 1]
    return np.where(state > 0, 0.9, 0.1)


def bursts_of_cues(rng, n):
    """Cues that come in clusters, as those of a speaking person do."""
    start = rng.integers(0, n, n // 120)
    return np.concatenate([s + np.sort(rng.integers(0, 15, rng.integers(1, 5))) for s in start])


def test_a_cue_that_does_nothing_is_found_in_one_of_twenty():
    rng = np.random.default_rng(0)
    p, covered = [], []
    for _ in range(300):
        found, _ = hazard_ratio(course(rng, 1800), bursts_of_cues(rng, 1800), toward="safety")
        p.append(found.p)
        covered.append(found.low <= 1 <= found.high)
    assert 0.02 <= np.mean(np.array(p) < 0.05) <= 0.08  # 300 draws: 0.05 has an SD of 0.013
    assert np.mean(covered) >= 0.93


def test_a_cue_that_calms_is_found_and_its_size_covered():
    rng = np.random.default_rng(1)
    found, covered, ratios = [], [], []
    for _ in range(30):
        cues = bursts_of_cues(rng, 3600)
        ratio, _ = hazard_ratio(course(rng, 3600, cues, 4.0), cues, toward="safety")
        found.append(ratio.p < 0.05)
        covered.append(ratio.low <= 4 <= ratio.high)
        ratios.append(ratio.value)
    assert np.mean(found) >= 0.8
    assert np.mean(covered) >= 0.85  # 30 draws
    assert 3 <= np.median(ratios) <= 5.5


def test_one_stratum_is_the_textbook_binomial():
    safe = np.full(61, 0.1)
    safe[60] = 0.9
    # The move falls into the middle bin (20 to 60 s): 40 seconds at risk, the last 10 of them after a cue.
    found, n = hazard_ratio(safe, np.array([50.0]), toward="safety")
    assert n == 1
    assert found.value == np.inf
    assert found.p == pytest.approx(binom.pmf(1, 1, 10 / 40))


def test_gaps_end_the_risk_and_the_middle_changes_nothing():
    flicker = np.array([0.1, 0.55, 0.45, 0.9] * 30)
    clean = np.array([0.1, 0.1, 0.1, 0.9] * 30)
    cues = np.arange(0.0, 120, 40)
    assert hazard_ratio(flicker, cues, toward="safety") == hazard_ratio(clean, cues, toward="safety")
    gone = np.full(120, np.nan)
    assert np.isnan(hazard_ratio(gone, cues, toward="safety")[0].value)
    assert hazard_ratio(np.zeros(0), cues, toward="threat")[1] == 0


def test_both_directions_are_one_family_and_follow_the_people():
    rng = np.random.default_rng(2)
    cues = {"alex": {"smile": bursts_of_cues(rng, 3600)}, "robin": {"smile": bursts_of_cues(rng, 3600)}}
    safe = {"alex": course(rng, 3600), "robin": course(rng, 3600, cues["alex"]["smile"], 6.0)}
    found = measure_influence(cues, safe)
    first = found[0]
    assert (first.person, first.cue, first.other, first.toward) == ("alex", "smile", "robin", "safety")
    assert first.hazard_ratio.low > 1
    assert first.q == pytest.approx(min(1, len(found) * first.hazard_ratio.p))
    assert {(f.person, f.other) for f in found} == {("alex", "robin"), ("robin", "alex")}
    assert measure_influence({"alex": {"smile": np.array([5.0])}}, safe) == ()
    with pytest.raises(SignalError, match="toward"):
        hazard_ratio(safe["alex"], np.zeros(1), toward="joy")


def test_actor_partner_counts_what_is_there():
    own = np.array([0, 1, 1, 0, np.nan, 1, 1.0])
    partner = np.array([1, 1, 0, 0, 1, 1, 0.0])
    found = actor_partner(own, partner)
    assert found.table.sum() == 4  # pairs of neighbours in which all three are known
    assert found.table[0, 0, 1, 1] == 1
    assert found.rate_after == 1.0
    with pytest.raises(SignalError, match="more than 0 and 1"):
        actor_partner(own + 1, partner)
    with pytest.raises(SignalError, match="same pairs"):
        actor_partner(own[:3], partner)


def test_actor_partner_effects_over_pairs_are_the_logits_drawn_from():
    rng = np.random.default_rng(3)
    own, partner = np.zeros((80, 400)), (rng.random((80, 400)) < 0.5).astype(float)
    for t in range(1, 400):
        logit = -0.2 + 0.7 * (2 * own[:, t - 1] - 1) + 0.4 * (2 * partner[:, t - 1] - 1)
        own[:, t] = rng.random(80) < 1 / (1 + np.exp(-logit))
    found = actor_partner(own, partner)
    for effect, truth in ((found.intercept, -0.2), (found.actor, 0.7), (found.partner, 0.4)):
        assert abs(effect.value - truth) < 0.04
    assert found.interaction.low < 0 < found.interaction.high


def test_moments_are_named_for_what_was_put_in():
    n = 2400
    steady, calming = np.full(n, 1.0), np.tile(np.r_[np.zeros(60), np.linspace(0, 1, 60)], n // 120)
    rng = np.random.default_rng(4)
    steady = steady + 1e-3 * np.repeat(rng.standard_normal(n // 60), 60)
    found = split_moments(steady, calming, rate_hz=1.0)
    other = split_moments(calming, steady, rate_hz=1.0)
    key, mirrored = MOMENT_KINDS[2], MOMENT_KINDS[3]
    assert found.share[key] > 0.1
    assert found.share[key] == other.share[mirrored]
    assert found.share[mirrored] == other.share[key]
    assert sum(found.share.values()) == pytest.approx(1)


def test_moving_together_is_more_than_chance_and_strangers_are_not():
    rng = np.random.default_rng(5)

    def slow():
        return np.convolve(rng.standard_normal(1860), np.ones(60) / 60, "valid")[:1800]

    both = slow()
    found = split_moments(both + 0.02 * slow(), both, rate_hz=1.0)
    assert found.p["both calming"] < 0.01
    assert found.share["both calming"] > 2 * found.chance["both calming"]
    strangers = [split_moments(slow(), slow(), rate_hz=1.0).p["both calming"] for _ in range(200)]
    assert np.mean(np.array(strangers) < 0.05) <= 0.10


def test_moments_of_gaps_are_not_known():
    x = np.sin(np.arange(900) / 15)
    x[300:400] = np.nan
    found = split_moments(x, np.cos(np.arange(900) / 15), rate_hz=1.0)
    assert (found.kind[310:390] == -1).all()
    empty = split_moments(np.full(100, np.nan), np.zeros(100), rate_hz=1.0)
    assert (empty.kind == -1).all()
    assert np.isnan(empty.share["apart"])
    with pytest.raises(SignalError, match="window"):
        split_moments(x, x, rate_hz=1.0, window_s=0.5)
