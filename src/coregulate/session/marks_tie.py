"""Marks that two recordings share: the same words, as often, in the same order."""

from __future__ import annotations

import re
from collections import defaultdict

import numpy as np

from coregulate.core import Track
from coregulate.readers import ClockFit, fit_clock

MAX_RESIDUAL_S = 0.25  # prior: two people who press at the same word are a quarter of a second apart
_ONE_IS_ENOUGH = re.compile(r"\b(sync|clap|align|trigger|ttl)", re.IGNORECASE)


def tie_marks(theirs: Track, ours: Track) -> ClockFit | None:
    """Return how the clock of ``theirs`` lies on that of ``ours`` by marks of the same words, or None.

    A single common mark is taken only where it says what it is for (sync, clap, trigger); several have to agree.
    """
    pairs = np.array(_pairs(theirs, ours))
    if len(pairs) == 0:
        return None
    if len(pairs) == 1:
        texts = {_key(x.text) for x in theirs.labels} & {_key(x.text) for x in ours.labels}
        return fit_clock(pairs[:, 0], pairs[:, 1]) if any(_ONE_IS_ENOUGH.search(t) for t in texts) else None
    fit = fit_clock(pairs[:, 0], pairs[:, 1])
    off = np.abs(fit.at(pairs[:, 0]) - pairs[:, 1])
    return fit if np.mean(off <= MAX_RESIDUAL_S) >= 0.6 and fit.residual_s <= MAX_RESIDUAL_S else None


def _key(text: str) -> str:
    return " ".join(text.casefold().split())


def _pairs(theirs: Track, ours: Track) -> list[tuple[float, float]]:
    when: tuple[dict[str, list[float]], ...] = (defaultdict(list), defaultdict(list))
    for times, track in zip(when, (theirs, ours), strict=True):
        for label in sorted(track.labels):
            times[_key(label.text)].append(label.start_s)
    return [
        pair
        for text, times in when[0].items()
        if len(when[1].get(text, ())) == len(times)
        for pair in zip(times, when[1][text], strict=True)
    ]
