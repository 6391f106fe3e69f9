"""Each cue against the person's own named baseline: z, from one common origin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import xarray as xr

from coregulate.core import FloatArray, Segment

from .book import Baseline, Cue, Cuebook
from .grid import RATE_HZ

CLIP = 5.0  # prior
# The variance of a median is about pi/2 of a mean's under the normal, more under heavy tails: 2.6 (prior).
MEDIAN_VARIANCE = 2.6
SCALE_PRIOR_N = 10.0  # prior: the population's spread counts like this many independent seconds
MAD_TO_SD = 1.4826
#: A silent rest tells nothing of how somebody speaks.
NOT_AT_REST = ("voice", "turns")


class Reference(NamedTuple):
    """Where z is 0 and how long its unit is, in the cue's unit."""

    location: float
    scale: float
    reference: str


def normalise(cues: xr.Dataset, baselines: Mapping[str, Baseline], *, book: Cuebook) -> xr.Dataset:
    """Return z of every graded cue; codes, touch and ratings pass through.

    Parameters
    ----------
    cues : xarray.Dataset
        As :func:`build_cues` gives them.
    baselines : mapping of person to Baseline
    book : Cuebook

    Returns
    -------
    xarray.Dataset
        z from the common origin (the baseline's own expected mean is added back), clipped to +-5
        around the person's own middle. Where the baseline is not trusted z is measured from the
        population, and the person's offset is left to the circuits room.
    """
    result = cues.drop_vars([name for name in cues.data_vars if cues[name].attrs.get("role") == "context"])
    for name in list(result.data_vars):
        cue = book.cues.get(str(name))
        if cue is None or cue.kind != "graded":
            continue
        rows, notes = [], {}
        for pid in (str(p) for p in cues.person.values):
            values = cues[name].sel(person=pid).values.astype(np.float64)
            z, reference = _z(values, cue, baselines.get(pid, Baseline()))
            rows.append(z)
            notes[pid] = f"{reference.reference}: {reference.location:.5g} +- {reference.scale:.5g}"
        result[name] = (("person", "time"), np.array(rows, dtype=np.float32))
        described = "; ".join(f"{pid} {note}" for pid, note in notes.items())
        result[name].attrs = {
            **cues[name].attrs,
            "units": "z",
            "physical_unit": cue.unit,
            "baseline": described,
        }
    return result


def _z(values: FloatArray, cue: Cue, baseline: Baseline) -> tuple[FloatArray, Reference]:
    whole = _seconds(values)
    usable = baseline.trusted and not (baseline.reference == "rest" and cue.channel in NOT_AT_REST)
    calm = _seconds(_within(values, baseline.segments)) if usable else np.empty(0)
    if len(calm) >= 2:
        reference = own_reference(calm, cue, baseline.reference)
        z = (values - reference.location) / reference.scale
        middle = 0.0
    else:
        spread = own_reference(whole, cue, "population")
        # A voice has no rest to be compared with: its own middle stands for calm talk.
        location = spread.location if baseline.trusted else cue.population_mean
        reference = Reference(location, spread.scale, "population")
        z = (values - location) / spread.scale
        middle = float(np.median(whole) - location) / spread.scale if len(whole) else 0.0
    z = z + cue.reference_mean(reference.reference)
    return np.clip(z, middle - CLIP, middle + CLIP), reference


def own_reference(seconds: FloatArray, cue: Cue, reference: str) -> Reference:
    """Location and scale of the observed seconds, each shrunk toward the population.

    Parameters
    ----------
    seconds : array, shape (n,)
        Observed second means, in the cue's unit.
    cue : Cue
    reference : str

    Returns
    -------
    Reference
        Location: the median with weight ``tau^2 / (tau^2 + v)``, ``v = 2.6 scale^2 / n_eff``. Scale:
        median absolute deviation * 1.4826, its log shrunk with weight ``n_eff / (n_eff + 10)``.
    """
    if len(seconds) < 2:
        return Reference(cue.population_mean, max(cue.population_sd, cue.scale_floor), reference)
    n_eff = effective_n(seconds)
    median = float(np.median(seconds))
    mad = MAD_TO_SD * float(np.median(np.abs(seconds - median)))
    weight = n_eff / (n_eff + SCALE_PRIOR_N)
    log_scale = weight * np.log(max(mad, cue.scale_floor)) + (1 - weight) * np.log(cue.population_sd)
    scale = max(float(np.exp(log_scale)), cue.scale_floor)
    trust = cue.tau**2 / (cue.tau**2 + MEDIAN_VARIANCE / n_eff)
    return Reference(cue.population_mean + trust * (median - cue.population_mean), scale, reference)


def offset_sd(seconds: FloatArray, cue: Cue) -> float:
    """How far a baseline's location may still be off, in z.

    The standard deviation of a person's true location once :func:`own_reference` has
    weighed the baseline's median (variance ``v = 2.6 / n_eff``) against the population
    (``tau^2``): ``sqrt(tau^2 v / (tau^2 + v))``. A long baseline of quick noise comes near 0,
    one that says nothing leaves ``tau``.

    Parameters
    ----------
    seconds : array, shape (n,)
        Observed second means within the baseline, in any unit.
    cue : Cue

    Examples
    --------
    >>> from coregulate.cues import load_cuebook
    >>> quick = np.tile([1.0, -1.0], 90)
    >>> round(offset_sd(quick, load_cuebook().cues["brow_lowerer"]), 3)
    0.119
    """
    if len(seconds) < 2:
        return cue.tau
    variance = MEDIAN_VARIANCE / effective_n(seconds)
    return float(np.sqrt(cue.tau**2 * variance / (cue.tau**2 + variance)))


def effective_n(seconds: FloatArray) -> float:
    """Return n (1 - rho) / (1 + rho), rho the lag-one autocorrelation, at least 1.

    Examples
    --------
    >>> round(effective_n(np.array([1.0, -1.0, 1.0, -1.0])), 1)
    4.0
    """
    centred = seconds - seconds.mean()
    power = float(np.dot(centred, centred))
    rho = float(np.dot(centred[1:], centred[:-1])) / power if power > 0 else 0.0
    rho = min(max(rho, 0.0), 0.999)
    return max(1.0, len(seconds) * (1 - rho) / (1 + rho))


def _within(values: FloatArray, segments: tuple[Segment, ...]) -> FloatArray:
    time = np.arange(len(values)) / RATE_HZ
    inside = np.zeros(len(values), dtype=bool)
    for segment in segments:
        inside |= (time >= segment.start_s) & (time < segment.end_s)
    return np.where(inside, values, np.nan)


def _seconds(values: FloatArray) -> FloatArray:
    """Means of the observed seconds only."""
    n = len(values) // int(RATE_HZ)
    blocks = values[: n * int(RATE_HZ)].reshape(n, int(RATE_HZ))
    seen = np.isfinite(blocks)
    count = seen.sum(axis=1)
    return np.asarray(np.nansum(blocks, axis=1)[count > 0] / count[count > 0])
