"""What came before a turn: rises of safety cues, how often the same did nothing, and who came first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from coregulate.core import FloatArray, InputError, StorySettings
from coregulate.cues import Cue, load_cuebook

from .results import Antecedent
from .tracks import SAFE, UNSAFE, Tracks

#: prior: what a rise must add to the log odds of safe to count (odds up by a tenth).
LEAST_EVIDENCE = 0.1
#: Channels that the other person cannot perceive: they may come before, but do not reach out.
INNER = frozenset({"heart", "skin", "rating"})
#: Channels that are measured on both at once.
BETWEEN = frozenset({"turns", "touch"})

Odds = Mapping[tuple[str, str], FloatArray]


def safety_odds(evidence: xr.DataArray, tracks: Tracks) -> dict[tuple[str, str], FloatArray]:
    """Log odds of safe against unsafe that each cue of each person gives, per second.

    Parameters
    ----------
    evidence : DataArray (person, time, cue, state)
        Ledger: tempered log-likelihood of each state against the mean of the others.

    Returns
    -------
    dict of (person, cue) to array, shape (n,)
        Mean over the safe states minus mean over the unsafe ones; NaN where the cue is missing.
    """
    if set(evidence.dims) != {"person", "time", "cue", "state"} or evidence.sizes["time"] != tracks.n:
        raise InputError(
            f"The evidence has {dict(evidence.sizes)}", f"It needs person, time ({tracks.n}), cue and state"
        )
    # Against the mean of the other k - 1: a difference of entries is k / (k - 1) times that of the likelihoods.
    k = evidence.sizes["state"]
    odds = (
        (evidence.sel(state=list(SAFE)).mean("state") - evidence.sel(state=list(UNSAFE)).mean("state"))
        * (k - 1)
        / k
    )
    odds = odds.transpose("person", "cue", "time")
    return {
        (str(person), str(cue)): np.asarray(odds.values[i, j], np.float64)
        for i, person in enumerate(odds["person"].values)
        for j, cue in enumerate(odds["cue"].values)
    }


def rises(odds: FloatArray) -> NDArray[np.int64]:
    """Return the indices at which a cue rises toward safety.

    It rises where it reaches half of the 90th percentile of its own positive evidence
    (prior), and can rise again once it has fallen below half of that. A second without the
    cue changes nothing.

    Examples
    --------
    >>> rises(np.array([0, 1, 1, 0, np.nan, 1, .4, 1.0]))
    array([1, 5])
    """
    positive = odds[np.nan_to_num(odds) > 0]
    if not len(positive):
        return np.empty(0, dtype=np.int64)
    high = 0.5 * float(np.quantile(positive, 0.9))
    known = np.flatnonzero(np.isfinite(odds))
    values = odds[known]
    mark = np.where(values >= high, 1, np.where(values < 0.5 * high, -1, 0))
    told = np.flatnonzero(mark)  # between the two thresholds nothing changes
    before = np.r_[-1, mark[told][:-1]]
    out: NDArray[np.int64] = known[told[(mark[told] == 1) & (before == -1)]].astype(np.int64)
    return out


def cue_rises(evidence: xr.DataArray, *, step_s: float) -> dict[str, dict[str, FloatArray]]:
    """When each person's cues rose, toward safety and toward threat.

    Parameters
    ----------
    evidence : DataArray (person, time, cue, state)
    step_s : float

    Returns
    -------
    dict of person to dict of cue to array
        Seconds; names are ``<cue> toward safety`` and ``<cue> toward threat``. Left out are cues that the
        other cannot perceive, and those that are measured on both at once (turns, touch): a rise of
        theirs would be evidence for both people's states.
    """
    book = load_cuebook().cues
    odds = evidence.sel(state=list(SAFE)).mean("state") - evidence.sel(state=list(UNSAFE)).mean("state")
    own = [str(c) for c in odds["cue"].values if _of_one_and_seen(str(c), book)]
    found: dict[str, dict[str, FloatArray]] = {}
    for person in map(str, odds["person"].values):
        found[person] = {}
        for cue in own:
            course = odds.sel(person=person, cue=cue).values
            for toward, sign in (("safety", 1.0), ("threat", -1.0)):
                found[person][f"{cue} toward {toward}"] = np.asarray(
                    rises(sign * course) * step_s, np.float64
                )
    return found


def _of_one_and_seen(cue: str, book: Mapping[str, Cue]) -> bool:
    return cue not in book or book[cue].channel not in INNER | BETWEEN


def came_before(
    odds: Odds,
    turn: int,
    turns: Sequence[int],
    *,
    n_before: int,
    rise_of: Mapping[tuple[str, str], NDArray[np.int64]],
) -> list[tuple[int, Antecedent]]:
    """Safety cues that rose in the `n_before` steps up to a turn, most evidence first, each with its index."""
    found: list[tuple[int, Antecedent]] = []
    for (person, cue), at in rise_of.items():
        here = at[(at >= turn - n_before) & (at <= turn)]
        if not len(here):
            continue
        first = int(here[0])
        given = float(np.nansum(odds[person, cue][first : turn + 1]))
        if given < LEAST_EVIDENCE:
            continue
        led = sum(any(0 <= t - rise <= n_before for t in turns) for rise in at)
        found.append((first, Antecedent(person, cue, given, len(at), len(at) - led)))
    return sorted(found, key=lambda pair: (-pair[1].evidence, pair[0], pair[1].cue))


def reached_out(found: Sequence[tuple[int, Antecedent]]) -> str:
    """Whose safety cue came first, of those that the other can perceive; empty for nobody or both at once."""
    book = load_cuebook().cues
    seen = [(at, a.person) for at, a in found if a.cue not in book or book[a.cue].channel not in INNER]
    if not seen:
        return ""
    first = min(at for at, _ in seen)
    people = {person for at, person in seen if at == first}
    return people.pop() if len(people) == 1 else ""


def n_before(settings: StorySettings, step_s: float) -> int:
    """How many steps back "before" reaches."""
    return int(np.ceil(settings.before_s / step_s))
