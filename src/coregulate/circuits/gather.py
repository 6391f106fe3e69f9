"""From the cues' 0.1 s grid to one person's rows of 1 s."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from coregulate.core import FloatArray
from coregulate.cues import STATES, Baseline, Cue, Cuebook, offset_sd

from .densities import RATING_CLIP, discrete_divergence, logistic, logit, rating_divergence
from .rows import Absolute, Rows
from .transitions import SAFE, UNSAFE

#: Cue samples a second.
SAMPLES_PER_S = 10
#: Least share of a second's samples that makes it observed (prior).
FLOOR_FRACTION = 0.1


def gather(
    cues: xr.Dataset, person: str, baseline: Baseline, *, book: Cuebook, rating_lag_s: int = 0
) -> Rows:
    """Collect one person's evidence.

    Parameters
    ----------
    cues : Dataset, dims (person, time)
        As the cues room normalised them, on the 0.1 s grid.
    person : str
    baseline : Baseline
        What z was measured from.
    book : Cuebook
    rating_lag_s : int
        How long after the moment the rating moves; it is read that much ahead.

    Returns
    -------
    Rows
        Cues that this person never shows are absent.
    """
    one = cues.sel(person=person)
    table = {str(name): second_means(one[name].values) for name in one.data_vars}
    weights = {
        name: np.nan_to_num(values, nan=0.0) for name, values in table.items() if name.endswith("_quality")
    }
    n_seconds = -(-one.sizes["time"] // SAMPLES_PER_S)
    return rows_from_seconds(table, weights, n_seconds, baseline, book=book, rating_lag_s=rating_lag_s)


def second_means(values: FloatArray) -> FloatArray:
    """Average 0.1 s samples to seconds, shape (ceil(n / 10),); NaN where under a tenth is observed.

    Examples
    --------
    >>> second_means(np.r_[np.full(9, np.nan), 2.0, np.full(10, np.nan)])
    array([ 2., nan])
    """
    n = -(-len(values) // SAMPLES_PER_S)
    padded = np.full(n * SAMPLES_PER_S, np.nan)
    padded[: len(values)] = values
    blocks = padded.reshape(n, SAMPLES_PER_S)
    seen = np.isfinite(blocks)
    count = seen.sum(axis=1)
    total = np.where(seen, blocks, 0.0).sum(axis=1)
    return np.where(count >= FLOOR_FRACTION * SAMPLES_PER_S, total / np.maximum(count, 1), np.nan)


def rows_from_seconds(
    table: Mapping[str, FloatArray],
    weights: Mapping[str, FloatArray],
    n_seconds: int,
    baseline: Baseline,
    *,
    book: Cuebook,
    rating_lag_s: int = 0,
    keep: tuple[str, ...] | None = None,
) -> Rows:
    """Assemble rows from second means; ``keep`` fixes the cues (live), else those observed are taken."""
    found = [
        cue
        for name, cue in book.cues.items()
        if (name in keep if keep is not None else name in table and bool(np.isfinite(table[name]).any()))
    ]
    values = {cue.name: table.get(cue.name, np.full(n_seconds, np.nan)) for cue in found}
    quality = {name: _quality(x, weights.get(f"{name}_quality")) for name, x in values.items()}
    graded = [cue for cue in found if cue.kind == "graded" and cue.argues]
    return Rows(
        names=tuple(cue.name for cue in graded),
        channels=tuple(cue.channel for cue in graded),
        z=np.nan_to_num(_columns([values[c.name] for c in graded], n_seconds), nan=0.0),
        quality=_columns([quality[c.name] for c in graded], n_seconds),
        means=_by_state(graded, "means"),
        scales=_by_state(graded, "scales"),
        reference=np.array([cue.reference_mean(reference_of(cue, baseline)) for cue in graded]),
        centre=np.zeros(len(graded)),
        tau=np.array([_offset_sd(cue, values[cue.name], baseline) for cue in graded]),
        lag_s=np.array([cue.lag_s for cue in graded]),
        absolute=_absolute(found, values, quality, book, rating_lag_s),
    )


def _quality(values: FloatArray, weights: FloatArray | None) -> FloatArray:
    """Weight of each second, 0 to 1: 0 where nothing was seen, 1 where nobody says how well."""
    weight = np.ones(len(values)) if weights is None else np.clip(weights, 0.0, 1.0)
    return np.where(np.isfinite(values), weight, 0.0)


def _absolute(
    found: list[Cue],
    values: Mapping[str, FloatArray],
    quality: Mapping[str, FloatArray],
    book: Cuebook,
    rating_lag_s: int,
) -> tuple[Absolute, ...]:
    """Channels that need no baseline: codes together, touch and rating each."""
    codes = [cue for cue in found if cue.kind == "code"]
    touch = [_touch(c, values[c.name], quality[c.name]) for c in found if c.kind == "touch"]
    ratings = [_rating(c, values[c.name], quality[c.name], rating_lag_s) for c in found if c.kind == "rating"]
    return (*([_codes(codes, values, book)] if codes else []), *touch, *ratings)


def reference_of(cue: Cue, baseline: Baseline) -> str:
    """Name what this cue's z was measured from: a silent rest says nothing of voice and turns."""
    silent = baseline.reference == "rest" and cue.channel in ("voice", "turns")
    return "population" if silent or not baseline.trusted else baseline.reference


def _offset_sd(cue: Cue, z: FloatArray, baseline: Baseline) -> float:
    """How far z's origin may be off: as people differ, or as far as the marked minutes leave open."""
    if not baseline.trusted:
        return cue.tau
    if not baseline.segments or reference_of(cue, baseline) != baseline.reference:
        return 0.0
    second = np.arange(len(z))
    inside = [(second >= part.start_s) & (second < part.end_s) for part in baseline.segments]
    return offset_sd(z[np.any(inside, axis=0) & np.isfinite(z)], cue)


def _by_state(cues: list[Cue], name: str) -> FloatArray:
    out = np.zeros((len(cues), len(STATES)))
    for i, cue in enumerate(cues):
        out[i] = [getattr(cue, name)[s] for s in STATES]
    return out


def _columns(columns: list[FloatArray], n_seconds: int) -> FloatArray:
    return np.column_stack(columns) if columns else np.zeros((n_seconds, 0))


def _codes(cues: list[Cue], values: Mapping[str, FloatArray], book: Cuebook) -> Absolute:
    """Code the log odds of each code, in the share of the second it fills.

    The two states' code distributions, for d', are those of a coder who has the
    whole table at hand and no leaning (prior): every code equally likely, tilted by
    what it argues for. The frequencies of the session would make an hour of
    nothing but contempt uninformative.
    """
    share = np.column_stack([values[cue.name] for cue in cues])
    present = np.isfinite(share).any(axis=1)
    tilted: FloatArray = np.exp(_by_state(list(book.of_kind("code")), "means"))
    tilted /= tilted.sum(axis=0)
    return Absolute(
        "codes",
        tuple(cue.name for cue in cues),
        np.nan_to_num(share, nan=0.0)[:, :, None] * _by_state(cues, "means"),
        np.asarray(present, dtype=np.float64),
        _table([tilted[:, s] for s in range(len(STATES))]),
    )


def _touch(cue: Cue, touching: FloatArray, quality: FloatArray) -> Absolute:
    p = logistic(cue.intercept + np.array([cue.means[s] for s in STATES]))
    share = np.nan_to_num(touching, nan=0.0)[:, None]
    loglik = quality[:, None] * (share * np.log(p) + (1.0 - share) * np.log1p(-p))
    divergence = _table([np.array([x, 1.0 - x]) for x in p])
    return Absolute("touch", (cue.name,), loglik[:, None, :], quality, divergence)


def _rating(cue: Cue, rating: FloatArray, quality: FloatArray, lag_s: int) -> Absolute:
    n = len(rating)
    ahead = np.minimum(np.arange(n) + lag_s, max(n - 1, 0))
    u, weight = rating[ahead], quality[ahead].copy()
    weight[max(n - lag_s, 0) :] = 0.0
    odds = np.where(weight > 0, logit(np.clip(u, RATING_CLIP, 1.0 - RATING_CLIP)), 0.0)
    side = np.array([cue.means[s] - 0.5 for s in STATES])
    divergence = np.zeros((len(STATES), len(STATES)))
    divergence[np.ix_(SAFE, UNSAFE)] = divergence[np.ix_(UNSAFE, SAFE)] = rating_divergence()
    return Absolute("rating", (cue.name,), (weight * odds)[:, None, None] * side, weight, divergence)


def _table(distributions: list[FloatArray]) -> FloatArray:
    n = len(distributions)
    return np.array(
        [[discrete_divergence(distributions[a], distributions[b]) for b in range(n)] for a in range(n)]
    )
