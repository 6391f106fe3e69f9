"""One session's bond: which pair the word rests on, what is exploratory, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from oscillator_pairs import random_truth, simulate

from coregulate.bond import PRIMARY, measure_bond, word
from coregulate.core import BondSettings, Signal

PEOPLE = ("alex", "robin")


def bond(series, people=PEOPLE, **more):
    return measure_bond(people, series, settings=BondSettings(), rng=np.random.default_rng(0), **more)


def both(a, b, rate_hz=1.0, start_s=0.0):
    return {"alex": Signal(a, rate_hz, start_s), "robin": Signal(b, rate_hz, start_s)}


@pytest.fixture(scope="module")
def linked():
    rng = np.random.default_rng(3)
    return simulate(random_truth(rng, 1.3, 1), 1500, rng)


@pytest.fixture
def noise():
    return np.random.default_rng(1).standard_normal((2, 1500))


def test_the_primary_pair_comes_first_and_the_rest_is_one_family(linked, noise):
    found = bond({"rsa": both(*noise), "motion_energy": both(*noise[::-1]), "heart_period": both(*linked)})
    assert found.primary is not None
    assert found.primary["cue"] == "heart_period"
    assert [c.a_cue for c in found.couplings] == ["heart_period", "motion_energy", "rsa"]
    assert [c.exploratory for c in found.couplings] == [False, True, True]
    assert found.couplings[0].q == found.couplings[0].p < 0.05
    family = found.couplings[1:]
    assert max(c.q for c in family) == max(c.p for c in family)
    assert all(c.q >= c.p for c in family)
    assert found.notices == ()
    alone = word(*linked, rate_hz=1.0, settings=BondSettings())
    assert found.word == alone
    assert alone.p_any < 0.001
    assert found.couplings[0].estimate.value == abs(found.couplings[0].value)


def test_preference_is_by_name_and_needs_enough(linked, noise):
    patchy = noise[0].copy()
    patchy[::3] = np.nan
    found = bond({"heart_period": both(patchy, noise[1]), "skin_conductance": both(*linked)})
    assert found.primary is not None
    assert found.primary["cue"] == "skin_conductance"
    assert PRIMARY[0] == "heart_period"
    assert PRIMARY[-1] == "motion_energy"


def test_motion_energy_only_when_there_is_nothing_else(noise):
    found = bond({"motion_energy": both(*noise), "rsa": both(*noise)})
    assert found.primary is not None
    assert found.primary["cue"] == "motion_energy"
    assert found.notices == ()


def test_swapping_the_people_swaps_the_bond(linked):
    one, two = bond({"heart_period": both(*linked)}), bond({"heart_period": both(*linked)}, PEOPLE[::-1])
    assert one.word == two.word.swapped()
    c, d = one.couplings[0], two.couplings[0]
    assert (c.value, c.p) == (d.value, d.p)
    assert c.leads == d.leads
    assert c.lag_s == pytest.approx(-d.lag_s, nan_ok=True)


def test_untied_clocks_say_nothing(linked):
    found = bond({"heart_period": both(*linked)}, clocks_tied=False)
    assert (found.word.verdict, found.word.reason) == ("undetermined", "their clocks are not tied")
    assert found.couplings == ()
    assert found.primary is None


def test_series_are_laid_over_each_other_by_time(linked):
    a, b = linked
    late = {"heart_period": {"alex": Signal(a, 1.0, 0.0), "robin": Signal(b[100:], 1.0, 100.0)}}
    plain = both(a[100:], b[100:], start_s=100.0)
    assert bond(late).word == bond({"heart_period": plain}).word
    quarter = {"heart_period": {"alex": Signal(np.repeat(a, 4), 4.0), "robin": Signal(b, 1.0)}}
    assert bond(quarter).word.p_any == pytest.approx(bond({"heart_period": both(a, b)}).word.p_any, rel=1e-6)


def test_reasons_when_no_pair_will_do(noise):
    a, b = noise
    assert bond({}).word.reason == "no pair of series"
    assert bond({"heart_period": {"alex": Signal(a, 1.0)}}).word.reason == "no pair of series"
    short = bond({"heart_period": both(a[:569], b[:569])}).word
    assert (short.reason, short.common_s) == ("too short", 569.0)
    apart = {"heart_period": {"alex": Signal(a, 1.0), "robin": Signal(b, 1.0, 5000.0)}}
    assert bond(apart).word.reason == "no pair of series"
    assert bond(apart).notices[0].code == "no-common-time"
    patchy = a.copy()
    patchy[::3] = np.nan
    assert bond({"heart_period": both(patchy, b)}).word.reason == "too little observed"


def test_a_short_coupling_is_not_known(noise):
    a, b = noise[:, :120]
    coupling = bond({"rsa": both(a, b)}).couplings[0]
    assert np.isnan(coupling.value)
    assert np.isnan(coupling.q)
    assert coupling.notices[0].code == "too-short"
    assert coupling.leads == "cannot be told"


def test_slow_ratings_and_several_columns_do_not_raise(linked):
    a, b = linked
    found = bond({"felt_safe": both(a[::2], b[::2], rate_hz=0.5)})
    assert found.primary is not None
    assert found.primary["rate_hz"] == 0.5
    wide = {p: Signal(np.zeros((900, 2)), 1.0) for p in PEOPLE}
    assert bond({"heart_period": wide}).notices[0].code == "not-one-series"
