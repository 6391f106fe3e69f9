"""The docs are current: generated pages, the command's options, what the README says to run."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

import coregulate as co

ROOT = Path(__file__).parent.parent


def generated() -> dict[str, str]:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.pages()


@pytest.mark.parametrize("name", ["settings.md", "command.md", "cues.md"])
def test_generated_pages_are_current(name: str) -> None:
    written = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert written == generated()[name], "run 'make docs'"


def test_every_setting_says_where_its_default_comes_from() -> None:
    rows = [line.split("|") for line in generated()["settings.md"].splitlines() if line.startswith("| `")]
    assert len(rows) > 50
    assert [row[1].strip() for row in rows if not row[3].strip()] == []


def test_every_command_of_a_group_is_on_the_page() -> None:
    from coregulate.cli.main import models

    page = generated()["command.md"]
    assert models.commands
    assert [n for n in models.commands if f"## coregulate models {n}\n" not in page] == []


def test_every_link_of_the_readme_leads_somewhere() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#]+)\)", readme)
    assert len(targets) > 10
    assert [t for t in targets if not (ROOT / t).exists()] == []


def test_every_reader_has_a_page_that_says_the_same_things() -> None:
    from coregulate.readers.door import READERS

    overview = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    pages = {p.stem: p.read_text(encoding="utf-8") for p in (ROOT / "docs" / "formats").glob("*.md")}
    assert pages.keys() == {reader.name for reader in READERS}
    for name, page in pages.items():
        said = re.findall(r"^\*\*(.+?)\.\*\* (.+)$", page, flags=re.MULTILINE)
        assert [key for key, _ in said] == ["Read", "Left out", "How to get it", "Tried on"], name
        assert f"](formats/{name}.md)" in overview
        links = [t for t in re.findall(r"\]\(([^)#]+)[^)]*\)", page) if not t.startswith("https://")]
        assert [t for t in links if not (ROOT / "docs" / "formats" / t).exists()] == [], name


def test_every_dependency_says_why_it_is_here() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    names = [re.split(r"[<>=]", d)[0] for d in project["dependencies"]]
    assert [n for n in names if n not in page] == []


def test_the_version_is_one() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## {co.__version__}" in changelog
