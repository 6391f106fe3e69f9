"""One simulated talk, analysed once."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from coregulate.analysis import Analysis, analyze
from coregulate.core import Settings
from coregulate.session import Session, open_session, propose_session, write_plan
from coregulate.simulate import Truth, simulate_session


def agreed(folder: Path) -> Session:
    """Set up a folder as init --yes does, and open it."""
    plan = propose_session(folder, folder).plan
    people = tuple(dataclasses.replace(p, consent="elsewhere") for p in plan.people)
    write_plan(dataclasses.replace(plan, people=people), folder)
    return open_session(folder)


@pytest.fixture(scope="session")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    return simulate_session(tmp_path_factory.mktemp("talk"), seed=0)


@pytest.fixture(scope="session")
def session(truth: Truth) -> Session:
    return agreed(Path(truth.folder))


@pytest.fixture(scope="session")
def analysis(session: Session) -> Analysis:
    return analyze(session, settings=Settings().changed({"bond.surrogates": 200}))
