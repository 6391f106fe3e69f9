"""One measure on two series: what is handed on while it is compared with its surrogates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray

from .measure import Measure
from .settings import SuiteSettings


class Trial(NamedTuple):
    """A measure, two series ``a``, ``b`` (n,), and the ``strangers`` that are to take the surrogates' place."""

    measure: Measure
    a: FloatArray
    b: FloatArray
    rate_hz: float
    settings: SuiteSettings
    strangers: tuple[FloatArray, ...] = ()

    def each(self, change: Callable[[FloatArray], FloatArray]) -> Trial:
        """Return the same with every series changed."""
        return self._replace(
            a=change(self.a), b=change(self.b), strangers=tuple(change(x) for x in self.strangers)
        )

    def profiles(self, bs: FloatArray) -> NDArray[Any]:
        """Profiles (m, k) of the first with each row of ``bs`` (m, n)."""
        return self.measure.profiles(self.a, bs, self.rate_hz, self.settings)

    @property
    def both_s(self) -> float:
        """Seconds at which both were seen."""
        return float(np.sum(np.isfinite(self.a) & np.isfinite(self.b)) / self.rate_hz)
