"""One simulated person: what is theirs alone, and how their cues run under the plot."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from coregulate.core import FloatArray

from .noise import gaussian_noise, lagged, student_noise
from .states import LAG_S, NU, StateArray

# How long a cue remembers its noise, s (prior), and how slowly it follows a state, s (prior).
_MEMORY_S = {"heart": 8.0, "skin": 20.0, "breathing": 15.0, "voice": 6.0}
_FOLLOW_S = {"heart": 2.0, "skin": 3.0, "breathing": 3.0, "voice": 1.0}
#: Share of heart period's noise SD that is the two people's oscillation (prior).
OSCILLATION_SD = 0.85


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


def draw_courses(states: StateArray, rng: Generator, oscillation: FloatArray) -> dict[str, FloatArray]:
    """Draw each cue that a body shows, in z, one value a second.

    The table of docs/circuits.md (the cuebook's means and scales) moves the location;
    Student-t noise with memory lies over it; heart period's noise is mostly the
    slow oscillation that the two people share.

    Parameters
    ----------
    states : ndarray of int, shape (n_s,)
    rng : numpy.random.Generator
    oscillation : ndarray, shape (n_s,)
        Variance 1.

    Returns
    -------
    dict of cue name to ndarray, shape (n_s,)
    """
    from coregulate.cues import STATES, load_cuebook

    courses: dict[str, FloatArray] = {}
    for name, cue in load_cuebook().cues.items():
        if cue.kind != "graded" or cue.channel not in _MEMORY_S:
            continue
        lag = rng.uniform(*LAG_S)
        follow = _FOLLOW_S[cue.channel]
        location = lagged(np.array([cue.means[s] for s in STATES])[states], lag, rate_hz=1.0, smooth_s=follow)
        scale = lagged(np.array([cue.scales[s] for s in STATES])[states], lag, rate_hz=1.0, smooth_s=follow)
        noise = student_noise(len(states), rho=float(np.exp(-1 / _MEMORY_S[cue.channel])), nu=NU, rng=rng)
        if name == "heart_period":
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
