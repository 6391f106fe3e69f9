"""Times that tables write as text, and days that spreadsheets count."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from coregulate.core import FormatError
from coregulate.readers import read

BEGAN = datetime(2024, 12, 24, 13, 59, 30, tzinfo=UTC)
MOMENTS = [BEGAN + timedelta(seconds=k) for k in range(90)]


def heart_rate(path, header, cells, delimiter=","):
    rows = "".join(f"{cell}{delimiter}{70 + k % 9}\n" for k, cell in enumerate(cells))
    path.write_text(f"{header}{delimiter}HR\n{rows}", encoding="utf-8")
    streams = read(path)
    assert [s.kind for s in streams] == ["heart_rate"]
    return streams[0]


@pytest.mark.parametrize(
    ("header", "form"),
    [
        ("Time", "%Y-%m-%d %H:%M:%S"),
        ("Timestamp", "%d.%m.%Y %H:%M:%S"),
        ("Datum", "%d.%m.%Y %H:%M:%S"),
        ("Datum,Uhrzeit", "%d.%m.%Y,%H:%M:%S"),
        ("Date,Time", "%m/%d/%Y,%I:%M:%S %p"),
        ("Date,Time", "%d/%m/%Y,%H:%M:%S"),
        ("date,time", "%Y-%m-%d,%H:%M:%S"),
        ("date,time", "%Y/%m/%d,%H:%M:%S.250"),
        ("Time", "%Y/%m/%d-%H:%M:%S.250"),
        ("Time", "%Y%m%dT%H%M%S"),
        ("Time", "%d-%b-%Y %H:%M:%S"),
        ("Time", "%a %b %d %H:%M:%S %Y"),
        ("Time", "%Y-%m-%d %H.%M.%S"),
    ],
)
def test_dates_as_countries_write_them(tmp_path, header, form):
    stream = heart_rate(tmp_path / "x.csv", header, [m.strftime(form) for m in MOMENTS])
    assert stream.data.rate_hz == 1.0
    assert stream.origin_unix_s == BEGAN.timestamp()
    assert {n.code for n in stream.notices} == {"assumed_zone"}


@pytest.mark.parametrize(
    "form",
    [
        "%Y-%m-%d %H:%M:%S +0000",
        "%Y-%m-%d %H:%M:%S UTC",
        "%Y-%m-%d %H:%M:%S GMT+00:00",
        "%Y-%m-%d %H:%M:%S.%f+0000 [Europe/London]",
    ],
)
def test_zones_as_they_are_written(tmp_path, form):
    stream = heart_rate(tmp_path / "x.csv", "Time", [m.strftime(form) for m in MOMENTS])
    assert stream.origin_unix_s == BEGAN.timestamp()
    assert not stream.notices


@pytest.mark.parametrize("header", ["Data/Hora", "Fecha y hora", "Horodatage", "Tijd"])
def test_names_of_time_in_other_languages(tmp_path, header):
    stream = heart_rate(tmp_path / "x.csv", header, [m.strftime("%d.%m.%Y %H:%M:%S") for m in MOMENTS])
    assert stream.origin_unix_s == BEGAN.timestamp()


def test_a_zone_ahead_of_utc_is_taken_off(tmp_path):
    cells = [f"{m:%d.%m.%Y %H:%M:%S} {zone}" for m, zone in zip(MOMENTS, ["-0330"] * 90, strict=True)]
    stream = heart_rate(tmp_path / "x.csv", "Time", cells)
    assert stream.origin_unix_s == BEGAN.timestamp() + 3.5 * 3600


def test_a_date_that_does_not_tell_the_day_from_the_month_is_said(tmp_path):
    cells = [f"05/06/2024 14:00:{k:02d}" for k in range(50)]
    stream = heart_rate(tmp_path / "x.csv", "Time", cells)
    assert stream.origin_unix_s == datetime(2024, 5, 6, 14, tzinfo=UTC).timestamp()
    assert any("the month is taken" in n.text for n in stream.notices)


@pytest.mark.parametrize(
    ("header", "write", "first_s"),
    [
        ("Time", lambda k: f"14:{k // 60:02d}:{k % 60:02d}", 14 * 3600.0),
        ("Uhrzeit", lambda k: f"14:{k // 60:02d}:{k % 60:02d},500", 14 * 3600.0 + 0.5),
        ("Time", lambda k: f"2:{k // 60:02d}:{k % 60:02d} PM", 14 * 3600.0),
        ("Elapsed", lambda k: f"00:{k // 60:02d}:{k % 60:02d}", 0.0),
        ("hh:mm:ss", lambda k: f"00:{k // 60:02d}:{k % 60:02d}", 0.0),
        ("Time", lambda k: f"{k // 60:02d}:{k % 60:02d}", 0.0),
        ("Time", lambda k: f"14:{k // 60:02d}:{k % 60:02d}:250", 14 * 3600.0 + 0.25),
        ("Time", lambda k: f"{k // 60:02d}:{k % 60:02d}.25", 0.25),
        ("Minutes", lambda k: f"{k / 60:.5f}", 0.0),
        ("Time (min)", lambda k: f"{k / 60:.5f}", 0.0),
        ("Time [h]", lambda k: f"{k / 3600:.7f}", 0.0),
        ("Zeit (ms)", lambda k: f"{1000 * k}", 0.0),
        ("Time (us)", lambda k: f"{1000000 * k}", 0.0),
    ],
)
def test_times_without_a_date(tmp_path, header, write, first_s):
    stream = heart_rate(tmp_path / "x.csv", header, map(write, range(90)), delimiter=";")
    assert stream.origin_unix_s is None
    np.testing.assert_allclose(stream.data.times_s, first_s + np.arange(90), atol=1e-3)
    assert any(n.code == "time_of_day" for n in stream.notices) == (first_s > 3600)
    assert stream.attrs.get("of_day", False) == (first_s > 3600)


def test_a_date_that_has_its_time_is_not_added_to_another(tmp_path):
    cells = [f"{m:%Y-%m-%d %H:%M:%S},{m:%H:%M:%S}" for m in MOMENTS]
    stream = heart_rate(tmp_path / "x.csv", "Date,Time", cells)
    np.testing.assert_allclose(np.diff(stream.data.times_s), 1.0)
    assert stream.origin_unix_s == BEGAN.timestamp()


def test_a_talk_over_midnight_goes_on(tmp_path):
    cells = [
        f"{(86390 + k) % 86400 // 3600:02d}:{(86390 + k) // 60 % 60:02d}:{(86390 + k) % 60:02d}"
        for k in range(30)
    ]
    stream = heart_rate(tmp_path / "x.csv", "Time", cells)
    np.testing.assert_allclose(stream.data.times_s, 86390 + np.arange(30))


@pytest.mark.parametrize("zero_day", [25_569, 719_529])  # 1970-01-01 as Excel and as MATLAB count it
def test_days_as_spreadsheets_and_matlab_count_them(tmp_path, zero_day):
    cells = [f"{zero_day + m.timestamp() / 86400:.9f}" for m in MOMENTS]
    stream = heart_rate(tmp_path / "x.csv", "Time", cells)
    assert stream.origin_unix_s == pytest.approx(BEGAN.timestamp(), abs=1)
    np.testing.assert_allclose(np.diff(stream.data.times_s), 1.0, atol=1e-3)
    assert "assumed_zone" in {n.code for n in stream.notices}


def test_times_that_no_calendar_knows_are_an_error(tmp_path):
    with pytest.raises(FormatError, match="No time in column"):
        heart_rate(tmp_path / "x.csv", "Time", ["45.13.2024 12:00:00"] * 30)


def test_numbers_that_only_look_like_days_stay_seconds(tmp_path):
    stream = heart_rate(tmp_path / "x.csv", "time", [f"{50_400 + k}" for k in range(90)])
    assert stream.origin_unix_s is None
    assert stream.data.rate_hz == 1.0


def test_a_workbooks_columns_of_dates_and_times_are_one_clock(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["Date", "Time", "HR"])
    for k, m in enumerate(MOMENTS):
        book.active.append([m.date(), m.time(), 70 + k % 9])
    book.save(tmp_path / "x.xlsx")
    (stream,) = read(tmp_path / "x.xlsx")
    assert (stream.kind, stream.origin_unix_s, stream.data.rate_hz) == ("heart_rate", BEGAN.timestamp(), 1.0)
