"""Floor 4: how two people move together, and whether each helps the other back to balance.

The door: :func:`measure_bond` for a session, :func:`word` for two series, and the suite's measures.
"""

from .corrections import benjamini_hochberg, prewhiten
from .correlation import LaggedCorrelation, ShiftTest, circular_shift_test, lagged_correlation
from .measure import PRIMARY, Bond, Coupling, measure_bond
from .oscillators import NAMES as PARAMETER_NAMES
from .pool import pool_words
from .word import Word, word

__all__ = [
    "PARAMETER_NAMES",
    "PRIMARY",
    "Bond",
    "Coupling",
    "LaggedCorrelation",
    "ShiftTest",
    "Word",
    "benjamini_hochberg",
    "circular_shift_test",
    "lagged_correlation",
    "measure_bond",
    "pool_words",
    "prewhiten",
    "word",
]
