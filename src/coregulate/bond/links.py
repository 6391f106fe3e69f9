"""Whether the two are linked, and in which directions: the coupled model against those without the link."""

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


def by_likelihood(fits: Fits, data: Spectra) -> Links:
    """Test each link by how much better the coupled model fits: the test for what may oscillate."""
    return Links(
        *(
            _p(2 * (f0.cost - fits.coupled.cost), data, df)
            for f0, df in ((fits.uncoupled, 4), (fits.without_12, 2), (fits.without_21, 2))
        )
    )


def by_cross_spectrum(fits: Fits, data: Spectra) -> Links:
    """Test each link by score tests, which ask only whether the cross-spectrum pulls at the couplings.

    For series that are no oscillator's. There the coupled model also gains by bending either person's own
    spectrum: on motion energy of people who never met, the likelihood ratio finds a link in 13 to 18 % of
    pairs, the score test in 4 to 5. On dials it is the other way round: the score test finds 1.5 %, the
    ratio 4.3 (docs/bond.md).
    """
    return Links(
        _score_test(fits.uncoupled, data, UNCOUPLED, (*DRIVE_1, *DRIVE_2)),
        _score_test(fits.without_12, data, (*OWN, *DRIVE_2, *NOISE), DRIVE_1),
        _score_test(fits.without_21, data, (*OWN, *DRIVE_1, *NOISE), DRIVE_2),
    )


def _score_test(fit: Fit, data: Spectra, fitted: tuple[int, ...], tested: tuple[int, ...]) -> float:
    _, grad, fisher = evaluate(fit.theta, data, (*fitted, *tested))
    n = len(fitted)
    # What is left of the tested slopes once the fitted parameters have followed.
    follow = np.linalg.lstsq(fisher[:n, :n], np.column_stack([grad[:n], fisher[:n, n:]]), rcond=None)[0]
    left = grad[n:] - fisher[n:, :n] @ follow[:, 0]
    spread = fisher[n:, n:] - fisher[n:, :n] @ follow[:, 1:]
    return _p(float(left @ np.linalg.lstsq(spread, left, rcond=None)[0]), data, len(tested))


def _p(statistic: float, data: Spectra, df: int) -> float:
    from scipy.stats import chi2

    # docs/bond.md: few frequencies make the statistic a little too large.
    return float(chi2.sf(max(statistic, 0.0) * (1 - 5 / len(data.omega)) / data.spread, df))
