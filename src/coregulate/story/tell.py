"""The story of one session, strung together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import xarray as xr

from coregulate.core import InputError, Notice, StorySettings, Track
from coregulate.cues import STATES

from .before import Odds, came_before, n_before, reached_out, rises, safety_odds
from .changes import cue_moments, safety_moments
from .kinds import coded_seconds, kind_of, overall, phases, sides
from .offtrack import Span, off_track
from .recovery import median_recovery, on_track_share, ranked_minutes
from .results import Antecedent, Episode, Moment, Story, Withdrawal
from .tracks import UNSAFE, Tracks, observed, tracks
from .turning import turn
from .withdrawals import coded_withdrawals


class Support(Protocol):
    """What the story needs to know of ``circuits.Supported``."""

    @property
    def level_known(self) -> bool: ...  # noqa: D102
    @property
    def absolute(self) -> bool: ...  # noqa: D102
    @property
    def episodes(self) -> bool: ...  # noqa: D102
    @property
    def groups(self) -> tuple[tuple[str, ...], ...]: ...  # noqa: D102


def tell_story(
    states: xr.DataArray,
    evidence: xr.DataArray,
    supported: Mapping[str, Support],
    cues: xr.Dataset,
    codes: Mapping[str, Track],
    *,
    baselines_trusted: Mapping[str, bool],
    flooding: Sequence[tuple[str, float, float]] = (),
    settings: StorySettings,
) -> Story:
    """Tell where the two went off track, what came before the turn, and how they came back.

    Parameters
    ----------
    states : DataArray (person, time, state)
        Smoothed probabilities, 0..1, each 1 s; NaN where not known.
    evidence : DataArray (person, time, cue, state)
        The ledger: tempered log-likelihood of each cue for each state against the mean of the others.
    supported : mapping of person to Supported
        What each person's channels can carry.
    cues : Dataset (person, time)
        Cues in z.
    codes : mapping of person to Track
        A human coder's codes; people without are left out.
    baselines_trusted : mapping of person to bool
        Said in the notices.
    flooding : sequence of (person, start_s, end_s)
        Handed through: a notice, never an episode by itself.
    settings : StorySettings

    Returns
    -------
    Story

    Raises
    ------
    InputError
        Where dimensions do not fit, or nothing is said of what a person's channels support.

    Notes
    -----
    Episodes are told of the people whose channels support them, and recovery asks for all of these;
    the others get moments of change. With one such person the episodes are that person's alone,
    and a notice says so. Cost: about 0.1 s for an hour of two people.
    """
    grid = tracks(states)
    if missing := [person for person in grid.people if person not in supported]:
        raise InputError(
            f"Nothing is said of what the channels of {', '.join(missing)} support", "Give Supported"
        )
    tellers = tuple(p for p in grid.people if supported[p].episodes and _level(supported[p]))
    leveled = tuple(p for p in grid.people if _level(supported[p]))
    withdrawals = coded_withdrawals(codes, settings=settings)
    episodes = _episodes(grid, evidence, tellers, supported, withdrawals, settings)
    below = settings.off_track_below
    nan = float("nan")
    return Story(
        episodes=episodes,
        moments_of_change=_moments(grid, cues, [p for p in grid.people if p not in tellers], leveled),
        minutes=ranked_minutes(grid, grid.people if leveled == grid.people else ()),
        recovery=median_recovery([e.end_s - e.start_s for e in episodes], [e.recovered for e in episodes]),
        flooding=tuple(
            sorted(((p, float(a), float(b)) for p, a, b in flooding), key=lambda f: (f[1], f[2], f[0]))
        ),
        withdrawals=withdrawals,
        on_track_share={
            p: on_track_share(grid.safe(p), below=below) if p in leveled else nan for p in grid.people
        },
        not_known=_not_known(grid, tellers, leveled),
        notices=_notices(grid, tellers, leveled, baselines_trusted),
    )


def _level(support: Support) -> bool:
    return bool(support.level_known or support.absolute)


def _episodes(
    grid: Tracks,
    evidence: xr.DataArray,
    people: tuple[str, ...],
    supported: Mapping[str, Support],
    withdrawals: tuple[Withdrawal, ...],
    settings: StorySettings,
) -> tuple[Episode, ...]:
    spans = off_track({p: grid.safe(p) for p in people}, step_s=grid.step_s, settings=settings)
    if not spans:
        return ()
    joint = grid.joint(people)
    turns = [turn(joint, span, step_s=grid.step_s, settings=settings) for span in spans]
    before = _before(safety_odds(evidence, grid), turns, n_before(settings, grid.step_s))
    told = {p: not any(set(UNSAFE) <= set(group) for group in supported[p].groups) for p in people}
    coded = {p: coded_seconds(p, withdrawals, grid) for p in people}
    side = {p: sides(grid.states[p], coded[p], told=told[p], below=settings.off_track_below) for p in people}
    found = []
    for span, at, (antecedents, repair_by) in zip(spans, turns, before, strict=True):
        cut = slice(span.first, span.last)
        each = [overall(grid.states[p][cut], side[p][cut], coded[p][cut], told=told[p]) for p in people]
        start_s, end_s = grid.time_s(span.first), grid.time_s(span.last)
        found.append(
            Episode(
                start_s=start_s,
                end_s=end_s,
                kind=kind_of(tuple(each)),
                phases=phases(side, span, tracks=grid, settings=settings),
                turn_s=float("nan") if at is None else grid.time_s(at),
                repair_by=repair_by,
                recovered=span.recovered,
                recovery_s=end_s - start_s if span.recovered else float("nan"),
                who={p: _who(grid, p, span, settings) for p in people},
                before=antecedents,
                coded_withdrawal=tuple(w for w in withdrawals if w.start_s < end_s and w.end_s > start_s),
            )
        )
    return tuple(found)


def _before(odds: Odds, turns: Sequence[int | None], reach: int) -> list[tuple[tuple[Antecedent, ...], str]]:
    rise_of = {key: rises(values) for key, values in odds.items()}
    seen = [t for t in turns if t is not None]
    out: list[tuple[tuple[Antecedent, ...], str]] = []
    for at in turns:
        found = [] if at is None else came_before(odds, at, seen, n_before=reach, rise_of=rise_of)
        out.append((tuple(antecedent for _, antecedent in found), reached_out(found)))
    return out


def _who(grid: Tracks, person: str, span: Span, settings: StorySettings) -> dict[str, float]:
    values = grid.states[person][span.first : span.last]
    known = values[np.isfinite(values).all(axis=1)]
    means = known.mean(axis=0) if len(known) else np.full(len(STATES), np.nan)
    safe = observed(grid.safe(person)[span.first : span.last])
    return {
        **{state: float(x) for state, x in zip(STATES, means, strict=True)},
        "safe": float(safe.mean()) if len(safe) else float("nan"),
        "below_s": float(np.sum(safe < settings.off_track_below) * grid.step_s),
        "observed_s": float(len(safe) * grid.step_s),
    }


def _moments(
    grid: Tracks, cues: xr.Dataset, people: Sequence[str], leveled: tuple[str, ...]
) -> tuple[Moment, ...]:
    found = [m for p in people for m in (safety_moments(p, grid) if p in leveled else cue_moments(p, cues))]
    return tuple(sorted(found, key=lambda m: (m.time_s, -abs(m.size), m.direction, m.person)))


def _not_known(grid: Tracks, tellers: tuple[str, ...], leveled: tuple[str, ...]) -> tuple[str, ...]:
    found: list[str] = []
    if not tellers:
        found.append("Which stretches were off track is not known: these channels cannot tell it")
    elif tellers != grid.people:
        found.append("Stretches off track are told of one person alone: the other's channels cannot tell it")
    if leveled != grid.people:
        found.append("Which minutes were safest for both is not known")
    return tuple(found)


def _notices(
    grid: Tracks, tellers: tuple[str, ...], leveled: tuple[str, ...], trusted: Mapping[str, bool]
) -> tuple[Notice, ...]:
    found: list[Notice] = []
    for person in grid.people:
        if person not in leveled:
            why = "" if trusted.get(person, False) else " no baseline was marked and"
            text = f"Level not known, changes only:{why} the channels do not tell safe from not safe."
            found.append(Notice("level-not-known", person, text))
        elif person not in tellers:
            text = (
                "No episodes are told: the channels do not tell the safe states from the others well enough."
            )
            found.append(Notice("no-episodes", person, text))
    if tellers and len(tellers) < len(grid.people):
        text = "Episodes rest on this person alone: of the other none may be told."
        found += [Notice("episodes-of-one", person, text) for person in tellers]
    return tuple(found)
