"""From a signal's unit to the cuebook's."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from coregulate.core import FloatArray

#: What to multiply by, both units folded. "us" is microsiemens here: no cue is counted in microseconds.
_FACTORS: Mapping[tuple[str, str], float] = {
    ("s", "ms"): 1e3,
    ("ms", "s"): 1e-3,
    ("s", "us"): 1e6,
    ("ns", "us"): 1e-3,
    ("hz", "1/min"): 60.0,
    ("hz", "1/s"): 1.0,
    ("1/s", "1/min"): 60.0,
    ("1/min", "1/s"): 1 / 60.0,
    ("%", "1"): 0.01,
}


def unit_factor(unit: str, wanted: str) -> float | None:
    """Return what to multiply by; a unit that nobody declared is taken as the wanted one; None if foreign.

    Examples
    --------
    >>> unit_factor("s", "ms"), unit_factor("", "ms"), unit_factor("kg", "ms")
    (1000.0, 1.0, None)
    """
    unit, wanted = _folded(unit), _folded(wanted)
    return 1.0 if unit in ("", wanted) else _FACTORS.get((unit, wanted))


def _folded(unit: str) -> str:
    return unit.strip().replace("\u00b5", "u").replace("\u03bc", "u").casefold()


def semitones(f0: FloatArray, unit: str) -> FloatArray:
    """Semitones from the person's own median; from hertz, or from semitones of any reference."""
    if _folded(unit) != "st":
        positive = np.where(f0 > 0, f0, np.nan)
        f0 = 12.0 * np.log2(positive)
    return f0 - median(f0)


def own_spread(values: FloatArray) -> FloatArray:
    """Distance from the person's own median in their own spread of the session, whatever the unit was.

    The spread is the median absolute deviation * 1.4826; the standard deviation where that is 0
    (a person who is still for more than half of the time).

    Examples
    --------
    >>> own_spread(np.array([1.0, 2.0, 3.0])).round(2)
    array([-0.67,  0.  ,  0.67])
    """
    known = values[np.isfinite(values)]
    if len(known) == 0:
        return values
    centre = np.median(known)
    spread = 1.4826 * float(np.median(np.abs(known - centre)))
    if spread <= 1e-9 * float(np.max(np.abs(known))):
        spread = float(np.std(known))
    return np.asarray((values - centre) / spread) if spread > 0 else values - centre


def median(values: FloatArray) -> float:
    """Median of what is known, NaN where nothing is."""
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else np.nan
