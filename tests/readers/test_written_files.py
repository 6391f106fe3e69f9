"""Each format as its reference library, or its specification, writes it: values, times, owners and marks."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from written_files import RATE, START, WRITTEN, waves

from coregulate.core import FormatError, InputError, Label, MissingExtraError, Samples
from coregulate.readers import read, recognise


@pytest.fixture
def streams(tmp_path):
    return lambda name, hints=None: {(s.kind, s.part): s for s in read(WRITTEN[name][0](tmp_path), hints)}


def codes_of(streams):
    return {n.code for s in streams.values() for n in s.notices}


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_recognised_and_read(tmp_path, name):
    make, reader = WRITTEN[name]
    path = make(tmp_path)
    assert recognise(path) == reader
    assert all(s.path == str(path) for s in read(path))


@pytest.mark.parametrize("name", ["edf_plus", "bdf_plus"])
def test_edf_and_bdf(streams, name):
    told = streams(name)
    a, b, eda = told["ecg", "ECG A"], told["ecg", "ECG B"], told["eda", "EDA A"]
    assert [s.owner_hint for s in (a, b, eda)] == ["A", "B", "A"]
    step = 4.0 / (2**16 if name == "edf_plus" else 2**24)
    np.testing.assert_allclose(a.data.values, waves()[:, 0], atol=step)
    assert (a.data.rate_hz, a.data.unit, eda.data.rate_hz, eda.data.unit) == (RATE, "mv", 4.0, "us")
    assert a.origin_unix_s == START
    assert told["markers", "annotations"].data.labels == ((1.5, 1.5, "talk start"), (6.0, 8.0, "pause"))


def test_a_cut_edf_is_read_up_to_its_end(tmp_path):
    path = WRITTEN["edf_plus"][0](tmp_path)
    raw = path.read_bytes()
    path.write_bytes(raw[: len(raw) * 6 // 10])
    told = read(path)
    assert "cut_short" in {n.code for s in told for n in s.notices}
    n = len(told[0].data.values)
    assert 300 < n < 1000
    np.testing.assert_allclose(told[0].data.values, waves()[:n, 0], atol=1e-3)


def test_edf_with_gaps_keeps_them(tmp_path):
    path = WRITTEN["edf_plus"][0](tmp_path)
    raw = bytearray(path.read_bytes())
    raw[192:197] = b"EDF+D"
    raw[236:244] = b"9       "
    # Records of one second; the eighth starts at 8 s instead of 7.
    for k in (8, 7):
        raw = raw.replace(f"+{k}\x14\x14\x00".encode(), f"+{k + 1}\x14\x14\x00".encode(), 1)
    path.write_bytes(raw)
    ecg = read(path)[0]
    assert isinstance(ecg.data, Samples)
    assert float(np.diff(ecg.data.times_s).max()) == pytest.approx(1.01)


def test_xdf_lays_drifting_clocks_on_one(streams):
    told = streams("xdf")
    alex, kim = (s for (kind, _), s in told.items() if kind == "ecg")
    assert (alex.owner_hint, kim.owner_hint) == ("Alex", "Kim")
    assert alex.data.unit == "mv"
    # Kim's clock is 100 s and 50 ppm off; both sampled the same moments.
    for stream in (alex, kim):
        times = stream.data.times_s
        np.testing.assert_allclose(times, np.arange(6000) / RATE, atol=1e-3)
    marks = told["markers", "Marks"].data.labels
    np.testing.assert_allclose([m.start_s for m in marks], [5.0, 50.0], atol=1e-6)


def test_opensignals_turns_counts_into_microsiemens(streams):
    told = streams("opensignals_eda")
    eda = next(s for (kind, _), s in told.items() if kind == "eda")
    assert eda.data.unit == "us"
    assert eda.data.values[0] == pytest.approx(2000 / 2**16 * 3.0 / 0.12)
    assert eda.origin_unix_s == START + 0.5
    assert next(s for (kind, _), s in told.items() if kind == "ecg").data.unit == "counts"


@pytest.mark.parametrize(
    ("model", "sensor", "expected_us"),
    [  # what the maker's package (biosignalsnotebooks 0.6.14, raw_to_phy) gives for 500 of 1024
        ("channeller", "EDA", 12.20703125),
        ("biosignalspluxsolo", "EDA", 12.20703125),
        ("bitalino_rev", "EDABITREV", 12.20703125),
        ("bitalino", "EDABIT", 1.9541984732824427),
        ("other", "EDA", None),
    ],
)
def test_opensignals_knows_the_makers_devices(tmp_path, model, sensor, expected_us):
    import json

    about = {"sensor": [sensor, "XYZ", "XYZ", "XYZ", "RESPIRATION"], "column": ["nSeq", *"abcde"], "device": model,
             "sampling rate": 100, "label": ["A1", "A2", "A3", "A4", "A5"], "resolution": [4, 1, *[10] * 5]}  # fmt: skip
    rows = [
        f"{k % 16}\t{500 + k % 2}\t{500 + k % 7}\t{510 - k % 5}\t{700 + k % 3}\t{400 + k % 90}\t"
        for k in range(600)
    ]
    path = tmp_path / "opensignals.txt"
    text = (
        "# OpenSignals Text File Format. Version 1\n# " + json.dumps({"20:16": about}) + "\n# EndOfHeader\n"
    )
    path.write_text(text + "\n".join(rows) + "\n")
    eda, moved, breath = read(path)
    assert (moved.kind, moved.data.values.shape, breath.kind) == ("acceleration", (600, 3), "respiration")
    assert moved.data.values[1].tolist() == [501, 509, 701]
    if expected_us is None:
        assert (eda.kind, eda.notices[-1].code) == ("other", "unit_unusable")
    else:
        assert (eda.kind, eda.data.unit, eda.data.values[0]) == ("eda", "us", pytest.approx(expected_us))


def test_bids_two_subjects(tmp_path):
    first = read(WRITTEN["bids_dyad"][0](tmp_path))
    second = read(tmp_path / "sub-02" / "beh" / "sub-02_task-talk_recording-ecg_physio.tsv.gz")
    assert [(s.kind, s.owner_hint) for s in first] == [
        ("ecg", "sub-01"),
        ("respiration", "sub-01"),
        ("markers", ""),
    ]
    assert [s.owner_hint for s in second][:2] == ["sub-02", "sub-02"]
    assert (first[0].data.start_s, first[0].data.rate_hz, first[0].data.unit) == (-2.0, RATE, "mv")
    assert (first[0].origin_unix_s, second[0].origin_unix_s) == (START, START + 1)
    np.testing.assert_allclose(first[0].data.values, waves()[:, 0], atol=1e-4)
    assert first[2].data.labels[0].start_s == pytest.approx(-2.0 + 3.0)


def test_bids_both_in_one_file(streams):
    told = streams("bids_one_file")
    assert sorted((kind, s.owner_hint) for (kind, _), s in told.items()) == [
        ("ppg", "A"), ("ppg", "B"), ("respiration", "A"), ("respiration", "B"),
    ]  # fmt: skip


def test_bids_that_contradicts_itself(tmp_path):
    path = WRITTEN["bids_one_file"][0](tmp_path)
    path.write_bytes(gzip.compress(b"1\t2\n3\t4\n"))
    with pytest.raises(FormatError, match="4 columns, the table has 2"):
        read(path)


def test_embrace_plus(streams, tmp_path):
    told = streams("embrace")
    motion = told["acceleration", "accelerometer"].data
    assert motion.values[:3, 2] == pytest.approx(1.0, abs=1e-4)
    assert (motion.unit, motion.rate_hz) == ("g", 64.0)
    assert told["eda", "eda"].data.values[-1] == pytest.approx(1.975)
    assert told["rr", "systolicPeaks"].data.values == pytest.approx([800, 850, 900], abs=1e-3)
    assert told["markers", "tags"].data.labels[0].start_s == pytest.approx(3.0)
    assert {s.origin_unix_s for (kind, _), s in told.items() if kind != "rr"} == {START}


def test_matlab(streams):
    told = streams("matlab")
    assert {(kind, s.owner_hint, s.data.rate_hz) for (kind, _), s in told.items()} == {
        ("ecg", "A", 100),
        ("ecg", "B", 100),
    }
    np.testing.assert_allclose(told["ecg", "ECG_A"].data.values, waves()[:, 0])
    acq = streams("acqknowledge_mat")
    assert {(kind, s.data.rate_hz, s.data.unit) for (kind, _), s in acq.items()} == {
        ("ecg", 100, "mv"),
        ("eda", 100, "us"),
    }
    (new,) = streams("matlab_73").values()
    np.testing.assert_allclose(new.data.values, waves()[:, 0])


@pytest.mark.parametrize("name", ["labchart_text", "labchart_mat"])
def test_labchart_keeps_the_time_between_its_blocks(streams, name):
    told = streams(name)
    ecg = told["ecg", "ECG A"]
    owner = "A" if name == "labchart_text" else ""  # there B has an ECG too
    assert (ecg.owner_hint, ecg.data.unit) == (owner, "mv")
    assert ecg.origin_unix_s == pytest.approx(START, abs=1e-4)
    n = 500 if name == "labchart_mat" else 1000
    np.testing.assert_allclose(ecg.data.values, [*waves()[:, 0], *waves()[:n, 0]], atol=1e-5)
    np.testing.assert_allclose(
        ecg.data.times_s, [*np.arange(1000) / RATE, *60 + np.arange(n) / RATE], atol=1e-4
    )
    marks = told["markers", "comments"].data.labels
    expected = [(1.5, "talk start"), (61.51, "pause")] if name == "labchart_text" else [(61.5, "talk start")]
    assert [(pytest.approx(m.start_s, abs=1e-4), m.text) for m in marks] == expected
    if name == "labchart_mat":
        breath = told["respiration", "Breath A"]
        assert (len(breath.data.values), breath.data.unit) == (375, "v")


def test_labchart_says_what_it_cannot_tell(tmp_path):
    text = WRITTEN["labchart_text"][0](tmp_path).read_text()
    (tmp_path / "b.txt").write_text(text.replace("ChannelTitle=\tECG A", "ChannelTitle=\tEKG", 1))
    with pytest.raises(FormatError, match="differ in their channels"):
        read(tmp_path / "b.txt")
    undated = "\n".join(x for x in text.splitlines() if not x.startswith("ExcelDateTime"))
    (tmp_path / "c.txt").write_text(undated)
    ecg = read(tmp_path / "c.txt")[0]
    assert ecg.origin_unix_s is None
    assert ecg.data.rate_hz == RATE
    assert len(ecg.data.values) == 2000
    assert "assumed_gap" in {n.code for n in ecg.notices}


def test_labchart_blocks_that_a_part_of_the_text_cuts(tmp_path, monkeypatch):
    from coregulate.readers import text

    path = WRITTEN["labchart_text"][0](tmp_path)
    whole = read(path)
    monkeypatch.setattr(text, "BLOCK", 777)
    for a, b in zip(whole, read(path), strict=True):
        if a.kind == "markers":
            assert a.data == b.data
        else:
            np.testing.assert_array_equal(a.data.values, b.data.values)
            np.testing.assert_array_equal(a.data.times_s, b.data.times_s)


def test_spike2_and_acqknowledge_tell_names_rates_and_units(streams):
    told = streams("spike2_mat")
    ecg, breath = told["ecg", "ECG"], told["respiration", "Resp"]
    assert (ecg.data.rate_hz, ecg.data.start_s, ecg.data.unit, breath.data.rate_hz) == (
        RATE,
        0.5,
        "mv",
        RATE / 4,
    )
    np.testing.assert_allclose(ecg.data.values, waves()[:, 0])
    np.testing.assert_allclose(breath.data.values, waves()[::4, 1] + 1, atol=2 / 6553.6)
    told = streams("biopac_text")
    ecg, eda = told["ecg", "ECG - A"], told["eda", "EDA - A"]
    assert (ecg.data.rate_hz, ecg.data.unit, eda.data.unit, ecg.origin_unix_s) == (
        RATE,
        "mv",
        "us",
        START + 0.5,
    )
    np.testing.assert_allclose(eda.data.values, waves()[:, 1] + 5, atol=1e-5)


@pytest.mark.parametrize("version", ["4", "5"])
def test_matlab_of_old_versions(tmp_path, version):
    from scipy.io import savemat

    savemat(tmp_path / "x.mat", {"EKG": waves()[:, 0], "fsample": RATE}, format=version)
    (ecg,) = read(tmp_path / "x.mat")
    assert (ecg.kind, ecg.data.rate_hz) == ("ecg", RATE)
    np.testing.assert_allclose(ecg.data.values, waves()[:, 0])


def test_matlab_without_a_rate_asks_for_it(tmp_path):
    from scipy.io import savemat

    savemat(tmp_path / "x.mat", {"ecg": waves()[:, 0]})
    with pytest.raises(FormatError, match="no rate"):
        read(tmp_path / "x.mat")
    assert read(tmp_path / "x.mat", {"rate_hz": 50})[0].data.rate_hz == 50


def test_nwb(streams):
    told = streams("nwb")
    ecg, eda = told["ecg", "ECG_A"], told["eda", "EDA_A"]
    np.testing.assert_allclose(ecg.data.values, waves()[:, 0])
    assert (ecg.data.start_s, ecg.origin_unix_s, eda.data.rate_hz) == (1.5, START, 10.0)
    assert told["markers", "intervals"].data.labels[0][:2] == (2.0, 4.0)


def test_npy_needs_a_rate_and_no_code(tmp_path):
    path = WRITTEN["npy"][0](tmp_path)
    assert "no_time" in {n.code for n in read(path)[0].notices}
    assert read(path, {"rate_hz": 100})[0].kind == "ecg"
    np.save(tmp_path / "bad.npy", np.array([{"a": 1}], dtype=object))
    with pytest.raises(FormatError):
        read(tmp_path / "bad.npy")


def test_subtitles(streams):
    told = streams("vtt")
    alex, kim = told["speech", "Alex Smith"], told["speech", "Kim"]
    assert [x.text for x in alex.data.labels] == ["Hi & welcome", "Sit down"]
    assert (kim.owner_hint, kim.data.labels[0]) == ("Kim", (4.0, 6.0, "Thanks"))
    told = streams("srt")
    assert told["speech", "Kim"].data.labels == ((4.0, 6.0, "Thanks: really"),)


def test_transcripts_of_whisper_and_clan(streams, tmp_path):
    told = streams("whisperx")
    assert told["speech", "SPEAKER_00"].data.labels == ((1.0, 3.0, "Hi and"), (6.0, 8.0, "Sit down"))
    assert told["words", "SPEAKER_01 words"].data.labels == ((4.0, 4.5, "Thanks"),)
    assert told["words", "SPEAKER_00 words"].owner_hint == "SPEAKER_00"
    assert "rows_left_out" in codes_of(told)
    told = streams("chat")
    assert told["speech", "Anna"].data.labels == (
        (0.1, 1.5, "hello there ."),
        (2.6, 5.0, "so what did we say ?"),
    )
    assert told["speech", "Ben"].data.labels == ((1.6, 2.5, "hi ."),)
    assert "rows_left_out" in codes_of(told)
    (tmp_path / "w.tsv").write_text("start\tend\ttext\n0\t1800\tHello there\n2000\t3800\tFine\n")
    (said,) = read(tmp_path / "w.tsv")
    assert (said.kind, said.data.labels) == ("speech", ((0.0, 1.8, "Hello there"), (2.0, 3.8, "Fine")))
    (tmp_path / "w.srt").write_text("1\n00:00:01,000 --> 00:00:03,000\n[SPEAKER_01]: Hello\n")
    (said,) = read(tmp_path / "w.srt")
    assert (said.owner_hint, said.data.labels) == ("SPEAKER_01", ((1.0, 3.0, "Hello"),))


def test_observer(streams):
    told = streams("observer")
    assert told["codes", "Mother"].data.labels == ((1.2, 4.2, "Smile"),)
    assert told["codes", "Child"].data.labels == ((2.0, 2.0, "Cry loud"),)


def test_textgrid_eaf_and_boris(streams):
    told = streams("textgrid")
    assert told["words", "Alex words"].data.labels == ((0.0, 1.5, 'so "this"'),)
    assert {s.owner_hint for s in told.values()} == {"Alex", "Kim"}
    told = streams("eaf")
    assert told["codes", "Kim face"].data.labels == ((1.0, 2.5, "nod"),)
    assert {s.owner_hint for s in told.values()} == {"Alex", "Kim"}
    told = streams("boris")
    assert told["codes", "Alex"].data.labels == ((11.0, 12.5, "smile"),)
    assert told["codes", "Kim"].data.labels == ((13.0, 13.0, "nod big"),)


def test_apple_export(streams):
    told = streams("apple_zip")
    assert told["heart_rate", "Watch"].data.values.tolist() == [60, 61, 62, 63, 64]
    beats = told["rr", "beats"]
    assert beats.origin_unix_s + beats.data.times_s == pytest.approx([START + 1.1, START + 2.08])
    ecg = told["ecg", "ecg_2023-11-14"]
    assert (ecg.data.rate_hz, ecg.data.unit, ecg.origin_unix_s) == (512.0, "uv", START)
    np.testing.assert_allclose(ecg.data.values, 300 * waves()[:, 0], atol=1e-3)


@pytest.mark.parametrize("name", ["tcx", "fit", "fitbit", "polar_account", "polar_flow"])
def test_watches(streams, name):
    told = streams(name)
    heart = next(s for (kind, _), s in told.items() if kind == "heart_rate")
    assert heart.origin_unix_s + heart.data.times_s[0] == START
    assert heart.data.values[:6].tolist() == [60, 61, 62, 63, 64, 65]
    if name == "fit":
        assert told["rr", "hrv"].data.values == pytest.approx([980, 981, 982, 983, 984, 985])


def test_a_cut_fit_file_is_read_as_far_as_it_is_whole(tmp_path):
    path = WRITTEN["fit"][0](tmp_path)
    whole = {s.kind: len(s.data.values) for s in read(path)}
    raw, seen = path.read_bytes(), set()
    for end in range(len(raw) - 3, 12, -7):
        path.write_bytes(raw[:end])
        try:
            streams = read(path)
        except FormatError:
            continue
        assert "cut_short" in {n.code for n in streams[0].notices}
        seen.add(len(streams[0].data.values))
    assert {0 < n < whole["heart_rate"] for n in seen} == {True, False}  # fewer and fewer, from all of them


def test_a_cut_piece_of_embrace_plus_costs_only_itself(tmp_path):
    folder = tmp_path / "v6"
    folder.mkdir()
    path = WRITTEN["embrace"][0](folder)
    whole = {(s.kind, len(s.data.values)) for s in read(path) if s.kind != "markers"}
    (folder / "1-1-X_1700000900.avro").write_bytes(path.read_bytes()[:-900])
    streams = read(folder)
    assert {(s.kind, len(s.data.values)) for s in streams if s.kind != "markers"} == whole
    assert [n.where for n in streams[0].notices if n.code == "cut_short"] == ["1-1-X_1700000900.avro"]
    path.unlink()
    with pytest.raises(FormatError, match="no signal"):
        read(folder)


def test_observer_in_a_workbook_and_in_its_older_words(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    rows = [("Time_Relative_sf", "Duration_sf", "Observation", "Event_Log", "Subject", "Behavior", "Event_Type", "Comment"),
            (1.2, 3.0, "Obs 1", "log 1", "Mother", "Smile", "State start", None),
            (2.0, 0, "Obs 1", "log 1", "Child", "Cry", "Point", "loud"),
            (4.2, 0, "Obs 1", "log 1", "Mother", "Smile", "State stop", None)]  # fmt: skip
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(tmp_path / "obs.xlsx")
    older = {"Time_Relative_sf": "Relative Time (seconds)", "Observation": "Observation Name", "Event_Log": "Event Log File Name",
             "Event_Type": "Event Type"}  # fmt: skip
    rows[0] = tuple(older.get(x, x) for x in rows[0])
    (tmp_path / "obs.csv").write_text("\n".join(",".join(map(str, (x or "" for x in row))) for row in rows))
    for name in ("obs.xlsx", "obs.csv"):
        told = {s.owner_hint: s.data.labels for s in read(tmp_path / name)}
        assert told["Mother"] == (Label(1.2, 4.2, "Smile"),)
        assert told["Child"] == (Label(2.0, 2.0, "Cry"),)


def test_polar_sensor_clock_is_laid_on_the_phones(streams):
    (ecg,) = streams("polar_ecg").values()
    note = next(n for n in ecg.notices if n.code == "clock_fitted")
    assert "drift -40 ppm" in note.text
    t = np.arange(len(ecg.data.values)) / 13.0
    # 10 ms: the mean of the phone's own delay, which nothing in the file can tell.
    np.testing.assert_allclose(ecg.origin_unix_s + ecg.data.times_s, START + t + 0.0095, atol=3e-3)


def test_intervals_with_times(streams):
    for name, n in (("kubios", 3), ("rr_pairs", 100), ("kubios_mat", 120), ("kubios_mat_73", 120)):
        (rr,) = streams(name).values()
        assert (rr.kind, rr.timing, len(rr.data.values)) == ("rr", "stamps", n)
        np.testing.assert_allclose(np.diff(rr.data.times_s), rr.data.values[1:] / 1000, atol=2e-3)


def test_the_results_of_kubios_count_from_the_recordings_begin(tmp_path, streams):
    (rr,) = streams("kubios_mat").values()
    assert rr.data.times_s[0] == pytest.approx(2.5 + 0.8)
    assert "14:30:00" in rr.notices[0].text
    from scipy.io import loadmat, savemat

    path = WRITTEN["kubios_mat"][0](tmp_path)
    whole = loadmat(path, simplify_cells=True)["Res"]
    data = whole["HRV"]["Data"]
    data["T_RR"] = data["T_RR"][:-1]  # when each interval began
    savemat(path, {"Res": whole})
    np.testing.assert_allclose(read(path)[0].data.times_s, rr.data.times_s)
    for wrong, match in (
        ({"RR": data["RR"][::-1] * 2}, "do not fit"),
        ({"RR": []}, "no intervals with times"),
    ):
        savemat(path, {"Res": {**whole, "HRV": {"Data": {**data, **wrong}}}})
        with pytest.raises(FormatError, match=match):
            read(path)


def test_shimmer_devices_of_one_export_are_told_apart(tmp_path, streams):
    told = streams("shimmer")
    assert {(kind, s.owner_hint) for (kind, _), s in told.items()} == {
        ("ecg", "Shimmer_820D"), ("respiration", "Shimmer_820D"), ("ecg", "Shimmer_95AE"), ("eda", "Shimmer_95AE"),
        ("heart_rate", "Shimmer_95AE"), ("acceleration", "Shimmer_95AE"),
    }  # fmt: skip
    two = waves()
    ecg = next(s for s in told.values() if (s.kind, s.owner_hint) == ("ecg", "Shimmer_820D"))
    np.testing.assert_allclose(ecg.data.values, two[:, 0])  # LL-RA, though LA-RA stands before it
    assert (ecg.origin_unix_s, ecg.data.rate_hz, ecg.data.unit) == (START, RATE, "mv")
    moved = next(s for s in told.values() if s.kind == "acceleration")
    assert (moved.data.values.shape, moved.data.unit) == ((1000, 3), "m/s^2")
    rate = next(s for s in told.values() if s.kind == "heart_rate")
    assert np.isnan(rate.data.values[:50]).all()
    assert np.nanmin(rate.data.values) == 70
    path = tmp_path / "one.csv"  # another day's: one device, formatted times, not calibrated
    stamps = [f"2023/11/14 22:13:{20 + k // 100:02d}.{k % 100 * 10:03d}" for k in range(1000)]
    rows = "".join(f"{t},{int(1000 * v)}\n" for t, v in zip(stamps, two[:, 0], strict=True))
    names = "S_Timestamp_FormattedUnix_CAL,S_ECG_LL-RA_24BIT_UNCAL"
    path.write_text(f'"sep=,"\n{names}\nyyyy/mm/dd hh:mm:ss.000,no_units\n{rows}')
    (one,) = read(path)
    assert (one.owner_hint, one.origin_unix_s, one.data.rate_hz, one.data.unit) == ("", START, RATE, "counts")
    path.write_text(path.read_text().replace("ECG_LL-RA_24BIT", "GSR_Skin_Conductance"))
    with pytest.raises(FormatError, match="no calibrated signal"):
        read(path)


def test_a_zip_of_one_file_is_that_file(tmp_path, streams):
    import zipfile

    inside, packed = streams("fit"), streams("zipped_fit")
    assert inside.keys() == packed.keys()
    for key, stream in packed.items():
        np.testing.assert_array_equal(stream.data.values, inside[key].data.values)
        assert Path(stream.path).name == "4077461142.zip"
    one, two, nested = (tmp_path / f"{n}.zip" for n in ("one", "two", "nested"))
    for path, files in ((one, ["a.txt"]), (two, ["a.csv", "b.csv"])):
        with zipfile.ZipFile(path, "w") as zipped:
            for name in files:
                zipped.writestr(name, "only words\n")
    with zipfile.ZipFile(nested, "w") as zipped:
        zipped.write(one, "one.zip")
    for path, match in ((one, "'a.txt' in it: It is text"), (two, "2 files"), (nested, "zip in a zip")):
        with pytest.raises(FormatError, match=match) as told:
            read(path)
        assert str(told.value).endswith(f"File: {path}")


def test_one_of_several_observations(tmp_path):
    import json

    path = WRITTEN["boris"][0](tmp_path)
    project = json.loads(path.read_text())
    project["observations"]["p"] = project["observations"]["o"]
    path.write_text(json.dumps(project))
    assert len(read(path)) == 4
    assert len(read(path, {"where": {"observation": "p"}})) == 2
    with pytest.raises(InputError, match="There are o, p"):
        read(path, {"where": {"observation": "q"}})


def test_a_missing_package_is_named(tmp_path, monkeypatch):
    import sys

    path = WRITTEN["xdf"][0](tmp_path)
    monkeypatch.setitem(sys.modules, "pyxdf", None)
    with pytest.raises(MissingExtraError, match=r"pyxdf.*formats"):
        read(path)


def test_the_report_of_kubios_gives_its_intervals_and_not_the_spectrum_that_goes_on_below(tmp_path):
    """Laid out as Kubios HRV Standard 3.1 and 3.3 write it: an empty first column, spectra beside the intervals."""
    rows = [(0.766, 0.766), (1.532, 0.766), (2.259, 0.727), (3.048, 0.789)]
    blank = " " * 30
    text = "HRV ANALYSIS RESULTS - 13-Sep-2018 13:15:19\nKubios HRV Standard\n3.1.0.1\n\nParameters\n"
    text += " Number of samples: 2\n Min/Max HR as average of: 1 beats\n\nRR Interval Samples Selected for Analysis\n"
    text += f"{blank},    Sample 1,\n  Sample limits (hh:mm:ss):   ,00:00:00-00:05:00,\n\nRESULTS FOR A SINGLE SAMPLE\n"
    text += "  VLF (Hz):                   ,    0.010000,    0.000000,\n\n\nRR INTERVAL DATA and SPECTRUM ESTIMATES,\n"
    text += f"{blank},    SAMPLE 1,            ,            ,\n{blank},        Time, RR interval,   Frequency,         PSD,\n"
    text += "".join(
        f"{blank},{t:12.3f},{r:12.3f},{k / 300:12.3f},{99.5 - k:12.4f},\n" for k, (t, r) in enumerate(rows)
    )
    text += "".join(f"{blank},{'':12},{'':12},{k / 300:12.3f},{99.5 - k:12.4f},\n" for k in range(4, 9))
    (tmp_path / "series_hrv.txt").write_text(text)
    (found,) = read(tmp_path / "series_hrv.txt")
    assert found.data.times_s.tolist() == [t for t, _ in rows]
    np.testing.assert_allclose(found.data.values, [1000 * r for _, r in rows])
    assert "2 samples" in found.notices[0].text


def test_an_old_workbook_is_told_how_to_be_saved(tmp_path):
    (tmp_path / "old.xls").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600))
    with pytest.raises(FormatError, match=r"Save a table as \.xlsx"):
        read(tmp_path / "old.xls")


def test_names_beyond_ascii_in_what_matlab_writes(tmp_path):
    """MATLAB keeps letters as two bytes each; SciPy writes UTF-8, so the element is laid by hand."""
    import struct

    from scipy.io import savemat

    def element(kind: int, raw: bytes) -> bytes:
        return struct.pack("<II", kind, len(raw)) + raw + bytes(-len(raw) % 8)

    path = tmp_path / "acq.mat"
    savemat(path, {"data": waves()[:, :1], "isi": 10.0, "units": np.array(["mV"], object)})
    label = "ECG Jürgen"
    body = element(6, struct.pack("<II", 4, 0)) + element(5, struct.pack("<ii", 1, len(label)))
    body += element(1, b"labels") + element(4, label.encode("utf-16-le"))
    path.write_bytes(path.read_bytes() + element(14, body))
    (ecg,) = read(path)
    assert (ecg.kind, ecg.part) == ("ecg", label)


def test_a_zip_of_a_file_without_a_name_is_an_error(tmp_path):
    import zipfile

    path = tmp_path / "talk.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr(zipfile.ZipInfo("x"), "1,2\n")
    raw = bytearray(path.read_bytes())
    at = raw.index(b"PK\x01\x02")
    raw[at + 28 : at + 32] = b"\x00\x00\x01\x00"  # the lengths of its name and of what follows the name
    path.write_bytes(bytes(raw))
    with pytest.raises(FormatError):
        read(path)
