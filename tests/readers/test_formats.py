from __future__ import annotations

import gzip

import numpy as np
import pytest

from coregulate.core import Events, FormatError, InputError, Samples, Signal, Sound, Track
from coregulate.readers import groups, read, recognise

START = 1_700_000_000.0


def codes_of(streams):
    return {n.code for s in streams for n in s.notices}


def test_each_format_is_recognised(tmp_path, makers):
    for name, (make, reader) in makers.items():
        folder = tmp_path / name
        folder.mkdir()
        assert recognise(make(folder)) == reader, name


def test_stamped_table(made):
    ecg, eda = read(made("stamped_csv"))
    assert (ecg.kind, ecg.owner_hint, eda.kind, eda.owner_hint) == ("ecg", "A", "eda", "B")
    assert isinstance(ecg.data, Signal)
    assert ecg.data.rate_hz == 50
    assert (ecg.origin_unix_s, ecg.timing, eda.data.unit) == (START, "stamps", "us")
    assert len(ecg.data.values) == 200


def test_decimal_comma_bom_crlf(made):
    (dial,) = read(made("semicolon_csv"))
    assert (dial.kind, dial.owner_hint, dial.data.rate_hz) == ("rating", "Kim", 2.0)
    low, high = dial.attrs["observed_range"]
    assert 0 <= low < high <= 10
    assert high > 5  # the comma is the decimal mark


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(tmp_path, encoding, ends):
    lines = ["time (s),EDA Zoë"] + [f"{k / 4},{1 + k % 7}" for k in range(40)]
    path = tmp_path / "Zoë's skin.csv"
    path.write_bytes(ends.join(lines).encode(encoding))
    (eda,) = read(path)
    assert (eda.kind, eda.owner_hint, eda.data.rate_hz) == ("eda", "Zoë", 4.0)
    np.testing.assert_allclose(eda.data.values[:3], [1, 2, 3])


@pytest.mark.parametrize("delimiter", [",", "\t", ";", " "])
def test_delimiters_titles_and_quoted_headers(tmp_path, delimiter):
    rows = [delimiter.join([f"{k / 10:.1f}", f"{k % 5}.5"]) for k in range(30)]
    path = tmp_path / "x.txt"
    path.write_text(
        "Export of 2025, v2.1; no comment here at all\n"
        + delimiter.join(['"time_s"', '"resp"'])
        + "\n"
        + "\n".join(rows)
    )
    (breath,) = read(path)
    assert (breath.kind, breath.data.rate_hz, len(breath.data.values)) == ("respiration", 10.0, 30)


@pytest.mark.parametrize(
    ("write", "origin"),
    [
        (lambda k: f"{START + k / 100:.2f}", START),
        (lambda k: f"{(START + k / 100) * 1000:.0f}", START),
        (lambda k: f"{int(START * 1e9) + k * 10_000_000}", START),
        (lambda k: f"2023-11-14T22:13:{20 + k // 100:02d}.{k % 100:02d}0Z", START),
        (lambda k: f"2023-11-14 23:13:{20 + k // 100:02d}.{k % 100:02d}0+01:00", START),
        (lambda k: f"{k / 100:.2f}", None),
    ],
)
def test_times(tmp_path, write, origin):
    path = tmp_path / "t.csv"
    path.write_text("timestamp,ecg\n" + "\n".join(f"{write(k)},{k % 13}" for k in range(300)))
    (ecg,) = read(path)
    assert ecg.origin_unix_s == origin
    assert ecg.data.rate_hz == pytest.approx(100, rel=1e-6)
    assert ecg.data.span.duration_s == pytest.approx(3.0, abs=0.011)


def test_time_without_zone_is_an_assumption(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("time,eda\n" + "\n".join(f"2023-11-14T22:13:{k:02d},{k}" for k in range(30)))
    assert "assumed_zone" in codes_of(read(path))


def test_time_that_counts_samples(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("time,dial\n" + "\n".join(f"{k},{k % 5}" for k in range(1, 60)))
    (assumed,) = read(path)
    assert (assumed.timing, assumed.data.rate_hz) == ("assumed", 0.5)
    assert "assumed_rate" in codes_of([assumed])
    (told,) = read(path, {"rate_hz": 0.5})
    assert (told.timing, told.data.rate_hz, told.data.start_s) == ("rate", 0.5, 0.0)


def test_a_gap_keeps_its_stamps(tmp_path):
    t = np.r_[np.arange(100) / 10, 50 + np.arange(100) / 10]
    path = tmp_path / "t.csv"
    path.write_text("time_s,eda\n" + "\n".join(f"{a:.1f},{k % 9}" for k, a in enumerate(t)))
    (eda,) = read(path)
    assert isinstance(eda.data, Samples)
    np.testing.assert_allclose(eda.data.times_s, t)
    assert "gaps" in codes_of([eda])


def test_stamps_win_over_a_declared_rate(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("time_s,ecg\n" + "\n".join(f"{k / 100:.2f},{k % 9}" for k in range(300)))
    (ecg,) = read(path, {"rate_hz": 250})
    assert ecg.data.rate_hz == pytest.approx(100)
    assert "rate_contradicted" in codes_of([ecg])


def test_rate_from_the_name_is_assumed(tmp_path):
    path = tmp_path / "rest_100hz.csv"
    path.write_text("ECG,RSP\n" + "\n".join(f"{k % 9},{k % 50}" for k in range(300)))
    streams = read(path)
    assert [(s.kind, s.timing, s.data.rate_hz) for s in streams] == [
        ("ecg", "assumed", 100.0),
        ("respiration", "assumed", 100.0),
    ]
    assert "assumed_rate" in codes_of(streams)


def test_numbers_without_time_stay_unused_until_told(tmp_path):
    path = tmp_path / "lead.csv"
    path.write_text("\n".join(f"{np.sin(k / 20):.3f}" for k in range(400)))
    (other,) = read(path)
    assert (other.kind, other.data.span.duration_s) == ("other", 0.0)
    assert "no_time" in codes_of([other])
    (ecg,) = read(path, {"kind": "ecg", "rate_hz": 360})
    assert (ecg.kind, ecg.data.rate_hz, ecg.timing) == ("ecg", 360.0, "rate")


def test_smooth_whole_numbers_are_no_intervals(tmp_path):
    path = tmp_path / "adc.txt"
    path.write_text("\n".join(str(int(600 + 200 * np.sin(k / 30))) for k in range(800)))
    assert read(path)[0].kind == "other"


def test_an_index_without_a_name_counts_rows_or_is_the_time(tmp_path):
    path = tmp_path / "pandas.csv"
    path.write_text(",rr\n" + "".join(f"{k},{800 + k % 7}\n" for k in range(60)))
    (rr,) = read(path)
    assert (rr.kind, rr.timing, len(rr.data.values)) == ("rr", "intervals", 60)
    path.write_text(
        ",eda (uS)\n" + "".join(f"2024-05-01 10:00:{k / 4:06.3f}Z,{2 + k % 5}\n" for k in range(200))
    )
    (eda,) = read(path)
    assert (eda.kind, eda.data.rate_hz, eda.origin_unix_s) == ("eda", 4.0, 1714557600.0)


@pytest.mark.parametrize(("step", "rate_hz"), [(20, 50), (1000, 1), (16667, 60)])
def test_whole_steps_of_time_are_milliseconds_or_microseconds(tmp_path, step, rate_hz):
    path = tmp_path / "tobii.csv"
    path.write_text(
        "Recording timestamp,GSR (uS)\n" + "".join(f"{k * step},{2 + k % 5}\n" for k in range(200))
    )
    (eda,) = read(path)
    assert eda.data.rate_hz == pytest.approx(rate_hz, rel=1e-4)
    assert "assumed_unit" in {n.code for n in eda.notices}


def test_a_table_begins_below_a_rule(tmp_path):
    path = tmp_path / "carma.csv"
    head = "Time of Rating,2019-03-01 10:00\nMultimedia File,couple.mp4\nMagnitude,100\n%%%%%%,%%%%%%\nSecond,Rating\n"
    path.write_text(head + "".join(f"{k / 2},{k % 9}\n" for k in range(60)))
    (rating,) = read(path)
    assert (rating.kind, rating.data.rate_hz, len(rating.data.values)) == ("rating", 2.0, 60)


def test_identifiers_are_no_signals(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(
        "participant_id,trial,time_s,eda\n"
        + "\n".join(f"{7 + k // 20},{k % 3},{k / 4},{k % 5}" for k in range(40))
    )
    assert [s.part for s in read(path)] == ["eda"]


def test_missing_infinite_constant_words(tmp_path):
    path = tmp_path / "t.csv"
    rows = [f"{k / 4},{k % 5},7" for k in range(40)]
    rows[3], rows[4], rows[5] = "0.75,inf,7", "1.0,oops,7", "1.25,,7"
    path.write_text("time_s,eda,ppg\n" + "\n".join(rows))
    eda, ppg = read(path)
    assert np.isnan(eda.data.values[3:6]).all()
    assert np.isfinite(eda.data.values).sum() == 37
    assert {"not_finite", "not_numbers"} <= codes_of([eda])
    assert "constant" in codes_of([ppg])


def test_acceleration_axes_become_one_stream(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(
        "time_s,acc_x,acc_y,acc_z,EDA [nS]\n"
        + "\n".join(f"{k / 32},{k % 3},{k % 4},{k % 5},{2000 + k}" for k in range(64))
    )
    acc, eda = read(path)
    assert (acc.kind, acc.data.values.shape) == ("acceleration", (64, 3))
    assert eda.data.unit == "us"
    assert eda.data.values[0] == 2.0


def test_long_table(made):
    path = made("long_gz")
    assert groups(path, "couple") == ["7", "8"]
    assert groups(path, ["couple", "person"]) == [("7", "f"), ("7", "m"), ("8", "f"), ("8", "m")]
    with pytest.raises(FormatError, match=r"where.*couple, person"):
        read(path)
    (dial,) = read(path, {"where": {"couple": 7, "person": "m"}})
    assert (dial.kind, len(dial.data.values), dial.attrs["where"]) == (
        "rating",
        40,
        {"couple": "7", "person": "m"},
    )
    with pytest.raises(InputError, match="No row has"):
        read(path, {"where": {"couple": 99}})
    with pytest.raises(InputError, match="no column 'dyad'"):
        groups(path, "dyad")
    with pytest.raises(FormatError, match="folder, not a table"):
        groups(path.parent, "dyad")


def test_motion_energy(made):
    streams = read(made("motion"))
    assert [(s.kind, s.part, s.owner_hint, s.timing, s.data.rate_hz) for s in streams] == [
        ("motion_energy", "column 1", "column 1", "assumed", 25.0),
        ("motion_energy", "column 2", "column 2", "assumed", 25.0),
    ]
    assert "assumed_rate" in codes_of(streams)
    assert read(made("motion"), {"rate_hz": 30})[0].timing == "rate"


def test_rr_list_in_ms_and_s(made, tmp_path):
    (ms,) = read(made("rr"))
    assert (ms.kind, ms.timing, ms.data.unit) == ("rr", "intervals", "ms")
    seconds = tmp_path / "s.txt"
    seconds.write_text("\n".join(f"{v / 1000:.3f}" for v in ms.data.values))
    (s,) = read(seconds)
    np.testing.assert_allclose(s.data.values, ms.data.values)
    assert ms.data.times_s[-1] == pytest.approx(ms.data.values.sum() / 1000)


def test_movesense(made):
    ecg, rr, average = read(made("movesense_device"))
    assert isinstance(ecg.data, Samples)
    assert (ecg.kind, ecg.data.rate_hz, ecg.origin_unix_s) == ("ecg", 200.0, START)
    assert ecg.data.times_s[0] == pytest.approx(0.25)
    assert ecg.data.times_s[-1] == pytest.approx(36.245)
    assert np.isnan(ecg.data.values[:200]).all()
    assert np.isfinite(ecg.data.values[200:]).all()
    assert {"saturated", "gaps"} <= codes_of([ecg])
    assert (rr.kind, rr.timing, rr.data.values[0], average.kind) == ("rr", "intervals", 800.0, "heart_rate")


def test_annotations(made):
    (marks,) = read(made("annotations"))
    assert (marks.kind, marks.origin_unix_s) == ("markers", START)
    assert [(x.start_s, x.text) for x in marks.data.labels] == [
        (0.0, "RecordingStart"),
        (9.5, "Note: hello, you"),
    ]


def test_empatica(made):
    by_kind = {s.kind: s for s in read(made("e4_zip"))}
    assert set(by_kind) == {"acceleration", "ppg", "eda", "heart_rate", "rr", "temperature", "markers"}
    np.testing.assert_allclose(by_kind["acceleration"].data.values[0], [0, -1, 0.5])
    assert by_kind["ppg"].data.rate_hz == 64
    assert np.isfinite(by_kind["ppg"].data.values).all()  # stray commas at the line ends
    assert by_kind["heart_rate"].origin_unix_s == START + 10
    assert isinstance(by_kind["rr"].data, Events)
    np.testing.assert_allclose(by_kind["rr"].data.times_s, [1.5, 2.3])
    np.testing.assert_allclose(by_kind["rr"].data.values, [800, 810])
    assert [x.start_s + by_kind["markers"].origin_unix_s for x in by_kind["markers"].data.labels] == [
        START + 5.5,
        START + 8,
    ]


def test_empatica_folder_without_acceleration(tmp_path, makers):
    from zipfile import ZipFile

    folder = tmp_path / "S02"
    folder.mkdir()
    with ZipFile(makers["e4_zip"][0](tmp_path)) as packed:
        packed.extractall(folder, [n for n in packed.namelist() if n != "ACC.csv"])
    (folder / "HR.csv").write_text("broken\n")
    streams = read(folder)
    assert {s.kind for s in streams} == {"ppg", "eda", "rr", "temperature", "markers"}
    assert "part_unreadable" in codes_of(streams)


@pytest.mark.parametrize("name", ["../EDA.csv", "/EDA.csv", "C:\\x\\EDA.csv"])
def test_zip_slip_is_refused(zip_with, name):
    path = zip_with({name: b"1700000000\n4\n1\n2\n", "BVP.csv": b"1700000000\n64\n1\n2\n"})
    with pytest.raises(FormatError, match="outside itself"):
        read(path)


def test_zip_bomb_is_refused(zip_with):
    path = zip_with(
        {"EDA.csv": b"1700000000\n4\n" + b"0\n" * 20_000_000, "BVP.csv": b"1700000000\n64\n1\n2\n"}
    )
    with pytest.raises(FormatError, match="far more than a recording"):
        read(path)


def test_wfdb(made):
    ecg, other = read(made("wfdb"))
    assert (ecg.kind, ecg.part, other.kind, other.part) == ("ecg", "MLII", "other", "V5")
    assert (ecg.data.rate_hz, ecg.origin_unix_s, ecg.data.unit) == (360.0, None, "mv")
    np.testing.assert_allclose(ecg.data.values[:9], -np.round(500 * np.sin(np.arange(9) / 9)) / 200)


@pytest.mark.parametrize(
    "name", ["../rec.dat", "/etc/passwd", "http://example.org/rec.dat", "s3://b/rec.dat"]
)
def test_wfdb_opens_nothing_else(made, name):
    header = made("wfdb")
    header.write_text(header.read_text().replace("rec.dat", name))
    with pytest.raises(FormatError, match="outside its folder"):
        read(header)


def test_wfdb_cut_short(made):
    header = made("wfdb")
    header.write_text(header.read_text().replace("360 720", "360 720000000"))
    with pytest.raises(FormatError, match="cut short"):
        read(header)


def test_rttm_and_words(made):
    ann, bo = read(made("rttm"))
    assert (ann.kind, ann.owner_hint, bo.owner_hint) == ("speech", "Ann", "Bo")
    assert ann.data.labels[0][:2] == (0.5, 1.5)
    (spoken,) = read(made("words"))
    assert [x.text for x in spoken.data.labels] == ["sí", "claro"]


def test_codes_each_second(made):
    p, a = read(made("codes"))
    assert (p.kind, p.owner_hint, a.owner_hint) == ("codes", "P", "A")
    assert isinstance(p.data, Track)
    assert p.data.labels[0] == (0.0, 1.0, "Neutral")
    assert p.data.labels[-1] == (19.0, 20.0, "Anger")
    assert {x.text for x in a.data.labels} == {"Tension"}


def test_codes_with_start_and_end(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text(
        "person,start,end,code\nAda,1,3.5,Anger\nBo,2,4,Humor\nAda,9,8,Anger\nAda,10,12,Validation\n"
    )
    ada, bo = read(path)
    assert [x[:] for x in ada.data.labels] == [(1.0, 3.5, "Anger"), (10.0, 12.0, "Validation")]
    assert (ada.kind, ada.owner_hint, bo.owner_hint) == ("codes", "Ada", "Bo")
    assert "rows_left_out" in codes_of([ada])
    talk = tmp_path / "s.csv"
    talk.write_text("speaker,start_s,end_s\nAda,1,3.5\nBo,2,4\n")
    assert [s.kind for s in read(talk)] == ["speech", "speech"]


def test_codes_column_for_each_person(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text(
        "second,Ada,Bo\n" + "\n".join(f"{k},{'anger' if k % 2 else 'neutral'},neutral" for k in range(10))
    )
    ada, bo = read(path)
    assert (ada.owner_hint, bo.owner_hint, len(ada.data.labels)) == ("Ada", "Bo", 10)


def test_stereo_sound(made):
    left, right = read(made("wav"))
    assert isinstance(left.data, Sound)
    assert (left.part, right.part, right.data.channel, left.data.rate_hz) == ("left", "right", 1, 8000.0)
    assert left.data.duration_s == pytest.approx(2.0)


def test_bad_files(tmp_path):
    cases = {
        "empty.csv": (b"", "empty"),
        "blank.csv": (b"\n\n  \n", "empty"),
        "text.wav": (b"this is text\n" * 10, "holds no sound"),
        "table.wav": (b"time,ecg\n0,1\n1,2\n", "holds no sound"),
        "junk.bin": (bytes(range(256)) * 40, "binary"),
        "cut.csv.gz": (gzip.compress(b"time_s,eda\n" + b"1,2\n" * 5000)[:40], "."),
        "prose.txt": (b"Dear diary,\ntoday we talked. It went well, I think.\n", "no table"),
        "header.csv": (b"time,ecg\n", "."),
    }
    for name, (raw, problem) in cases.items():
        path = tmp_path / name
        path.write_bytes(raw)
        with pytest.raises(FormatError, match=problem) as caught:
            read(path)
        assert caught.value.cure, name
        assert caught.value.path == str(path)
    with pytest.raises(FormatError, match="no such file"):
        read(tmp_path / "absent.csv")
    with pytest.raises(FormatError, match="folder"):
        read(tmp_path)


def test_truncated_wav_says_so(made):
    path = made("wav")
    path.write_bytes(path.read_bytes()[:30_000])
    streams = read(path)
    assert streams[0].data.duration_s < 1.0


def test_bad_hints(made):
    path = made("stamped_csv")
    for hints in (
        {"kind": "brain"},
        {"rate_hz": -1},
        {"rate_hz": "fast"},
        {"colour": 1},
        {"where": 3},
        {"columns": ["nope"]},
    ):
        with pytest.raises(InputError):
            read(path, hints)


def test_a_line_of_ten_million_characters(tmp_path):
    rows = [b"%d,%d" % (k, k % 7) for k in range(50)]
    for name, line in {"a": b"9" * 10_000_000, "b": b"1," * 5_000_000, "c": b"x" * 10_000_000}.items():
        for where in (0, 25):
            path = tmp_path / f"{name}{where}.csv"
            path.write_bytes(b"\n".join([b"time_s,eda", *rows[:where], line, *rows[where:]]))
            problems = []
            try:
                assert read(path)
            except FormatError as error:
                problems.append(error)
            assert all(error.cure for error in problems)


@pytest.mark.parametrize(
    "field", ["1e3091700000000.345", "-1e99999999999", "1E+123456789012", "7e-99999999999"]
)
@pytest.mark.parametrize("word", ["", "oops"])
def test_a_huge_exponent_does_not_end_the_process(tmp_path, field, word):
    rows = [f"{k / 4},{k % 5}" for k in range(40)]
    rows[7], rows[9] = f"1.75,{field}", f"2.25,{word}"
    path = tmp_path / "t.csv"
    path.write_text("time_s,eda\n" + "\n".join(rows))
    (eda,) = read(path)
    assert not np.isfinite(eda.data.values[7]) or eda.data.values[7] == 0
    assert eda.data.values[8] == 3
    e4 = tmp_path / "EDA.csv"
    e4.write_text(f"1700000000\n4\n1\n{field}\n2\n")
    assert read(e4)[0].data.values[2] == 2
