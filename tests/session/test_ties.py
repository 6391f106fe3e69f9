"""Two clocks of one talk: what was recorded by both ties them, and where nothing does, nothing is told."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import fftconvolve

from coregulate.core import Clock, Label, Samples, Signal, Stream, Track
from coregulate.readers import fit_clock, read, read_sound
from coregulate.session.marks_tie import tie_marks
from coregulate.session.moved_tie import tie_movement
from coregulate.session.session import on_clock
from coregulate.session.sound_tie import tie_sounds
from coregulate.session.ties import find_ties

HOURS_2 = 7200.0
CLAPS = (20.0, 20.8, 21.5, 22.4, 7100.0, 7100.7, 7101.9)


def wrist(seed: int, times: np.ndarray, claps: tuple[float, ...] = CLAPS, *, n_own: int = 120) -> np.ndarray:
    """A wrist that moves by itself so often and takes part in the claps, harder or softer."""
    rng = np.random.default_rng(seed)
    values = 0.02 * rng.normal(size=(len(times), 3)) + [0.0, 0.0, 1.0]
    for moment in rng.uniform(0, times[-1], n_own):
        k = int(np.searchsorted(times, moment))
        n = min(int(rng.uniform(50, 200)), len(times) - k)
        values[k : k + n] += 0.3 * rng.normal(size=(n, 3)).cumsum(axis=0) / max(n, 1) ** 0.5
    for clap in claps:
        late = times - clap
        ring = np.where(
            (late >= 0) & (late < 0.25), np.exp(-np.maximum(late, 0) / 0.03) * np.cos(56 * late), 0
        )
        values += 2.5 * ring[:, None] * [rng.uniform(0.8, 1.2), rng.uniform(-0.4, 0.4), 0]
    return values


def test_fifty_ppm_over_two_hours_by_marks():
    rng = np.random.default_rng(0)
    truth = np.sort(rng.uniform(0, HOURS_2, 12))
    theirs = truth * (1 + 50e-6) - 300.0 + rng.normal(0, 0.01, 12)
    tracks = [Track(tuple(Label(t, t, f"word {k}") for k, t in enumerate(x))) for x in (theirs, truth)]
    fit = tie_marks(*tracks)
    assert fit is not None
    ends = np.array([-300.0, HOURS_2 - 300.0])
    assert np.abs(fit.at(ends) - (ends + 300.0) / (1 + 50e-6)).max() < 0.02
    assert tie_marks(Track((Label(1, 1, "start"),)), Track((Label(9, 9, "start"),))) is None
    assert tie_marks(Track((Label(1, 1, "clap"),)), Track((Label(9, 9, "Clap"),))).offset_s == 8


@pytest.mark.parametrize("n", [4, 5, 6, 8, 12])
def test_intervals_hold_what_they_say(n):
    rng = np.random.default_rng(n)
    inside = np.zeros(2)
    for _ in range(400):
        theirs = np.sort(rng.uniform(0, HOURS_2, n))
        fit = fit_clock(theirs, theirs * (1 + 50e-6) + rng.normal(0, 0.01, n))
        inside += [fit.drift_low_ppm < 50 < fit.drift_high_ppm, fit.low_s < 50e-6 * fit.zero_s < fit.high_s]
    assert (inside / 400 > 0.91).all()  # of 95 %; three standard errors are 3 %
    assert (inside / 400 < 0.985).all()


@pytest.mark.parametrize("n", [8, 12])
def test_intervals_hold_beside_an_odd_mark(n):
    rng = np.random.default_rng(n)
    inside = np.zeros(2)
    for _ in range(400):
        theirs = np.sort(rng.uniform(0, HOURS_2, n))
        ours = theirs * (1 + 50e-6) + rng.normal(0, 0.01, n)
        ours[rng.integers(n)] += 0.4
        fit = fit_clock(theirs, ours)
        inside += [fit.drift_low_ppm < 50 < fit.drift_high_ppm, fit.low_s < 50e-6 * fit.zero_s < fit.high_s]
    assert (inside / 400 > 0.91).all()
    assert (inside / 400 < 0.985).all()


def test_an_odd_pair_weighs_little():
    theirs = np.arange(0.0, HOURS_2, 300.0)
    ours = theirs * (1 + 20e-6) + 5.0
    ours[3] += 0.4
    fit = fit_clock(theirs, ours)
    assert fit.drift_ppm == pytest.approx(20, abs=0.1)
    assert abs(fit.at(np.array([HOURS_2]))[0] - (HOURS_2 * (1 + 20e-6) + 5.0)) < 1e-3


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_fifty_ppm_over_two_hours_by_claps(seed):
    ours = np.arange(int(HOURS_2 * 50)) / 50.0
    truth = np.arange(int(HOURS_2 * 64)) / 64.0
    clock = truth * (1 + 50e-6) - 37.2
    fit = tie_movement(Samples(clock, wrist(seed + 50, truth)), Signal(wrist(seed, ours), 50.0))
    assert fit is not None
    assert np.abs(fit.at(clock) - truth).max() < 0.02
    assert fit.drift_low_ppm < -50 < fit.drift_high_ppm
    assert fit.error_s(clock[-1]) < 0.05


@pytest.mark.parametrize("rates_hz", [(50.0, 64.0), (100.0, 50.0)])
def test_the_interval_of_a_tie_by_claps_holds_the_truth(rates_hz):
    """Of 7 minutes with two to five claps at both ends; of more pairs than these, docs/formats.md tells."""
    inside, tied = 0, 0
    for seed in range(16):
        rng = np.random.default_rng([seed, *map(int, rates_hz)])
        claps = tuple(
            t for end in (20.0, 395.0) for t in end + np.cumsum(rng.uniform(0.4, 1.1, rng.integers(2, 6)))
        )
        theirs, ours = (rng.uniform(0, 0.02) + np.arange(int(420 * hz)) / hz for hz in rates_hz)
        drift, offset = rng.uniform(-100e-6, 100e-6), rng.uniform(-40, 40)
        moved = [wrist(2 * seed + k, t, claps, n_own=12) for k, t in enumerate((theirs, ours))]
        fit = tie_movement(Samples(theirs * (1 + drift) + offset, moved[0]), Samples(ours, moved[1]))
        if fit is not None:
            wrong = fit.zero_s + fit.offset_s - (fit.zero_s - offset) / (1 + drift)
            tied, inside = tied + 1, inside + (abs(wrong) <= fit.high_s - fit.offset_s)
            assert abs(wrong) < 0.05
    assert tied >= 5
    assert inside >= tied - 2  # of 95 %


def test_movement_of_two_people_ties_nothing():
    ours, truth = np.arange(int(HOURS_2 * 50)) / 50.0, np.arange(int(HOURS_2 * 64)) / 64.0
    for seed in range(3):
        assert (
            tie_movement(Samples(truth, wrist(seed + 50, truth, ())), Signal(wrist(seed, ours, ()), 50.0))
            is None
        )


def talk(seconds: float, seed: int) -> np.ndarray:
    """Noise in syllables and pauses, 8 kHz."""
    rng = np.random.default_rng(seed)
    n = int(seconds * 8000)
    loud = np.repeat(rng.gamma(0.6, 1.0, n // 1600 + 1), 1600)[:n]
    return 0.1 * loud * rng.normal(size=n)


def write(path: Path, samples: np.ndarray) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def test_sound_ties_two_phones(tmp_path):
    room, rng = talk(200, 1), np.random.default_rng(2)
    moments = 12.345 + np.arange(180 * 8000) / 8000 / (1 + 200e-6)  # late, and 200 ppm fast
    heard = 0.4 * np.interp(moments * 8000, np.arange(len(room)), room) + 0.01 * rng.normal(size=len(moments))
    ours, theirs = (read(write(tmp_path / f"{k}.wav", x))[0].data for k, x in (("a", room), ("b", heard)))
    fit = tie_sounds(theirs, ours)
    assert fit is not None
    at = np.array([0.0, 90.0, 180.0])
    np.testing.assert_allclose(fit.at(at), 12.345 + at / (1 + 200e-6), atol=2e-3)
    assert fit.residual_s < 1e-3
    other = read(write(tmp_path / "c.wav", talk(200, 5)))[0].data
    assert tie_sounds(other, ours) is None
    # The tie goes with the sound to where it is read: at any moment of the session both say the same.
    drift = fit.drift_ppm * 1e-6
    placed = on_clock(theirs, Clock("tied", fit.offset_s - drift * fit.zero_s, fit.drift_ppm))
    assert placed.span.end_s == pytest.approx(12.345 + 180 / (1 + 200e-6), abs=2e-3)
    for moment in (13.0, 100.0, 190.0):
        here, there = (
            read_sound(x, moment - x.start_s, moment - x.start_s + 2, rate_hz=8000) for x in (ours, placed)
        )
        late = int(np.argmax(fftconvolve(there, here[::-1]))) - len(here) + 1
        assert abs(late) <= 12  # 1.5 ms; by the middle alone the ends were 18 ms off


def test_a_file_is_tied_through_another_and_words_say_how():
    marks = Track((Label(1.0, 1.0, "one"), Label(61.0, 61.0, "two"), Label(122.0, 122.0, "three")))
    later = Track(tuple(Label(x.start_s + 40.0, x.end_s, x.text) for x in marks.labels))
    heart = Signal(np.ones(100), 1.0)
    streams = [("a", Stream("ecg", Signal(np.ones(500), 1.0), "a")), ("a", Stream("markers", later, "a")),
               ("b", Stream("ecg", heart, "b")), ("b", Stream("markers", marks, "b")), ("c", Stream("ecg", heart, "c"))]  # fmt: skip
    ties = find_ties(streams, [0.0] * 5, [False] * 5)
    assert set(ties) == {"b"}
    assert ties["b"].offset_s == pytest.approx(40.0)
    assert "Tied to a by marks of the same words: offset 40.000 s" in ties["b"].words()


def test_two_unix_clocks_are_mended_by_a_hand_on_both():
    times = np.arange(600 * 50) / 50.0
    claps = (30.0, 30.9, 31.5, 550.0, 550.8, 551.9)
    a, b = (Stream("acceleration", Signal(wrist(s, times, claps), 50.0), p, "", 1.7e9 + off)
            for s, p, off in ((1, "a", 0.0), (2, "b", 2.4)))  # fmt: skip
    ties = find_ties([("a", a), ("b", b)], [0.0, 2.4], [True, True])
    assert ties["b"].offset_s == pytest.approx(0.0, abs=0.02)  # its clock is 2.4 s ahead


@pytest.mark.parametrize("spread_s", [0.005, 0.05, 0.2])
@pytest.mark.parametrize("n", [2, 3])
def test_the_error_of_a_tie_without_a_drift_holds_far_from_its_marks(n, spread_s):
    rng = np.random.default_rng(n)
    held = 0
    for _ in range(600):
        theirs = rng.uniform(0, HOURS_2) + np.array([0.0, 30.0, 60.0])[:n]
        drift = rng.uniform(-100e-6, 100e-6)
        fit = fit_clock(theirs, theirs * (1 + drift) + rng.normal(0, spread_s, n), max_ppm=0.0)
        at = rng.uniform(0, HOURS_2)
        held += abs(fit.at(np.array([at]))[0] - at * (1 + drift)) <= fit.error_s(at)
    assert held / 600 > 0.93  # of 95 %; two standard errors are 1.8 %


def test_one_mark_leaves_the_error_unknown():
    assert np.isnan(fit_clock(np.array([5.0]), np.array([9.0])).error_s(5.0))
