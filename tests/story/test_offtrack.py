from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coregulate.core import StorySettings
from coregulate.story.offtrack import Span, off_track

SETTINGS = StorySettings()
NAN = float("nan")


def find(*people, **changes):
    return off_track(
        {f"p{i}": np.asarray(p, float) for i, p in enumerate(people)},
        step_s=1.0, settings=StorySettings(**changes) if changes else SETTINGS,
    )  # fmt: skip


def levels(*pieces):
    return np.concatenate([np.full(n, level) for level, n in pieces])


def by_the_letter(people, off_below=0.5, off_s=10, back_above=0.6, back_s=30):
    """docs/story.md second by second, as a person would do it with a stop-watch each."""
    n = len(people[0])
    spans, watches, back, start, back_start = [], [[0, 0] for _ in people], 0, None, 0
    t = 0
    while t < n:
        if start is None:
            for watch, p in zip(watches, people, strict=True):
                if np.isnan(p[t]):
                    continue
                if p[t] < off_below:
                    if watch[0] == 0:
                        watch[1] = t
                    watch[0] += 1
                else:
                    watch[0] = 0
            # The earliest first second wins, so a run that has begun is waited for.
            done = [w[1] for w in watches if w[0] >= off_s]
            if done:
                start = min(done)
                running = [
                    w[1] for w, p in zip(watches, people, strict=True) if 0 < w[0] < off_s and w[1] < start
                ]
                for first in running:  # pauses can let the other begin earlier and finish later
                    for p in people:
                        known = [k for k in range(first, n) if not np.isnan(p[k])][:off_s]
                        if len(known) == off_s and known[0] == first and all(p[k] < off_below for k in known):
                            start = min(start, first)
                t, back = start, 0
                continue
        else:
            values = [p[t] for p in people]
            if any(v <= back_above for v in values):
                back = 0
            elif not any(np.isnan(v) for v in values):
                if back == 0:
                    back_start = t
                back += 1
                if back == back_s:
                    spans.append(Span(start, back_start, True))
                    start, watches, t = None, [[0, 0] for _ in people], back_start
                    continue
        t += 1
    if start is not None:
        spans.append(Span(start, n, False))
    return tuple(spans)


def test_starts_at_the_first_second_below_and_ends_at_the_start_of_the_way_back():
    a = levels((0.9, 50), (0.3, 25), (0.8, 100))
    assert find(a, np.full(175, 0.9)) == (Span(50, 75, True),)


@pytest.mark.parametrize(("n", "found"), [(9, 0), (10, 1)])
def test_ten_seconds_are_needed(n, found):
    assert len(find(levels((0.9, 20), (0.49, n), (0.9, 60)))) == found


def test_exactly_the_threshold_is_neither_off_nor_back():
    assert find(levels((0.5, 100))) == ()
    assert find(levels((0.2, 10), (0.6, 100))) == (Span(0, 110, False),)


@pytest.mark.parametrize(("n", "recovered"), [(29, False), (30, True)])
def test_thirty_seconds_back_are_needed(n, recovered):
    assert find(levels((0.2, 20), (0.7, n)))[0].recovered is recovered


def test_both_must_be_back():
    a = levels((0.2, 20), (0.9, 100))
    b = levels((0.9, 40), (0.55, 40), (0.9, 40))
    assert find(a, b) == (Span(0, 80, True),)


def test_it_must_be_one_person_for_ten_seconds():
    a = levels((0.2, 6), (0.9, 60))
    b = levels((0.9, 6), (0.2, 6), (0.9, 54))
    assert find(a, b) == ()


def test_unknown_seconds_pause_both_timers():
    off = levels((0.2, 5), (NAN, 50), (0.2, 5))
    assert find(np.r_[off, levels((0.9, 20), (NAN, 30), (0.9, 10))]) == (Span(0, 60, True),)
    assert find(np.r_[off[:-1], levels((0.9, 40))]) == ()


def test_an_unknown_partner_pauses_the_way_back_and_a_known_low_one_resets_it():
    a = levels((0.2, 10), (0.9, 60))
    assert find(a, levels((NAN, 70))) == (Span(0, 70, False),)
    b = levels((0.9, 25), (NAN, 5), (0.9, 40))
    assert find(a, b) == (Span(0, 10, True),)
    c = levels((0.9, 25), (0.3, 1), (0.9, 44))
    assert find(a, c) == (Span(0, 26, True),)


def test_nothing_known_and_nobody_there():
    assert find(levels((NAN, 100))) == ()
    assert off_track({}, step_s=1.0, settings=SETTINGS) == ()


def test_settings_are_obeyed():
    p = levels((0.9, 10), (0.45, 12), (0.9, 40))
    assert find(p, off_track_below=0.4) == ()
    assert find(p, off_track_s=13.0) == ()
    assert find(p, recovered_above=0.95)[0].recovered is False


pieces = st.lists(
    st.tuples(st.sampled_from([0.1, 0.49, 0.5, 0.55, 0.6, 0.61, 0.9, NAN]), st.integers(1, 35)),
    min_size=1,
    max_size=14,
)


@given(pieces, pieces)
def test_as_by_the_letter(one, two):
    a, b = levels(*one), levels(*two)
    n = min(len(a), len(b))
    spans = find(a[:n], b[:n])
    assert spans == find(b[:n], a[:n])
    assert all(x.last <= y.first for x, y in itertools.pairwise(spans))
    assert spans == by_the_letter([a[:n], b[:n]])
