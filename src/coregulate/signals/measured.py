"""What a measuring function hands back, and the ways to build it."""

from __future__ import annotations

from typing import NamedTuple

from coregulate.core import Events, Notice, Signal


class Measured(NamedTuple):
    """What was measured of one body from one stream, in physical units.

    Parameters
    ----------
    signals : dict of str to Signal
        Each on its own rate; NaN where it is not known.
    events : dict of str to Events
        Beats, breaths, skin conductance responses.
    quality : dict of str to Signal
        0 to 1, one value a second, same ``start_s`` as the signal of that name.
    notices : list of Notice
        What was assumed or left out.
    """

    signals: dict[str, Signal]
    events: dict[str, Events]
    quality: dict[str, Signal]
    notices: list[Notice]
