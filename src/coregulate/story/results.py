"""What the story is made of. Tuples only, so that they can be written and read back as they are."""

from __future__ import annotations

from typing import NamedTuple

from coregulate.core import Estimate, Notice

#: The kinds of an episode and of its phases, in a fixed order. ``both off track`` stands where the
#: channels cannot tell activated from withdrawn; ``on the way back`` is a phase only.
KINDS: tuple[str, ...] = (
    "mutual activation",
    "one activated and one withdrawn",
    "mutual withdrawal",
    "both off track",
    "one alone",
    "on the way back",
)


class Antecedent(NamedTuple):
    """A safety cue that rose in the seconds before the turn.

    It came before; that it caused the turn is not said.

    Parameters
    ----------
    person, cue : str
    evidence : float
        Tempered log odds of safe against unsafe that the cue gave from its rise to the turn.
    n_same : int
        How often this cue of this person rose in the session, this time included.
    n_nothing : int
        How many of those rises no turn followed within the same number of seconds.
    """

    person: str
    cue: str
    evidence: float
    n_same: int
    n_nothing: int


class Phase(NamedTuple):
    """A stretch of an episode of one kind (see :data:`KINDS`)."""

    start_s: float
    end_s: float
    kind: str


class Withdrawal(NamedTuple):
    """Stonewalling or silent withdrawal that a human coder marked."""

    person: str
    start_s: float
    end_s: float


class Moment(NamedTuple):
    """A change that was seen where no episode may be told.

    Parameters
    ----------
    time_s : float
        First second of the new level.
    person : str
    direction : str
        ``toward safety`` or ``away from safety`` where the level is known; else ``<cue> up`` or
        ``<cue> down``, which says nothing of safety.
    size : float
        Change of P(safe), or of the cue in z.
    """

    time_s: float
    person: str
    direction: str
    size: float


class Episode(NamedTuple):
    """One stretch off track, to where both were back (or the recording ended).

    Parameters
    ----------
    start_s, end_s : float
    kind : str
        One of :data:`KINDS`.
    phases : tuple of Phase
    turn_s : float
        Where the joint trajectory turned toward safety; NaN where no turn was seen.
    repair_by : str
        Whose safety cue came first before the turn; empty where neither or both at once.
    recovered : bool
        False where the recording ended first.
    recovery_s : float
        Time from start to end; NaN where not recovered.
    who : dict of str to dict
        Per person the mean probability of each state over the episode, ``safe`` (their sum over
        the safe states), ``below_s`` (seconds under the threshold) and ``observed_s``.
    before : tuple of Antecedent
        Safety cues in the 20 s before the turn, most evidence first.
    coded_withdrawal : tuple of Withdrawal
    """

    start_s: float
    end_s: float
    kind: str
    phases: tuple[Phase, ...]
    turn_s: float
    repair_by: str
    recovered: bool
    recovery_s: float
    who: dict[str, dict[str, float]]
    before: tuple[Antecedent, ...]
    coded_withdrawal: tuple[Withdrawal, ...]


class Story(NamedTuple):
    """What happened between two people in one session.

    Parameters
    ----------
    episodes : tuple of Episode
        In order of time.
    moments_of_change : tuple of Moment
        For the people of whom no episode may be told, in order of time.
    minutes : tuple of (int, float)
        Minute from the start of the states, and mean P(safe) of all people in it; safest first.
        Minutes with less than half observed of anybody are left out; empty where a level is not known.
    recovery : Estimate
        Median time to recovery in s, Kaplan-Meier; NaN where half of the episodes have not ended.
    flooding : tuple of (str, float, float)
        As it was handed in, in order of time.
    withdrawals : tuple of Withdrawal
        All coded withdrawals of the session.
    on_track_share : dict of str to float
        Per person the share of known seconds with P(safe) at or over the threshold; NaN where the
        level is not known.
    not_known : tuple of str
        What the story cannot tell, a sentence each, without names; the notices say of whom.
    notices : tuple of Notice
    """

    episodes: tuple[Episode, ...]
    moments_of_change: tuple[Moment, ...]
    minutes: tuple[tuple[int, float], ...]
    recovery: Estimate
    flooding: tuple[tuple[str, float, float], ...]
    withdrawals: tuple[Withdrawal, ...]
    on_track_share: dict[str, float]
    not_known: tuple[str, ...]
    notices: tuple[Notice, ...]
