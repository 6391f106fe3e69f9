"""Floor 1: one file format per module; what a file holds, before anybody says whose it is.

The door: :func:`recognise`, :func:`read`, :func:`groups`, :func:`read_columns`, :func:`read_words`,
:func:`read_sound`, :func:`video_facts`, :func:`video_frames`; :func:`fit_clock` ties one clock to
another by moments that both know; :func:`streams_from_frame` and :func:`streams_from_raw` take what
is in memory.
"""

from .audio import read_sound
from .door import groups, read, read_columns, read_words, recognise
from .drift import ClockFit, fit_clock
from .memory import streams_from_frame, streams_from_raw
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
    "streams_from_frame",
    "streams_from_raw",
    "video_facts",
    "video_frames",
]
