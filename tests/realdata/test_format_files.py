"""Files that devices and annotation programs wrote; numbers looked up in the files or with a peer library."""

from __future__ import annotations

import json

import numpy as np
import pytest

from coregulate.core import Samples, Signal
from coregulate.readers import read, recognise


def codes_of(streams):
    return {n.code for s in streams for n in s.notices}


@pytest.fixture
def formats(data_dir):
    return data_dir / "formats"


@pytest.mark.parametrize(
    ("name", "reader"),
    [
        ("apple_health/export.xml", "apple_health"),
        ("biopac/physio-3.8.1.acq", "biopac"),
        ("boris/test.boris", "boris"),
        ("boris/test_export_events_tabular.csv", "event_rows"),
        ("boris/test_export_events_tabular.xlsx", "excel"),
        ("boris/test_export_aggregated_events_test_full_1.tsv", "codes"),
        ("edf/EDFmontage0.edf", "edf"),
        ("elan/ELAN_2Persons.csv", "elan"),
        ("elan/sample_3.0.eaf", "elan"),
        ("elite_hrv/2017-06-29_13-11-53.txt", "rr_list"),
        ("empatica_e4/sample_e4_data.zip", "empatica"),
        ("opensignals/OSmontagePPG.txt", "opensignals"),
        ("opensignals/ecg_5_min.h5", "opensignals"),
        ("polar_hrm/exercise_rri.hrm", "polar"),
        ("polar_hrm/rest_rri.txt", "rr_list"),
        ("polar_sensor_logger/Polar_Sense_PPG.txt", "polar"),
        ("textgrid/bobby_words.TextGrid", "textgrid"),
        ("xdf/minimal.xdf", "xdf"),
    ],
)
def test_recognised(formats, name, reader):
    assert recognise(formats / name) == reader


def test_biopac_two_versions_hold_the_same(formats):
    old = {s.part: s for s in read(formats / "biopac" / "physio-3.8.1.acq")}
    new = {s.part: s for s in read(formats / "biopac" / "physio-5.0.1-c.acq")}
    assert [(s.kind, s.data.rate_hz, s.data.unit) for s in old.values() if s.kind != "markers"] == [
        ("other", 2000.0, "us"), ("ecg", 1000.0, "mv"), ("respiration", 3.90625, "v"), ("eda", 2000.0, "us"),
    ]  # fmt: skip
    for part in ("EKG - ERS100C", "EDA - GSR100C"):
        n = len(old[part].data.values)
        np.testing.assert_allclose(old[part].data.values, new[part].data.values[:n], atol=1e-9)
        assert (
            len(new[part].data.values) - n < 0.3 * old[part].data.rate_hz
        )  # the slowest channel's step: 0.256 s
    assert len(old["markers"].data.labels) == 10
    np.testing.assert_allclose(
        [x.start_s for x in old["markers"].data.labels],
        [x.start_s for x in new["markers"].data.labels],
        atol=1e-9,
    )
    # Version 5 keeps when the first segment was recorded: 2016-02-02 16:30:56.276 UTC.
    assert new["EKG - ERS100C"].origin_unix_s == pytest.approx(1454430656.276)
    assert old["EKG - ERS100C"].origin_unix_s is None


def test_biopac_cut_short_keeps_what_is_whole(formats, tmp_path):
    whole = formats / "biopac" / "physio-3.8.1.acq"
    cut = tmp_path / "cut.acq"
    cut.write_bytes(whole.read_bytes()[:800_000])
    told = {s.part: s for s in read(cut)}
    assert "cut_short" in codes_of(told.values())
    for part, stream in {s.part: s for s in read(whole)}.items():
        if stream.kind != "markers":
            n = len(told[part].data.values)
            assert n > 0.5 * len(stream.data.values)
            np.testing.assert_array_equal(told[part].data.values, stream.data.values[:n])


def test_edf_equals_its_reference_library(formats):
    edfio = pytest.importorskip("edfio")
    path = formats / "edf" / "EDFmontage0.edf"
    peer = edfio.read_edf(path)
    streams = {s.part: s for s in read(path)}
    assert streams["F4"].origin_unix_s == 1222957620.0  # 2008-10-02 14:27:00, taken as UTC
    compared = 0
    for signal in peer.signals:
        if signal.label in streams:
            ours = streams[signal.label].data
            assert ours.rate_hz == signal.sampling_frequency
            np.testing.assert_allclose(ours.values, signal.data, atol=1e-6)
            compared += 1
    assert compared == 13


def test_edf_annotations(formats):
    (marks,) = read(formats / "edf" / "test_edfann.edf")
    assert marks.kind == "markers"
    assert len(marks.data.labels) == 856
    assert marks.data.labels[0] == (0.0, 30.0, "Sleep stage W")


def test_xdf_clock_reset_and_wrong_rate(formats):
    streams = read(formats / "xdf" / "clock_resets.xdf")
    assert {"clock_reset", "gaps", "rate_contradicted"} <= codes_of(streams)
    eeg = streams[0].data
    assert isinstance(eeg, Samples)
    assert (len(eeg.times_s), float(np.diff(eeg.times_s).max())) == (27815, pytest.approx(273.9, abs=0.1))
    marks = next(s for s in streams if s.kind == "markers")
    assert len(marks.data.labels) == 175
    muse = read(formats / "xdf" / "session_Orange_Jaq.xdf")
    rates = {round(s.data.rate_hz, 2) for s in muse if isinstance(s.data, Signal)}
    assert rates == {256.03, 9.85}  # 256 and 25 are declared
    assert {s.owner_hint for s in muse} == {""}


def test_xdf_without_samples(formats):
    streams = read(formats / "xdf" / "empty_streams.xdf")
    assert [s.kind for s in streams] == ["other", "markers"]
    assert "left_out" in codes_of(streams)


def test_opensignals_text_and_hdf(formats, data_dir):
    (ppg,) = read(formats / "opensignals" / "OSmontagePPG.txt")
    assert (ppg.kind, ppg.data.rate_hz, len(ppg.data.values)) == ("ppg", 125.0, 60001)
    (ecg,) = read(formats / "opensignals" / "ecg_5_min.h5")
    assert (ecg.kind, ecg.data.rate_hz, ecg.data.unit, len(ecg.data.values)) == (
        "ecg",
        1000.0,
        "counts",
        300_000,
    )
    assert ecg.data.values[:3].tolist() == [32604, 32630, 32652]
    (bitalino,) = read(data_dir / "heart" / "pyhrv" / "SampleECG.txt")
    assert (bitalino.kind, bitalino.data.rate_hz, bitalino.data.unit) == ("ecg", 1000.0, "counts")


def test_polar_sensor_logger(formats):
    folder = formats / "polar_sensor_logger"
    ppg = next(s for s in read(folder / "Polar_Sense_PPG.txt") if s.kind == "ppg")
    assert ppg.data.rate_hz == pytest.approx(54.75, abs=0.01)
    assert "clock_fitted" in {n.code for s in read(folder / "Polar_Sense_PPG.txt") for n in s.notices}
    rr = next(s for s in read(folder / "Polar_Sense_PPI.txt") if s.kind == "rr")
    assert len(rr.data.values) == 421  # of 442, 21 while the sensor moved
    assert (rr.timing, rr.data.values[0]) == ("stamps", 1278)
    (heart,) = read(folder / "Polar_Sense_HR.txt")
    assert heart.data.values[0] == 66
    assert np.isnan(heart.data.values[3])  # 0 is no heart rate
    (marks,) = read(folder / "MARKER.txt")
    assert [x.text for x in marks.data.labels] == ["MARKER_START", "MARKER_STOP"]


def test_hrm_and_lists_of_intervals(formats):
    (hrm,) = read(formats / "polar_hrm" / "exercise_rri.hrm")
    assert (hrm.kind, hrm.data.values[0], hrm.timing) == ("rr", 1589, "intervals")
    # The header's Length is 00:42:41.7.
    assert hrm.data.values.sum() / 1000 == pytest.approx(42 * 60 + 41.7, abs=0.2)
    (elite,) = read(formats / "elite_hrv" / "2017-06-29_13-11-53.txt")
    assert (len(elite.data.values), elite.data.values[0]) == (4201, 720)


def test_boris_project_gives_what_boris_exports(formats):
    project = formats / "boris" / "test.boris"
    with (formats / "boris" / "test_export_aggregated_events_test_full_1.tsv").open() as file:
        header, *rows = (line.rstrip("\n").split("\t") for line in file)
    at = {name: header.index(name) for name in ("Subject", "Behavior", "Start (s)", "Stop (s)")}
    expected = sorted((float(r[at["Start (s)"]]), float(r[at["Stop (s)"]]), r[at["Behavior"]]) for r in rows)
    told = read(project, {"where": {"observation": "observation #2"}})
    assert sorted(tuple(x) for s in told for x in s.data.labels) == expected
    assert {s.owner_hint for s in told} == {"", "subject1", "subject2"}
    again = read(formats / "boris" / "test_export_aggregated_events_test_full_1.tsv")
    assert sorted(tuple(x) for s in again for x in s.data.labels) == expected


@pytest.mark.parametrize("suffix", ["csv", "tsv", "xlsx"])
def test_boris_tabular_export_equals_the_project(formats, suffix):
    project = read(formats / "boris" / "test.boris", {"where": {"observation": "observation #1"}})
    table = read(formats / "boris" / f"test_export_events_tabular.{suffix}")
    assert [(s.owner_hint, s.data.labels) for s in table] == [(s.owner_hint, s.data.labels) for s in project]


def test_boris_unpaired_states(formats):
    raw = json.loads((formats / "boris" / "test.boris").read_text())
    events = raw["observations"]["live not paired"]["events"]
    assert sum(e[2] == "s" for e in events) % 2 == 1
    told = read(formats / "boris" / "test.boris", {"where": {"observation": "live not paired"}})
    assert "unpaired" in codes_of(told)


def test_elan_equals_its_reference_library(formats):
    pympi = pytest.importorskip("pympi")
    path = formats / "elan" / "sample_3.0.eaf"
    peer = pympi.Elan.Eaf(str(path))
    streams = {s.part: s for s in read(path)}
    for tier in ("text", "gestures", "gest_included", "words-timesub"):
        rows = [r for r in peer.get_annotation_data_for_tier(tier) if None not in r[:2] and r[2].strip()]
        found = [(round(x.start_s * 1000), round(x.end_s * 1000), x.text) for x in streams[tier].data.labels]
        expected = {(a, b, " ".join(text.split())) for a, b, text, *_ in rows}
        # The library gives no time to words that share their sentence's slots; ours spreads them evenly.
        assert expected <= set(found), tier
        assert tier == "words-timesub" or len(found) == len(rows), tier
    assert {s.owner_hint for s in streams.values()} == {""}


def test_elan_export_of_two_people(formats):
    mother, child = read(formats / "elan" / "ELAN_2Persons.csv")
    assert (mother.owner_hint, child.owner_hint) == ("Maman", "Bebe")
    assert mother.data.labels[0] == (0.896, 1.8, "non mamanais")
    lines = (formats / "elan" / "ELAN_2Persons.csv").read_text().splitlines()
    counts = [sum(line.startswith(who) for line in lines) for who in ("Maman", "Bebe")]
    assert [len(mother.data.labels), len(child.data.labels)] == counts


def test_textgrid_long_and_short_say_the_same(formats):
    folder = formats / "textgrid"
    long, short = (read(folder / f"bobby_words_with_newlines{x}.TextGrid") for x in ("_longfile", ""))
    assert [s.kind for s in long] == ["words", "speech", "codes"]
    assert [x[:2] for s in long for x in s.data.labels] == [x[:2] for s in short for x in s.data.labels]
    (word, phrase) = read(folder / "bobby_words.TextGrid")
    assert [x.text for x in word.data.labels] == ["BOBBY", "RIPPED", "THE", "LEDGER"]
    assert phrase.data.labels[0].text == "BOBBY RIPPED THE LEDGER"
    (phones,) = read(folder / "bobby_phones.TextGrid")
    assert (phones.kind, len(phones.data.labels)) == ("other", 13)  # 15 intervals, two of them silent


def test_apple_health(formats):
    (rate,) = read(formats / "apple_health" / "export.xml")
    assert (rate.kind, rate.part, rate.data.values.tolist()) == ("heart_rate", "Apple\xa0Watch", [72.0])
    assert rate.origin_unix_s == 1536571735  # 2018-09-10 02:28:55 -0700


def test_an_e4_says_no_temperature_before_its_sensor_has_settled(formats):
    found = read(formats / "empatica_e4" / "sample_e4_data.zip")
    temperature = next(s for s in found if s.kind == "temperature")
    assert np.nanmin(temperature.data.values) > 30
    assert np.nanmax(temperature.data.values) < 42
    assert "60 degrees" in temperature.notices[0].text


def test_numpy_arrays(data_dir):
    ecg = read(data_dir / "heart" / "samuelgarcia" / "ecg1.npy", {"kind": "ecg", "rate_hz": 1000})
    assert (ecg[0].kind, len(ecg[0].data.values)) == ("ecg", 300_000)
    (nni,) = read(data_dir / "heart" / "pyhrv" / "SampleNNISeriesShort.npy")
    assert (nni.kind, len(nni.data.values), nni.timing) == ("rr", 337, "intervals")
