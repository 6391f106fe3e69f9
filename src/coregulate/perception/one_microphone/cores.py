"""A block of sound a core: many threads for one small product mostly wait for each other."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from threadpoolctl import threadpool_limits

Block = TypeVar("Block")
Found = TypeVar("Found")


def on_all_cores(work: Callable[[Block], Found], blocks: Iterable[Block]) -> list[Found]:
    """Return what `work` makes of each block; an interruption waits only for blocks that are begun."""
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(os.cpu_count()) as cores:
        coming = [cores.submit(work, block) for block in blocks]
        try:
            return [block.result() for block in coming]
        except BaseException:
            cores.shutdown(wait=False, cancel_futures=True)
            raise
