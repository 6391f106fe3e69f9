"""Two people on one microphone: who spoke when, told by their voices, and by their lips."""

from __future__ import annotations

from .heard import Heard, hear_voices
from .seen import tell_seen_voices
from .speakers import Voices, as_one, diarize, tell_voices, voices_of

__all__ = [
    "Heard",
    "Voices",
    "as_one",
    "diarize",
    "hear_voices",
    "tell_seen_voices",
    "tell_voices",
    "voices_of",
]
