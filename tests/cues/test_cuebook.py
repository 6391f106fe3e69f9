from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from coregulate.core import InputError
from coregulate.cues import REFERENCES, STATES, cues_page, load_cuebook
from coregulate.cues.book import parse_cuebook

BOOK = load_cuebook()
# docs/circuits.md, the rows of the table, in the order social, play, still, fight_flight, shutdown
TABLE = {
    "heart_period": [0.0, -0.3, 0.4, -1.0, 0.0],
    "rsa": [0.3, 0.0, 0.5, -0.4, -0.3],
    "skin_conductance_level": [0.0, 0.4, -0.3, 0.8, 0.0],
    "scr_rate": [0.0, 0.6, -0.5, 1.0, 0.0],
    "respiration_rate": [0.0, 0.6, -0.6, 0.8, -0.3],
    "respiration_irregularity": [0.0, 0.4, -0.5, 0.5, 0.0],
    "expiration_share": [0.2, 0.0, 0.5, 0.0, 0.0],
    "f0": [0.2, 0.8, -0.4, 0.8, -0.5],
    "f0_variability": [0.5, 0.9, -0.2, 0.5, -0.8],
    "intensity": [0.0, 0.7, -0.7, 1.0, -0.8],
    "speech_rate": [0.0, 0.5, -0.4, 0.5, -0.6],
    "high_frequency_energy": [-0.1, 0.3, -0.5, 0.9, -0.5],
    "floor_share": [0.1, 0.3, -0.3, 0.3, -1.0],
    "reply_gap": [-0.2, -0.4, 0.3, -0.3, 0.8],
    "interruption": [-0.1, 0.3, -0.5, 0.9, -0.6],
    "lip_corner_puller": [0.6, 1.2, 0.2, -0.2, -0.5],
    "cheek_raiser": [0.4, 0.9, 0.1, 0.0, -0.4],
    "brow_lowerer": [-0.3, -0.2, -0.4, 0.9, 0.3],
    "inner_brow_raiser": [0.1, 0.2, 0.0, 0.2, 0.4],
    "lip_pressor": [-0.3, -0.3, -0.2, 0.8, 0.2],
    "lip_corner_depressor": [-0.3, -0.4, -0.2, 0.3, 0.5],
    "gaze_toward_partner": [0.6, 0.5, 0.1, 0.2, -0.9],
    "eye_aperture": [0.0, -0.3, -0.4, 0.0, -0.3],
    "nod": [0.5, 0.3, 0.0, -0.1, -0.5],
    "motion_energy": [0.0, 0.8, -0.8, 0.7, -0.9],
    "head_distance": [0.0, 0.0, 0.0, 0.0, 0.0],
}
SCALES = {
    ("heart_period", "play"): 1.3,
    ("heart_period", "shutdown"): 1.5,
    ("skin_conductance_level", "shutdown"): 1.5,
    ("scr_rate", "shutdown"): 1.5,
    ("eye_aperture", "fight_flight"): 1.5,
}


def test_the_table_is_the_one_of_the_methods():
    assert {c.name: [c.means[s] for s in STATES] for c in BOOK.of_kind("graded")} == TABLE
    found = {(c.name, s): x for c in BOOK.of_kind("graded") for s, x in c.scales.items() if x != 1.0}
    assert found == SCALES
    assert [BOOK.cues["touch"].means[s] for s in STATES] == [0.5, 0.4, 0.8, -0.6, -0.5]
    assert BOOK.cues["touch"].intercept == -1.4


def test_every_cue_has_what_it_needs():
    for cue in BOOK.of_kind("graded"):
        assert cue.population_sd > 0
        assert 0 < cue.scale_floor <= cue.population_sd
        assert np.isfinite(cue.population_mean)
        assert cue.source
        assert cue.population_source
    taus = {c.channel: c.tau for c in BOOK.of_kind("graded")}
    assert taus == {
        "heart": 2.0, "skin": 3.0, "breathing": 1.0, "voice": 1.0, "turns": 0.7, "face": 0.8, "motion": 1.0,
        "touch": 1.0,
    }  # fmt: skip


def test_references_are_whole_and_named():
    assert all(sum(shares.values()) == 1 for shares in REFERENCES.values())
    heart = BOOK.cues["heart_period"]
    assert heart.reference_mean("rest") == 0.4
    assert heart.reference_mean("calm_talk") == heart.reference_mean("population") == 0.2


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Backchannels", "backchannel"),
        ("Open-ended questions", "open_ended_question"),
        ("Elaboration and clarification seeking", "elaboration"),
        ("STONEWALLING", "stonewalling"),
        ("silent_withdrawal", "silent_withdrawal"),
        ("Humour", "humor"),
        ("Fear/Tension", "tension"),
    ],
)
def test_codes_match_by_any_of_their_names(text, name):
    assert BOOK.code(text).name == f"code_{name}"


def test_no_name_means_two_codes_and_none_argues_for_still():
    from coregulate.cues.book import plain

    names = [plain(n) for c in BOOK.of_kind("code") for n in (c.name.removeprefix("code_"), *c.aliases)]
    assert len(names) == len(set(names))
    assert all(c.means["still"] <= 0 for c in BOOK.of_kind("code"))
    assert BOOK.code("no such code") is None


def test_an_unwhole_row_says_which():
    row = {"label": "x", "unit": "1", "channel": "face", "window_s": 0, "means": [0, 0, 0, 0], "source": ""}
    with pytest.raises(InputError, match="'x'"):
        parse_cuebook({"states": list(STATES), "tau": {"face": 1.0}, "cue": {"x": row}})
    with pytest.raises(InputError, match="calm"):
        parse_cuebook(
            {
                "states": list(STATES),
                "tau": {"codes": 1.0},
                "cue": {},
                "code": {"y": {"log_odds": {"calm": 1}}},
            }
        )


def test_the_page_is_current():
    page = Path(__file__).parents[2] / "docs" / "cues.md"
    assert page.read_text("utf-8").rstrip() == cues_page(BOOK).rstrip(), (
        "write docs/cues.md anew from cues_page"
    )


def test_the_page_names_every_cue():
    text = cues_page(BOOK)
    assert [n for n in BOOK.cues if n not in text and n.removeprefix("code_") not in text] == []
