"""What a second is worth when seconds repeat each other: against sums that were drawn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from coregulate.circuits.tempering import repetition


@pytest.mark.parametrize("heard", [1.0, 0.5, 0.2])
def test_repetition_is_how_much_more_a_sum_of_what_is_heard_varies(heard):
    """Noise that is remembered (.8 a second), heard in stretches of 6 s: 400 draws of 40 minutes."""
    rng = np.random.default_rng(7)
    n, draws = 2400, 400
    noise = lfilter([0.6], [1.0, -0.8], rng.standard_normal((n + 100, draws)), axis=0)[100:]
    seen = np.repeat(rng.random((n // 6, draws)) < heard, 6, axis=0)
    x = np.where(seen, noise, np.nan)
    sums = np.nansum(x, axis=0) / np.sqrt(seen.sum(axis=0))
    found = float(np.median(repetition(x, dwell_s=1e6)))
    assert found == pytest.approx(sums.var(), rel=0.2)
