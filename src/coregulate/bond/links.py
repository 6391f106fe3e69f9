"""Whether the two are linked, and in which directions: score tests at the fits without the link."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .oscillators import DRIVE_1, DRIVE_2, NOISE, OWN, UNCOUPLED, Fit, Fits, evaluate
from .prepare import Spectra


class Links(NamedTuple):
    """p of any coupling; of the second driving the first; of the first driving the second."""

    p_any: float
    p12: float
    p21: float


def find_links(raw: Fits, data: Spectra, alone_even: Fit, even: Spectra) -> Links:
    """Test any coupling in the copy with even bursts, the directions in the other.

    A score test asks only whether the cross-spectrum pulls at the couplings. A likelihood ratio would
    also count what the coupled model gains by bending either person's own spectrum to data that are no
    oscillator's: on motion energy of people who never met it finds a link in 13 to 18 % of pairs, the
    score test in 5 to 6 (docs/bond.md).
    """
    return Links(
        _score_test(alone_even, even, UNCOUPLED, (*DRIVE_1, *DRIVE_2)),
        _score_test(raw.without_12, data, (*OWN, *DRIVE_2, *NOISE), DRIVE_1),
        _score_test(raw.without_21, data, (*OWN, *DRIVE_1, *NOISE), DRIVE_2),
    )


def _score_test(fit: Fit, data: Spectra, fitted: tuple[int, ...], tested: tuple[int, ...]) -> float:
    from scipy.stats import chi2

    _, grad, fisher = evaluate(fit.theta, data, (*fitted, *tested))
    n = len(fitted)
    # What is left of the tested slopes once the fitted parameters have followed.
    follow = np.linalg.lstsq(fisher[:n, :n], np.column_stack([grad[:n], fisher[:n, n:]]), rcond=None)[0]
    left = grad[n:] - fisher[n:, :n] @ follow[:, 0]
    spread = fisher[n:, n:] - fisher[n:, :n] @ follow[:, 1:]
    statistic = float(left @ np.linalg.lstsq(spread, left, rcond=None)[0])
    # docs/bond.md: few frequencies make the statistic a little too large.
    return float(chi2.sf(max(statistic, 0.0) * (1 - 5 / len(data.omega)) / data.spread, len(tested)))
