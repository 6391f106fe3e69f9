"""A simulated session's files hold what its truth says: found by the detectors that others use."""

from __future__ import annotations

import itertools
import json
import warnings
import wave
from pathlib import Path

import numpy as np
import pytest

from coregulate.core import InputError, Sound
from coregulate.cues import STATES
from coregulate.perception import voice_frames
from coregulate.simulate import Truth, simulate_session


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    folder = tmp_path_factory.mktemp("session")
    return simulate_session(folder, channels=("ecg", "respiration", "eda", "voice", "felt_safe"))


def column(truth: Truth, name: str) -> tuple[np.ndarray, np.ndarray]:
    table = np.loadtxt(truth.folder / name, delimiter=",", skiprows=1)
    return table[:, 0], table[:, 1]


def sound(truth: Truth, pid: str) -> np.ndarray:
    with wave.open(str(truth.folder / f"{pid}_voice.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16000, 1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2") / 32768


def distance(of: np.ndarray, to: np.ndarray) -> np.ndarray:
    right = np.clip(np.searchsorted(to, of), 1, len(to) - 1)
    return np.minimum(np.abs(of - to[right - 1]), np.abs(of - to[right]))


def test_default_session_is_small(truth: Truth) -> None:
    size = sum(f.stat().st_size for f in truth.folder.rglob("*") if f.is_file())
    assert size < 150e6


def test_files_are_those_of_devices(truth: Truth) -> None:
    names = {f.name for f in truth.folder.iterdir()}
    kinds = ("ecg.csv", "breathing.csv", "skin.csv", "felt_safe.csv", "voice.wav")
    assert names == {f"{p}_{k}" for p in ("alex", "sam") for k in kinds} | {"markers.csv", "truth"}
    for name, rate_hz in (
        ("sam_ecg.csv", 250),
        ("sam_breathing.csv", 25),
        ("alex_skin.csv", 4),
        ("alex_felt_safe.csv", 1),
    ):
        times, _ = column(truth, name)
        assert len(times) == 24 * 60 * rate_hz
        np.testing.assert_allclose(np.diff(times), 1 / rate_hz, atol=1e-6)
    assert len(sound(truth, "sam")) == 24 * 60 * 16000


def test_markers_name_the_calm_talk(truth: Truth) -> None:
    rows = [r.split(",") for r in (truth.folder / "markers.csv").read_text().splitlines()]
    assert rows[0] == ["Timestamp", "Type", "Content"]
    at = {kind: float(t) for t, kind, _ in rows[1:]}
    assert at["BaselineStop"] - at["BaselineStart"] == truth.baseline.duration_s == 180.0
    assert at["RecordingStart"] == column(truth, "alex_skin.csv")[0][0]
    assert [r[1] for r in rows[1:3]] == ["RecordingStart", "BaselineStart"]


@pytest.mark.parametrize("pid", ["alex", "sam"])
def test_neurokit_finds_the_beats(truth: Truth, pid: str) -> None:
    import neurokit2 as nk

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _, found = nk.ecg_peaks(nk.ecg_clean(column(truth, f"{pid}_ecg.csv")[1], 250), 250)
    beats = truth.beats[pid].times_s
    beats = beats[(beats > 0.3) & (beats < truth.duration_s - 0.3)]
    detected = np.asarray(found["ECG_R_Peaks"]) / 250
    assert np.mean(distance(beats, detected) < 0.05) >= 0.99
    assert np.mean(distance(detected, beats) < 0.05) >= 0.99


@pytest.mark.parametrize("pid", ["alex", "sam"])
def test_neurokit_finds_the_breaths_and_skin_responses(truth: Truth, pid: str) -> None:
    import neurokit2 as nk

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _, breaths = nk.rsp_peaks(nk.rsp_clean(column(truth, f"{pid}_breathing.csv")[1], 25), 25)
        skin = nk.signal_resample(
            column(truth, f"{pid}_skin.csv")[1], sampling_rate=4, desired_sampling_rate=20
        )
        phasic = nk.eda_phasic(skin, 20, method="highpass")["EDA_Phasic"].to_numpy()
        _, responses = nk.eda_peaks(phasic, 20, amplitude_min=0.05)
    onsets = truth.breaths[pid].times_s
    onsets = onsets[(onsets > 2) & (onsets < truth.duration_s - 2)]
    assert np.mean(distance(onsets, np.asarray(breaths["RSP_Troughs"]) / 25) < 0.5) >= 0.95
    peaks = np.asarray(responses["SCR_Peaks"]) / 20
    assert np.mean(distance(truth.scr[pid].times_s + 1.5, peaks) < 1.5) >= 0.85
    assert len(peaks) < 1.4 * len(truth.scr[pid].times_s)


def test_heart_breathes(truth: Truth) -> None:
    """RSA: heart period falls while the lungs fill, and swings by what the course says."""
    for pid in truth.people:
        period = truth.heart_period[pid].values
        onsets = truth.breaths[pid].times_s
        onsets = onsets[(onsets > 10) & (onsets < truth.duration_s - 10)]
        at_onset = np.interp(onsets, truth.heart_period[pid].times_s, period)
        at_top = np.interp(onsets + 1.7, truth.heart_period[pid].times_s, period)
        assert np.median(at_onset - at_top) > 20


@pytest.mark.parametrize(("pid", "low_hz", "high_hz"), [("alex", 60, 300), ("sam", 100, 500)])
def test_praat_finds_the_pitch(truth: Truth, pid: str, low_hz: float, high_hz: float) -> None:
    import parselmouth

    part = parselmouth.Sound(sound(truth, pid)[60 * 16000 : 240 * 16000], 16000)
    pitch = part.to_pitch_ac(0.01, low_hz, pitch_ceiling=high_hz)
    f0 = pitch.selected_array["frequency"]
    true = truth.f0[pid].values[np.round((pitch.xs() + 60) * 100).astype(int)]
    both = (f0 > 0) & np.isfinite(true)
    error_st = 12 * np.log2(f0[both] / true[both])
    assert both.sum() > 0.85 * np.isfinite(true).sum()
    assert abs(np.median(error_st)) < 0.1
    assert np.mean(np.abs(error_st) < 0.5) > 0.95


@pytest.mark.parametrize("pid", ["alex", "sam"])
def test_the_voice_shows_what_it_is_told(truth: Truth, pid: str) -> None:
    """Louder, sharper and faster by the second, as Praat's intensity, the spectrum and the syllables have it."""
    own, other = (truth.speech[p] for p in sorted(truth.people, key=lambda p: p != pid))
    whole = Sound(str(truth.folder / f"{pid}_voice.wav"), 16000, 600.0, 1, 0, 0.0)
    found = voice_frames(whole, own, others=other)
    voiced = np.isfinite(found["f0"].values)
    for cue, signal, least in (
        ("intensity", "intensity", 0.6),
        ("high_frequency_energy", "alpha_ratio", 0.6),
        ("speech_rate", "speech_rate", 0.5),
    ):
        values = np.where(voiced, found[signal].values, np.nan).reshape(-1, 100)
        heard = np.isfinite(values).sum(axis=1) >= 20
        told = truth.courses[pid][cue][: len(values)][heard]
        assert np.corrcoef(told, np.nanmean(values[heard], axis=1))[0, 1] > least, cue


def test_voices_take_turns(truth: Truth) -> None:
    loud = {p: (sound(truth, p).reshape(-1, 1600) ** 2).mean(axis=1) for p in truth.people}
    grid = np.arange(len(loud["alex"])) / 10 + 0.05
    speaks = {
        p: np.any([(grid > s.start_s) & (grid < s.end_s) for s in truth.speech[p].labels], axis=0)
        for p in truth.people
    }
    for own, other in (("alex", "sam"), ("sam", "alex")):
        alone = speaks[own] & ~speaks[other]
        assert 0.2 < speaks[own].mean() < 0.6
        assert np.mean(loud[own][alone] > loud[other][alone]) > 0.9
        crosstalk_db = 10 * np.log10(loud[other][alone].mean() / loud[own][alone].mean())
        assert -32 < crosstalk_db < -18
    assert (speaks["alex"] & speaks["sam"]).mean() < 0.1
    starts = sorted((s.start_s, p) for p in truth.people for s in truth.speech[p].labels)
    assert np.mean([a[1] != b[1] for a, b in itertools.pairwise(starts)]) > 0.6
    for p in truth.people:
        ends = np.array([s.end_s for s in truth.speech[p].labels])
        assert np.all(ends[:-1] <= np.array([s.start_s for s in truth.speech[p].labels])[1:])


def test_states_show_in_the_cues(truth: Truth) -> None:
    """Over both people, the courses differ between states as the cuebook says."""
    fight, still = STATES.index("fight_flight"), STATES.index("still")
    for cue, sign in (("heart_period", -1), ("respiration_rate", 1), ("f0", 1), ("intensity", 1)):
        course = np.concatenate([truth.courses[p][cue][6:] for p in truth.people])
        states = np.concatenate([truth.states[p][:-6] for p in truth.people])
        assert sign * (course[states == fight].mean() - course[states == still].mean()) > 0.3, cue


def test_plot_goes_off_track_and_back(truth: Truth) -> None:
    (episode,) = truth.episodes
    safe = {p: truth.states[p] <= 2 for p in truth.people}
    both = safe["alex"] & safe["sam"]
    off = np.flatnonzero(~both)
    assert (off[0], off[-1] + 1) == (episode.start_s, episode.end_s)
    assert np.all(np.diff(off) == 1)
    assert {p[2] for p in episode.phases} == {
        "one alone",
        "mutual activation",
        "one activated and one withdrawn",
    }
    mutual = next(p for p in episode.phases if p[2] == "mutual activation")
    assert 80 < mutual[1] - mutual[0] < 100
    assert episode.repair_by != episode.withdrew
    assert safe[episode.repair_by][int(episode.turn_s)]
    assert not safe[episode.withdrew][int(episode.turn_s)]
    _, dial = column(truth, f"{episode.withdrew}_felt_safe.csv")
    assert dial.min() >= 0
    assert dial.max() <= 100
    assert dial[:180].mean() - dial[int(episode.start_s) + 15 : int(episode.end_s) - 10].mean() > 30


def test_truth_is_kept_beside_the_files(truth: Truth) -> None:
    words = json.loads((truth.folder / "truth" / "truth.json").read_text())
    assert words["state_names"] == list(STATES)
    assert words["states"]["sam"] == truth.states["sam"].tolist()
    assert words["coupling"]["kind"] == "co-regulating"
    with np.load(truth.folder / "truth" / "truth.npz", allow_pickle=False) as series:
        np.testing.assert_allclose(series["sam_heart_period_ms"], truth.heart_period["sam"].values, rtol=1e-6)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


def test_sound_in_pieces_is_the_sound_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from coregulate.simulate import voice

    made = {}
    for piece_s in (7.0, 1000.0):
        monkeypatch.setattr(voice, "PIECE_S", piece_s)
        truth = simulate_session(tmp_path / str(piece_s), minutes=3, channels=("voice",))
        made[piece_s] = [sound(truth, pid) for pid in truth.names]
    for short, whole in zip(*made.values(), strict=True):
        assert len(short) == 180 * 16000
        # The last bit may differ: the room's noise is filtered in single steps.
        assert np.abs(short - whole).max() <= 1 / 32768


def test_same_seed_same_files(tmp_path: Path) -> None:
    told: list[float] = []
    simulate_session(tmp_path / "a", seed=3, minutes=3, progress=lambda share, what: told.append(share))
    simulate_session(tmp_path / "b", seed=3, minutes=3)
    simulate_session(tmp_path / "c", seed=4, minutes=3, channels=("eda",))
    simulate_session(tmp_path / "d", seed=3, minutes=3, channels=("eda",))
    a, b, c, d = (contents(tmp_path / x) for x in "abcd")
    assert a == b
    assert a["alex_skin.csv"] != c["alex_skin.csv"]
    assert a["alex_skin.csv"] == d["alex_skin.csv"], "leaving channels out changes the others"
    assert "alex_voice.wav" not in d
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0, 1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"coupling": "entangled"},
        {"channels": ("ecg", "eeg")},
        {"minutes": 0.5},
        {"people": ("Alex", "alex")},
        {"voice_rate_hz": 11025},
    ],
)
def test_wrong_arguments_are_named(tmp_path: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(InputError):
        simulate_session(tmp_path / "x", **wrong)  # type: ignore[arg-type]
    assert not (tmp_path / "x").exists()


def test_a_session_of_given_states(tmp_path: Path) -> None:
    lived = {"Alex": np.full(240, 3), "Sam": np.arange(240) % 5}
    truth = simulate_session(tmp_path / "a", minutes=4, channels=("movement",), states=lived, within=0.6)
    calm = round(truth.baseline.end_s)
    assert set(truth.states["alex"][:calm]) <= {0, 2}
    assert (truth.states["alex"][calm:] == 3).all()
    assert (truth.states["sam"][calm:] == lived["Sam"][calm:]).all()
    assert truth.episodes == ()
    times, counts = column(truth, "alex_movement.csv")
    assert len(counts) == 240 * 25
    assert np.diff(times) == pytest.approx(0.04, abs=1e-6)
    assert (counts == np.round(counts)).all()
    assert np.median(counts[25 * (calm + 10) :]) > 1.3 * np.median(counts[: 25 * calm])
    half = simulate_session(tmp_path / "b", minutes=4, channels=(), states=lived, within=0.6, effect=0.5)
    moved, moved_half = (t.courses["alex"]["intensity"][calm + 10 :].mean() for t in (truth, half))
    assert moved - moved_half == pytest.approx(0.5, abs=0.02)  # half of the table's 1.0, the noise the same
    with pytest.raises(InputError, match="last 10 s"):
        simulate_session(tmp_path / "c", minutes=4, states={**lived, "Sam": np.zeros(10, dtype=int)})


def test_noise_of_one_channel_goes_together() -> None:
    from coregulate.simulate.body import draw_courses

    courses = draw_courses(
        np.zeros(20000, dtype=int), np.random.default_rng(1), channels=("face", "motion"), within=0.6
    )
    names = ("lip_corner_puller", "brow_lowerer", "motion_energy")
    r = np.corrcoef([courses[n] for n in names])
    assert r[0, 1] == pytest.approx(0.6, abs=0.06)
    assert abs(r[0, 2]) < 0.06
