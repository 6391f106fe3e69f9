"""A coded conflict talk of a mother and an adolescent (published with Main, Paxton & Dale 2016)."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from coregulate.circuits import brier_parts, calibration_error, infer_circuits
from coregulate.core import CircuitSettings
from coregulate.cues import load_cuebook

BOOK = load_cuebook()
NEGATIVE = {
    "anger", "belligerence", "contempt", "criticism", "defensiveness", "disgust", "domineering",
    "sadness", "stonewalling", "tension",
}  # fmt: skip


@pytest.fixture(scope="module")
def coded(data_dir):
    file = data_dir / "conflict" / "low-satisfaction-dyad.txt"
    if not file.is_file():
        pytest.skip("the coded conflict talk is not in the folder of recordings")
    lines = [line.split("\t") for line in file.read_bytes().decode().split("\r")]
    return [(int(x[0]), BOOK.code(x[1][2:]).name, BOOK.code(x[2][2:]).name) for x in lines if x[0].isdigit()]


@pytest.fixture(scope="module")
def found(coded):
    n = coded[-1][0] + 1
    cues = {}
    for second, *pair in coded:
        for k, name in enumerate(pair):
            cues.setdefault(name, np.zeros((2, n * 10)))[k, second * 10 : second * 10 + 10] = 1.0
    table = {name: (("person", "time"), values) for name, values in cues.items()}
    cues = xr.Dataset(table, coords={"person": ["mother", "adolescent"], "time": np.arange(n * 10) / 10})
    return infer_circuits(cues, {}, book=BOOK, settings=CircuitSettings())


def test_both_are_coded_negative_most_of_the_time(coded):
    share = np.mean([{a[5:], b[5:]} <= NEGATIVE for _, a, b in coded])
    assert share == pytest.approx(0.62, abs=0.005)


def test_the_sixth_minute_is_the_worst_and_the_seventh_among_the_calmer(found):
    safe = found.states.sel(state=["social", "play", "still"]).sum("state").mean("person").values
    minutes = np.array([safe[k : k + 60].mean() for k in range(0, len(safe), 60)])
    order = np.argsort(minutes)  # worst first; minute 6 is second 300 to 359
    assert order[0] == 5
    assert list(order).index(6) >= len(order) / 2


def test_shutdown_peaks_where_stonewalling_was_coded(found):
    shutdown = found.states.sel(person="adolescent", state="shutdown").values.copy()
    inside = [slice(367, 374), slice(586, 595)]
    peaks = [shutdown[part].max() for part in inside]
    for part in inside:
        shutdown[part.start - 15 : part.stop + 15] = 0.0
    assert min(peaks) > shutdown[5:].max()  # the first seconds lean on the prior


def test_codes_say_safe_or_not_and_nothing_of_still(found):
    for told in found.supported.values():
        assert told.safe
        assert told.level_known
        assert told.absolute
        assert told.episodes
        assert ("still",) not in told.groups


def test_what_the_codes_say_of_safety_is_calibrated_on_the_codes_themselves(coded, found):
    """Their own channel, so no proof of the model; neutral seconds are neither."""
    truth, said = [], []
    for k, person in enumerate(("mother", "adolescent")):
        safe = found.states.sel(person=person, state=["social", "play", "still"]).sum("state").values
        for second, *codes in coded:
            if codes[k] != "code_neutral":
                truth.append(codes[k][5:] not in NEGATIVE)
                said.append(safe[second])
    parts = brier_parts(said, truth)
    assert calibration_error(said, truth) < 0.05  # measured: .026
    assert parts.score < parts.uncertainty  # better than always saying the average
