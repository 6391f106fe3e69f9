"""The smallest pieces of the plain sentences: a time, a share, a state, a cue, a change.

All return plain text; whoever prints it into HTML escapes it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from coregulate.analysis import STATE_WORDS

SAFE = ("social", "play", "still")

_STATE = {
    **STATE_WORDS,
    "not_known": "not clear",
    "safe": "at ease",
    "mobilized": "lively or activated",
    "unsafe": "activated or withdrawn",
}
_CUE = {
    "heart_period": "the time between {}’s heartbeats",
    "rsa": "how much {}’s heart followed the breath",
    "skin_conductance": "{}’s skin conductance",
    "skin_conductance_level": "{}’s skin conductance",
    "scr_rate": "how often {}’s skin responded",
    "respiration_rate": "how fast {} breathed",
    "respiration_irregularity": "how unevenly {} breathed",
    "expiration_share": "how long {} breathed out",
    "f0": "the pitch of {}’s voice",
    "f0_variability": "the melody of {}’s voice",
    "intensity": "how loud {} spoke",
    "speech_rate": "how fast {} spoke",
    "alpha_ratio": "the sharpness of {}’s voice",
    "high_frequency_energy": "the sharpness of {}’s voice",
    "floor_share": "how much {} spoke",
    "reply_gap": "how long {} waited before answering",
    "interruption": "how often {} began while the other still spoke",
    "overlap": "how often {} spoke at the same time as the other",
    "motion_energy": "how much {} moved",
    "touch": "touch of {} and the other",
    "head_distance": "how far {}’s head was from the other’s",
    "lip_corner_puller": "how far up the corners of {}’s mouth were",
    "lip_corner_depressor": "how far down the corners of {}’s mouth were",
    "cheek_raiser": "how high {}’s cheeks were",
    "brow_lowerer": "how low {}’s brows were",
    "inner_brow_raiser": "how high {}’s inner brows were",
    "lip_pressor": "how tightly {}’s lips were pressed",
    "gaze_toward_partner": "how much {} looked at the other",
    "eye_aperture": "how open {}’s eyes were",
    "nod": "how much {} nodded",
    "felt_safe": "{}’s own rating",
}
_WAY = {  # a cue that rose, a cue that fell
    "heart_period": ("{}’s heart slowed", "{}’s heart sped up"),
    "rsa": ("{}’s heart followed the breath more", "{}’s heart followed the breath less"),
    "skin_conductance": ("{}’s skin conductance rose", "{}’s skin conductance fell"),
    "skin_conductance_level": ("{}’s skin conductance rose", "{}’s skin conductance fell"),
    "scr_rate": ("{}’s skin responded more often", "{}’s skin responded less often"),
    "respiration_rate": ("{} breathed faster", "{} breathed more slowly"),
    "respiration_irregularity": ("{} breathed less evenly", "{} breathed more evenly"),
    "f0": ("{}’s voice rose in pitch", "{}’s voice sank in pitch"),
    "intensity": ("{} spoke louder", "{} spoke more softly"),
    "speech_rate": ("{} spoke faster", "{} spoke more slowly"),
    "floor_share": ("{} spoke more", "{} spoke less"),
    "reply_gap": ("{} took longer to answer", "{} answered sooner"),
    "motion_energy": ("{} moved more", "{} moved less"),
    "gaze_toward_partner": ("{} looked at the other more", "{} looked at the other less"),
    "nod": ("{} nodded more", "{} nodded less"),
}
_SHARE = (
    (0.9, "almost all of the time"),
    (0.6, "most of the time"),
    (0.4, "about half of the time"),
    (0.1, "some of the time"),
)
_SERIES = {
    "heart_period": "hearts",
    "felt_safe": "own ratings",
    "coded_affect": "coded moments",
    "skin_conductance": "skin responses",
    "f0": "voices",
    "motion_energy": "movements",
}


def duration_words(seconds: float) -> str:
    """Say a length of time: ``40 s``, ``1 min 40 s``, ``1 h 5 min``.

    Examples
    --------
    >>> duration_words(100), duration_words(3900), duration_words(float("nan"))
    ('1 min 40 s', '1 h 5 min', 'not known')
    """
    if not math.isfinite(seconds):
        return "not known"
    whole = max(0, round(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    if minutes:
        # Above ten minutes seconds are noise to a reader.
        return f"{minutes} min {rest} s" if rest and minutes < 10 else f"{minutes} min"
    return f"{rest} s"


def clock_words(seconds: float) -> str:
    """Say a moment as on a player: ``4:30``, ``1:02:05``.

    Examples
    --------
    >>> clock_words(270), clock_words(3725), clock_words(float("nan"))
    ('4:30', '1:02:05', 'not known')
    """
    if not math.isfinite(seconds):
        return "not known"
    whole = max(0, math.floor(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def share_words(share: float) -> str:
    """Say a share of time (0 to 1) without a number."""
    if not math.isfinite(share):
        return "for a time that is not known"
    for bound, text in _SHARE:
        if share >= bound:
            return text
    return "hardly at all"


def join_words(parts: Iterable[str], last: str = "and") -> str:
    """Join as in a sentence: ``a``, ``a and b``, ``a, b and c``."""
    items = list(parts)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}" if items else ""


def state_words(states: str | Iterable[str]) -> str:
    """Say a state, or a sum of states that cannot be told apart.

    Parameters
    ----------
    states : str or iterable of str
        A name (``social``), a sum (``social+still``) or the states of one.

    Examples
    --------
    >>> state_words("fight_flight"), state_words(("social", "play", "still")), state_words("still+shutdown")
    ('activated', 'at ease', 'at rest or withdrawn')
    """
    names = states.replace("|", "+").replace(",", "+").split("+") if isinstance(states, str) else list(states)
    names = [name.strip() for name in names if name.strip()]
    if len(names) == 5:
        return _STATE["not_known"]
    if set(names) == set(SAFE):
        return _STATE["safe"]
    return join_words((_STATE.get(name, name.replace("_", " ")) for name in names), "or")


def cue_words(cue: str, name: str, label: str = "") -> str:
    """Say what a cue is, of whom: ``how loud Alex spoke``. ``label`` serves where this page has no phrase."""
    if cue in _CUE:
        return _CUE[cue].format(name)
    if cue.startswith("code_"):
        return f"what a coder marked as “{cue[5:].replace('_', ' ')}” for {name}"
    return f"{name}’s {(label or cue).replace('_', ' ').lower()}"


def way_words(cue: str, way: str, name: str) -> str:
    """Say that a cue rose or fell (``way`` is up or down), without saying what it means.

    Examples
    --------
    >>> way_words("heart_period", "up", "Alex"), way_words("f0_variability", "down", "Sam")
    ('Alex’s heart slowed', 'the melody of Sam’s voice went down')
    """
    if cue in _WAY:
        return _WAY[cue][way == "down"].format(name)
    return f"{cue_words(cue, name)} went {way}"


def series_words(cue: str) -> str:
    """Say what two people's series of one cue are: ``hearts``, ``voices``."""
    return _SERIES.get(cue, cue.replace("_", " "))


def person_names(people: Iterable[Any]) -> dict[str, str]:
    """Name for each person id; two who share a name are told apart by their ids.

    Parameters
    ----------
    people : iterable of Person, or of mappings with ``id`` and ``name``
    """
    pairs = [(p["id"], p["name"]) if isinstance(p, Mapping) else (p.id, p.name) for p in people]
    plain = {str(pid): str(name).strip() or str(pid) for pid, name in pairs}
    twice = {name for name in plain.values() if list(plain.values()).count(name) > 1}
    return {pid: f"{name} ({pid})" if name in twice else name for pid, name in plain.items()}


def heart_words(name: str, change_per_min: float, reference: str) -> str:
    """Say a change of heart rate: ``Alex's heart sped up by 12 a minute above Alex's rest``."""
    whole = round(abs(change_per_min))
    if change_per_min >= 0:
        return f"{name}’s heart sped up by {whole} a minute above {name}’s {reference}"
    return f"{name}’s heart slowed by {whole} a minute below {name}’s {reference}"
