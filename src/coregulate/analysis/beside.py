"""Two pieces of work that do not need each other, side by side: one bar, and what ends one ends both."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from threading import Event
from typing import Generic, NamedTuple, TypeVar

from threadpoolctl import threadpool_limits

Tell = Callable[[float, str], None]
Made = TypeVar("Made")
AlsoMade = TypeVar("AlsoMade")
_TURN_S = 1e-4  # measured on a minute of two faces: a tenth less on the clock than with Python's own 5e-3
_TICK_S = 0.2  # prior: how often the bar moves while only the second piece works


class Piece(NamedTuple, Generic[Made]):
    """Some work, which calls what it is given with its share done (0 to 1), and what it takes, in seconds of a core."""

    name: str
    core_s: float
    work: Callable[[Callable[[float], None]], Made]


class _BrokenOff(BaseException):
    """The other piece has ended with an exception: there is nothing left to work for."""


@contextmanager
def _short_turns() -> Iterator[None]:
    """Let threads wait for each other in Python a tenth of a millisecond, not five: most of their work is outside it."""
    usual_s = sys.getswitchinterval()
    sys.setswitchinterval(_TURN_S)
    try:
        yield
    finally:
        sys.setswitchinterval(usual_s)


def side_by_side(one: Piece[Made], other: Piece[AlsoMade], tell: Tell) -> tuple[Made, AlsoMade]:
    """Do one piece in this thread, where Ctrl-C arrives, and the other in a thread of its own.

    Parameters
    ----------
    one, other : Piece
        Each should report often: an interruption reaches the other piece when it next does.
    tell : callable
        Called from this thread with the share of both together, and the name of the piece that is waited for.

    Returns
    -------
    tuple
        What the two have made. An exception of either ends both, and is raised once both have ended.
    """
    done = [0.0, 0.0]
    broken_off = Event()

    def both(name: str) -> None:
        whole = one.core_s + other.core_s
        tell((one.core_s * done[0] + other.core_s * done[1]) / whole if whole else 1.0, name)

    def one_is_at(share: float) -> None:
        done[0] = share
        if coming.done():
            coming.result()
        both(one.name)

    def other_is_at(share: float) -> None:
        done[1] = share
        if broken_off.is_set():
            raise _BrokenOff

    # many threads for one small product mostly wait for each other
    with threadpool_limits(1, "blas"), _short_turns(), ThreadPoolExecutor(1) as beside:
        coming = beside.submit(other.work, other_is_at)
        try:
            made = one.work(one_is_at)
            done[0] = 1.0
            while not wait([coming], _TICK_S).done:
                both(other.name)
            return made, coming.result()
        except BaseException:
            broken_off.set()
            raise
