"""The suite's measures by name, and which run when none is named."""

from __future__ import annotations

from coregulate.core import InputError

from .cross_mapping import CROSS_MAPPING
from .entrainment import ENTRAINMENT
from .granger import GRANGER
from .lagged import LAGGED
from .measure import Measure
from .phase import LOCKING
from .prewhitened import PREWHITENED
from .recurrence import CODES, CROSS, JOINT
from .transfer import TRANSFER
from .warping import WARPING
from .wavelet import COHERENCE

#: A measure is one row here and one file beside this one.
MEASURES: dict[str, Measure] = {
    m.name: m
    for m in (
        LAGGED,
        PREWHITENED,
        COHERENCE,
        LOCKING,
        CROSS,
        JOINT,
        CODES,
        WARPING,
        ENTRAINMENT,
        GRANGER,
        TRANSFER,
        CROSS_MAPPING,
    )
}
#: What runs where no measure is named.
DEFAULT = ("lagged correlation",)


def measure_named(name: str) -> Measure:
    """Find a measure; ``-`` and ``_`` stand for a space.

    Raises
    ------
    InputError
        For a name that there is not.
    """
    wanted = name.strip().casefold().replace("-", " ").replace("_", " ")
    for known, measure in MEASURES.items():
        if known.replace("-", " ") == wanted:
            return measure
    raise InputError(f"There is no measure '{name}'", f"There are {', '.join(sorted(MEASURES))}")
