"""Floor 1: one file format per module; what a file holds, before anybody says whose it is.

The door: :func:`recognise`, :func:`read`, :func:`groups`, :func:`read_sound`, :func:`video_facts`, :func:`video_frames`.
"""

from .audio import read_sound
from .door import groups, read, recognise
from .video import video_facts, video_frames

__all__ = ["groups", "read", "read_sound", "recognise", "video_facts", "video_frames"]
