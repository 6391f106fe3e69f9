"""A text too large to hold is read in blocks and says the same; of what does not fit, what has a use is kept."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest

from coregulate.core import FormatError, Samples, Signal
from coregulate.readers import door, edf, large_table, text

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
