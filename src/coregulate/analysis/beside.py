"""Two pieces of work that do not need each other, side by side: one bar, and what ends one ends both."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Event
from typing import Generic, NamedTuple, TypeVar

from threadpoolctl import threadpool_limits

from .progress import Progress

Made = TypeVar("Made")
AlsoMade = TypeVar("AlsoMade")
_TICK_S = 0.2  # prior: how often the bar moves while only the second piece works


class Piece(NamedTuple, Generic[Made]):
    """Some work, which calls what it is given with its share done (0 to 1), and what it takes, in seconds of a core."""

    name: str
    core_s: float
    work: Callable[[Callable[[float], None]], Made]


class _BrokenOff(BaseException):
    """The other piece has ended with an exception: there is nothing left to work for."""


def side_by_side(one: Piece[Made], other: Piece[AlsoMade], tell: Progress) -> tuple[Made, AlsoMade]:
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
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(1) as beside:
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
