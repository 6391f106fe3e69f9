"""Floor 2: what can be heard: who speaks when, and how each voice sounds."""

from __future__ import annotations

from .speakers import who_speaks
from .voice import voice_frames

__all__ = ["voice_frames", "who_speaks"]
