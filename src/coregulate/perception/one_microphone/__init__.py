"""Two people on one microphone: who spoke when, told by their voices."""

from __future__ import annotations

from .speakers import Voices, diarize, rttm, tell_voices

__all__ = ["Voices", "diarize", "rttm", "tell_voices"]
