"""Floor 7: the whole pipeline, and its result, saved and loaded."""

from .inspect import inspect_session
from .pipeline import analyze
from .pooled import Pooled, pool_sessions, pooled_summary
from .result import Analysis, SessionFacts
from .store import dumps, load_analysis, save_analysis, stored_key
from .summary import analysis_key, group_name, state_means

__all__ = [
    "Analysis",
    "Pooled",
    "SessionFacts",
    "analysis_key",
    "analyze",
    "dumps",
    "group_name",
    "inspect_session",
    "load_analysis",
    "pool_sessions",
    "pooled_summary",
    "save_analysis",
    "state_means",
    "stored_key",
]
