"""Recurrence: when one is where the other was (cross), and when both come back together (joint, MdRQA).

Sources: Wallot et al. 2016, 10.3389/fpsyg.2016.01835 (MdRQA); Coco & Dale 2014, 10.3389/fpsyg.2014.00510
(cross-recurrence and its diagonal profile). No matrix is ever held: diagonals are counted one by one.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coregulate.core import FloatArray, SignalError

from .granger import detrended
from .measure import Measure, as_they_are, first_alone, lag_places, root
from .settings import SuiteSettings

SAME_CODE = 0.5  # whole numbers nearer than this are one code


class Recurrence(NamedTuple):
    """Quantities of a recurrence plot.

    ``rate``: share of recurrent points; ``determinism``: share of them on lines of at least the shortest
    length; ``mean_line``, ``longest_line`` (samples) and ``entropy`` (nats, of the lines' lengths) of
    those lines.
    """

    rate: float
    determinism: float
    mean_line: float
    longest_line: float
    entropy: float


def recurrence(
    x: FloatArray,
    y: FloatArray | None = None,
    *,
    radius: float,
    line_samples: int = 2,
    reach: int | None = None,
) -> Recurrence:
    """Quantify the recurrence plot of states, of one series with itself or of two.

    Parameters
    ----------
    x, y : array, shape (d, n)
        NaN where missing. Without ``y``: x with itself, the upper triangle without the main diagonal.
    radius : float
        Two states recur where their Euclidean distance is below it.
    line_samples : int
        Shortest line; with 1 the mean is that of multiSyncPy, which counts single points as lines.
    reach : int, optional
        Only diagonals up to this far from the main one.

    Returns
    -------
    Recurrence
        NaN where nothing recurs.

    Notes
    -----
    Memory grows with n, time with n^2 (n times ``reach``).

    Examples
    --------
    >>> x = np.array([[0.0, 1.0, 0.0, 1.0]])
    >>> recurrence(x, radius=0.5).determinism
    1.0
    """
    from .recurrence_kernels import line_lengths

    x = np.ascontiguousarray(x, dtype=np.float64)
    other = x if y is None else np.ascontiguousarray(y, dtype=np.float64)
    if x.ndim != 2 or x.shape != other.shape:
        raise SignalError(
            f"States of shapes {x.shape} and {other.shape}", "Give (dimensions, samples) of one shape"
        )
    n = x.shape[1]
    far = n - 1 if reach is None else min(reach, n - 1)
    counts, points = line_lengths(x, other, 1 if y is None else -far, far, radius**2)
    return _quantities(counts, points, line_samples)


def _quantities(counts: FloatArray, points: int, shortest: int) -> Recurrence:
    length = np.arange(len(counts))
    hits = float(length @ counts)
    lines = counts[shortest:]
    n_lines = float(lines.sum())
    if points == 0 or hits == 0:
        return Recurrence(0.0 if points else np.nan, np.nan, np.nan, np.nan, np.nan)
    on_lines = float(length[shortest:] @ lines)
    share = lines[lines > 0] / n_lines if n_lines else np.ones(1)
    return Recurrence(
        rate=hits / points,
        determinism=on_lines / hits,
        mean_line=on_lines / n_lines if n_lines else np.nan,
        longest_line=float(length[np.flatnonzero(counts)[-1]]),
        entropy=float(-np.sum(share * np.log(share))),
    )


def embedded(x: FloatArray, dimension: int, delay: int) -> FloatArray:
    """Delayed copies of a series, (dimension, n - (dimension - 1) * delay)."""
    n = len(x) - (dimension - 1) * delay
    if n < 2:
        raise SignalError(f"{len(x)} samples cannot be embedded {dimension} times", "Give a longer series")
    return np.stack([x[k * delay : k * delay + n] for k in range(dimension)])


def ready(
    a: FloatArray, b: FloatArray, rate_hz: float, settings: SuiteSettings
) -> tuple[FloatArray, FloatArray, SuiteSettings]:
    """Take the trend out of both (round a circle it would jump) and bring them to one scale."""
    return detrended(a, settings.detrend), detrended(b, settings.detrend), settings


def _states(x: FloatArray, rate_hz: float, settings: SuiteSettings) -> FloatArray:
    return embedded(x, settings.embedding, max(round(settings.delay_s * rate_hz), 1))


def cross_profiles(a: FloatArray, bs: FloatArray, rate_hz: float, settings: SuiteSettings) -> FloatArray:
    """Share of recurrent points at each lag: the diagonal profile."""
    return _diagonal_profile(a, bs, rate_hz, settings, settings.radius)


def code_profiles(a: FloatArray, bs: FloatArray, rate_hz: float, settings: SuiteSettings) -> FloatArray:
    """Share of times at which the second shows the first's code, at each lag."""
    return _diagonal_profile(a, bs, rate_hz, settings, SAME_CODE)


def _diagonal_profile(
    a: FloatArray, bs: FloatArray, rate_hz: float, settings: SuiteSettings, radius: float
) -> FloatArray:
    from .recurrence_kernels import lag_recurrence

    lags = np.round(lag_places(len(a), rate_hz, settings) * rate_hz).astype(np.int64)
    ys = np.stack([_states(b, rate_hz, settings) for b in bs])
    return np.asarray(lag_recurrence(_states(a, rate_hz, settings), ys, lags, radius**2))


def cross_course(
    a: FloatArray, b: FloatArray, rate_hz: float, settings: SuiteSettings
) -> tuple[FloatArray, FloatArray]:
    """Mean of the diagonal profile in windows, as crqa's ``windowdrp`` has it."""
    return _windows(a, b, rate_hz, settings, settings.radius)


def code_course(
    a: FloatArray, b: FloatArray, rate_hz: float, settings: SuiteSettings
) -> tuple[FloatArray, FloatArray]:
    """Mean share of times with the same code, over the lags, in windows."""
    return _windows(a, b, rate_hz, settings, SAME_CODE)


def _windows(
    a: FloatArray, b: FloatArray, rate_hz: float, settings: SuiteSettings, radius: float
) -> tuple[FloatArray, FloatArray]:
    from .recurrence_kernels import windowed_recurrence

    x, y = (_states(v, rate_hz, settings) for v in (a, b))
    lags = np.round(lag_places(len(a), rate_hz, settings) * rate_hz).astype(np.int64)
    width, starts = _window_starts(x.shape[1], rate_hz, settings)
    return starts / rate_hz, np.asarray(windowed_recurrence(x, y, lags, radius**2, starts, width))


def _window_starts(n: int, rate_hz: float, settings: SuiteSettings) -> tuple[int, NDArray[np.int64]]:
    width, step = round(settings.window_s * rate_hz), max(round(settings.step_s * rate_hz), 1)
    return width, np.arange(0, n - width + 1, step)


def joint_profiles(a: FloatArray, bs: FloatArray, rate_hz: float, settings: SuiteSettings) -> FloatArray:
    """Recurrence quantities of the two as one state."""
    one = _states(a, rate_hz, settings)
    return np.array(
        [
            recurrence(
                np.concatenate([one, _states(b, rate_hz, settings)]),
                radius=settings.radius,
                line_samples=settings.line_samples,
            )
            for b in bs
        ]
    )


def joint_course(
    a: FloatArray, b: FloatArray, rate_hz: float, settings: SuiteSettings
) -> tuple[FloatArray, FloatArray]:
    """Recurrence rate of the two as one state, in windows."""
    both = np.concatenate([_states(a, rate_hz, settings), _states(b, rate_hz, settings)])
    width, starts = _window_starts(both.shape[1], rate_hz, settings)
    rates = [recurrence(both[:, s : s + width], radius=settings.radius).rate for s in starts]
    return starts / rate_hz, np.array(rates)


def difference(profiles: NDArray[Any], peak: int) -> FloatArray:
    """Best of the lags at which the first leads minus best of the others."""
    n = profiles.shape[-1] // 2
    known = np.nan_to_num(profiles)
    return np.asarray(known[..., n + 1 :].max(axis=-1) - known[..., :n].max(axis=-1))


def quantity_places(n: int, rate_hz: float, settings: SuiteSettings) -> FloatArray:
    """Return the numbers of the quantities, in the order of :class:`Recurrence`."""
    return np.arange(5, dtype=np.float64)


CROSS = Measure(
    name="cross recurrence",
    method="share of recurrent points on each diagonal",
    axis="lag_s",
    places=lag_places,
    profiles=cross_profiles,
    scores=as_they_are,
    straight=root,
    lead=difference,
    ready=ready,
    course=cross_course,
    min_s=120.0,  # prior
    at_most_hz=lambda settings: 2.0,  # prior
)
CODES = CROSS._replace(
    name="code recurrence",
    method="share of times at which both show the same code, at each lag",
    profiles=code_profiles,
    course=code_course,
    ready=None,
    surrogate="shift, not swelling together",
    burst_surrogate="runs within a minute",
    at_most_hz=lambda settings: float("inf"),
    categorical=True,
)
JOINT = Measure(
    name="joint recurrence",
    method="multidimensional recurrence quantification (MdRQA)",
    axis="quantity",
    places=quantity_places,
    profiles=joint_profiles,
    scores=first_alone,
    straight=root,
    ready=ready,
    course=joint_course,
    min_s=120.0,  # prior
    at_most_hz=lambda settings: 1.0,  # prior: time grows with the square
    chunk=8,
)
