"""The laws that every coupling measure keeps, its surrogates and the correction of families."""

from __future__ import annotations

import numpy as np
import pytest
from suite_pairs import as_asked, autoregressive, independent, led

from coregulate.bond import MEASURES, SuiteSettings, couple
from coregulate.bond.suite import null, surrogates
from coregulate.bond.suite.bootstrap import autoregressions
from coregulate.bond.suite.conditioning import awkward, smoothed
from coregulate.bond.suite.phase import locking_profiles, locking_shifted
from coregulate.bond.suite.shared_input import regressed
from coregulate.bond.suite.swelling import shares_swell
from coregulate.bond.suite.trial import Trial
from coregulate.core import InputError, SignalError

FEW = SuiteSettings(surrogates=60)


def of(measure, pair, seed=0, **changes):
    settings = FEW.changed(changes)
    return couple(*pair, rate_hz=1.0, measures=[measure], settings=settings, seed=seed)[0]


@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure_answers_in_one_shape_and_swaps(measure):
    rng = np.random.default_rng(1)
    pair = as_asked(measure, led(400, 3, 0.6, rng), rng)
    pair[0][200:212] = np.nan
    one, two, again = of(measure, pair), of(measure, pair[::-1]), of(measure, pair)
    assert np.isfinite([one.value, one.low, one.high, one.p, one.effect_size]).all()
    assert one.low <= one.value <= one.high
    assert len(one.profile.at) == len(one.profile.values) == len(one.profile.p) == len(one.profile.q)
    assert len(one.surrogates) >= 59 or one.surrogate_kind.startswith("turns")
    assert (one.value, one.p, one.effect_size, one.p_lead) == pytest.approx(
        (two.value, two.p, two.effect_size, two.p_lead), nan_ok=True, rel=0, abs=0
    )
    assert one.leads == {"first": "second", "second": "first"}.get(two.leads, two.leads)
    assert one.lag_s == pytest.approx(-two.lag_s, nan_ok=True, abs=0)
    assert np.array_equal(one.surrogates, again.surrogates)
    if one.profile.axis in ("lag_s", "direction"):
        assert np.array_equal(one.profile.values, two.profile.values[::-1], equal_nan=True)


@pytest.mark.parametrize("measure", [m for m in MEASURES if m != "code recurrence"])
def test_units_do_not_matter(measure):
    rng = np.random.default_rng(2)
    pair = as_asked(measure, independent("gaps", 400, rng), rng)
    one, two = of(measure, pair), of(measure, [pair[0] * 7 + 3, pair[1] * 0.1 - 5])
    assert two.value == pytest.approx(one.value, rel=1e-4, abs=1e-6, nan_ok=True)


@pytest.mark.parametrize("measure", MEASURES)
def test_too_little_is_not_known(measure):
    rng = np.random.default_rng(3)
    short = of(measure, [x[:60] for x in independent("AR .9", 80, rng)])
    assert np.isnan([short.value, short.p, short.q]).all()
    assert short.notices
    empty = of(measure, [np.full(400, np.nan), autoregressive(400, 0.9, rng)])
    assert np.isnan(empty.p)
    still = of(measure, [np.ones(400), autoregressive(400, 0.9, rng)])
    assert np.isnan(still.p)


@pytest.mark.parametrize(
    "measure",
    [
        "lagged correlation",
        "prewhitened correlation",
        "cross recurrence",
        "granger",
        "transfer entropy",
    ],
)
def test_who_leads_is_told(measure):
    rng = np.random.default_rng(4)
    found = [of(measure, led(900, 3, 0.8, rng), seed=k) for k in range(6)]
    assert sum(t.p < 0.05 for t in found) == 6
    assert sum(t.leads == "first" for t in found) >= 4
    assert sum(t.leads == "second" for t in found) == 0
    lags = [t.lag_s for t in found if np.isfinite(t.lag_s)]
    assert not lags or np.median(lags) == pytest.approx(3, abs=1)


@pytest.mark.parametrize(
    "measure", ["prewhitened correlation", "phase locking", "granger", "transfer entropy", "cross mapping"]
)
def test_independent_pairs_pass_in_about_one_of_twenty(measure):
    rng = np.random.default_rng(5)
    p = np.array([of(measure, independent("AR .9", 400, rng), seed=k).p for k in range(60)])
    assert np.sum(p <= 0.05) <= 9  # 5 % of 60 is 3; 10 or more happens by chance in 1 of 1,000
    assert 0.3 < np.nanmedian(p) < 0.75


def test_the_phase_tells_who_is_ahead_within_half_a_cycle():
    rng = np.random.default_rng(4)
    for measure in ("wavelet coherence", "phase locking"):
        found = [of(measure, led(900, 1, 0.9, rng), seed=k) for k in range(3)]
        assert all(t.p < 0.05 for t in found)
        assert {t.leads for t in found} == {"first"}
        assert np.median([t.lag_s for t in found]) == pytest.approx(1, abs=0.5)


@pytest.mark.parametrize("kind", ["segments", "phase", "iaaft"])
def test_other_surrogates_find_a_link_too(kind):
    rng = np.random.default_rng(6)
    found = of("lagged correlation", led(900, 0, 0.8, rng), surrogate=kind)
    assert found.surrogate_kind == kind
    assert found.p < 0.05


@pytest.mark.parametrize("kind", ["phase", "iaaft"])
def test_surrogates_with_other_values_are_put_into_bins_by_themselves(kind):
    found = of("transfer entropy", led(600, 3, 0.8, np.random.default_rng(13)), surrogate=kind)
    assert np.isfinite(found.surrogates).all()
    assert found.p < 0.05


@pytest.mark.parametrize("measure", ["granger", "prewhitened correlation", "cross recurrence"])
def test_bursts_common_to_both_are_no_link(measure):
    rng = np.random.default_rng(14)
    found = [of(measure, independent("common bursts", 600, rng), seed=k) for k in range(30)]
    plain = [
        of(measure, independent("common bursts", 600, rng), surrogate="shift", robust=0) for _ in range(15)
    ]
    own = "autoregressions" if measure == "granger" else "bursts kept"
    assert sum(own in t.surrogate_kind for t in found) >= 25
    assert sum(t.p <= 0.05 for t in plain) >= 4  # what a shift alone takes for a link
    assert sum(t.p <= 0.05 for t in found) <= 6  # 7 or more of 30 happen by chance in 3 of 10,000


def test_kept_bursts_stay_where_they_are():
    rng = np.random.default_rng(15)
    a, b = independent("common bursts", 900, rng)
    b[300:320] = np.nan
    moved = surrogates.burst_kept(a, b, np.array([200, 500]), 1.0)
    assert np.array_equal(np.sort(moved[0]), np.sort(b), equal_nan=True)
    assert np.array_equal(np.isnan(moved[0]), np.isnan(np.roll(b, -200)))
    size = [np.convolve(np.nan_to_num(x) ** 2, np.ones(60), "valid") for x in (b, *moved)]
    plain = np.convolve(np.nan_to_num(np.roll(b, 200)) ** 2, np.ones(60), "valid")
    assert np.corrcoef(size)[0, 1:].min() > 0.6 > np.corrcoef(size[0], plain)[0, 1]
    assert np.corrcoef(moved[0][400:], b[400:])[0, 1] < 0.5  # but not what the series does inside


def test_codes_that_come_and_go_in_both_are_no_link():
    rng = np.random.default_rng(19)
    draws = [as_asked("code recurrence", independent("common bursts", 900, rng), rng) for _ in range(40)]
    found, plain = (
        [of("code recurrence", pair, seed=k, surrogate=kind) for k, pair in enumerate(draws)]
        for kind in ("own", "shift")
    )
    assert sum("runs" in t.surrogate_kind for t in found) >= 28
    assert sum(t.p <= 0.05 for t in plain) >= 8
    assert sum(t.p <= 0.05 for t in found) <= 7  # 8 or more of 40 happen by chance in 7 of 10,000
    linked = as_asked("code recurrence", led(900, 3, 0.8, rng), rng)
    assert of("code recurrence", linked).p < 0.05


def test_runs_of_codes_change_places_within_a_minute():
    rng = np.random.default_rng(20)
    x = np.repeat(rng.integers(0, 3, 200), rng.integers(1, 9, 200)).astype(np.float64)
    x[100:110] = np.nan
    drawn = surrogates.runs_shuffled(x, 60, 5, rng)
    for row in drawn:
        assert np.array_equal(np.sort(row), np.sort(x), equal_nan=True)
        assert not np.array_equal(row, x, equal_nan=True)
        shares = [np.convolve(v == 1, np.ones(120), "valid") for v in (row, x)]
        assert np.abs(shares[0] - shares[1]).max() <= 40
    runs = [np.sum(np.diff(np.nan_to_num(v, nan=-1)) != 0) for v in (x, *drawn)]
    assert max(runs) <= runs[0]  # runs may meet their like, none is cut


@pytest.mark.parametrize("size", [1e200, 1e-200])
def test_values_near_the_ends_of_what_a_machine_holds(size):
    rng = np.random.default_rng(21)
    pair, talk = led(400, 3, 0.6, rng), autoregressive(400, 0.9, rng)
    for measure in ("lagged correlation", "granger"):
        one, two = (
            couple(
                *(x * by for x in pair),
                rate_hz=1.0,
                measures=[measure],
                settings=FEW,
                drivers=[talk * by],
            )[0]
            for by in (1.0, size)
        )
        assert two.p == pytest.approx(one.p, rel=1e-6)
        assert two.value == pytest.approx(one.value, rel=1e-6)


def test_strangers_take_the_surrogates_place():
    rng = np.random.default_rng(7)
    a, b = led(600, 0, 0.8, rng)
    others = [autoregressive(rng.integers(500, 700), 0.95, rng) for _ in range(30)]
    found = couple(a, b, rate_hz=1.0, settings=FEW, strangers=others)[0]
    assert (found.surrogate_kind, len(found.surrogates)) == ("pseudo-dyads", 30)
    assert found.p < 0.05
    assert np.isnan(couple(a, b, rate_hz=1.0, settings=FEW, strangers=others[:5])[0].p)


@pytest.mark.parametrize("measure", ["wavelet coherence", "phase locking", "lagged correlation"])
def test_strangers_may_be_shorter_and_longer(measure):
    rng = np.random.default_rng(22)
    a, b = led(600, 1, 0.9, rng)
    others = [autoregressive(n, 0.95, rng) for n in range(500, 700, 8)]
    found = couple(a, b, rate_hz=1.0, measures=[measure], settings=FEW, strangers=others)[0]
    assert len(found.surrogates) == 25
    assert found.p < 0.05


def test_codes_that_keep_apart_are_held_against_shifts_that_do():
    rng = np.random.default_rng(23)
    draws = [as_asked("code recurrence", independent("AR .95", 900, rng), rng) for _ in range(12)]
    found = [of("code recurrence", pair, seed=k) for k, pair in enumerate(draws)]
    calm = [k for k, t in enumerate(found) if t.surrogate_kind == "shift, not swelling together"]
    assert len(calm) >= 6
    a, b = draws[calm[0]]
    every = surrogates.rolled(b, np.arange(30, 871))
    swell = shares_swell(a, every, 1.0)
    assert 0.05 < swell.mean() < 0.5  # what a draw of all shifts would be held against
    first = Trial(MEASURES["code recurrence"], a, b, 1.0, FEW)
    by = null.shifts_apart(first, 30, np.random.default_rng(0))
    assert len(by) == 60
    assert not swell[by - 30].any()


def test_phases_go_round_what_the_cone_leaves():
    rng = np.random.default_rng(24)
    settings, shifts, sizes = SuiteSettings(), np.arange(30, 371), []
    for _ in range(80):
        a, b = independent("AR .9", 400, rng)
        rows = np.abs(locking_shifted(a, b, np.append(0, shifts), 1.0, settings))
        assert rows[0] == pytest.approx(np.abs(locking_profiles(a, b[None], 1.0, settings)[0]))
        sizes.append([np.mean(rows[0] ** 2), np.mean(rows[1:] ** 2)])
    of_pair, of_shifts = np.mean(sizes, axis=0)
    assert of_pair == pytest.approx(of_shifts, rel=0.15)  # round the whole recording a fifth larger


def test_autoregressions_keep_memory_gaps_and_the_place_of_bursts():
    rng = np.random.default_rng(16)
    x = independent("common bursts", 900, rng)[0]
    x = x - x.mean()
    x[300:320] = np.nan
    drawn = autoregressions(x, 1, 1, 40, rng)
    assert np.array_equal(np.isnan(drawn), np.tile(np.isnan(x), (40, 1)))
    size = [np.convolve(np.nan_to_num(v) ** 2, np.ones(60), "valid") for v in (x, *drawn)]
    assert np.median(np.corrcoef(size)[0, 1:]) > 0.5
    both = np.isfinite(x)
    assert abs(np.mean([np.corrcoef(v[both], x[both])[0, 1] for v in drawn])) < 0.15
    memory = [np.corrcoef(v[320:-1], v[321:])[0, 1] for v in (x, *drawn)]
    assert memory[1:] == pytest.approx([memory[0]] * 40, abs=0.08)


def test_surrogates_keep_what_they_say():
    rng = np.random.default_rng(8)
    x = autoregressive(500, 0.9, rng) + np.linspace(0, 3, 500)
    x[100:120] = np.nan
    seen = np.isfinite(x)
    for made in (surrogates.phase_randomised(x, 3, rng), surrogates.iaaft(x, 3, rng)):
        assert (np.isfinite(made) == seen).all()
        assert np.abs(np.corrcoef(made[0][seen], x[seen])[0, 1]) < 0.95
    whole = autoregressive(500, 0.9, rng)
    flat = whole - np.polyval(np.polyfit(np.arange(500), whole, 1), np.arange(500))
    spectrum = np.abs(np.fft.rfft(flat))
    phase, iaaft = surrogates.phase_randomised(flat, 1, rng)[0], surrogates.iaaft(flat, 1, rng)[0]
    assert np.abs(np.fft.rfft(phase)) == pytest.approx(spectrum, abs=1e-6 * spectrum.max())
    assert np.sort(iaaft) == pytest.approx(np.sort(flat), abs=1e-9)
    assert np.abs(np.fft.rfft(iaaft)) == pytest.approx(spectrum, abs=0.05 * spectrum.max())
    shuffled = surrogates.segments_shuffled(x, 30, 2, rng)
    assert np.sort(shuffled[0])[:480] == pytest.approx(np.sort(x)[:480])
    turns = np.where(np.arange(60) % 10 < 6, np.repeat(np.arange(6.0), 10), np.nan)
    rotated = surrogates.turns_rotated(turns, 99, rng)
    assert len(np.unique(rotated[:, turns == 0], axis=0)) == len(rotated) == 5  # no rotation comes twice
    assert (np.isfinite(rotated) == np.isfinite(turns)).all()
    assert all(sorted(set(r[np.isfinite(r)])) == list(range(6)) for r in rotated)


def test_shared_input_is_taken_out_and_both_results_are_told():
    rng = np.random.default_rng(9)
    talk = autoregressive(900, 0.9, rng)
    a, b = (autoregressive(900, 0.9, rng) + 3 * np.roll(talk, k) for k in (0, 2))
    found = couple(a, b, rate_hz=1.0, settings=FEW, drivers=[talk])[0]
    assert found.before.p < 0.05
    assert abs(found.value) < 0.4 * abs(found.before.value)
    assert "regressed" in found.notices[-1].text
    assert np.nanstd(regressed(2 * talk, [talk], 1.0)) < 1e-9
    gate = (np.arange(900) % 100 < 20).astype(float)
    gated = couple(a, b, rate_hz=1.0, settings=FEW, gates=[gate])[0]
    assert gated.common_s == 720
    assert "20 %" in gated.notices[-1].text


def test_families_are_corrected_together():
    rng = np.random.default_rng(10)
    names = ["lagged correlation", "granger", "prewhitened correlation"]
    found = couple(*led(600, 2, 0.5, rng), rate_hz=1.0, measures=names, settings=FEW)
    assert {t.n_tests for t in found} == {3}
    assert all(t.q >= t.p for t in found)
    assert all((t.profile.q >= t.profile.p - 1e-12).all() for t in found)
    course = found[0].course
    assert len(course.times_s) == len(course.q) == 57
    alone = couple(*led(600, 2, 0.5, np.random.default_rng(10)), rate_hz=1.0, settings=FEW)[0]
    assert alone.p == found[0].p  # a measure draws the same whatever else is asked for


def test_what_is_awkward_is_noticed():
    rng = np.random.default_rng(11)
    hits = [("common bursts" in awkward(*independent("common bursts", 900, rng), 1.0)) for _ in range(20)]
    plain = [awkward(*independent("AR .9", 900, rng), 1.0) for _ in range(20)]
    assert sum(hits) >= 15
    assert sum("common bursts" in p for p in plain) <= 3
    linked = [awkward(*led(900, 3, 0.8, rng), 1.0) for _ in range(20)]
    assert not any("common bursts" in p for p in linked)  # their sizes go together because they do
    assert "gaps" in awkward(*independent("gaps", 900, rng), 1.0)
    steep = [autoregressive(900, 0.9, rng) + np.linspace(0, 40, 900) for _ in range(2)]
    assert "trends" in awkward(*steep, 1.0)


def test_what_is_known_to_mislead_is_said():
    rng = np.random.default_rng(18)
    said = {}
    bursts = ("wavelet coherence", "prewhitened correlation", "vocal entrainment")
    for measure in ("granger", "transfer entropy", "cross mapping", "lagged correlation", *bursts):
        pair = as_asked(measure, independent("common bursts", 900, rng), rng)
        said[measure] = " ".join(n.text for n in of(measure, pair).notices)
    assert all("motion energy" in said[m] for m in ("granger", "transfer entropy", "cross mapping"))
    assert all("bursts common to both" in said[m] for m in bursts)
    assert not said["lagged correlation"]


def test_what_finds_less_than_it_could_is_said():
    rng = np.random.default_rng(25)
    pair = independent("common bursts", 900, rng)
    assert "less than it could" in of("cross recurrence", pair).notices[0].text
    slow = as_asked("code recurrence", independent("AR .99", 900, rng), rng)
    assert "seldom change" in of("code recurrence", slow).notices[0].text
    assert not of("code recurrence", as_asked("code recurrence", independent("AR .9", 900, rng), rng)).notices


def test_bursts_common_to_two_voices_are_kept_in_their_turns():
    rng = np.random.default_rng(17)
    draws = [as_asked("vocal entrainment", independent("common bursts", 900, rng), rng) for _ in range(30)]
    found = [of("vocal entrainment", pair, seed=k) for k, pair in enumerate(draws)]
    assert sum(t.surrogate_kind == "turns, common bursts kept" for t in found) >= 25
    assert sum(t.p <= 0.05 for t in found) <= 6  # without: 34 % of them, ten
    linked = as_asked("vocal entrainment", led(900, 3, 0.8, rng), rng)
    assert "bursts" not in of("vocal entrainment", linked).surrogate_kind


def test_moving_average_leaves_gaps_and_length():
    x = np.arange(20.0)
    x[10:12] = np.nan
    out = smoothed(x, 2.0, 2.0)
    assert len(out) == 20
    assert np.isnan(out[10:12]).all()
    assert out[5] == pytest.approx(np.mean(x[3:7]))
    assert smoothed(x, 1.0, 0.5) is x


def test_bad_settings_and_names_are_errors():
    x = np.zeros(300)
    with pytest.raises(InputError, match="no measure 'magic'"):
        couple(x, x, rate_hz=1.0, measures=["magic"])
    with pytest.raises(InputError, match="no setting 'windows'"):
        FEW.changed({"windows": 1})
    for key, value in (("window_s", "0"), ("window_s", "abc"), ("aggregate", "mean"), ("radius", "nan")):
        with pytest.raises(InputError, match=key):
            FEW.changed({key: value})
    rng = np.random.default_rng(12)
    pair = independent("AR .9", 400, rng)
    with pytest.raises(SignalError, match="codes"):
        of("code recurrence", as_asked("code recurrence", pair, rng), surrogate="phase")
    with pytest.raises(SignalError, match="high_hz"):
        of("wavelet coherence", pair, high_hz=0.9)
