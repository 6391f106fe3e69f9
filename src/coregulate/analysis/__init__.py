"""Floor 7: the whole pipeline, and its result, saved and loaded."""

from .inspect import inspect_session
from .learning import learn_of_group, learn_of_person
from .pipeline import analyze
from .pooled import Pooled, pool_sessions, pooled_summary
from .result import Analysis, SessionFacts
from .sensitivity import Change, sensitivity
from .store import dumps, load_analysis, save_analysis, stored_key
from .summary import analysis_key, group_name, state_means
from .versions import version_of
from .why import STATE_WORDS, Why, WhyRow

__all__ = [
    "STATE_WORDS",
    "Analysis",
    "Change",
    "Pooled",
    "SessionFacts",
    "Why",
    "WhyRow",
    "analysis_key",
    "analyze",
    "dumps",
    "group_name",
    "inspect_session",
    "learn_of_group",
    "learn_of_person",
    "load_analysis",
    "pool_sessions",
    "pooled_summary",
    "save_analysis",
    "sensitivity",
    "state_means",
    "stored_key",
    "version_of",
]
