"""One simulated person: what is theirs alone, and how their cues run under the plot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from coregulate.core import FloatArray

from .noise import as_student, gaussian_noise, lagged
from .states import LAG_S, NU, StateArray

# How long a cue remembers its noise, s (prior), and how slowly it follows a state, s (prior).
_MEMORY_S = {"heart": 8.0, "skin": 20.0, "breathing": 15.0, "voice": 6.0, "face": 3.0, "motion": 3.0}
_FOLLOW_S = {"heart": 2.0, "skin": 3.0, "breathing": 3.0, "voice": 1.0, "face": 1.0, "motion": 1.0}
#: Share of heart period's noise SD that is the two people's oscillation (prior).
OSCILLATION_SD = 0.85
#: What every simulated body shows, channel by channel; face and motion are drawn where they are asked for.
INNER = ("heart", "skin", "breathing", "voice")


class Body(NamedTuple):
    """What does not change within a session (all prior, drawn within the ordinary range of adults)."""

    heart_period_ms: float
    rsa: float
    respiration_rate: float
    skin_us: float
    f0_hz: float
    tract: float
    ecg_uv: float
    breath_units: float


def draw_body(place: int, rng: Generator) -> Body:
    """Draw a person; the first has a low voice and a long vocal tract, the second a high one and a short."""
    low_voice = place == 0
    return Body(
        heart_period_ms=float(rng.uniform(760, 900)),
        rsa=float(rng.uniform(5.6, 6.6)),
        respiration_rate=float(rng.uniform(14.5, 16.5)),
        skin_us=float(rng.uniform(4.0, 9.0)),
        f0_hz=float(rng.uniform(105, 122) if low_voice else rng.uniform(192, 215)),
        tract=float(rng.uniform(0.97, 1.01) if low_voice else rng.uniform(1.13, 1.18)),
        ecg_uv=float(rng.uniform(900, 1400)),
        breath_units=float(rng.uniform(180, 300)),
    )


def draw_courses(
    states: StateArray,
    rng: Generator,
    oscillation: FloatArray | None = None,
    *,
    channels: Sequence[str] = INNER,
    within: float = 0.0,
    effect: float = 1.0,
) -> dict[str, FloatArray]:
    """Draw each cue that a body shows, in z, one value a second.

    The table of docs/circuits.md (the cuebook's means and scales) moves the location;
    Student-t noise with memory lies over it; heart period's noise is mostly the
    slow oscillation that the two people share.

    Parameters
    ----------
    states : ndarray of int, shape (n_s,)
    rng : numpy.random.Generator
    oscillation : ndarray, shape (n_s,), optional
        Variance 1.
    channels : sequence of str
        Whose cues are drawn.
    within : float
        Correlation of the noise of two cues of one channel, 0 to under 1.
    effect : float
        Multiplier of all means (1: as in the table).

    Returns
    -------
    dict of cue name to ndarray, shape (n_s,)
    """
    from coregulate.cues import STATES, load_cuebook

    courses: dict[str, FloatArray] = {}
    rho = {channel: float(np.exp(-1 / _MEMORY_S[channel])) for channel in channels}
    # Drawn only where it is wanted: a session without it stays what it was.
    common = {c: gaussian_noise(len(states), rho=rho[c], rng=rng) for c in channels} if within else {}
    for name, cue in load_cuebook().cues.items():
        if cue.kind != "graded" or not cue.argues or cue.channel not in channels:
            continue
        lag = rng.uniform(*LAG_S)
        follow = _FOLLOW_S[cue.channel]
        means = effect * np.array([cue.means[s] for s in STATES])
        location = lagged(means[states], lag, rate_hz=1.0, smooth_s=follow)
        scale = lagged(np.array([cue.scales[s] for s in STATES])[states], lag, rate_hz=1.0, smooth_s=follow)
        own = gaussian_noise(len(states), rho=rho[cue.channel], rng=rng)
        if within:
            own = np.sqrt(within) * common[cue.channel] + np.sqrt(1 - within) * own
        noise = as_student(own, nu=NU)
        if name == "heart_period" and oscillation is not None:
            own = gaussian_noise(len(states), rho=0.8, rng=rng)
            noise = OSCILLATION_SD * oscillation + np.sqrt(1 - OSCILLATION_SD**2) * own
        courses[name] = location + scale * np.clip(noise, -4, 4)
    return courses


def physical(name: str, z: FloatArray, location: float | None = None) -> FloatArray:
    """Carry a cue from z to its unit: the person's location (default: population) + z times population SD."""
    from coregulate.cues import load_cuebook

    cue = load_cuebook().cues[name]
    return (cue.population_mean if location is None else location) + cue.population_sd * z


def at_rate(values: FloatArray, n: int, *, rate_hz: float) -> FloatArray:
    """One value a second (at its middle) to n samples at rate_hz, by straight lines."""
    return np.interp(np.arange(n) / rate_hz, np.arange(len(values)) + 0.5, values)
