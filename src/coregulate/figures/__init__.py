"""Floor 8: figures that return matplotlib axes, for the report and for notebooks."""

from .embed import svg
from .faces import marked_faces
from .lanes import cue_lanes
from .links import bond_surrogates, lag_profile
from .overview import overview
from .ribbon import state_ribbon
from .strip import episode_strip
from .style import Look, look_of

__all__ = [
    "Look",
    "bond_surrogates",
    "cue_lanes",
    "episode_strip",
    "lag_profile",
    "look_of",
    "marked_faces",
    "overview",
    "state_ribbon",
    "svg",
]
