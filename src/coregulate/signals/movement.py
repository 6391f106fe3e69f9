"""Movement: from an accelerometer or from motion energy of a video, at 10 Hz."""

from __future__ import annotations

import numpy as np

from coregulate.core import FloatArray, Notice, Samples, Signal, SignalError, SignalSettings

from .measured import Measured
from .runs import Run, binned_mean, contiguous_runs, grid_length, windowed_mean

MOVEMENT_HZ = 10.0
KINDS = ("acceleration", "motion_energy")
# prior: gravity is each axis' mean over the 2 s around
GRAVITY_S = 2.0
# One g in each unit that devices write.
ONE_G = {"g": 1.0, "mg": 1000.0, "m/s^2": 9.80665, "m/s2": 9.80665, "m/s²": 9.80665}


def without_gravity(acceleration: FloatArray, *, rate_hz: float) -> FloatArray:
    """Magnitude of acceleration once each axis' mean over the 2 s around is taken off.

    Parameters
    ----------
    acceleration : ndarray, shape (n, axes) or (n,)
    rate_hz : float

    Returns
    -------
    ndarray, shape (n,)
        Same unit, 0 or more. A NaN in any axis is a NaN.
    """
    axes = acceleration if acceleration.ndim == 2 else acceleration[:, None]
    missing = ~np.all(np.isfinite(axes), axis=1)
    result = np.full(len(axes), np.nan)
    window = 2 * int(GRAVITY_S * rate_hz / 2) + 1
    edges = np.flatnonzero(np.diff(np.concatenate(([1], missing.astype(np.int8), [1]))))
    for a, b in zip(edges[::2], edges[1::2], strict=True):
        moving = [axis - windowed_mean(axis, window=window) for axis in axes[a:b].T]
        result[a:b] = np.sqrt(np.sum(np.square(moving), axis=0))
    return result


def motion_energy(raw: FloatArray, *, scale: float) -> FloatArray:
    """Compress motion energy: ``log(1 + raw / scale)``.

    Raw motion energy has a heavy tail: a few large movements would carry every mean
    and correlation. With the person's own median movement as ``scale`` the result
    does not depend on unit or camera; standing still is 0, a usual movement 0.7.

    Parameters
    ----------
    raw : ndarray, shape (n,)
        0 and more, in any unit; NaN stays NaN.
    scale : float
        In the same unit; :func:`usual_movement` of the person.

    Returns
    -------
    ndarray, shape (n,)
        0 and more, without unit.
    """
    return np.log1p(np.maximum(raw, 0) / scale)


def usual_movement(raw: FloatArray) -> float:
    """Median of the movement where there is any, in its unit; 1 where there is none.

    Parameters
    ----------
    raw : ndarray, shape (n,)
        NaN is left out.
    """
    moving = raw[np.isfinite(raw) & (raw > 0)]
    return float(np.median(moving)) if len(moving) else 1.0


def measure_movement(data: Signal | Samples, kind: str, *, settings: SignalSettings) -> Measured:
    """Measure how much one person moves.

    Parameters
    ----------
    data : Signal or Samples
        Acceleration with one column an axis, or motion energy with one column.
    kind : str
        ``acceleration`` or ``motion_energy``.
    settings : SignalSettings

    Returns
    -------
    Measured
        ``motion_energy`` (10 Hz, log of 1 + movement / the person's median movement)
        and ``motion_energy_raw`` (10 Hz; g, or the video's unit).

    Raises
    ------
    SignalError
        For another kind, or motion energy with several columns.

    Notes
    -----
    The mean over each 0.1 s; a sample stands for one sample interval around its time.
    Quality is the share of each second that was observed.

    Examples
    --------
    >>> import numpy as np
    >>> from coregulate.core import Signal, SignalSettings
    >>> still = Signal(np.tile([0.0, 0.0, 1.0], (500, 1)), 50.0, unit="g", name="wrist")
    >>> moved = measure_movement(still, "acceleration", settings=SignalSettings())
    >>> float(moved.signals["motion_energy"].values.max())
    0.0
    """
    del settings  # nothing here is for the user to set yet
    if kind not in KINDS:
        raise SignalError(f"There is no movement of kind '{kind}'", f"Kinds are {', '.join(KINDS)}")
    if kind == "motion_energy" and np.ndim(data.values) != 1:
        raise SignalError(
            f"'{data.name}' has {np.shape(data.values)[1]} columns", "Choose one person's column"
        )
    runs = contiguous_runs(data)
    unit = data.unit
    if kind == "acceleration":
        one_g = _one_g(runs, unit)
        runs = [Run(without_gravity(r.values, rate_hz=r.rate_hz) / one_g, r.rate_hz, r.start_s) for r in runs]
        unit = "g"
    start = data.span.start_s
    seconds = grid_length(start, runs[-1].start_s + runs[-1].duration_s, 1.0) if runs else 0
    raw = binned_mean(runs, rate_hz=MOVEMENT_HZ, start_s=start, n=seconds * int(MOVEMENT_HZ))
    energy = motion_energy(raw, scale=usual_movement(raw))
    observed = np.isfinite(raw).reshape(seconds, int(MOVEMENT_HZ)).mean(axis=1)
    signals = {
        "motion_energy": Signal(energy, MOVEMENT_HZ, start, "1", "motion_energy"),
        "motion_energy_raw": Signal(raw, MOVEMENT_HZ, start, unit, "motion_energy_raw"),
    }
    quality = {name: Signal(observed, 1.0, start, "1", f"{name}_quality") for name in signals}
    notices = [] if runs else [Notice("no_movement", data.name, "No movement was recorded.")]
    return Measured(signals, {}, quality, notices)


def _one_g(runs: list[Run], unit: str) -> float:
    """Gravity in the stream's own unit; a unit that nobody named is measured from the axes themselves."""
    if unit in ONE_G:
        return ONE_G[unit]
    lengths = [np.linalg.norm(run.values, axis=1) for run in runs if run.values.ndim == 2]
    measured = float(np.median(np.concatenate(lengths))) if lengths else 1.0
    return measured if measured > 0 else 1.0
