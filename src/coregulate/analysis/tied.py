"""Whether two people's signals may be compared in time: something has to tie their clocks."""

from __future__ import annotations

from collections.abc import Sequence

from coregulate.core import Notice
from coregulate.session import OwnedStream

from .bodies import Bodies

#: What a signal of the bond was measured from, where its name is not what ``Bodies.used`` says.
_USED_AS = {"coded_affect": ("codes",), "f0": ("voice",), "motion_energy": ("motion_energy", "face")}


def tied(name: str, people: Sequence[str], streams: Sequence[OwnedStream], bodies: Bodies) -> bool:
    """Whether a signal of both people lies on clocks that something ties.

    A stream with ``clock = "none"`` in ``session.toml`` is tied to nothing but what is in the same file.
    """
    sources = [
        s
        for s in streams
        if s.person in people and bodies.used.get((s.path, s.kind, s.part)) in _USED_AS.get(name, (name,))
    ]
    return all(s.clock.source != "none" for s in sources) or len({s.path for s in sources}) == 1


def untied(name: str) -> Notice:
    """Say that a coupling was not computed, and what would allow it."""
    text = (
        f"How both move each other is not told for {name.replace('_', ' ')}: nothing ties the two clocks. Write the "
        f'offset into session.toml (clock = "aligned", offset_s = ...), or record a common sound, mark or clap.'
    )
    return Notice("clocks_untied", name, text)
