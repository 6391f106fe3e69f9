"""The door of the room: two people's cues in, their state probabilities and the evidence ledger out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from coregulate.core import CircuitSettings, Estimate, FloatArray, InputError, Notice
from coregulate.cues import STATES, Baseline, Cuebook

from .bouts import Bouts, person_bouts
from .coupled import Partner, fit_partner, seen_cues
from .gather import SAMPLES_PER_S
from .held_out import Learned
from .one_person import OnePerson, read_person
from .personal import Personal, Shifts
from .rows import Within, ledger, session_loglik
from .support import Supported
from .transitions import transition_matrix


class Circuits(NamedTuple):
    """What the state model read.

    ``states`` and ``filtered``: (person, time, state), smoothed and online
    probabilities, NaN where not known; ``evidence``: (person, time, cue, state),
    nats, NaN where the cue is missing; ``supported``: what may be told, by person;
    ``lambdas``, ``kappa``, ``offsets``, ``rating_lag_s``, ``tap_lag_s`` (of those who tapped),
    ``lags_s``, ``within``: the frozen parameters. ``evidence`` is laid on the second whose state it speaks of: a graded
    cue was seen ``lags_s`` later. ``shifts``: how far each person's means differ
    from the table's, learned before and now; ``learned``: what this session's own
    word taught each person's model. ``bouts``: how long the person's bouts and states
    lasted; ``partner``: whether the other's cues shifted the person's moves; both
    only of those whose level is known and who are told safe from not.
    """

    states: xr.DataArray
    filtered: xr.DataArray
    evidence: xr.DataArray
    supported: dict[str, Supported]
    lambdas: dict[str, dict[str, float]]
    kappa: dict[str, float]
    offsets: dict[str, dict[str, float]]
    rating_lag_s: dict[str, float]
    notices: tuple[Notice, ...]
    lags_s: Mapping[str, Mapping[str, float]] = MappingProxyType({})
    shifts: Mapping[str, Shifts] = MappingProxyType({})
    learned: Mapping[str, Learned] = MappingProxyType({})
    bouts: Mapping[str, Bouts] = MappingProxyType({})
    partner: Mapping[str, Partner] = MappingProxyType({})
    tap_lag_s: Mapping[str, Estimate] = MappingProxyType({})
    within: Mapping[str, Within] = MappingProxyType({})


def infer_circuits(
    cues: xr.Dataset,
    baselines: Mapping[str, Baseline],
    *,
    book: Cuebook,
    settings: CircuitSettings,
    rng: np.random.Generator | None = None,
    personal: Mapping[str, Personal] | None = None,
) -> Circuits:
    """Infer each person's states from their cues.

    Parameters
    ----------
    cues : Dataset, dims (person, time)
        Normalised cues on the 0.1 s grid: z for graded cues, ``code_<name>`` 0/1,
        ``touch`` 0..1, ``felt_safe`` 0..1, and ``<cue>_quality`` 0..1.
    baselines : mapping of person id to Baseline
        A person without one is taken as not trusted.
    book : Cuebook
    settings : CircuitSettings
    rng : Generator, optional
        Shuffles the partner's cues. Without one, ``bouts`` and ``partner`` stay empty;
        the states do not depend on it.
    personal : mapping of person id to Personal, optional
        What was learned of a person before, their history and corrections.

    Returns
    -------
    Circuits

    Raises
    ------
    InputError
        If the dwell times of the settings contradict each other, or a dimension is missing.

    Notes
    -----
    A probability is NaN ("not known") where the nearest observed second is more than
    one state dwell (``settings.state_s``) away, in ``filtered`` where the last one
    is; a person without any channel is NaN throughout. An hour of two people with
    15 cues takes about a second, once compiled; with ``rng`` one to three more.
    """
    if missing := {"person", "time"} - set(cues.dims):
        raise InputError(
            f"The cues have no dimension {', '.join(sorted(missing))}", "Give them as build_cues does"
        )
    moves = transition_matrix(
        safe_bout_s=settings.safe_bout_s, unsafe_bout_s=settings.unsafe_bout_s, state_s=settings.state_s
    )
    people = [str(p) for p in cues["person"].values]
    own = personal or {}
    every = {
        p: read_person(
            cues, p, baselines.get(p, Baseline()), own.get(p, Personal()), moves=moves, book=book, settings=settings
        )
        for p in people
    }  # fmt: skip
    circuits = _gathered(every, cues, book, settings)
    if rng is None:
        return circuits
    return circuits._replace(bouts=_bouts(every, settings), partner=_partners(every, settings, rng))


def _gathered(
    every: dict[str, OnePerson], cues: xr.Dataset, book: Cuebook, settings: CircuitSettings
) -> Circuits:
    """Lay what was read of each person side by side."""
    seconds = np.arange(-(-cues.sizes["time"] // SAMPLES_PER_S), dtype=np.float64)
    dims = {"person": list(every), "time": seconds, "state": list(STATES)}
    return Circuits(
        states=_stack(every, dims, "states", lambda one: _masked(one.path.smoothed, one.known)),
        filtered=_stack(every, dims, "filtered", lambda one: _masked(one.path.filtered, one.heard)),
        evidence=_evidence(every, dims, settings),
        supported={p: one.supported for p, one in every.items()},
        lambdas={p: _lambdas(one) for p, one in every.items()},
        kappa={p: one.parameters.kappa for p, one in every.items()},
        offsets={p: _by_cue(one, one.parameters.offsets) for p, one in every.items()},
        rating_lag_s={p: one.rating_lag_s for p, one in every.items()},
        notices=(*_unread(cues, book), *(n for one in every.values() for n in one.notices)),
        lags_s={p: _by_cue(one, one.parameters.lags_s) for p, one in every.items()},
        shifts={p: one.shifts for p, one in every.items()},
        tap_lag_s={p: one.tap_lag_s for p, one in every.items() if one.tap_lag_s is not None},
        within={p: w for p, one in every.items() if (w := one.parameters.within) is not None},
        learned={p: one.learned for p, one in every.items() if one.learned is not None},
    )


def _told(one: OnePerson) -> bool:
    return one.supported.level_known and one.supported.safe


def _bouts(every: dict[str, OnePerson], settings: CircuitSettings) -> dict[str, Bouts]:
    found = {}
    for p, one in every.items():
        if _told(one):
            bouts = person_bouts(one.rows, one.parameters, one.path.smoothed, settings)
            # What tells no more than safe from unsafe says nothing of how long a state within them lasts.
            finer = len(one.supported.groups) > 2
            found[p] = bouts if finer else bouts._replace(state_s=Estimate(float("nan")))
    return found


def _partners(
    every: dict[str, OnePerson], settings: CircuitSettings, rng: np.random.Generator
) -> dict[str, Partner]:
    """Fit the coupled chain of each of two people; one stream of chance for each, so that order says nothing."""
    if len(every) != 2:
        return {}
    found = {}
    for p, own in zip(sorted(every), rng.spawn(2), strict=True):
        one, other = every[p], next(every[q] for q in every if q != p)
        if _told(one):
            loglik = session_loglik(one.rows, one.parameters, settings)
            inputs = seen_cues(other.rows, other.parameters, settings)
            found[p] = fit_partner(loglik, inputs, moves=one.moves, settings=settings, rng=own)
    return found


def _masked(values: FloatArray, known: NDArray[np.bool_]) -> FloatArray:
    return np.where(known[:, None], values, np.nan)


def _stack(
    every: dict[str, OnePerson], dims: dict[str, Any], name: str, take: Callable[[OnePerson], FloatArray]
) -> xr.DataArray:
    values = np.stack([take(one) for one in every.values()])
    array = xr.DataArray(values, dims=("person", "time", "state"), coords=dims, name=name)
    array.attrs.update(units="1", long_name=f"probability of each state ({name})")
    array["time"].attrs["units"] = "s"
    return array


def _evidence(every: dict[str, OnePerson], dims: dict[str, Any], settings: CircuitSettings) -> xr.DataArray:
    names = list(dict.fromkeys(name for one in every.values() for name in one.rows.cue_names))
    n_seconds = len(dims["time"])
    values = np.full((len(every), n_seconds, len(names), len(STATES)), np.nan, dtype=np.float32)
    for k, one in enumerate(every.values()):
        columns = [names.index(name) for name in one.rows.cue_names]
        values[k][:, columns] = ledger(one.rows, one.parameters, settings)
    array = xr.DataArray(
        values,
        dims=("person", "time", "cue", "state"),
        coords={"person": dims["person"], "time": dims["time"], "cue": names, "state": dims["state"]},
        name="evidence",
    )
    array.attrs.update(
        units="nat", long_name="evidence of each cue for each state against the average of the others"
    )
    return array


def _by_cue(one: OnePerson, values: FloatArray) -> dict[str, float]:
    return dict(zip(one.rows.names, values.tolist(), strict=True))


def _lambdas(one: OnePerson) -> dict[str, float]:
    out = _by_cue(one, one.parameters.lambdas)
    for channel, weight in zip(one.rows.absolute, one.parameters.absolute_lambdas.tolist(), strict=True):
        out.update(dict.fromkeys(channel.names, weight))
    return out


def _unread(cues: xr.Dataset, book: Cuebook) -> list[Notice]:
    names = [str(n) for n in cues.data_vars if not str(n).endswith("_quality") and str(n) not in book.cues]
    text = "The cuebook does not have this cue: it says nothing about states"
    return [Notice("cue-unknown", name, text) for name in names]
