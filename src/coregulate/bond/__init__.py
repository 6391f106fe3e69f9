"""Floor 4: how two people move together, and whether each helps the other back to balance.

The door: :func:`measure_bond` for a session, :func:`word` and :func:`couple` for two series.
"""

from .corrections import benjamini_hochberg, prewhiten
from .correlation import LaggedCorrelation, lagged_correlation
from .inertia import InertiaCoordination, inertia_coordination
from .influence import Influence, hazard_ratio, measure_influence
from .local_oscillator import LocalOscillator, local_oscillator
from .measure import PRIMARY, Bond, Coupling, measure_bond
from .moments import MOMENT_KINDS, Moments, split_moments
from .oscillators import NAMES as PARAMETER_NAMES
from .oscillators import Fit
from .pool import pool_words
from .prepare import Spectra
from .segment_synchrony import SegmentSynchrony, segment_synchrony
from .sequence import ActorPartner, actor_partner
from .suite import DEFAULT, MEASURES, CouplingTest, Course, Profile, SuiteSettings, corrected, couple
from .variants import Evidence, Variant
from .word import Word, word

__all__ = [
    "DEFAULT",
    "MEASURES",
    "MOMENT_KINDS",
    "PARAMETER_NAMES",
    "PRIMARY",
    "ActorPartner",
    "Bond",
    "Coupling",
    "CouplingTest",
    "Course",
    "Evidence",
    "Fit",
    "InertiaCoordination",
    "Influence",
    "LaggedCorrelation",
    "LocalOscillator",
    "Moments",
    "Profile",
    "SegmentSynchrony",
    "Spectra",
    "SuiteSettings",
    "Variant",
    "Word",
    "actor_partner",
    "benjamini_hochberg",
    "corrected",
    "couple",
    "hazard_ratio",
    "inertia_coordination",
    "lagged_correlation",
    "local_oscillator",
    "measure_bond",
    "measure_influence",
    "pool_words",
    "prewhiten",
    "segment_synchrony",
    "split_moments",
    "word",
]
