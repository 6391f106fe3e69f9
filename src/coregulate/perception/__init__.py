"""Floor 2: what can be seen and heard: faces, who speaks when, and how each voice sounds."""

from __future__ import annotations

from .bodies import Touch, head_distance
from .faces import CUES as FACE_CUES
from .faces import (
    HEAD_CUES,
    Chest,
    FaceTracks,
    Layout,
    Motion,
    Onlooker,
    Skin,
    blur_faces,
    first_still,
    gaze_toward_partner,
    gaze_toward_screen,
    head_cues,
    turned_quality,
    watch_faces,
)
from .lips import voices_of_faces
from .one_microphone import Heard, as_one, diarize, hear_voices, tell_seen_voices, voices_of
from .speakers import who_speaks
from .voice import voice_frames

__all__ = [
    "FACE_CUES",
    "HEAD_CUES",
    "Chest",
    "FaceTracks",
    "Heard",
    "Layout",
    "Motion",
    "Onlooker",
    "Skin",
    "Touch",
    "as_one",
    "blur_faces",
    "diarize",
    "first_still",
    "gaze_toward_partner",
    "gaze_toward_screen",
    "head_cues",
    "head_distance",
    "hear_voices",
    "tell_seen_voices",
    "turned_quality",
    "voice_frames",
    "voices_of",
    "voices_of_faces",
    "watch_faces",
    "who_speaks",
]
