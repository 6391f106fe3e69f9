"""What is exported can be read again, by others and by us, and gives the same analysis."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from coregulate.analysis import Analysis, analyze, dumps
from coregulate.core import Settings, StoreError
from coregulate.readers import read, recognise
from coregulate.session import open_session, propose_session, write_plan
from coregulate.writers import export_tracks, to_mne, write_bids, write_elan, write_table

START = 1_700_000_000.0
SETTINGS = Settings().changed({"bond.surrogates": 50})


def written(folder, start):
    rng = np.random.default_rng(0)
    for name in ("alex", "kim"):
        dial = np.clip(50 + np.cumsum(rng.normal(size=700)), 0, 100)
        rows = "\n".join(f"{start + k:.2f},{v:.3f}" for k, v in enumerate(dial))
        (folder / f"{name}_dial.csv").write_text("timestamp,felt_safe\n" + rows)
        codes = "\n".join(
            f"{start + 10 * k},{start + 10 * k + 6},{'Anger' if k % 7 == 3 else 'Neutral'}" for k in range(60)
        )
        (folder / f"{name}_codes.csv").write_text("start,end,code\n" + codes)
        moved = "\n".join(
            f"{start + k / 10 + 0.004 * (k % 3):.3f},{a:.4f},{b:.4f},{1 + c:.4f}"
            for k, (a, b, c) in enumerate(0.1 * rng.normal(size=(3000, 3)))
        )
        (folder / f"{name}_acc.csv").write_text("timestamp,acc_x,acc_y,acc_z\n" + moved)
    plan = propose_session(folder, folder).plan
    people = tuple(dataclasses.replace(p, consent="given") for p in plan.people)
    write_plan(dataclasses.replace(plan, people=people), folder)
    return open_session(folder)


@pytest.fixture(scope="module", params=[0.0, START], ids=["no clock", "unix"])
def session(request, tmp_path_factory):
    return written(tmp_path_factory.mktemp("talk"), request.param)


@pytest.fixture(scope="module")
def analysis(session) -> Analysis:
    return analyze(session, settings=SETTINGS)


def test_bids_read_again_gives_the_same_analysis(session, analysis, tmp_path):
    folder = write_bids(session, tmp_path / "bids", analysis=analysis)
    again = open_session(folder)
    assert len(again.streams) == len(session.streams)
    for ours, theirs in zip(session.streams, again.streams, strict=True):
        assert (ours.person, ours.kind, ours.range) == (theirs.person, theirs.kind, theirs.range)
        assert type(ours.data) is type(theirs.data)
        if hasattr(ours.data, "values"):
            assert getattr(ours.data, "rate_hz", None) == pytest.approx(getattr(theirs.data, "rate_hz", None))
            np.testing.assert_array_equal(ours.data.values, theirs.data.values)
            np.testing.assert_allclose(ours.data.times_s, theirs.data.times_s, atol=2e-6)
    second = analyze(again, settings=SETTINGS)
    np.testing.assert_allclose(second.states.values, analysis.states.values, atol=1e-6)
    for name in analysis.cues.data_vars:
        np.testing.assert_allclose(second.cues[name].values, analysis.cues[name].values, atol=1e-6)
    assert dumps(second.summary["episodes"]) == dumps(analysis.summary["episodes"])
    with pytest.raises(StoreError):
        write_bids(session, folder)


def test_bids_is_proposed_without_its_session_file(session, tmp_path):
    folder = write_bids(session, tmp_path / "bids")
    assert json.loads((folder / "dataset_description.json").read_text())["BIDSVersion"]
    plan = propose_session(folder, tmp_path).plan
    assert {p.name for p in plan.people} == {"sub-alex", "sub-kim"}
    assert sorted((s.person, s.kind) for s in plan.streams) == sorted(
        (f"sub-{s.person}", s.kind) for s in session.streams
    )


def test_elan_opens_with_its_reference_library_and_with_ours(analysis, tmp_path):
    pympi = pytest.importorskip("pympi")
    path = write_elan(analysis, tmp_path / "talk.eaf")
    assert recognise(path) == "elan"
    codes = {s.owner_hint: s for s in read(path) if s.part.endswith("codes")}
    ours = [(x.start_s, x.end_s, x.text) for x in analysis.tracks["alex"]["codes"].labels]
    np.testing.assert_allclose([x[:2] for x in codes["Alex"].data.labels], [x[:2] for x in ours], atol=1e-3)
    assert [x.text for x in codes["Alex"].data.labels] == [x[2] for x in ours]
    peer = pympi.Elan.Eaf(str(path))
    assert len(peer.get_annotation_data_for_tier("Alex codes")) == len(ours)


def test_elan_lies_right_under_recordings_that_start_at_different_times(analysis, tmp_path):
    pympi = pytest.importorskip("pympi")
    films = {tmp_path / "room.mp4": 2.5, tmp_path / "kim.wav": 40.0}
    peer = pympi.Elan.Eaf(str(write_elan(analysis, tmp_path / "talk.eaf", media=films)))
    assert [m["TIME_ORIGIN"] for m in peer.media_descriptors] == ["37500", "0"]
    ours = [x for x in analysis.tracks["alex"]["codes"].labels if x.end_s >= 40.0]
    theirs = peer.get_annotation_data_for_tier("Alex codes")
    assert [(a, b) for a, b, *_ in theirs] == [
        (round(1000 * max(x.start_s - 40.0, 0.0)), round(1000 * (x.end_s - 40.0))) for x in ours
    ]


def test_tables_read_again(analysis, tmp_path):
    import pandas as pd

    table = export_tracks([analysis])
    for suffix in (".csv", ".parquet"):
        path = write_table(table, tmp_path / f"t{suffix}")
        back = pd.read_csv(path) if suffix == ".csv" else pd.read_parquet(path, engine="fastparquet")
        np.testing.assert_allclose(back.select_dtypes("number"), table.select_dtypes("number"), rtol=1e-9)


def test_mne_raw_in_memory(analysis):
    pytest.importorskip("mne")
    raw = to_mne(analysis, "alex")
    assert raw.info["sfreq"] == 10.0
    name = raw.ch_names.index("motion_energy")
    ours = analysis.signals["alex"]["motion_energy"]
    known = np.isfinite(ours.values)
    np.testing.assert_allclose(raw.get_data()[name][: len(ours.values)][known], ours.values[known])
