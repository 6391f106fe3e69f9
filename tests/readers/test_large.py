"""A text too large to hold is read in blocks and says the same; of what does not fit, what has a use is kept."""

from __future__ import annotations

import gzip
import json
import struct
import tracemalloc
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import written_files

from coregulate.core import FormatError, Samples, Signal
from coregulate.readers import door, edf, large_table, text, xdf_large

START = 1_768_329_000


@pytest.fixture
def in_blocks(monkeypatch):
    monkeypatch.setattr(large_table, "WHOLE_BYTES", 0)
    monkeypatch.setattr(text, "BLOCK", 5000)


def rows(n: int, rate: int) -> str:
    time = np.arange(n) / rate
    pulse, noise = np.sin(7 * time), np.random.default_rng(0).normal(size=n)
    return "".join(f"{START + t:.4f},{p:.4f},{e:.5f}\n" for t, p, e in zip(time, pulse, noise, strict=True))


def streams(path, body: str):
    path.write_bytes(gzip.compress(body.encode()) if path.suffix == ".gz" else body.encode())
    return {s.part: s for s in door.read(path)}


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
def test_blocks_give_what_the_whole_gives(name, tmp_path, request):
    body = "timestamp,ecg (mV),bio1\n" + rows(2000, 100).replace("\n", "\r\n")
    whole = streams(tmp_path / name, body)
    request.getfixturevalue("in_blocks")
    again = streams(tmp_path / name, body)
    assert again.keys() == whole.keys() == {"ecg (mV)", "bio1"}
    for part, stream in whole.items():
        other = again[part]
        assert isinstance(other.data, Signal)
        assert (other.kind, other.origin_unix_s, other.data.rate_hz) == (stream.kind, START, 100)
        np.testing.assert_allclose(other.data.values, stream.data.values, rtol=1e-6)
        assert other.notices == stream.notices


def test_dates_gaps_and_words_in_blocks(in_blocks, tmp_path):
    lines = [
        f"2026-01-13T18:{30 + k // 60:02d}:{k % 60:02d},{k % 9},calm"
        for k in range(900)
        if not 300 <= k < 400
    ]
    lines[50] = lines[50].replace(",5,", ",x,")
    found = streams(tmp_path / "a.csv", "time,felt_safe,note\n" + "\n".join(lines))
    dial = found["felt_safe"]
    assert isinstance(dial.data, Samples)
    assert dial.data.times_s[-1] - dial.data.times_s[0] == 899
    assert {"assumed_zone", "gaps", "not_numbers"} <= {n.code for n in dial.notices}
    assert "note" not in found


def clock_of(k: int) -> datetime:
    return datetime(2026, 1, 12, 23, 50) + timedelta(seconds=k / 2)


@pytest.mark.parametrize(
    ("header", "write"),
    [
        ("time", lambda t: t.isoformat(timespec="milliseconds")),
        ("Date", lambda t: t.strftime("%Y-%m-%d %H:%M:%S.%f+01:00")),
        ("timestamp", lambda t: t.strftime("%d/%m/%Y %H:%M:%S.%f")),  # only the last block tells the month
        ("timestamp", lambda t: t.strftime("%m/%d/%Y %I:%M:%S.%f %p")),
        ("timestamp", lambda t: (t - timedelta(days=8)).strftime("%d/%m/%Y %H:%M:%S.%f")),  # none does
        ("Date,Time", lambda t: t.strftime("%d.%m.%Y,%H:%M:%S.%f")),
        ("time", lambda t: t.strftime("%H:%M:%S.%f")),
        ("datetime", lambda t: t.strftime("%d-%b-%Y %H:%M:%S.%f")),
        ("time", lambda t: f"{(t - clock_of(0)).seconds // 60:02d}:{(t - clock_of(0)).seconds % 60:02d}"),
        ("datetime", lambda t: t.strftime("%d/%m/%Y %H:%M:%S.%f+0100")),
    ],
)  # fmt: skip
def test_written_times_in_blocks_are_those_of_the_whole(tmp_path, request, header, write):
    body = f"{header},gsr (uS)\n" + "".join(f"{write(clock_of(k))},{k % 7}\n" for k in range(0, 3000, 2))
    (whole,) = streams(tmp_path / "a.csv", body).values()
    request.getfixturevalue("in_blocks")
    (again,) = streams(tmp_path / "a.csv", body).values()
    assert whole.kind == "eda"
    assert (again.kind, again.origin_unix_s, again.attrs) == (whole.kind, whole.origin_unix_s, whole.attrs)
    np.testing.assert_allclose(again.data.times_s, whole.data.times_s, atol=1e-6)
    assert again.notices == whole.notices


def test_written_times_are_averaged_too(in_blocks, tmp_path, monkeypatch):
    t0 = datetime(2026, 1, 12, 23, 59, 55)
    lines = [f"{t0 + timedelta(milliseconds=k):%d/%m/%Y %H:%M:%S.%f},{k % 2}" for k in range(9000)]
    monkeypatch.setattr(large_table, "MAX_NUMBERS", 5_500)
    (ecg,) = streams(tmp_path / "a.csv", "time,ecg (mV)\n" + "\n".join(lines)).values()
    assert isinstance(ecg.data, Signal)
    assert (ecg.data.rate_hz, ecg.origin_unix_s) == (250, t0.replace(tzinfo=UTC).timestamp())
    assert len(ecg.data.values) == 2250


def test_what_does_not_fit_is_left_out_averaged_or_refused(in_blocks, tmp_path, monkeypatch):
    body = "timestamp,ecg (mV),bio1\n" + rows(6000, 2000)
    monkeypatch.setattr(large_table, "MAX_NUMBERS", 13_000)
    found = streams(tmp_path / "a.csv", body)
    assert list(found) == ["ecg (mV)"]
    assert "left_out" in {n.code for n in found["ecg (mV)"].notices}
    monkeypatch.setattr(large_table, "MAX_NUMBERS", 5_000)
    slower = streams(tmp_path / "a.csv", body)["ecg (mV)"]
    assert "averaged" in {n.code for n in slower.notices}
    assert isinstance(slower.data, Signal)
    assert slower.data.rate_hz == pytest.approx(2000 / 3, rel=1e-3)
    assert slower.data.start_s == pytest.approx(1 / 2000, abs=1e-4)
    np.testing.assert_allclose(slower.data.values, np.sin(7 * slower.data.times_s), atol=2e-3)
    monkeypatch.setattr(large_table, "MAX_NUMBERS", 1_200)
    with pytest.raises(FormatError, match="million numbers of use"):
        streams(tmp_path / "a.csv", body)  # 250 a second would still be too many


def test_bids_and_opensignals_in_blocks(in_blocks, tmp_path):
    pulse = [f"{k}\t{k % 7}\t{np.sin(k / 9):.4f}\n" for k in range(3000)]
    about = {"SamplingFrequency": 100, "StartTime": 2.0, "Columns": ["timestamp", "trigger", "cardiac"]}
    (tmp_path / "sub-a_physio.json").write_text(json.dumps(about))
    found = streams(tmp_path / "sub-a_physio.tsv.gz", "".join(pulse))
    np.testing.assert_allclose(found["cardiac"].data.values, np.sin(np.arange(3000) / 9), atol=1e-4)
    head = {"x": {"sensor": ["ECG"], "label": ["A1"], "sampling rate": 100, "resolution": [1]}}
    found = streams(
        tmp_path / "os.txt",
        f"# OpenSignals Text File Format\n# {json.dumps(head)}\n# EndOfHeader\n" + "".join(pulse),
    )
    assert [s.kind for s in found.values()] == ["ecg"]
    np.testing.assert_allclose(next(iter(found.values())).data.values, np.sin(np.arange(3000) / 9), atol=1e-4)


@pytest.mark.parametrize("blocks", [False, True])
def test_an_empty_row_is_a_lost_sample_where_only_the_rate_tells_time(blocks, tmp_path, request):
    if blocks:
        request.getfixturevalue("in_blocks")
    lines = [f"{np.sin(k / 9):.4f},{k % 7}" for k in range(3000)]
    lines[500:700] = ["NaN,"] * 200
    (tmp_path / "a_100hz.csv").write_text("ecg,resp\n" + "\n".join([*lines, ",", ","]) + "\n")
    ecg = {s.kind: s.data for s in door.read(tmp_path / "a_100hz.csv")}["ecg"]
    assert len(ecg.values) == 3000
    assert np.isnan(ecg.values[500:700]).all()
    np.testing.assert_allclose(ecg.values[700:], np.sin(np.arange(700, 3000) / 9), atol=1e-4)


def test_a_packed_text_that_never_ends_its_line_is_refused(in_blocks, tmp_path):
    with pytest.raises(FormatError, match="characters"):
        streams(
            tmp_path / "a.csv.gz", "time,ecg\n" + "".join(f"{k},1\n" for k in range(9000)) + "0" * 200_000
        )


def test_an_edf_that_is_too_large_is_averaged(tmp_path, monkeypatch):
    edfio = pytest.importorskip("edfio")
    wave = np.sin(np.arange(8000) / 100)
    signals = [
        edfio.EdfSignal(wave, 2000, label=name, physical_range=(-1, 1)) for name in ("ECG A", "Resp A")
    ]
    edfio.Edf(signals).write(tmp_path / "a.edf")
    monkeypatch.setattr(edf, "MAX_VALUES", 9_000)
    heart, breath = door.read(tmp_path / "a.edf")
    assert (heart.data.rate_hz, breath.data.rate_hz) == (500, 25)
    told = {n.code: n.text for n in heart.notices}
    assert told["averaged"].endswith("(ECG A by 4, Resp A by 80).")
    np.testing.assert_allclose(heart.data.values, np.sin(heart.data.times_s * 20), atol=1e-3)
    monkeypatch.setattr(edf, "MAX_VALUES", 1_000)
    with pytest.raises(FormatError, match="Cut it into parts"):
        door.read(tmp_path / "a.edf")


def lab(folder, *, n: int = 20_000, pause_at: int = 10**9):
    """Return an XDF of 20 s or less: brain waves, two hearts at 1000 a second whose clocks drift, and marks."""
    raw = b"XDF:" + written_files._chunk(1, b"<?xml version='1.0'?><info><version>1.0</version></info>")
    people = {2: ("Alex_ECG", 900.0, 0.0), 3: ("Kim_ECG", 1000.0, 50e-6)}
    raw += written_files._header(1, "amp", "EEG", 1000, "uV") + written_files._header(
        4, "Marks", "Markers", 0.0, "", "string"
    )
    for k, (name, _, _) in people.items():
        raw += written_files._header(k, name, "ECG", 1000, "mV")
    raw += written_files._samples(4, np.array([905.0, 915.0]), ["talk start", "talk stop"])
    rng = np.random.default_rng(0)
    for begin in range(0, n, 333):
        true = np.arange(begin, min(begin + 333, n)) / 1000 + (5.0 if begin >= pause_at else 0.0)
        for k, (_, zero, drift) in people.items():
            theirs = zero + true * (1 + drift) + rng.normal(0, 1e-4, len(true))
            raw += written_files._samples(k, theirs, np.sin(7 * true) + k)
            raw += written_files._offset(k, theirs[0], 900.0 - zero - drift * true[0])
        raw += written_files._samples(1, 900.0 + true, true)
    path = folder / "lab.xdf"
    path.write_bytes(raw)
    return path


def hearts(path):
    found = door.read(path)
    return {s.owner_hint: s for s in found if s.kind == "ecg"}, found


def test_a_large_xdf_says_the_same_but_for_what_has_no_use(tmp_path, monkeypatch):
    pytest.importorskip("pyxdf")
    path = lab(tmp_path, pause_at=9_990)
    whole, _ = hearts(path)
    monkeypatch.setattr(xdf_large, "fits", lambda streams: False)
    again, found = hearts(path)
    assert {s.kind for s in found} == {"ecg", "markers"}
    assert "amp" in next(n.text for n in found[0].notices if n.code == "left_out")
    assert again.keys() == whole.keys() == {"Alex", "Kim"}
    for who, one in whole.items():
        assert isinstance(one.data, Samples)  # for the pause
        np.testing.assert_allclose(again[who].data.times_s, one.data.times_s, atol=1e-9)
        np.testing.assert_allclose(again[who].data.values, one.data.values, atol=1e-6)
    marks = next(s for s in found if s.kind == "markers")
    assert [(round(x.start_s, 3), x.text) for x in marks.data.labels] == [
        (5.0, "talk start"), (15.0, "talk stop")
    ]  # fmt: skip


def test_an_xdf_that_does_not_fit_is_averaged_or_refused(tmp_path, monkeypatch):
    pytest.importorskip("pyxdf")
    path = lab(tmp_path, pause_at=9_990)
    needed = xdf_large._bytes({k: xdf_large.Kept([0], 3, 20_000, 12) for k in (2, 3)})
    monkeypatch.setattr(xdf_large, "MOST_BYTES", 1.01 * needed + 1000)
    slower, found = hearts(path)
    told = next(n.text for n in found[0].notices if n.code == "averaged")
    assert "Alex_ECG by 3, Kim_ECG by 3" in told
    for k, one in zip((2, 3), slower.values(), strict=True):
        assert np.diff(one.data.times_s).max() == pytest.approx(5.0, abs=0.01)
        np.testing.assert_allclose(np.median(np.diff(one.data.times_s)), 3e-3, rtol=1e-3)
        true = one.data.times_s + 0.001  # zero is the middle of the first three
        np.testing.assert_allclose(one.data.values, np.sin(7 * true) + k, atol=1e-3)
        assert len(one.data.values) >= 20_000 // 3 - 2
    monkeypatch.setattr(xdf_large, "MOST_BYTES", needed / 2)
    with pytest.raises(FormatError, match="more than can be read"):
        door.read(path)


def test_a_large_xdf_that_is_cut_short_is_read_as_far_as_it_goes(tmp_path, monkeypatch):
    pytest.importorskip("pyxdf")
    path = lab(tmp_path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    monkeypatch.setattr(xdf_large, "fits", lambda streams: False)
    found, streams = hearts(path)
    assert 9_000 < len(found["Alex"].data.values) < 11_000
    assert "cut_short" in {n.code for n in streams[0].notices}


@pytest.mark.parametrize("words", [True, False])
def test_a_chunk_of_xdf_that_cannot_hold_what_it_says_costs_itself_alone(tmp_path, words):
    """Found by fuzzing: pyxdf makes room for as many marks as a chunk claims, here 2 GB."""
    pytest.importorskip("pyxdf")
    path = lab(tmp_path, n=2000)
    stream = 4 if words else 2
    claims = written_files._chunk(3, struct.pack("<IBI", stream, 4, 30_000_000) + b"\0" * 40)
    boundary = written_files._chunk(5, bytes.fromhex("43a546dccbf5410fb30ed5467383cbe4"))
    before, after = path.read_bytes(), written_files._samples(4, np.array([918.0]), ["after it"])
    path.write_bytes(before + claims + after + boundary + after + after[:-3])
    tracemalloc.start()
    found, streams = hearts(path)
    assert tracemalloc.get_traced_memory()[1] < 60e6
    tracemalloc.stop()
    assert {len(s.data.values) for s in found.values()} == {2000}
    marks = next(s for s in streams if s.kind == "markers")
    assert [x.text for x in marks.data.labels] == ["talk start", "talk stop", "after it"]
    assert "cut_short" in {n.code for n in streams[0].notices}
