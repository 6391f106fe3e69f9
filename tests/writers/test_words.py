"""Plain words: right, the same for both people, and never a verdict on a person."""

from __future__ import annotations

import dataclasses
import importlib.util
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import coregulate.bond
from coregulate.core import Label, Notice, Track
from coregulate.writers import terminal_summary, words

BANNED = (
    "trigger", "overreact", "winner", "loser", "score", "fault", "blame", "guilt", "victim", "abus", "toxic",
    "manipulat", "hysteri", "should have", "made you", "made him", "made her", "worse", "better than",
    "you failed", "provoked", "because of you", "disorder", "healthy", "nan", "none", "_",
)  # fmt: skip


def _standin() -> Any:
    path = Path(__file__).parents[1] / "report" / "standin.py"
    spec = importlib.util.spec_from_file_location("standin", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


standin = _standin()
PEOPLE = {"a": "Alex", "b": "Sam"}


def all_text(analysis: Any) -> list[str]:
    names = words.person_names(analysis.summary["people"])
    episodes = [s for e in analysis.story.episodes for s in words.episode_sentences(e, names)]
    changes = [words.change_sentence(m, names) for m in analysis.story.moments_of_change]
    return [
        *words.observations(analysis), *words.thing_to_try(analysis), *episodes, *changes,
        words.verdict_words(analysis.bond.word), *words.not_known_words(analysis),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (59.6, "1 min"), (100, "1 min 40 s"), (720, "12 min"), (725, "12 min"), (3600, "1 h"),
     (3725, "1 h 2 min"), (math.nan, "not known")],
)  # fmt: skip
def test_duration(seconds: float, said: str) -> None:
    assert words.duration_words(seconds) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0:00"), (270.9, "4:30"), (3725, "1:02:05"), (math.nan, "not known")]
)
def test_clock(seconds: float, said: str) -> None:
    assert words.clock_words(seconds) == said


@pytest.mark.parametrize(
    ("states", "said"),
    [("social", "engaged"), ("not_known", "not clear"), ("safe", "at ease"), ("social+play+still", "at ease"),
     (("play", "fight_flight"), "lively or activated"), (standin.STATES, "not clear")],
)  # fmt: skip
def test_states(states: Any, said: str) -> None:
    assert words.state_words(states) == said


def test_heart() -> None:
    assert words.heart_words("Alex", 12.3, "rest") == "Alex’s heart sped up by 12 a minute above Alex’s rest"
    assert words.heart_words("Sam", -4, "rest") == "Sam’s heart slowed by 4 a minute below Sam’s rest"


def test_a_heart_is_compared_with_the_marked_rest_else_with_the_middle_of_the_talk() -> None:
    analysis = standin.make_analysis(3, n_episodes=1)
    episode = analysis.story.episodes[0]
    found = words.heart_sentences(analysis, episode.start_s, episode.end_s)
    # 850 ms at rest and 730 ms in the episode: 70.6 and 82.2 a minute.
    assert found == [f"{n}’s heart sped up by 12 a minute above {n}’s rest" for n in ("Alex", "Sam")]
    analysis.summary["baselines"]["a"]["trusted"] = False
    analysis.signals["b"].clear()
    found = words.heart_sentences(analysis, episode.start_s, episode.end_s)
    assert all(text.startswith("Alex") and text.endswith("Alex’s middle of this talk") for text in found)


def test_each_verdict_and_each_reason_has_words() -> None:
    seen = set()
    for verdict in ("co-regulating", "co-dysregulating", "independent", "undetermined"):
        word = standin.make_analysis(0, verdict=verdict).bond.word
        text = words.verdict_words(word)
        assert text.count("not known") == (verdict == "undetermined") + ("How much more" in text)
        seen.add(text.split(":")[0])
        for reason in standin.REASONS if verdict == "undetermined" else ():
            said = words.why_words(reason)
            assert said.endswith(".") or reason == ""
            assert reason == "" or said in words.verdict_words(word._replace(reason=reason))
    assert len(seen) == 4
    word = word._replace(more_minutes=40.0)
    assert "About 40 min more" in words.verdict_words(word)


def test_every_reason_of_the_bond_is_known_to_the_words() -> None:
    # The reasons are constants of the module that defines Word; their text is what passes between the rooms.
    module = sys.modules[coregulate.bond.Word.__module__]
    names = ("TOO_SHORT", "CLOCKS", "NO_PAIR", "ONE_WAY", "NO_DIRECTION", "SHARED", "NO_OSCILLATION", "WIDE")
    for name in (*names, "MIXED", "LATE", "TOO_WEAK"):
        reason = getattr(module, name)
        assert words.why_words(reason) != f"{words.capital(reason)}.", reason


def test_the_strength_comes_first() -> None:
    back = standin.make_analysis(3, n_episodes=2)
    assert any(e.recovered for e in back.story.episodes)
    assert words.observations(back)[0].startswith("You found your way back")
    quiet = standin.make_analysis(3, n_episodes=0)
    quiet.states.loc[{"state": ["fight_flight", "shutdown"]}] = 0.0
    assert words.observations(quiet)[0] == "You were both at ease almost all of the time."
    nothing = standin.make_analysis(3, known="nothing", empty=True)
    assert words.observations(nothing)[0] == "You both gave 25 min to this recording."
    nothing.notices = (Notice("no_streams", "b", "Nothing was recorded of Sam."),)
    assert words.observations(nothing)[0] == "Alex gave 25 min to this recording."
    assert (
        words.observations(nothing)[2]
        == "Nothing was recorded of Sam: whether you steadied each other needs both."
    )
    assert words.thing_to_try(nothing)[0].startswith("Next time, record both of you")
    nothing.notices += (Notice("no_streams", "a", "Nothing was recorded of Alex."),)
    assert words.observations(nothing)[0] == "Neither of you could be read from this recording of 25 min."


def test_a_talk_of_which_only_turns_are_known_says_so_and_why_no_more() -> None:
    talk = standin.make_analysis(3, known="nothing", n_episodes=0, verdict="undetermined")
    said = {"a": [(0, 4), (10, 14), (20, 24)], "b": [(5, 9), (15, 19), (16, 17)]}
    talk.tracks = {p: {"speech": Track(tuple(Label(s, e, p) for s, e in spans))} for p, spans in said.items()}
    talk.summary["session"]["duration_s"] = 58.0
    first, second, third = words.observations(talk)
    assert first == "You spoke in turn: the word went from one to the other 4 times in 58 s."
    assert second == "How each body did is not known: 58 s are too short for a change to stand out."
    talk.summary["session"]["duration_s"] = 1500.0
    talk.story = talk.story._replace(moments_of_change=())
    assert "no calm stretch was marked" in words.observations(talk)[1]
    talk.bond = talk.bond._replace(word=talk.bond.word._replace(more_minutes=48.0))
    assert words.observations(talk)[2].endswith("this one talk; about 48 min more would likely tell.")
    assert third.startswith("Whether the two of you steadied each other is not known")


def test_hearts_that_rose_over_a_talk_are_said_where_nothing_else_is_known() -> None:
    talk = standin.make_analysis(3, known="nothing", n_episodes=0)
    talk.story = talk.story._replace(moments_of_change=())
    for pid, faster in (("a", 200.0), ("b", 0.0)):
        heart = talk.signals[pid]["heart_period"]
        talk.signals[pid]["heart_period"] = dataclasses.replace(
            heart, values=np.where(heart.times_s > 1000, heart.values - faster, heart.values)
        )
    # 850 and 650 ms: 70.6 and 92.3 a minute.
    assert (
        words.observations(talk)[1]
        == "From the first third to the last, Alex’s heart sped up by 22 a minute."
    )


def test_what_is_not_known_of_both_is_said_once() -> None:
    talk = standin.make_analysis(3, known="changes", verdict="co-regulating")
    (level,) = words.not_known_words(talk)
    assert level.startswith("Alex and Sam: how much at ease")
    assert "only how it changed is shown" in level
    one = talk.circuits.supported["a"]._replace(change_margin=-3.0)
    talk.circuits.supported["a"] = one
    first, second = words.not_known_words(talk)
    assert first.startswith("Alex: how much at ease")
    assert "how much at ease, how that changed" in first
    assert second.startswith("Sam: ")


def test_one_file_for_both_moves_nobody_together() -> None:
    talk = standin.make_analysis(3, n_episodes=0, verdict="undetermined")
    link = talk.bond.couplings[0]._replace(q=0.001)
    talk.bond = talk.bond._replace(couplings=(link, *talk.bond.couplings[1:]))
    assert "moved together more than chance" in words.observations(talk)[2]
    talk.notices = (
        *talk.notices,
        Notice("same_for_both", "a.csv", "The same ecg is given for Alex and Sam."),
    )
    assert words.observations(talk)[2].startswith("The same file is given for both of you")


def test_pictures_that_were_not_read_come_first_among_what_is_not_known() -> None:
    talk = standin.make_analysis(3)
    why = "Faces need the package ai-edge-litert, which is not installed. Run 'python make.py video'."
    talk.notices = (*talk.notices, Notice("faces_not_read", "kitchen.mp4", why))
    assert words.not_known_words(talk)[0] == f"What the pictures of kitchen.mp4 show. {why}"
    assert terminal_summary(talk).count(why) == 1


def test_the_easiest_minute_of_a_talk_all_off_track_is_not_called_easy() -> None:
    talk = standin.make_analysis(3, n_episodes=0)
    talk.states.loc[{"state": ["social", "play", "still"]}] = 0.0
    talk.story = talk.story._replace(minutes=((4, 0.2), (5, 0.1)))
    assert words.observations(talk)[0] == "The minute from 4:00 was the easiest for the two of you together."
    episode = standin.make_analysis(3, n_episodes=1).story.episodes[0]
    off = episode._replace(start_s=0.0, end_s=1500.0, recovered=False)
    talk.story = talk.story._replace(episodes=(off,))
    assert words.observations(talk)[0] == (
        "Even off track, one minute was easier for the two of you together: the one from 4:00."
    )


def test_no_word_judges_a_person_and_nothing_technical_slips_in() -> None:
    for seed in range(80):
        known = ("all", "all", "changes", "heart", "nothing")[seed % 5]
        analysis = standin.make_analysis(seed, known=known, duration_s=420, empty=seed % 7 == 0)
        for text in all_text(analysis):
            found = [word for word in BANNED if word in text.lower()]
            assert found == [], text
            assert text.strip(), seed
            assert "  " not in text, text
        assert len(words.observations(analysis)) == 3


def test_the_same_sentence_for_both_people() -> None:
    episode = standin.make_analysis(3, n_episodes=1).story.episodes[0]
    for pid, other in (("a", "b"), ("b", "a")):
        turned = episode._replace(repair_by=pid, turn_s=episode.start_s + 5)
        turned_other = turned._replace(repair_by=other)
        one = dict(words.episode_answers(turned, PEOPLE))["Who reached out"]
        two = dict(words.episode_answers(turned_other, PEOPLE))["Who reached out"]
        assert one.replace(PEOPLE[pid], "X") == two.replace(PEOPLE[other], "X")


def test_one_activated_and_one_withdrawn_says_which_where_it_is_told() -> None:
    episode = standin.make_analysis(3, n_episodes=1).story.episodes[0]
    who = {"a": {"fight_flight": 0.7, "shutdown": 0.1}, "b": {"fight_flight": 0.1, "shutdown": 0.7}}
    episode = episode._replace(kind="one activated and one withdrawn", who=who)
    assert "Alex was activated and Sam was withdrawn." in dict(words.episode_answers(episode, PEOPLE))["What"]
    same = episode._replace(who={"a": who["a"], "b": who["a"]})
    assert "Alex was" not in dict(words.episode_answers(same, PEOPLE))["What"]


def test_an_episode_cut_off_by_the_end_is_said_to_be() -> None:
    episode = standin.make_analysis(3, n_episodes=1).story.episodes[0]
    cut = dict(words.episode_answers(episode._replace(recovered=False), PEOPLE))["How long"]
    assert cut.startswith("At least")
    assert "the recording ended" in cut


def test_what_to_try() -> None:
    base = standin.make_analysis(3, n_episodes=0)
    base.story = base.story._replace(flooding=(("a", 1.0, 60.0),))
    assert "at least 20 minutes" in words.thing_to_try(base)[0]
    base.story = base.story._replace(flooding=())
    assert "six breaths a minute" in words.thing_to_try(base)[0]
    episode = standin.make_analysis(3, n_episodes=1).story.episodes[0]
    back = episode._replace(recovered=True, turn_s=760.0, kind="mutual activation")
    base.story = base.story._replace(episodes=(back,))
    assert words.thing_to_try(base)[0].startswith("Keep what you did at 12:40")
    gone = episode._replace(recovered=False, kind="mutual withdrawal")
    base.story = base.story._replace(episodes=(gone,))
    assert "soften your voice" in words.thing_to_try(base)[0]
    nothing = standin.make_analysis(3, known="nothing", empty=True)
    nothing.story = nothing.story._replace(flooding=())
    assert "microphone" in words.thing_to_try(nothing)[0]
    changes = standin.make_analysis(3, known="changes", n_episodes=0)
    changes.story = changes.story._replace(flooding=(), moments_of_change=())
    assert "easy talk" in words.thing_to_try(changes)[0]


def test_a_change_of_one_cue_earns_no_advice_about_bodies() -> None:
    moved = standin.make_analysis(3, known="changes", n_episodes=0)
    moved.story = moved.story._replace(
        flooding=(), moments_of_change=((130.0, "a", "motion_energy down", -3.0),)
    )
    moved.summary["session"]["duration_s"] = 400.0
    moved.summary["streams"] = ()
    what, why = words.thing_to_try(moved)
    assert what == (
        "Next time, record ten minutes or more, begin with two to five marked minutes of easy talk "
        "and give each of you a microphone."
    )
    assert "could not tell" in why
    assert "Alex moved less" in words.observations(moved)[1]


def test_a_change_of_a_cue_says_nothing_of_safety() -> None:
    assert words.change_sentence((760.0, "a", "intensity up", 1.2), PEOPLE) == "at 12:40 Alex spoke louder."
    assert (
        words.change_sentence((760.0, "b", "toward safety", 0.4), PEOPLE)
        == "at 12:40 Sam’s body moved toward ease."
    )


def test_seconds_not_known_do_not_count_as_at_ease() -> None:
    analysis = standin.make_analysis(3, n_episodes=0)
    analysis.states[:] = np.nan
    assert math.isnan(words.both_at_ease(analysis))
