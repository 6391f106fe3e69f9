"""People who never met: how often the tests link them. And no word from the couples either."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from coregulate.bond import SuiteSettings, couple, word
from coregulate.bond.links import by_cross_spectrum
from coregulate.bond.oscillators import Fits, fit_uncoupled
from coregulate.bond.prepare import spectra, whole
from coregulate.core import BondSettings


@pytest.fixture(scope="module")
def dials(data_dir):
    file = data_dir / "couples" / "rties_dial.csv.gz"
    if not file.exists():
        pytest.skip("no couples' dials here")
    import pandas as pd

    table = pd.read_csv(file).sort_values("time", kind="stable")
    couples: dict[int, list[np.ndarray]] = {}
    for (pair, _), rows in table.groupby(["couple", "person"]):
        couples.setdefault(pair, []).append(rows["dial"].to_numpy(float))
    return [pair for pair in couples.values() if len(pair) == 2]


def dial_words(pairs):
    # About one sample each 2 s; fitted in units of samples, from 300 samples.
    settings = BondSettings(min_common_s=300)
    found = []
    for a, b in pairs:
        n = min(len(a), len(b))
        found.append(word(a[:n], b[:n], rate_hz=1.0, settings=settings))
    return [w for w in found if np.isfinite(w.p_any)]


def test_dials_of_people_who_never_met_are_linked_in_about_one_of_twenty(dials):
    n = len(dials)
    found = dial_words((dials[i][0], dials[(i + k) % n][1]) for k in (7, 31) for i in range(n))
    assert len(found) > 110
    # Measured on 258 mismatched pairs: 4.3 % (elsewhere 4.0 to 6.8 %).
    assert 0.01 <= np.mean([w.p_any < 0.05 for w in found]) <= 0.11
    assert {w.verdict for w in found} <= {"independent", "undetermined"}


def test_dials_of_couples_are_linked_more_often_and_still_earn_no_coupled_word(dials):
    found = dial_words(dials)
    assert np.mean([w.p_any < 0.05 for w in found]) >= 0.08  # measured 11.1 %
    assert {w.verdict for w in found} <= {"independent", "undetermined"}


def test_motion_of_people_who_never_met(data_dir):
    files = sorted((data_dir / "therapy" / "motion_energy").glob("*_01.txt"))
    if len(files) < 5:
        pytest.skip("no therapy motion energy here")
    dyads = [np.loadtxt(f, skiprows=1)[:15000].reshape(600, 25, 2).mean(axis=1) for f in files]
    pairs = [(i, j) for i in range(len(dyads)) for j in range(len(dyads)) if i != j]
    few = SuiteSettings(surrogates=200, course=0)
    found = [couple(dyads[i][:, 0], dyads[j][:, 1], rate_hz=1.0, settings=few)[0] for i, j in pairs]
    p = np.array([t.p for t in found])
    assert np.mean(p < 0.05) <= 0.13  # measured 7.8 % on 90 pairs


def linked(a, b):
    n = min(len(a), len(b))
    even = [whole([x[:n]], 1.0, normalise_bursts=True)[0] for x in (a, b)]
    data = spectra([(even[0], even[1])], 1.0)
    alone = fit_uncoupled(data)
    return by_cross_spectrum(Fits(alone, alone, alone, alone), data).p_any < 0.05


def by_the_second(file, skip):
    moves = np.genfromtxt(file, skip_header=skip)[:, :2]
    n = len(moves) // 25
    return moves[: n * 25].reshape(n, 25, 2).mean(axis=1)


@pytest.mark.parametrize(("folder", "skip"), [("therapy", 1), ("discussion", 0)])
def test_the_words_link_test_holds_on_motion_of_people_who_never_met(data_dir, folder, skip):
    files = sorted((data_dir / folder / "motion_energy").glob("*.txt"))
    if len(files) < 5:
        pytest.skip(f"no {folder} motion energy here")
    people = [(k, moves) for k, file in enumerate(files) for moves in by_the_second(file, skip).T]
    pairs = [(a, b) for (i, a), (j, b) in combinations(people, 2) if i != j]
    # Measured: 3.9 % of 180 and 4.9 % of 144; a likelihood ratio finds 13 to 18 %.
    assert 0.02 <= np.mean([linked(a, b) for a, b in pairs]) <= 0.085
