"""Floor 1: one file format per module; what a file holds, before anybody says whose it is.

The door: :func:`recognise`, :func:`read`, :func:`groups`, :func:`read_columns`, :func:`read_words`,
:func:`read_sound`, :func:`video_facts`, :func:`video_frames`; :func:`fit_clock` ties one clock to
another by moments that both know.
"""

from .audio import read_sound
from .door import groups, read, read_columns, read_words, recognise
from .drift import ClockFit, fit_clock
from .video import video_facts, video_frames

__all__ = [
    "ClockFit",
    "fit_clock",
    "groups",
    "read",
    "read_columns",
    "read_sound",
    "read_words",
    "recognise",
    "video_facts",
    "video_frames",
]
