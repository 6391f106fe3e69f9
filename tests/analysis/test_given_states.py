"""The whole way back: states that were given, through bodies and files, to what the circuits read."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
from scipy.stats import rankdata

from coregulate.analysis import analyze
from coregulate.core import Settings
from coregulate.session import open_session, propose_session, write_plan
from coregulate.simulate import draw_states, simulate_session

SENSORS = ("ecg", "respiration", "eda", "movement")


def area(truth: np.ndarray, score: np.ndarray) -> float:
    n = truth.sum()
    return float((rankdata(score)[truth].sum() - n * (n + 1) / 2) / (n * (~truth).sum()))


def test_given_states_come_back_from_files(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    lived = {name: draw_states(1200, rng) for name in ("Alex", "Sam")}
    truth = simulate_session(
        tmp_path, seed=8, minutes=20, channels=SENSORS, states=lived, within=0.3, ecg_rate_hz=125
    )
    plan = propose_session(tmp_path, tmp_path).plan
    people = tuple(dataclasses.replace(p, consent="elsewhere") for p in plan.people)
    write_plan(dataclasses.replace(plan, people=people), tmp_path)
    found = analyze(open_session(tmp_path), settings=Settings().changed({"bond.surrogates": 20}))
    after = slice(round(truth.baseline.end_s), 1200)
    p = np.concatenate([found.states.sel(person=pid).values[after] for pid in truth.people])
    path = np.concatenate([truth.states[pid][after] for pid in truth.people])
    assert area(path < 3, p[:, :3].sum(axis=1)) > 0.7
    assert area(np.isin(path, (1, 3)), p[:, [1, 3]].sum(axis=1)) > 0.7
    for pid in truth.people:
        assert found.circuits.supported[pid].level_known
