from __future__ import annotations

import itertools
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from coregulate.core import Estimate, InputError, Person
from coregulate.figures import (
    bond_surrogates,
    cue_lanes,
    episode_strip,
    lag_profile,
    look_of,
    marked_faces,
    overview,
    state_ribbon,
    svg,
)
from coregulate.figures.style import thinned
from coregulate.story import Episode, Moment, Phase, Story, Withdrawal

STATES = ("social", "play", "still", "fight_flight", "shutdown")
EACH = tuple((s,) for s in STATES)
SUMS = (("social", "play", "still"), ("fight_flight", "shutdown"))
PEOPLE = (Person("a", "Alex"), Person("b", "José"))
NAN = float("nan")


def able(groups=EACH, *, level_known=True, safe=True, changes=True):
    return SimpleNamespace(groups=groups, level_known=level_known, safe=safe, changes=changes)


def states(n=600, start_s=0.0):
    rng = np.random.default_rng(0)
    values = np.repeat(rng.dirichlet(np.ones(5), (2, n // 20)), 20, axis=1)
    coords = {"person": ["a", "b"], "time": start_s + np.arange(n, dtype=float), "state": list(STATES)}
    return xr.DataArray(values, coords, ("person", "time", "state"))


def coupling(**changes):
    rng = np.random.default_rng(0)
    facts = {
        "a": "Alex", "b": "José", "value": -0.3, "lag_s": 2.0, "surrogates": rng.gamma(4, 0.03, 300),
        "course": (np.arange(20.0), np.arange(-10, 11.0), rng.standard_normal((20, 21))),
    }  # fmt: skip
    return SimpleNamespace(**(facts | changes))


def story(**changes):
    one = Episode(
        100, 200, "mutual activation", (Phase(100, 150, "one alone"), Phase(150, 200, "mutual activation")), 180, "b",
        True, 100, {}, (), (),
    )  # fmt: skip
    two = one._replace(start_s=400, end_s=600, turn_s=NAN, repair_by="", recovered=False, recovery_s=NAN)
    told = Story(
        (one, two), (Moment(50, "a", "toward safety", 0.3),), (), Estimate(100), (("a", 10, 60),),
        (Withdrawal("b", 120, 140),), {}, (), (),
    )  # fmt: skip
    return told._replace(**changes)


def cues(n=2000):
    z = np.random.default_rng(0).standard_normal((2, n))
    z[0, 800:1200] = np.nan
    data = {
        "f0": (("person", "time"), z, {"units": "z", "long_name": "Pitch"}),
        "code_humor": (("person", "time"), (z > 1).astype(float)),
        "rsa": (("person", "time"), np.full_like(z, np.nan)),
        "f0_quality": (("person", "time"), np.ones_like(z)),
    }
    return xr.Dataset(data, {"person": ["a", "b"], "time": np.arange(n) / 10})


def words(ax):
    legend = ax.get_legend()
    return [t.get_text() for t in legend.get_texts()] if legend else []


def faces(ax):
    return {to_hex(c.get_facecolor()[0]) for c in ax.collections if len(c.get_facecolor())}


def gaps(ax):
    return [
        (p.get_x(), p.get_width())
        for p in ax.patches
        if isinstance(p, Rectangle) and p.get_linestyle() == "--"
    ]


# Ribbon -------------------------------------------------------------------------------------------


def test_ribbon_draws_each_state_in_its_colour_pattern_and_word_in_fixed_order():
    ax = state_ribbon(states(), {"a": able(), "b": able()}, PEOPLE)
    assert isinstance(ax, Axes)
    assert words(ax) == ["engaged", "lively", "at rest", "activated", "withdrawn"]
    assert faces(ax) == {"#60998c", "#9d5d0f", "#7353b8"}
    hatches = [c.get_hatch() for c in ax.collections if len(c.get_facecolor())]
    assert len(set(hatches)) == 5
    assert all(hatches)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["Alex", "José"]


def test_ribbon_sums_what_cannot_be_told_apart():
    ax = state_ribbon(states(), {"a": able(SUMS), "b": able(SUMS)}, PEOPLE)
    assert words(ax) == ["at ease", "activated or withdrawn"]
    tops = [c.get_paths()[0].vertices[:, 1].max() for c in ax.collections if len(c.get_facecolor())]
    assert max(tops) == pytest.approx(1.45 + 1, abs=1e-6)  # the probabilities of one person sum to one ribbon
    assert not faces(ax) & {"#9d5d0f", "#7353b8"}


def test_ribbon_leaves_gaps_without_colour_and_edged_with_dashes():
    p = states()
    p[0, 200:300] = np.nan
    ax = state_ribbon(p, {"a": able(), "b": able()}, PEOPLE)
    ((start, width),) = gaps(ax)
    assert (start, width) == pytest.approx((200, 100), abs=2)
    assert "not clear" in words(ax)
    inside = [
        c for c in ax.collections
        for path in c.get_paths()
        if len(c.get_facecolor()) and path.vertices[:, 1].min() > 1.2
        and path.vertices[:, 0].min() < 240 and path.vertices[:, 0].max() > 260
    ]  # fmt: skip
    assert inside == []


def test_ribbon_shows_no_level_where_none_is_known():
    unknown = able(level_known=False)
    ax = state_ribbon(states(), {"a": unknown, "b": unknown}, PEOPLE)
    assert faces(ax) == set()
    assert words(ax) == ["not clear"]
    assert "changes" in ax.get_yticklabels()[0].get_text().replace("\n", " ")
    line = next(x for x in ax.lines if len(x.get_xdata()) > 10)
    higher = states()
    higher[0, :, 0] += 0.1  # another level, the same changes: the same picture
    other = state_ribbon(higher, {"a": unknown, "b": unknown}, PEOPLE)
    np.testing.assert_allclose(
        line.get_ydata(), next(x for x in other.lines if len(x.get_xdata()) > 10).get_ydata()
    )


def test_ribbon_draws_no_change_that_the_cues_do_not_bear_out():
    unknown = able(level_known=False, changes=False)
    ax = state_ribbon(states(), {"a": unknown, "b": able(level_known=False)}, PEOPLE)
    assert len([x for x in ax.lines if len(x.get_xdata()) > 10]) == 1
    assert [t.get_text().split("(")[1] for t in ax.get_yticklabels()] == ["not known)", "changes\nonly)"]


def test_ribbon_of_somebody_of_whom_nothing_is_told():
    p = states()
    p[1] = np.nan
    ax = state_ribbon(p, {"a": able((STATES,)), "b": able()}, PEOPLE)
    assert faces(ax) == set()
    assert len(gaps(ax)) == 2


@pytest.mark.parametrize("width", [4.5, 6.0, 12.0])
def test_letters_keep_their_size_and_ticks_do_not_touch(width):
    figure = Figure(figsize=(width, 4), layout="constrained")
    ax = state_ribbon(states(6000), {"a": able(), "b": able()}, PEOPLE, figure.add_subplot())
    figure.draw_without_rendering()
    boxes = [t.get_window_extent() for t in ax.get_xticklabels() if t.get_text()]
    assert len(boxes) >= 2
    assert all(a.x1 < b.x0 for a, b in itertools.pairwise(boxes))
    assert {t.get_fontsize() for t in ax.get_xticklabels()} == {11.0}
    box, whole = ax.get_legend().get_window_extent(), figure.bbox
    assert box.x0 >= whole.x0
    assert box.x1 <= whole.x1


def test_looks_differ_in_word_and_pattern():
    groups = [*EACH, ("social", "play", "still"), ("social", "still"), ("play", "fight_flight"), SUMS[1]]
    looks = [look_of(g) for g in groups]
    assert len({x.word for x in looks}) == len({x.hatch for x in looks}) == len(groups)
    assert look_of(STATES).colour == "none"


def test_colours_keep_three_to_one_on_white_and_on_dark():
    def light(colour):
        c = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        return sum(
            w * (x / 12.92 if x <= 0.03928 else ((x + 0.055) / 1.055) ** 2.4)
            for w, x in zip((0.2126, 0.7152, 0.0722), c, strict=True)
        )

    for colour in ("#0072B2", "#B34700", *(look_of((s,)).colour for s in STATES), look_of(SUMS[1]).colour):
        assert 1.05 / (light(colour) + 0.05) >= 3
        assert (light(colour) + 0.05) / (light("#111111") + 0.05) >= 3


# Lanes --------------------------------------------------------------------------------------------


def test_lanes_of_what_was_observed_first_person_above_second():
    ax = cue_lanes(cues(), PEOPLE)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["humor", "Pitch"]
    assert words(ax) == ["Alex (above)", "José (below)"]
    by_colour = {
        line.get_color(): np.nanmean(line.get_ydata()) for line in ax.lines if len(line.get_xdata()) > 10
    }
    assert by_colour["#0072B2"] > by_colour["#B34700"]


def test_a_lane_reaches_as_far_as_what_was_observed():
    data = cues()
    data["f0"].values[1] = np.linspace(0, -9, 2000)
    ax = cue_lanes(data, PEOPLE, names=["f0"])
    below = [x.get_ydata() for x in ax.lines if len(x.get_xdata()) > 10][1]
    assert len(np.unique(np.round(below, 4))) > 300  # not a flat floor from -3 on


def test_lanes_leave_gaps():
    ax = cue_lanes(cues(), PEOPLE[:1], names=["f0"])
    line = next(x for x in ax.lines if len(x.get_xdata()) > 10)
    x, y = line.get_data()
    assert np.isnan(y[(x > 82) & (x < 118)]).all()
    assert np.isfinite(y[(x < 78) | (x > 122)]).all()
    assert line.get_linestyle() == "-"  # a dash would read as a gap


def test_lanes_name_what_is_missing():
    with pytest.raises(InputError, match="no cue 'smile'"):
        cue_lanes(cues(), PEOPLE, names=["smile"])
    assert cue_lanes(cues().drop_vars(["f0", "code_humor"]), PEOPLE).get_yticklabels() == []


def test_thinned_means_are_of_what_was_seen_and_half_is_asked_for():
    edges, means = thinned(np.arange(8.0), np.array([1, 3, NAN, 5, NAN, NAN, NAN, NAN]), columns=2)
    np.testing.assert_array_equal(edges, [0, 4, 8])
    np.testing.assert_array_equal(means, [3, NAN])


# Links --------------------------------------------------------------------------------------------


def test_a_link_is_never_drawn_without_chance():
    ax = bond_surrogates(coupling())
    assert next(line.get_xdata()[0] for line in ax.lines) == pytest.approx(0.3)
    assert sum(p.get_height() for p in ax.patches) == 300
    assert "chance: the same two, shifted in time" in words(ax)
    empty = bond_surrogates(coupling(surrogates=np.array([]), value=NAN))
    assert "not known" in empty.texts[0].get_text()


def test_lag_profile_says_who_leads_on_which_side():
    ax = lag_profile(coupling())
    label = ax.get_xlabel()
    assert label.index("José leads") < label.index("Alex leads")
    z = coupling().course[2]
    mean = next(line for line in ax.lines if len(line.get_xdata()) == 21)
    np.testing.assert_allclose(mean.get_ydata(), z.mean(axis=0))
    nothing = lag_profile(coupling(course=(np.empty(0), np.arange(-2, 3.0), np.full((0, 5), NAN)), lag_s=NAN))
    assert "not known" in nothing.texts[0].get_text()


# Strip and overview -------------------------------------------------------------------------------


def test_strip_says_kind_turn_and_who_came_first():
    ax = episode_strip(story(), 600, people=PEOPLE)
    assert "still open" in episode_strip(story(episodes=story().episodes[1:]), 900).texts[0].get_text()
    said = [t.get_text() for t in ax.texts]
    assert said[0] == "mutual activation"
    assert words(ax) == [
        "off track", "the turn", "José’s cue came first", "withdrawal, coded", "Alex’s heart raced",
        "Alex: a change, up or down",
    ]  # fmt: skip
    assert ax.get_xlim() == (0, 600)


def test_strip_numbers_what_is_too_short_for_its_word():
    episodes = tuple(
        story().episodes[0]._replace(start_s=t, end_s=t + 30, turn_s=NAN) for t in (0, 40, 80, 120)
    )
    ax = episode_strip(story(episodes=episodes), 600)
    assert [t.get_text() for t in ax.texts][:2] == ["1", "2"]


def test_strip_of_nothing_says_so():
    none = story(episodes=(), moments_of_change=(), flooding=(), withdrawals=())
    assert episode_strip(none, 600).texts[0].get_text() == "nothing off track was found"
    unknown = none._replace(not_known=("Which stretches were off track is not known",))
    assert "not known" in episode_strip(unknown, 600).texts[0].get_text()


@pytest.mark.parametrize("width", [4.5, 9.0])
def test_overview_shares_one_time_axis(width):
    supported = {"a": able(), "b": able(SUMS)}
    drawn = overview(states(start_s=100.0), supported, PEOPLE, story(), cues(), names=["f0"], width_in=width)
    assert len(drawn) == 3
    assert {ax.get_xlim() for ax in drawn} == {(100.0, 700.0)}
    assert len(overview(states(), supported, PEOPLE, story())) == 2
    drawn[0].figure.draw_without_rendering()


# SVG ----------------------------------------------------------------------------------------------


def test_svg_is_the_same_each_time_and_text_stays_text():
    one, two = (svg(state_ribbon(states(), {"a": able(), "b": able()}, PEOPLE), key="s") for _ in range(2))
    assert one == two
    root = ET.fromstring(one)
    assert root.tag.endswith("svg")
    text = "".join(root.itertext())
    assert "José" in text
    assert "activated" in text
    assert not re.search(r"\d{4}-\d{2}-\d{2}|matplotlib|<metadata", one)
    assert len(one) < 350_000


def test_ink_is_the_pages_own_where_asked_for():
    ax = bond_surrogates(coupling())
    assert "currentColor" not in svg(ax)
    assert "#4b5563" in svg(ax)
    assert "#4b5563" not in svg(ax, page_ink=True)


def test_two_pictures_on_a_page_share_no_id():
    pages = [svg(bond_surrogates(coupling()), key=key) for key in ("one", "two")]
    ids = [set(re.findall(r'\sid="([^"]+)"', page)) for page in pages]
    assert not ids[0] & ids[1]
    for page, known in zip(pages, ids, strict=True):
        assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', page)) <= known


def test_a_name_is_text_not_a_formula():
    people = (Person("a", "A$x^2$ <b>"), PEOPLE[1])
    root = ET.fromstring(svg(cue_lanes(cues(), people)))
    assert "A$x^2$ <b> (above)" in "".join(root.itertext())


def test_nothing_touches_pyplot_or_settings():
    code = (
        "import sys, matplotlib as m; before = m.rcParams.copy()\n"
        "from coregulate.figures import bond_surrogates, svg\n"
        "from types import SimpleNamespace as N; import numpy as np\n"
        "svg(bond_surrogates(N(value=.1, surrogates=np.ones(9))))\n"
        "assert 'matplotlib.pyplot' not in sys.modules, 'pyplot'\n"
        "assert m.rcParams.copy() == before, 'settings'\n"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True)


def test_faces_are_framed_and_named_where_they_are():
    boxes = {"left": np.array([10.0, 20, 40, 60]), "right": np.array([70.0, 25, 95, 55])}
    ax = marked_faces(np.zeros((80, 120, 3), np.uint8), boxes)
    assert [text.get_text() for text in ax.texts] == ["left", "right"]
    assert {patch.get_xy() for patch in ax.patches} == {(10.0, 20.0), (70.0, 25.0)}
