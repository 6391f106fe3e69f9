"""What can be set for the suite's measures, each with its source; an unknown name is an error."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from coregulate.core import InputError

#: Words that a setting may take; all others are numbers.
CHOICES = {
    "aggregate": ("signed", "absolute"),
    "surrogate": ("own", "shift", "segments", "phase", "iaaft"),
}


@dataclass(frozen=True)
class SuiteSettings:
    """Settings of :func:`coregulate.bond.couple`, by measure."""

    surrogates: int = 1000  # prior: the smallest p is then 1 in 1001
    alpha: float = 0.05  # the field's custom
    course: int = 1  # 0: leave out the course over time
    surrogate: str = "own"  # each measure's own default; or shift, segments, phase, iaaft
    min_shift_s: float = 30.0  # prior: smallest circular shift
    segment_s: float = 30.0  # prior: length of the segments that are shuffled
    at_most_hz: float = 0.0  # 0: each measure's own; faster series are averaged down to this rate
    smooth_s: float = 0.0  # moving average first, as rMEA has it (there 0.5); 0: none
    even_bursts: int = 0  # 1: divide by the moving size over 60 s first (docs/bond.md)
    window_s: float = 30.0  # Boker et al. 2002 leave it to the user; prior
    step_s: float = 1.0  # prior
    max_lag_s: float = 10.0  # prior
    aggregate: str = "signed"  # signed, or absolute as rMEA's and SUSY's second aggregate
    ar_order: int = 0  # 0: by BIC, up to max_order
    max_order: int = 10  # prior: highest order of an autoregression that is tried
    robust: int = 1  # Granger lets shocks change their size; 0: Geweke's ratio of variances itself
    detrend: int = 1  # degree of the polynomial taken out first, except by windows and wavelets
    low_hz: float = 0.01  # prior: lowest frequency of wavelets and phases
    high_hz: float = 0.25  # prior: highest
    per_octave: int = 12  # Grinsted et al. 2004: dj = 1/12
    omega0: float = 6.0  # Grinsted et al. 2004
    radius: float = 0.4  # prior: in SDs; two states this near recur
    embedding: int = 1  # prior: delayed copies of a state
    delay_s: float = 2.0  # prior: between the copies; also of cross mapping
    line_samples: int = 2  # Wallot et al. 2016: shortest diagonal line
    te_bins: int = 3  # prior: terciles; finer needs hours
    ccm_dimension: int = 3  # prior: embedding of the cross mapping
    warp_s: float = 10.0  # prior: how far a warping path may leave the diagonal

    def changed(self, changes: Mapping[str, Any]) -> SuiteSettings:
        """Return settings with ``{name: value}`` replaced; texts are read as numbers.

        Raises
        ------
        InputError
            For a name that does not exist or a value that does not fit.

        Examples
        --------
        >>> SuiteSettings().changed({"window_s": "60"}).window_s
        60.0
        """
        known = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        for name, value in changes.items():
            if name not in known:
                raise InputError(f"There is no setting '{name}'", f"There are {', '.join(sorted(known))}")
            known[name] = _read(name, value, type(known[name]))
        return dataclasses.replace(self, **known)


#: May be 0; everything else must be above it.
_MAY_BE_0 = frozenset(
    {"course", "at_most_hz", "even_bursts", "ar_order", "detrend", "max_lag_s", "robust", "smooth_s"}
)


def _read(name: str, value: Any, kind: type) -> Any:
    if name in CHOICES:
        if str(value) not in CHOICES[name]:
            raise InputError(f"The setting '{name}' is '{value}'", f"It is one of {', '.join(CHOICES[name])}")
        return str(value)
    try:
        number = kind(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number) or number < 0 or (number == 0 and name not in _MAY_BE_0):
        least = "0 or more" if name in _MAY_BE_0 else "above 0"
        raise InputError(f"The setting '{name}' is '{value}'", f"It is a number ({kind.__name__}), {least}")
    return number
