"""Coregulate: how two people's nervous systems move each other, and the way back on track.

>>> import coregulate as co
>>> sorted(co.__all__)[:3]
['Analysis', 'Session', 'Settings']
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .analysis import Analysis, analyze, load_analysis
    from .core import CoregulateError, Settings
    from .report import write_report
    from .session import Session, open_session, session_from_memory
    from .simulate import simulate_session
    from .writers import export_tracks, summary_table

# The front door opens lazily: importing the package costs next to nothing.
_DOOR = {
    "Analysis": "analysis",
    "CoregulateError": "core",
    "Session": "session",
    "Settings": "core",
    "analyze": "analysis",
    "export_tracks": "writers",
    "load_analysis": "analysis",
    "open_session": "session",
    "session_from_memory": "session",
    "simulate_session": "simulate",
    "summary_table": "writers",
    "write_report": "report",
}

__all__ = [
    "Analysis",
    "CoregulateError",
    "Session",
    "Settings",
    "__version__",
    "analyze",
    "export_tracks",
    "load_analysis",
    "open_session",
    "session_from_memory",
    "simulate_session",
    "summary_table",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name in _DOOR:
        return getattr(import_module(f"{__name__}.{_DOOR[name]}"), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
