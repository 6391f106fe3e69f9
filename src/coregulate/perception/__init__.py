"""Floor 2: what can be seen and heard: faces, who speaks when, and how each voice sounds."""

from __future__ import annotations

from .faces import CUES as FACE_CUES
from .faces import FaceTracks, first_still, watch_faces
from .lips import voices_of_faces
from .one_microphone import diarize
from .speakers import who_speaks
from .voice import voice_frames

__all__ = [
    "FACE_CUES",
    "FaceTracks",
    "diarize",
    "first_still",
    "voice_frames",
    "voices_of_faces",
    "watch_faces",
    "who_speaks",
]
