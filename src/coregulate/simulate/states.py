"""Random truth for the circuits: states, and the cues that they would send."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from coregulate.core import FloatArray, InputError

from .noise import lagged, student_noise

if TYPE_CHECKING:
    import xarray as xr

    from coregulate.cues import Cuebook

StateArray = NDArray[np.int64]

# docs/circuits.md, all prior: a safe bout lasts 180 s, an unsafe one 40 s, a state 20 s; no hop from
# shutdown to play.
# Rows and columns: social, play, still, fight_flight, shutdown; per second.
TRANSITIONS: FloatArray = np.array(
    [
        [0.95, 1 / 45, 1 / 45, 1 / 360, 1 / 360],
        [1 / 45, 0.95, 1 / 45, 1 / 360, 1 / 360],
        [1 / 45, 1 / 45, 0.95, 1 / 360, 1 / 360],
        [1 / 120, 1 / 120, 1 / 120, 0.95, 0.025],
        [0.0125, 0.0, 0.0125, 0.025, 0.95],
    ]
)
TRANSITIONS.setflags(write=False)

LAG_S = (3.0, 8.0)  # prior: docs/circuits.md simulation, how late a cue shows a state
NU = 5.0  # prior: docs/circuits.md
RHO = 0.8  # prior: noise loses half its memory in 3 s
CHANNELS = ("heart", "skin", "breathing", "voice", "turns", "face", "motion")  # graded cues


def draw_states(n_s: int, rng: Generator, matrix: FloatArray = TRANSITIONS) -> StateArray:
    """Draw a chain of states, one a second.

    Parameters
    ----------
    n_s : int
        Seconds.
    rng : numpy.random.Generator
    matrix : ndarray, shape (k, k)
        Probability of going from the row's state to the column's in one second;
        default: the prior of docs/circuits.md in the order of ``coregulate.cues.STATES``.

    Returns
    -------
    ndarray of int, shape (n_s,)
        The first second is drawn from the chain's stationary distribution.

    Raises
    ------
    InputError
        If the rows of `matrix` are not probabilities.

    Examples
    --------
    >>> draw_states(4, np.random.default_rng(1)).shape
    (4,)
    """
    matrix = np.asarray(matrix, dtype=np.float64)
    square = matrix.ndim == 2 and matrix.shape[0] == matrix.shape[1]
    if not square or np.any(matrix < 0) or not np.allclose(matrix.sum(axis=1), 1):
        raise InputError(
            "The matrix of transitions has rows that do not sum to 1", "Give a row for each state"
        )
    cumulative = np.cumsum(matrix, axis=1)
    draws = rng.random(n_s)
    states = np.empty(n_s, dtype=np.int64)
    previous = np.cumsum(_stationary(matrix))
    for k in range(n_s):
        states[k] = min(int(np.searchsorted(previous, draws[k], side="right")), len(matrix) - 1)
        previous = cumulative[states[k]]
    return states


def _stationary(matrix: FloatArray) -> FloatArray:
    n = len(matrix)
    equations = np.vstack([matrix.T - np.eye(n), np.ones(n)])
    solution = np.linalg.lstsq(equations, np.append(np.zeros(n), 1.0), rcond=None)[0]
    return np.asarray(np.clip(solution, 0.0, 1.0))


def draw_course(
    states: StateArray,
    means: Sequence[float] | FloatArray,
    scales: Sequence[float] | FloatArray,
    rng: Generator,
    *,
    effect: float = 1.0,
    lag_s: tuple[float, float] = LAG_S,
    rho: float = RHO,
    nu: float = NU,
) -> FloatArray:
    """Draw one cue of one person in z, one value a second.

    Parameters
    ----------
    states : ndarray of int, shape (n_s,)
    means, scales : sequence of float, one for each state
    rng : numpy.random.Generator
    effect : float
        Multiplier of all means (1: as in the table; 0: the cue says nothing).
    lag_s : (float, float)
        The cue's delay is uniform between these, whole seconds.
    rho, nu : float
        Of the noise, see :func:`student_noise`.

    Returns
    -------
    ndarray, shape (n_s,)
    """
    lag = float(round(rng.uniform(*lag_s)))
    location = lagged(np.asarray(means, dtype=np.float64)[states] * effect, lag, rate_hz=1.0)
    scale = lagged(np.asarray(scales, dtype=np.float64)[states], lag, rate_hz=1.0)
    return location + scale * student_noise(len(states), rho=rho, nu=nu, rng=rng)


def draw_cues(
    states: Mapping[str, StateArray],
    rng: Generator,
    *,
    rate_hz: float,
    book: Cuebook | None = None,
    channels: Sequence[str] = CHANNELS,
    effect: float = 1.0,
    lag_s: tuple[float, float] = LAG_S,
    rho: float = RHO,
    nu: float = NU,
) -> xr.Dataset:
    """Draw every graded cue of some people straight from the cuebook, in z.

    Noise is independent between cues and people and holds still within a
    second, so that a second's mean is Student-t as the state model says.

    Parameters
    ----------
    states : mapping of person id to ndarray of int, shape (n_s,)
        Index into ``coregulate.cues.STATES`` for each second, the same length for all.
    rng : numpy.random.Generator
    rate_hz : float
        A whole number; 10 is the grid of the cues, 1 is enough for many uses.
    book : Cuebook, optional
        Default: the package's own.
    channels : sequence of str
        Whose cues are drawn; ``touch`` adds 0/1 touching, ``rating`` adds ``felt_safe``
        (0..1) and ``codes`` a coder's ``code_<name>`` (0/1; a third of the seconds coded).
    effect, lag_s, rho, nu
        See :func:`draw_course`.

    Returns
    -------
    xarray.Dataset
        Dimensions (person, time); float32 ``<cue>`` in z and ``<cue>_quality`` (all 1).

    Raises
    ------
    InputError
        If the people's states differ in length or `rate_hz` is not a whole number.
    """
    import xarray as xr

    from coregulate.cues import load_cuebook

    lengths = {len(x) for x in states.values()}
    if len(lengths) != 1:
        raise InputError(
            f"The states have lengths {sorted(lengths)}", "Give every person the same number of seconds"
        )
    if rate_hz < 1 or rate_hz != round(rate_hz):
        raise InputError(f"rate_hz is {rate_hz}", "Give a whole number of 1 or more")
    repeat, (n_s,) = round(rate_hz), lengths
    book = load_cuebook() if book is None else book
    tracks: dict[str, list[FloatArray]] = {}
    for person in states.values():
        for name, row in _draw_person(person, rng, book, channels, effect, lag_s, rho, nu).items():
            tracks.setdefault(name, []).append(row)
    graded = {cue.name for cue in book.of_kind("graded")}
    variables: dict[str, object] = {}
    for name, rows in tracks.items():
        values = np.repeat(np.array(rows, dtype=np.float32), repeat, axis=1)
        variables[name] = (("person", "time"), values, {"units": "z" if name in graded else "1"})
        variables[f"{name}_quality"] = (("person", "time"), np.ones_like(values), {"units": "1"})
    time = ("time", np.arange(n_s * repeat) / repeat, {"units": "s"})
    return xr.Dataset(variables, coords={"person": list(states), "time": time})


def _draw_person(
    states: StateArray,
    rng: Generator,
    book: Cuebook,
    channels: Sequence[str],
    effect: float,
    lag_s: tuple[float, float],
    rho: float,
    nu: float,
) -> dict[str, FloatArray]:
    from coregulate.cues import STATES

    rows: dict[str, FloatArray] = {}
    for name, cue in book.cues.items():
        if cue.channel not in channels or cue.kind == "code" or not cue.argues:
            continue
        if cue.kind == "rating":
            rows[name] = draw_rating(states, rng)
            continue
        means = [cue.means[s] for s in STATES]
        if cue.kind == "touch":
            rows[name] = _draw_touch(states, cue.intercept + np.array(means) * effect, rng)
            continue
        scales = [cue.scales[s] for s in STATES]
        rows[name] = draw_course(states, means, scales, rng, effect=effect, lag_s=lag_s, rho=rho, nu=nu)
    if "codes" in channels:
        rows.update(_draw_codes(states, rng, book, effect))
    return rows


def _draw_codes(states: StateArray, rng: Generator, book: Cuebook, effect: float) -> dict[str, FloatArray]:
    """One code at most a second; in a state each code is likelier by its log odds for that state."""
    from coregulate.cues import STATES

    codes = book.of_kind("code")
    odds = np.exp(effect * np.array([[cue.means[s] for cue in codes] for s in STATES]))
    cumulative = np.cumsum(odds / odds.sum(axis=1, keepdims=True), axis=1)[states]
    chosen = (rng.random(len(states))[:, None] > cumulative[:, :-1]).sum(axis=1)
    coded = rng.random(len(states)) < 1 / 3
    return {cue.name: (coded & (chosen == k)).astype(np.float64) for k, cue in enumerate(codes)}


def _draw_touch(states: StateArray, log_odds: FloatArray, rng: Generator) -> FloatArray:
    """Touching or not, 0 or 1, with P = logistic(log odds) and memory."""
    from scipy.special import expit, ndtr

    from .noise import gaussian_noise

    rank = ndtr(gaussian_noise(len(states), rho=0.95, rng=rng))
    return np.asarray(rank < expit(log_odds[states]), dtype=np.float64)


def draw_rating(states: StateArray, rng: Generator) -> FloatArray:
    """Draw a 'felt safe' dial, 0..1, one value a second, that follows the states by 1 to 4 s.

    Levels (prior): social 0.80, play 0.85, still 0.78, fight_flight 0.20, shutdown 0.28.
    """
    from .noise import gaussian_noise

    levels = np.array([0.80, 0.85, 0.78, 0.20, 0.28])[states]
    course = lagged(levels, rng.uniform(1, 4), rate_hz=1.0, smooth_s=1.5)
    return np.clip(course + 0.05 * gaussian_noise(len(states), rho=0.95, rng=rng), 0.0, 1.0)
