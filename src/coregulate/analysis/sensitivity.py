"""How much the result rests on each prior: halved, doubled, or a channel taken out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from coregulate.circuits import Circuits, infer_circuits, reference_of
from coregulate.core import CircuitSettings, FloatArray, InputError
from coregulate.cues import Baseline, Cue, Cuebook, load_cuebook
from coregulate.story import tell_story

from .learning import baseline_of, settings_of
from .result import Analysis
from .summary import SAFE

#: The priors of the state model that are halved and doubled, beside each cue's means.
PRIORS = ("safe_bout_s", "unsafe_bout_s", "state_s", "student_nu", "kappa_log_sd")
_FACTORS = {"halved": 0.5, "doubled": 2.0}


class Change(NamedTuple):
    """One change and what it moves.

    ``moved``: mean change of P(safe), 0..1, over all people's known seconds; ``switched``:
    share of those seconds that change sides of one half; ``episodes``: how many are told
    then. NaN where the change leaves nothing to compare, or is not possible.
    """

    what: str
    change: str
    moved: float
    switched: float
    episodes: float


class _Variant(NamedTuple):
    what: str
    change: str
    cues: xr.Dataset
    book: Cuebook
    settings: CircuitSettings


def sensitivity(analysis: Analysis, *, progress: Callable[[float], None] | None = None) -> list[Change]:
    """Infer the states again with each prior halved and doubled, and without each channel.

    Parameters
    ----------
    analysis : Analysis
    progress : callable, optional
        Called with the share done.

    Returns
    -------
    list of Change
        The largest first. What was learned of a person is learned anew each time.

    Notes
    -----
    Each change costs what the circuits cost: about a minute in all for an hour of two people.
    A cue's z is moved to the origin that its changed means imply; its clip at 5 is not.
    """
    baselines = {p.id: baseline_of(analysis, p.id) for p in analysis.session.people}
    variants = list(_variants(analysis, baselines))
    found = []
    for k, variant in enumerate(variants):
        found.append(_change(analysis, variant, baselines))
        if progress:
            progress((k + 1) / len(variants))
    return sorted(found, key=lambda c: -np.nan_to_num(c.moved, nan=-1.0))


def _variants(analysis: Analysis, baselines: Mapping[str, Baseline]) -> Iterator[_Variant]:
    book, settings, cues = load_cuebook(), settings_of(analysis).circuits, analysis.cues
    present = [book.cues[str(n)] for n in cues.data_vars if str(n) in book.cues and _seen(cues, str(n))]
    argue = [cue for cue in present if cue.kind != "rating" and cue.argues]
    for change, factor in _FACTORS.items():
        for cue in argue:
            changed = dataclasses.replace(cue, means={s: factor * m for s, m in cue.means.items()})
            moved = _moved_origin(cues, cue, changed, baselines)
            yield _Variant(f"means of {cue.name}", change, moved, _with(book, [changed]), settings)
        for name in PRIORS:
            value = factor * getattr(settings, name)
            yield _Variant(
                f"circuits.{name}", change, cues, book, dataclasses.replace(settings, **{name: value})
            )
        if not all(b.trusted for b in baselines.values()):
            wider = [dataclasses.replace(cue, tau=factor * cue.tau) for cue in argue]
            yield _Variant("spread between people (tau)", change, cues, _with(book, wider), settings)
    for channel in dict.fromkeys(cue.channel for cue in present):
        gone = [cue.name for cue in present if cue.channel == channel]
        yield _Variant(f"channel {channel}", "left out", cues.drop_vars(gone), book, settings)


def _change(analysis: Analysis, variant: _Variant, baselines: Mapping[str, Baseline]) -> Change:
    nan = float("nan")
    try:
        circuits = infer_circuits(
            variant.cues, baselines, book=variant.book, settings=variant.settings, personal=analysis.personal
        )
    except InputError:  # twice the dwell of a state may outlast its bout
        return Change(variant.what, variant.change, nan, nan, nan)
    before, after = _safe(analysis.circuits), _safe(circuits)
    both = np.isfinite(before) & np.isfinite(after)
    episodes = float(_episodes(analysis, circuits, variant.cues, baselines))
    if not both.any():
        return Change(variant.what, variant.change, nan, nan, episodes)
    moved = np.abs(after - before)[both].mean()
    switched = ((after > 0.5) != (before > 0.5))[both].mean()
    return Change(variant.what, variant.change, float(moved), float(switched), episodes)


def _safe(circuits: Circuits) -> FloatArray:
    values: FloatArray = circuits.states.sel(state=list(SAFE)).sum("state", skipna=False).values
    return values


def _episodes(
    analysis: Analysis, circuits: Circuits, cues: xr.Dataset, baselines: Mapping[str, Baseline]
) -> int:
    codes = {pid: tracks["codes"] for pid, tracks in analysis.tracks.items() if "codes" in tracks}
    told = tell_story(
        circuits.states, circuits.evidence, circuits.supported, cues, codes,
        baselines_trusted={pid: b.trusted for pid, b in baselines.items()}, flooding=(),
        settings=settings_of(analysis).story,
    )  # fmt: skip
    return len(told.episodes)


def _seen(cues: xr.Dataset, name: str) -> bool:
    return bool(np.isfinite(cues[name].values).any())


def _with(book: Cuebook, changed: list[Cue]) -> Cuebook:
    return Cuebook({**book.cues, **{cue.name: cue for cue in changed}})


def _moved_origin(cues: xr.Dataset, before: Cue, after: Cue, baselines: Mapping[str, Baseline]) -> xr.Dataset:
    """Add the changed reference mean back instead of the one that was."""
    if before.kind != "graded":
        return cues
    by: Any = []
    for person in (str(p) for p in cues.person.values):
        reference = reference_of(before, baselines[person])
        by.append(after.reference_mean(reference) - before.reference_mean(reference))
    return cues.assign({before.name: cues[before.name] + xr.DataArray(by, dims="person")})
