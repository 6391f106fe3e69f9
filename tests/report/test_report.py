"""The page: whole, self-contained, escaped, accessible, and without a verdict on a person."""

from __future__ import annotations

import html
import importlib.util
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from coregulate.core import StoreError
from coregulate.report import appendix, render_report, write_report

SPEC = importlib.util.spec_from_file_location("standin", Path(__file__).with_name("standin.py"))
assert SPEC is not None
assert SPEC.loader is not None
standin = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(standin)
make_analysis = standin.make_analysis

BANNED = (
    "trigger", "overreact", "winner", "loser", "score", "fault", "blame", "guilt", "victim", "abus", "toxic",
    "manipulat", "hysteri", "too sensitive", "should have", "made you", "made him", "made her", "worse",
    "better than", "problem person", "you failed", "provoked", "because of you", "perpetrator",
    "healthy", "disorder",
)  # fmt: skip
VOID = {"wbr", "meta", "br", "hr", "img", "input", "link"}


class Outline(HTMLParser):
    """Elements, their ids, text outside style, and whether the tags close in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.crossed: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if dict(attrs).get("id"):
            self.ids.append(str(dict(attrs)["id"]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if dict(attrs).get("id"):
            self.ids.append(str(dict(attrs)["id"]))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID and (not self.open or self.open.pop() != tag):
            self.crossed.append(tag)

    def handle_data(self, data: str) -> None:
        if not {"style", "svg"} & set(self.open):
            self.text.append(data)


def outline(page: str) -> Outline:
    parser = Outline()
    parser.feed(page)
    return parser


def section(page: str, name: str) -> str:
    start = page.index(f'<section id="{name}"')
    return page[start : page.index("</section>", start)]


@pytest.fixture(scope="module")
def page() -> str:
    return render_report(make_analysis(3, n_episodes=2, verdict="co-regulating"))


def test_write_report_gives_the_path_and_the_same_text(tmp_path: Path) -> None:
    analysis = make_analysis(1, duration_s=700)
    path = write_report(analysis, tmp_path / "new" / "report.html")
    assert path == tmp_path / "new" / "report.html"
    assert path.read_text("utf-8") == render_report(analysis)
    assert [p.name for p in path.parent.iterdir()] == ["report.html"]


def test_a_folder_that_cannot_be_written_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="could not be written"):
        write_report(
            make_analysis(1, duration_s=700, empty=True, known="nothing"), tmp_path / "file" / "r.html"
        )


def test_the_page_needs_nothing_from_outside(page: str) -> None:
    found = outline(page)
    assert not [tag for tag, _ in found.tags if tag in {"script", "link", "img", "iframe", "object", "base"}]
    for _, attrs in found.tags:
        for name in ("src", "href", "xlink:href", "srcset", "action"):
            assert (attrs.get(name) or "#").startswith("#")
        assert not [name for name in attrs if name.startswith("on")]
    assert "@import" not in page
    assert not re.search(r"url\((?!#)", page)


def test_the_page_is_well_formed_and_ids_are_single(page: str) -> None:
    found = outline(page)
    assert found.crossed == []
    assert found.open == []
    assert len(found.ids) == len(set(found.ids))
    referred = set(re.findall(r'href="#([^"]+)"', page)) | set(re.findall(r"url\(#([^)]+)\)", page))
    for name in ("aria-labelledby", "aria-describedby"):
        referred |= {one for _, attrs in found.tags for one in (attrs.get(name) or "").split()}
    assert referred <= set(found.ids)


def test_each_figure_has_a_sentence_and_a_table(page: str) -> None:
    figures = re.findall(r"<figure>.*?</figure>", page, flags=re.DOTALL)
    assert len(figures) == 4
    for figure in figures:
        assert 'role="img"' in figure
        assert re.search(r'-summary">[^<]{20,}\.</span>', figure)
        assert "<details>" in figure
        assert "<caption>" in figure
        assert '<th scope="col">' in figure


def test_the_couple_reads_three_observations_and_one_thing_to_try(
    page: str,
) -> None:
    couple = section(page, "couple")
    assert couple.count("<li>") == 3
    assert couple.count("One thing to try") == 1
    visible = html.unescape(re.sub("<[^>]+>", "", couple)).split("Being out of step")[0]
    assert "%" not in visible
    assert not re.search(r"\bp\b|\bd′|probabilit", visible)
    assert len(visible.split()) < 130


def test_the_appendix_says_what_it_must(page: str) -> None:
    text = section(page, "research").replace("<wbr>", "")
    for part in (
        "p_any",
        "p12",
        "p21",
        "stability gain H",
        "margin over a shared signal",
        "kappa",
        "lambda",
        "d′",
    ):
        assert part in text
    for doi in ("10.1016/j.biopsycho.2023.108589", "10.1177/1754073912451630", "10.1037/1082-989X.7.3.338"):
        assert doi in text
    assert "0123456789abcdef" * 4 in text
    assert "not a diagnosis" in text
    assert "disputed" in text


def test_what_people_said_and_what_the_priors_move_stand_in_the_appendix() -> None:
    analysis = make_analysis()
    pid = analysis.summary["people"][0]["id"]
    states = {"safe": 0.91, "not_known": 0.0}
    analysis.summary["personal"] = {
        pid: {
            "history": ["startles easily"], "states_without_history": states, "corrections": 2, "learned_before": True,
            "learned": {"used": False, "reason": "held-out time was not told better", "labelled_s": 600.0,
                        "score_before": -0.5, "score_after": -0.6},
        }
    }  # fmt: skip
    moved = {"what": "means of rsa", "change": "doubled", "moved": 0.04, "switched": 0.1, "episodes": 1.0}
    analysis.summary["sensitivity"] = [moved]
    text = " ".join(outline(render_report(analysis)).text)
    for said in ("startles easily", "91\u00a0% without", "not used: held-out", "means of rsa", "0.04"):
        assert said in text
    tables = str([*appendix.personal_tables(analysis), *appendix.sensitivity_tables(analysis)]).lower()
    assert not [word for word in BANNED if word in tables]


def test_names_are_escaped_and_kept() -> None:
    name, other = '<img src=x onerror="a()"> & "Zoë"', "美咲 $x_$ --> </svg>"
    title = "</title><script>alert(1)</script>"
    page = render_report(make_analysis(6, names=(name, other), title=title, duration_s=700, n_episodes=1))
    found = outline(page)
    assert not [tag for tag, _ in found.tags if tag in {"script", "img"}]
    assert found.crossed == []
    text = " ".join(found.text)
    assert name in text
    assert other in text
    assert title in text


def test_two_people_of_one_name_are_told_apart() -> None:
    page = render_report(make_analysis(2, names=("Sam", "Sam"), duration_s=700))
    assert "Sam (a) and Sam (b)" in page


@pytest.mark.parametrize("known", ["changes", "heart", "nothing"])
def test_where_the_level_is_not_known_no_level_is_said(known: str) -> None:
    for seed in range(3):
        page = render_report(make_analysis(seed, known=known, duration_s=700, empty=known == "nothing"))
        couple, coach = section(page, "couple"), section(page, "coach")
        assert "at ease" not in couple.split("Being out of step")[0]
        assert "on average" not in coach
        assert "mean probability" not in coach
        assert "not known" in coach


def test_no_word_judges_a_person() -> None:
    for seed in range(8):
        known = ("all", "all", "changes", "heart")[seed % 4]
        page = render_report(make_analysis(seed, known=known, duration_s=700))
        text = " ".join(outline(section(page, "couple") + section(page, "coach")).text).lower()
        assert [word for word in BANNED if word in text] == []


def test_nothing_at_all_still_gives_a_page() -> None:
    page = render_report(make_analysis(0, known="nothing", empty=True, duration_s=30))
    assert "No cue could be read" in page
    assert "No state of either is known" in page
    assert "<svg" not in page
