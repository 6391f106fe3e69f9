from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coregulate.core import InputError
from coregulate.session import session_from_memory

T = np.arange(2000) / 100


def test_two_tables_by_date_meet_on_one_clock():
    start = pd.Timestamp("2023-11-14T22:13:20Z")
    frames = {
        name: pd.DataFrame(
            {"ECG (mV)": np.sin(9 * T), "dial": 50 + 40 * np.sin(T)},
            index=start + pd.to_timedelta(T + late, "s"),
        )
        for name, late in (("Alex", 0.0), ("Kim", 5.0))
    }
    session = session_from_memory(frames, name="tuesday")
    assert [p.name for p in session.people] == ["Alex", "Kim"]
    ecg = {s.person: s.data for s in session.streams if s.kind == "ecg"}
    assert (ecg["alex"].unit, ecg["alex"].rate_hz) == ("mv", 100.0)
    assert ecg["kim"].span.start_s == pytest.approx(5.0)
    assert session.plan.start_unix_s == start.timestamp()
    session.require_consent()
    assert [f.path for f in session.inputs()] == ["Alex", "Kim"]


def test_an_mne_raw_and_a_table():
    mne = pytest.importorskip("mne")
    info = mne.create_info(["E", "GSR 1", "Cz"], 100.0, ["ecg", "gsr", "eeg"])
    raw = mne.io.RawArray(np.array([1e-3 * np.sin(9 * T), 3e-6 + 1e-6 * np.sin(T), T]), info, verbose="error")
    raw.set_annotations(mne.Annotations([2.0], [1.0], ["talk start"]))
    frame = pd.DataFrame({"respiration": np.sin(T)})
    session = session_from_memory({"Alex": raw, "Kim": frame}, rate_hz=100.0)
    found = {(s.person, s.kind): s.data for s in session.streams}
    assert found["alex", "eda"].values[0] == pytest.approx(3.0)
    assert found["alex", "eda"].unit == "us"
    assert ("kim", "respiration") in found
    assert next(s for s in session.streams if s.kind == "markers").data.labels[0].start_s == pytest.approx(
        2.0
    )


@pytest.mark.parametrize(
    ("bad", "match"),
    [
        (pd.DataFrame({"ECG": np.ones(50)}), "no time"),
        (pd.DataFrame({"name": ["a"]}), "no column of numbers"),
        (pd.DataFrame({"ECG": [1.0, 2.0]}, index=[1.0, 0.5]), "backwards"),
        (3, "is a int"),
    ],
)
def test_what_cannot_be_used_is_named(bad, match):
    good = pd.DataFrame({"respiration": np.sin(T)}, index=T)
    with pytest.raises(InputError, match=match):
        session_from_memory({"Alex": bad, "Kim": good})
