"""Two people on one microphone: who spoke when, told by their voices, and by their lips."""

from __future__ import annotations

from .seen import tell_seen_voices
from .speakers import Voices, diarize, tell_voices

__all__ = ["Voices", "diarize", "tell_seen_voices", "tell_voices"]
