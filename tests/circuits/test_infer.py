"""What comes out of the room: known, ledger, support, absolute channels, streaming."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from coregulate.circuits import Circuits, OnlineFilter, frozen, infer_circuits
from coregulate.circuits.gather import gather
from coregulate.circuits.personal import shifted
from coregulate.circuits.rows import Parameters, against_others, session_loglik
from coregulate.core import CircuitSettings
from coregulate.cues import STATES, Baseline, load_cuebook

BOOK = load_cuebook()
SETTINGS = CircuitSettings()
CALM = Baseline("calm_talk", (), True)


def infer(cues: xr.Dataset, **baselines: Baseline) -> Circuits:
    return infer_circuits(cues, baselines, book=BOOK, settings=SETTINGS)


def p_safe(found: Circuits, person: str) -> np.ndarray:
    return found.states.sel(person=person).values[:, :3].sum(axis=1)


@pytest.fixture(scope="module")
def session(sim):
    rng = np.random.default_rng(3)
    n = 400
    people = {p: sim.z(sim.states(n, rng), ("face", "voice"), rng) for p in ("a", "b")}
    people["a"]["code_contempt"] = (np.arange(n) % 50 < 7).astype(float)
    people["a"]["code_neutral"] = 1.0 - people["a"]["code_contempt"]
    people["a"]["felt_safe"] = 0.5 + 0.4 * np.sin(np.arange(n) / 40)
    people["a"]["touch"] = (np.arange(n) % 90 < 20).astype(float)
    cues = sim.dataset(people, n)
    for name in list(cues.data_vars):
        if name in ("brow_lowerer", "nod"):
            cues[f"{name}_quality"] = xr.zeros_like(cues[name]) + rng.random(cues[name].shape)
    return cues


def test_ledger_sums_to_what_the_model_used(session):
    found = infer(session, a=CALM, b=CALM)
    lag = int(found.rating_lag_s["a"])
    rows = shifted(gather(session, "a", CALM, book=BOOK, rating_lag_s=lag), found.shifts["a"])
    parameters = Parameters(
        np.array([found.lambdas["a"][n] for n in rows.names]),
        np.array([found.lambdas["a"][c.names[0]] for c in rows.absolute]),
        found.kappa["a"],
        np.array([found.offsets["a"][n] for n in rows.names]),
        np.array([found.lags_s["a"][n] for n in rows.names]),
        found.within["a"],
    )
    used = against_others(session_loglik(rows, parameters, SETTINGS))
    ledger = found.evidence.sel(person="a").sum("cue").values
    np.testing.assert_allclose(ledger, used, atol=1e-5)
    assert np.abs(used).max() > 0.1
    assert found.evidence.dtype == np.float32
    assert np.isnan(found.evidence.sel(person="b", cue="touch")).all()


def test_probabilities_sum_to_one_and_swapping_people_swaps(session):
    found = infer(session, a=CALM)
    np.testing.assert_allclose(found.states.sum("state", skipna=False), 1.0, atol=1e-9)
    swapped = infer(session.isel(person=[1, 0]), a=CALM)
    xr.testing.assert_allclose(found.states, swapped.states.sel(person=["a", "b"]))
    assert found.supported["b"] == swapped.supported["b"]


def test_far_from_any_observation_is_not_known(sim):
    z = sim.z(np.zeros(200, dtype=int), ("face",), np.random.default_rng(0))
    for values in z.values():
        values[50:130] = np.nan
    found = infer(sim.dataset({"a": z, "b": {}}, 200), a=CALM, b=CALM)
    known = np.isfinite(p_safe(found, "a"))
    assert known[:70].all()  # 20 s after second 49
    assert not known[70:110].any()
    assert known[110:].all()
    heard = np.isfinite(found.filtered.sel(person="a").values[:, 0])
    assert heard[69]
    assert not heard[70:130].any()
    assert np.isnan(found.states.sel(person="b")).all()
    assert not found.supported["b"].level_known
    assert "no-channel" in [n.code for n in found.notices]


def test_poor_quality_counts_for_less(sim):
    z = sim.z(np.full(300, 3), ("face",), np.random.default_rng(1))
    cues = sim.dataset({"a": z}, 300)
    poor = cues.assign({f"{n}_quality": xr.zeros_like(cues[n]) + 0.2 for n in cues.data_vars})
    none = cues.assign({f"{n}_quality": xr.zeros_like(cues[n]) for n in cues.data_vars})
    full, less = (infer(c, a=CALM).evidence.sum("cue").sel(state="fight_flight").mean() for c in (cues, poor))
    assert 0 < less < 0.5 * full
    assert np.isnan(infer(none, a=CALM).states).all()


def test_a_dial_alone_tells_safe_and_nothing_finer(sim):
    t = np.arange(1200)
    unsafe = (t // 200) % 3 == 2
    dial = np.clip(np.convolve(np.where(unsafe, 0.05, 0.9), np.ones(11) / 11, "same"), 0.02, 0.98)
    found = infer(sim.dataset({"a": {"felt_safe": dial}}, 1200))
    told = found.supported["a"]
    assert told.groups == (("social", "play", "still"), ("fight_flight", "shutdown"))
    assert told.safe
    assert told.level_known
    assert told.episodes
    assert not told.mobilized or not told.splits["social|play"]
    assert "rating-lag-assumed" in [n.code for n in found.notices]
    safe = p_safe(found, "a")
    assert safe[~unsafe].mean() - safe[unsafe].mean() > 0.2


def test_rating_lag_is_found(sim):
    rng = np.random.default_rng(5)
    path = sim.states(1500, rng)
    z = sim.z(path, ("face",), rng, independent=True)
    z["felt_safe"] = np.where(np.r_[np.zeros(4, int), path[:-4]] < 3, 0.85, 0.15)
    found = infer(sim.dataset({"a": z}, 1500), a=CALM)
    assert found.rating_lag_s["a"] in (3.0, 4.0)


def test_codes_alone_make_no_claim_about_still(sim):
    rng = np.random.default_rng(6)
    kind = np.repeat(rng.choice(4, 60, p=[0.3, 0.3, 0.3, 0.1]), 10)
    names = ("code_affection", "code_humor", "code_contempt", "code_stonewalling")
    codes = {name: (kind == k).astype(float) for k, name in enumerate(names)}
    found = infer(sim.dataset({"a": codes}, 600))
    told = found.supported["a"]
    assert ("still",) not in told.groups
    assert told.safe
    assert told.absolute
    assert told.level_known
    assert told.episodes
    safe = p_safe(found, "a")
    assert safe[kind == 0].mean() - safe[kind == 2].mean() > 0.1


def test_nothing_but_contempt_is_not_safe(sim):
    found = infer(sim.dataset({"a": {"code_contempt": np.ones(600)}}, 600))
    assert np.nanmean(p_safe(found, "a")) < 0.1


def test_touch_alone_does_not_carry_the_level(sim):
    touch = (np.arange(600) % 100 < 30).astype(float)
    told = infer(sim.dataset({"a": {"touch": touch}}, 600)).supported["a"]
    assert told.absolute
    assert not told.level_known
    assert not told.episodes


def test_a_cue_that_argues_for_nothing_weighs_nothing(sim):
    voice = np.random.default_rng(0).normal(size=600)
    alone = infer(sim.dataset({"a": {"f0": voice}}, 600))
    beside = infer(sim.dataset({"a": {"f0": voice, "head_distance": voice}}, 600))
    assert alone.states.equals(beside.states)
    assert alone.supported == beside.supported


@pytest.mark.parametrize("chunk", [1, 7, 64, 1000])
def test_streaming_equals_batch(session, chunk):
    cues = session.isel(time=slice(0, 1234))  # ends within a second
    found = infer(cues, a=CALM, b=CALM)
    live = OnlineFilter(frozen(found, "a", CALM), book=BOOK, settings=SETTINGS)
    one = cues.sel(person="a")
    table = {str(n): one[n].values for n in one.data_vars}
    times = one["time"].values
    parts = [
        live.push({n: v[i : i + chunk] for n, v in table.items()}, times[i : i + chunk])
        for i in range(0, len(times), chunk)
    ]
    parts.append(live.finish())
    filtered = np.concatenate([p.filtered for p in parts])
    np.testing.assert_allclose(filtered, found.filtered.sel(person="a").values, atol=1e-9)
    np.testing.assert_array_equal(np.concatenate([p.times_s for p in parts]), np.arange(124.0))
    smoothed = np.concatenate([p.smoothed for p in parts])
    np.testing.assert_array_equal(np.concatenate([p.smoothed_times_s for p in parts]), np.arange(124.0))
    np.testing.assert_allclose(smoothed[-1], found.states.sel(person="a").values[-1], atol=1e-9)


def test_streaming_over_a_gap_in_time(sim):
    z = sim.z(np.zeros(120, dtype=int), ("face",), np.random.default_rng(0))
    cues = sim.dataset({"a": z}, 120)
    hole = cues.where((cues["time"] < 30) | (cues["time"] >= 80))
    found = infer(hole, a=CALM)
    live = OnlineFilter(frozen(found, "a", CALM), book=BOOK, settings=SETTINGS)
    keep = np.isfinite(hole["nod"].values[0])
    times = hole["time"].values[keep]
    live_parts = [live.push({str(n): hole[n].values[0][keep] for n in hole.data_vars}, times), live.finish()]
    filtered = np.concatenate([p.filtered for p in live_parts])
    np.testing.assert_allclose(filtered, found.filtered.sel(person="a").values, atol=1e-9)


def test_a_cue_the_book_lacks_is_a_notice(sim):
    found = infer(sim.dataset({"a": {"aura": np.ones(60), "nod": np.zeros(60)}}, 60), a=CALM)
    assert ("cue-unknown", "aura") in [(n.code, n.where) for n in found.notices]
    assert list(found.states["state"].values) == list(STATES)
