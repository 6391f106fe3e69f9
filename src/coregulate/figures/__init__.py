"""Floor 8: figures that return matplotlib axes, for the report and for notebooks."""

from .plots import bond_surrogates, cue_lanes, episode_strip, lag_profile, state_ribbon, svg
from .style import Look, look_of

__all__ = [
    "Look",
    "bond_surrogates",
    "cue_lanes",
    "episode_strip",
    "lag_profile",
    "look_of",
    "state_ribbon",
    "svg",
]
