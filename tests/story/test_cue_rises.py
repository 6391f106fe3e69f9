"""When cues rose: both ways, only those that the other can perceive and that are of one person."""

from __future__ import annotations

import numpy as np
import xarray as xr

from coregulate.story import cue_rises

STATES = ["social", "play", "still", "fight_flight", "shutdown"]


def ledger(courses):
    """Evidence of two people in which each cue speaks for the safe states by its course."""
    n = len(next(iter(courses.values())))
    values = np.zeros((2, n, len(courses), 5))
    for k, course in enumerate(courses.values()):
        values[0, :, k, :3] = np.asarray(course)[:, None] / 2
        values[0, :, k, 3:] = -np.asarray(course)[:, None] / 2
    return xr.DataArray(
        values,
        dims=("person", "time", "cue", "state"),
        coords={"person": ["alex", "sam"], "cue": list(courses), "state": STATES},
    )


def test_rises_and_falls_are_told_in_seconds():
    course = np.r_[np.zeros(10), np.ones(5), np.zeros(5), -np.ones(5), np.zeros(5)]
    found = cue_rises(ledger({"f0": course}), step_s=2.0)
    assert found["alex"]["f0 toward safety"].tolist() == [20.0]
    assert found["alex"]["f0 toward threat"].tolist() == [40.0]
    assert found["sam"]["f0 toward safety"].tolist() == []


def test_what_the_other_cannot_perceive_or_is_of_both_is_left_out():
    course = np.r_[np.zeros(5), np.ones(5)]
    from coregulate.cues import load_cuebook

    book = load_cuebook().cues
    by_channel = {book[name].channel: name for name in book}
    names = [by_channel[c] for c in ("heart", "skin", "turns", "touch", "voice", "face")]
    found = cue_rises(ledger(dict.fromkeys(names, course)), step_s=1.0)["alex"]
    assert {name.partition(" toward")[0] for name in found} == {by_channel["voice"], by_channel["face"]}
