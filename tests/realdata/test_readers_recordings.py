"""What the readers make of real recordings; every number was looked up in the file itself."""

from __future__ import annotations

import numpy as np
import pytest

from coregulate.core import FormatError, Samples
from coregulate.readers import groups, read, read_sound, recognise


def test_two_movesense_sensors(data_dir):
    folder = data_dir / "dyad_ecg"
    assert recognise(folder) is None
    ecg = {d: read(folder / d)[0] for d in ("234130000540", "234130000594")}
    first = ecg["234130000540"]
    assert isinstance(first.data, Samples)
    assert len(first.data.values) == 113_856
    assert first.origin_unix_s == 1737823380
    assert first.data.times_s[0] == pytest.approx(0.3569, abs=1e-4)
    assert first.data.span.duration_s == pytest.approx(740.954, abs=1e-3)
    seconds = np.unique(np.floor(first.data.times_s - first.data.times_s[0])[np.isnan(first.data.values)])
    assert seconds.tolist() == [0, 632, 633, 635]
    gaps = next(n for n in first.notices if n.code == "gaps")
    assert "the longest 166.6 s" in gaps.text
    (alone,) = read(folder / "234130000540" / "ECG-2025_01_25-16_42_59.csv")
    np.testing.assert_array_equal(alone.data.values, first.data.values)
    (marks,) = read(folder / "Annotations-2025_01_25-16_42_59.csv")
    assert [x.text for x in marks.data.labels][:3] == ["RecordingStart", "RecordingPause", "RecordingResume"]


def test_empatica_folder_and_zip(data_dir):
    kinds = {s.kind: s for s in read(data_dir / "stress" / "S02")}
    assert set(kinds) == {"ppg", "eda", "heart_rate", "rr", "temperature", "markers"}
    assert (kinds["ppg"].origin_unix_s, kinds["heart_rate"].origin_unix_s) == (1644227574, 1644227584)
    assert len(kinds["markers"].data.labels) == 9
    packed = {s.kind: s for s in read(data_dir / "formats" / "empatica_e4" / "sample_e4_data.zip")}
    np.testing.assert_allclose(packed["acceleration"].data.values[0], np.array([29, -6, 55]) / 64)
    assert packed["ppg"].data.span.duration_s == pytest.approx(7874, abs=1)
    assert packed["rr"].data.values[0] == pytest.approx(765.66)


def test_mit_bih_record(data_dir):
    mlii, v5, beats = read(data_dir / "heart" / "100.hea")
    assert (mlii.kind, v5.kind, beats.kind, beats.attrs["annotated"]) == ("ecg", "other", "beats", True)
    assert (len(mlii.data.values), mlii.data.rate_hz, mlii.origin_unix_s) == (650_000, 360.0, None)
    assert len(beats.data.times_s) == 2273  # of 2274 annotations the first is a rhythm mark
    assert mlii.data.values[0] == pytest.approx(-0.145)


def test_dials_of_eighty_couples(data_dir):
    path = data_dir / "couples" / "rties_dial.csv.gz"
    assert len(groups(path, "couple")) == 80
    assert len(groups(path, ["couple", "person"])) == 160
    with pytest.raises(FormatError, match="couple, person"):
        read(path)
    streams = read(path, {"where": {"couple": "2", "person": "502"}})
    dial = next(s for s in streams if s.kind == "rating")
    assert (dial.timing, dial.data.rate_hz) == ("assumed", 0.5)
    assert dial.data.values[0] == pytest.approx(3.898885)
    assert dial.attrs["observed_range"] == (0.0269, 4.818819)


def test_codes_of_mother_and_adolescent(data_dir):
    p, a = read(data_dir / "conflict" / "low-satisfaction-dyad.txt")
    assert (p.owner_hint, a.owner_hint, p.kind) == ("P", "A", "codes")
    assert len(p.data.labels) == len(a.data.labels) == 604
    assert sum(x.text == "Stonewalling" for x in a.data.labels) == 16
    assert p.data.labels[0] == (0.0, 1.0, "Sadness")


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("therapy/motion_energy/200_01.txt", ["pat", "th"]),
        ("discussion/motion_energy/MEA_video50.txt", ["column 1", "column 2"]),
    ],
)
def test_motion_energy(data_dir, name, parts):
    streams = read(data_dir / name)
    assert [s.part for s in streams] == parts
    assert all((s.kind, s.timing, s.data.rate_hz) == ("motion_energy", "assumed", 25.0) for s in streams)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("heart/noise_stress/118e24.csv", "other"),
        ("heart/biopeaks/ecg_snippet.tsv", "other"),
        ("heart/biopeaks/breathing_snippet.tsv", "other"),
        ("formats/elite_hrv/2017-06-29_13-11-53.txt", "rr"),
        ("formats/polar_hrm/rest_rri.txt", "rr"),
        ("formats/polar_sensor_logger/Polar_Sense_PPI.txt", "rr"),
        ("formats/polar_sensor_logger/Polar_Sense_HR.txt", "heart_rate"),
        ("formats/polar_sensor_logger/MARKER.txt", "markers"),
    ],
)
def test_kinds(data_dir, name, kind):
    assert read(data_dir / name)[0].kind == kind


def test_rate_in_the_name(data_dir):
    streams = read(data_dir / "heart" / "neurokit" / "bio_resting_5min_100hz.csv")
    assert [s.kind for s in streams] == ["ecg", "ppg", "respiration"]
    assert all((s.timing, s.data.span.duration_s) == ("assumed", 300.0) for s in streams)


def test_talk(data_dir):
    talk = read(data_dir / "conversation" / "sample.rttm")
    assert [s.owner_hint for s in talk] == ["speaker90", "speaker91"]
    (spoken,) = read(data_dir / "conversation" / "two_tracks" / "test-A.words")
    assert spoken.data.labels[0].text == "a"
    assert all(x.text != "#" for x in spoken.data.labels)


def test_sound_of_a_video(data_dir):
    left, right, pictures = read(data_dir / "faces" / "face_noface.mov")
    assert (left.kind, right.kind, pictures.kind) == ("audio", "audio", "video")
    # Its sound starts 2.43 s after its pictures: the sound's start is the file's zero.
    assert pictures.data.start_s == pytest.approx(-2.43, abs=0.01)
    whole = read_sound(right.data, 0.0, right.data.duration_s, rate_hz=16000)
    assert len(whole) == pytest.approx(right.data.duration_s * 16000, abs=2000)
    part = read_sound(right.data, 2.0, 3.0, rate_hz=16000)
    assert np.corrcoef(part, whole[32_000:48_000])[0, 1] > 0.99


def test_no_file_ends_in_another_error(data_dir):
    problems = []
    for path in sorted(data_dir.rglob("*")):
        if path.is_file() and path.stat().st_size < 300_000:
            recognise(path)
            try:
                assert read(path)
            except FormatError as error:
                problems.append(error)
    assert all(error.cure and error.path for error in problems)
