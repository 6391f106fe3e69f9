"""Floor 4: how two people move together, and whether each helps the other back to balance.

The door: :func:`measure_bond` for a session, :func:`word` and :func:`couple` for two series.
"""

from .corrections import benjamini_hochberg, prewhiten
from .correlation import LaggedCorrelation, lagged_correlation
from .measure import PRIMARY, Bond, Coupling, measure_bond
from .oscillators import NAMES as PARAMETER_NAMES
from .pool import pool_words
from .suite import DEFAULT, MEASURES, CouplingTest, Course, Profile, SuiteSettings, corrected, couple
from .word import Word, word

__all__ = [
    "DEFAULT",
    "MEASURES",
    "PARAMETER_NAMES",
    "PRIMARY",
    "Bond",
    "Coupling",
    "CouplingTest",
    "Course",
    "LaggedCorrelation",
    "Profile",
    "SuiteSettings",
    "Word",
    "benjamini_hochberg",
    "corrected",
    "couple",
    "lagged_correlation",
    "measure_bond",
    "pool_words",
    "prewhiten",
    "word",
]
