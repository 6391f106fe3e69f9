"""Withdrawal that a human coder marked: a human code outranks the model."""

from __future__ import annotations

from collections.abc import Mapping

from coregulate.core import StorySettings, Track
from coregulate.cues import load_cuebook

from .results import Withdrawal

CODES = ("code_stonewalling", "code_silent_withdrawal")


def coded_withdrawals(codes: Mapping[str, Track], *, settings: StorySettings) -> tuple[Withdrawal, ...]:
    """Find coded stonewalling and silent withdrawal of at least ``kind_s``.

    Labels match without case and by the cuebook's aliases. Labels that touch (a coder who marks
    each interval) are one stretch, also across the two codes.

    Parameters
    ----------
    codes : mapping of person to Track

    Returns
    -------
    tuple of Withdrawal
        In order of time.
    """
    book = load_cuebook()
    found: list[Withdrawal] = []
    for person, track in codes.items():
        labels = sorted(
            (label.start_s, label.end_s)
            for label in track.labels
            if (cue := book.code(label.text)) is not None and cue.name in CODES
        )
        merged: list[list[float]] = []
        for start_s, end_s in labels:
            if merged and start_s <= merged[-1][1] + 1e-3:
                merged[-1][1] = max(merged[-1][1], end_s)
            else:
                merged.append([start_s, end_s])
        found += [Withdrawal(person, a, b) for a, b in merged if b - a >= settings.kind_s - 1e-9]
    return tuple(sorted(found, key=lambda w: (w.start_s, w.end_s, w.person)))
