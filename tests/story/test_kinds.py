from __future__ import annotations

import numpy as np
import pytest
from tracks_made import EACH, able, levels, person_states, told

from coregulate.core import Label, Track

LOW, N = levels((0.9, 60), (0.2, 60), (0.9, 80)), 200
FIGHT, SHUT, FINE = person_states(LOW, 0.1), person_states(LOW, 0.9), person_states(np.full(N, 0.9))
UNTOLD = (("social",), ("play",), ("still",), ("fight_flight", "shutdown"))


@pytest.mark.parametrize(
    ("a", "b", "kind"),
    [
        (FIGHT, FIGHT, "mutual activation"),
        (FIGHT, SHUT, "one activated and one withdrawn"),
        (SHUT, FIGHT, "one activated and one withdrawn"),
        (SHUT, SHUT, "mutual withdrawal"),
        (FIGHT, FINE, "one alone"),
        (FINE, SHUT, "one alone"),
    ],
)
def test_kind(a, b, kind):
    (episode,) = told({"a": a, "b": b}).episodes
    assert episode.kind == kind
    assert (episode.start_s, episode.end_s, episode.recovered, episode.recovery_s) == (60, 120, True, 60)
    assert [p.kind for p in episode.phases] == [kind]


def test_kind_is_not_told_where_the_two_cannot_be_told_apart():
    story = told({"a": FIGHT, "b": SHUT}, supported={"a": able(groups=UNTOLD), "b": able()})
    assert story.episodes[0].kind == "both off track"


def test_a_human_code_outranks_the_model():
    codes = {"a": Track((Label(55, 130, "Stonewalling"),))}
    (episode,) = told({"a": FIGHT, "b": FIGHT}, codes=codes).episodes
    assert episode.kind == "one activated and one withdrawn"
    assert episode.coded_withdrawal == (("a", 55, 130),)


def test_a_human_code_outranks_the_model_also_where_states_cannot_be_told_apart():
    supported = {"a": able(groups=UNTOLD), "b": able(groups=UNTOLD)}
    codes = {p: Track((Label(55, 130, "withdrawal"),)) for p in "ab"}
    (episode,) = told({"a": FIGHT, "b": FIGHT}, codes=codes, supported=supported).episodes
    assert episode.kind == "mutual withdrawal"


def test_phases_of_five_seconds_or_more():
    low = levels((0.9, 30), (0.2, 70), (0.9, 60))
    shut = np.r_[np.zeros(60), np.ones(4), np.zeros(6), np.ones(90)]
    a, b = person_states(low, 0.0), np.array(person_states(low))
    b = person_states(low, 0.0) * (1 - shut[:, None]) + person_states(low, 1.0) * shut[:, None]
    (episode,) = told({"a": a, "b": b}).episodes
    assert episode.phases == ((30, 70, "mutual activation"), (70, 100, "one activated and one withdrawn"))


def test_coming_back_before_it_holds_is_a_phase_of_its_own():
    a = levels((0.2, 20), (0.8, 20), (0.2, 15), (0.9, 60))
    (episode,) = told({"a": person_states(a), "b": person_states(np.full(115, 0.9))}).episodes
    assert [p.kind for p in episode.phases] == ["one alone", "on the way back", "one alone"]
    assert episode.phases[1][:2] == (20, 40)


def test_withdrawals_are_listed_without_any_episode():
    labels = (
        Label(10, 12, "silent withdrawal"), Label(12, 15.5, "STONEWALLING"),  # touch: one stretch of 5.5 s
        Label(30, 34.9, "Stonewalling"), Label(50, 60, "Interest"), Label(80, 90, "no such code"),
    )  # fmt: skip
    fine = {"a": FINE, "b": FINE}
    nobody = {p: able(episodes=False, level_known=False) for p in fine}
    for supported in (None, nobody):
        story = told(fine, codes={"b": Track(labels)}, supported=supported)
        assert story.withdrawals == (("b", 10, 15.5),)
        assert story.episodes == ()


def test_who_carries_the_whole_posterior():
    (episode,) = told({"a": FIGHT, "b": FINE}).episodes
    assert episode.who["a"]["safe"] == pytest.approx(0.2)
    assert episode.who["a"]["fight_flight"] == pytest.approx(0.8 * 0.9)
    assert episode.who["a"]["below_s"] == episode.who["a"]["observed_s"] == 60
    assert episode.who["b"]["below_s"] == 0
    assert EACH  # the default: every state told apart
