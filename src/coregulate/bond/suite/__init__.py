"""The suite: every measure of how two series go together, in one shape, beside its surrogates."""

from .couple import corrected, couple
from .measure import Measure
from .registry import DEFAULT, MEASURES
from .result import CouplingTest, Course, Profile
from .settings import SuiteSettings

__all__ = [
    "DEFAULT",
    "MEASURES",
    "CouplingTest",
    "Course",
    "Measure",
    "Profile",
    "SuiteSettings",
    "corrected",
    "couple",
]
