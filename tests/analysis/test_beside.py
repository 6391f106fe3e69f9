"""Two pieces of work side by side: one bar, and what ends one ends both."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from coregulate.analysis.beside import Piece, side_by_side

Progress = Callable[[float], None]


def nothing(share: float, what: str) -> None:
    """Take a share and show it nowhere."""


def steps(n: int, came: list[float]) -> Callable[[Progress], str]:
    def work(progress: Progress) -> str:
        for k in range(n):
            time.sleep(0.002)
            progress((k + 1) / n)
            came.append((k + 1) / n)
        return threading.current_thread().name

    return work


def test_both_are_made_and_one_bar_is_told_from_here() -> None:
    told: list[tuple[float, str, str]] = []
    made = side_by_side(
        Piece("short", 10.0, steps(5, [])),
        Piece("long", 30.0, steps(200, [])),
        lambda share, what: told.append((share, what, threading.current_thread().name)),
    )
    here = threading.current_thread().name
    assert made[0] == here
    assert made[1] != here
    shares = [share for share, _, _ in told]
    assert shares == sorted(shares)
    assert 0.05 <= shares[0] < shares[-1] <= 1.0
    assert list(dict.fromkeys(what for _, what, _ in told)) == ["short", "long"]
    assert {thread for _, _, thread in told} == {here}


def test_an_interruption_here_ends_the_other_at_its_next_report() -> None:
    came: list[float] = []

    def interrupted(progress: Progress) -> None:
        while not came:
            time.sleep(0.001)
        raise KeyboardInterrupt

    n_threads = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        side_by_side(Piece("one", 1.0, interrupted), Piece("other", 1.0, steps(5_000, came)), nothing)
    assert threading.active_count() == n_threads
    assert 1 <= len(came) < 1_000


def test_what_goes_wrong_beside_ends_this_and_is_raised() -> None:
    came: list[float] = []

    def wrong(progress: Progress) -> None:
        raise ValueError("no such thing")

    with pytest.raises(ValueError, match="no such thing"):
        side_by_side(Piece("one", 1.0, steps(5_000, came)), Piece("other", 1.0, wrong), nothing)
    assert len(came) < 1_000


def test_no_work_is_done_at_once() -> None:
    told: list[float] = []
    none = Piece("none", 0.0, lambda progress: None)
    assert side_by_side(none, none, lambda share, what: told.append(share)) == (None, None)
    assert all(share == 1.0 for share in told)
