from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coregulate.core import CueSettings, Label, Signal, Track
from coregulate.cues import build_cues, coded_affect, load_cuebook, normalise

BOOK = load_cuebook()
seconds = st.integers(1, 60)


def speech(*segments):
    return Track(tuple(Label(s, e, "speech") for s, e in segments))


def build(measured=None, tracks=None, ratings=None, quality=None, *, duration_s=60.0, people=("a", "b")):
    return build_cues(
        list(people), measured or {}, quality or {}, tracks or {}, ratings or {},
        duration_s=duration_s, settings=CueSettings(), book=BOOK,
    )  # fmt: skip


def row(cues, name, person="a"):
    return np.asarray(cues[name].sel(person=person), dtype=float)


def person(seed, start_s=0.0):
    rng = np.random.default_rng(seed)
    return {
        "heart_period": Signal(800 + 40 * rng.standard_normal(160), 4.0, start_s, "ms", "heart_period"),
        "scr_rate": Signal(rng.poisson(4, 40).astype(float), 1.0, start_s, "1/min", "scr_rate"),
        "f0": Signal(
            np.where(rng.random(4000) < 0.6, 150 + 20 * rng.random(4000), np.nan), 100.0, start_s, "hz", "f0"
        ),
        "alpha_ratio": Signal(-15 + rng.standard_normal(4000), 100.0, start_s, "db", "alpha_ratio"),
        "motion_energy": Signal(rng.random(400), 10.0, start_s, "1", "motion_energy"),
    }


def turns(shift_s=0.0):
    a, b = [(0, 3), (8, 12), (20, 30), (34, 40)], [(3.5, 7.5), (11, 19), (24, 25), (30.5, 33)]
    return {
        "a": {"speech": speech(*((s + shift_s, e + shift_s) for s, e in a))},
        "b": {"speech": speech(*((s + shift_s, e + shift_s) for s, e in b))},
    }


# ---- the grid ---------------------------------------------------------------------------------


def test_loudness_is_that_of_the_voice_where_its_pitch_is_known():
    """Between syllables the microphone hears the room: a louder room is not a louder voice."""
    voiced = np.arange(6000) % 20 < 12
    loud = np.repeat(np.arange(6.0), 1000)
    measured = {
        "f0": Signal(np.where(voiced, 150.0, np.nan), 100.0, 0.0, "hz", "f0"),
        "intensity": Signal(np.where(voiced, 60.0 + loud, 20.0), 100.0, 0.0, "db", "intensity"),
    }
    quiet = row(build({"a": measured})[0], "intensity")
    assert np.ptp(quiet[np.isfinite(quiet)]) == pytest.approx(5.0)
    alone = row(build({"a": {"intensity": measured["intensity"]}})[0], "intensity")
    assert np.ptp(alone) > 30


def test_a_gap_stays_a_gap_and_nothing_is_used_outside_the_span():
    values = np.full(40, 800.0)
    values[10:20] = np.nan
    cues, _ = build({"a": {"heart_period": Signal(values, 4.0, 5.0, "ms")}})
    found = row(cues, "heart_period")
    t = cues.time.values
    known = ((t > 4.95) & (t < 7.45)) | ((t > 9.95) & (t < 14.95))
    assert np.array_equal(np.isfinite(found), known)
    assert np.array_equal(row(cues, "heart_period_quality") > 0, known)


def test_fast_signals_are_averaged_from_what_is_known():
    values = np.tile([1.0, np.nan, 3.0, np.nan, np.nan, np.nan, np.nan, np.nan, np.nan, np.nan], 10)
    cues, _ = build({"a": {"alpha_ratio": Signal(values, 100.0, 0.0, "db")}}, duration_s=1.0)
    assert np.allclose(row(cues, "high_frequency_energy"), 2.0)


@given(shift=st.integers(0, 150), seed=st.integers(0, 5))
@settings(max_examples=20, deadline=None)
def test_shifting_time_by_whole_steps_shifts(shift, seed):
    early, _ = build({"a": person(seed), "b": person(seed + 9)}, turns())
    late, _ = build(
        {"a": person(seed, shift / 10), "b": person(seed + 9, shift / 10)}, turns(shift / 10), duration_s=60.0
    )
    assert set(early) == set(late)
    for name in early:
        n = early.sizes["time"] - shift
        assert np.allclose(
            early[name].values[:, :n], late[name].values[:, shift:], equal_nan=True, atol=1e-4
        ), name


@given(seed=st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_swapping_the_people_swaps(seed):
    one, _ = build({"a": person(seed), "b": person(seed + 1)}, turns())
    tracks = {"a": turns()["b"], "b": turns()["a"]}
    other, _ = build({"a": person(seed + 1), "b": person(seed)}, tracks)
    for whole in ((one, other), (normalise(one, {}, book=BOOK), normalise(other, {}, book=BOOK))):
        for name in whole[0]:
            assert np.array_equal(row(whole[0], name, "a"), row(whole[1], name, "b"), equal_nan=True), name


@given(keep=st.sets(st.sampled_from(sorted(person(0)))), spoken=st.booleans(), one=st.booleans())
@settings(max_examples=25, deadline=None)
def test_dropping_channels_never_raises(keep, spoken, one):
    measured = {"a": {k: v for k, v in person(0).items() if k in keep}}
    if not one:
        measured["b"] = person(1)
    cues, notices = build(measured, turns() if spoken else {})
    assert notices == []
    assert normalise(cues, {}, book=BOOK).sizes["person"] == 2


def test_units_do_not_matter():
    one = person(3)
    other = {
        **one,
        "heart_period": Signal(one["heart_period"].values / 1000, 4.0, 0.0, "s"),
        "motion_energy": Signal(one["motion_energy"].values * 37.0 + 5.0, 10.0, 0.0, "pixels"),
        "f0": Signal(12 * np.log2(one["f0"].values / 100.0), 100.0, 0.0, "st"),
        "scr_rate": Signal(one["scr_rate"].values / 60.0, 1.0, 0.0, "hz"),
    }
    a, b = (normalise(build({"a": m})[0], {}, book=BOOK) for m in (one, other))
    for name in a:
        assert np.allclose(row(a, name), row(b, name), equal_nan=True, atol=1e-3), name


def test_a_foreign_unit_is_a_notice_not_a_number():
    cues, notices = build(
        {"a": {"heart_period": Signal(np.ones(10), 4.0, 0.0, "kg"), "f0": Signal(np.ones(9), 9.0, 0.0, "v")}}
    )
    assert "heart_period" not in cues
    assert [n.code for n in notices] == ["foreign_unit"] * 3  # f0 feeds two cues


def test_quality_is_that_of_the_signal_and_0_where_nothing_was_observed():
    quality = {"a": {"heart_period": Signal([0.2, 0.9], 1.0)}}
    cues, _ = build(
        {"a": {"heart_period": Signal(np.full(6, 800.0), 4.0, 0.0, "ms")}}, quality=quality, duration_s=3.0
    )
    assert np.allclose(row(cues, "heart_period_quality"), [0.2] * 10 + [0.9] * 5 + [0.0] * 15)
    assert np.all(row(cues, "heart_period_quality", "b") == 0)


# ---- the voice --------------------------------------------------------------------------------


def test_pitch_is_in_semitones_from_the_persons_own_median():
    f0 = np.repeat([100.0, 200.0, 100.0, 50.0, 100.0], 100)
    cues, _ = build({"a": {"f0": Signal(f0, 100.0, 0.0, "hz")}}, duration_s=5.0)
    assert np.allclose(row(cues, "f0").reshape(5, 10)[:, 0], [0, 12, 0, -12, 0])


def test_variability_of_a_steady_voice_is_0_and_unvoiced_is_unknown():
    f0 = np.where(np.arange(1000) < 600, 120.0, np.nan)
    cues, _ = build({"a": {"f0": Signal(f0, 100.0, 0.0, "hz")}}, duration_s=10.0)
    found = row(cues, "f0_variability")
    assert np.nanmax(np.abs(found)) < 1e-3
    assert np.all(np.isnan(found[60:]))


def test_breathing_out_is_not_read_while_talking():
    measured = {"a": {"expiration_share": Signal(np.full(20, 0.6), 1.0, 0.0, "1")}}
    cues, _ = build(measured, {"a": {"speech": speech((5, 8))}}, duration_s=20.0)
    t, known = cues.time.values, np.isfinite(row(cues, "expiration_share"))
    assert not known[(t >= 4.6) & (t < 8.4)].any()
    assert known[(t < 4.4) | (t > 8.6)].all()


# ---- turns ------------------------------------------------------------------------------------


def test_replies_are_gaps_and_overlaps_but_not_going_on():
    tracks = {
        "a": {"speech": speech((0, 5), (20, 22), (24, 30))},
        "b": {"speech": speech((5.4, 10), (29, 40))},
    }
    cues, _ = build(tracks=tracks)
    a, b = row(cues, "reply_gap", "a"), row(cues, "reply_gap", "b")
    assert b[54] == pytest.approx(0.4, abs=1e-6)
    assert np.isnan(b[53])
    assert b[291] == pytest.approx(-1.0)
    assert np.isnan(a[100:]).all()  # ten seconds of nothing is no reply, and 24 s goes on after a's own pause


def test_a_listeners_word_is_no_reply_and_no_interruption():
    tracks = {"a": {"speech": speech((0, 40), (50, 60))}, "b": {"speech": speech((10, 10.5), (20, 20.4))}}
    cues, _ = build(tracks=tracks)
    assert np.isnan(row(cues, "reply_gap", "b")).all()
    assert np.nanmax(row(cues, "interruption", "b")) == 0


def test_coming_in_counts_a_minute():
    tracks = {"a": {"speech": speech((0, 40))}, "b": {"speech": speech((39, 60))}}
    cues, _ = build(tracks=tracks)
    assert row(cues, "interruption", "b")[-1] == pytest.approx(1.0)
    assert row(cues, "interruption", "a")[-1] == 0


def test_floor_share_adds_up_and_overlap_is_shared():
    cues, _ = build(tracks=turns())
    total = row(cues, "floor_share", "a") + row(cues, "floor_share", "b")
    assert np.allclose(total[np.isfinite(total)], 1.0)
    assert np.array_equal(row(cues, "overlap", "a"), row(cues, "overlap", "b"), equal_nan=True)
    assert np.nansum(row(cues, "overlap")) / 10 == pytest.approx(1.0 + 1.0)


def test_silence_is_longer_than_four_seconds_and_context_is_not_normalised():
    tracks = {"a": {"speech": speech((0, 5), (8, 10))}, "b": {"speech": speech((20, 25))}}
    cues, _ = build(tracks=tracks)
    t = cues.time.values[row(cues, "silence") == 1]
    assert (t.min(), t.max()) == (pytest.approx(10.0), pytest.approx(19.9))
    assert not {"silence", "overlap"} & set(normalise(cues, {}, book=BOOK))


def test_one_persons_speech_alone_tells_nothing_of_turns():
    cues, _ = build(tracks={"a": {"speech": speech((0, 5))}})
    assert "floor_share" not in cues


# ---- codes, touch, ratings --------------------------------------------------------------------


def test_codes_are_0_or_1_where_coded_and_unknown_ones_are_named():
    labels = (
        Label(0, 5, "Anger"),
        Label(5, 10, "Gruntled"),
        Label(10, 20, "neutral"),
        Label(30, 30, "Humor"),
    )
    cues, notices = build(tracks={"a": {"codes": Track(labels)}})
    anger = row(cues, "code_anger")
    assert np.all(anger[:50] == 1)
    assert np.all(anger[50:200] == 0)
    assert np.isnan(anger[400:]).all()
    assert np.all(row(cues, "code_humor")[300:310] == 1)  # a moment counts for a second
    assert np.isnan(row(cues, "code_anger", "b")).all()
    assert len(notices) == 1
    assert "Gruntled" in notices[0].text
    assert normalise(cues, {}, book=BOOK)["code_anger"].equals(cues["code_anger"])


def test_neighbouring_codes_that_meet_within_a_step_leave_no_trace():
    labels = (Label(1.03, 2.07, "Anger"), Label(2.07, 3.33, "Sadness"))
    cues, _ = build(tracks={"a": {"codes": Track(labels)}}, duration_s=10.0)
    assert np.isnan(row(cues, "code_anger")[34:]).all()
    assert np.nansum(row(cues, "code_anger") + row(cues, "code_sadness")) <= 24


def test_coded_affect_is_the_log_odds_of_safe():
    labels = (Label(0, 10, "affection"), Label(10, 20, "contempt"), Label(20, 30, "neutral"))
    cues, _ = build(tracks={"a": {"codes": Track(labels)}})
    affect = coded_affect(cues, book=BOOK)
    assert set(affect) == {"a"}
    assert np.allclose(affect["a"].values[:30], np.repeat([0.5, -0.75, 0.0], 10))
    assert np.isnan(affect["a"].values[30:]).all()


def test_touch_and_rating_pass_through():
    cues, _ = build(
        tracks={"a": {"touch": Track((Label(1, 2, "hand"),))}},
        ratings={"a": Signal([0.2, 1.4], 1.0)},
        duration_s=3.0,
    )
    assert np.array_equal(row(cues, "touch"), np.repeat([0.0, 1.0, 0.0], 10))
    assert np.allclose(row(cues, "felt_safe")[:20], np.repeat([0.2, 1.0], 10))
    assert np.isnan(row(cues, "felt_safe")[20:]).all()
    z = normalise(cues, {}, book=BOOK)
    assert z["touch"].equals(cues["touch"])
    assert z["felt_safe"].equals(cues["felt_safe"])


def test_every_variable_says_what_it_is():
    cues, _ = build({"a": person(0)}, turns())
    for name in cues:
        assert cues[name].dtype == np.float32
        if not name.endswith("_quality"):
            assert cues[name].attrs["label"]
            assert cues[name].attrs["units"]


def test_seen_touch_is_a_probability_and_a_coders_word_outranks_it():
    seen = {"touch": Signal([0.5, 0.5, np.nan], 1.0, 0.0, "0 to 1", "touch")}
    weight = {"touch": Signal([0.2, 0.2, 0.2], 1.0)}
    given = {"measured": {"a": seen, "b": seen}, "quality": {"a": weight, "b": weight}, "duration_s": 3.0}
    cues, _ = build(**given)
    for pid in "ab":
        np.testing.assert_allclose(row(cues, "touch", pid)[:20], 0.5)
        np.testing.assert_allclose(
            row(cues, "touch_quality", pid), np.repeat([0.2, 0.0], [20, 10]), atol=1e-6
        )
    coded = {"codes": Track((Label(1, 2, "Holding-hands"), Label(0, 1, "humor")))}
    cues, notices = build(**given, tracks={"a": coded})
    for pid in "ab":  # touch is of both, whoever's tier says it
        assert np.array_equal(row(cues, "touch", pid), np.repeat([0.0, 1.0, 0.0], 10))
        assert np.array_equal(row(cues, "touch_quality", pid), np.ones(30))
    assert notices == []
    assert np.nansum(row(cues, "code_humor")) == 10


def test_how_near_they_are_argues_for_nothing():
    book = load_cuebook()
    assert not book.cues["head_distance"].argues
    assert all(c.argues for c in book.of_kind("graded") if c.name != "head_distance")
    near = {"head_distance": Signal(np.linspace(2, 4, 30), 1.0, 0.0, "head widths")}
    cues, _ = build(measured={"a": near}, duration_s=30.0)
    assert row(cues, "head_distance")[0] == pytest.approx(2.0)
