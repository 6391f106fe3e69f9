"""Several sessions of the same two people give one word, whatever their order; strangers stay apart."""

from __future__ import annotations

import numpy as np
import pytest

from coregulate.analysis import SessionFacts, pool_sessions, pooled_summary
from coregulate.bond import Bond, Word
from coregulate.core import BondSettings, Estimate, Person
from coregulate.writers import pooled_words

ALEX, SAM, KIM = Person("alex", "Alex"), Person("sam", "Sam"), Person("kim", "Kim")


def session(one, two, *, p12=0.2, p21=0.03, cue="heart_period", gain=0.3):
    bounds = (Estimate(gain, gain - 0.2, gain + 0.2),) * 2
    word = Word(
        "undetermined", "one-way", 0.01, p12, p21, 5.0, bounds[0], bounds, (0.4, 0.6), bounds, 900.0, 1.0
    )
    facts = SessionFacts("talk", (one, two), 900.0, 900.0, None)
    return facts, Bond({"cue": cue, "people": (one.id, two.id)}, word, (), ())


def test_three_sessions_of_the_two_become_one_word():
    sessions = [session(ALEX, SAM), session(SAM, ALEX, p12=0.03, p21=0.2), session(ALEX, SAM)]
    (found,) = pool_sessions(sessions, settings=BondSettings())
    assert found.people == ("alex", "sam")
    assert found.at == (0, 1, 2)
    assert found.word.common_s == 2700
    # The second session lists the two the other way round: its p12 is the others' p21.
    assert found.word.p21 < 0.005 < found.word.p12 < 0.2
    assert found.word.gain.high - found.word.gain.low == pytest.approx(0.4 / np.sqrt(3), rel=0.01)
    said = pooled_words(found, sessions[0][0])
    assert said.startswith("If Alex and Sam are the same two people in all of them (3 sessions, 45 min")
    assert pooled_summary(found)["sessions"] == 3


def test_only_the_same_two_and_the_same_series_are_pooled():
    settings = BondSettings()
    assert pool_sessions([session(ALEX, SAM), session(ALEX, KIM)], settings=settings) == []
    assert pool_sessions([session(ALEX, SAM), session(ALEX, SAM, cue="f0")], settings=settings) == []
    other = session(ALEX, Person("sam", "Samira"))
    assert pool_sessions([session(ALEX, SAM), other], settings=settings) == []
    facts, bond = session(ALEX, SAM)
    assert pool_sessions([(facts, bond._replace(primary=None))] * 2, settings=settings) == []
