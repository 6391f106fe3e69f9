"""Floor 11: the command."""

from .main import main

__all__ = ["main"]
