"""A data set of several pairs becomes a session for each, in both ways that BIDS shows."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from coregulate.cli import main
from coregulate.session import dyads_of, open_session

TWO_WAYS = {
    "sessions": (("01", "dyadic1", ""), ("02", "dyadic1", ""), ("03", "dyadic2", ""), ("04", "dyadic2", "")),
    "pairs": tuple(
        (f"S00{k}", str(session), f"_acq-dyad00{(k + 1) // 2}") for k in (1, 2, 3, 4) for session in (1, 2)
    ),
}


def data_set(folder: Path, rows: tuple[tuple[str, str, str], ...], task: str = "talk") -> Path:
    (folder / "dataset_description.json").write_text('{"Name": "x", "BIDSVersion": "1.10.0"}')
    (folder / "participants.tsv").write_text("participant_id\n")
    beats = np.sin(np.arange(3000) / 10)
    for subject, session, pair in rows:
        place = folder / f"sub-{subject}" / f"ses-{session}" / "beh"
        place.mkdir(parents=True, exist_ok=True)
        stem = place / f"sub-{subject}_ses-{session}_task-{task}{pair}_physio"
        stem.with_suffix(".json").write_text(
            json.dumps({"SamplingFrequency": 100, "StartTime": 0, "Columns": ["ecg"]})
        )
        body = "\n".join(f"{x:.3f}" for x in beats)
        stem.with_name(stem.name + ".tsv.gz").write_bytes(gzip.compress(body.encode()))
    return folder


@pytest.mark.parametrize("way", TWO_WAYS)
def test_a_session_for_each_pair(tmp_path, way):
    folder = data_set(tmp_path, TWO_WAYS[way])
    found = dyads_of(folder)
    assert list(found) == (
        ["dyadic1-talk", "dyadic2-talk"] if way == "sessions"
        else [f"dyad00{d}-{s}-talk" for d in (1, 2) for s in (1, 2)]
    )  # fmt: skip
    with pytest.raises(SystemExit) as left:
        main(["init", str(folder), "--yes", "--quiet"])
    assert not left.value.code
    for name in found:
        session = open_session(folder / name)
        assert len({s.person for s in session.streams}) == 2
        assert {s.kind for s in session.streams} == {"ecg"}
        assert {p.name for p in session.people} <= {f"sub-{r[0]}" for r in TWO_WAYS[way]}


def test_what_is_no_data_set_of_pairs_is_left_alone(tmp_path):
    one = data_set(tmp_path, TWO_WAYS["sessions"][:2])
    assert dyads_of(one) == {}  # one pair: the folder is the session
    data_set(one, (("05", "a", ""), ("06", "a", ""), ("07", "a", "")))
    assert dyads_of(one) == {}  # three in a session are no pair
